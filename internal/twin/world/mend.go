package world

import (
	"strings"
	"time"
)

// Mend takes back what faults did, the way a lab's owner does: power, cables, clocks, files, units. What the cluster lost
// stays lost; time has to pass until it is healthy.
func (w *World) Mend() {
	w.Change(func() {
		w.JoinAll()
		w.stalling, w.after, w.endless = false, nil, nil
		for _, h := range w.Hosts {
			h.DropVRRP, h.Offset, h.Synced = false, 0, true
			h.PowerOn()
			for _, name := range h.order {
				h.Unmask(name)
			}
			if u := h.Unit(PatroniUnit); u != nil && u.File == Disabled {
				u.File = Enabled
			}
			if h.Etcd != nil {
				h.Etcd.Quota, h.Etcd.Stalled = 2<<30, time.Time{}
			}
		}
		if len(w.Etcd.Alarms) > 0 {
			for _, k := range w.Etcd.Range("/lab/", "/lab0") {
				delete(w.Etcd.Keys, k)
			}
			w.Compact()
			for _, h := range w.EtcdMembers() {
				h.Etcd.Defrag()
			}
			w.Disarm()
		}
		w.mendStore()
		for _, h := range w.Nodes() {
			if conf := h.text(PatroniFile); strings.Contains(conf, "# fault") {
				var kept []string
				for line := range strings.Lines(conf) {
					if !strings.Contains(line, "# fault") {
						kept = append(kept, line)
					}
				}
				_ = h.Files.WriteFile(PatroniFile, []byte(strings.Join(kept, "")), 0o640, "root:postgres") // it was there a moment ago
				h.write(PGData+"/pg_hba.conf", strings.Join(hbaLines(strings.Join(kept, "")), "\n")+"\n")
				h.Postgres.readHBA(h)
			}
			h.Postgres.ReplayPaused = false
			for _, left := range []string{"/run/reboot-required", "/run/reboot-required.pkgs"} {
				h.erase(left)
			}
			delete(h.Postgres.Slots, "old_consumer")
			w.mendEntry(h)
		}
		for _, h := range w.Hosts {
			if !h.Up() {
				continue
			}
			for _, name := range h.order {
				if u := h.Units[name]; u.State != Active && u.State != Activating && u.File == Enabled {
					u.State = Inactive
					_ = h.Start(name) // one that cannot start yet is seen as failed
				}
			}
			_ = h.Reload(PatroniUnit) // the console has none
		}
		w.mendWorkers()
	})
	if w.Etcd.Leader != "" {
		w.Change(func() {
			_ = w.Configure(map[string]any{"pause": nil, "slots": nil, "ttl": 30, "synchronous_mode_strict": true, "failsafe_mode": nil, "postgresql": map[string]any{"parameters": map[string]any{"max_locks_per_transaction": nil}}}) // a leader is there
			w.Delete(Prefix+"failover", "")
		})
	}
}

// Healthy says what is missing for a healthy cluster, empty when nothing is.
func (w *World) Healthy() (missing string) {
	w.Look(func() { missing = w.missing() })
	return missing
}

func (w *World) missing() string {
	leader := w.Leader()
	switch {
	case len(w.cut) > 0:
		return "the network is cut"
	case w.Etcd.Leader == "":
		return "etcd has no leader"
	case len(w.Etcd.Alarms) > 0:
		return "etcd has an alarm"
	case leader == nil:
		return "nobody leads"
	case len(w.Plan.Nodes) > 1 && len(w.SyncStandbys()) == 0:
		return "no standby is in step"
	}
	for _, h := range w.Nodes() {
		p := h.Postgres
		switch {
		case !h.Up():
			return h.Name + " is down"
		case !h.Etcd.Majority:
			return "etcd on " + h.Name + " hears no leader"
		case h != leader && (!p.Streaming || p.Upstream != leader.Name):
			return "PostgreSQL on " + h.Name + " does not stream"
		}
		for _, name := range h.order {
			if u := h.Units[name]; u.File == Enabled && u.State != Active {
				return name + " on " + h.Name + " is " + u.State
			}
		}
	}
	if w.Config().Pause {
		return "Patroni is paused"
	}
	return w.missingEntry()
}
