package stack

import (
	"fmt"
	"math"
	"sort"
	"strings"

	"recon/probes"
)

// From these on a host's disk, clock and memory are worth a mark. PostgreSQL, etcd and Redis stop at a full disk, and a
// rewind or a vacuum needs room before that. Patroni and etcd misjudge leases when clocks differ by seconds. Below a
// twentieth of its memory a host begins to kill processes.
const (
	diskWarn, diskBad = 85, 95   // percent
	clockWarn         = 0.5      // seconds
	memoryLow         = 0.05     // of all
	fillsSoon         = 6 * 3600 // seconds until a disk is full
)

func (s Sight) host(node string) Cell {
	n, found := one(s.State.Nodes, func(n probes.Node) bool { return n.Name == node })
	if !found {
		return Cell{Node: node}
	}
	c, ok := s.silent(node, n.Seen)
	verdict := s.verdict(node)
	if !ok {
		switch {
		case n.Began.IsZero() || n.Reachable:
		case verdict == "dead" || verdict == "cut off" || verdict == "ssh down":
			// What witnesses say is more than silence.
			return c.bad(verdict, Short(n.Since+s.Late))
		}
		return c
	}
	worst, soon, readOnly, noInodes := disks(n)
	var failed, others []string
	for unit, state := range n.Units {
		if state == "failed" {
			failed = append(failed, unit)
		}
	}
	for _, unit := range n.FailedUnits {
		if n.Units[unit] != "failed" {
			others = append(others, unit)
		}
	}
	sort.Strings(failed)
	sort.Strings(others)
	disk := fmt.Sprintf("disk %.0f%%", worst)
	c = c.good("up", "")
	if len(n.Disks) > 0 {
		c = c.good(disk, numbers(n))
		c.Brief, c.Kind = disk, "up"
	}
	switch {
	case verdict == "alone":
		return c.bad("alone", "reaches no other")
	case worst >= diskBad:
		c.Glyph, c.Tone, c.Kind = GlyphBad, Bad, "disk full"
	case readOnly != "":
		return c.bad(readOnly+" read-only", "")
	case noInodes != "":
		return c.bad("inodes "+noInodes, "")
	case len(failed) > 0:
		c = c.bad(failed[0]+" failed", "")
		c.Brief = failedService(n)
		return c
	case len(others) > 0:
		return c.warn(others[0]+" failed", "")
	case soon > 0:
		c = c.warn(disk, "full in "+Short(soon))
		c.Brief, c.Kind = "disk full in "+Short(soon), "disk fills"
	case worst >= diskWarn:
		c.Glyph, c.Tone, c.Kind = GlyphWarn, Warn, "disk"
	case n.ClockOffset != nil && math.Abs(*n.ClockOffset) >= clockWarn:
		c.Glyph, c.Tone, c.Kind = GlyphWarn, Warn, "clock"
		c.Brief = "clock " + offset(*n.ClockOffset)
	case low(n):
		c = c.warn(fmt.Sprintf("memory %.0f%% left", 100*float64(*n.MemoryMB)/float64(*n.MemoryAllMB)), "")
		c.Kind = "memory"
	case s.brokenWays(node) > 0:
		return c.warn(Plural(s.brokenWays(node), "broken way"), "")
	}
	return c
}

// failedService is a failed unit under the name of its service in the cluster file, which is the shorter one.
func failedService(n probes.Node) string {
	var names []string
	for name, state := range n.Services {
		if state == "failed" {
			names = append(names, name+" failed")
		}
	}
	if len(names) == 0 {
		return ""
	}
	sort.Strings(names)
	return names[0]
}

// verdict is how a node is reached, as witnesses say; "" when that is not known.
func (s Sight) verdict(node string) string {
	r, found := one(s.State.Reach.Nodes, func(r probes.NodeReach) bool { return r.Name == node })
	if !found || !s.fresh() || r.Blind("verdict") != "" {
		return ""
	}
	return r.Verdict
}

// brokenWays is on how many ways to or from a node nothing comes through.
func (s Sight) brokenWays(node string) int {
	if !s.fresh() || s.State.Reach.Blind("broken") != "" {
		return 0
	}
	ways := map[[2]string]bool{}
	for _, l := range s.State.Reach.Broken {
		if l.From == node || l.To == node {
			ways[[2]string{l.From, l.To}] = true
		}
	}
	return len(ways)
}

// disks are the fullest of a host's disks in percent, in how many seconds the first one is full when that is soon, and one
// that is read-only or has no inodes left.
func disks(n probes.Node) (worst, soon float64, readOnly, noInodes string) {
	for _, d := range n.Disks {
		worst = max(worst, d.Percent)
		if d.FullIn != nil && *d.FullIn < fillsSoon && (soon == 0 || *d.FullIn < soon) {
			soon = max(*d.FullIn, 1)
		}
		if d.ReadOnly != nil && *d.ReadOnly {
			readOnly = d.Mount
		}
		if d.InodesPercent != nil && *d.InodesPercent >= diskBad {
			noInodes = fmt.Sprintf("%.0f%%", *d.InodesPercent)
		}
	}
	return worst, soon, readOnly, noInodes
}

// numbers are what else matters of a host that is well: its clock, and that it waits for a reboot, which is no trouble yet.
func numbers(n probes.Node) string {
	var out []string
	if n.ClockOffset != nil {
		out = append(out, offset(*n.ClockOffset))
	}
	if n.RebootPending != nil && *n.RebootPending {
		out = append(out, "reboot due")
	}
	return strings.Join(out, "  ")
}

func offset(seconds float64) string { return fmt.Sprintf("%+.0f ms", seconds*1000) }

func low(n probes.Node) bool {
	return n.MemoryMB != nil && n.MemoryAllMB != nil && *n.MemoryAllMB > 0 && float64(*n.MemoryMB) < memoryLow*float64(*n.MemoryAllMB)
}
