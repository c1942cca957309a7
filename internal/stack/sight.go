package stack

import (
	"time"

	"recon/probes"
)

// notAsked is what a cell says before the first answer.
const notAsked = "not asked yet"

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
		c.Glyph, c.Word, c.Tone = GlyphNone, notAsked, Dim
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

// fresh says whether facts of a moment ago still count: not when no State came for as long as an answer may be old.
func (s Sight) fresh() bool { return s.Late <= probes.StaleAfter.Seconds() }

// Counted is how many of the probes' targets answer, how many there are, and the age of the oldest answer in seconds.
// Keepalived is seen on the hosts, and the users' paths are no targets of their own.
func (s Sight) Counted() (answered, total int, oldest float64) {
	count := func(x probes.Seen) {
		total++
		if age := x.Age + s.Late; x.Reachable && age <= probes.StaleAfter.Seconds() {
			answered++
			oldest = max(oldest, age)
		}
	}
	each(s.State.Nodes, func(x probes.Node) { count(x.Seen) })
	each(s.NetBox.Members, func(x probes.NetBoxMember) { count(x.Seen) })
	each(s.Web.Members, func(x probes.WebMember) { count(x.Seen) })
	each(s.PgBouncer.Members, func(x probes.PgBouncerMember) { count(x.Seen) })
	each(s.HAProxy.Members, func(x probes.HAProxyMember) { count(x.Seen) })
	each(s.Postgres.Members, func(x probes.Database) { count(x.Seen) })
	each(s.Patroni.Members, func(x probes.Member) { count(x.Seen) })
	each(s.Etcd.Members, func(x probes.EtcdMember) { count(x.Seen) })
	each(s.Redis.Members, func(x probes.RedisMember) { count(x.Seen) })
	each(s.Sentinel.Members, func(x probes.SentinelMember) { count(x.Seen) })
	return answered, total, oldest
}

func each[T any](all []T, f func(T)) {
	for _, x := range all {
		f(x)
	}
}
