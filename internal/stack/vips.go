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
		c.Word += "not asked yet"
	case have.Unseen != "" || s.Late > probes.StaleAfter.Seconds():
		c.Word += "not known"
	case have.Holder != nil:
		c.Glyph, c.Tone = GlyphGood, Good
		c.Word += *have.Holder
	case len(have.Holders) == 0:
		c.Glyph, c.Tone = GlyphBad, Bad
		c.Word += "nobody"
	default:
		c.Glyph, c.Tone = GlyphBad, Bad
		c.Word += strings.Join(have.Holders, " and ")
	}
	return c
}
