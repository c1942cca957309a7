package ui

import (
	"fmt"
	"time"

	"recon/probes"
)

// decision is when Patroni will have acted by itself. While it is open, hands off.
type decision struct {
	by  time.Time
	why string // why nothing will be decided, or cannot be told; then by is zero
}

// decides says whether Patroni is about to act: the holder of the leader lock does not answer. The lock lives ttl seconds
// from its last renewal, which was at most when the holder was last seen; the others look at least every loop_wait
// (Patroni's documentation, "Dynamic configuration settings"). So what comes out is the latest moment. config is the last
// one that was seen, because without a leader the members may not tell it any more.
func decides(s *probes.State, config *probes.Config) (d decision, open bool) {
	p := s.Patroni
	if p.LockHolder == nil || p.UnseenDCS != "" {
		return d, false
	}
	var holder *probes.Member
	for i := range p.Members {
		if p.Members[i].Name == *p.LockHolder {
			holder = &p.Members[i]
		}
	}
	if holder == nil || holder.Began.IsZero() || holder.Reachable {
		return d, false
	}
	switch {
	case p.Paused != nil && *p.Paused:
		return decision{why: "Patroni is paused and decides nothing"}, true
	case s.Etcd.Blind("quorum") == "" && !*s.Etcd.Quorum:
		return decision{why: "etcd has no quorum: Patroni can not decide"}, true
	case config == nil || config.TTL == 0:
		return decision{why: "Patroni decides when the lock's ttl is over, which was not seen"}, true
	}
	silent := s.At.Add(-time.Duration(holder.Since * float64(time.Second)))
	return decision{by: silent.Add(time.Duration(config.TTL+config.LoopWait) * time.Second)}, true
}

// text is the decision for the first line of the cluster screen.
func (d decision) text(now time.Time, show func(time.Time) string) (string, tone) {
	switch left := d.by.Sub(now); {
	case d.why != "":
		return d.why, warn
	case left >= 0:
		return fmt.Sprintf("Patroni decides by %s, in %s: hands off", show(d.by), lasting(left)), warn
	default:
		return fmt.Sprintf("Patroni should have decided by %s, %s ago", show(d.by), lasting(-left)), bad
	}
}

// remembered is the newest configuration that was seen.
func remembered(old *probes.Config, s *probes.State) *probes.Config {
	if s.Patroni.Config != nil && s.Patroni.Blind("config") == "" {
		return s.Patroni.Config
	}
	return old
}
