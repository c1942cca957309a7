package world

import (
	"cmp"
	"errors"
	"net"
	"slices"
	"strings"
	"time"
)

// The phases of a failover, in Sentinel's words.
const (
	waitStart     = "wait_start"
	selectSlave   = "select_slave"
	waitPromotion = "wait_promotion"
	reconfSlaves  = "reconf_slaves"
)

const (
	// voteTime is how long a Sentinel waits for votes.
	voteTime = 10 * time.Second
	// selectTime is from the election to REPLICAOF NO ONE; infoTime is how long it takes until the new master says so.
	selectTime = 400 * time.Millisecond
	infoTime   = time.Second
)

// judge asks the others whether the master is down, and begins a failover when enough agree.
func (w *World) judge(h *Host) {
	s := h.Sentinel
	votes := 0
	for _, o := range w.Nodes() {
		if t := o.Sentinel; (o == h || slices.Contains(s.Others, o.Name) && w.sentinelAnswers(h.Name, o)) && t.Running && t.SDown && t.Watched == s.Watched && w.now.After(t.Tilt) {
			votes++
		}
	}
	odown := s.SDown && votes >= s.Quorum
	if odown != s.ODown {
		if s.ODown = odown; odown {
			s.log(h, warning, "+odown master %s #quorum %d/%d", s.monitored(w), votes, s.Quorum)
		} else {
			s.masterEvent(h, warning, "-odown")
		}
	}
	if odown && s.Failing == "" && w.now.After(s.Tilt) && (s.attempt.IsZero() || w.now.Sub(s.attempt) >= 2*s.Timeout) {
		w.begin(h)
	}
}

// begin starts a failover: a new epoch, and the others' votes.
func (w *World) begin(h *Host) {
	s := h.Sentinel
	s.Epoch++
	s.Failing, s.Promoted, s.attempt, s.phase = waitStart, "", w.now, w.now
	clear(s.sent)
	s.log(h, warning, "+new-epoch %d", s.Epoch)
	s.masterEvent(h, warning, "+try-failover")
	w.vote(h, h, s.Epoch)
	votes := 1
	for _, name := range s.Others {
		o := w.Host(name)
		if !w.sentinelAnswers(h.Name, o) {
			continue
		}
		t := o.Sentinel
		if t.Watched == s.Watched {
			w.vote(o, h, s.Epoch)
		}
		if voted := w.Host(t.VotedFor); voted != nil {
			s.log(h, notice, "%s voted for %s %d", t.ID, voted.Sentinel.ID, t.VotedEpoch)
		}
		if t.VotedFor == h.Name && t.VotedEpoch == s.Epoch {
			votes++
		}
	}
	if _, majority := w.Usable(h); votes >= max(majority, s.Quorum) {
		w.elected(h)
	}
}

// vote gives a Sentinel's one vote of an epoch.
func (w *World) vote(o, candidate *Host, epoch int64) {
	t := o.Sentinel
	if epoch > t.Epoch {
		t.Epoch = epoch
		t.log(o, warning, "+new-epoch %d", epoch)
	}
	if t.VotedEpoch >= epoch {
		return
	}
	t.VotedFor, t.VotedEpoch = candidate.Name, epoch
	t.log(o, warning, "+vote-for-leader %s %d", candidate.Sentinel.ID, epoch)
	if o != candidate {
		t.attempt = w.now // it leaves this failover to the one that it voted for
	}
}

func (w *World) elected(h *Host) {
	s := h.Sentinel
	s.masterEvent(h, warning, "+elected-leader")
	s.masterEvent(h, warning, "+failover-state-select-slave")
	s.Failing, s.phase = selectSlave, w.now
}

func (w *World) abort(h *Host, why string) {
	h.Sentinel.masterEvent(h, warning, "-failover-abort-"+why)
	h.Sentinel.Failing, h.Sentinel.Promoted = "", ""
}

// failover takes a failover on, as far as it can go now.
func (w *World) failover(h *Host) {
	s := h.Sentinel
	since := w.now.Sub(s.phase)
	best := w.Host(s.Promoted)
	switch s.Failing {
	case waitStart:
		if since >= min(voteTime, s.Timeout) {
			w.abort(h, "not-elected")
		}
	case selectSlave:
		if since < selectTime {
			return
		}
		if best = w.promotable(h); best == nil {
			w.abort(h, "no-good-slave")
			return
		}
		s.Promoted = best.Name
		s.replicaEvent(h, warning, "+selected-slave", best.Name)
		s.replicaEvent(h, notice, "+failover-state-send-slaveof-noone", best.Name)
		w.order(best, "")
		s.replicaEvent(h, notice, "+failover-state-wait-promotion", best.Name)
		s.Failing, s.phase = waitPromotion, w.now
	case waitPromotion:
		switch {
		case since >= infoTime && w.hearsRedis(h, best) && best.Redis.Master:
			s.ConfigEpoch = s.Epoch
			s.replicaEvent(h, warning, "+promoted-slave", best.Name)
			s.masterEvent(h, warning, "+failover-state-reconf-slaves")
			s.Failing, s.phase = reconfSlaves, w.now
			// The news goes out at once.
			for _, o := range w.Nodes() {
				if t := o.Sentinel; o != h && t != nil && t.Running && o.Up() && t.Name == s.Name && w.meet(o, h) {
					w.hear(o, h)
				}
			}
		case since >= s.Timeout:
			w.abort(h, "slave-timeout")
		}
	case reconfSlaves:
		w.reconfigure(h, best)
	}
}

// reconfigure points the replicas at the new master, some at a time, and ends the failover when all follow it.
func (w *World) reconfigure(h, best *Host) {
	s := h.Sentinel
	late := w.now.Sub(s.phase) >= s.Timeout
	left, busy := 0, 0
	for _, name := range s.Replicas {
		o := w.Host(name)
		if o == best || !w.hearsRedis(h, o) {
			continue
		}
		switch r := o.Redis; {
		case s.sent[name] && r.Upstream == best.Name && r.Linked:
		case s.sent[name]:
			left++
			busy++
		default:
			left++
		}
	}
	for _, name := range s.Replicas {
		o := w.Host(name)
		if o == best || s.sent[name] || !w.hearsRedis(h, o) || busy >= max(s.ParallelSyncs, 1) && !late {
			continue
		}
		s.sent[name] = true
		busy++
		s.replicaEvent(h, notice, "+slave-reconf-sent", name)
		w.order(o, best.Name)
		s.replicaEvent(h, notice, "+slave-reconf-inprog", name)
	}
	if left > 0 && !late {
		return
	}
	for _, name := range s.Replicas {
		if s.sent[name] && !late {
			s.replicaEvent(h, notice, "+slave-reconf-done", name)
		}
	}
	s.masterEvent(h, warning, map[bool]string{false: "+failover-end", true: "+failover-end-for-timeout"}[late])
	s.Failing, s.Promoted = "", ""
	w.switchTo(h, best.Name)
}

// switchTo lets a Sentinel hold another host for the master. The old one becomes a replica that it knows.
func (w *World) switchTo(h *Host, master string) {
	s := h.Sentinel
	old, m := w.Host(s.Watched), w.Host(master)
	s.log(h, warning, "+switch-master %s %s %d %s %d", s.Name, old.IP, RedisPort, m.IP, RedisPort)
	if !slices.Contains(s.Replicas, old.Name) {
		s.Replicas = append(s.Replicas, old.Name)
	}
	s.Replicas = slices.DeleteFunc(s.Replicas, func(name string) bool { return name == master })
	slices.Sort(s.Replicas)
	s.Watched, s.Failing, s.Promoted = master, "", ""
	clear(s.wrong)
	others := map[string]time.Time{}
	for what, at := range s.heard {
		if strings.HasPrefix(what, "sentinel ") {
			others[what] = at
		}
	}
	for what := range s.down {
		if !strings.HasPrefix(what, "sentinel ") {
			delete(s.down, what)
		}
	}
	s.SDown, s.ODown, s.heard = false, false, others
	s.heard[master] = w.now
	for _, name := range s.Replicas {
		s.heard[name] = w.now
		s.replicaEvent(h, notice, "+slave", name)
	}
}

// promotable is the replica that a Sentinel would promote: one that answers, was not long without its master, and may be
// promoted; of several the one with the lower priority, then the one with more data.
func (w *World) promotable(h *Host) *Host {
	s := h.Sentinel
	limit := 10 * s.DownAfter
	if s.SDown {
		limit += w.now.Sub(s.heard[s.Watched])
	}
	var fit []*Host
	for _, name := range s.Replicas {
		o := w.Host(name)
		r := o.Redis
		if s.down[name] || !w.hearsRedis(h, o) || r.Master || r.Priority == 0 || !r.Linked && w.now.Sub(r.LinkSince) > limit {
			continue
		}
		fit = append(fit, o)
	}
	if len(fit) == 0 {
		return nil
	}
	return slices.MinFunc(fit, func(a, b *Host) int {
		return cmp.Or(cmp.Compare(a.Redis.Priority, b.Redis.Priority), cmp.Compare(b.Redis.Offset, a.Redis.Offset), cmp.Compare(a.Redis.RunID, b.Redis.RunID))
	})
}

// FailoverRedis is SENTINEL FAILOVER: it asks nobody. The error is Redis's.
func (w *World) FailoverRedis(h *Host) error {
	s := h.Sentinel
	if s.Failing != "" {
		return errors.New("INPROG Failover already in progress")
	}
	if w.promotable(h) == nil {
		return errors.New("NOGOODSLAVE No suitable replica to promote")
	}
	s.log(h, warning, "Executing user requested FAILOVER of '%s'", s.Name)
	s.Epoch++
	s.attempt = w.now
	clear(s.sent)
	s.log(h, warning, "+new-epoch %d", s.Epoch)
	s.masterEvent(h, warning, "+try-failover")
	w.vote(h, h, s.Epoch)
	w.elected(h)
	return nil
}

// ResetSentinel is SENTINEL RESET: it forgets replicas and others, and learns of those that live within seconds.
func (w *World) ResetSentinel(h *Host) {
	s := h.Sentinel
	s.Ghosts, s.Others, s.Replicas, s.Failing, s.Promoted = nil, nil, nil, "", ""
	clear(s.wrong)
	s.refresh(h)
	s.masterEvent(h, warning, "+reset-master")
	s.save(h)
}

func splitAddress(address string) (ip, port string) {
	ip, port, err := net.SplitHostPort(address)
	if err != nil {
		return address, ""
	}
	return ip, port
}
