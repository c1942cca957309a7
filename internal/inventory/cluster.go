// Package inventory reads the cluster file: which hosts there are, which services run on them with which ports, units
// and paths, how they are reached, and which environment they belong to.
//
// Reading is strict. Every mistake in the file is reported in one run, each with file, line, column, what is wrong and
// what to do; an unknown key is a mistake. An environment that is missing or unknown is production. Secrets are
// references (env:NAME, file:PATH, yaml:FILE#KEY, prompt); a secret in clear is a mistake. Load is the place to start.
package inventory

import "time"

// Environment is how much care a cluster needs. The zero value is Production, so that nothing becomes harmless by
// being forgotten.
type Environment string

// The environments. Anything else in a file is reported and treated as Production.
const (
	Production Environment = "production"
	Staging    Environment = "staging"
	Training   Environment = "training"
)

// Cluster is one cluster file, checked and with every default filled in.
type Cluster struct {
	// Name is the cluster's name as the operator knows it, shown on every screen.
	Name string
	// Environment is Production unless the file says staging or training.
	Environment Environment
	// File is the absolute path it was read from; Hash is the SHA-256 of its bytes in hex, which the trail records.
	File, Hash string
	// Dial says how service ports are reached: through the ssh connection of their node, or directly.
	Dial Dial
	// Console says where `on=console` runs.
	Console Console
	// Nodes are the hosts, in the file's order, which is also the order of the columns on the screen.
	Nodes []Node
	// Etcd, Patroni and the others are the services; nil means that the cluster has none.
	Etcd       *Etcd
	Patroni    *Patroni
	Postgres   *Postgres
	Redis      *Service
	Sentinel   *Sentinel
	HAProxy    *HAProxy
	Keepalived *Service
	PgBouncer  *PgBouncer
	Web        *Web
	NetBox     *NetBox
	// VIPs are the floating addresses, for example db and web.
	VIPs []VIP
	// Entry is how the users' paths are tried.
	Entry Entry
	// Deployment is how ansible blocks run; nil means that the file says nothing of it.
	Deployment *Deployment
	// Runbooks are folders with the user's own books, absolute.
	Runbooks []string
	// Interval is the pause between two probes of one target; 2 s by default, 500 ms to 1 min.
	Interval time.Duration
	// Warnings are what the file says that was understood, but not as it stands: an unknown environment.
	Warnings []Problem
}

// Dial is the way to a service's port.
type Dial string

// The ways to a service's port.
const (
	DialSSH    Dial = "ssh"
	DialDirect Dial = "direct"
)

// Console is the place of `on=console`: this machine, or a host reached over ssh.
type Console struct {
	// Remote is true for `console: ssh`; then Host says where.
	Remote bool
	Host   Node
}

// Node is one host with its effective ssh settings (the node's own, else those of the `ssh:` section, else ssh_config,
// else ssh's defaults; ssh_config is applied when connecting, in remote).
type Node struct {
	Name    string
	Address string
	// Aliases are other names by which services call it: HAProxy's servers, host names.
	Aliases []string
	SSH     SSH
}

// SSH is how a host is reached and how root is reached there.
type SSH struct {
	// User is empty when neither the file nor the node names one: then ssh_config or the local user decides.
	User string
	// Port is 0 when not given: then ssh_config or 22 decides.
	Port int
	// Jump are the hosts to go through, first hop first, each `[user@]host[:port]` or an alias of ssh_config.
	Jump []string
	// Keys are private key files, absolute; empty means ssh_config's, else the usual names in ~/.ssh.
	Keys []string
	// Agent is false when the file says `agent: false`.
	Agent bool
	// KnownHosts are the files to check host keys against, absolute; default ~/.ssh/known_hosts and /etc/ssh/ssh_known_hosts.
	KnownHosts []string
	// Config is the ssh_config file, absolute; default ~/.ssh/config; "none" in the file makes it empty.
	Config string
	// Password is asked for or referenced when the server wants one; the zero Secret means passwords are not tried.
	Password Secret
	// Become is how a step becomes root (or User) there.
	Become Become
}

// Become is how a command gets another user's rights on a host.
type Become struct {
	// Method is sudo, su or none.
	Method BecomeMethod
	// User is root unless the file says otherwise.
	User string
	// Password is for sudo (when it asks) or su (always); the zero Secret means none is sent.
	Password Secret
}

// BecomeMethod is sudo, su or none.
type BecomeMethod string

// The ways to become another user. The default is sudo.
const (
	BecomeSudo BecomeMethod = "sudo"
	BecomeSu   BecomeMethod = "su"
	BecomeNone BecomeMethod = "none"
)

// VIP is a floating address.
type VIP struct {
	Name      string
	Address   string
	Interface string
}
