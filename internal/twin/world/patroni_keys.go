//lint:file-ignore ST1005 these are the words of the real programs

package world

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Config is what the members keep in the store.
type Config struct {
	TTL, LoopWait, RetryTimeout float64
	Sync, Strict, Pause         bool
	Failsafe                    bool
	SyncCount                   int
	Parameters                  map[string]any
	// candidate is the member that a switchover under way names.
	candidate string
}

func (c Config) loopWait() time.Duration     { return seconds(c.LoopWait, 10) }
func (c Config) retryTimeout() time.Duration { return seconds(c.RetryTimeout, 10) }
func (c Config) ttl() time.Duration          { return seconds(c.TTL, 30) }

func seconds(n, usual float64) time.Duration {
	if n <= 0 {
		n = usual
	}
	return time.Duration(n * float64(time.Second))
}

// Config reads the key that `patronictl edit-config` writes.
func (w *World) Config() Config {
	var raw struct {
		TTL          float64 `json:"ttl"`
		LoopWait     float64 `json:"loop_wait"`
		RetryTimeout float64 `json:"retry_timeout"`
		Sync         any     `json:"synchronous_mode"`
		Strict       any     `json:"synchronous_mode_strict"`
		Pause        any     `json:"pause"`
		Failsafe     any     `json:"failsafe_mode"`
		Count        int     `json:"synchronous_node_count"`
		Postgres     struct {
			Parameters map[string]any `json:"parameters"`
		} `json:"postgresql"`
	}
	if k := w.Etcd.Keys[Prefix+"config"]; k != nil {
		_ = json.Unmarshal([]byte(k.Value), &raw) // Patroni too goes on with its defaults
	}
	c := Config{
		TTL: raw.TTL, LoopWait: raw.LoopWait, RetryTimeout: raw.RetryTimeout, Sync: raw.Sync == true || raw.Sync == "quorum", Strict: raw.Strict == true, Pause: raw.Pause == true,
		Failsafe: raw.Failsafe == true, SyncCount: max(raw.Count, 1), Parameters: raw.Postgres.Parameters,
	}
	if f, ok := w.Failover(); ok && f.At == "" {
		c.candidate = f.Candidate
	}
	return c
}

// Failover is the content of the key that asks for a switchover.
type Failover struct {
	Leader    string `json:"leader,omitempty"`
	Candidate string `json:"member,omitempty"`
	At        string `json:"scheduled_at,omitempty"`
}

// Failover is a switchover that was asked for, now or later.
func (w *World) Failover() (Failover, bool) {
	k := w.Etcd.Keys[Prefix+"failover"]
	if k == nil {
		return Failover{}, false
	}
	var f Failover
	return f, json.Unmarshal([]byte(k.Value), &f) == nil
}

// Switchover asks for a switchover, at once when at is empty. The error is what Patroni's REST API answers with 412.
func (w *World) Switchover(f Failover) error {
	leader := w.holder()
	candidate := w.Host(f.Candidate)
	switch {
	case f.Leader != "" && f.Leader != leader:
		return fmt.Errorf("leader name does not match")
	case leader == "":
		return fmt.Errorf("switchover is not possible: cluster does not have leader")
	case f.Candidate == "" && w.Config().Pause:
		return fmt.Errorf("Switchover is possible only to a specific candidate in a paused state")
	case f.Candidate != "" && (candidate == nil || w.Etcd.Keys[Prefix+"members/"+f.Candidate] == nil):
		return fmt.Errorf("candidate does not exists")
	case f.Candidate == leader:
		return fmt.Errorf("candidate is the leader")
	}
	if _, standbys := w.syncKey(); f.Candidate != "" && w.Config().Sync && !slices.Contains(standbys, f.Candidate) {
		return fmt.Errorf("candidate name does not match with sync_standby")
	} else if f.Candidate == "" {
		for _, s := range standbys {
			f.Candidate = s
		}
	}
	if f.Candidate == "" {
		return fmt.Errorf("switchover is not possible: no good candidates have been found")
	}
	b, err := json.Marshal(f)
	if err != nil {
		return err
	}
	return w.Put(Prefix+"failover", string(b), 0)
}

// switchIfAsked lets a leader give its lock to a candidate that is in step.
func (w *World) switchIfAsked(h *Host) {
	f, ok := w.Failover()
	if !ok || h.Patroni.Doing != "" {
		return
	}
	if f.At != "" {
		at, err := time.Parse(time.RFC3339Nano, f.At)
		if err != nil || w.now.Before(at) {
			return
		}
		f.At = ""
		b, err := json.Marshal(f)
		if err != nil || w.Put(Prefix+"failover", string(b), 0) != nil {
			return
		}
	}
	o := w.Host(f.Candidate)
	if o == nil || !slices.Contains(w.Standbys(h), o) {
		w.Delete(Prefix+"failover", "")
		h.Log(PatroniUnit, 4, "WARNING: switchover: no healthy members found, switchover is not possible")
		return
	}
	h.Log(PatroniUnit, 4, "INFO: switchover: demoting myself")
	w.handOver(h)
	h.Patroni.Doing, h.Patroni.Until = "release", w.now.Add(stopTime)
	h.Postgres.Stopping, h.Postgres.Ready = true, h.Patroni.Until
}

// touch keeps a member's own key alive and true.
func (w *World) touch(h *Host) {
	a := h.Patroni
	if a.lease == 0 || w.Renew(a.lease) != nil {
		id, err := w.Grant(w.Config().ttl())
		if err != nil {
			a.lease = 0
			return
		}
		a.lease = id
	}
	key := Prefix + "members/" + h.Name
	value := w.memberValue(h)
	if k := w.Etcd.Keys[key]; k != nil && k.Value == value && k.Lease == a.lease {
		return
	}
	_ = w.Put(key, value, a.lease) // an alarm of the store keeps it as it was, and Patroni goes on
}

// memberValue is a member's key as Patroni writes it.
func (w *World) memberValue(h *Host) string {
	p, a := h.Postgres, h.Patroni
	state, role := w.AgentState(h)
	m := map[string]any{
		"conn_url": "postgres://" + h.IP + ":5432/postgres", "api_url": "http://" + h.IP + ":8008/patroni",
		"state": state, "role": role, "version": "4.0.7",
	}
	if p.Exists && p.Accepts(w.now) && !p.RejectsAgent {
		m["timeline"] = p.Timeline
		m["xlog_location"] = uint64(p.WAL)
		if !p.Primary {
			if m["replication_state"] = "in archive recovery"; p.Streaming {
				m["replication_state"] = "streaming"
			}
			m["receive_lsn"], m["replay_lsn"] = uint64(p.WAL), uint64(p.Replayed)
			m["xlog_location"] = uint64(p.Replayed)
			if p.WAL > p.Replayed && !p.ReplayPaused {
				m["xlog_location"] = uint64(p.WAL)
			}
		}
	}
	if len(a.Pending) > 0 {
		m["pending_restart"] = true
		reason := map[string]any{}
		for name, v := range a.Pending {
			reason[name] = map[string]string{"old_value": v[0], "new_value": v[1]}
		}
		m["pending_restart_reason"] = reason
	}
	if len(a.Tags) > 0 {
		m["tags"] = a.Tags
	}
	if a.Paused {
		m["pause"] = true
	}
	b, err := json.Marshal(m)
	if err != nil {
		return "{}"
	}
	return string(b)
}

// syncKey is who was in step when the leader wrote it last.
func (w *World) syncKey() (leader string, standbys []string) {
	k := w.Etcd.Keys[Prefix+"sync"]
	if k == nil {
		return "", nil
	}
	var v struct {
		Leader  string `json:"leader"`
		Standby string `json:"sync_standby"`
	}
	if json.Unmarshal([]byte(k.Value), &v) != nil {
		return "", nil
	}
	if v.Standby != "" {
		standbys = strings.Split(v.Standby, ",")
	}
	return v.Leader, standbys
}

// SyncStandbys are the members in step, as the store has them.
func (w *World) SyncStandbys() []string {
	_, standbys := w.syncKey()
	return standbys
}

func syncValue(leader string, standbys []string) string {
	b, err := json.Marshal(map[string]any{"leader": leader, "quorum": 0, "sync_standby": strings.Join(standbys, ",")})
	if err != nil {
		return "{}"
	}
	return string(b)
}

// chooseSync keeps the synchronous standbys that stream and chooses others for those that do not.
func (w *World) chooseSync(h *Host) {
	p, c := h.Postgres, w.Config()
	if !c.Sync {
		p.SyncNames = nil
		w.Delete(Prefix+"sync", "")
		return
	}
	_, before := w.syncKey()
	var chosen []string
	standbys := w.Standbys(h)
	add := func(name string) {
		if len(chosen) < c.SyncCount && !slices.Contains(chosen, name) {
			chosen = append(chosen, name)
		}
	}
	fit := func(o *Host) bool { return o.Patroni.Running && !o.Patroni.Tags["nosync"] }
	for _, name := range before {
		if slices.ContainsFunc(standbys, func(o *Host) bool { return o.Name == name && fit(o) }) {
			add(name)
		}
	}
	for _, o := range standbys {
		if fit(o) {
			add(o.Name)
		}
	}
	p.SyncNames = slices.Clone(chosen)
	if len(chosen) == 0 && c.Strict {
		p.SyncNames = []string{"*"}
	}
	if value := syncValue(h.Name, chosen); w.Etcd.Keys[Prefix+"sync"] == nil || w.Etcd.Keys[Prefix+"sync"].Value != value {
		_ = w.Put(Prefix+"sync", value, 0) // under an alarm it stays as it was, and so do the names until the next loop
	}
}

func statusValue(p *Instance) string {
	slots := map[string]uint64{}
	for _, s := range p.Slots {
		slots[s.Name] = uint64(s.Restart)
	}
	b, err := json.Marshal(map[string]any{"optime": uint64(p.WAL), "slots": slots})
	if err != nil {
		return "{}"
	}
	return string(b)
}

// putHistory writes the forks of the new leader's history.
func (w *World) putHistory(p *Instance) {
	rows := [][]any{}
	for _, f := range p.History {
		rows = append(rows, []any{f.Timeline, uint64(f.At), f.Reason, f.When.UTC().Format("2006-01-02T15:04:05.000000+00:00"), f.Leader})
	}
	b, err := json.Marshal(rows)
	if err == nil {
		_ = w.Put(Prefix+"history", string(b), 0)
	}
}

// needRestart are the parameters that take effect only with a restart.
var needRestart = []string{"max_connections", "max_locks_per_transaction", "max_worker_processes", "max_prepared_transactions", "wal_level", "max_wal_senders", "max_replication_slots", "shared_buffers"}

// pend compares the settings in force with those of the store.
func (w *World) pend(h *Host) {
	a, p := h.Patroni, h.Postgres
	if !p.Accepts(w.now) {
		return
	}
	wanted := w.settings()
	for _, name := range needRestart {
		if now, want := p.Settings[name], wanted[name]; now != want && want != "" {
			a.Pending[name] = [2]string{now, want}
		} else {
			delete(a.Pending, name)
		}
	}
}

// settings are the values that a restart brings.
func (w *World) settings() map[string]string {
	out := map[string]string{
		"max_connections": "100", "max_locks_per_transaction": "64", "max_worker_processes": "8", "max_prepared_transactions": "0",
		"wal_level": "replica", "max_wal_senders": "10", "max_replication_slots": "10", "shared_buffers": "128MB",
	}
	for name, v := range w.Config().Parameters {
		if _, known := out[name]; known && v != nil {
			out[name] = fmt.Sprint(v)
		}
	}
	return out
}

func (w *World) applySettings(p *Instance) { p.Settings = w.settings() }

// RestartPostgres restarts a member's PostgreSQL through its agent, as POST /restart does.
func (w *World) RestartPostgres(h *Host) {
	h.Postgres.Stopping, h.Postgres.Ready = true, w.now.Add(stopTime)
	h.Patroni.Doing, h.Patroni.Until = "restart", w.now.Add(stopTime)
}
