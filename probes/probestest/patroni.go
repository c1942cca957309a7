package probestest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"recon/internal/inventory"
)

// patroni is the REST API of one agent, in the shapes that Patroni 4.0.7 answers.
type patroni struct {
	cluster *Cluster
	node    inventory.Node
}

func (p *patroni) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if p.cluster.mode(func(m *Machine) Mode { return m.Patroni }, p.node.Name) != Up {
		panic(http.ErrAbortHandler)
	}
	status, body := 0, any(nil)
	var fixed *Answer
	p.cluster.look(func(world *World) {
		m := world.Machines[p.node.Name]
		if a, ok := m.Answers[r.URL.Path]; ok {
			fixed = &a
			return
		}
		status, body = p.answer(world, m, r.URL.Path)
	})
	if fixed != nil {
		for k, v := range fixed.Header {
			w.Header().Set(k, v)
		}
		if fixed.Type != "" {
			w.Header().Set("Content-Type", fixed.Type)
		}
		w.WriteHeader(fixed.Status)
		fmt.Fprint(w, fixed.Body)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // a caller that hung up wants no answer
}

func (p *patroni) answer(world *World, m *Machine, path string) (int, any) {
	switch path {
	case "/patroni":
		return http.StatusOK, p.report(world, m)
	case "/primary":
		if m.Role == "primary" && world.LockHolder == p.node.Name && m.State == "running" {
			return http.StatusOK, p.report(world, m)
		}
		return http.StatusServiceUnavailable, p.report(world, m)
	case "/cluster":
		return http.StatusOK, p.view(world)
	case "/history":
		rows := [][]any{}
		for _, s := range world.History {
			rows = append(rows, []any{s.Timeline, s.LSN, s.Reason, s.At, s.Leader})
		}
		return http.StatusOK, rows
	case "/config":
		return http.StatusOK, configOf(world)
	}
	return http.StatusServiceUnavailable, p.report(world, m)
}

func configOf(world *World) map[string]any {
	conf := map[string]any{
		"ttl": 30, "loop_wait": 10, "retry_timeout": 10, "synchronous_mode": true, "synchronous_node_count": 1,
		"synchronous_mode_strict": true, "postgresql": map[string]any{"use_pg_rewind": true},
	}
	if world.Paused {
		conf["pause"] = true
	}
	return conf
}

func (p *patroni) report(world *World, m *Machine) map[string]any {
	out := map[string]any{
		"state": m.State, "role": m.Role, "dcs_last_seen": time.Now().Unix(), "database_system_identifier": world.SystemID,
		"patroni": map[string]any{"version": "4.0.7", "scope": world.Scope, "name": p.node.Name},
	}
	if m.State == "running" {
		out["server_version"], out["timeline"] = 170012, m.Timeline
		if m.Role == "primary" {
			out["xlog"] = map[string]any{"location": m.Location}
		} else {
			out["xlog"] = map[string]any{"received_location": m.Location, "replayed_location": m.Location, "replayed_timestamp": nil, "paused": false}
		}
		if followed(world, p.node.Name) {
			followers := []map[string]any{}
			for _, n := range p.cluster.Inventory.Nodes {
				if other := world.Machines[n.Name]; n.Name != p.node.Name && other.Replication == "streaming" {
					followers = append(followers, map[string]any{
						"usename": "replicator", "application_name": n.Name, "client_addr": n.Address, "state": "streaming",
						"sync_state": follows(world, m, n.Name), "sync_priority": 0,
					})
				}
			}
			out["replication"] = followers
		}
	}
	if m.Replication != "" {
		out["replication_state"] = m.Replication
	}
	if syncState(world, p.node.Name) == "sync" {
		out["sync_standby"] = true
	}
	if world.Paused {
		out["pause"] = true
	}
	if world.LockHolder == "" {
		out["cluster_unlocked"] = true
	}
	if m.Pending {
		out["pending_restart"] = true
	}
	if len(m.Tags) > 0 {
		out["tags"] = m.Tags
	}
	return out
}

// followed says whether the others replicate from a machine: from the primary, and still from one that was demoted while
// it holds the lock.
func followed(world *World, name string) bool {
	return world.Machines[name].Role == "primary" || world.LockHolder == name
}

// follows is the sync_state of a follower in the eyes of the machine that it follows; only a primary has synchronous ones.
func follows(world *World, of *Machine, name string) string {
	if of.Role != "primary" {
		return "async"
	}
	return syncState(world, name)
}

func syncState(world *World, name string) string {
	for _, s := range world.SyncStandbys {
		if s == name {
			return "sync"
		}
	}
	return "async"
}

// view is /cluster: what stands in the store, whoever is dead.
func (p *patroni) view(world *World) map[string]any {
	members := []map[string]any{}
	for _, n := range p.cluster.Inventory.Nodes {
		m := world.Machines[n.Name]
		role, state, lag := "replica", m.State, any(0)
		switch {
		case world.LockHolder == n.Name:
			role, lag = "leader", nil
		case syncState(world, n.Name) == "sync":
			role = "sync_standby"
		}
		if m.Replication != "" {
			state = m.Replication
		}
		if state != "running" && state != "streaming" {
			lag = "unknown"
		}
		entry := map[string]any{
			"name": n.Name, "role": role, "state": state, "host": n.Address, "port": PostgresPort, "timeline": m.Timeline,
			"api_url": fmt.Sprintf("http://%s:%d/patroni", n.Address, PatroniPort),
		}
		if lag != nil {
			entry["lag"] = lag
		}
		members = append(members, entry)
	}
	out := map[string]any{"members": members, "scope": world.Scope}
	if world.Paused {
		out["pause"] = true
	}
	if s := world.Scheduled; s != nil {
		out["scheduled_switchover"] = map[string]any{"at": s.At, "from": s.From, "to": s.To}
	}
	return out
}
