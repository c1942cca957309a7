package servers

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"
	"time"

	"recon/internal/twin/world"
)

// infoText is INFO of a Redis 8.0.2 that has nothing to do; what differs is put over it, and the sections on replication and
// keys are made.
//
//go:embed redis_info.txt
var infoText string

// infoSection is a part of INFO: its heading and its lines.
type infoSection struct {
	name  string
	lines [][2]string
}

func infoSections() []infoSection {
	var all []infoSection
	for line := range strings.Lines(infoText) {
		line = strings.TrimSpace(line)
		if name, ok := strings.CutPrefix(line, "# "); ok {
			all = append(all, infoSection{name: name})
		} else if k, v, ok := strings.Cut(line, ":"); ok {
			last := &all[len(all)-1]
			last.lines = append(last.lines, [2]string{k, v})
		}
	}
	return all
}

// redisInfo is INFO with the sections that are asked for.
func redisInfo(w *world.World, h *world.Host, wanted []string) string {
	now := infoNow(w, h)
	var b strings.Builder
	for _, s := range infoSections() {
		if len(wanted) > 0 && !slices.ContainsFunc(wanted, func(word string) bool {
			return strings.EqualFold(word, s.name) || slices.Contains([]string{"all", "default", "everything"}, strings.ToLower(word))
		}) {
			continue
		}
		switch s.name {
		case "Replication":
			s.lines = replicationLines(w, h)
		case "Keyspace":
			s.lines = keyspaceLines(w, h)
		}
		if b.Len() > 0 {
			b.WriteString("\r\n")
		}
		b.WriteString("# " + s.name + "\r\n")
		for _, l := range s.lines {
			if v, ok := now[l[0]]; ok {
				l[1] = fmt.Sprint(v)
			}
			b.WriteString(l[0] + ":" + l[1] + "\r\n")
		}
	}
	return b.String()
}

// infoNow are the lines that tell this server from another.
func infoNow(w *world.World, h *world.Host) map[string]any {
	r := h.Redis
	up := int(w.Time().Sub(r.Started) / time.Second)
	setting := func(name string) string { v, _ := r.Setting(h, name); return v }
	listener := "name=tcp"
	for _, b := range r.Bind {
		listener += ",bind=" + b
	}
	clients := redisClients(w, h, RedisClient{})
	pubsub := 0
	for _, c := range clients {
		if c.flags == "P" {
			pubsub++
		}
	}
	return map[string]any{
		"process_id": r.PID, "process_supervised": "systemd", "run_id": r.RunID, "tcp_port": world.RedisPort, "server_time_usec": h.Clock().UnixMicro(),
		"uptime_in_seconds": up, "uptime_in_days": up / 86400, "executable": "/usr/bin/redis-server", "config_file": world.RedisFile, "listener0": listener + ",port=6379",
		"connected_clients": len(clients) - len(r.Attached) + 1, "maxclients": setting("maxclients"), "pubsub_clients": pubsub, "blocked_clients": blockedClients(clients),
		"used_memory": 1878912 + 512*len(r.Data.Jobs), "used_memory_human": "1.79M", "maxmemory": setting("maxmemory"), "maxmemory_policy": setting("maxmemory-policy"),
		"rdb_last_save_time": byClock(w, h, r.Saved).Unix(), "rdb_last_bgsave_time_sec": 0, "aof_enabled": map[bool]int{true: 1}[setting("appendonly") == "yes"],
		"aof_current_size": 12288, "aof_base_size": 88, "total_connections_received": 40 + up/5, "total_commands_processed": 100 + 9*up, "instantaneous_ops_per_sec": 9,
		"rdb_last_bgsave_status": map[bool]string{true: "err", false: "ok"}[r.SaveFails],
		"sync_full":              r.FullSyncs, "sync_partial_ok": r.PartialSyncs, "mem_clients_slaves": 20512 * len(r.Attached), "mem_replication_backlog": 1048576,
	}
}

func blockedClients(all []redisConnection) int {
	n := 0
	for _, c := range all {
		if c.flags == "b" {
			n++
		}
	}
	return n
}

func replicationLines(w *world.World, h *world.Host) [][2]string {
	r := h.Redis
	var out [][2]string
	say := func(key string, value any) { out = append(out, [2]string{key, fmt.Sprint(value)}) }
	if r.Master {
		say("role", "master")
	} else {
		ip := "?"
		if up := w.Host(r.Upstream); up != nil {
			ip = up.IP
		}
		say("role", "slave")
		say("master_host", ip)
		say("master_port", world.RedisPort)
		say("master_link_status", map[bool]string{true: "up", false: "down"}[r.Linked])
		last := -1
		if r.Linked {
			last = int(w.Time().Sub(r.Heard) / time.Second)
		}
		say("master_last_io_seconds_ago", last)
		say("master_sync_in_progress", 0)
		say("slave_read_repl_offset", r.Offset)
		say("slave_repl_offset", r.Offset)
		if !r.Linked {
			down := -1
			if !r.Heard.IsZero() {
				down = int(w.Time().Sub(r.LinkSince) / time.Second)
			}
			say("master_link_down_since_seconds", down)
		}
		readOnly, _ := r.Setting(h, "replica-read-only")
		say("replica_full_sync_buffer_size", 0)
		say("replica_full_sync_buffer_peak", 0)
		say("slave_priority", r.Priority)
		say("slave_read_only", map[bool]int{true: 1}[readOnly == "yes"])
		say("replica_announced", 1)
	}
	replicas := w.RedisReplicas(h)
	say("connected_slaves", len(replicas))
	if need, _ := r.Setting(h, "min-replicas-to-write"); need != "0" {
		say("min_slaves_good_slaves", r.Good(w.Time()))
	}
	for i, o := range replicas {
		a := r.Attached[o.Name]
		say(fmt.Sprintf("slave%d", i), fmt.Sprintf("ip=%s,port=%d,state=online,offset=%d,lag=%d", o.IP, world.RedisPort, a.Offset, int(w.Time().Sub(a.Heard)/time.Second)))
	}
	say("master_failover_state", "no-failover")
	say("master_replid", r.ReplID)
	prior, end := strings.Repeat("0", 40), int64(-1)
	if r.PriorID != "" {
		prior, end = r.PriorID, r.PriorEnd
	}
	say("master_replid2", prior)
	say("master_repl_offset", r.Offset)
	say("second_repl_offset", end)
	const backlog = 1 << 20
	say("repl_backlog_active", 1)
	say("repl_backlog_size", backlog)
	say("repl_backlog_first_byte_offset", max(1, r.Offset-backlog+1))
	say("repl_backlog_histlen", min(r.Offset, backlog))
	return out
}

func keyspaceLines(w *world.World, h *world.Host) [][2]string {
	var out [][2]string
	for db := range 16 {
		keys := redisKeys(w, h, db)
		if len(keys) == 0 {
			continue
		}
		expires := 0
		for name := range keys {
			if strings.HasPrefix(name, "rq:worker:") || db == 1 {
				expires++
			}
		}
		out = append(out, [2]string{fmt.Sprintf("db%d", db), fmt.Sprintf("keys=%d,expires=%d,avg_ttl=%d,subexpiry=0", len(keys), expires, 400000)})
	}
	return out
}
