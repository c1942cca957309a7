package tools

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"syscall"

	"recon/internal/twin/shell"
	"recon/internal/twin/world"
)

// root says whether the call may change the system, and says what systemctl says when not.
func (s *systemctl) root(format string, args ...any) bool {
	if s.call.User == "root" {
		return true
	}
	fmt.Fprintf(s.call.Stderr, format+": Access denied\n", args...)
	return false
}

// each does something with every unit, as root, and returns the status: that of the first that failed.
func (s *systemctl) each(what string, do func(h *world.Host, u *service) error) int {
	status := 0
	s.kit.change(s.call, func(h *world.Host) {
		for _, u := range s.services(h) {
			code := 0
			if s.call.User != "root" {
				fmt.Fprintf(s.call.Stderr, "Failed to %s %s: Access denied\nSee system logs and 'systemctl status %s' for details.\n", what, u.id(), u.id())
				code = 4
			} else if err := do(h, u); err != nil {
				fmt.Fprintln(s.call.Stderr, err)
				code = 1
				if u.load() == "not-found" {
					code = 5
				}
			}
			if status == 0 {
				status = code
			}
		}
	})
	return status
}

func (s *systemctl) start(context.Context) int {
	return s.each("start", func(h *world.Host, u *service) error {
		if u.transient() && u.unit.State != world.Active {
			return saying("Failed to start %s: Unit %s not found.", u.id(), u.id())
		}
		err := h.Start(u.name)
		if s.given.has("no-block") && u.unit != nil && u.load() == "loaded" {
			return nil // the job is queued; how it ends is seen later
		}
		return err
	})
}

func (s *systemctl) stop(context.Context) int {
	return s.each("stop", func(h *world.Host, u *service) error {
		if u.transient() {
			s.kit.running.signal(h.Name, u.name, syscall.SIGTERM)
		}
		return h.Stop(u.name)
	})
}

func (s *systemctl) restart(context.Context) int {
	return s.each("restart", func(h *world.Host, u *service) error {
		switch {
		case u.unit == nil:
			return saying("Failed to restart %s: Unit %s not found.", u.id(), u.id())
		case u.masked:
			return saying("Failed to restart %s: Unit %s is masked.", u.id(), u.id())
		case s.verb == "try-restart" && u.unit.State != world.Active:
			return nil
		}
		return h.Restart(u.name)
	})
}

func (s *systemctl) reload(context.Context) int {
	return s.each("reload", func(h *world.Host, u *service) error {
		switch {
		case u.unit == nil:
			return h.Reload(u.name)
		case s.verb == "reload-or-restart" && (u.unit.State != world.Active || !u.canReload()):
			return h.Restart(u.name)
		case !u.canReload():
			return saying("Failed to reload %s: Job type reload is not applicable for unit %s.", u.id(), u.id())
		}
		return h.Reload(u.name)
	})
}

// canReload says whether the unit has an ExecReload.
func (s *service) canReload() bool {
	if len(s.file["Service.ExecStart"]) > 0 {
		return len(s.file["Service.ExecReload"]) > 0 || s.file.get("Service.Type", "") == "notify-reload"
	}
	return s.program.reload
}

var signals = map[string]syscall.Signal{
	"HUP": syscall.SIGHUP, "INT": syscall.SIGINT, "QUIT": syscall.SIGQUIT, "KILL": syscall.SIGKILL, "TERM": syscall.SIGTERM, "USR1": syscall.SIGUSR1, "USR2": syscall.SIGUSR2,
	"1": syscall.SIGHUP, "2": syscall.SIGINT, "3": syscall.SIGQUIT, "9": syscall.SIGKILL, "15": syscall.SIGTERM, "0": 0,
	"STOP": syscall.SIGSTOP, "CONT": syscall.SIGCONT, "19": syscall.SIGSTOP, "18": syscall.SIGCONT,
}

// signal reads a signal's name or number.
func signalNamed(name string) (syscall.Signal, bool) {
	sig, ok := signals[strings.TrimPrefix(strings.ToUpper(name), "SIG")]
	return sig, ok
}

// kill sends a signal to the processes of units.
func (s *systemctl) kill(context.Context) int {
	sig := syscall.SIGTERM
	if s.given.has("s") {
		var ok bool
		if sig, ok = signalNamed(s.given.value("s")); !ok {
			fmt.Fprintf(s.call.Stderr, "Failed to parse signal string %s.\n", s.given.value("s"))
			return 1
		}
	}
	status := 0
	s.kit.change(s.call, func(h *world.Host) {
		for _, u := range s.services(h) {
			if !s.root("Failed to kill unit %s", u.id()) {
				status = 1
				continue
			}
			if u.unit == nil {
				fmt.Fprintf(s.call.Stderr, "Failed to kill unit %s: Unit %s not loaded.\n", u.id(), u.id())
				status = 1
				continue
			}
			if u.transient() {
				s.kit.running.signal(h.Name, u.name, sig)
				continue
			}
			if !toUnit(h, u.unit, sig) {
				fmt.Fprintf(s.call.Stderr, "systemctl: the signal %s is not simulated\n", s.given.value("s"))
				status = 1
			}
		}
	})
	return status
}

// toUnit is what a signal does to a unit's processes; false when that is not simulated.
func toUnit(h *world.Host, u *world.Unit, sig syscall.Signal) bool {
	switch sig {
	case 0, syscall.SIGUSR1, syscall.SIGUSR2:
	case syscall.SIGHUP:
		_ = h.Reload(u.Name) // what it says is in the journal
	case syscall.SIGKILL:
		h.Kill(u.Name, false)
	case syscall.SIGTERM, syscall.SIGINT, syscall.SIGQUIT:
		_ = h.Stop(u.Name) // it is there
	default:
		return false
	}
	return true
}

// enable enables, disables and both.
func (s *systemctl) enable(ctx context.Context) int {
	if !s.root("Failed to %s unit", s.verb) {
		return 1
	}
	status := 0
	s.kit.change(s.call, func(h *world.Host) {
		for _, u := range s.services(h) {
			switch {
			case u.masked && s.verb != "disable":
				fmt.Fprintf(s.call.Stderr, "Failed to enable unit: Unit %s is masked\n", "/etc/systemd/system/"+u.id())
				status = 1
			case !u.known():
				fmt.Fprintf(s.call.Stderr, "Failed to %s unit: Unit %s does not exist\n", s.verb, u.id())
				status = 1
			case u.unit == nil:
				fmt.Fprintf(s.call.Stderr, "systemctl: the unit %s is not simulated\n", u.id())
				status = 1
			case s.verb == "disable" && u.unit.File == world.Enabled:
				u.unit.File = world.Disabled
				fmt.Fprintf(s.call.Stderr, "Removed '/etc/systemd/system/multi-user.target.wants/%s'.\n", u.id())
			case s.verb != "disable" && u.unit.File == world.Disabled:
				u.unit.File = world.Enabled
				fmt.Fprintf(s.call.Stderr, "Created symlink '/etc/systemd/system/multi-user.target.wants/%s' → '%s'.\n", u.id(), u.fragment)
			}
		}
	})
	if status != 0 || !s.given.has("now") {
		return status
	}
	if s.verb == "disable" {
		return s.stop(ctx)
	}
	return s.start(ctx)
}

// mask masks and unmasks.
func (s *systemctl) mask(ctx context.Context) int {
	status := 0
	s.kit.change(s.call, func(h *world.Host) {
		for _, u := range s.services(h) {
			link := "/etc/systemd/system/" + u.id()
			if !u.known() {
				fmt.Fprintf(s.call.Stderr, "Unit %s does not exist, proceeding anyway.\n", u.id())
			}
			if !s.root("Failed to %s unit", s.verb) {
				status = 1
				return
			}
			switch {
			case u.unit == nil:
				if u.known() || s.verb == "mask" {
					fmt.Fprintf(s.call.Stderr, "systemctl: the unit %s is not simulated\n", u.id())
					status = 1
				}
			case s.verb == "mask" && !u.masked:
				if u.fragment == link {
					fmt.Fprintf(s.call.Stderr, "Failed to mask unit: File '%s' already exists.\n", link)
					status = 1
					continue
				}
				h.Mask(u.name)
				fmt.Fprintf(s.call.Stderr, "Created symlink '%s' → '/dev/null'.\n", link)
			case s.verb == "unmask" && u.masked:
				h.Unmask(u.name)
				fmt.Fprintf(s.call.Stderr, "Removed '%s'.\n", link)
			}
		}
	})
	if status == 0 && s.verb == "mask" && s.given.has("now") {
		return s.stop(ctx)
	}
	return status
}

func (s *systemctl) daemonReload(context.Context) int {
	if !s.root("Reload daemon failed") {
		return 1
	}
	return 0 // unit files are read whenever they are asked for
}

func (s *systemctl) resetFailed(context.Context) int {
	if !s.root("Failed to execute operation") {
		return 1
	}
	status := 0
	s.kit.change(s.call, func(h *world.Host) {
		units := s.services(h)
		if len(s.args) == 0 {
			units = s.kit.loaded(s.call, h)
		}
		for _, u := range units {
			switch {
			case u.unit == nil:
				fmt.Fprintf(s.call.Stderr, "Failed to reset failed state of unit %s: Unit %s not loaded.\n", u.id(), u.id())
				status = 1
			case u.unit.State == world.Failed:
				u.unit.State, u.unit.Result, u.unit.Restarts = world.Inactive, "success", 0
				if u.transient() {
					h.RemoveUnit(u.name)
				}
			}
		}
	})
	return status
}

// power is systemctl reboot, poweroff and halt.
func (s *systemctl) power(context.Context) int {
	verb := strings.ToUpper(s.verb[:1]) + s.verb[1:]
	if verb == "Poweroff" {
		verb = "PowerOff"
	}
	if !s.root("Call to %s failed", verb) {
		return 1
	}
	s.kit.shut(s.call, s.verb == "reboot")
	return 0
}

// power are the commands reboot, poweroff, halt and shutdown.
func (k *kit) power(_ context.Context, c *shell.Call) int {
	verb, args := c.Name(), c.Args[1:]
	if verb == "shutdown" {
		verb = "poweroff"
		for _, a := range args {
			switch a {
			case "-r", "--reboot":
				verb = "reboot"
			case "-h", "-P", "--poweroff", "now", "+0":
			default:
				return c.Fail(1, "%q is not simulated; it goes down now or not at all", a)
			}
		}
		if !slices.Contains(args, "now") && !slices.Contains(args, "+0") {
			return c.Fail(1, "a scheduled shutdown is not simulated; say now")
		}
	} else if len(args) > 0 {
		return c.Fail(1, "the option %q is not simulated", args[0])
	}
	return (&systemctl{kit: k, call: c, verb: verb}).power(context.Background())
}

// shut halts the host, or lets it boot again, and ends all of its processes.
func (k *kit) shut(c *shell.Call, again bool) {
	k.change(c, func(h *world.Host) {
		h.Halt()
		if again {
			h.PowerOn()
		}
	})
	c.Host.KillAll()
}
