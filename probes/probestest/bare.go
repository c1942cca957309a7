package probestest

import (
	"slices"

	"recon/probes"
)

// Bare is what is seen of hosts that wait for the cluster of StackInventory: they answer, no unit of it is there, nothing
// listens on any of its ports, and the hosts booted a minute ago.
func Bare() *probes.State {
	s := Stack()
	refused := func(x *probes.Seen) { x.Reachable, x.Refused, x.Error = false, true, "refused, nothing listens there" }
	for i := range s.Nodes {
		n := &s.Nodes[i]
		for u := range n.Units {
			n.Units[u], n.UnitFiles[u] = "not-found", "not-found"
		}
		n.NeverRan = []string{}
		for service := range n.Services {
			n.Services[service], n.ServiceFiles[service] = "not-found", "not-found"
			n.NeverRan = append(n.NeverRan, service)
		}
		slices.Sort(n.NeverRan)
		n.Addresses, n.Uptime, n.PatroniScope, n.PatroniNamespace = []string{n.Address}, ptr(60.0), nil, nil
	}
	for name, v := range s.VIPs {
		v.Holders, v.Holder = []string{}, nil
		s.VIPs[name] = v
	}
	for i := range s.Etcd.Members {
		refused(&s.Etcd.Members[i].Seen)
		refused(&s.Patroni.Members[i].Seen)
		refused(&s.Postgres.Members[i].Seen)
		refused(&s.Redis.Members[i].Seen)
		refused(&s.Sentinel.Members[i].Seen)
		refused(&s.HAProxy.Members[i].Seen)
		refused(&s.PgBouncer.Members[i].Seen)
		refused(&s.Web.Members[i].Seen)
		refused(&s.NetBox.Members[i].Seen)
		s.Keepalived.Members[i].Active, s.Keepalived.Members[i].Holds = false, []string{}
	}
	s.Etcd.Quorum, s.Etcd.Leader, s.Etcd.Answered = ptr(false), nil, 0
	s.Patroni.LockHolder, s.Patroni.Initialize, s.Patroni.FormerLeader, s.Patroni.Answered = nil, nil, nil, 0
	s.Patroni.Config, s.Patroni.History, s.Patroni.SyncStandbys = nil, nil, nil
	s.Redis.Masters, s.Redis.Answered, s.Sentinel.Answered = []string{}, 0, 0
	s.Sentinel.Quorum = ptr(false)
	s.HAProxy.Writer, s.HAProxy.Writers, s.HAProxy.Redis, s.HAProxy.Answered = nil, []string{}, nil, 0
	s.PgBouncer.Answered, s.Web.Answered, s.NetBox.Answered, s.NetBox.Workers = 0, 0, 0, nil
	Settle(s)
	return s
}
