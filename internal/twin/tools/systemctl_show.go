package tools

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"recon/internal/twin/shell"
	"recon/internal/twin/world"
)

// systemdTime is how systemd writes a moment; an empty one is an empty text.
func systemdTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("Mon 2006-01-02 15:04:05 MST")
}

// property is one line of systemctl show. own says that only services have it.
type property struct {
	name string
	own  bool
	of   func(p *shown) string
}

// shown is a unit and the host it is on.
type shown struct {
	*service
	host *world.Host
}

// clock is a moment of the world by the host's clock.
func (s *shown) clock(t time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	return t.Add(s.host.Offset)
}

func constant(v string) func(*shown) string { return func(*shown) string { return v } }

// fromFile is a setting of the section Service, with systemd's default.
func fromFile(key, usual string) func(*shown) string {
	return func(s *shown) string { return s.file.get("Service."+key, usual) }
}

func (s *shown) pid() int {
	if s.unit == nil {
		return 0
	}
	return s.unit.PID
}

func (s *shown) since(active bool) string {
	if s.unit == nil {
		return ""
	}
	if (s.unit.State == world.Active) != active {
		return ""
	}
	return systemdTime(s.clock(s.unit.Since))
}

func (s *shown) result() string {
	if s.unit == nil || s.unit.Result == "" {
		return "success"
	}
	return s.unit.Result
}

// exec is ExecStart as systemd shows it.
func (s *shown) exec(command string) string {
	if command == "" {
		return ""
	}
	command = strings.TrimLeft(command, "-+!@:")
	file, _, _ := strings.Cut(command, " ")
	started, pid := "n/a", 0
	if s.unit != nil && s.unit.PID != 0 && command == s.command() {
		started, pid = systemdTime(s.clock(s.unit.Since)), s.unit.PID
	}
	return fmt.Sprintf("{ path=%s ; argv[]=%s ; ignore_errors=no ; start_time=[%s] ; stop_time=[n/a] ; pid=%d ; code=(null) ; status=0/0 }", file, command, started, pid)
}

// span is a time span as systemd shows it; what is in the file is a number of seconds or words already.
func span(v string) string {
	if v != "" && strings.Trim(v, "0123456789") == "" {
		v += "s"
	}
	switch v {
	case "180s":
		return "3min"
	case "90s":
		return "1min 30s"
	case "60s":
		return "1min"
	}
	return v
}

func list(v []string) string { return strings.Join(v, " ") }

// properties in systemd's order: those of a service before those of every unit.
var properties = []property{
	{"Type", true, func(s *shown) string { return s.file.get("Service.Type", either(s.program.kind, "simple")) }},
	{"Restart", true, func(s *shown) string {
		usual := "no"
		if s.unit != nil && s.unit.RestartAfter > 0 {
			usual = "on-failure"
		}
		return s.file.get("Service.Restart", usual)
	}},
	{"RestartUSec", true, func(s *shown) string {
		usual := "100ms"
		if s.unit != nil && s.unit.RestartAfter > 0 {
			usual = s.unit.RestartAfter.String()
		}
		return span(s.file.get("Service.RestartAfter", usual))
	}},
	{"TimeoutStartUSec", true, func(s *shown) string {
		return span(s.file.get("Service.TimeoutStartSec", s.file.get("Service.TimeoutSec", "1min 30s")))
	}},
	{"TimeoutStopUSec", true, func(s *shown) string {
		return span(s.file.get("Service.TimeoutStopSec", s.file.get("Service.TimeoutSec", "1min 30s")))
	}},
	{"RuntimeMaxUSec", true, func(s *shown) string { return span(s.file.get("Service.RuntimeMaxSec", "infinity")) }},
	{"RemainAfterExit", true, fromFile("RemainAfterExit", "no")},
	{"MainPID", true, func(s *shown) string { return fmt.Sprint(s.pid()) }},
	{"ControlPID", true, constant("0")},
	{"Result", true, (*shown).result},
	{"ReloadResult", true, constant("success")},
	{"NRestarts", true, func(s *shown) string {
		if s.unit == nil {
			return "0"
		}
		return fmt.Sprint(s.unit.Restarts)
	}},
	{"ExecMainStartTimestamp", true, func(s *shown) string { return s.since(true) }},
	{"ExecMainPID", true, func(s *shown) string { return fmt.Sprint(s.pid()) }},
	{"ExecMainCode", true, func(s *shown) string {
		switch s.result() {
		case "exit-code":
			return "1"
		case "signal", "timeout", "oom-kill":
			return "2"
		}
		return "0"
	}},
	{"ExecMainStatus", true, func(s *shown) string {
		switch s.result() {
		case "signal":
			return "9"
		case "timeout":
			return "15"
		case "exit-code":
			return fmt.Sprint(s.unit.Code)
		}
		return "0"
	}},
	{"ExecStart", true, func(s *shown) string { return s.exec(s.command()) }},
	{"ExecReload", true, func(s *shown) string {
		usual := ""
		if s.program.reload && len(s.file) == 0 {
			usual = "/bin/kill -s HUP $MAINPID"
		}
		return s.exec(s.file.get("Service.ExecReload", usual))
	}},
	{"ControlGroup", true, func(s *shown) string {
		if s.pid() == 0 {
			return ""
		}
		return "/system.slice/" + s.id()
	}},
	{"Environment", true, func(s *shown) string { return list(s.file["Service.Environment"]) }},
	{"WorkingDirectory", true, fromFile("WorkingDirectory", "")},
	{"StandardOutput", true, fromFile("StandardOutput", "journal")},
	{"User", true, func(s *shown) string {
		usual := ""
		if s.unit != nil && s.unit.User != "root" {
			usual = s.unit.User
		}
		return s.file.get("Service.User", usual)
	}},
	{"Group", true, func(s *shown) string { return s.file.get("Service.Group", "") }},
	{"PrivateTmp", true, fromFile("PrivateTmp", "no")},
	{"ProtectHome", true, fromFile("ProtectHome", "no")},
	{"ProtectSystem", true, fromFile("ProtectSystem", "no")},
	{"RuntimeDirectory", true, func(s *shown) string { return list(s.file["Service.RuntimeDirectory"]) }},
	{"ReadWritePaths", true, func(s *shown) string { return list(s.file["Service.ReadWritePaths"]) }},
	{"ReadOnlyPaths", true, func(s *shown) string { return list(s.file["Service.ReadOnlyPaths"]) }},
	{"InaccessiblePaths", true, func(s *shown) string { return list(s.file["Service.InaccessiblePaths"]) }},
	{"LimitNOFILE", true, fromFile("LimitNOFILE", "524288")},
	{"KillMode", true, func(s *shown) string { return s.file.get("Service.KillMode", either(s.program.kill, "control-group")) }},
	{"KillSignal", true, constant("15")},
	{"Id", false, func(s *shown) string { return s.id() }},
	{"Names", false, func(s *shown) string { return s.id() }},
	{"Description", false, func(s *shown) string { return s.description() }},
	{"LoadState", false, func(s *shown) string { return s.load() }},
	{"ActiveState", false, func(s *shown) string { a, _ := s.states(); return a }},
	{"FreezerState", false, constant("running")},
	{"SubState", false, func(s *shown) string { _, b := s.states(); return b }},
	{"FragmentPath", false, func(s *shown) string { return s.fragment }},
	{"DropInPaths", false, func(s *shown) string { return list(s.dropIns) }},
	{"UnitFileState", false, func(s *shown) string { return s.fileState() }},
	{"UnitFilePreset", false, func(s *shown) string {
		if s.fragment == "" {
			return ""
		}
		return "enabled"
	}},
	{"StateChangeTimestamp", false, func(s *shown) string { return either(s.since(true), s.since(false)) }},
	{"InactiveExitTimestamp", false, func(s *shown) string { return s.since(true) }},
	{"ActiveEnterTimestamp", false, func(s *shown) string { return s.since(true) }},
	{"ActiveExitTimestamp", false, func(s *shown) string { return s.since(false) }},
	{"InactiveEnterTimestamp", false, func(s *shown) string { return s.since(false) }},
	{"CanStart", false, func(s *shown) string { return yesNo(s.load() == "loaded") }},
	{"CanStop", false, constant("yes")},
	{"CanReload", false, func(s *shown) string { return yesNo(s.canReload()) }},
	{"NeedDaemonReload", false, constant("no")},
	{"Transient", false, func(s *shown) string { return yesNo(s.transient()) }},
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

func either(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// show prints properties. One that is not known is left out, as systemd does with those it does not know.
func (s *systemctl) show(context.Context) int {
	if len(s.args) == 0 {
		fmt.Fprintln(s.call.Stderr, "systemctl: the properties of the manager are not simulated; name a unit")
		return 1
	}
	var wanted []string
	for _, v := range s.given.values("p") {
		wanted = append(wanted, strings.Split(v, ",")...)
	}
	s.kit.look(s.call, func(h *world.Host) {
		for i, u := range s.services(h) {
			if i > 0 {
				fmt.Fprintln(s.call.Stdout)
			}
			showUnit(s.call, &shown{u, h}, wanted, s.given.has("value"), s.given.has("a"))
		}
	})
	return 0
}

func showUnit(c *shell.Call, u *shown, wanted []string, bare, empty bool) {
	for _, p := range properties {
		if p.own && u.kind != "service" || len(wanted) > 0 && !slices.Contains(wanted, p.name) {
			continue
		}
		v := p.of(u)
		if v == "" && len(wanted) == 0 && !empty {
			continue
		}
		switch {
		case bare:
			fmt.Fprintln(c.Stdout, v)
		case v == "" && strings.HasPrefix(p.name, "Exec"):
			// An empty list of commands has no line at all.
		default:
			fmt.Fprintf(c.Stdout, "%s=%s\n", p.name, v)
		}
	}
}
