package world

import (
	"slices"
	"time"
)

const (
	// hello is how often Sentinels greet each other through the servers that they watch.
	hello = 2 * time.Second
	// tiltFor is how long a Sentinel decides nothing after its clock jumped.
	tiltFor = 30 * time.Second
	// reconfTime is how long an old master that comes back stays a master before the Sentinels make it a replica.
	reconfTime = 10 * time.Second
)

func (w *World) sentinelAnswers(from string, o *Host) bool {
	return o != nil && o.Sentinel != nil && o.Sentinel.Running && w.Reaches(from, o.Name)
}

// hears says whether a Sentinel's questions to a Redis are answered: the server takes it in, and its password.
func (w *World) hearsRedis(h, o *Host) bool {
	return w.RedisAnswers(h.Name, o) && (o.Redis.Open() || o.Redis.Accepts("default", h.Sentinel.AuthPass))
}

// Down says whether a Sentinel holds a Redis, or another Sentinel ("sentinel NAME"), for down.
func (s *Sentinel) Down(what string) bool { return s.down[what] }

// LastHeard is when a Redis, or another Sentinel ("sentinel NAME"), answered it last.
func (s *Sentinel) LastHeard(what string) time.Time { return s.heard[what] }

func (w *World) tickSentinel() {
	var all []*Host
	for _, h := range w.Nodes() {
		if s := h.Sentinel; s != nil && s.Running && h.Up() {
			w.keepTime(h)
			if s.Watched != "" {
				all = append(all, h)
			}
		}
	}
	for _, h := range all {
		if w.every(hello, 0) {
			w.greet(h)
		}
		if w.every(time.Second, 0) {
			w.learn(h)
		}
		w.watch(h)
	}
	for _, h := range all {
		w.judge(h)
		w.failover(h)
		w.correct(h)
		h.Sentinel.save(h)
	}
}

// keepTime notices a clock that jumped.
func (w *World) keepTime(h *Host) {
	s := h.Sentinel
	if d := h.Offset - s.offset; d < -Step || d > 2*time.Second {
		if !w.now.Before(s.Tilt) {
			s.log(h, warning, "+tilt #tilt mode entered")
		}
		s.Tilt = w.now.Add(tiltFor)
	}
	s.offset = h.Offset
	if !s.Tilt.IsZero() && !w.now.Before(s.Tilt) {
		s.Tilt = time.Time{}
		s.log(h, warning, "-tilt #tilt mode exited")
	}
}

// meet says whether two Sentinels hear each other through a Redis that both reach.
func (w *World) meet(a, b *Host) bool {
	return slices.ContainsFunc(w.Nodes(), func(o *Host) bool { return o.Redis != nil && w.hearsRedis(a, o) && w.hearsRedis(b, o) })
}

// greet is the hello channel: Sentinels that watch the same master learn of each other, and of newer failovers.
func (w *World) greet(h *Host) {
	for _, o := range w.Nodes() {
		if o == h || o.Sentinel == nil || !o.Sentinel.Running || !o.Up() || o.Sentinel.Name != h.Sentinel.Name || !w.meet(h, o) {
			continue
		}
		s := h.Sentinel
		if !slices.Contains(s.Others, o.Name) {
			s.Others = append(s.Others, o.Name)
			slices.Sort(s.Others)
			s.heard["sentinel "+o.Name] = w.now
			s.log(h, notice, "+sentinel sentinel %s %s %d @ %s", o.Sentinel.ID, o.IP, SentinelPort, s.monitored(w))
		}
		w.hear(h, o)
	}
}

// hear is one greeting: whoever knows of a newer failover is believed.
func (w *World) hear(h, o *Host) {
	s, t := h.Sentinel, o.Sentinel
	if t.Epoch > s.Epoch {
		s.Epoch = t.Epoch
		s.log(h, warning, "+new-epoch %d", s.Epoch)
	}
	if t.ConfigEpoch <= s.ConfigEpoch || s.Failing != "" {
		return
	}
	s.ConfigEpoch = t.ConfigEpoch
	if now := t.Present(); now != s.Watched {
		s.log(h, warning, "+config-update-from sentinel %s %s %d @ %s", t.ID, o.IP, SentinelPort, s.monitored(w))
		w.switchTo(h, now)
	}
}

// Present is the master as it tells it to others: the promoted one as soon as it is promoted.
func (s *Sentinel) Present() string {
	if s.Failing == reconfSlaves {
		return s.Promoted
	}
	return s.Watched
}

// learn reads the master's list of its replicas.
func (w *World) learn(h *Host) {
	s, m := h.Sentinel, w.Host(h.Sentinel.Watched)
	if !w.hearsRedis(h, m) || !m.Redis.Master {
		return
	}
	for _, o := range w.RedisReplicas(m) {
		if !slices.Contains(s.Replicas, o.Name) {
			s.Replicas = append(s.Replicas, o.Name)
			slices.Sort(s.Replicas)
			s.heard[o.Name] = w.now
			s.replicaEvent(h, notice, "+slave", o.Name)
		}
	}
	s.learnt = w.now
}

// Learnt is when it read the master's list of replicas last.
func (s *Sentinel) Learnt() time.Time { return s.learnt }

// watch asks everybody whether they live, and notes who has been silent for too long.
func (w *World) watch(h *Host) {
	s := h.Sentinel
	note := func(what string, answers bool, event func(event string)) {
		if answers {
			s.heard[what] = w.now
		}
		down := w.now.Sub(s.heard[what]) >= s.DownAfter
		if down != s.down[what] {
			s.down[what] = down
			event(map[bool]string{true: "+sdown", false: "-sdown"}[down])
		}
	}
	m := w.Host(s.Watched)
	note(m.Name, w.hearsRedis(h, m), func(event string) { s.masterEvent(h, warning, event) })
	s.SDown = s.down[m.Name]
	for _, name := range s.Replicas {
		note(name, w.hearsRedis(h, w.Host(name)), func(event string) { s.replicaEvent(h, warning, event, name) })
	}
	sentinel := func(id, ip string, port any) func(string) {
		return func(event string) {
			s.log(h, warning, "%s sentinel %s %s %v @ %s", event, id, ip, port, s.monitored(w))
		}
	}
	for _, name := range s.Others {
		o := w.Host(name)
		note("sentinel "+name, w.sentinelAnswers(h.Name, o), sentinel(o.Sentinel.ID, o.IP, SentinelPort))
	}
	for _, g := range s.Ghosts {
		ip, port := splitAddress(g)
		note("sentinel "+g, false, sentinel(w.GhostID(g), ip, port))
	}
}

// Usable are the Sentinels that a Sentinel reaches, itself included, and how many it needs for a failover: a majority of
// all that it knows, ghosts too.
func (w *World) Usable(h *Host) (usable, majority int) {
	s := h.Sentinel
	usable = 1
	for _, o := range s.Others {
		if w.sentinelAnswers(h.Name, w.Host(o)) {
			usable++
		}
	}
	return usable, (1+len(s.Others)+len(s.Ghosts))/2 + 1
}

// correct makes replicas of those that should be: an old master that came back, a replica of somebody else.
func (w *World) correct(h *Host) {
	s := h.Sentinel
	m := w.Host(s.Watched)
	sane := !s.SDown && s.Failing == "" && w.hearsRedis(h, m) && m.Redis.Master && w.now.After(s.Tilt)
	for _, name := range s.Replicas {
		o := w.Host(name)
		r := o.Redis
		if !sane || !w.hearsRedis(h, o) || !r.Master && r.Upstream == s.Watched {
			delete(s.wrong, name)
			continue
		}
		if s.wrong[name].IsZero() {
			s.wrong[name] = w.now
		}
		event, patience := "+convert-to-slave", reconfTime
		if !r.Master {
			event, patience = "+fix-slave-config", s.Timeout
		}
		if w.now.Sub(s.wrong[name]) >= patience {
			s.replicaEvent(h, notice, event, name)
			w.order(o, s.Watched)
			delete(s.wrong, name)
		}
	}
}

// order is what a Sentinel sends: REPLICAOF and CONFIG REWRITE.
func (w *World) order(o *Host, master string) {
	w.ReplicaOf(o, master)
	_ = o.Redis.rewrite(o) // the server goes on as it is told, its file is as it was
}
