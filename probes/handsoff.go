package probes

import (
	"slices"
	"strings"
	"time"

	"recon/internal/inventory"
)

// acting is what Patroni or Sentinel is about to do by itself.
type acting struct {
	name string
	// by is when it will have acted, at the latest; zero when it is not about to. why says what it will do, or why it will
	// do nothing although somebody should.
	by  time.Time
	why string
	// unseen is why it cannot be told whether it acts, or "".
	unseen string
}

// handsOff puts together what Patroni and Sentinel are about to do. One that acts is a fact whatever is known of the other.
func handsOff(c *inventory.Cluster, s *State, mem memory) HandsOff {
	var h HandsOff
	var by time.Time
	var whys []string
	for _, a := range []acting{patroniActs(c, s, mem), sentinelActs(c, s, mem)} {
		h.Unseen = either(h.Unseen, a.unseen)
		if a.why != "" && (!a.by.IsZero() || !h.Active) {
			if !a.by.IsZero() && !h.Active {
				whys = nil // what will not happen is of no interest beside what will
			}
			whys = append(whys, a.why)
		}
		if a.by.IsZero() {
			continue
		}
		if !h.Active || a.by.After(by) {
			h.By, by = a.name, a.by
		}
		h.Active = true
	}
	h.Why = strings.Join(whys, "; ")
	h.Known = h.Active || h.Unseen == ""
	if h.Active {
		left := by.Sub(s.At).Seconds()
		h.Left, h.Overdue = max(0, left), max(0, -left)
	}
	return h
}

// patroniActs says whether Patroni is about to promote somebody. Without a proven leader it does, once the lock is free:
// the lock lives ttl seconds from its last renewal, which was at most when its holder was last seen, and the others look at
// least every loop_wait (Patroni's documentation, "Dynamic configuration settings"). So what comes out is the latest moment.
func patroniActs(c *inventory.Cluster, s *State, mem memory) acting {
	a := acting{name: "patroni"}
	p := &s.Patroni
	switch {
	case c.Patroni == nil, p.Blind("leader") == "" && p.Leader != nil:
		return a
	case p.Blind("lock_holder") != "":
		a.unseen = "who holds Patroni's leader lock is not seen: " + p.Blind("lock_holder")
		return a
	}
	conf, seen := p.rhythm(mem)
	ttl, loop := seconds(float64(conf.TTL)), seconds(float64(conf.LoopWait))
	if p.LockHolder == nil {
		if p.Blind("initialize") != "" || p.Initialize == nil {
			return a // a cluster that was never made promotes nobody
		}
		a.by, a.why = mem.lockFree(s).Add(loop), "the leader lock is free; Patroni's members look at it at least every loop_wait"+seen
		return p.unless(s, conf, "", a)
	}
	holder, ok := MemberByName(s, *p.LockHolder)
	switch {
	case !ok:
		a.unseen = "the leader lock is held by " + *p.LockHolder + ", which the cluster file does not have"
		return a
	case holder.Blind("reachable") != "":
		a.unseen = "the agent of " + holder.Node + ": " + holder.Blind("reachable")
		return a
	case holder.Reachable:
		db, ok := databaseByNode(s, holder.Node)
		if !ok || db.Blind("reachable") != "" || db.Reachable || holder.Role == "standby_leader" {
			return p.unless(s, conf, holder.Name, a) // it is promoting, or has stepped down
		}
		// Patroni starts a crashed primary again, and gives its lock up when that takes too long.
		a.by = ago(s.At, db.Since).Add(seconds(float64(conf.StartTimeout)) + loop)
		a.why = "the database of the leader " + holder.Name + " does not run; Patroni starts it again, and gives the lock to another after primary_start_timeout" + seen
	default:
		if by := witnessed(s, holder.Node, "patroni"); by != "" {
			a.why = by + " reaches the agent of " + holder.Name + ", which holds the leader lock: only the console does not"
			return a
		}
		a.by = ago(s.At, holder.Since).Add(ttl + loop)
		a.why = "the holder of the leader lock, " + holder.Name + ", does not answer; the lock lives ttl longer, and the others look at least every loop_wait" + seen
	}
	return p.unless(s, conf, holder.Name, a)
}

// unless takes an act back that something forbids, and says what.
func (p *Patroni) unless(s *State, conf Config, holder string, a acting) acting {
	switch {
	case p.Blind("paused") == "" && p.Paused != nil && *p.Paused:
		a.by, a.why = time.Time{}, "Patroni is paused and decides nothing"
	case s.Etcd.Blind("quorum") == "" && !*s.Etcd.Quorum:
		a.by, a.why = time.Time{}, "etcd has no quorum: Patroni can not decide"
	case !a.by.IsZero() && p.nobody(holder, func(m Member) bool { return true }):
		a.by, a.why = time.Time{}, "no other agent runs that could take the lock"
	case !a.by.IsZero() && conf.Sync && p.Blind("sync_standbys") == "" && p.nobody(holder, func(m Member) bool { return slices.Contains(p.SyncStandbys, m.Name) }):
		a.by, a.why = time.Time{}, "no synchronous standby runs, and Patroni promotes no other in synchronous mode"
	}
	return a
}

// nobody says that every member but the holder which qualifies is known not to run.
func (p *Patroni) nobody(holder string, qualifies func(Member) bool) bool {
	for _, m := range p.Members {
		if m.Name != holder && qualifies(m) && (m.Reachable || !m.Refused) {
			return false
		}
	}
	return true
}

// rhythm is the configuration that decides how long Patroni takes: the present one, else the last that was seen, because
// without a leader the members may not tell it any more, else Patroni's defaults, which are then said to be that.
func (p *Patroni) rhythm(mem memory) (conf Config, note string) {
	switch {
	case p.Config != nil && p.Blind("config") == "":
		return *p.Config, ""
	case mem.config != nil:
		return *mem.config, ""
	}
	return Config{TTL: 30, LoopWait: 10, RetryTimeout: 10, StartTimeout: 300}, " (by Patroni's defaults: its configuration was not seen)"
}

// witnessed is the node that reached a service of another within the last half minute, or "".
func witnessed(s *State, node, service string) string {
	for _, n := range s.Reach.Nodes {
		for _, w := range n.Witnesses {
			if n.Name == node && w.Service == service && w.Reached && w.Age <= evidenceAge.Seconds() {
				return w.By
			}
		}
	}
	return ""
}

func seconds(n float64) time.Duration { return time.Duration(n * float64(time.Second)) }

func ago(t time.Time, secs float64) time.Time { return t.Add(-seconds(secs)) }
