package probestest

import (
	"time"

	"recon/internal/inventory"
	"recon/probes"
)

// StackInventory is the cluster file of the whole stack: Inventory with Redis, Sentinel, HAProxy, Keepalived, PgBouncer, a
// web proxy and NetBox on every node.
func StackInventory() *inventory.Cluster {
	c := Inventory()
	all := c.Etcd.On
	service := func(port int, unit, config string) inventory.Service {
		return inventory.Service{On: all, Port: port, Unit: unit, Config: config}
	}
	redis, keepalived := service(6379, "redis-server", "/etc/redis/redis.conf"), service(0, "keepalived", "/etc/keepalived/keepalived.conf")
	c.Redis, c.Keepalived = &redis, &keepalived
	c.Sentinel = &inventory.Sentinel{Service: service(26379, "redis-sentinel", "/etc/redis/sentinel.conf"), Master: "myredisetcd"}
	c.HAProxy = &inventory.HAProxy{
		Service: service(7000, "haproxy", "/etc/haproxy/haproxy.cfg"), Socket: "/run/haproxy/admin.sock",
		Backends: inventory.EntryNames{Write: "pg_bkwrite", Read: "pg_bkread", Redis: "be_redis_master", PgBouncer: "pgbouncer_nodes"},
		Ports:    inventory.EntryPorts{Write: 5432, Read: 5433, Redis: 6379, PgBouncer: 6432},
	}
	c.PgBouncer = &inventory.PgBouncer{Service: service(6432, "pgbouncer", "/etc/pgbouncer/pgbouncer.ini"), Database: "netbox"}
	c.PgBouncer.User = "pgbouncer_admin"
	c.Web = &inventory.Web{Service: service(443, "nginx", "/etc/nginx/nginx.conf"), HTTPS: true, Certificate: "/etc/nginx/certs/netbox.pem"}
	c.NetBox = &inventory.NetBox{
		Service: service(8001, "netbox", "/opt/netbox/netbox/netbox/configuration.py"), WorkerUnit: "netbox-rq", Bind: "127.0.0.1",
		URL: "https://netbox.example.com",
	}
	c.Entry = inventory.Entry{User: "recon", Database: "netbox", Canary: true}
	return c
}

// Stack is Healthy with the whole stack: node 3 leads PostgreSQL and holds both addresses, node 1 is Redis master. It is
// made anew at each call, so that a test may change it.
func Stack() *probes.State {
	s, inv := Healthy(), StackInventory()
	seen := asked
	s.Keepalived = probes.Keepalived{}
	s.Redis = probes.Redis{Masters: []string{Node1}, Answered: 3}
	s.Sentinel = probes.Sentinel{
		Name: "myredisetcd", Master: ptr(Node1), MasterAddress: ptr("172.16.113.201:6379"), Quorum: ptr(true), FailingOver: ptr(false),
		ODown: ptr(false), Answered: 3,
	}
	s.HAProxy = probes.HAProxy{Writer: ptr(Node3), Writers: []string{Node3}, Redis: ptr(Node1), Answered: 3}
	s.PgBouncer, s.Web = probes.PgBouncer{Answered: 3}, probes.Web{Answered: 3}
	s.NetBox = probes.NetBox{
		Version: ptr("4.4.1"), Answered: 3, Unclear: map[string]string{},
		Queues:  []probes.Queue{{Name: "high"}, {Name: "default"}, {Name: "low"}},
		Entry:   netboxOn(Node3, seen("https://netbox.example.com through 172.16.113.205")),
		Workers: []probes.Worker{},
	}
	for i, n := range inv.Nodes {
		master := n.Name == Node1
		node := &s.Nodes[i]
		node.Units, node.UnitFiles = map[string]string{}, map[string]string{}
		node.Services, node.ServiceFiles = map[string]string{}, map[string]string{}
		for _, r := range inv.Roles() {
			for _, u := range r.Units {
				name := r.Name
				if u == inv.NetBox.WorkerUnit {
					name = "worker"
				}
				node.Units[u], node.UnitFiles[u] = "active", "enabled"
				node.Services[name], node.ServiceFiles[name] = "active", "enabled"
			}
		}
		node.FailedUnits, node.Restarts = []string{}, map[string]int{}
		node.SwapUsedMB, node.MemoryAllMB, node.NonlocalBind, node.RebootPending = ptr(0), ptr(16006), ptr(true), ptr(false)
		for j := range node.Disks {
			d := &node.Disks[j]
			d.InodesPercent, d.ReadOnly, d.Growth = ptr(4.0), ptr(false), ptr(0.0)
		}
		s.Redis.Members = append(s.Redis.Members, redisOn(n, master, inv, seen("redis "+n.Address+":6379")))
		s.Sentinel.Members = append(s.Sentinel.Members, probes.SentinelMember{
			Node: n.Name, Seen: seen("sentinel " + n.Address + ":26379"), Version: "8.0.2", Monitors: []string{"myredisetcd"}, Watches: true,
			MasterAddress: "172.16.113.201:6379", MasterNode: ptr(Node1), Flags: []string{"master"}, QuorumOK: true, Quorum: 2, Others: 2, Replicas: 2,
			DownAfter: 5, Failover: 60, Unread: map[string]string{},
		})
		s.HAProxy.Members = append(s.HAProxy.Members, haproxyOn(n, inv, seen("http://"+n.Address+":7000/;csv")))
		k := probes.KeepalivedMember{Node: n.Name, Seen: node.Seen, Active: true, Holds: []string{}, Unread: map[string]string{}}
		if n.Name == Node3 {
			k.Holds = []string{"db", "web"}
		}
		for j, v := range inv.VIPs {
			k.Instances = append(k.Instances, probes.VRRPInstance{
				Name: "VI_" + v.Name, Interface: "eth0", RouterID: 204 + j, Priority: 200 - 10*i, Addresses: []string{v.Address},
				Tracks: []probes.VRRPTrack{{Script: "chk_haproxy", Weight: -100}, {Script: "chk_leader", Weight: 30}},
			})
		}
		s.Keepalived.Members = append(s.Keepalived.Members, k)
		s.PgBouncer.Members = append(s.PgBouncer.Members, probes.PgBouncerMember{
			Node: n.Name, Seen: seen("pgbouncer " + n.Address + ":6432"), Version: "1.24.1", State: "active", Works: true, PoolMode: "transaction",
			PoolSize: 50, ReserveSize: 20, Prepared: 200, Paused: []string{}, Unread: map[string]string{},
			Databases: []probes.PgBouncerDatabase{{Name: "netbox", Host: "172.16.113.204", Port: 5432, Database: "netbox", PoolSize: 50, Connections: 3}},
			Pools:     []probes.Pool{{Database: "netbox", User: "netbox", Active: 3, Used: 1, Idle: 2, Mode: "transaction"}}, Active: 3,
		})
		s.Web.Members = append(s.Web.Members, probes.WebMember{
			Node: n.Name, Seen: seen("https://" + n.Address + ":443"), Server: "nginx", Code: 200, CertificateDays: 61, CertificateNames: []string{"netbox.example.com"},
			CertificateIssuer: "Example CA", CertificatePrint: "5f1c", CertificateMatches: true, FileDays: 61, FileServed: true,
			Unread: map[string]string{"file_key_matches": "the key file is not readable for the ssh user"},
		})
		s.NetBox.Members = append(s.NetBox.Members, netboxOn(n.Name, seen("http://127.0.0.1:8001 on "+n.Name)))
		s.NetBox.Workers = append(s.NetBox.Workers, probes.Worker{Name: "rq-" + n.Name, Host: n.Name, Heartbeat: 12, State: "idle"})
	}
	s.Keepalived.Stuck, s.Keepalived.Misfits = []string{}, []string{}
	s.Redis.Master = &s.Redis.Members[0]
	s.Service = probes.Service{
		Reads:  probes.Try{Seen: seen("read"), Tried: true, Through: "db address 172.16.113.204:6432", Node: ptr(Node3)},
		Writes: probes.Try{Seen: seen("write"), Tried: true, Through: "db address 172.16.113.204:6432", Node: ptr(Node3)},
		Login:  probes.Try{Seen: seen("login"), Tried: true, Through: "https://netbox.example.com at 172.16.113.205"},
	}
	Settle(s)
	return s
}

func redisOn(n inventory.Node, master bool, inv *inventory.Cluster, seen probes.Seen) probes.RedisMember {
	m := probes.RedisMember{
		Node: n.Name, Seen: seen, Server: "redis", Version: "8.0.2", Role: "replica", Replicas: []probes.RedisReplica{}, Offset: 482113, Priority: 100,
		ReplicationID: "c1f6", AOF: true, AOFWriteOK: true, AOFRewriteOK: true, SaveOK: true, Keys: 412, Memory: 1 << 20, Clients: 9, Uptime: 4500,
		Dir: "/var/lib/redis", Bind: "127.0.0.1 " + n.Address, Unread: map[string]string{},
	}
	if !master {
		m.MasterAddress, m.MasterNode, m.LinkUp = "172.16.113.201:6379", ptr(Node1), true
		return m
	}
	m.Role, m.Online = "master", 2
	for _, other := range inv.Nodes {
		if other.Name != n.Name {
			m.Replicas = append(m.Replicas, probes.RedisReplica{Node: ptr(other.Name), Address: other.Address + ":6379", State: "online", Offset: 482113, Lag: 1})
		}
	}
	return m
}

func haproxyOn(n inventory.Node, inv *inventory.Cluster, seen probes.Seen) probes.HAProxyMember {
	backend := func(name string, up ...string) *probes.HAProxyBackend {
		b := &probes.HAProxyBackend{Name: name, Status: "UP", Up: true, UpNodes: up}
		for _, x := range inv.Nodes {
			v := probes.HAProxyServer{Name: x.Name, Node: ptr(x.Name), Status: "DOWN", Check: "L7STS", CheckCode: ptr(503), Changed: 4000}
			for _, u := range up {
				if u == x.Name {
					v.Status, v.Up, v.Check, v.CheckCode = "UP", true, "L7OK", ptr(200)
				}
			}
			b.Servers = append(b.Servers, v)
		}
		return b
	}
	m := probes.HAProxyMember{
		Node: n.Name, Seen: seen, Maintenance: []string{}, Unread: map[string]string{"version": "the statistics page does not tell it"},
		Write: backend("pg_bkwrite", Node3), Read: backend("pg_bkread", Node1, Node2), Redis: backend("be_redis_master", Node1),
		PgBouncer: backend("pgbouncer_nodes", Node1, Node2, Node3),
	}
	m.Backends = []probes.HAProxyBackend{*m.Write, *m.Read, *m.Redis, *m.PgBouncer}
	return m
}

func netboxOn(node string, seen probes.Seen) probes.NetBoxMember {
	return probes.NetBoxMember{
		Node: node, Seen: seen, Code: 200, StatusCode: 200, Version: "4.4.1", Hostname: node, Workers: 3, Plugins: map[string]string{},
		Unread: map[string]string{},
	}
}

// Silent makes something seen that answered into something that has not answered for d.
func Silent(s probes.Seen, d time.Duration) probes.Seen {
	out := gone(s, false, "did not answer within 3 s")
	out.Since = d.Seconds()
	return out
}

// RefusedBy makes something seen into something whose port refuses, for d.
func RefusedBy(s probes.Seen, d time.Duration) probes.Seen {
	out := gone(s, true, "nothing listens there")
	out.Since = d.Seconds()
	return out
}
