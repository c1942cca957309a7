package world

import (
	"fmt"
	"slices"
	"time"
)

const leakUnit = "lab-leak"

// leak is an application that never ends its transactions: it holds every server connection that the pools may have, and
// comes again when it is turned away.
type leak struct{}

func (leak) start(h *Host) error { h.world.hold(); return nil }
func (leak) stop(h *Host)        { h.world.release() }
func (leak) crash(h *Host)       { h.world.release() }
func (leak) reload(*Host) error  { return nil }

func (w *World) exhaustPools(args []string) (string, error) {
	h, err := w.chosen(args, w.lastNode())
	if err != nil {
		return "", err
	}
	h.AddUnit(&Unit{Name: leakUnit, Description: "an application with a leak", State: Inactive, File: "transient", User: "root", part: leak{}})
	if err := h.Start(leakUnit); err != nil {
		return "", err
	}
	w.endless = append(w.endless, func() bool {
		if !h.Running(leakUnit) {
			return true
		}
		if w.every(time.Second, 0) {
			w.hold()
		}
		return false
	})
	return fmt.Sprintf("a client on %s holds a transaction open in every connection of the pools", h.Name), nil
}

// leaks says whether a session is the leak's.
func leaks(c ClientBackend) bool { return c.App == "leak" }

// hold fills every pool, and gives the primary the sessions behind.
func (w *World) hold() {
	leader := w.Leader()
	for _, h := range w.Nodes() {
		b := h.Bouncer
		if b == nil || !b.Running || !h.Up() || b.Databases["netbox"] == nil {
			continue
		}
		p := b.Databases["netbox"]
		p.Used = p.Size + p.Reserve
		if leader == nil {
			continue
		}
		have := 0
		for _, c := range leader.Postgres.Sessions {
			if leaks(c) && c.Client == h.IP {
				have++
			}
		}
		for ; have < p.Used; have++ {
			w.pid++
			leader.Postgres.Sessions = append(leader.Postgres.Sessions, ClientBackend{
				PID: w.pid, User: "netbox", Database: "netbox", App: "leak", Client: h.IP, State: "idle in transaction", Query: "SELECT 1", Wait: "ClientRead", XactStart: w.now,
			})
		}
	}
}

// release ends all that the leak held.
func (w *World) release() {
	for _, h := range w.Nodes() {
		h.Postgres.Sessions = slices.DeleteFunc(h.Postgres.Sessions, leaks)
		if h.Bouncer == nil {
			continue
		}
		for _, p := range h.Bouncer.Databases {
			p.Used = 0
		}
	}
}
