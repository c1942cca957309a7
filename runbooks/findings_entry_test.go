package runbooks

import (
	"time"

	"recon/probes"
	"recon/probes/probestest"
)

func haproxyDown(s *probes.State, i int) {
	m := &s.HAProxy.Members[i]
	*m = probes.HAProxyMember{Node: m.Node, Seen: probestest.RefusedBy(m.Seen, 20*time.Second)}
	s.Nodes[i].Services["haproxy"] = "failed"
	s.HAProxy.Answered--
}

// sendsNowhere takes the servers of one backend of every HAProxy down.
func sendsNowhere(s *probes.State, backend func(*probes.HAProxyMember) *probes.HAProxyBackend) {
	for i := range s.HAProxy.Members {
		b := backend(&s.HAProxy.Members[i])
		b.Up, b.Status, b.UpNodes = false, "DOWN", []string{}
		for j := range b.Servers {
			b.Servers[j].Up, b.Servers[j].Status = false, "DOWN"
		}
	}
}

func writeOf(m *probes.HAProxyMember) *probes.HAProxyBackend { return m.Write }
func readOf(m *probes.HAProxyMember) *probes.HAProxyBackend  { return m.Read }
func redisOf(m *probes.HAProxyMember) *probes.HAProxyBackend { return m.Redis }

func useless(s *probes.State, i int, why string) {
	s.PgBouncer.Members[i].Works, s.PgBouncer.Members[i].WorksError = false, why
}

// held says who holds the database's address.
func held(s *probes.State, nodes ...string) {
	v := s.VIPs["db"]
	v.Holders, v.Holder = append([]string{}, nodes...), nil
	if len(nodes) == 1 {
		v.Holder = ptr(nodes[0])
	}
	s.VIPs["db"] = v
}

// entryFailures are the failures of HAProxy, Keepalived and PgBouncer, one at a time.
func entryFailures() []recognised {
	return []recognised{
		{
			name: "HAProxy died where the address is not", book: "haproxy-down", because: "HAProxy is down on netbox-node-1; 2 of 3 answer",
			broken: func(s *probes.State) { haproxyDown(s, 0) },
		},
		{
			name: "HAProxy died under the address", book: "vip-dead-entry", because: "db is on netbox-node-3, and HAProxy does not run there",
			also: []string{"haproxy-down"}, broken: func(s *probes.State) { haproxyDown(s, 2) },
		},
		{
			name: "the check asks the wrong question", book: "haproxy-write-down",
			because: "netbox-node-3 leads; no server for writes in HAProxy of netbox-node-1, netbox-node-2, netbox-node-3",
			broken: func(s *probes.State) {
				sendsNowhere(s, writeOf)
				s.HAProxy.Writer, s.HAProxy.Writers = nil, []string{}
			},
		},
		{
			name: "writes go to a replica", book: "haproxy-wrong-writer", because: "netbox-node-3 leads; HAProxy sends writes to netbox-node-1, netbox-node-3",
			broken: func(s *probes.State) {
				s.HAProxy.Members[1].Write.UpNodes = []string{node1, node3}
				s.HAProxy.Writer, s.HAProxy.Writers = nil, []string{node1, node3}
			},
		},
		{
			name: "no server for reads", book: "haproxy-read-down", because: "no server for reads in HAProxy of netbox-node-1, netbox-node-2, netbox-node-3",
			broken: func(s *probes.State) { sendsNowhere(s, readOf) },
		},
		{
			name: "Redis clients go nowhere", book: "haproxy-wrong-redis",
			because: "netbox-node-1 is master; HAProxy differs on netbox-node-1, netbox-node-2, netbox-node-3",
			broken:  func(s *probes.State) { sendsNowhere(s, redisOf); s.HAProxy.Redis = nil },
		},
		{
			name: "Redis clients go to a replica", book: "haproxy-wrong-redis", because: "netbox-node-1 is master; HAProxy differs on netbox-node-2",
			broken: func(s *probes.State) { s.HAProxy.Members[1].Redis.UpNodes = []string{node2}; s.HAProxy.Redis = nil },
		},
		{
			name: "sessions on the old leader", book: "haproxy-stale-sessions", because: "sessions to servers that are down through HAProxy of netbox-node-3",
			broken: func(s *probes.State) { s.HAProxy.Members[2].Write.Servers[0].Sessions = 4 },
		},
		{
			name: "a server in maintenance", book: "haproxy-maintenance-left", because: "servers taken out in HAProxy of netbox-node-3",
			broken: func(s *probes.State) { s.HAProxy.Members[2].Maintenance = []string{"pg_bkread/netbox-node-2"} },
		},
		{
			name: "no listening on foreign addresses", book: "host-nonlocal-bind", because: "ip_nonlocal_bind is off on netbox-node-1",
			broken: func(s *probes.State) { s.Nodes[0].NonlocalBind = ptr(false) },
		},
		{
			name: "the address is on two nodes", book: "vip-twice", because: "db is on several nodes: netbox-node-1, netbox-node-3",
			broken: func(s *probes.State) { held(s, node1, node3) },
		},
		{
			name: "the address is nowhere", book: "vip-nowhere", because: "nobody holds db",
			broken: func(s *probes.State) { held(s) },
		},
		{
			name: "Keepalived is down", book: "keepalived-down", because: "Keepalived is not active on netbox-node-2",
			broken: func(s *probes.State) {
				s.Keepalived.Members[1].Active = false
				s.Nodes[1].Services["keepalived"] = "inactive"
			},
		},
		{
			name: "the address flaps", book: "vip-flaps", because: "moved over 3 times in 10 min: db",
			broken: func(s *probes.State) {
				v := s.VIPs["db"]
				v.Moves = 6
				s.VIPs["db"] = v
			},
		},
		{
			name: "weights", book: "keepalived-weights", because: "db stays on n1 when HAProxy dies there and n1 leads: 170 against 160 of n2",
			broken: func(s *probes.State) {
				s.Keepalived.Stuck = []string{"db stays on n1 when HAProxy dies there and n1 leads: 170 against 160 of n2"}
			},
		},
		{
			name: "router ids", book: "keepalived-misfits", because: "db has router id 204 on n1 and 205 on n3",
			broken: func(s *probes.State) { s.Keepalived.Misfits = []string{"db has router id 204 on n1 and 205 on n3"} },
		},
		{
			name: "PgBouncer died", book: "pgbouncer-down", because: "PgBouncer is down on netbox-node-2; 2 of 3 answer",
			broken: func(s *probes.State) {
				m := &s.PgBouncer.Members[1]
				*m = probes.PgBouncerMember{Node: m.Node, Seen: probestest.RefusedBy(m.Seen, 20*time.Second)}
				s.PgBouncer.Answered, s.Nodes[1].Services["pgbouncer"] = 2, "inactive"
			},
		},
		{
			name: "PgBouncer may not read its list", book: "pgbouncer-cannot-start", because: "the unit of PgBouncer fails on netbox-node-2",
			also: []string{"pgbouncer-down"},
			broken: func(s *probes.State) {
				m := &s.PgBouncer.Members[1]
				*m = probes.PgBouncerMember{Node: m.Node, Seen: probestest.RefusedBy(m.Seen, 40*time.Second)}
				s.PgBouncer.Answered, s.Nodes[1].Services["pgbouncer"] = 2, "failed"
			},
		},
		{
			name: "paused", book: "pgbouncer-paused", because: "paused or disabled in PgBouncer of netbox-node-1",
			broken: func(s *probes.State) {
				m := &s.PgBouncer.Members[0]
				m.Paused, m.Databases[0].Paused, m.Waiting, m.MaxWait = []string{"netbox"}, true, 4, 30
				useless(s, 0, "did not answer within 3 s")
			},
		},
		{
			name: "no such database", book: "pgbouncer-no-database", because: "no such database in PgBouncer of netbox-node-2",
			broken: func(s *probes.State) { useless(s, 1, "PgBouncer answered: no such database: netbox (SQLSTATE 08P01)") },
		},
		{
			name: "another password", book: "pgbouncer-login", because: "logins fail through PgBouncer of netbox-node-2",
			broken: func(s *probes.State) {
				useless(s, 1, "PgBouncer answered: SASL authentication failed (SQLSTATE 08P01)")
			},
		},
		{
			name: "no connection comes", book: "pgbouncer-stuck", because: "PgBouncer gets no connection to the database on netbox-node-1",
			broken: func(s *probes.State) {
				m := &s.PgBouncer.Members[0]
				m.Waiting, m.MaxWait, m.Pools = 5, 14, []probes.Pool{{Database: "netbox", User: "netbox", Waiting: 5, Login: 1, MaxWait: 14}}
			},
		},
		{
			name: "a full pool", book: "pgbouncer-pool-full", because: "clients wait for a connection in PgBouncer of netbox-node-1",
			broken: func(s *probes.State) {
				m := &s.PgBouncer.Members[0]
				m.Waiting, m.MaxWait, m.Pools = 5, 14, []probes.Pool{{Database: "netbox", User: "netbox", Active: 70, Waiting: 5, Used: 70, MaxWait: 14}}
			},
		},
		{
			name: "no prepared statements", book: "pgbouncer-prepared", because: "transaction pooling without prepared statements on netbox-node-1, netbox-node-2",
			broken: func(s *probes.State) { s.PgBouncer.Members[0].Prepared, s.PgBouncer.Members[1].Prepared = 0, 0 },
		},
		{
			name: "no query gets through", book: "pgbouncer-useless", because: "no query gets through PgBouncer of netbox-node-3",
			broken: func(s *probes.State) { useless(s, 2, "the query was not answered within 3 s") },
		},
	}
}
