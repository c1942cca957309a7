package stack

import (
	"fmt"
	"strings"

	"recon/internal/inventory"
	"recon/probes"
)

// From these latencies on a path that works is worth a mark: a query that takes a second fills the pools, and a login page
// that takes five is what people call about.
const slowQuery, slowPage = 1.0, 5.0 // seconds

// Service is the row of what the users feel, a cell for every path that the cluster can have: reads, writes, login. Its
// cells' nodes are these words.
func (s Sight) Service(c *inventory.Cluster) Row {
	row := Row{Name: "SERVICE", System: "service"}
	add := func(has bool, name string, t probes.Try, slow float64, note string) {
		if has || t.Tried {
			row.Cells = append(row.Cells, s.try(name, t, slow, note))
		}
	}
	db := c.PgBouncer != nil || c.HAProxy != nil
	add(db, "reads", s.State.Service.Reads, slowQuery, "")
	add(db, "writes", s.State.Service.Writes, slowQuery, " (canary)")
	add(c.NetBox != nil, "login", s.State.Service.Login, slowPage, "")
	return row
}

func (s Sight) try(name string, t probes.Try, slow float64, note string) Cell {
	c, ok := s.silent(name, t.Seen)
	fails := name + " fail"
	if !strings.HasSuffix(name, "s") {
		fails += "s"
	}
	switch {
	case !t.Tried:
		return c.as(GlyphNone, Dim, name+" not tried", "")
	case t.Began.IsZero():
		return c.as(GlyphNone, Dim, name+" "+notAsked, "")
	case t.Age+s.Late > probes.StaleAfter.Seconds():
		return c.as(GlyphUnknown, Dim, name+" old answer", Short(t.Age+s.Late))
	case !ok && s.State.Reach.Blind("blind") == "" && s.State.Reach.Few:
		// The way from here may be what is broken.
		c = c.as(GlyphUnknown, Unseen, fails+" from here", Short(t.Since+s.Late))
		c.Brief = fails + " here"
		return c
	case !ok:
		return c.bad(fails, Short(t.Since+s.Late))
	case name == "reads" && t.Note != "":
		return c.warn("reads: standby", milliseconds(t.Latency))
	case t.Latency >= slow:
		return c.warn(name+" slow", milliseconds(t.Latency))
	}
	c = c.good(name, milliseconds(t.Latency)+note)
	c.Brief = name + " " + milliseconds(t.Latency)
	return c
}

// milliseconds is how long an answer took.
func milliseconds(seconds float64) string {
	switch ms := seconds * 1000; {
	case ms < 1:
		return "<1 ms"
	case ms < 10000:
		return fmt.Sprintf("%.0f ms", ms)
	}
	return Short(seconds)
}
