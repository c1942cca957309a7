package inventory

import (
	"strings"

	"github.com/goccy/go-yaml/ast"
)

var unitName = pat(`[A-Za-z0-9:_.@\\][A-Za-z0-9:_.@\\-]{0,200}`, "the name of a systemd unit", "write it as `systemctl status` shows it")

var plainName = pat(`[A-Za-z0-9_][A-Za-z0-9_.@-]{0,62}`, "a name", "use letters, digits, underscore, dot, dash and @")

// proxyName is what HAProxy takes as the name of a proxy.
var proxyName = pat(`[A-Za-z0-9_.:-]{1,80}`, "the name of a backend", "write it as it stands in haproxy.cfg")

var namespaceName = pat(`/?[A-Za-z0-9_.-]+(?:/[A-Za-z0-9_.-]+)*/?|/`, "a namespace", "write it as /service/")

// serviceKeys are the keys of the services section.
func serviceKeys(c *Cluster) []field {
	return []field{
		service(c, "etcd", &c.Etcd, newEtcd, etcdKeys),
		service(c, "patroni", &c.Patroni, newPatroni, patroniKeys),
		service(c, "postgres", &c.Postgres, newPostgres, postgresKeys),
		service(c, "redis", &c.Redis, newRedis, redisKeys),
		service(c, "sentinel", &c.Sentinel, newSentinel, sentinelKeys),
		service(c, "haproxy", &c.HAProxy, newHAProxy, haproxyKeys),
		service(c, "keepalived", &c.Keepalived, newKeepalived, keepalivedKeys),
		service(c, "pgbouncer", &c.PgBouncer, newPgBouncer, pgbouncerKeys),
		service(c, "web", &c.Web, newWeb, webKeys),
		service(c, "netbox", &c.NetBox, newNetBox, netboxKeys),
	}
}

// service is the field of one service: its defaults are there before its keys are read. keys may look at the cluster only
// in checks that run later.
func service[T any](c *Cluster, name string, to **T, defaults func() *T, keys func(*Cluster, *T) []field) field {
	return field{name: name, keys: keys(c, defaults()), read: func(r *reader, n ast.Node) {
		s := defaults()
		r.object(n, begin(n), keys(c, s))
		*to = s
	}}
}

func newEtcd() *Etcd {
	return &Etcd{ClientPort: 2379, PeerPort: 2380, Unit: "etcd", DataDir: "/var/lib/etcd"}
}

func etcdKeys(c *Cluster, e *Etcd) []field {
	return append([]field{
		on(c, &e.Nodes), port("client_port", &e.ClientPort), portApart("peer_port", &e.PeerPort, &e.ClientPort),
		unit("unit", &e.Unit), hostPath("data_dir", &e.DataDir),
	}, append(tlsKeys(&e.Scheme, &e.TLS), login(&e.User, &e.Password)...)...)
}

func newPatroni() *Patroni {
	return &Patroni{RESTPort: 8008, Unit: "patroni", Config: "/etc/patroni/patroni.yml", Namespace: "/service/"}
}

func patroniKeys(c *Cluster, p *Patroni) []field {
	return append([]field{
		on(c, &p.Nodes), port("rest_port", &p.RESTPort), unit("unit", &p.Unit), hostPath("config", &p.Config),
		word("scope", &p.Scope, plainName).required(), namespace(&p.Namespace),
	}, append(tlsKeys(&p.Scheme, &p.TLS), login(&p.User, &p.Password)...)...)
}

func newPostgres() *Postgres {
	return &Postgres{Port: 5432, User: "postgres", Database: "postgres", SSLMode: "prefer"}
}

func postgresKeys(c *Cluster, p *Postgres) []field {
	keys := append([]field{on(c, &p.Nodes), port("port", &p.Port)}, dataDirs(p)...)
	keys = append(keys, word("database", &p.Database, plainName),
		choice("sslmode", &p.SSLMode, "disable", "allow", "prefer", "require", "verify-ca", "verify-full"))
	return append(keys, login(&p.User, &p.Password)...)
}

func newRedis() *Service {
	return &Service{Port: 6379, Unit: "redis-server", Config: "/etc/redis/redis.conf"}
}

func redisKeys(c *Cluster, s *Service) []field { return plainKeys(c, s) }

func newSentinel() *Sentinel {
	return &Sentinel{Service: Service{Port: 26379, Unit: "redis-sentinel", Config: "/etc/redis/sentinel.conf"}}
}

func sentinelKeys(c *Cluster, s *Sentinel) []field {
	return append(plainKeys(c, &s.Service), word("master", &s.Master, plainName).required())
}

func newHAProxy() *HAProxy {
	return &HAProxy{
		Service: Service{Port: 7000, Unit: "haproxy", Config: "/etc/haproxy/haproxy.cfg"}, Socket: "/run/haproxy/admin.sock",
		Backends: EntryNames{Write: "pg_bkwrite", Read: "pg_bkread", Redis: "be_redis_master", PgBouncer: "pgbouncer_nodes"},
		Ports:    EntryPorts{Write: 5432, Read: 5433, Redis: 6379, PgBouncer: 6432},
	}
}

func haproxyKeys(c *Cluster, h *HAProxy) []field {
	b, p := &h.Backends, &h.Ports
	return append(
		plainKeys(c, &h.Service), hostPath("socket", &h.Socket),
		object("backends", []field{
			word("write", &b.Write, proxyName), word("read", &b.Read, proxyName), word("redis", &b.Redis, proxyName),
			word("pgbouncer", &b.PgBouncer, proxyName),
		}),
		object("ports", []field{
			port("write", &p.Write), port("read", &p.Read), port("redis", &p.Redis), port("pgbouncer", &p.PgBouncer),
		}),
	)
}

func newKeepalived() *Service {
	return &Service{Unit: "keepalived", Config: "/etc/keepalived/keepalived.conf"}
}

func keepalivedKeys(c *Cluster, s *Service) []field {
	return []field{on(c, &s.Nodes), unit("unit", &s.Unit), hostPath("config", &s.Config)}
}

func newPgBouncer() *PgBouncer {
	return &PgBouncer{Service: Service{Port: 6432, Unit: "pgbouncer", Config: "/etc/pgbouncer/pgbouncer.ini"}, Database: "netbox"}
}

func pgbouncerKeys(c *Cluster, p *PgBouncer) []field {
	return append(plainKeys(c, &p.Service), word("database", &p.Database, plainName))
}

func newWeb() *Web {
	return &Web{Service: Service{Unit: "nginx", Config: "/etc/nginx/nginx.conf"}, HTTPS: true}
}

func webKeys(c *Cluster, w *Web) []field {
	return []field{
		on(c, &w.Nodes), yesNo("https", &w.HTTPS), port("port", &w.Port), unit("unit", &w.Unit), hostPath("config", &w.Config),
		hostPath("certificate", &w.Certificate),
	}
}

func newNetBox() *NetBox {
	return &NetBox{
		Service:    Service{Port: 8001, Unit: "netbox", Config: "/opt/netbox/netbox/netbox/configuration.py"},
		WorkerUnit: "netbox-rq", Bind: "127.0.0.1",
	}
}

func netboxKeys(c *Cluster, n *NetBox) []field {
	return append(plainKeys(c, &n.Service), unit("worker_unit", &n.WorkerUnit), address("bind", &n.Bind, false), webAddress("url", &n.URL), secret("token", &n.Token))
}

// entryKeys are those of the entry section.
func entryKeys(e *Entry) []field {
	return append(login(&e.User, &e.Password), word("database", &e.Database, plainName), yesNo("canary", &e.Canary))
}

// plainKeys are those of a service with one port and one unit.
func plainKeys(c *Cluster, s *Service) []field {
	return append([]field{
		on(c, &s.Nodes), port("port", &s.Port), unit("unit", &s.Unit), hostPath("config", &s.Config),
	}, login(&s.User, &s.Password)...)
}

func login(user *string, password *Secret) []field {
	return []field{word("user", user, userName), secret("password", password)}
}

// unit is a field with a systemd service. The .service at its end is dropped.
func unit(name string, to *string) field {
	return field{name: name, read: func(r *reader, n ast.Node) {
		p := unitName
		s, ok := r.text(n, p.hint)
		if !ok || !r.matches(n, s, p) {
			return
		}
		for _, other := range []string{".timer", ".socket", ".target", ".mount", ".path", ".slice", ".scope"} {
			if strings.HasSuffix(s, other) {
				r.problem(begin(n), quote(s)+" is not a service", "name the .service that runs the program")
				return
			}
		}
		*to = strings.TrimSuffix(s, ".service")
	}}
}

// namespace is Patroni's, which begins and ends with a slash whatever the file says.
func namespace(to *string) field {
	return field{name: "namespace", read: func(r *reader, n ast.Node) {
		if s, ok := r.text(n, namespaceName.hint); ok && r.matches(n, s, namespaceName) {
			if s = strings.Trim(s, "/"); s != "" {
				s += "/"
			}
			*to = "/" + s
		}
	}}
}
