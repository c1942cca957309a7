package world

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"time"
)

// SystemID is the database cluster's identifier.
const SystemID = "7711276203485323398"

// New makes a healthy cluster of a plan: everything runs, the first node leads, the second is in step. Files gives each
// host its file system; it may be nil in tests of the world alone.
func New(plan Plan, files func(name string) Files) *World {
	w := &World{Plan: plan, now: plan.Began, cut: map[link]bool{}, Etcd: newStore(), Clients: true, pid: 600}
	for i, n := range plan.Nodes {
		h := w.addHost(n, files)
		h.Etcd = &EtcdMember{ID: memberID(n.Name), Quota: 2 << 30, DBSize: 98304, Use: 98304}
		h.Patroni = &Agent{Tags: map[string]bool{}, Pending: map[string][2]string{}}
		h.Postgres = &Instance{
			Exists: true, SystemID: SystemID, Timeline: 1, WAL: 0x5000148, Replayed: 0x5000148, Checkpoint: 0x50000D8, CheckpointAt: plan.Began,
			Clean: true, Primary: i == 0, Slots: map[string]*Slot{},
		}
		h.AddUnit(&Unit{Name: EtcdUnit, Description: "etcd, the store of Patroni's leader lock", State: Inactive, File: Enabled, RestartAfter: 5 * time.Second, User: "etcd", part: h.Etcd})
		h.AddUnit(&Unit{Name: PatroniUnit, Description: "Runners to orchestrate a high-availability PostgreSQL", State: Inactive, File: Enabled, User: "postgres", part: h.Patroni})
		w.entryUnits(h)
	}
	if plan.Console.Name != "" {
		w.addHost(plan.Console, files)
	}
	w.settle()
	return w
}

func (w *World) addHost(a Address, files func(string) Files) *Host {
	h := &Host{Name: a.Name, IP: a.IP, world: w, Power: true, Booted: w.now.Add(-time.Hour), Synced: true, Announced: map[string]time.Time{}}
	if files != nil {
		h.Files = files(a.Name)
	}
	h.AddUnit(&Unit{Name: "ssh", Description: "OpenBSD Secure Shell server", State: Active, File: Enabled, User: "root"})
	w.Hosts = append(w.Hosts, h)
	return h
}

// memberID is an id as etcd makes them; most real ones are above 2^63 too.
func memberID(name string) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(name)) // a hash does not fail
	return h.Sum64() | 1<<63
}

// settle starts everything in order and lets time pass until the cluster is healthy, then sets the clock back to where
// the world began.
func (w *World) settle() {
	began := w.now
	config, err := json.Marshal(map[string]any{
		"ttl": 30, "loop_wait": 10, "retry_timeout": 10, "maximum_lag_on_failover": 1048576,
		"synchronous_mode": true, "synchronous_mode_strict": true, "synchronous_node_count": 1,
		"postgresql": map[string]any{"use_pg_rewind": true, "use_slots": true, "parameters": map[string]any{
			"max_connections": 100, "max_worker_processes": 8, "max_wal_senders": 10, "max_replication_slots": 10, "wal_level": "replica", "wal_log_hints": "on", "hot_standby": "on",
		}},
	})
	if err != nil {
		panic(err) // a map of plain values
	}
	w.now = began.Add(-90 * time.Second)
	for _, h := range w.Nodes() {
		if h.Files != nil {
			_ = h.Files.MkdirAll(EtcdData+"/member/snap", 0o700, "etcd:etcd") // in memory, on an empty disk
			_ = h.Files.MkdirAll(EtcdData+"/member/wal", 0o700, "etcd:etcd")  // likewise
			h.writeData()
		}
		w.applySettings(h.Postgres)
		for _, name := range h.order {
			if err := h.Start(name); err != nil {
				panic(fmt.Sprintf("%s on %s: %v", name, h.Name, err)) // the files of a fresh cluster are ours
			}
		}
	}
	for w.now.Before(began) {
		w.now = w.now.Add(Step)
		w.tick()
		if w.Etcd.Leader != "" && w.Etcd.Keys[Prefix+"config"] == nil {
			_ = w.Put(Prefix+"initialize", SystemID, 0)   // there is a leader
			_ = w.Put(Prefix+"config", string(config), 0) // likewise
		}
	}
	w.Ledger = Ledger{}
	for _, h := range w.Hosts {
		h.Journal = nil
		h.Booted = began.Add(-time.Hour)
	}
}
