package stack

import (
	"strings"

	"recon/internal/inventory"
	"recon/probes"
)

// vip is who holds a floating address. Its node is the address's name.
func (s Sight) vip(v inventory.VIP) Cell {
	c := Cell{Node: v.Name, Glyph: GlyphUnknown, Word: v.Name + " → ", Number: v.Address, Tone: Unseen}
	have, ok := s.VIPs[v.Name]
	switch {
	case !ok:
		c.Glyph, c.Tone = GlyphNone, Dim
		c.Word += notAsked
	case strings.HasSuffix(have.Unseen, notAsked):
		c.Glyph, c.Tone = GlyphNone, Dim
		c.Word += notAsked
	case !s.fresh(), have.Unseen != "" && len(have.Holders) == 0:
		c.Word += "not known"
	case have.Unseen != "" && len(have.Holders) == 1:
		// Who cannot be asked may hold it as well.
		c.Word += have.Holders[0] + " and ?"
	case have.Holder != nil:
		c.Glyph, c.Tone = GlyphGood, Good
		c.Word += *have.Holder
		if why := s.deadEnd(v.Name, *have.Holder); why != "" {
			c.Glyph, c.Tone, c.Number = GlyphBad, Bad, why
		}
	case len(have.Holders) == 0:
		c.Glyph, c.Tone = GlyphBad, Bad
		c.Word += "nobody"
	default:
		c.Glyph, c.Tone = GlyphBad, Bad
		c.Word += strings.Join(have.Holders, " and ")
		c.Brief = v.Name + " on " + Plural(len(have.Holders), "node")
	}
	return c
}

// deadEnd is why clients of an address get nowhere although a node holds it, or "".
func (s Sight) deadEnd(address, holder string) string {
	if address != "db" {
		return ""
	}
	m, found := one(s.HAProxy.Members, func(m probes.HAProxyMember) bool { return m.Node == holder })
	switch {
	case !found:
		return ""
	case m.Refused && !m.Reachable && m.Age+s.Late <= probes.StaleAfter.Seconds() && m.Blind("refused") == "":
		return "no HAProxy"
	case m.Blind("write") == "" && m.Write != nil && !m.Write.Up:
		return "write down"
	}
	return ""
}
