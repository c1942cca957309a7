package world

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"
)

// Files is a host's file system, as far as the world reads and writes it.
type Files interface {
	ReadFile(path string) ([]byte, error)
	WriteFile(path string, data []byte, mode fs.FileMode, owner string) error
	Exists(path string) bool
	Remove(path string) error
	RemoveAll(path string) error
	MkdirAll(path string, mode fs.FileMode, owner string) error
	SetSize(path string, bytes int64)
}

// bootTime is how long a host needs from power to its first service.
const bootTime = 4 * time.Second

// Host is one machine.
type Host struct {
	Name, IP string
	world    *World

	Power bool
	// Booted is when its services began to start; in the future while it boots.
	Booted time.Time
	// Offset is the host's clock minus the true time; Synced whether its time service says that it follows one.
	Offset time.Duration
	Synced bool

	// VIPs are the floating addresses on its interface; Announced is when each was announced last.
	VIPs      []string
	Announced map[string]time.Time

	Files Files
	Units map[string]*Unit
	// order is the order in which units start at boot.
	order []string

	Etcd       *EtcdMember
	Patroni    *Agent
	Postgres   *Instance
	Redis      *Redis
	Sentinel   *Sentinel
	HAProxy    *HAProxy
	Keepalived *Keepalived
	Bouncer    *Bouncer
	NetBox     *NetBox

	// StrictBind is net.ipv4.ip_nonlocal_bind = 0: nothing listens on an address that the host does not have.
	StrictBind bool
	// DropVRRP is a firewall that lets no advertisement in or out.
	DropVRRP bool
	// Hoarded is memory that something uses up, in kilobytes.
	Hoarded int64
	// Sealed is the folder whose file system is read-only, empty when none is.
	Sealed string
	// spoilt are the files that faults changed.
	spoilt map[string]before
	// Journal is what the units wrote, oldest first.
	Journal []Entry
}

// Entry is one line of a journal. Priority is syslog's: 3 error, 4 warning, 6 information.
type Entry struct {
	At       time.Time // by the host's clock
	Unit     string
	Priority int
	Text     string
}

// Up says whether the host runs: powered on, and booted.
func (h *Host) Up() bool { return h.Power && !h.world.now.Before(h.Booted) }

// Clock is the host's own time.
func (h *Host) Clock() time.Time {
	now := h.world.now.Add(-h.world.skipped)
	if h.world.Finer != nil {
		if finer := h.world.Finer(); finer.After(now) {
			now = now.Add(min(finer.Sub(now), Step))
		}
	}
	return now.Add(h.Offset)
}

// Has says whether an address is on the host's interface.
func (h *Host) Has(address string) bool { return h.IP == address || slices.Contains(h.VIPs, address) }

// Log adds a line to the journal of a unit.
func (h *Host) Log(unit string, priority int, format string, args ...any) {
	h.Journal = append(h.Journal, Entry{At: h.Clock(), Unit: unit, Priority: priority, Text: fmt.Sprintf(format, args...)})
	if len(h.Journal) > 20000 {
		h.Journal = slices.Clone(h.Journal[10000:])
	}
}

// PowerOff takes the power: nothing is written any more. Halt ends the services in order first.
func (h *Host) PowerOff() {
	for _, u := range h.Units {
		if u.State == Active || u.State == Activating {
			h.ended(u, true)
		}
		u.State, u.Result = Inactive, ""
	}
	h.Power, h.VIPs = false, nil
}

// Halt shuts the host down cleanly.
func (h *Host) Halt() {
	for _, name := range slices.Backward(h.order) {
		h.Stop(name)
	}
	h.PowerOff()
}

// PowerOn starts the host: it boots, then its enabled units start.
func (h *Host) PowerOn() {
	if h.Power {
		return
	}
	h.Power, h.Booted = true, h.world.now.Add(bootTime)
	if h.Files != nil {
		_ = h.Files.Remove("/run/reboot-required")      // it may not be there
		_ = h.Files.Remove("/run/reboot-required.pkgs") // nor this
	}
	for _, u := range h.Units {
		u.State, u.Restarts, u.bootPending = Inactive, 0, u.File == Enabled
	}
}

func (w *World) tickHost(h *Host) {
	if !h.Up() {
		return
	}
	for _, name := range h.order {
		u := h.Units[name]
		switch {
		case u.bootPending:
			u.bootPending = false
			h.Start(name)
		case u.State == Activating && u.RestartAt != (time.Time{}) && !w.now.Before(u.RestartAt):
			u.Restarts++
			u.RestartAt = time.Time{}
			h.launch(u)
		}
	}
}

// text is a file's content, empty when it cannot be read.
func (h *Host) text(path string) string {
	if h.Files == nil {
		return ""
	}
	b, err := h.Files.ReadFile(path)
	if err != nil {
		return ""
	}
	return string(b)
}

// directive is the rest of the first line of a file that begins with a word, after leading blanks; comments do not count.
func directive(text, word string) (string, bool) {
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if rest, ok := strings.CutPrefix(line, word); ok && (rest == "" || rest[0] == ' ' || rest[0] == '\t' || rest[0] == ':' || rest[0] == '=') {
			rest, _, _ = strings.Cut(rest, " #")
			return strings.Trim(strings.TrimLeft(rest, " \t:="), " \t\""), true
		}
	}
	return "", false
}
