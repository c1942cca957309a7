package probes

import (
	"slices"
	"time"

	"recon/internal/inventory"
)

// vote is how long the Sentinels may take from agreeing that the master is down to the start of a failover: an election
// that is not won within 10 s ends (sentinel.c, SENTINEL_ELECTION_TIMEOUT).
const vote = 10 * time.Second

// notice is by how much the Sentinels' clocks for silence may lag behind ours: they ask once a second (sentinel.c,
// SENTINEL_PING_PERIOD), and so do we, about.
const notice = 2 * time.Second

// sentinelActs says whether Sentinel is about to fail over. It holds a master for down after down-after of silence, fails
// over when quorum Sentinels agree, gives up after failover-timeout, and tries again after twice that (SCENARIOS, RD-01).
func sentinelActs(c *inventory.Cluster, s *State, mem memory) acting {
	a := acting{name: "sentinel"}
	if c.Sentinel == nil {
		return a
	}
	sn := &s.Sentinel
	watching, open := sn.watching()
	if len(watching) == 0 {
		if open > 0 {
			a.unseen = either(sn.Blind("odown"), "no Sentinel that watches the master answered")
		}
		return a // all refuse: nobody is there who could act
	}
	w := watchers(watching)
	downAfter, timeout := w.longest(func(m SentinelMember) float64 { return m.DownAfter }, 30), w.longest(func(m SentinelMember) float64 { return m.Failover }, 180)
	down := w.those(func(m SentinelMember) bool { return m.SDown || m.ODown })
	switch {
	case w.any(func(m SentinelMember) bool { return m.FailingOver }):
		a.by, a.why = mem.attempt(s).Add(timeout), "Sentinel is failing over; an attempt ends after failover-timeout"
		return a
	case len(down) == 0:
		return w.silence(s, downAfter, a)
	case len(down) < w.quorum() && open == len(watching):
		a.why = "only the Sentinel of " + down[0].Node + " holds the Redis master for down, and more must agree"
	case !w.any(func(m SentinelMember) bool { return !m.Tilt }):
		a.why = "every Sentinel is in TILT mode and decides nothing for a while"
	case !w.any(func(m SentinelMember) bool { return m.QuorumOK }):
		a.why = "Sentinel can not decide: " + either(watching[0].QuorumError, "it has no quorum")
	case !w.any(func(m SentinelMember) bool { return m.Replicas > m.ReplicasDown }):
		a.why = "the Redis master is down, and no replica is left that Sentinel could promote"
	default:
		a.by, a.why = mem.masterDown(s).Add(vote), "the Sentinels hold the Redis master for down and vote"
		if s.At.After(a.by) {
			last := mem.masterDown(s)
			if mem.failing.After(last) {
				last = mem.failing
			}
			a.by, a.why = last.Add(2*timeout+vote), "Sentinel's last attempt brought no master; it tries again after twice failover-timeout"
		}
	}
	return a
}

// watching are the Sentinels that answered and watch the master; open counts those that are not known to be stopped.
func (sn *Sentinel) watching() (watching []SentinelMember, open int) {
	for _, m := range sn.Members {
		if m.Seen.Blind("reachable") != "" || m.Reachable || !m.Refused {
			open++
		}
		if m.Blind("sdown") == "" {
			watching = append(watching, m)
		}
	}
	return watching, open
}

type watchers []SentinelMember

func (w watchers) those(f func(SentinelMember) bool) (out watchers) {
	for _, m := range w {
		if f(m) {
			out = append(out, m)
		}
	}
	return out
}

func (w watchers) any(f func(SentinelMember) bool) bool { return slices.ContainsFunc(w, f) }

// longest is the longest time that any of them was told, or the default of Redis when none says it. Seconds.
func (w watchers) longest(get func(SentinelMember) float64, otherwise float64) time.Duration {
	most := 0.0
	for _, m := range w {
		most = max(most, get(m))
	}
	if most == 0 {
		most = otherwise
	}
	return seconds(most)
}

func (w watchers) quorum() int {
	most := 0
	for _, m := range w {
		most = max(most, m.Quorum)
	}
	return most
}

// silence is a master that does not answer the console and that the Sentinels do not hold for down yet. When they do not
// after down-after, they reach it.
func (w watchers) silence(s *State, downAfter time.Duration, a acting) acting {
	for _, m := range s.Redis.Members {
		if m.Blind("reachable") != "" || m.Reachable || !w.any(func(x SentinelMember) bool { return x.MasterNode != nil && *x.MasterNode == m.Node }) {
			continue
		}
		if since := ago(s.At, m.Since); s.At.Sub(since) <= downAfter+notice {
			a.by = since.Add(downAfter + notice + vote)
			a.why = "the Redis master on " + m.Node + " does not answer; the Sentinels hold it for down after down-after, and vote"
		}
	}
	return a
}
