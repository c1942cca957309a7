package world

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"recon/internal/fault"
)

func (w *World) databaseFaults() map[string]breaker {
	return map[string]breaker{
		fault.KillLeader:        w.killLeader,
		fault.DivergeOldLeader:  w.divergeOldLeader,
		fault.StopSyncStandby:   w.stopSyncStandby,
		fault.StopReplicas:      w.stopReplicas,
		fault.PatroniPaused:     w.pausePatroni,
		fault.PendingRestart:    w.pendRestart,
		fault.WrongHBA:          w.wrongHBA,
		fault.ScheduledSwitch:   w.scheduleSwitchover,
		fault.NoFailoverLeft:    w.leaveNoFailover,
		fault.PatroniNotEnabled: w.disablePatroni,
		fault.SecondPrimary:     w.secondPrimary,
		fault.ReplicaLag:        w.lagReplica,
		fault.DeadSlot:          w.leaveSlot,
		fault.EtcdMember:        w.killMember,
		fault.EtcdQuorum:        w.killQuorum,
		fault.EtcdNoSpace:       w.fillStore,
		fault.EtcdStalls:        w.stallStore,
	}
}

func (w *World) killLeader(args []string) (string, error) {
	h, err := w.chosen(args, w.Leader())
	if err != nil {
		return "", err
	}
	h.Kill(PatroniUnit, true)
	return fmt.Sprintf("killed Patroni and PostgreSQL on the leader %s; its unit stays down", h.Name), nil
}

// divergeOldLeader waits for the failover, then lets the old leader commit what nobody else has.
func (w *World) divergeOldLeader(args []string) (string, error) {
	h, err := w.chosen(args, w.Leader())
	if err != nil {
		return "", err
	}
	h.Mask(PatroniUnit)
	h.Kill(PatroniUnit, true)
	w.later(func() bool {
		leader := w.Leader()
		if leader == nil || leader == h {
			return false
		}
		p := h.Postgres
		p.WAL += 900_000
		p.Replayed, p.Checkpoint, p.CheckpointAt, p.Clean, p.Primary = p.WAL, p.WAL, w.now, true, true
		p.Local += 2 // one that creates a table, one that fills it
		h.Unit(PatroniUnit).State, h.Unit(PatroniUnit).Result = Inactive, "success"
		return true
	})
	return fmt.Sprintf("killed the leader %s and masked its Patroni; after the failover it commits 5000 rows that nobody else has", h.Name), nil
}

func (w *World) stopSyncStandby(args []string) (string, error) {
	h, err := w.chosen(args, w.syncStandby())
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("stopped Patroni and PostgreSQL on the synchronous standby %s", h.Name), h.Stop(PatroniUnit)
}

func (w *World) stopReplicas([]string) (string, error) {
	all := w.replicas()
	for _, h := range all {
		if err := h.Stop(PatroniUnit); err != nil {
			return "", err
		}
	}
	return fmt.Sprintf("stopped Patroni and PostgreSQL on %s; commits on the leader wait", strings.Join(names(all), " and ")), nil
}

// Configure merges a patch into what the members keep in the store, as PATCH /config does: null takes a key away.
func (w *World) Configure(patch map[string]any) error {
	var now map[string]any
	if k := w.Etcd.Keys[Prefix+"config"]; k != nil {
		if err := json.Unmarshal([]byte(k.Value), &now); err != nil {
			return err
		}
	}
	b, err := json.Marshal(merged(now, patch))
	if err != nil {
		return err
	}
	return w.Put(Prefix+"config", string(b), 0)
}

func merged(base, patch map[string]any) map[string]any {
	if base == nil {
		base = map[string]any{}
	}
	for k, v := range patch {
		switch v := v.(type) {
		case nil:
			delete(base, k)
		case map[string]any:
			inner, _ := base[k].(map[string]any)
			base[k] = merged(inner, v)
		default:
			base[k] = v
		}
	}
	return base
}

func (w *World) pausePatroni([]string) (string, error) {
	return "left Patroni in maintenance mode", w.Configure(map[string]any{"pause": true})
}

func (w *World) pendRestart([]string) (string, error) {
	return "raised max_locks_per_transaction to 96: every member waits for a restart", w.Configure(map[string]any{
		"postgresql": map[string]any{"parameters": map[string]any{"max_locks_per_transaction": 96}},
	})
}

func (w *World) wrongHBA(args []string) (string, error) {
	h, err := w.chosen(args, w.asyncReplica())
	if err != nil {
		return "", err
	}
	if err := h.edit(PatroniFile, "- local all postgres peer", "- local all postgres reject # fault wrong-hba\n    - local all postgres peer"); err != nil {
		return "", err
	}
	return fmt.Sprintf("pg_hba on %s refuses Patroni's own user", h.Name), h.Reload(PatroniUnit)
}

func (w *World) scheduleSwitchover([]string) (string, error) {
	leader, standby := w.Leader(), w.syncStandby()
	if leader == nil || standby == nil {
		return "", errNoHost
	}
	at := w.now.Add(24 * time.Hour).UTC().Format(time.RFC3339)
	return fmt.Sprintf("left a switchover from %s to %s scheduled at %s", leader.Name, standby.Name, at),
		w.Switchover(Failover{Leader: leader.Name, Candidate: standby.Name, At: at})
}

func (w *World) leaveNoFailover(args []string) (string, error) {
	hosts := w.replicas()
	if len(args) > 0 {
		hosts = []*Host{w.Host(args[0])}
	}
	for _, h := range hosts {
		conf := h.text(PatroniFile) + "tags: {nofailover: true} # fault nofailover-left\n"
		if err := h.Files.WriteFile(PatroniFile, []byte(conf), 0o640, "root:postgres"); err != nil {
			return "", err
		}
		if err := h.Reload(PatroniUnit); err != nil {
			return "", err
		}
	}
	return "left the tag nofailover on " + strings.Join(names(hosts), " and "), nil
}

func (w *World) disablePatroni(args []string) (string, error) {
	hosts := w.named(args)
	for _, h := range hosts {
		h.Unit(PatroniUnit).File = Disabled
	}
	return "Patroni does not start with its host on " + strings.Join(names(hosts), ", "), nil
}

func (w *World) secondPrimary(args []string) (string, error) {
	h, err := w.chosen(args, w.asyncReplica())
	if err != nil {
		return "", err
	}
	h.KillAgent()
	p := h.Postgres
	p.History = append(p.History, Fork{Timeline: p.Timeline, At: p.WAL, Reason: "no recovery target specified", When: w.now, Leader: h.Name})
	p.Timeline++
	p.Primary, p.Upstream, p.Streaming, p.SyncNames = true, "", false, nil
	p.WAL += 24_000
	p.Local++
	h.erase(PGData + "/standby.signal")
	h.writeHistory()
	return fmt.Sprintf("killed Patroni on the replica %s and promoted its PostgreSQL: it takes writes that the leader never sees", h.Name), nil
}

func (w *World) lagReplica(args []string) (string, error) {
	h, err := w.chosen(args, w.asyncReplica())
	leader := w.Leader()
	if err != nil || leader == nil {
		return "", errNoHost
	}
	h.Postgres.ReplayPaused = true
	leader.Postgres.WAL += 32 << 20
	return fmt.Sprintf("paused the replay on %s and wrote 32 MiB of WAL on %s", h.Name, leader.Name), nil
}

func (w *World) leaveSlot([]string) (string, error) {
	leader := w.Leader()
	if leader == nil {
		return "", errNoHost
	}
	if err := w.Configure(map[string]any{"slots": map[string]any{"old_consumer": map[string]any{"type": "physical"}}}); err != nil {
		return "", err
	}
	leader.Postgres.Slots["old_consumer"] = &Slot{Name: "old_consumer", Kind: "physical", Restart: leader.Postgres.WAL}
	leader.Postgres.WAL += 128 << 20
	return fmt.Sprintf("left the slot old_consumer, which nobody reads, and wrote 128 MiB of WAL on %s", leader.Name), nil
}

func (w *World) killMember(args []string) (string, error) {
	h, err := w.chosen(args, w.asyncReplica())
	if err != nil {
		return "", err
	}
	h.Kill(EtcdUnit, true)
	return fmt.Sprintf("killed etcd on %s; its unit stays stopped", h.Name), nil
}

func (w *World) killQuorum([]string) (string, error) {
	victims := w.replicas()
	if len(victims) > 2 {
		victims = victims[:len(w.EtcdMembers())/2+1]
	}
	for _, h := range victims {
		h.Kill(EtcdUnit, true)
	}
	return fmt.Sprintf("killed etcd on %s; their units stay stopped", strings.Join(names(victims), " and ")), nil
}

func (w *World) fillStore(args []string) (string, error) {
	h, err := w.chosen(args, w.asyncReplica())
	if err != nil {
		return "", err
	}
	h.Etcd.Quota = 8 << 20
	for range 9 {
		if err := w.Put("/lab/fill/0", strings.Repeat("x", 64), 0); err != nil {
			return "", err
		}
	}
	for _, o := range w.EtcdMembers() {
		o.Etcd.DBSize, o.Etcd.Use = 9<<20, 9<<20
	}
	return fmt.Sprintf("gave etcd on %s a quota of 8 MiB and filled the store beyond it", h.Name), nil
}

// stallStore makes one member after the other stall for 2 s, the leader first, as on a disk that cannot keep up.
func (w *World) stallStore([]string) (string, error) {
	next, turn := w.now, 0
	w.stalling = true
	w.endless = append(w.endless, func() bool {
		if !w.stalling {
			return true
		}
		if w.now.Before(next) {
			return false
		}
		victim := w.Host(w.Etcd.Leader)
		if victim == nil {
			all := w.EtcdMembers()
			victim = all[turn%len(all)]
		}
		turn++
		victim.Etcd.Stalled = w.now.Add(2 * time.Second)
		victim.Log(EtcdUnit, 4, `{"level":"warn","msg":"slow fdatasync","took":"2.0%02ds","expected-duration":"1s"}`, turn%100)
		victim.Log(EtcdUnit, 4, `{"level":"warn","msg":"leader failed to send out heartbeat on time; took too long, leader is overloaded likely from slow disk"}`)
		next = w.now.Add(4 * time.Second)
		return false
	})
	return "every etcd member stalls for 2 s in turn, as on a disk that cannot keep up", nil
}
