package ui

import (
	"fmt"
	"slices"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"recon/internal/stack"
	"recon/probes"
	"recon/runbooks"
)

// evidenceDialog is what a cell is drawn from. It follows the State while it is open.
type evidenceDialog struct {
	textDialog
	state        *probes.State
	system, node string
	books        []*runbooks.Runbook
	show         func(time.Time) string
	past
	// holds says whether the finding of a book holds now, and how it is shown.
	holds func(book string) (glyph string, tone tone, holds bool)
}

// past is what was seen of a cell before: its numbers over time, and its errors and changes.
type past struct {
	numbers, changes func(t *Theme, width int) []string
}

func newEvidence(s *probes.State, lib *runbooks.Library, r stack.Row, node string, c clock, before past, holds func(string) (string, tone, bool)) *evidenceDialog {
	d := &evidenceDialog{state: s, system: r.System, node: node, show: c.show, past: before, holds: holds}
	if lib != nil {
		about := concerned(r.System, node)
		for _, b := range lib.Books {
			if slices.ContainsFunc(b.Systems, func(system string) bool { return slices.Contains(about, system) }) {
				d.books = append(d.books, b)
			}
		}
	}
	switch r.System {
	case "vips":
		d.heading = "The address " + node
	case "service":
		d.heading = "What users feel: " + node
	default:
		d.heading = r.Name + " on " + node
	}
	d.text = d.lines
	return d
}

func (d *evidenceDialog) update(msg tea.Msg) (tea.Msg, bool) {
	if m, ok := msg.(stateMsg); ok {
		d.state = m.state
		return nil, false
	}
	return d.textDialog.update(msg)
}

func (d *evidenceDialog) lines(t *Theme, width int) []string {
	v, seen := target(d.state, d.system, d.node)
	if v == nil {
		return []string{"nothing is known of it: it was not asked yet, or the cluster file does not have it"}
	}
	var out []string
	if seen != nil {
		out = append(out, provenance(t, seen, d.show, width)...)
	}
	out = append(out, d.witnesses(t, width)...)
	out = append(out, d.numbers(t, width)...)
	if len(out) > 0 {
		out = append(out, "")
	}
	var same []string
	for _, f := range facts(v) {
		if seen != nil && slices.Contains([]string{"reachable", "refused", "error", "age", "since", "latency"}, f.name) {
			continue
		}
		lead := t.paint(dim, fit(f.name, 24)) + " "
		if f.blind != "" && seen != nil && f.blind == seen.Blind("") {
			same = append(same, f.name)
			continue
		}
		if f.blind != "" {
			out = append(out, hang(lead+t.paint(unseen, "? "), f.blind, width)...)
			continue
		}
		for i, line := range strings.Split(f.value, "\n") {
			if i > 0 {
				lead = fit("", 24) + " "
			}
			text := strings.TrimLeft(line, " ")
			out = append(out, hang(lead+"  "+line[:len(line)-len(text)], text, width)...)
		}
	}
	if len(same) > 0 {
		out = append(out, hang(t.paint(dim, fit("not seen", 24))+" "+t.paint(unseen, "? "), seen.Blind("")+", so nothing is known of: "+strings.Join(same, ", "), width)...)
	}
	out = append(out, d.agreement(t, width)...)
	out = append(out, d.changes(t, width)...)
	if len(d.books) > 0 {
		out = append(out, "", t.Strong.Render("Runbooks that concern it"))
		// Those that hold now stand first.
		for _, b := range d.books {
			if glyph, tone, holds := d.holds(b.ID); holds {
				out = append(out, clipped(t.paint(tone, glyph)+" "+b.ID+"  "+b.Title, width))
			}
		}
		for _, b := range d.books {
			if _, _, holds := d.holds(b.ID); !holds {
				out = append(out, clipped("  "+b.ID+"  "+b.Title, width))
			}
		}
	}
	return out
}

// witnesses are what other nodes say of a host.
func (d *evidenceDialog) witnesses(t *Theme, width int) []string {
	i := slices.IndexFunc(d.state.Reach.Nodes, func(n probes.NodeReach) bool { return n.Name == d.node })
	if d.system != "nodes" || i < 0 {
		return nil
	}
	n := d.state.Reach.Nodes[i]
	out := []string{"", t.Strong.Render("How it is reached")}
	if why := n.Blind("verdict"); why != "" {
		out = append(out, hang("  "+t.paint(unseen, glyphUnknown+" "), why, width)...)
	} else {
		out = append(out, hang("  ", n.Verdict+": "+n.Why, width)...)
	}
	for _, w := range n.Witnesses {
		said, tone := glyphGood+" reached", good
		switch {
		case w.Refused:
			said, tone = glyphBad+" nothing listens there", bad
		case !w.Reached:
			said, tone = glyphUnknown+" "+w.Error, unseen
		}
		lead := "  " + fit(fmt.Sprintf("%s to %s :%d", w.By, w.Service, w.Port), 36) + " "
		out = append(out, hang(lead, t.paint(tone, said)+", "+short(w.Age)+" ago", width)...)
	}
	for _, l := range d.state.Reach.Broken {
		if l.From == d.node || l.To == d.node {
			out = append(out, hang("  "+t.paint(bad, glyphBad)+" ", fmt.Sprintf("%s does not reach %s of %s, port %d: %s", l.From, l.Service, l.To, l.Port, l.Error), width)...)
		}
	}
	return out
}

// agreement is whether the other systems agree with this one.
func (d *evidenceDialog) agreement(t *Theme, width int) []string {
	about := agreement(d.system)
	var out []string
	disagree := false
	for _, f := range facts(d.state.Cross) {
		if !slices.Contains(about, f.name) {
			continue
		}
		switch {
		case d.state.Cross.Unclear == nil: // nothing was compared yet
		case f.blind != "":
			out = append(out, hang("  "+t.paint(unseen, glyphUnknown)+" ", f.about+": "+f.blind, width)...)
		case f.value == "true":
			out = append(out, hang("  "+t.paint(good, glyphGood)+" ", f.about, width)...)
		case f.value == "false":
			disagree = true
			out = append(out, hang("  "+t.paint(bad, glyphBad)+" ", "it is not so: "+f.about, width)...)
		default:
			out = append(out, hang("    ", f.about+": "+f.value, width)...)
		}
	}
	if len(out) == 0 {
		return nil
	}
	if disagree {
		for _, said := range d.state.Cross.Disagreements {
			out = append(out, hang("    ", said, width)...)
		}
	}
	return append([]string{"", t.Strong.Render("Whether the systems agree")}, out...)
}

// provenance is who was asked, when, and what came of it.
func provenance(t *Theme, s *probes.Seen, show func(time.Time) string, width int) []string {
	out := hang(t.paint(dim, fit("asked", 24))+"   ", s.Source, width)
	if s.Began.IsZero() {
		return append(out, "not asked yet")
	}
	add := func(name, value string) { out = append(out, hang(t.paint(dim, fit(name, 24))+"   ", value, width)...) }
	add("at", show(s.Began)+", "+short(s.Age)+" ago")
	if s.Reachable {
		add("answered", "in "+fmt.Sprintf("%.0f ms", s.Latency*1000)+", for "+short(s.Since)+" now")
		return out
	}
	add("answered", t.paint(bad, "no")+", for "+short(s.Since)+" now")
	add("error", s.Error)
	return out
}
