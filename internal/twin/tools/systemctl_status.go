package tools

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"recon/internal/twin/world"
)

// ago is a time span with at most two units, as systemd says how long ago something was.
func ago(d time.Duration) string {
	sec := int64(max(d, 0) / time.Second)
	switch {
	case sec >= 365*86400:
		return fmt.Sprintf("%dy %dmonth", sec/(365*86400), sec%(365*86400)/(30*86400))
	case sec >= 30*86400:
		return fmt.Sprintf("%dmonth %dd", sec/(30*86400), sec%(30*86400)/86400)
	case sec >= 7*86400:
		return fmt.Sprintf("%dw %dd", sec/(7*86400), sec%(7*86400)/86400)
	case sec >= 2*86400:
		return fmt.Sprintf("%d days", sec/86400)
	case sec >= 86400:
		return fmt.Sprintf("1 day %dh", sec%86400/3600)
	case sec >= 3600:
		return trimZero(fmt.Sprintf("%dh %dmin", sec/3600, sec%3600/60))
	case sec >= 300:
		return fmt.Sprintf("%dmin", sec/60)
	case sec >= 60:
		return trimZero(fmt.Sprintf("%dmin %ds", sec/60, sec%60))
	}
	return fmt.Sprintf("%ds", sec)
}

func trimZero(s string) string { return strings.TrimSuffix(strings.TrimSuffix(s, " 0s"), " 0min") }

// status describes units: what they are, what runs, and their last lines.
func (s *systemctl) status(ctx context.Context) int {
	if len(s.args) == 0 {
		fmt.Fprintln(s.call.Stderr, "systemctl: the status of the whole system is not simulated; name a unit")
		return 1
	}
	lines := 10
	if s.given.has("n") {
		n, err := strconv.Atoi(s.given.value("n"))
		if err != nil || n < 0 {
			fmt.Fprintf(s.call.Stderr, "Failed to parse lines '%s'\n", s.given.value("n"))
			return 1
		}
		lines = n
	}
	code := 0
	running := s.kit.processes(s.call)
	s.kit.look(s.call, func(h *world.Host) {
		for i, u := range s.services(h) {
			if i > 0 {
				fmt.Fprintln(s.call.Stdout)
			}
			if !u.known() {
				fmt.Fprintf(s.call.Stderr, "Unit %s could not be found.\n", u.id())
				code = max(code, 4)
				continue
			}
			s.describe(h, &shown{u, h}, lines, running)
			if active, _ := u.states(); active != "active" && active != "reloading" {
				code = max(code, 3)
			}
		}
	})
	return code
}

func (s *systemctl) describe(h *world.Host, u *shown, lines int, running []proc) {
	out := s.call.Stdout
	active, sub := u.states()
	mark := map[string]string{"active": "●", "inactive": "○", "failed": "×", "activating": "●"}[active]
	title := u.id()
	if d := u.description(); d != title && !u.masked {
		title += " - " + d
	}
	fmt.Fprintf(out, "%s %s\n", mark, title)
	switch {
	case u.masked:
		fmt.Fprintf(out, "     Loaded: masked (Reason: Unit %s is masked.)\n", u.id())
	case u.transient():
		fmt.Fprintf(out, "     Loaded: loaded (/run/systemd/transient/%s; transient)\n  Transient: yes\n", u.id())
	case u.fileState() == "static":
		fmt.Fprintf(out, "     Loaded: loaded (%s; static)\n", u.fragment)
	default:
		fmt.Fprintf(out, "     Loaded: loaded (%s; %s; preset: enabled)\n", u.fragment, u.fileState())
	}
	for i, d := range u.dropIns {
		at := strings.LastIndexByte(d, '/')
		if i == 0 {
			fmt.Fprintf(out, "    Drop-In: %s\n", d[:at])
		}
		tree := "├─"
		if i == len(u.dropIns)-1 {
			tree = "└─"
		}
		fmt.Fprintf(out, "             %s%s\n", tree, d[at+1:])
	}
	state := active
	if active == "failed" || active == "activating" && u.result() != "success" {
		state = fmt.Sprintf("%s (Result: %s)", active, u.result())
		if active == "activating" {
			state = fmt.Sprintf("%s (%s) (Result: %s)", active, sub, u.result())
		}
	} else {
		state = fmt.Sprintf("%s (%s)", active, sub)
	}
	if u.unit != nil && !u.unit.Since.IsZero() {
		since := u.clock(u.unit.Since)
		state += " since " + systemdTime(since) + "; " + ago(h.Clock().Sub(since)) + " ago"
	}
	fmt.Fprintf(out, "     Active: %s\n", state)
	if u.pid() != 0 {
		fmt.Fprintf(out, " Invocation: %s\n", identifier(h.Name, u.name, u.unit.Since.String()))
	}
	for i, d := range u.docs() {
		fmt.Fprintf(out, "%12s %s\n", map[bool]string{true: "Docs:"}[i == 0], d)
	}
	if u.pid() != 0 {
		fmt.Fprintf(out, "   Main PID: %d (%s)\n", u.pid(), either(u.program.comm, "sh"))
		list := ofUnit(running, u.unit)
		fmt.Fprintf(out, "     CGroup: /system.slice/%s\n", u.id())
		for i, p := range list {
			tree := "├─"
			if i == len(list)-1 {
				tree = "└─"
			}
			line := p.line()
			if strings.HasPrefix(line, "postgres: ") || strings.HasPrefix(line, "nginx: ") {
				line = strconv.Quote(line)
			}
			fmt.Fprintf(out, "             %s%d %s\n", tree, p.PID, line)
		}
	}
	if !maySeeJournal(s.call) {
		fmt.Fprint(out, "\nWarning: some journal files were not opened due to insufficient permissions.\n")
		return
	}
	q := query{units: []string{u.name}, lines: lines, format: "short"}
	if found := q.find(h); len(found) > 0 {
		fmt.Fprintln(out)
		for _, e := range found {
			fmt.Fprintln(out, e.short(h, "short"))
		}
	}
}

// docs are the unit's documents.
func (s *service) docs() []string {
	if v := s.file["Unit.Documentation"]; len(v) > 0 {
		return strings.Fields(strings.Join(v, " "))
	}
	return s.program.docs
}
