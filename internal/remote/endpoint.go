package remote

import (
	"fmt"
	"net"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"recon/internal/inventory"
)

// jumpDepth is how many hosts may stand before a host.
const jumpDepth = 8

// endpoint is where and how one ssh connection is made: the cluster file first, then ssh_config, then ssh's defaults.
type endpoint struct {
	// name is the node's name, or the jump host as it was written.
	name       string
	host, user string
	port       int
	// checked is the host:port that known_hosts is asked for.
	checked    string
	keys       []string
	onlyKeys   bool
	agent      string
	knownHosts []string
	jumps      []string
	ssh        inventory.SSH
}

func (e *endpoint) addr() string { return net.JoinHostPort(e.host, strconv.Itoa(e.port)) }

// place is the endpoint as errors name it.
func (e *endpoint) place() string {
	if e.name == e.host && e.port == 22 {
		return e.name
	}
	return e.name + " (" + e.addr() + ")"
}

// local is what is known about the person in front of the console.
type local struct{ user, home, agent string }

func whoami() local {
	l := local{user: os.Getenv("USER"), agent: os.Getenv("SSH_AUTH_SOCK")}
	if u, err := user.Current(); err == nil {
		l.user = u.Username
		l.home = u.HomeDir
	}
	if h := os.Getenv("HOME"); h != "" {
		l.home = h
	}
	return l
}

// resolve works out an endpoint. ssh_config is read anew each time, so that mending it needs no restart.
func (l local) resolve(node inventory.Node, jump bool) (*endpoint, error) {
	s := node.SSH
	conf, err := readSSHConfig(s.Config, node.Address, l.home, l.user)
	if err != nil {
		return nil, err
	}
	e := &endpoint{name: node.Name, host: conf.hostName(), user: s.User, port: s.Port, ssh: s}
	if e.user == "" {
		e.user = conf.first("user")
	}
	if e.user == "" {
		e.user = l.user
	}
	if e.port == 0 {
		e.port = 22
		if v := conf.first("port"); v != "" {
			if e.port, err = strconv.Atoi(v); err != nil || e.port < 1 || e.port > 65535 {
				return nil, fmt.Errorf("ssh_config %s: Port %s for %s is not a port", s.Config, v, node.Address)
			}
		}
	}
	e.checked = e.addr()
	if alias := conf.first("hostkeyalias"); alias != "" {
		e.checked = net.JoinHostPort(alias, "22")
	}
	e.identities(conf, l, jump)
	e.knownHosts = l.knownHosts(conf, e)
	if e.jumps = s.Jump; len(e.jumps) == 0 {
		if j := conf.first("proxyjump"); j != "" && !strings.EqualFold(j, "none") {
			e.jumps = strings.Split(strings.ReplaceAll(j, " ", ""), ",")
		}
	}
	if cmd := conf.first("proxycommand"); len(e.jumps) == 0 && cmd != "" && !strings.EqualFold(cmd, "none") {
		return nil, fmt.Errorf("ssh_config %s: %s is reached with ProxyCommand, which is not supported; say ProxyJump there or "+
			"`jump` in the cluster file", s.Config, node.Address)
	}
	return e, nil
}

func (e *endpoint) identities(conf *sshConfig, l local, jump bool) {
	var said []string
	for _, k := range conf.values["identityfile"] {
		if !strings.EqualFold(k, "none") {
			said = append(said, conf.expand(k, e.host, e.user, e.port))
		}
	}
	switch keys := e.ssh.Keys; {
	case jump:
		// A bastion often has a key of its own in ssh_config; the cluster's keys are tried after it.
		e.keys = append(said, keys...)
	case len(keys) > 0:
		e.keys = keys
	default:
		e.keys = said
	}
	if len(e.keys) == 0 && l.home != "" {
		for _, name := range []string{"id_ed25519", "id_ecdsa", "id_rsa"} {
			e.keys = append(e.keys, filepath.Join(l.home, ".ssh", name))
		}
	}
	e.onlyKeys = strings.EqualFold(conf.first("identitiesonly"), "yes")
	if !e.ssh.Agent {
		return
	}
	e.agent = l.agent
	switch v := conf.first("identityagent"); {
	case v == "" || v == "SSH_AUTH_SOCK":
	case strings.EqualFold(v, "none"):
		e.agent = ""
	case strings.HasPrefix(v, "$"):
		e.agent = os.Getenv(strings.Trim(v[1:], "{}"))
	default:
		e.agent = conf.expand(v, e.host, e.user, e.port)
	}
}

// knownHosts are the files to check against. ssh_config is heard only where the cluster file left the default.
func (l local) knownHosts(conf *sshConfig, e *endpoint) []string {
	usual := []string{filepath.Join(l.home, ".ssh", "known_hosts"), "/etc/ssh/ssh_known_hosts"}
	if len(e.ssh.KnownHosts) > 0 && !slices.Equal(e.ssh.KnownHosts, usual) {
		return e.ssh.KnownHosts
	}
	var files []string
	for i, keyword := range []string{"userknownhostsfile", "globalknownhostsfile"} {
		said, ok := conf.values[keyword]
		if !ok {
			files = append(files, usual[i])
		}
		for _, f := range said {
			if !strings.EqualFold(f, "none") && f != os.DevNull {
				files = append(files, conf.expand(f, e.host, e.user, e.port))
			}
		}
	}
	return files
}

// jumpNode is the last host of a chain of jump hosts, as a node whose own jumps are the ones before it.
func jumpNode(s inventory.SSH, chain []string) (inventory.Node, error) {
	spec := chain[len(chain)-1]
	text := strings.TrimPrefix(spec, "ssh://")
	// Passwords are not inherited: the password of a node is none of the jump host's business.
	n := inventory.Node{Name: "jump host " + spec, SSH: inventory.SSH{
		Jump: chain[:len(chain)-1], Keys: s.Keys, Agent: s.Agent, KnownHosts: s.KnownHosts, Config: s.Config,
	}}
	if at := strings.LastIndex(text, "@"); at >= 0 {
		n.SSH.User, text = text[:at], text[at+1:]
	}
	n.Address = strings.Trim(text, "[]")
	if host, port, err := net.SplitHostPort(text); err == nil {
		n.Address = host
		if n.SSH.Port, err = strconv.Atoi(port); err != nil || n.SSH.Port < 1 || n.SSH.Port > 65535 {
			return n, fmt.Errorf("the port of jump host %q is not a port", spec)
		}
	}
	if n.Address == "" {
		return n, fmt.Errorf("jump host %q has no host, say [user@]host[:port]", spec)
	}
	return n, nil
}
