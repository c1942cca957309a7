package inventory

import (
	"net"
	"strconv"
	"strings"
)

// Value is an environment variable that steps get, so that no command has a port, a path or a name written into it.
type Value struct{ Name, Value, About string }

// Values lists the variables that the cluster gives to steps. A service that the cluster does not have gives none, so that
// a script under `sh -u` stops where it needs one. Secrets are never among them.
func (c *Cluster) Values() []Value {
	var out []Value
	add := func(name, value, about string) {
		if value != "" {
			out = append(out, Value{name, value, about})
		}
	}
	if s := c.Etcd; s != nil {
		add("ETCDCTL_API", "3", "the API version for etcdctl")
		add("ETCDCTL_ENDPOINTS", c.endpoints(), "the client URLs of all etcd members, with commas between")
		add("ETCD_DATA", s.DataDir, "etcd's data folder")
		add("ETCD_CLIENT_PORT", strconv.Itoa(s.ClientPort), "etcd's client port")
		add("ETCD_PEER_PORT", strconv.Itoa(s.PeerPort), "etcd's peer port")
		add("ETCD_SCHEME", s.Scheme, "http or https, for the URLs of an etcd member")
		add("ETCD_UNIT", s.Unit, "etcd's systemd service")
	}
	if s := c.Patroni; s != nil {
		add("PATRONI_CONFIG", s.Config, "Patroni's configuration file")
		add("PATRONI_SCOPE", s.Scope, "the name of the Patroni cluster")
		add("PATRONI_NAMESPACE", s.Namespace, "Patroni's prefix in etcd, with a slash at both ends")
		add("PATRONI_PORT", strconv.Itoa(s.RESTPort), "the port of Patroni's REST API")
		add("PATRONI_UNIT", s.Unit, "Patroni's systemd service")
	}
	if s := c.Postgres; s != nil {
		add("PGDATA", s.DataDir, "PostgreSQL's data folder")
		add("PGBIN", s.BinDir, "the folder of PostgreSQL's programs")
		add("PGPORT", strconv.Itoa(s.Port), "PostgreSQL's port")
	}
	addService := func(prefix, what string, s *Service) {
		if s.Port != 0 {
			add(prefix+"_PORT", strconv.Itoa(s.Port), what+"'s port")
		}
		add(prefix+"_CONFIG", s.Config, what+"'s configuration file")
		add(prefix+"_UNIT", s.Unit, what+"'s systemd service")
	}
	if s := c.Redis; s != nil {
		addService("REDIS", "Redis", s)
	}
	if s := c.Sentinel; s != nil {
		add("SENTINEL_MASTER", s.Master, "the name under which Sentinel watches the Redis master")
		addService("SENTINEL", "Sentinel", &s.Service)
	}
	if s := c.HAProxy; s != nil {
		add("HAPROXY_SOCKET", s.Socket, "HAProxy's admin socket")
		addService("HAPROXY", "HAProxy", &s.Service)
		add("HAPROXY_WRITE", s.Backends.Write, "HAProxy's backend of writes")
		add("HAPROXY_READ", s.Backends.Read, "HAProxy's backend of reads")
		add("HAPROXY_REDIS", s.Backends.Redis, "HAProxy's backend of Redis")
		add("HAPROXY_PGBOUNCER", s.Backends.PgBouncer, "HAProxy's backend of PgBouncer")
		add("WRITE_PORT", strconv.Itoa(s.Ports.Write), "the port of writes on the db address")
	}
	if s := c.Keepalived; s != nil {
		addService("KEEPALIVED", "Keepalived", s)
	}
	if s := c.PgBouncer; s != nil {
		add("PGBOUNCER_DATABASE", s.Database, "the database that NetBox uses through PgBouncer")
		addService("PGBOUNCER", "PgBouncer", &s.Service)
	}
	if s := c.Web; s != nil {
		add("WEB_CERTIFICATE", s.Certificate, "the web proxy's certificate file")
		addService("WEB", "the web proxy", &s.Service)
	}
	if s := c.NetBox; s != nil {
		add("NETBOX_URL", s.URL, "NetBox's address for its users")
		addService("NETBOX", "NetBox", &s.Service)
		add("NETBOX_WORKER_UNIT", s.WorkerUnit, "the systemd service of NetBox's workers")
	}
	for _, v := range c.VIPs {
		name := "VIP_" + strings.ToUpper(v.Name)
		add(name, v.Address, "the floating address "+v.Name)
		add(name+"_INTERFACE", v.Interface, "the interface of the floating address "+v.Name)
	}
	return out
}

// endpoints are the client URLs of the etcd members.
func (c *Cluster) endpoints() string {
	var out []string
	for _, name := range c.Etcd.Nodes {
		if n, ok := c.Node(name); ok {
			out = append(out, c.Etcd.Scheme+"://"+net.JoinHostPort(n.Address, strconv.Itoa(c.Etcd.ClientPort)))
		}
	}
	return strings.Join(out, ",")
}

// AllValues lists every variable that a cluster may give to steps, without values. VIP_NAME stands for the name of a VIP in
// capital letters.
func AllValues() []Value {
	c := &Cluster{
		Etcd: newEtcd(), Patroni: newPatroni(), Postgres: newPostgres(), Redis: newRedis(), Sentinel: newSentinel(), HAProxy: newHAProxy(),
		Keepalived: newKeepalived(), PgBouncer: newPgBouncer(), Web: newWeb(), NetBox: newNetBox(),
		Nodes: []Node{{Name: "n", Address: "n"}}, VIPs: []VIP{{Name: "name", Address: "a", Interface: "i"}},
	}
	c.Patroni.Scope, c.Postgres.DataDir, c.Postgres.BinDir, c.Sentinel.Master = "s", "d", "b", "m"
	c.Web.Certificate, c.NetBox.URL = "c", "u"
	c.settle()
	out := c.Values()
	for i := range out {
		out[i].Value = ""
	}
	return out
}
