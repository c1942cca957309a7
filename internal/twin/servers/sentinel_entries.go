package servers

import (
	"fmt"
	"net"
	"strconv"
	"time"

	"recon/internal/twin/world"
)

// pairs are names and values as strings by turns.
func pairs(kv ...any) []any {
	out := make([]any, len(kv))
	for i, v := range kv {
		out[i] = fmt.Sprint(v)
	}
	return out
}

// sinceHeard is how long somebody has not answered, in milliseconds. Whoever answers does so every second.
func (q *sentinelQuery) sinceHeard(what string) int64 {
	at := q.sentinel.LastHeard(what)
	if at.IsZero() {
		at = q.sentinel.Started
	}
	return q.world.Time().Sub(at).Milliseconds() + 312
}

// pings are the fields about questions and answers, the same for everybody that a Sentinel watches.
func (q *sentinelQuery) pings(what string, silent bool) []any {
	ago := q.sinceHeard(what)
	sent, waiting := int64(0), 0
	if silent {
		sent, waiting = ago, 3
	}
	out := []any{"link-pending-commands", waiting, "link-refcount", 1, "last-ping-sent", sent, "last-ok-ping-reply", ago, "last-ping-reply", ago}
	if q.sentinel.Down(what) {
		out = append(out, "s-down-time", max(ago-q.sentinel.DownAfter.Milliseconds(), 0))
	}
	return out
}

// silent says whether somebody has not answered for longer than between two questions.
func (q *sentinelQuery) silent(what string) bool {
	at := q.sentinel.LastHeard(what)
	return !at.IsZero() && q.world.Time().Sub(at) > time.Second
}

func (q *sentinelQuery) flags(kind, what string) string {
	out := kind
	if q.sentinel.Down(what) {
		out = "s_down," + out
	}
	if q.silent(what) {
		out += ",disconnected"
	}
	return out
}

// master is what it says of the master.
func (q *sentinelQuery) master() []any {
	w, s := q.world, q.sentinel
	m := w.Host(s.Watched)
	kind := "master"
	if s.ODown {
		kind = "o_down," + kind
	}
	if s.SDown {
		kind = "s_down," + kind
	}
	if q.silent(s.Watched) {
		kind += ",disconnected"
	}
	if s.Failing != "" {
		kind += ",failover_in_progress"
	}
	role := "master"
	if !m.Redis.Master {
		role = "slave"
	}
	out := []any{"name", s.Name, "ip", m.IP, "port", world.RedisPort, "runid", m.Redis.RunID, "flags", kind}
	out = append(out, q.pings(s.Watched, q.silent(s.Watched))...)
	if s.ODown {
		out = append(out, "o-down-time", max(q.sinceHeard(s.Watched)-s.DownAfter.Milliseconds(), 0))
	}
	out = append(out, "down-after-milliseconds", s.DownAfter.Milliseconds(), "info-refresh", w.Time().Sub(s.Learnt()).Milliseconds()+40, "role-reported", role,
		"role-reported-time", w.Time().Sub(s.Started).Milliseconds(), "config-epoch", s.ConfigEpoch, "num-slaves", len(s.Replicas), "num-other-sentinels", len(s.Others)+len(s.Ghosts),
		"quorum", s.Quorum, "failover-timeout", s.Timeout.Milliseconds(), "parallel-syncs", s.ParallelSyncs)
	if s.Failing != "" {
		out = append(out, "failover-state", s.Failing)
	}
	return pairs(out...)
}

// replicas is what it says of each replica that it knows.
func (q *sentinelQuery) replicas() []any {
	w, s := q.world, q.sentinel
	out := []any{}
	for _, name := range s.Replicas {
		o := w.Host(name)
		r := o.Redis
		role, status, ip, port, run := "slave", "err", "?", 0, r.RunID
		if r.Master {
			role = "master"
		}
		if up := w.Host(r.Upstream); up != nil {
			ip, port = up.IP, world.RedisPort
		}
		down := int64(0)
		if r.Linked {
			status = "ok"
		} else if !r.Master {
			down = w.Time().Sub(r.LinkSince).Milliseconds()
		}
		if q.silent(name) {
			role, status, ip, port, run = "slave", "err", "?", 0, ""
		}
		entry := []any{"name", fmt.Sprintf("%s:%d", o.IP, world.RedisPort), "ip", o.IP, "port", world.RedisPort, "runid", run, "flags", q.flags("slave", name)}
		entry = append(entry, q.pings(name, q.silent(name))...)
		out = append(out, pairs(append(entry, "down-after-milliseconds", s.DownAfter.Milliseconds(), "info-refresh", w.Time().Sub(s.Learnt()).Milliseconds()+41, "role-reported", role,
			"role-reported-time", w.Time().Sub(s.Started).Milliseconds(), "master-link-down-time", down, "master-link-status", status, "master-host", ip, "master-port", port,
			"slave-priority", r.Priority, "slave-repl-offset", r.Offset, "replica-announced", 1)...))
	}
	return out
}

// others is what it says of each other Sentinel that it knows.
func (q *sentinelQuery) others() []any {
	w, s := q.world, q.sentinel
	out := []any{}
	add := func(id, ip string, port any, what, leader string, epoch int64) {
		entry := []any{"name", id, "ip", ip, "port", port, "runid", id, "flags", q.flags("sentinel", what)}
		entry = append(entry, q.pings(what, q.silent(what))...)
		out = append(out, pairs(append(entry, "down-after-milliseconds", s.DownAfter.Milliseconds(), "last-hello-message", q.sinceHeard(what)+312, "voted-leader", leader, "voted-leader-epoch", epoch)...))
	}
	for _, name := range s.Others {
		o := w.Host(name)
		leader := "?"
		epoch := int64(0)
		// A Sentinel learns of another's vote when it asks for one.
		if v := w.Host(o.Sentinel.VotedFor); v == q.host {
			leader, epoch = v.Sentinel.ID, o.Sentinel.VotedEpoch
		}
		add(o.Sentinel.ID, o.IP, world.SentinelPort, "sentinel "+name, leader, epoch)
	}
	for _, g := range s.Ghosts {
		ip, port, err := net.SplitHostPort(g)
		if err != nil {
			ip, port = g, strconv.Itoa(world.SentinelPort)
		}
		add(w.GhostID(g), ip, port, "sentinel "+g, "?", 0)
	}
	return out
}
