package stack

import (
	"slices"
	"strings"

	"recon/probes"
)

func (s Sight) member(node string) (probes.Member, bool) {
	for _, m := range s.Patroni.Members {
		if m.Node == node {
			return m, true
		}
	}
	return probes.Member{}, false
}

func (s Sight) leads(node string) bool {
	return s.Patroni.Disputed == "" && s.Patroni.Leader != nil && s.Patroni.Leader.Node == node
}

func (s Sight) patroni(node string) Cell {
	m, found := s.member(node)
	if !found {
		return Cell{Node: node}
	}
	c, ok := s.silent(node, m.Seen)
	if !ok {
		return c
	}
	c.Glyph, c.Word, c.Tone = GlyphGood, m.State, Good
	switch {
	case m.Primary && m.State == "running":
		c.Glyph, c.Word = GlyphLeader, "leader"
	case m.State == "streaming":
	case slices.Contains([]string{"starting", "creating replica", "in archive recovery", "restarting"}, m.State):
		c.Glyph, c.Tone = GlyphWarn, Warn
	case m.State == "running":
		c.Glyph, c.Word, c.Tone = GlyphWarn, "running, no stream", Warn
	default:
		c.Glyph, c.Tone = GlyphBad, Bad
	}
	if m.Primary && s.Patroni.Disputed != "" {
		c.Glyph, c.Word, c.Tone = GlyphBad, "leader, disputed", Bad
	}
	switch {
	case m.Paused:
		c.Number = "paused"
	case m.Watchdog:
		c.Number = "no watchdog"
	case m.Pending:
		c.Number = "restart pending"
	case m.Tags["nofailover"] == "true":
		c.Number = "nofailover"
	}
	if c.Number != "" && c.Tone == Good {
		c.Tone = Warn
	}
	return c
}

// Summary is who leads, in one line.
func (s Sight) Summary() (string, Tone) {
	p := s.Patroni
	if s.Late > probes.StaleAfter.Seconds() {
		return "who leads is not known: no fresh answers for " + Short(s.Late), Unseen
	}
	switch {
	case s.State.Reach.Blind("blind") == "" && s.State.Reach.Few:
		return "blind: most nodes are out of reach, and what is not seen may be well", Unseen
	case p.Disputed != "":
		return "leader disputed: " + p.Disputed, Bad
	case p.Blind("leader") != "":
		if p.LockHolder != nil && p.Blind("lock_holder") == "" {
			return "leader not proven; the lock is held by " + *p.LockHolder, Unseen
		}
		return "who leads is not known", Unseen
	case p.Leader == nil && p.LockHolder != nil && p.UnseenDCS == "":
		return "nobody proves to lead; the lock is held by " + *p.LockHolder, Bad
	case p.Leader == nil:
		return "nobody leads", Bad
	}
	text := "leader " + p.Leader.Node
	if len(p.SyncStandbys) > 0 && p.UnseenDCS == "" {
		text += "   sync " + strings.Join(p.SyncStandbys, ", ")
	}
	if p.Paused != nil && *p.Paused {
		return text + "   PAUSED: nobody is promoted automatically", Warn
	}
	return text, Plain
}
