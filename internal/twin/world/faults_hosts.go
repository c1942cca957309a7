package world

import (
	"fmt"
	"io/fs"
	"strings"
	"time"

	"recon/internal/fault"
)

func (w *World) hostFaults() map[string]breaker {
	return map[string]breaker{
		fault.PowerOffLeader: w.powerOffLeader,
		fault.PowerOffAll:    w.powerOffAll,
		fault.StopNode:       w.stopNode,
		fault.FillDisk:       w.fillDisk,
		fault.UnitFailed:     w.failUnit,
		fault.RebootPending:  w.askReboot,
		fault.Partition:      w.isolate,
		fault.PartitionPair:  w.separate,
		fault.CutConsole:     w.cutConsole,
		fault.SSHDown:        w.stopSSH,
	}
}

func (w *World) powerOffLeader([]string) (string, error) {
	h := w.Leader()
	if h == nil {
		return "", errNoHost
	}
	h.PowerOff()
	return fmt.Sprintf("took the power from the leader %s: nothing there answers", h.Name), nil
}

// powerOffAll is a power loss of the whole site: everything stops at once, and boots by itself when the power is back.
func (w *World) powerOffAll([]string) (string, error) {
	hosts, back := w.Nodes(), w.now.Add(30*time.Second)
	for _, h := range hosts {
		h.PowerOff()
	}
	w.later(func() bool {
		if w.now.Before(back) {
			return false
		}
		for _, h := range hosts {
			h.PowerOn()
		}
		return true
	})
	return fmt.Sprintf("took the power from %s; they boot again in 30 s", strings.Join(names(hosts), ", ")), nil
}

func (w *World) stopNode(args []string) (string, error) {
	h, err := w.chosen(args, w.asyncReplica())
	if err != nil {
		return "", err
	}
	h.Halt()
	return fmt.Sprintf("halted %s cleanly", h.Name), nil
}

// disks is a file system that knows its size.
type disks interface {
	// Fill writes a file that leaves that share of the file system of a path free.
	Fill(path string, share float64) error
	// Seal makes a folder a file system that is read-only, or writable again.
	Seal(path string, readOnly bool) error
}

func (w *World) fillDisk(args []string) (string, error) {
	h, err := w.chosen(args, w.asyncReplica())
	if err != nil {
		return "", err
	}
	d, ok := h.Files.(disks)
	if !ok {
		return "", fmt.Errorf("%s has no disks", h.Name)
	}
	return fmt.Sprintf("PostgreSQL's file system on %s is full to 96 %%", h.Name), d.Fill(forgotten, 0.04)
}

func (w *World) failUnit(args []string) (string, error) {
	h, err := w.chosen(args, w.lastNode())
	if err != nil {
		return "", err
	}
	h.AddUnit(&Unit{Name: "nightly-backup", Description: "Nightly backup", State: Failed, File: "static", Result: "exit-code", Code: 1, Since: w.now, User: "root"})
	h.Log("nightly-backup", 6, "Starting nightly-backup.service - Nightly backup...")
	h.Log("nightly-backup", 4, "nightly-backup.service: Main process exited, code=exited, status=1/FAILURE")
	h.Log("nightly-backup", 4, "nightly-backup.service: Failed with result 'exit-code'.")
	h.Log("nightly-backup", 3, "Failed to start nightly-backup.service - Nightly backup.")
	return "the unit nightly-backup failed on " + h.Name, nil
}

func (w *World) askReboot(args []string) (string, error) {
	h, err := w.chosen(args, w.lastNode())
	if err != nil {
		return "", err
	}
	if err := h.Files.WriteFile("/run/reboot-required", []byte("*** System restart required ***\n"), fs.FileMode(0o644), "root:root"); err != nil {
		return "", err
	}
	return h.Name + " waits for a reboot", h.Files.WriteFile("/run/reboot-required.pkgs", []byte("linux-image-amd64\n"), 0o644, "root:root")
}

func (w *World) isolate(args []string) (string, error) {
	h, err := w.chosen(args, w.asyncReplica())
	if err != nil {
		return "", err
	}
	w.Isolate(h.Name)
	return fmt.Sprintf("isolated %s; its carrier is up", h.Name), nil
}

func (w *World) separate(args []string) (string, error) {
	pair := names(w.replicas())
	switch {
	case len(args) == 2:
		pair = args
	case len(args) == 1:
		other := ""
		for _, name := range pair {
			if name != args[0] {
				other = name
			}
		}
		pair = []string{args[0], other}
	}
	if len(pair) < 2 || pair[0] == pair[1] {
		return "", fmt.Errorf("a pair is two nodes; name both")
	}
	w.Cut(pair[0], pair[1])
	return fmt.Sprintf("%s do not reach each other", strings.Join(pair[:2], " and ")), nil
}

func (w *World) cutConsole(args []string) (string, error) {
	h, err := w.chosen(args, w.lastNode())
	if err != nil {
		return "", err
	}
	w.Cut(Console, h.Name)
	return fmt.Sprintf("the console does not reach %s; the nodes do", h.Name), nil
}

func (w *World) stopSSH(args []string) (string, error) {
	h, err := w.chosen(args, w.lastNode())
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("stopped sshd on %s and ended its sessions", h.Name), h.Stop("ssh")
}
