package probes

import (
	"maps"
	"time"
)

// watched is how far back a watch counts what comes and goes.
const watched = 10 * time.Minute

// changes remembers when something was seen to change. It is replaced, never changed.
type changes struct {
	last string
	at   []time.Time
}

// to is the memory after a value was seen.
func (c changes) to(value string, now time.Time) changes {
	next := changes{last: value}
	for _, t := range c.at {
		if now.Sub(t) < watched {
			next.at = append(next.at, t)
		}
	}
	if c.last != "" && c.last != value {
		next.at = append(next.at, now)
	}
	return next
}

// count counts the changes of the last ten minutes.
func (c changes) count(now time.Time) int {
	n := 0
	for _, t := range c.at {
		if now.Sub(t) < watched {
			n++
		}
	}
	return n
}

// changed keeps the elections of etcd, by their terms, and the moves of the floating addresses. What is not seen leaves
// both as they were.
func (m *memory) changed(s *State) {
	if e := &s.Etcd; e.Term != nil && e.Blind("term") == "" {
		if *e.Term > m.term {
			m.elections = m.elections.to(id(*e.Term), s.At)
		}
		m.term = max(m.term, *e.Term)
	}
	m.moves = maps.Clone(m.moves)
	if m.moves == nil {
		m.moves = map[string]changes{}
	}
	for name, v := range s.VIPs {
		if v.Unseen == "" && v.Holder != nil {
			m.moves[name] = m.moves[name].to(*v.Holder, s.At)
		}
	}
}

// counted adds to a State what the watch has seen to change before it.
func (m memory) counted(s *State) {
	next := m
	next.changed(s)
	n := next.elections.count(s.At)
	s.Etcd.Elections = &n
	for name, v := range s.VIPs {
		v.Moves = next.moves[name].count(s.At)
		s.VIPs[name] = v
	}
}
