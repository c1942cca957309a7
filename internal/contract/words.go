package contract

import (
	"strings"

	"recon/probes"
)

// The questions that the contracts are written in. What was not seen is not true.

func replaceRoles(text string, r Roles) string {
	return strings.NewReplacer("LEADER", r.Leader, "ASYNC", r.Async, "SYNC", r.Sync).Replace(text)
}

func member(s *probes.State, name string) probes.Member {
	for _, m := range s.Patroni.Members {
		if m.Name == name {
			return m
		}
	}
	return probes.Member{}
}

func leader(s *probes.State) string {
	if s.Patroni.Leader == nil {
		return ""
	}
	return s.Patroni.Leader.Name
}

func quorum(s *probes.State) bool { return s.Etcd.Quorum != nil && *s.Etcd.Quorum }

func noQuorum(s *probes.State) bool { return s.Etcd.Quorum != nil && !*s.Etcd.Quorum }

func paused(s *probes.State) bool { return s.Patroni.Paused != nil && *s.Patroni.Paused }

func streaming(s *probes.State) int {
	n := 0
	for _, m := range s.Patroni.Members {
		if m.Reachable && m.State == "streaming" {
			n++
		}
	}
	return n
}

// inStep says that somebody leads, one other member is its synchronous standby, and all others stream.
func inStep(_ Roles, s *probes.State) bool {
	return leader(s) != "" && len(s.Patroni.SyncStandbys) == 1 && s.Patroni.SyncStandbys[0] != leader(s) &&
		streaming(s) == len(s.Patroni.Members)-1
}

func master(s *probes.State) string {
	if s.Redis.Master == nil {
		return ""
	}
	return s.Redis.Master.Node
}

func redis(s *probes.State, node string) probes.RedisMember {
	for _, m := range s.Redis.Members {
		if m.Node == node {
			return m
		}
	}
	return probes.RedisMember{}
}

// replicating says that one Redis is the master and all others follow it.
func replicating(_ Roles, s *probes.State) bool {
	if master(s) == "" {
		return false
	}
	for _, m := range s.Redis.Members {
		if m.Node != master(s) && (!m.Reachable || !m.LinkUp || m.MasterNode == nil || *m.MasterNode != master(s)) {
			return false
		}
	}
	return true
}

func holder(s *probes.State, vip string) string {
	if h := s.VIPs[vip].Holder; h != nil {
		return *h
	}
	return ""
}

func holders(s *probes.State, vip string) int {
	if s.VIPs[vip].Unseen != "" {
		return -1
	}
	return len(s.VIPs[vip].Holders)
}

func node(s *probes.State, name string) probes.Node {
	for _, n := range s.Nodes {
		if n.Name == name {
			return n
		}
	}
	return probes.Node{}
}

func haproxy(s *probes.State, name string) probes.HAProxyMember {
	for _, m := range s.HAProxy.Members {
		if m.Node == name {
			return m
		}
	}
	return probes.HAProxyMember{}
}

// silent says that a target was asked, and neither answered nor refused.
func silent(s probes.Seen) bool { return !s.Reachable && !s.Refused && s.Error != "" }

// The constants that most faults leave alone.
var (
	sameLeader = Constant{"the leader leads", func(was Roles, s *probes.State) bool {
		return s.Patroni.Leader == nil && s.Patroni.Unseen != "" || leader(s) == was.Leader
	}}
	sameTimeline = Constant{"the timeline is the same", func(was Roles, s *probes.State) bool {
		return s.Patroni.Timeline == nil || *s.Patroni.Timeline == was.Timeline
	}}
	sameMaster = Constant{"the Redis master is the same", func(was Roles, s *probes.State) bool {
		return len(s.Redis.Masters) == 0 || len(s.Redis.Masters) == 1 && s.Redis.Masters[0] == was.RedisMaster
	}}
	onePrimary = Constant{"never two primaries", func(_ Roles, s *probes.State) bool { return len(s.Postgres.Primaries) < 2 }}
	hasQuorum  = Constant{"etcd has its quorum", func(_ Roles, s *probes.State) bool { return !noQuorum(s) }}
	vipsStay   = Constant{"the addresses stay", func(was Roles, s *probes.State) bool {
		return (holder(s, "db") == was.Database || holders(s, "db") < 0) && (holder(s, "web") == was.Web || holders(s, "web") < 0)
	}}
)
