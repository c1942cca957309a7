package probestest

import (
	"slices"
	"strconv"
	"time"

	"recon/internal/inventory"
	"recon/probes"
)

// At is the moment of the ready-made States.
func At() time.Time { return time.Date(2026, 11, 23, 9, 41, 7, 0, time.UTC) }

// asked is something that answered 0.6 s before At.
func asked(source string) probes.Seen {
	return probes.Seen{Reachable: true, Age: 0.6, Since: 3600, Latency: 0.02, Began: At().Add(-600 * time.Millisecond), Source: source}
}

// gone is something that does not answer any more.
func gone(s probes.Seen, refused bool, why string) probes.Seen {
	return probes.Seen{Refused: refused, Error: why, Age: 0.6, Since: 12, Latency: 0.02, Began: s.Began, Source: s.Source}
}

func hex(n uint64) string { return strconv.FormatUint(n, 16) }

func ptr[T any](v T) *T { return &v }

// Healthy is a State in which node 3 leads on timeline 8, node 1 is the synchronous standby and node 2 follows; every
// fact is seen. It is made anew at each call, so that a test may change it.
func Healthy() *probes.State {
	inv := Inventory()
	s := &probes.State{
		At: At(), Seq: 7, Cluster: probes.Cluster{Name: inv.Name, Environment: string(inv.Environment)},
		VIPs: map[string]probes.VIP{},
		Etcd: probes.Etcd{Quorum: ptr(true), Leader: ptr(Node3), Term: ptr(uint64(15)), Voters: ptr(3), Answered: 3, Alarms: []string{}, Elections: ptr(0)},
		Patroni: probes.Patroni{
			LockHolder: ptr(Node3), FormerLeader: ptr(Node2), SyncStandbys: []string{Node1}, Scope: ptr("pgclusternetbox"),
			SystemID: ptr("7711276203485323398"), Initialize: ptr("7711276203485323398"), Timeline: ptr(8), Paused: ptr(false),
			Unlocked: ptr(false), Answered: 3, Unclear: map[string]string{}, Prefix: "/service/pgcluster/pgclusternetbox/",
			Config: &probes.Config{
				TTL: 30, LoopWait: 10, RetryTimeout: 10, StartTimeout: 300, MaximumLag: 1 << 20, Sync: true, Strict: true, SyncCount: 1, Rewind: true, Slots: []string{},
			},
			Strangers: []string{},
			History:   HealthyWorld().History,
		},
		Postgres: probes.Postgres{Primaries: []string{Node3}, Waiting: ptr(0)},
		Reach:    probes.Reach{Broken: []probes.Link{}},
	}
	without(s)
	for _, n := range inv.Nodes {
		leads := n.Name == Node3
		addresses := []string{n.Address}
		if leads {
			addresses = append(addresses, "172.16.113.204", "172.16.113.205")
		}
		s.Nodes = append(s.Nodes, probes.Node{
			Name: n.Name, Address: n.Address, Seen: asked("ssh " + n.Name), Hostname: n.Name,
			Units:        map[string]string{"etcd-patroni": "active", "patroni": "active", "keepalived": "active"},
			UnitFiles:    map[string]string{"etcd-patroni": "enabled", "patroni": "enabled", "keepalived": "enabled"},
			Services:     map[string]string{"etcd": "active", "patroni": "active", "keepalived": "active"},
			ServiceFiles: map[string]string{"etcd": "enabled", "patroni": "enabled", "keepalived": "enabled"},
			NeverRan:     []string{},
			Disks: []probes.Disk{
				{Mount: "/", Path: "/var/lib/postgresql/17/patroni", Bytes: 42140401664, Free: 23111184384, Percent: 42.2},
				{Mount: "/", Path: "/var/lib/etcd-patroni", Bytes: 42140401664, Free: 23111184384, Percent: 42.2},
				{Mount: "/", Path: "/", Bytes: 42140401664, Free: 23111184384, Percent: 42.2},
			},
			Load1: ptr(0.42), CPUs: ptr(2), MemoryMB: ptr(7933), ClockOffset: ptr(0.003), ClockSynced: ptr(true),
			Addresses: addresses, Uptime: ptr(4521.33), PatroniScope: ptr("pgclusternetbox"), PatroniNamespace: ptr("/service/pgcluster/"),
		})
		s.Etcd.Members = append(s.Etcd.Members, probes.EtcdMember{
			Name: n.Name, Endpoint: n.Address + ":22379", Seen: asked("etcd " + n.Address + ":22379"), ID: hex(MemberID(n.Name)), Version: "3.5.16",
			DBSize: 98304, DBInUse: 98304, LeaderID: hex(MemberID(Node3)), Leads: leads, Term: 15, Index: 763, Applied: 763, Errors: []string{},
		})
		m := probes.Member{
			Name: n.Name, Node: n.Name, Seen: asked("http://" + n.Address + ":8008"), Role: "replica", State: "streaming", ReportedRole: "replica",
			Timeline: ptr(8), Lag: ptr(int64(0)), Location: ptr(int64(100810800)), Replayed: ptr(int64(100810800)), Tags: map[string]string{},
			Scope: "pgclusternetbox", SystemID: "7711276203485323398", Version: "4.0.7", Server: 170012, DCSAge: ptr(4.0),
			Followers: []probes.Follower{}, ListedRole: "replica", ListedState: "streaming", Reasons: []string{},
		}
		d := probes.Database{
			Node: n.Name, Seen: asked("postgres " + n.Address + ":5432"), Version: 170012, InRecovery: !leads, Timeline: ptr(8), Receiver: "streaming",
			Followers: []probes.Standby{}, Slots: []probes.Slot{}, Waiting: ptr(0), Copies: []probes.CopyStream{}, Unread: map[string]string{},
			Connections: 12, MaxConnections: 200, Subscriptions: []probes.Subscription{}, Size: ptr(int64(412 << 20)), WALBytes: ptr(int64(160 << 20)),
			ArchiveWaiting: ptr(0), HBAErrors: ptr(0), FileErrors: ptr(0),
		}
		switch n.Name {
		case Node1:
			m.Role, m.ListedRole = "sync_standby", "sync_standby"
		case Node3:
			m.Role, m.State, m.ReportedRole, m.Primary, m.Lag, m.Replayed = "leader", "running", "primary", true, nil, nil
			m.ListedRole, m.ListedState, d.Receiver = "leader", "running", ""
			for _, other := range inv.Nodes[:2] {
				sync := syncState(ptr(HealthyWorld()), other.Name)
				m.Followers = append(m.Followers, probes.Follower{Name: other.Name, Address: other.Address, State: "streaming", SyncState: sync})
				d.Followers = append(d.Followers, probes.Standby{Name: other.Name, Address: other.Address, State: "streaming", SyncState: sync, Lag: ptr(int64(0))})
			}
		}
		s.Reach.Nodes = append(s.Reach.Nodes, probes.NodeReach{Name: n.Name, Verdict: "up", Why: "it answers the console", Witnesses: []probes.Witness{}})
		s.Patroni.Members, s.Postgres.Members = append(s.Patroni.Members, m), append(s.Postgres.Members, d)
	}
	for _, v := range inv.VIPs {
		s.VIPs[v.Name] = probes.VIP{Name: v.Name, Address: v.Address, Holders: []string{Node3}, Holder: ptr(Node3)}
	}
	Settle(s)
	return s
}

// without says of the systems that Inventory does not have what a Watch says of them.
func without(s *probes.State) {
	s.Redis = probes.Redis{Members: []probes.RedisMember{}, Unseen: "the cluster file names no Redis"}
	s.Sentinel = probes.Sentinel{Members: []probes.SentinelMember{}, Unseen: "the cluster file names no Sentinel"}
	s.HAProxy = probes.HAProxy{Members: []probes.HAProxyMember{}, Unseen: "the cluster file names no HAProxy", Unclear: map[string]string{}}
	s.PgBouncer = probes.PgBouncer{Members: []probes.PgBouncerMember{}, Unseen: "the cluster file names no PgBouncer"}
	s.Web = probes.Web{Members: []probes.WebMember{}, Unseen: "the cluster file names no web proxy"}
	s.NetBox = probes.NetBox{Members: []probes.NetBoxMember{}, Unseen: "the cluster file names no NetBox"}
}

// Settle makes patroni.leader, patroni.replicas, keepalived (of Inventory), cross and hands_off follow from the rest again, after a test changed that.
func Settle(s *probes.State) {
	defer func() { probes.Conclude(fileOf(s), s) }()
	if len(s.HAProxy.Members) == 0 {
		s.Keepalived = keepalived(s)
	}
	p := &s.Patroni
	p.Leader, p.Timeline, p.Replicas = nil, nil, []probes.Member{}
	for _, m := range p.Members {
		switch {
		case m.Reachable && m.Primary:
			p.Leader, p.Timeline = &m, m.Timeline
		case m.Reachable:
			p.Replicas = append(p.Replicas, m)
		}
	}
}

// keepalived is the section as a Watch makes it of the hosts, which do not tell the configuration in Inventory.
func keepalived(s *probes.State) probes.Keepalived {
	var out probes.Keepalived
	for _, n := range s.Nodes {
		m := probes.KeepalivedMember{
			Node: n.Name, Seen: n.Seen, Active: n.Units["keepalived"] == "active", Holds: []string{},
			Unread: map[string]string{"instances": "the host does not tell Keepalived's configuration"},
		}
		for _, v := range Inventory().VIPs {
			if slices.Contains(n.Addresses, v.Address) {
				m.Holds = append(m.Holds, v.Name)
			}
		}
		out.Members = append(out.Members, m)
	}
	return out
}

// fileOf is the cluster file that a ready-made State belongs to.
func fileOf(s *probes.State) *inventory.Cluster {
	if len(s.HAProxy.Members) > 0 {
		return StackInventory()
	}
	return Inventory()
}

// LeaderDead is Healthy some seconds after all that ran on node 3 was killed and before the lock expired: the lock
// names node 3, the views list it as running, and its ports refuse.
func LeaderDead() *probes.State {
	s := Healthy()
	dead := &s.Patroni.Members[2]
	*dead = probes.Member{
		Name: Node3, Node: Node3, Seen: gone(dead.Seen, true, "nothing listens on 172.16.113.203:8008"), ListedRole: "leader", ListedState: "running",
	}
	s.Postgres.Members[2] = probes.Database{Node: Node3, Seen: gone(s.Postgres.Members[2].Seen, true, "nothing listens on 172.16.113.203:5432")}
	s.Postgres.Primaries, s.Postgres.Waiting = []string{}, nil
	s.Nodes[2].Units["patroni"], s.Nodes[2].Services["patroni"] = "failed", "failed"
	for i := range s.Patroni.Members[:2] {
		m := &s.Patroni.Members[i]
		m.State, m.Lag, m.ListedState = "running", nil, "running"
		s.Postgres.Members[i].Receiver = ""
	}
	s.Patroni.Answered = 2
	Settle(s)
	return s
}

// LeaderLost is Healthy some seconds after the host of the leader lost its power: nothing of it answers, not even a
// refusal, and who holds the addresses cannot be said.
func LeaderLost() *probes.State {
	s := LeaderDead()
	const silent = "did not answer within 3 s"
	s.Patroni.Members[2].Seen = gone(s.Patroni.Members[2].Seen, false, silent)
	s.Postgres.Members[2].Seen = gone(s.Postgres.Members[2].Seen, false, silent)
	s.Nodes[2] = probes.Node{Name: Node3, Address: s.Nodes[2].Address, Seen: gone(s.Nodes[2].Seen, false, "did not answer within 4 s")}
	e := &s.Etcd.Members[2]
	*e = probes.EtcdMember{Name: Node3, Endpoint: e.Endpoint, Seen: gone(e.Seen, false, silent)}
	s.Etcd.Answered, s.Etcd.Leader, s.Etcd.Term = 2, ptr(Node1), ptr(uint64(16))
	for i := range s.Etcd.Members[:2] {
		m := &s.Etcd.Members[i]
		m.LeaderID, m.Leads, m.Term = hex(MemberID(Node1)), i == 0, 16
	}
	dead := &s.Reach.Nodes[2]
	dead.Verdict, dead.Why = "dead", "neither the console nor netbox-node-1, netbox-node-2 reach any of its ports"
	dead.Blinded = "netbox-node-3 is not reached over ssh"
	for _, by := range []string{Node1, Node2} {
		for _, w := range []probes.Witness{
			{Service: "etcd", Port: PeerPort},
			{Service: "etcd", Port: EtcdPort},
			{Service: "patroni", Port: PatroniPort},
			{Service: "postgres", Port: PostgresPort},
			{Service: "ssh", Port: 22},
		} {
			w.By, w.Error, w.Age = by, "did not answer within 1.2 s", 2
			dead.Witnesses = append(dead.Witnesses, w)
		}
	}
	for name, v := range s.VIPs {
		v.Holders, v.Holder, v.Unseen = []string{}, nil, Node3+": did not answer within 4 s"
		s.VIPs[name] = v
	}
	Settle(s)
	return s
}

// Diverged is a State after a failover from node 3 to node 1: node 1 leads on timeline 9, node 2 follows, and node 3
// holds commits that timeline 9 does not have, so that it cannot start.
func Diverged() *probes.State {
	s := Healthy()
	for i := range s.Patroni.Members {
		m, d := &s.Patroni.Members[i], &s.Postgres.Members[i]
		switch m.Name {
		case Node1:
			m.Role, m.State, m.ReportedRole, m.Primary, m.Lag, m.Replayed = "leader", "running", "primary", true, nil, nil
			m.Timeline, m.ListedRole, m.ListedState = ptr(9), "leader", "running"
			m.Followers = []probes.Follower{{Name: Node2, Address: "172.16.113.202", State: "streaming", SyncState: "sync"}}
			d.InRecovery, d.Receiver, d.Timeline = false, "", ptr(9)
			d.Followers = []probes.Standby{{Name: Node2, Address: "172.16.113.202", State: "streaming", SyncState: "sync", Lag: ptr(int64(0))}}
		case Node2:
			m.Role, m.ListedRole, m.Timeline, d.Timeline = "sync_standby", "sync_standby", ptr(9), ptr(9)
		case Node3:
			*m = probes.Member{
				Name: Node3, Node: Node3, Seen: m.Seen, Role: "replica", State: "start failed", ReportedRole: "replica", Tags: map[string]string{},
				Scope: m.Scope, SystemID: m.SystemID, Version: m.Version, DCSAge: ptr(3.0), Followers: []probes.Follower{},
				ListedRole: "replica", ListedState: "start failed",
			}
			*d = probes.Database{Node: Node3, Seen: gone(d.Seen, true, "nothing listens on 172.16.113.203:5432")}
		}
	}
	s.Patroni.LockHolder, s.Patroni.FormerLeader, s.Patroni.SyncStandbys = ptr(Node1), ptr(Node3), []string{Node2}
	s.Patroni.History = append(slices.Clone(s.Patroni.History), probes.Switch{
		Timeline: 8, LSN: 100810800, Reason: "no recovery target specified", At: "2026-11-23T09:39:55.512774+00:00", Leader: Node1,
	})
	s.Postgres.Primaries = []string{Node1}
	s.Nodes[0].Addresses, s.Nodes[2].Addresses = s.Nodes[2].Addresses, s.Nodes[0].Addresses
	s.Nodes[0].Addresses[0], s.Nodes[2].Addresses[0] = s.Nodes[0].Address, s.Nodes[2].Address
	for name, v := range s.VIPs {
		v.Holders, v.Holder = []string{Node1}, ptr(Node1)
		s.VIPs[name] = v
	}
	Settle(s)
	return s
}

// QuorumLost is Healthy after two of three etcd members were killed and the primary demoted itself: nobody leads, the
// views go on listing node 3 as the running leader, and the lock still names it.
func QuorumLost() *probes.State {
	s := Healthy()
	s.Etcd.Quorum, s.Etcd.Leader, s.Etcd.Answered = ptr(false), nil, 1
	for i := range s.Etcd.Members {
		e := &s.Etcd.Members[i]
		if e.Name == Node1 {
			e.LeaderID, e.Leads, e.Errors = "0", false, []string{"etcdserver: no leader"}
			continue
		}
		*e = probes.EtcdMember{Name: e.Name, Endpoint: e.Endpoint, Seen: gone(e.Seen, true, "nothing listens on "+e.Endpoint)}
		s.Nodes[i].Units["etcd-patroni"], s.Nodes[i].Services["etcd"] = "failed", "failed"
	}
	leader, db := &s.Patroni.Members[2], &s.Postgres.Members[2]
	leader.Role, leader.ReportedRole, leader.Primary, leader.Replayed = "replica", "replica", false, leader.Location
	db.InRecovery = true
	for i := range leader.Followers {
		leader.Followers[i].SyncState, db.Followers[i].SyncState = "async", "async"
	}
	for i := range s.Patroni.Members {
		s.Patroni.Members[i].DCSAge, s.Patroni.Members[i].Lag = ptr(48.0), nil
	}
	s.Postgres.Primaries, s.Postgres.Waiting = []string{}, nil
	Settle(s)
	return s
}
