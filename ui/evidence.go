package ui

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"recon/internal/stack"
	"recon/probes"
	"recon/runbooks"
)

// fact is one field of State as evidence: its name, its value for an operator, and why it is no fact, or "".
type fact struct{ name, value, about, blind string }

// blinder is what says of its fields whether they are facts.
type blinder interface{ Blind(field string) string }

// facts are the fields of one section or member of State, in the order of the struct, with what is embedded.
func facts(v any) []fact {
	rv := reflect.ValueOf(v)
	b, _ := v.(blinder)
	var out []fact
	var walk func(reflect.Value)
	walk = func(s reflect.Value) {
		for i := range s.NumField() {
			f := s.Type().Field(i)
			if f.Anonymous {
				walk(s.Field(i))
				continue
			}
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			about := f.Tag.Get("about")
			if !f.IsExported() || name == "" || name == "-" || about == "" {
				continue
			}
			x := fact{name: name, about: about, value: worded(s.Field(i))}
			if b != nil {
				x.blind = b.Blind(name)
			}
			out = append(out, x)
		}
	}
	walk(rv)
	return out
}

// worded is a value for an operator's eyes.
func worded(v reflect.Value) string {
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			return "nil"
		}
		return worded(v.Elem())
	case reflect.String:
		if v.String() == "" {
			return `""`
		}
		return v.String()
	case reflect.Float64:
		return strings.TrimSuffix(strings.TrimRight(fmt.Sprintf("%.3f", v.Float()), "0"), ".")
	case reflect.Slice:
		if v.Len() == 0 {
			return "none"
		}
		var parts []string
		for i := range v.Len() {
			parts = append(parts, worded(v.Index(i)))
		}
		return strings.Join(parts, "; ")
	case reflect.Map:
		var parts []string
		for _, k := range v.MapKeys() {
			parts = append(parts, worded(k)+"="+worded(v.MapIndex(k)))
		}
		slices.Sort(parts)
		if len(parts) == 0 {
			return "none"
		}
		return strings.Join(parts, "  ")
	case reflect.Struct:
		var parts []string
		for i := range v.NumField() {
			name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
			if v.Type().Field(i).IsExported() && name != "" && !v.Field(i).IsZero() {
				parts = append(parts, name+" "+worded(v.Field(i)))
			}
		}
		return strings.Join(parts, " ")
	}
	return fmt.Sprint(v)
}

// target is what a cell stands for in State: the value with its fields, and how it was seen (nil for what is derived).
func target(s *probes.State, system, node string) (any, *probes.Seen) {
	switch system {
	case "nodes":
		for _, n := range s.Nodes {
			if n.Name == node {
				return n, &n.Seen
			}
		}
	case "etcd":
		for _, m := range s.Etcd.Members {
			if m.Name == node {
				return m, &m.Seen
			}
		}
	case "patroni":
		for _, m := range s.Patroni.Members {
			if m.Node == node {
				return m, &m.Seen
			}
		}
	case "postgres":
		for _, d := range s.Postgres.Members {
			if d.Node == node {
				return d, &d.Seen
			}
		}
	case "vips":
		if v, ok := s.VIPs[node]; ok {
			return v, nil
		}
	}
	return nil, nil
}

// evidenceDialog is what a cell is drawn from. It follows the State while it is open.
type evidenceDialog struct {
	textDialog
	state        *probes.State
	system, node string
	books        []*runbooks.Runbook
	show         func(time.Time) string
}

func newEvidence(s *probes.State, lib *runbooks.Library, r stack.Row, node string, show func(time.Time) string) *evidenceDialog {
	d := &evidenceDialog{state: s, system: r.System, node: node, show: show}
	if lib != nil {
		for _, b := range lib.Books {
			if slices.Contains(b.Systems, r.System) || r.System == "nodes" && slices.Contains(b.Systems, "host") {
				d.books = append(d.books, b)
			}
		}
	}
	d.heading = r.Name + " on " + node
	if r.System == "vips" {
		d.heading = "The address " + node
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
		out = append(out, hang(lead+"  ", f.value, width)...)
	}
	if len(same) > 0 {
		out = append(out, hang(t.paint(dim, fit("not seen", 24))+" "+t.paint(unseen, "? "), seen.Blind("")+", so nothing is known of: "+strings.Join(same, ", "), width)...)
	}
	if len(d.books) > 0 {
		out = append(out, "", t.Strong.Render("Runbooks that concern it"))
		for _, b := range d.books {
			out = append(out, fit("  "+b.ID+"  "+b.Title, width))
		}
	}
	return out
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
