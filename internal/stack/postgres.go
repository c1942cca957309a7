package stack

import (
	"fmt"
	"slices"

	"recon/probes"
)

// lagWarn is from how many bytes on a replica's lag is worth a mark: one WAL segment, or what Patroni tolerates of a
// candidate (maximum_lag_on_failover) where that is more. Less comes and goes under load.
const lagWarn = 16 << 20

func (s Sight) tolerated() int64 {
	if c := s.Patroni.Config; c != nil {
		return max(c.MaximumLag, lagWarn)
	}
	return lagWarn
}

func (s Sight) postgres(node string) Cell {
	i := slices.IndexFunc(s.Postgres.Members, func(d probes.Database) bool { return d.Node == node })
	if i < 0 {
		return Cell{Node: node}
	}
	d := s.Postgres.Members[i]
	c, ok := s.silent(node, d.Seen)
	if !ok {
		return c
	}
	if !d.InRecovery {
		c.Glyph, c.Word, c.Tone = GlyphLeader, "primary", Good
		if d.Timeline != nil {
			c.Number = fmt.Sprintf("TL %d", *d.Timeline)
		}
		switch {
		case len(s.Postgres.Primaries) > 1:
			c.Glyph, c.Word, c.Tone = GlyphBad, fmt.Sprintf("one of %d primaries", len(s.Postgres.Primaries)), Bad
		case !s.leads(node):
			c.Glyph, c.Word, c.Tone = GlyphWarn, "primary, no leader", Warn
		case d.Waiting != nil && *d.Waiting > 0:
			c.Glyph, c.Word, c.Tone, c.Number = GlyphWarn, "primary", Warn, Plural(*d.Waiting, "commit")+" wait"
		case d.ReadOnly:
			c.Glyph, c.Word, c.Tone = GlyphWarn, "primary, read-only", Warn
		}
		return c
	}
	m, _ := s.member(node)
	c.Glyph, c.Word, c.Tone = GlyphGood, s.syncState(node, m.Name), Good
	if m.Lag != nil {
		c.Number = "lag " + lagged(*m.Lag)
	}
	switch {
	case d.Receiver != "streaming":
		c.Glyph, c.Word, c.Tone = GlyphWarn, "not streaming", Warn
	case m.Lag != nil && *m.Lag >= s.tolerated():
		c.Glyph, c.Tone = GlyphWarn, Warn
	}
	return c
}

// syncState is what the primary says of a follower: sync, async, ...
func (s Sight) syncState(node, name string) string {
	for _, d := range s.Postgres.Members {
		if d.InRecovery || d.Blind("followers") != "" {
			continue
		}
		for _, f := range d.Followers {
			if f.Name == name || f.Name == node {
				return f.SyncState
			}
		}
	}
	return "replica"
}

func lagged(n int64) string {
	if n == 0 {
		return "0"
	}
	return Size(n)
}
