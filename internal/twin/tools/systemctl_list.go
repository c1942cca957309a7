package tools

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"recon/internal/twin/world"
)

func pad(s string, width int) string {
	return s + strings.Repeat(" ", max(0, width-utf8.RuneCountInString(s)))
}

// legend says whether headers and hints are printed.
func (s *systemctl) legend() bool {
	return !s.given.has("no-legend") && s.given.value("legend") != "no" && s.given.value("legend") != "false"
}

// columns prints rows below a header; the last column is not padded.
func (s *systemctl) columns(header []string, rows [][]string) {
	width := make([]int, len(header))
	all := rows
	if s.legend() {
		all = append([][]string{header}, rows...)
	}
	for _, r := range all {
		for i, cell := range r {
			width[i] = max(width[i], utf8.RuneCountInString(cell))
		}
	}
	for _, r := range all {
		var b strings.Builder
		for i, cell := range r {
			if i == len(r)-1 {
				b.WriteString(cell)
				break
			}
			if header[i] == "LEFT" || header[i] == "PASSED" {
				cell = strings.Repeat(" ", width[i]-utf8.RuneCountInString(cell)) + cell
			}
			b.WriteString(pad(cell, width[i]) + " ")
		}
		fmt.Fprintln(s.call.Stdout, b.String())
	}
}

func (s *systemctl) listUnits(context.Context) int {
	all := s.given.has("a")
	states := s.given.values("state")
	if s.given.has("failed") {
		states = append(states, "failed")
	}
	var wanted []string
	for _, st := range states {
		wanted = append(wanted, strings.Split(st, ",")...)
	}
	for _, t := range s.given.values("t") {
		if t != "service" {
			fmt.Fprintf(s.call.Stderr, "systemctl: units of the type %s are not simulated\n", t)
			return 1
		}
	}
	var rows [][]string
	s.kit.look(s.call, func(h *world.Host) {
		for _, u := range s.kit.loaded(s.call, h) {
			active, sub := u.states()
			fits := len(s.args) == 0 || slices.ContainsFunc(s.args, func(p string) bool { return matches(p, u) })
			switch {
			case !fits, len(wanted) > 0 && !slices.Contains(wanted, active) && !slices.Contains(wanted, sub) && !slices.Contains(wanted, u.load()):
				continue
			case len(wanted) == 0 && !all && active == "inactive":
				continue
			}
			mark := "  "
			if active == "failed" || u.load() != "loaded" {
				mark = "● "
			}
			if s.given.has("plain") {
				mark = ""
			}
			rows = append(rows, []string{mark + u.id(), u.load(), active, sub, u.description()})
		}
	})
	head := "  UNIT"
	if s.given.has("plain") {
		head = "UNIT"
	}
	s.columns([]string{head, "LOAD", "ACTIVE", "SUB", "DESCRIPTION"}, rows)
	if !s.legend() {
		return 0
	}
	if len(rows) > 0 {
		fmt.Fprint(s.call.Stdout, "\nLegend: LOAD   → Reflects whether the unit definition was properly loaded.\n"+
			"        ACTIVE → The high-level unit activation state, i.e. generalization of SUB.\n"+
			"        SUB    → The low-level unit activation state, values depend on unit type.\n")
	}
	fmt.Fprintf(s.call.Stdout, "\n%d loaded units listed.", len(rows))
	switch {
	case all:
		fmt.Fprint(s.call.Stdout, "\nTo show all installed unit files use 'systemctl list-unit-files'.")
	case len(wanted) == 0:
		fmt.Fprint(s.call.Stdout, " Pass --all to see loaded but inactive units, too.\nTo show all installed unit files use 'systemctl list-unit-files'.")
	}
	fmt.Fprintln(s.call.Stdout)
	return 0
}

// listUnitFiles lists the world's units and those whose files lie on the host.
func (s *systemctl) listUnitFiles(context.Context) int {
	var rows [][]string
	s.kit.look(s.call, func(h *world.Host) {
		units := s.kit.loaded(s.call, h)
		if fs := s.call.Host.FS; fs != nil {
			for _, dir := range unitFolders {
				list, err := fs.ReadDir(dir)
				if err != nil {
					continue
				}
				for _, i := range list {
					base, kind := splitUnit(i.Name)
					known := slices.ContainsFunc(units, func(u *service) bool { return u.name == base && u.kind == kind })
					if !i.Dir && !known && base != i.Name {
						u := s.kit.service(s.call, h, i.Name)
						u.name = base // an alias has a line of its own
						units = append(units, u)
					}
				}
			}
		}
		slices.SortFunc(units, func(a, b *service) int { return strings.Compare(a.id(), b.id()) })
		for _, u := range units {
			if u.transient() || len(s.args) > 0 && !slices.ContainsFunc(s.args, func(p string) bool { return matches(p, u) }) {
				continue
			}
			state, preset := either(u.fileState(), "static"), "enabled"
			if aliases[u.name] != "" {
				state = "alias"
			}
			if state == "static" || state == "alias" {
				preset = "-"
			}
			rows = append(rows, []string{u.id(), state, preset})
		}
	})
	s.columns([]string{"UNIT FILE", "STATE", "PRESET"}, rows)
	if s.legend() {
		fmt.Fprintf(s.call.Stdout, "\n%d unit files listed.\n", len(rows))
	}
	return 0
}

// listTimers lists the only timer that these hosts have: the daily cleaning of temporary folders, 15 min after the boot.
func (s *systemctl) listTimers(context.Context) int {
	var rows [][]string
	s.kit.look(s.call, func(h *world.Host) {
		clock := h.Clock()
		next := h.Booted.Add(h.Offset).Add(15 * 60 * 1e9)
		last, passed := "-", "-"
		if !next.After(clock) {
			last = systemdTime(next)
			passed = ago(clock.Sub(next)) + " ago"
			for !next.After(clock) {
				next = next.Add(24 * 3600 * 1e9)
			}
		}
		rows = append(rows, []string{systemdTime(next), ago(next.Sub(clock)), last, passed, "systemd-tmpfiles-clean.timer", "systemd-tmpfiles-clean.service"})
	})
	if len(s.args) > 0 && !slices.ContainsFunc(s.args, func(p string) bool { return matches(p, &service{name: "systemd-tmpfiles-clean", kind: "timer"}) }) {
		rows = nil
	}
	s.columns([]string{"NEXT", "LEFT", "LAST", "PASSED", "UNIT", "ACTIVATES"}, rows)
	if s.legend() {
		fmt.Fprintf(s.call.Stdout, "\n%d timers listed.\nPass --all to see loaded but inactive timers, too.\n", len(rows))
	}
	return 0
}
