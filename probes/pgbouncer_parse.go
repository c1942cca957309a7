package probes

import (
	"errors"
	"strconv"
	"strings"
)

// parsePoolVersion reads SHOW VERSION: "PgBouncer 1.24.1".
func parsePoolVersion(rows []map[string]string) string {
	if len(rows) == 0 {
		return ""
	}
	return line(strings.TrimPrefix(rows[0]["version"], "PgBouncer "))
}

var errPoolColumns = errors.New("the answer does not have the columns that PgBouncer's console has")

// parsePoolDatabases reads SHOW DATABASES. The console's own database is none of them.
func parsePoolDatabases(rows []map[string]string) ([]PgBouncerDatabase, error) {
	out := []PgBouncerDatabase{}
	for _, r := range rows {
		if r["name"] == "" {
			return nil, errPoolColumns
		}
		if r["name"] == "pgbouncer" {
			continue
		}
		d := PgBouncerDatabase{
			Name: line(r["name"]), Host: line(r["host"]), Database: line(r["database"]), Port: poolNumber(r["port"]),
			PoolSize: poolNumber(r["pool_size"]), Connections: poolNumber(r["current_connections"]),
			Paused: poolTruth(r["paused"]), Disabled: poolTruth(r["disabled"]),
		}
		out = append(out, d)
	}
	return out, nil
}

// parsePools reads SHOW POOLS.
func parsePools(rows []map[string]string) ([]Pool, error) {
	out := []Pool{}
	for _, r := range rows {
		if r["database"] == "" || r["cl_active"] == "" || r["cl_waiting"] == "" {
			return nil, errPoolColumns
		}
		if r["database"] == "pgbouncer" {
			continue
		}
		out = append(out, Pool{
			Database: line(r["database"]), User: line(r["user"]), Active: poolNumber(r["cl_active"]), Waiting: poolNumber(r["cl_waiting"]),
			Used: poolNumber(r["sv_active"]), Idle: poolNumber(r["sv_idle"]), Login: poolNumber(r["sv_login"]),
			MaxWait: float64(poolNumber(r["maxwait"])) + float64(poolNumber(r["maxwait_us"]))/1e6, Mode: line(r["pool_mode"]),
		})
	}
	return out, nil
}

// parsePoolConfig reads SHOW CONFIG.
func parsePoolConfig(rows []map[string]string) map[string]string {
	out := map[string]string{}
	for _, r := range rows {
		if r["key"] != "" {
			out[r["key"]] = line(r["value"])
		}
	}
	return out
}

// parsePoolState reads SHOW STATE, which versions before 1.20 do not know: active, paused or suspended.
func parsePoolState(rows []map[string]string) string {
	for _, r := range rows {
		if r["value"] == "yes" {
			return line(r["key"])
		}
	}
	return ""
}

func poolNumber(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil || n < 0 {
		return 0
	}
	return n
}

func poolTruth(s string) bool { return s == "1" || s == "t" || s == "true" }

// mode is how connections to a database are shared: its own word, else that of its pools, else the instance's.
func (f pgbouncerFacts) mode(database string) string {
	for _, p := range f.pools {
		if p.Database == database && p.Mode != "" {
			return p.Mode
		}
	}
	return f.settings["pool_mode"]
}
