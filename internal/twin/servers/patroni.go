package servers

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"recon/internal/twin/world"
)

// Patroni is the REST API of a host's agent. What changes something needs the user `patroni` and its password.
func Patroni(w *world.World, host string, wait func(r *http.Request, most time.Duration, done func() bool) bool) http.Handler {
	return &patroni{world: w, host: host, wait: wait}
}

type patroni struct {
	world *world.World
	host  string
	// wait lets the world's time pass until done, which is called with the lock held; false when that took too long.
	wait func(r *http.Request, most time.Duration, done func() bool) bool
}

func (p *patroni) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var clock time.Time
	p.world.Look(func() { clock = p.world.Host(p.host).Clock() })
	w.Header()["Date"] = []string{clock.UTC().Format(http.TimeFormat)}
	w.Header()["Server"] = []string{"BaseHTTP/0.6 Python/3.13.5"}
	switch r.Method {
	case http.MethodGet, http.MethodOptions, http.MethodHead:
		p.read(w, r)
	case http.MethodPost, http.MethodPatch, http.MethodDelete, http.MethodPut:
		user, password, ok := r.BasicAuth()
		var right string
		p.world.Look(func() { right = p.world.Plan.Secret["patroni"] })
		if !ok || user != "patroni" || password != right {
			w.Header().Set("WWW-Authenticate", `Basic realm="recon"`)
			answer(w, http.StatusUnauthorized, "no auth header received")
			return
		}
		p.change(w, r)
	default:
		answer(w, http.StatusNotImplemented, "Unsupported method")
	}
}

func answer(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/html")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, text) // a caller that hung up wants no answer
}

func answerJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // likewise
}

func (p *patroni) read(w http.ResponseWriter, r *http.Request) {
	status, body, plain := 0, any(nil), ""
	p.world.Look(func() {
		h := p.world.Host(p.host)
		if status = p.world.PatroniStatus(h, r.URL.RequestURI()); status == 0 {
			return
		}
		switch strings.TrimSuffix(r.URL.Path, "/") {
		case "/cluster":
			if body = p.cluster(h); body == nil {
				status, plain = 503, "the store does not answer"
			}
		case "/history":
			body = raw(p.world.View(h), "history", "[]")
		case "/config":
			body = raw(p.world.View(h), "config", "{}")
		case "/failsafe":
			status, plain = 502, "Failsafe mode is disabled"
		case "/liveness", "/readiness":
			body = map[string]any{}
		case "/metrics":
			plain = p.metrics(h)
		default:
			body = p.report(h)
		}
	})
	switch {
	case status == 0:
		panic(http.ErrAbortHandler) // it died between the connection and the request
	case plain != "":
		answer(w, status, plain)
	case r.Method == http.MethodOptions || r.Method == http.MethodHead:
		w.WriteHeader(status)
	default:
		answerJSON(w, status, body)
	}
}

func raw(s *world.Store, key, none string) json.RawMessage {
	if k := s.Keys[world.Prefix+key]; k != nil {
		return json.RawMessage(k.Value)
	}
	return json.RawMessage(none)
}

const stamp = "2006-01-02 15:04:05.000000+00:00"

// report is GET /patroni. What needs PostgreSQL's answer is left out while it does not give one.
func (p *patroni) report(h *world.Host) map[string]any {
	w := p.world
	state, role := w.AgentState(h)
	db, a := h.Postgres, h.Patroni
	out := map[string]any{"state": state, "role": role}
	if state == "running" {
		out["postmaster_start_time"] = db.Started.UTC().Format(stamp)
		out["server_version"], out["timeline"] = 170006, db.Timeline
		if db.Primary {
			out["xlog"] = map[string]any{"location": uint64(db.WAL)}
		} else {
			out["xlog"] = map[string]any{
				"received_location": uint64(db.WAL), "replayed_location": uint64(db.Replayed), "replayed_timestamp": nil, "paused": db.ReplayPaused,
			}
			out["replication_state"] = map[bool]string{true: "streaming", false: "in archive recovery"}[db.Streaming]
			if slices.Contains(w.SyncStandbys(), h.Name) {
				out["sync_standby"] = true
			}
		}
		followers := []map[string]any{}
		for _, o := range w.Standbys(h) {
			followers = append(followers, map[string]any{
				"usename": "replicator", "application_name": o.Name, "client_addr": o.IP, "state": "streaming",
				"sync_state": db.SyncState(o.Name), "sync_priority": map[bool]int{true: 1}[db.SyncState(o.Name) == "sync"],
			})
		}
		if len(followers) > 0 {
			out["replication"] = followers
		}
	}
	if w.Etcd.Keys[world.Prefix+"leader"] == nil || a.Seen.Before(w.Time().Add(-30*time.Second)) {
		out["cluster_unlocked"] = true
	}
	if len(a.Pending) > 0 {
		reasons := map[string]any{}
		for name, v := range a.Pending {
			reasons[name] = map[string]string{"old_value": v[0], "new_value": v[1]}
		}
		out["pending_restart"], out["pending_restart_reason"] = true, reasons
	}
	if a.Paused {
		out["pause"] = true
	}
	if a.Failsafe {
		out["failsafe_mode_is_active"] = true
	}
	if a.NoWatchdog {
		out["watchdog_failed"] = true
	}
	if len(a.Tags) > 0 {
		out["tags"] = a.Tags
	}
	if !a.Seen.IsZero() {
		out["dcs_last_seen"] = a.Seen.Add(h.Offset).Unix()
	}
	if db.Exists {
		out["database_system_identifier"] = db.SystemID
	}
	out["patroni"] = map[string]any{"version": "4.0.7", "scope": world.Scope, "name": h.Name}
	return out
}

// cluster is GET /cluster: what stands in the store, whoever is dead. It is nil when no store answers at all.
func (p *patroni) cluster(h *world.Host) map[string]any {
	store := p.store(h)
	if store == nil {
		return nil
	}
	return View(store)
}

// store is the store as an agent's serializable reads see it.
func (p *patroni) store(h *world.Host) *world.Store {
	for _, o := range p.world.EtcdMembers() {
		if o.Etcd.Running && p.world.Reaches(h.Name, o.Name) {
			return p.world.View(o)
		}
	}
	return nil
}

// Member is a member's key as Patroni writes it.
type Member struct {
	ConnURL  string          `json:"conn_url"`
	APIURL   string          `json:"api_url"`
	State    string          `json:"state"`
	Role     string          `json:"role"`
	Timeline *int            `json:"timeline"`
	Location *uint64         `json:"xlog_location"`
	Replay   *uint64         `json:"replay_lsn"`
	Repl     string          `json:"replication_state"`
	Pending  bool            `json:"pending_restart"`
	Reason   json.RawMessage `json:"pending_restart_reason"`
	Tags     map[string]any  `json:"tags"`
}

// View is the cluster as Patroni reads it in its keys.
func View(s *world.Store) map[string]any {
	members := []map[string]any{}
	leader := value(s, "leader")
	var sync struct {
		Standby string `json:"sync_standby"`
	}
	_ = json.Unmarshal([]byte(value(s, "sync")), &sync) // no key, no standby
	var status struct {
		Optime uint64 `json:"optime"`
	}
	_ = json.Unmarshal([]byte(value(s, "status")), &status) // likewise
	for _, key := range s.Range(world.Prefix+"members/", world.Prefix+"members0") {
		var m Member
		if json.Unmarshal([]byte(s.Keys[key].Value), &m) != nil {
			continue
		}
		name := strings.TrimPrefix(key, world.Prefix+"members/")
		entry := map[string]any{"name": name, "role": "replica", "state": m.State, "api_url": m.APIURL, "host": host(m.ConnURL), "port": world.PostgresPort}
		if m.Timeline != nil {
			entry["timeline"] = *m.Timeline
		}
		switch {
		case name == leader:
			entry["role"] = "leader"
		case slices.Contains(strings.Split(sync.Standby, ","), name):
			entry["role"] = "sync_standby"
		}
		if name != leader {
			if m.Repl != "" && m.State == "running" {
				entry["state"] = m.Repl
			}
			if entry["lag"] = any("unknown"); m.Location != nil {
				at := *m.Location
				if m.Replay != nil {
					at = *m.Replay
				}
				entry["lag"] = max(int64(status.Optime)-int64(at), 0)
			}
		}
		if m.Pending {
			entry["pending_restart"] = true
			if m.Reason != nil {
				entry["pending_restart_reason"] = m.Reason
			}
		}
		if len(m.Tags) > 0 {
			entry["tags"] = m.Tags
		}
		members = append(members, entry)
	}
	out := map[string]any{"members": members, "scope": world.Scope}
	var config struct {
		Pause any `json:"pause"`
	}
	_ = json.Unmarshal([]byte(value(s, "config")), &config) // no key, no pause
	if config.Pause == true {
		out["pause"] = true
	}
	var f world.Failover
	if json.Unmarshal([]byte(value(s, "failover")), &f) == nil && f.At != "" {
		scheduled := map[string]any{"at": f.At, "from": f.Leader}
		if f.Candidate != "" {
			scheduled["to"] = f.Candidate
		}
		out["scheduled_switchover"] = scheduled
	}
	return out
}

func value(s *world.Store, key string) string {
	if k := s.Keys[world.Prefix+key]; k != nil {
		return k.Value
	}
	return ""
}

func host(url string) string {
	_, rest, _ := strings.Cut(url, "://")
	rest, _, _ = strings.Cut(rest, "/")
	rest, _, _ = strings.Cut(rest, ":")
	return rest
}

func (p *patroni) metrics(h *world.Host) string {
	db := h.Postgres
	bit := map[bool]int{true: 1}
	label := fmt.Sprintf(`{scope="%s",name="%s"}`, world.Scope, h.Name)
	return fmt.Sprintf("patroni_postgres_running%s %d\npatroni_primary%s %d\npatroni_xlog_location%s %d\npatroni_postgres_timeline%s %d\npatroni_is_paused%s %d\n",
		label, bit[db.Running], label, bit[db.Primary && db.Running], label, db.WAL, label, db.Timeline, label, bit[h.Patroni.Paused])
}
