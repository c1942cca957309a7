package tools

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"syscall"
	"time"

	"recon/internal/twin/shell"
	"recon/internal/twin/world"
)

// running are the processes of transient units, by host and unit.
type running struct {
	mu  sync.Mutex
	all map[[2]string]*shell.Detached
}

func (r *running) put(host, unit string, d *shell.Detached) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.all == nil {
		r.all = map[[2]string]*shell.Detached{}
	}
	r.all[[2]string{host, unit}] = d
}

func (r *running) drop(host, unit string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.all, [2]string{host, unit})
}

func (r *running) signal(host, unit string, sig syscall.Signal) {
	r.mu.Lock()
	d := r.all[[2]string{host, unit}]
	r.mu.Unlock()
	if d != nil {
		d.Signal(sig)
	}
}

var systemdRunOptions = grammar{
	short: "u:p:qE:GdrS",
	long: []string{
		"unit=u:", "property=p:", "quiet=q", "service-type:", "setenv=E:", "uid:", "working-directory:", "description:", "collect=G", "no-block", "same-dir=d",
		"remain-after-exit=r", "expand-environment:", "version", "system",
	},
	first: true,
}

// transient is what systemd-run was asked to start.
type transient struct {
	name, description string
	limit             time.Duration
	// collect forgets the unit also when it failed.
	collect bool
	spec    shell.DetachedSpec
}

// systemdRun starts a command as a unit of its own, which outlives the session.
func (k *kit) systemdRun(ctx context.Context, c *shell.Call) int {
	given, args, err := systemdRunOptions.parse(c.Args[1:])
	switch {
	case err != nil:
		return c.Fail(1, "%s", err)
	case given.has("version"):
		fmt.Fprintln(c.Stdout, systemdVersion)
		return 0
	case given.has("S") || given.has("r"):
		return c.Fail(1, "--shell and --remain-after-exit are not simulated")
	case len(args) == 0:
		fmt.Fprintln(c.Stderr, "Command line to execute required.")
		return 1
	case c.User != "root":
		fmt.Fprintln(c.Stderr, "Failed to start transient service unit: Access denied")
		return 1
	}
	t := &transient{name: fmt.Sprintf("run-p%d-i%d", c.PID, c.PID), description: "[systemd-run] " + strings.Join(args, " ")}
	t.spec = shell.DetachedSpec{Args: args, User: "root", Dir: "/", Env: []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin", "LANG=C.UTF-8"}}
	if why := t.read(given, c); why != "" {
		fmt.Fprintln(c.Stderr, why)
		return 1
	}
	if why := k.launch(ctx, c, t); why != "" {
		fmt.Fprintln(c.Stderr, why)
		return 1
	}
	if !given.has("q") {
		fmt.Fprintf(c.Stderr, "Running as unit: %s.service\n", t.name)
	}
	return 0
}

// read takes over the options and says what systemd-run says of one that it does not take.
func (t *transient) read(given options, c *shell.Call) (why string) {
	for _, o := range given {
		switch o.name {
		case "u":
			name, kind := splitUnit(o.value)
			if kind != "service" {
				return "systemd-run: units of the type " + kind + " are not simulated"
			}
			t.name = name
		case "G":
			t.collect = true
		case "description":
			t.description = o.value
		case "uid":
			t.spec.User = o.value
		case "working-directory":
			t.spec.Dir = o.value
		case "d":
			t.spec.Dir = c.Dir
		case "E":
			v := o.value
			if !strings.Contains(v, "=") {
				v += "=" + c.Env(v)
			}
			t.spec.Env = append(t.spec.Env, v)
		case "service-type":
			if o.value != "exec" && o.value != "simple" {
				return "systemd-run: the service type " + o.value + " is not simulated"
			}
		case "p":
			if why := t.property(o.value); why != "" {
				return why
			}
		}
	}
	return ""
}

func (t *transient) property(p string) (why string) {
	name, value, _ := strings.Cut(p, "=")
	switch name {
	case "RuntimeMaxSec":
		d, err := timeSpan(value)
		if err != nil {
			return fmt.Sprintf("Failed to parse RuntimeMaxSec= parameter: %s", value)
		}
		t.limit = d
	case "StandardOutput", "StandardError":
		file, ok := strings.CutPrefix(value, "append:")
		if !ok && value != "journal" && value != "null" {
			return "systemd-run: " + p + " is not simulated; append:FILE, journal and null are"
		}
		if name == "StandardOutput" {
			t.spec.StdoutFile = file
		} else {
			t.spec.StderrFile = file
		}
	case "User":
		t.spec.User = value
	case "WorkingDirectory":
		t.spec.Dir = value
	case "Environment":
		t.spec.Env = append(t.spec.Env, value)
	case "Description":
		t.description = value
	case "Type", "KillMode", "TimeoutStopSec":
		// They say how it starts and ends; here that is always at once.
	default:
		return "Unknown assignment: " + p
	}
	return ""
}

// launch starts the unit; what it says is why not.
func (k *kit) launch(ctx context.Context, c *shell.Call, t *transient) (why string) {
	host := c.Host.Name
	u := &world.Unit{Name: t.name, Description: t.description, State: world.Active, File: transientFile, Result: "success", User: t.spec.User}
	k.change(c, func(h *world.Host) {
		if old := h.Unit(t.name); old != nil {
			if old.File != transientFile || old.State == world.Active || old.State == world.Failed {
				why = fmt.Sprintf("Failed to start transient service unit: Unit %s.service was already loaded or has a fragment file.", t.name)
				return
			}
		}
		u.Since = k.world.Time()
		h.AddUnit(u)
		h.Log(t.name, 6, "Started %s.service - %s.", t.name, t.description)
	})
	if why != "" {
		return why
	}
	// The unit lives as long as the host, not as the session that asked for it.
	life, end := context.WithCancel(context.WithoutCancel(ctx))
	started, late := make(chan struct{}), false
	t.spec.Done = func(status int) {
		<-started
		end()
		k.running.drop(host, t.name)
		k.change(c, func(h *world.Host) {
			if ended(h, u, status, late); t.collect && h.Units[u.Name] == u {
				h.RemoveUnit(u.Name)
			}
		})
	}
	d, err := c.Host.RunDetached(life, t.spec)
	if err != nil {
		close(started)
		end()
		k.change(c, func(h *world.Host) { h.RemoveUnit(t.name) })
		return fmt.Sprintf("Failed to start transient service unit: %s", shell.Reason(err))
	}
	k.running.put(host, t.name, d)
	k.world.Change(func() { u.PID = d.PID })
	if t.limit > 0 {
		go func() {
			if expire(life, c, t.limit) == nil {
				k.world.Change(func() { late = true })
				d.Signal(syscall.SIGTERM)
				if expire(life, c, 90*time.Second) == nil {
					d.Signal(syscall.SIGKILL)
				}
			}
		}()
	}
	close(started)
	return ""
}

// ended is what systemd makes of a transient unit's end: one that ended well is forgotten.
func ended(h *world.Host, u *world.Unit, status int, late bool) {
	if h.Units[u.Name] != u {
		return
	}
	u.PID = 0
	switch {
	case late:
		u.State, u.Result = world.Failed, "timeout"
		h.Log(u.Name, 4, "%s.service: Failed with result 'timeout'.", u.Name)
	case status == 0 || status == 128+int(syscall.SIGTERM):
		h.Log(u.Name, 6, "%s.service: Deactivated successfully.", u.Name)
		h.RemoveUnit(u.Name)
	case status > 128:
		u.State, u.Result, u.Code = world.Failed, "signal", status-128
		h.Log(u.Name, 4, "%s.service: Main process exited, code=killed, status=%d", u.Name, status-128)
		h.Log(u.Name, 4, "%s.service: Failed with result 'signal'.", u.Name)
	default:
		u.State, u.Result, u.Code = world.Failed, "exit-code", status
		h.Log(u.Name, 4, "%s.service: Main process exited, code=exited, status=%d/n/a", u.Name, status)
		h.Log(u.Name, 4, "%s.service: Failed with result 'exit-code'.", u.Name)
	}
}
