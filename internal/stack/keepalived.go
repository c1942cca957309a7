package stack

import (
	"strings"

	"recon/probes"
)

func (s Sight) keepalived(node string) Cell {
	m, found := one(s.Keepalived.Members, func(m probes.KeepalivedMember) bool { return m.Node == node })
	if !found {
		return Cell{Node: node}
	}
	c, ok := s.silent(node, m.Seen)
	if !ok {
		return c
	}
	switch {
	case m.Blind("active") != "":
		return c.untold("unit")
	case !m.Active && len(m.Holds) > 0:
		return c.bad("stopped, holds "+strings.Join(m.Holds, " "), "")
	case !m.Active:
		return c.bad("not active", "")
	case m.Blind("holds") != "":
		return c.untold("addresses")
	}
	for _, name := range m.Holds {
		if len(s.VIPs[name].Holders) > 1 {
			return c.bad(name+" is held twice", "")
		}
	}
	if len(m.Holds) == 0 {
		return c.good("backup", "")
	}
	return c.as(GlyphHolder, Good, strings.Join(m.Holds, " "), "")
}
