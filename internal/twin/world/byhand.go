package world

import (
	"errors"
	"slices"
)

// RemoveUnit forgets a unit that was made while the host ran, as systemd forgets a transient one.
func (h *Host) RemoveUnit(name string) {
	delete(h.Units, name)
	h.order = slices.DeleteFunc(h.order, func(n string) bool { return n == name })
}

// The errors of a PostgreSQL that is handled without Patroni.
var (
	ErrNotRunning = errors.New("the server does not run")
	ErrIsRunning  = errors.New("the server runs already")
	ErrIsPrimary  = errors.New("the server is not in standby mode")
)

// StartPostgres starts a host's PostgreSQL past its Patroni, as pg_ctl does: as a standby where its data says so.
func (h *Host) StartPostgres() error {
	p := h.Postgres
	if p.Running {
		return ErrIsRunning
	}
	p.launch(h, h.Files == nil || !h.Files.Exists(PGData+"/standby.signal"))
	return nil
}

// StopPostgres ends it; immediate is without a checkpoint, as a kill is.
func (h *Host) StopPostgres(immediate bool) error {
	p := h.Postgres
	switch {
	case !p.Running:
		return ErrNotRunning
	case immediate:
		p.die(h)
	default:
		if p.Primary {
			h.world.handOver(h)
		}
		p.shutDown(h)
	}
	return nil
}

// PromotePostgres makes a standby a primary on a timeline of its own, whatever Patroni thinks of it.
func (h *Host) PromotePostgres() error {
	p := h.Postgres
	switch {
	case !p.Running:
		return ErrNotRunning
	case p.Primary:
		return ErrIsPrimary
	}
	p.History = append(p.History, Fork{Timeline: p.Timeline, At: p.WAL, Reason: "no recovery target specified", When: h.world.now, Leader: h.Name})
	p.Timeline++
	p.Primary, p.Upstream, p.Streaming, p.ReplayPaused = true, "", false, false
	h.erase(PGData + "/standby.signal")
	h.writeHistory()
	return nil
}

// Reread reads pg_hba.conf again, as a reload of the server does.
func (p *Instance) Reread(h *Host) { p.readHBA(h) }
