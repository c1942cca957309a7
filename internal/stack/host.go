package stack

import (
	"fmt"
	"math"
	"slices"
	"sort"
	"strings"

	"recon/probes"
)

// From these on a host's disk and clock are worth a mark. Patroni and etcd misjudge leases when clocks differ by seconds.
const (
	diskWarn, diskBad = 85, 95 // percent
	clockWarn         = 0.5    // seconds
)

func (s Sight) host(node string) Cell {
	i := slices.IndexFunc(s.Nodes, func(n probes.Node) bool { return n.Name == node })
	if i < 0 {
		return Cell{Node: node}
	}
	n := s.Nodes[i]
	c, ok := s.silent(node, n.Seen)
	if !ok {
		return c
	}
	c.Glyph, c.Word, c.Tone = GlyphGood, "up", Good
	full := 0.0
	for _, d := range n.Disks {
		full = max(full, d.Percent)
	}
	var numbers []string
	if len(n.Disks) > 0 {
		c.Word = fmt.Sprintf("disk %.0f%%", full)
		c.Brief = c.Word
	}
	if n.ClockOffset != nil {
		numbers = append(numbers, fmt.Sprintf("%+.0f ms", *n.ClockOffset*1000))
	}
	c.Number = strings.Join(numbers, "  ")
	var failed []string
	for unit, state := range n.Units {
		if state == "failed" {
			failed = append(failed, unit)
		}
	}
	sort.Strings(failed)
	switch {
	case full >= diskBad:
		c.Glyph, c.Tone = GlyphBad, Bad
	case len(failed) > 0:
		c.Glyph, c.Word, c.Number, c.Tone = GlyphBad, failed[0]+" failed", "", Bad
	case full >= diskWarn || n.ClockOffset != nil && math.Abs(*n.ClockOffset) >= clockWarn:
		c.Glyph, c.Tone = GlyphWarn, Warn
	}
	return c
}
