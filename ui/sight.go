package ui

import (
	"time"

	"recon/probes"
)

// sight is a State with the time that has passed since it was put together, so that nothing stays fresh when the States
// stop coming.
type sight struct {
	*probes.State
	late float64 // seconds
}

// sightAt is a State as it looks at a moment.
func sightAt(s *probes.State, now time.Time) sight {
	out := sight{State: s}
	if !s.At.IsZero() {
		out.late = max(now.Sub(s.At).Seconds(), 0)
	}
	return out
}

// silent is the cell of something that gives no fact now, and ok when it does give facts.
func (s sight) silent(node string, seen probes.Seen) (c cell, ok bool) {
	c = cell{node: node, glyph: glyphUnknown, tone: unseen}
	age := seen.Age + s.late
	switch {
	case seen.Began.IsZero():
		c.glyph, c.word, c.tone = glyphNone, "not asked yet", dim
	case !seen.Reachable && seen.Refused && age <= probes.StaleAfter.Seconds():
		c.glyph, c.word, c.number, c.tone = glyphBad, "refused", short(seen.Since+s.late), bad
	case !seen.Reachable:
		c.word, c.number = "no answer", short(seen.Since+s.late)
	case age > probes.StaleAfter.Seconds():
		c.word, c.number, c.tone = "old answer", short(age), dim
	default:
		return c, true
	}
	return c, false
}
