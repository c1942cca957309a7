package world

import (
	"strings"
	"time"
)

// mendEntry takes back what faults above the databases did to a host.
func (w *World) mendEntry(h *Host) {
	write := func(path, old, fresh string) {
		if text := h.text(path); strings.Contains(text, old) {
			_ = h.Files.WriteFile(path, []byte(strings.ReplaceAll(text, old, fresh)), 0, "") // it is there, in memory
		}
	}
	h.StrictBind = false
	write(HAProxyFile, "/writable # fault was /primary", "/primary")
	write(UserList, `"not-the-password" `, "")
	write(BouncerFile, ";fault; netbox = ", "netbox = ")
	password := w.Plan.Secret["vrrp"]
	before := h.text(KeepalivedFile)
	write(KeepalivedFile, "auth_pass another # fault was "+password, "auth_pass "+password)
	write(KeepalivedFile, "weight -2 # fault was -100", "weight -100")
	if h.text(KeepalivedFile) != before {
		_ = h.Reload(KeepalivedUnit) // it may not run
	}
	if h.Running(BouncerUnit) {
		_ = h.Reload(BouncerUnit) // its files were good before
		for _, p := range h.Bouncer.Databases {
			p.Paused, p.Disabled, p.Used, p.Waiting = false, false, 0, 0
		}
	}
	if h.Running(HAProxyUnit) {
		_ = h.Reload(HAProxyUnit) // likewise
	}
	if own := h.text(Certificate + ".own"); own != "" {
		_ = h.Files.WriteFile(Certificate, []byte(own), 0, "") // it is there, in memory
		_ = h.Files.Remove(Certificate + ".own")               // it was read a moment ago
		_ = h.Reload(WebUnit)                                  // it may not run
	}
	h.RemoveUnit(leakUnit)
	h.RemoveUnit("nightly-backup")
	h.Postgres.Sessions = nil
	w.mendStates(h)
	w.mendRedis(h)
}

func (w *World) mendRedis(h *Host) {
	_ = h.Files.Remove(readOnlyDir) // it may not be there
	if c, ok := h.Files.(chowner); ok {
		for _, path := range []string{"/etc/redis", RedisFile, SentinelFile} {
			_ = c.Chown(path, "redis:redis") // they are there
		}
	}
	r, s := h.Redis, h.Sentinel
	if r.Running {
		r.MasterAuth, r.Priority, r.Bind = r.Password, 100, []string{"127.0.0.1", h.IP}
		if master := w.Host(s.Watched); master != nil && master != h && r.Master && master.Redis.Running && master.Redis.Master {
			w.order(h, master.Name)
		}
	}
	if s.Running && len(s.Ghosts) > 0 {
		s.Ghosts = nil
		s.save(h)
	}
}

// mendWorkers starts the workers again that Redis lost while its master moved, as their owner would do, until the cluster
// is healthy and all are known.
func (w *World) mendWorkers() {
	began := w.now
	w.endless = append(w.endless, func() bool {
		if !w.every(time.Second, 0) || w.now.Sub(began) < 3*time.Second {
			return false
		}
		lost := w.lostWorkers()
		for _, h := range lost {
			_ = h.Restart(WorkerUnit) // it ran a moment ago
		}
		return len(lost) == 0 && w.missing() == ""
	})
}

// lostWorkers are the hosts whose worker runs, and registered itself in a Redis that does not know it now.
func (w *World) lostWorkers() []*Host {
	m := w.redisMaster()
	if m == nil {
		return nil
	}
	var out []*Host
	for _, h := range w.Nodes() {
		n := h.NetBox
		if n == nil || !n.Worker || !n.Registered || !h.Up() || n.Redis != m.Redis.RunID {
			continue
		}
		if _, known := m.Redis.Data.Workers[n.name(h)]; !known {
			out = append(out, h)
		}
	}
	return out
}
