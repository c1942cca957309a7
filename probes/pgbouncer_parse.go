package probes

import (
	"slices"
	"strconv"
	"strings"
)

// mostRows is how many databases and pools are kept for display; sums are of all.
const mostRows = 200

// consoleDatabase is PgBouncer's console, which is listed among the databases and pools.
const consoleDatabase = "pgbouncer"

// noShow says that an answer of the console is not there.
func (f *pgbouncerFacts) noShow(what, why string) {
	fields := map[string][]string{
		"VERSION": {"version"}, "STATE": {"state"}, "DATABASES": {"databases", "paused", "pool_size", "reserve_size"},
		"POOLS": {"pools", "active", "waiting", "max_wait"}, "CONFIG": {"max_prepared_statements"},
	}
	for _, field := range fields[what] {
		f.unread[field] = either(f.unread[field], why)
	}
}

// parse reads what the console showed, by column name. Columns that it does not know are ignored, those that are missing are
// unread; database is NetBox's.
func (f *pgbouncerFacts) parse(shown map[string][]map[string]string, database string) {
	f.parseVersion(shown["VERSION"])
	f.parseState(shown["STATE"])
	config := consoleSettings(shown["CONFIG"])
	var of map[string]string // the row of NetBox's database
	if rows, ok := shown["DATABASES"]; ok {
		of = f.parseDatabases(rows, database)
	}
	if rows, ok := shown["POOLS"]; ok {
		f.parsePools(rows)
	}
	f.mode = line(either(of["pool_mode"], config["pool_mode"]))
	if f.mode == "" {
		f.unread["pool_mode"] = "neither its databases nor its settings tell it"
	}
	f.size = f.count("pool_size", of["pool_size"], config["default_pool_size"])
	// reserve_pool is the column's name before 1.24; the setting has always been reserve_pool_size.
	f.reserve = f.count("reserve_size", of["reserve_pool_size"], of["reserve_pool"], config["reserve_pool_size"])
	if _, ok := config["max_prepared_statements"]; !ok && len(config) > 0 && f.version != "" {
		f.prepared = 0 // older than 1.21: it keeps none
	} else {
		f.prepared = f.count("max_prepared_statements", config["max_prepared_statements"])
	}
}

// count is the first of the values that is a number; without one the field is unread.
func (f *pgbouncerFacts) count(field string, values ...string) int {
	for _, v := range values {
		if n, err := strconv.Atoi(v); err == nil && n >= 0 {
			return n
		}
	}
	f.unread[field] = either(f.unread[field], "its console does not tell it")
	return 0
}

func (f *pgbouncerFacts) parseVersion(rows []map[string]string) {
	if len(rows) > 0 {
		v := strings.TrimSpace(rows[0]["version"])
		v = strings.TrimPrefix(v, "PgBouncer ")
		f.version = line(v)
	}
	if f.version == "" {
		f.noShow("VERSION", "its console does not tell it")
	}
}

func (f *pgbouncerFacts) parseState(rows []map[string]string) {
	yes := map[string]bool{}
	for _, r := range rows {
		yes[r["key"]] = r["value"] == "yes"
	}
	switch {
	case yes["suspended"]:
		f.state = "suspended"
	case yes["paused"]:
		f.state = "paused"
	case yes["active"]:
		f.state = "active"
	default:
		f.noShow("STATE", "its console does not tell it")
	}
}

func consoleSettings(rows []map[string]string) map[string]string {
	out := map[string]string{}
	for _, r := range rows {
		if k := r["key"]; k != "" {
			out[k] = r["value"]
		}
	}
	return out
}

// parseDatabases returns the row of NetBox's database, or the one that stands in for all that are not listed.
func (f *pgbouncerFacts) parseDatabases(rows []map[string]string, database string) map[string]string {
	f.databases, f.paused = []PgBouncerDatabase{}, []string{}
	var of, any map[string]string
	for _, r := range rows {
		name := r["name"]
		switch name {
		case consoleDatabase, "":
			continue
		case database:
			of = r
		case "*":
			any = r
		}
		d := PgBouncerDatabase{
			Name: line(name), Host: line(r["host"]), Database: line(r["database"]), Port: tally(r["port"]), PoolSize: tally(r["pool_size"]),
			Connections: tally(r["current_connections"]), Paused: r["paused"] == "1", Disabled: r["disabled"] == "1",
		}
		if d.Paused || d.Disabled {
			f.paused = append(f.paused, d.Name)
		}
		if len(f.databases) < mostRows || name == database {
			f.databases = append(f.databases, d)
		}
	}
	if len(rows) > 0 && (!has(rows, "paused") || !has(rows, "disabled")) {
		f.unread["paused"] = "its console does not tell it"
	}
	if of == nil {
		of = any
	}
	return of
}

func (f *pgbouncerFacts) parsePools(rows []map[string]string) {
	f.pools = []Pool{}
	for _, r := range rows {
		if r["database"] == consoleDatabase || r["database"] == "" {
			continue
		}
		p := Pool{
			Database: line(r["database"]), User: line(r["user"]), Active: tally(r["cl_active"]), Waiting: tally(r["cl_waiting"]),
			Used: tally(r["sv_active"]), Idle: tally(r["sv_idle"]) + tally(r["sv_used"]) + tally(r["sv_tested"]), Login: tally(r["sv_login"]),
			MaxWait: float64(tally(r["maxwait"])) + float64(tally(r["maxwait_us"]))/1e6, Mode: line(r["pool_mode"]),
		}
		f.active, f.waiting, f.maxWait = f.active+p.Active, f.waiting+p.Waiting, max(f.maxWait, p.MaxWait)
		if len(f.pools) < mostRows {
			f.pools = append(f.pools, p)
		}
	}
	for column, field := range map[string]string{"cl_active": "active", "cl_waiting": "waiting", "maxwait": "max_wait"} {
		if len(rows) > 0 && !has(rows, column) {
			f.unread[field] = "its console does not tell it"
		}
	}
}

// stopped says why a query on the database would wait for somebody, or "".
func (f *pgbouncerFacts) stopped(database string) string {
	if f.state == "paused" || f.state == "suspended" {
		return f.state
	}
	if i := slices.IndexFunc(f.databases, func(d PgBouncerDatabase) bool { return d.Name == database }); i >= 0 {
		switch d := f.databases[i]; {
		case d.Paused:
			return "paused"
		case d.Disabled:
			return "disabled"
		}
	}
	return ""
}

// tally is a count of the console; what is none counts as nothing.
func tally(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil || n < 0 {
		return 0
	}
	return n
}

func has(rows []map[string]string, column string) bool {
	_, ok := rows[0][column]
	return ok
}
