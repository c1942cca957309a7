package ui

import (
	"fmt"
	"math"
	"slices"
	"sort"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"recon/probes"
)

// cell is one service on one node, as a glyph, a word and the one number that matters.
type cell struct {
	node, glyph, word, number string
	// brief is what stands for word and number where there is little room; the number when it is empty.
	brief string
	tone  tone
}

// sick says whether the cell wants to be looked at.
func (c cell) sick() bool { return c.tone == bad || c.tone == warn || c.tone == unseen }

// say is what a change of the cell is told with: without the number, which moves all the time.
func (c cell) say() string { return strings.TrimSpace(c.glyph + " " + c.word) }

// text is the longest form that has room.
func (c cell) text(width int) string {
	long := strings.TrimSpace(c.glyph + " " + c.word)
	if c.number != "" {
		long += "  " + c.number
	}
	brief := c.brief
	if brief == "" {
		brief = c.number
	}
	if ansi.StringWidth(long) > width && brief != "" && ansi.StringWidth(c.glyph+" "+brief) <= width && c.tone == good {
		return c.glyph + " " + brief
	}
	return fit(long, width)
}

func (s sight) member(node string) (probes.Member, bool) {
	for _, m := range s.Patroni.Members {
		if m.Node == node {
			return m, true
		}
	}
	return probes.Member{}, false
}

func (s sight) leads(node string) bool {
	return s.Patroni.Disputed == "" && s.Patroni.Leader != nil && s.Patroni.Leader.Node == node
}

func (s sight) postgres(node string) cell {
	i := slices.IndexFunc(s.Postgres.Members, func(d probes.Database) bool { return d.Node == node })
	if i < 0 {
		return cell{node: node}
	}
	d := s.Postgres.Members[i]
	c, ok := s.silent(node, d.Seen)
	if !ok {
		return c
	}
	if !d.InRecovery {
		c.glyph, c.word, c.tone = glyphLeader, "primary", good
		if d.Timeline != nil {
			c.number = fmt.Sprintf("TL %d", *d.Timeline)
		}
		switch {
		case len(s.Postgres.Primaries) > 1:
			c.glyph, c.word, c.tone = glyphBad, fmt.Sprintf("one of %d primaries", len(s.Postgres.Primaries)), bad
		case !s.leads(node):
			c.glyph, c.word, c.tone = glyphWarn, "primary, no leader", warn
		case d.Waiting != nil && *d.Waiting > 0:
			c.glyph, c.word, c.tone, c.number = glyphWarn, "primary", warn, plural(*d.Waiting, "commit")+" wait"
		}
		return c
	}
	m, _ := s.member(node)
	c.glyph, c.word, c.tone = glyphGood, s.syncState(node, m.Name), good
	if m.Lag != nil {
		c.number = "lag " + lagged(*m.Lag)
	}
	if d.Receiver != "streaming" {
		c.glyph, c.word, c.tone = glyphWarn, "not streaming", warn
	}
	return c
}

// syncState is what the primary says of a follower: sync, async, ...
func (s sight) syncState(node, name string) string {
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
	return size(n)
}

func (s sight) patroni(node string) cell {
	m, found := s.member(node)
	if !found {
		return cell{node: node}
	}
	c, ok := s.silent(node, m.Seen)
	if !ok {
		return c
	}
	c.glyph, c.word, c.tone = glyphGood, m.State, good
	switch {
	case m.Primary && m.State == "running":
		c.glyph, c.word = glyphLeader, "leader"
	case m.State == "streaming":
	case slices.Contains([]string{"starting", "creating replica", "in archive recovery", "restarting"}, m.State):
		c.glyph, c.tone = glyphWarn, warn
	case m.State == "running":
		c.glyph, c.word, c.tone = glyphWarn, "running, no stream", warn
	default:
		c.glyph, c.tone = glyphBad, bad
	}
	if m.Primary && s.Patroni.Disputed != "" {
		c.glyph, c.word, c.tone = glyphBad, "leader, disputed", bad
	}
	switch {
	case m.Paused:
		c.number = "paused"
	case m.Watchdog:
		c.number = "no watchdog"
	case m.Pending:
		c.number = "restart pending"
	case m.Tags["nofailover"] == "true":
		c.number = "nofailover"
	}
	if c.number != "" && c.tone == good {
		c.tone = warn
	}
	return c
}

func (s sight) etcd(node string) cell {
	i := slices.IndexFunc(s.Etcd.Members, func(m probes.EtcdMember) bool { return m.Name == node })
	if i < 0 {
		return cell{node: node}
	}
	m := s.Etcd.Members[i]
	c, ok := s.silent(node, m.Seen)
	if !ok {
		return c
	}
	c.glyph, c.word, c.number, c.tone = glyphGood, "follower", size(m.DBSize), good
	switch {
	case m.LeaderID == "" || m.LeaderID == "0":
		c.glyph, c.word, c.number, c.tone = glyphBad, "knows no leader", "", bad
	case len(m.Errors) > 0:
		c.glyph, c.word, c.number, c.tone = glyphBad, m.Errors[0], "", bad
	case m.Leads:
		c.glyph, c.word, c.number = glyphLeader, "leader", fmt.Sprintf("term %d", m.Term)
	case m.Learner:
		c.glyph, c.word, c.tone = glyphWarn, "learner", warn
	}
	return c
}

// From these on a host's disk and clock are worth a mark. Patroni and etcd misjudge leases when clocks differ by seconds.
const (
	diskWarn, diskBad = 85, 95 // percent
	clockWarn         = 0.5    // seconds
)

func (s sight) host(node string) cell {
	i := slices.IndexFunc(s.Nodes, func(n probes.Node) bool { return n.Name == node })
	if i < 0 {
		return cell{node: node}
	}
	n := s.Nodes[i]
	c, ok := s.silent(node, n.Seen)
	if !ok {
		return c
	}
	c.glyph, c.word, c.tone = glyphGood, "up", good
	full := 0.0
	for _, d := range n.Disks {
		full = max(full, d.Percent)
	}
	var numbers []string
	if len(n.Disks) > 0 {
		c.word = fmt.Sprintf("disk %.0f%%", full)
		c.brief = c.word
	}
	if n.ClockOffset != nil {
		numbers = append(numbers, fmt.Sprintf("%+.0f ms", *n.ClockOffset*1000))
	}
	c.number = strings.Join(numbers, "  ")
	var failed []string
	for unit, state := range n.Units {
		if state == "failed" {
			failed = append(failed, unit)
		}
	}
	sort.Strings(failed)
	switch {
	case full >= diskBad:
		c.glyph, c.tone = glyphBad, bad
	case len(failed) > 0:
		c.glyph, c.word, c.number, c.tone = glyphBad, failed[0]+" failed", "", bad
	case full >= diskWarn || n.ClockOffset != nil && math.Abs(*n.ClockOffset) >= clockWarn:
		c.glyph, c.tone = glyphWarn, warn
	}
	return c
}
