package probes

import (
	"fmt"
	"slices"
	"strings"

	"recon/internal/inventory"
)

func assembleSentinel(c *inventory.Cluster, r raw, m moment) Sentinel {
	out := Sentinel{Members: []SentinelMember{}}
	if c.Sentinel == nil {
		out.Unseen = "the cluster file names no Sentinel"
		return out
	}
	out.Name = c.Sentinel.Master
	nodes := running(c, c.Sentinel.On)
	out.Answered, out.Unseen = census("Sentinel", names(nodes), r.sentinel, m)
	var watching []SentinelMember
	against := 0 // those that refuse, do not watch this master, or say that there is no quorum
	for _, n := range nodes {
		a := r.sentinel[n.Name]
		s := sentinelMember(c, n, a, m)
		out.Members = append(out.Members, s)
		switch {
		case a.fresh(m) && s.Watches:
			watching = append(watching, s)
			if !s.QuorumOK {
				against++
			}
		case a.fresh(m), !a.pending(m) && a.refused:
			against++
		}
	}
	out.Quorum = sentinelQuorum(watching, against, len(nodes))
	if out.Unseen != "" {
		if allRefused(nodes, r.sentinel, m) {
			out.Quorum = new(bool)
		}
		return out
	}
	if len(watching) == 0 {
		out.Unseen = "no Sentinel that answers watches " + out.Name
		return out
	}
	out.compare(watching)
	return out
}

// sentinelQuorum is true when all that watch say so, false when so many are against it that no majority is left.
func sentinelQuorum(watching []SentinelMember, against, all int) *bool {
	yes := false
	switch {
	case all-against < all/2+1:
		return &yes
	case len(watching) >= all/2+1 && !slices.ContainsFunc(watching, func(s SentinelMember) bool { return !s.QuorumOK }):
		yes = true
		return &yes
	}
	return nil
}

// compare takes what the Sentinels agree on. During a failover the one that leads it knows first: the others follow within
// a second, and until then they contradict each other.
func (s *Sentinel) compare(watching []SentinelMember) {
	failing, down := false, false
	first := watching[0]
	for _, w := range watching {
		failing, down = failing || w.FailingOver, down || w.ODown
		if w.MasterAddress != first.MasterAddress && s.Disputed == "" {
			var views []string
			for _, v := range watching {
				views = append(views, fmt.Sprintf("%s names %s (epoch %d)", v.Node, v.MasterAddress, v.Epoch))
			}
			s.Disputed = "the Sentinels name different masters: " + strings.Join(views, ", ")
		}
	}
	s.FailingOver, s.ODown = &failing, &down
	if s.Disputed == "" {
		s.MasterAddress, s.Master = &first.MasterAddress, first.MasterNode
	}
}

func sentinelMember(c *inventory.Cluster, n inventory.Node, a answer[sentinelFacts], m moment) SentinelMember {
	f := a.fact
	out := SentinelMember{Node: n.Name, Seen: a.seen(m), Unread: map[string]string{}}
	if a.err != "" || a.began.IsZero() {
		return out
	}
	out.Unread, out.Version, out.Monitors = f.unread, f.version, f.monitors
	out.Tilt = f.tilt != nil && *f.tilt
	if out.Monitors == nil {
		out.Monitors = []string{}
	}
	if f.master == nil {
		return out
	}
	w := f.master
	out.Watches, out.MasterAddress, out.MasterNode, out.Flags = true, w.address, nodeAt(c, w.address), w.flags
	out.SDown, out.ODown = slices.Contains(w.flags, "s_down"), slices.Contains(w.flags, "o_down")
	out.FailingOver = slices.Contains(w.flags, "failover_in_progress") || slices.Contains(w.flags, "force_failover")
	out.QuorumOK, out.QuorumError = f.quorumOK, f.quorumErr
	out.Quorum, out.Others, out.OthersDown, out.Replicas, out.ReplicasDown = w.quorum, w.others, f.othersDown, w.replicas, f.replicasDown
	out.Epoch, out.DownAfter, out.Failover = w.epoch, w.downAfter, w.timeout
	return out
}
