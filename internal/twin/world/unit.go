//lint:file-ignore ST1005 these are the words of the real programs

package world

import (
	"fmt"
	"time"
)

// The states of a unit, in systemd's words.
const (
	Active     = "active"
	Inactive   = "inactive"
	Failed     = "failed"
	Activating = "activating"

	Enabled  = "enabled"
	Disabled = "disabled"
	Masked   = "masked"
)

// Unit is one systemd service.
type Unit struct {
	Name, Description string
	State             string
	// File is whether it starts with the host: Enabled, Disabled, Masked.
	File string
	// Result is why it is not active: "", "success", "exit-code", "signal", "timeout", "oom-kill".
	Result string
	Code   int
	Since  time.Time
	PID    int
	// Restarts counts the automatic ones; RestartAfter is the pause before one, 0 when systemd starts nothing again.
	Restarts     int
	RestartAfter time.Duration
	RestartAt    time.Time
	// User runs it.
	User string
	// part is what runs in it; nil for a unit that is nothing but a process.
	part part

	bootPending bool
}

// part is a program that a unit runs.
type part interface {
	// start begins to run and says why it could not: the unit fails with that line in its journal.
	start(h *Host) error
	// stop ends it in order; crash ends it at once.
	stop(h *Host)
	crash(h *Host)
	// reload reads its files again.
	reload(h *Host) error
}

// Unit is the unit of that name; a name may end in ".service".
func (h *Host) Unit(name string) *Unit {
	if u := h.Units[name]; u != nil {
		return u
	}
	if n := len(name) - len(".service"); n > 0 && name[n:] == ".service" {
		return h.Units[name[:n]]
	}
	return nil
}

// Running says whether a unit of the host is active and the host is up.
func (h *Host) Running(name string) bool {
	u := h.Unit(name)
	return u != nil && h.Up() && u.State == Active
}

// AddUnit makes a unit known; it starts in this order at boot.
func (h *Host) AddUnit(u *Unit) {
	if h.Units == nil {
		h.Units = map[string]*Unit{}
	}
	if h.Units[u.Name] == nil {
		h.order = append(h.order, u.Name)
	}
	h.Units[u.Name] = u
}

// Start starts a unit. The error is what systemctl says.
func (h *Host) Start(name string) error {
	u := h.Unit(name)
	switch {
	case u == nil:
		return fmt.Errorf("Failed to start %s.service: Unit %s.service not found.", name, name)
	case u.File == Masked:
		return fmt.Errorf("Failed to start %s.service: Unit %s.service is masked.", u.Name, u.Name)
	case u.State == Active:
		return nil
	}
	u.RestartAt = time.Time{}
	h.Log(u.Name, 6, "Starting %s.service - %s...", u.Name, u.Description)
	if !h.launch(u) {
		return fmt.Errorf("Job for %s.service failed because the control process exited with error code.\n"+
			"See \"systemctl status %s.service\" and \"journalctl -xeu %s.service\" for details.", u.Name, u.Name, u.Name)
	}
	h.Log(u.Name, 6, "Started %s.service - %s.", u.Name, u.Description)
	return nil
}

// launch runs the unit's program and says whether it runs.
func (h *Host) launch(u *Unit) bool {
	h.world.pid += 7
	u.PID, u.Since = h.world.pid, h.world.now
	if u.part != nil {
		if err := u.part.start(h); err != nil {
			h.Log(u.Name, 3, "%s", err.Error())
			u.State, u.Result, u.Code, u.PID = Failed, "exit-code", 1, 0
			h.Log(u.Name, 4, "%s.service: Main process exited, code=exited, status=1/FAILURE", u.Name)
			h.Log(u.Name, 4, "%s.service: Failed with result 'exit-code'.", u.Name)
			return false
		}
	}
	u.State, u.Result = Active, "success"
	return true
}

// Stop ends a unit in order.
func (h *Host) Stop(name string) error {
	u := h.Unit(name)
	if u == nil {
		return fmt.Errorf("Failed to stop %s.service: Unit %s.service not loaded.", name, name)
	}
	u.RestartAt = time.Time{}
	if u.State == Active {
		h.Log(u.Name, 6, "Stopping %s.service - %s...", u.Name, u.Description)
		h.ended(u, false)
		h.Log(u.Name, 6, "%s.service: Deactivated successfully.", u.Name)
		h.Log(u.Name, 6, "Stopped %s.service - %s.", u.Name, u.Description)
	}
	if u.State != Failed {
		u.State = Inactive
	}
	u.Result = "success"
	return nil
}

func (h *Host) ended(u *Unit, crashed bool) {
	if u.part != nil {
		if crashed {
			u.part.crash(h)
		} else {
			u.part.stop(h)
		}
	}
	u.State, u.PID, u.Since = Inactive, 0, h.world.now
}

// Kill ends a unit's processes with SIGKILL. Where systemd restarts it, that happens after its pause; stays keeps it down.
func (h *Host) Kill(name string, stays bool) {
	u := h.Unit(name)
	if u == nil || u.State != Active {
		return
	}
	h.ended(u, true)
	h.Log(u.Name, 4, "%s.service: Main process exited, code=killed, status=9/KILL", u.Name)
	h.Log(u.Name, 4, "%s.service: Failed with result 'signal'.", u.Name)
	u.State, u.Result = Failed, "signal"
	if u.RestartAfter > 0 && !stays {
		u.State, u.RestartAt = Activating, h.world.now.Add(u.RestartAfter)
	}
}

// Fail is a program that ended by itself with an error.
func (h *Host) Fail(name, why string) {
	u := h.Unit(name)
	if u == nil || u.State != Active {
		return
	}
	h.Log(u.Name, 3, "%s", why)
	h.ended(u, true)
	u.State, u.Result, u.Code = Failed, "exit-code", 1
	h.Log(u.Name, 4, "%s.service: Main process exited, code=exited, status=1/FAILURE", u.Name)
	h.Log(u.Name, 4, "%s.service: Failed with result 'exit-code'.", u.Name)
	if u.RestartAfter > 0 {
		u.State, u.RestartAt = Activating, h.world.now.Add(u.RestartAfter)
	}
}

// Restart stops and starts a unit.
func (h *Host) Restart(name string) error {
	if err := h.Stop(name); err != nil {
		return err
	}
	return h.Start(name)
}

// Reload lets a unit's program read its files again.
func (h *Host) Reload(name string) error {
	u := h.Unit(name)
	switch {
	case u == nil:
		return fmt.Errorf("Failed to reload %s.service: Unit %s.service not found.", name, name)
	case u.State != Active:
		return fmt.Errorf("%s.service is not active, cannot reload.", u.Name)
	case u.part == nil:
		return nil
	}
	h.Log(u.Name, 6, "Reloading %s.service - %s...", u.Name, u.Description)
	if err := u.part.reload(h); err != nil {
		h.Log(u.Name, 3, "%s", err.Error())
		return err
	}
	h.Log(u.Name, 6, "Reloaded %s.service - %s.", u.Name, u.Description)
	return nil
}

// Mask keeps a unit from being started; Unmask ends that and leaves it disabled or enabled as it was.
func (h *Host) Mask(name string) {
	if u := h.Unit(name); u != nil {
		u.File = Masked
	}
}

// Unmask lets a unit be started again. Units of the stack were enabled before.
func (h *Host) Unmask(name string) {
	if u := h.Unit(name); u != nil && u.File == Masked {
		u.File = Enabled
	}
}
