package tools

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	"recon/internal/twin/shell"
	"recon/internal/twin/world"
)

func (k *kit) systemd() map[string]shell.Command {
	all := map[string]shell.Command{
		"systemctl": k.systemctl, "journalctl": k.journalctl, "systemd-run": k.systemdRun, "timedatectl": k.timedatectl, "chronyc": k.chronyc,
	}
	for _, name := range []string{"reboot", "poweroff", "halt", "shutdown"} {
		all[name] = k.power
	}
	return all
}

const systemdVersion = "systemd 257 (257.13-1~deb13u1)"

var systemctlOptions = grammar{
	short: "p:t:aqlfHn:o:s:PT",
	long: []string{
		"property=p:", "value", "type=t:", "state:", "failed", "all=a", "quiet=q", "full=l", "plain", "no-legend", "legend:", "no-pager",
		"now", "no-block", "no-ask-password", "runtime", "force=f", "signal=s:", "kill-whom:", "lines=n:", "output=o:", "version", "no-wall", "system",
	},
}

// systemctl runs one verb.
func (k *kit) systemctl(ctx context.Context, c *shell.Call) int {
	given, args, err := systemctlOptions.parse(c.Args[1:])
	if err != nil {
		return c.Fail(1, "%s", err)
	}
	for _, o := range given {
		if slices.Contains([]string{"H", "P", "T", "o", "kill-whom", "runtime"}, o.name) {
			return c.Fail(1, "the option %s is not simulated", o.name)
		}
	}
	if given.has("version") {
		fmt.Fprintln(c.Stdout, systemdVersion)
		return 0
	}
	verb := "list-units"
	if len(args) > 0 {
		verb, args = args[0], args[1:]
	}
	s := &systemctl{kit: k, call: c, given: given, args: args, verb: verb}
	run, ok := s.verbs()[verb]
	if !ok {
		fmt.Fprintf(c.Stderr, "Unknown command verb '%s'.\n", verb)
		return 1
	}
	if slices.Contains(needUnits, verb) && len(args) == 0 {
		fmt.Fprintln(c.Stderr, "Too few arguments.")
		return 1
	}
	return run(ctx)
}

var needUnits = []string{
	"start", "stop", "restart", "try-restart", "reload", "reload-or-restart", "kill", "enable", "disable", "reenable", "mask", "unmask",
	"is-active", "is-enabled", "is-failed", "cat",
}

// systemctl is one run of the tool.
type systemctl struct {
	kit   *kit
	call  *shell.Call
	given options
	verb  string
	args  []string
}

func (s *systemctl) verbs() map[string]func(context.Context) int {
	return map[string]func(context.Context) int{
		"start": s.start, "stop": s.stop, "restart": s.restart, "try-restart": s.restart, "reload": s.reload, "reload-or-restart": s.reload,
		"kill": s.kill, "enable": s.enable, "disable": s.enable, "reenable": s.enable, "mask": s.mask, "unmask": s.mask,
		"daemon-reload": s.daemonReload, "reset-failed": s.resetFailed,
		"is-active": s.isActive, "is-failed": s.isActive, "is-enabled": s.isEnabled, "is-system-running": s.isRunning,
		"show": s.show, "status": s.status, "cat": s.cat, "get-default": s.getDefault,
		"list-units": s.listUnits, "list-unit-files": s.listUnitFiles, "list-timers": s.listTimers,
		"reboot": s.power, "poweroff": s.power, "halt": s.power,
	}
}

// services looks the arguments up, patterns among them. The lock is held.
func (s *systemctl) services(h *world.Host) []*service {
	var out []*service
	for _, a := range s.args {
		if !strings.ContainsAny(a, "*?[") {
			out = append(out, s.kit.service(s.call, h, a))
			continue
		}
		for _, u := range s.kit.loaded(s.call, h) {
			if matches(a, u) {
				out = append(out, u)
			}
		}
	}
	return out
}

// matches compares a pattern with a unit's full name, as systemctl does; without a suffix it is one for services.
func matches(pattern string, u *service) bool {
	if ok, err := path.Match(pattern, u.id()); err == nil && ok {
		return true
	}
	ok, err := path.Match(pattern+".service", u.id())
	return err == nil && ok
}

// loaded are the units that the world runs, by name.
func (k *kit) loaded(c *shell.Call, h *world.Host) []*service {
	var out []*service
	for name := range h.Units {
		out = append(out, k.service(c, h, name))
	}
	slices.SortFunc(out, func(a, b *service) int { return strings.Compare(a.id(), b.id()) })
	return out
}

func (s *systemctl) isActive(context.Context) int {
	wanted := []string{"active", "reloading"}
	if s.verb == "is-failed" {
		wanted = []string{"failed"}
	}
	good, known := false, false
	s.kit.look(s.call, func(h *world.Host) {
		for _, u := range s.services(h) {
			active, _ := u.states()
			good = good || slices.Contains(wanted, active)
			known = known || u.known()
			if !s.given.has("q") {
				fmt.Fprintln(s.call.Stdout, active)
			}
		}
	})
	switch {
	case good:
		return 0
	case s.verb == "is-failed":
		return 1
	case !known:
		return 4
	}
	return 3
}

func (s *systemctl) isEnabled(context.Context) int {
	status := 1
	found := false
	s.kit.look(s.call, func(h *world.Host) {
		for i, u := range s.services(h) {
			state := u.fileState()
			if base, _ := splitUnit(s.args[min(i, len(s.args)-1)]); aliases[base] == u.name {
				state = "alias"
			}
			if state == "" {
				state = "not-found"
			} else {
				found = true
			}
			if slices.Contains([]string{"enabled", "alias", "static", "transient", "indirect"}, state) {
				status = 0
			}
			if !s.given.has("q") {
				fmt.Fprintln(s.call.Stdout, state)
			}
		}
	})
	if !found {
		return 4
	}
	return status
}

func (s *systemctl) isRunning(context.Context) int {
	state := "running"
	s.kit.look(s.call, func(h *world.Host) {
		for _, u := range h.Units {
			if u.State == world.Failed {
				state = "degraded"
			}
		}
	})
	if !s.given.has("q") {
		fmt.Fprintln(s.call.Stdout, state)
	}
	if state != "running" {
		return 1
	}
	return 0
}

func (s *systemctl) getDefault(context.Context) int {
	fmt.Fprintln(s.call.Stdout, "graphical.target")
	return 0
}

// cat prints the unit files.
func (s *systemctl) cat(context.Context) int {
	status := 0
	s.kit.look(s.call, func(h *world.Host) {
		for i, u := range s.services(h) {
			if i > 0 {
				fmt.Fprintln(s.call.Stdout)
			}
			if u.masked {
				fmt.Fprintf(s.call.Stdout, "# Unit %s is masked.\n", u.id())
				continue
			}
			files := u.dropIns
			if u.fragment != "" {
				files = append([]string{u.fragment}, files...)
			}
			shown := 0
			for _, f := range files {
				b, err := s.call.Host.FS.ReadFile(f)
				if err != nil {
					continue // a unit that only the world knows has no file
				}
				if shown++; shown > 1 {
					fmt.Fprintln(s.call.Stdout)
				}
				fmt.Fprintf(s.call.Stdout, "# %s\n%s", f, b)
			}
			if shown == 0 {
				fmt.Fprintf(s.call.Stderr, "No files found for %s.\n", u.id())
				status = 1
			}
		}
	})
	return status
}
