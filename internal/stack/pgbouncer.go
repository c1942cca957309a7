package stack

import (
	"fmt"
	"strings"

	"recon/probes"
)

// waitWarn is for how long the longest client may wait for a connection before it is worth a mark: transaction pooling
// hands a connection on in milliseconds, so that a second says that the pool is too small or the database too slow.
const waitWarn = 1.0 // seconds

func (s Sight) pgbouncer(node string) Cell {
	m, found := one(s.PgBouncer.Members, func(m probes.PgBouncerMember) bool { return m.Node == node })
	if !found {
		return Cell{Node: node}
	}
	c, ok := s.silent(node, m.Seen)
	if !ok {
		return c
	}
	told := func(field string) bool { return m.Blind(field) == "" }
	switch {
	case told("state") && m.State != "active" && m.State != "":
		return c.bad(m.State, "")
	case told("paused") && len(m.Paused) > 0:
		return c.bad(strings.Join(m.Paused, " ")+" paused", "")
	case told("works") && !m.Works:
		return c.bad("no query passes", "")
	case told("max_wait") && m.MaxWait > waitWarn:
		c = c.warn(fmt.Sprintf("%d wait", m.Waiting), Short(m.MaxWait))
		c.Kind = "clients wait"
		return c
	case !told("works"):
		return c.untold("query")
	case !told("active"):
		return c.good("works", "")
	}
	c = c.good(fmt.Sprintf("%d active", m.Active), "")
	c.Kind = "works"
	return c
}
