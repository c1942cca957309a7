package stack

import (
	"time"

	"recon/probes"
)

// Sight is a State with the time that has passed since it was put together, so that nothing stays fresh when the States
// stop coming.
type Sight struct {
	*probes.State
	// Late is how many seconds passed since the State was put together.
	Late float64
}

// At is a State as it looks at a moment.
func At(s *probes.State, now time.Time) Sight {
	out := Sight{State: s}
	if !s.At.IsZero() {
		out.Late = max(now.Sub(s.At).Seconds(), 0)
	}
	return out
}

// silent is the cell of something that gives no fact now, and ok when it does give facts.
func (s Sight) silent(node string, seen probes.Seen) (c Cell, ok bool) {
	c = Cell{Node: node, Glyph: GlyphUnknown, Tone: Unseen}
	age := seen.Age + s.Late
	switch {
	case seen.Began.IsZero():
		c.Glyph, c.Word, c.Tone = GlyphNone, "not asked yet", Dim
	case !seen.Reachable && seen.Refused && age <= probes.StaleAfter.Seconds():
		c.Glyph, c.Word, c.Number, c.Tone = GlyphBad, "refused", Short(seen.Since+s.Late), Bad
	case !seen.Reachable:
		c.Word, c.Number = "no answer", Short(seen.Since+s.Late)
	case age > probes.StaleAfter.Seconds():
		c.Word, c.Number, c.Tone = "old answer", Short(age), Dim
	default:
		return c, true
	}
	return c, false
}

// Counted is how many of the probes' targets answer, how many there are, and the age of the oldest answer in seconds.
func (s Sight) Counted() (answered, total int, oldest float64) {
	count := func(x probes.Seen) {
		total++
		if age := x.Age + s.Late; x.Reachable && age <= probes.StaleAfter.Seconds() {
			answered++
			oldest = max(oldest, age)
		}
	}
	for _, x := range s.State.Nodes {
		count(x.Seen)
	}
	for _, x := range s.Etcd.Members {
		count(x.Seen)
	}
	for _, x := range s.Patroni.Members {
		count(x.Seen)
	}
	for _, x := range s.Postgres.Members {
		count(x.Seen)
	}
	return answered, total, oldest
}
