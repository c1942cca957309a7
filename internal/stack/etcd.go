package stack

import (
	"fmt"
	"slices"

	"recon/probes"
)

func (s Sight) etcd(node string) Cell {
	i := slices.IndexFunc(s.Etcd.Members, func(m probes.EtcdMember) bool { return m.Name == node })
	if i < 0 {
		return Cell{Node: node}
	}
	m := s.Etcd.Members[i]
	c, ok := s.silent(node, m.Seen)
	if !ok {
		return c
	}
	c.Glyph, c.Word, c.Number, c.Tone = GlyphGood, "follower", Size(m.DBSize), Good
	switch {
	case m.LeaderID == "" || m.LeaderID == "0":
		c.Glyph, c.Word, c.Number, c.Tone = GlyphBad, "knows no leader", "", Bad
	case len(m.Errors) > 0:
		c.Glyph, c.Word, c.Number, c.Tone = GlyphBad, m.Errors[0], "", Bad
	case m.Leads:
		c.Glyph, c.Word, c.Number = GlyphLeader, "leader", fmt.Sprintf("term %d", m.Term)
	case m.Learner:
		c.Glyph, c.Word, c.Tone = GlyphWarn, "learner", Warn
	}
	return c
}
