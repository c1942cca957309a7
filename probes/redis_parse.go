package probes

import (
	"errors"
	"maps"
	"math"
	"net"
	"slices"
	"strconv"
	"strings"
)

// redisInfo is what INFO tells. Numbers that it does not tell are in missing.
type redisInfo struct {
	server, version, role string
	loading               bool
	uptime                float64
	clients               int
	memory, memoryLimit   int64
	keys                  int64
	aof                   bool
	aofWriteOK, rewriteOK bool
	saveOK                bool
	master                string // host:port of a replica's master
	linkUp, syncing       bool
	linkDown              float64
	offset                int64
	priority              int
	replicationID         string
	replicas              []infoReplica
	// missing are the fields of RedisMember that the answer does not tell.
	missing []string
}

// infoReplica is one slaveN line.
type infoReplica struct {
	address, state string
	offset         int64
	lag            float64
}

// parseInfo reads INFO of Redis 4 to 8 and of Valkey. What is not INFO at all is an error.
func parseInfo(text string) (redisInfo, error) {
	m := infoFields(text)
	i := redisInfo{role: m["role"], version: line(m["redis_version"]), server: "redis"}
	if i.role == "" && m["loading"] != "1" || m["redis_version"] == "" {
		return i, errors.New("its answer to INFO does not say its role and version: " + firstWords([]byte(text)))
	}
	// Valkey keeps redis_version for old clients and tells its own beside it.
	if v := m["valkey_version"]; v != "" {
		i.server, i.version = "valkey", line(v)
	}
	if i.role == "slave" {
		i.role = "replica"
	}
	i.role = line(i.role)
	i.loading, i.aof = m["loading"] == "1", m["aof_enabled"] == "1"
	i.aofWriteOK, i.rewriteOK, i.saveOK = m["aof_last_write_status"] != "err", m["aof_last_bgrewrite_status"] != "err", m["rdb_last_bgsave_status"] != "err"
	whole := func(key, field string) int64 {
		n, err := strconv.ParseInt(m[key], 10, 64)
		if err != nil {
			i.missing = append(i.missing, field)
		}
		return n
	}
	i.uptime, i.clients = float64(whole("uptime_in_seconds", "uptime")), int(whole("connected_clients", "clients"))
	i.memory, i.memoryLimit = whole("used_memory", "memory"), whole("maxmemory", "memory_limit")
	for key, field := range map[string]string{
		"aof_enabled": "aof", "aof_last_write_status": "aof_write_ok", "aof_last_bgrewrite_status": "aof_rewrite_ok",
		"rdb_last_bgsave_status": "save_ok", "master_replid": "replication_id",
	} {
		if m[key] == "" {
			i.missing = append(i.missing, field)
		}
	}
	for key, value := range m {
		if strings.HasPrefix(key, "db") && !strings.Contains(key, "_") {
			if n, err := strconv.ParseInt(commaFields(value)["keys"], 10, 64); err == nil && n > 0 {
				i.keys += min(n, math.MaxInt64-i.keys) // nonsense does not turn the sum around
			}
		}
	}
	i.replicationID, i.replicas = line(m["master_replid"]), []infoReplica{}
	i.priority = 100
	if i.role == "replica" {
		i.offset, i.priority = whole("slave_repl_offset", "offset"), int(whole("slave_priority", "priority"))
		i.master = hostAndPort(m["master_host"], m["master_port"])
		i.linkUp, i.syncing = m["master_link_status"] == "up", m["master_sync_in_progress"] == "1"
		if !i.linkUp {
			// A link that has never been up is down since -1 (or, before Redis 7, since 1970).
			if down := number(m["master_link_down_since_seconds"]); down != nil && *down >= 0 && *down <= i.uptime+1 {
				i.linkDown = *down
			} else {
				i.missing = append(i.missing, "link_down")
			}
		}
	} else {
		i.offset = whole("master_repl_offset", "offset")
		i.replicas = parseReplicas(m)
	}
	if i.loading { // half of them
		i.missing = append(i.missing, "keys", "offset")
	}
	slices.Sort(i.missing)
	return i, nil
}

// parseReplicas reads the lines slave0 to slaveN of a master, in their order.
func parseReplicas(m map[string]string) []infoReplica {
	out := []infoReplica{}
	keys := slices.DeleteFunc(slices.Collect(maps.Keys(m)), func(k string) bool {
		n, ok := strings.CutPrefix(k, "slave")
		_, err := strconv.Atoi(n)
		return !ok || err != nil
	})
	slices.Sort(keys)
	for _, k := range keys {
		f := commaFields(m[k])
		r := infoReplica{address: hostAndPort(f["ip"], f["port"]), state: line(f["state"])}
		r.offset, _ = strconv.ParseInt(f["offset"], 10, 64) // 0 says that it acknowledged nothing
		if lag := number(f["lag"]); lag != nil {
			r.lag = *lag
		}
		if r.address != "" {
			out = append(out, r)
		}
	}
	return out
}

// infoFields are the lines `key:value`, without the headings.
func infoFields(text string) map[string]string {
	out := map[string]string{}
	for l := range strings.Lines(text) {
		k, v, ok := strings.Cut(strings.TrimSpace(l), ":")
		if ok && k != "" && k[0] != '#' {
			out[k] = v
		}
	}
	return out
}

// commaFields are the parts of `a=1,b=2`.
func commaFields(s string) map[string]string {
	out := map[string]string{}
	for part := range strings.SplitSeq(s, ",") {
		if k, v, ok := strings.Cut(part, "="); ok {
			out[k] = v
		}
	}
	return out
}

func hostAndPort(host, port string) string {
	if host == "" || port == "" {
		return ""
	}
	return line(net.JoinHostPort(host, port))
}
