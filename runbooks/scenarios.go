package runbooks

// Scenario is one documented way in which such a cluster fails or is worked on.
type Scenario struct {
	// ID is two letters for the layer (PG, ET, RD, HX, KA, PB, NB, CL) and a number.
	ID    string
	Title string
}

// Scenarios are all documented scenarios, in the order of the catalogue. A book names those that it covers.
func Scenarios() []Scenario {
	return []Scenario{
		{"PG-01", "Planned switchover"},
		{"PG-02", "Leader crash and automatic failover"},
		{"PG-03", "Old leader does not rejoin"},
		{"PG-04", "No leader, or no good candidates"},
		{"PG-05", "Writes hang because no synchronous standby"},
		{"PG-06", "Manual failover with a data-loss decision"},
		{"PG-07", "Cluster left paused"},
		{"PG-08", "Replica lags or is stuck"},
		{"PG-09", "Slot bloat, WAL disk full on the leader"},
		{"PG-10", "Settings wait for a restart"},
		{"PG-11", "Configuration change does not apply"},
		{"PG-12", "/health 503, state unknown, HBA missing"},
		{"PG-13", "Patroni finds no suitable configuration store"},
		{"PG-14", "System identifier mismatch"},
		{"PG-15", "Stale or missing initialize key"},
		{"PG-16", "etcd unavailable, leader demoted"},
		{"PG-17", "Command aimed at the wrong scope"},
		{"PG-18", "Two primaries, or PostgreSQL run outside Patroni"},
		{"PG-19", "Archiving broken"},
		{"PG-20", "Rolling minor upgrade"},
		{"PG-21", "Restore or point-in-time recovery into a Patroni cluster"},
		{"PG-22", "Logical subscription cleanup"},
		{"PG-23", "Remove a member for good"},
		{"PG-24", "Leadership flaps"},
		{"PG-25", "Scheduled action left behind"},
		{"ET-01", "One member down, quorum intact"},
		{"ET-02", "Replace a permanently lost member"},
		{"ET-03", "Quorum lost, members recoverable"},
		{"ET-04", "Quorum permanently lost"},
		{"ET-05", "NOSPACE alarm"},
		{"ET-06", "Slow disk, leader election churn"},
		{"ET-07", "Wrong data directory wiped, stock unit started, cluster id mismatch"},
		{"ET-08", "Clock skew"},
		{"ET-09", "CORRUPT alarm"},
		{"ET-10", "Node address or peer URL change"},
		{"ET-11", "Backup of the store"},
		{"ET-12", "Store rebuilt empty"},
		{"RD-01", "Master down, automatic failover"},
		{"RD-02", "Planned master move"},
		{"RD-03", "Two masters"},
		{"RD-04", "Configuration edited in the wrong order, rewritten or deployed again"},
		{"RD-05", "Sentinel cannot persist its configuration"},
		{"RD-06", "Append-only directory on a read-only file system"},
		{"RD-07", "Redis listens only on localhost"},
		{"RD-08", "Passwords do not match"},
		{"RD-09", "Sentinel quorum lost, ghost sentinels"},
		{"RD-10", "Replica does not sync, no good slave"},
		{"RD-11", "Master restarted empty"},
		{"HX-01", "All backends of the write pool down"},
		{"HX-02", "Read pool empty or serving stale data"},
		{"HX-03", "Health-check mismatch"},
		{"HX-04", "HAProxy does not start on the backup node: cannot bind the VIP"},
		{"HX-05", "Stale connections after failover"},
		{"HX-06", "Connections cut after 30 s idle"},
		{"HX-07", "PgBouncer backend up but unusable"},
		{"KA-01", "VIP on two nodes"},
		{"KA-02", "VIP on no node"},
		{"KA-03", "VRID collision or authentication mismatch"},
		{"KA-04", "Flapping VIP"},
		{"KA-05", "VIP stays on a node whose HAProxy is dead"},
		{"KA-06", "Planned VIP move"},
		{"PB-01", "No such database"},
		{"PB-02", "auth_file permission or user"},
		{"PB-03", "Pools stuck after database failover"},
		{"PB-04", "Forgotten PAUSE or DISABLE"},
		{"PB-05", "Session features under transaction pooling"},
		{"PB-06", "Pool saturation"},
		{"PB-07", "Authentication fails only via PgBouncer"},
		{"NB-01", "Migrations through PgBouncer or on the wrong node"},
		{"NB-02", "rq workers stuck, jobs pending"},
		{"NB-03", "Media synced in the wrong direction"},
		{"NB-04", "502/504/500 while the database is fine"},
		{"NB-05", "TLS certificate renewal on the web proxy"},
		{"NB-06", "NetBox upgrade, configuration drift between nodes"},
		{"CL-01", "Cold start after power loss"},
		{"CL-02", "Rebuild or rejoin a whole node"},
		{"CL-03", "First-time bootstrap"},
		{"CL-04", "Ansible run again on a live cluster"},
		{"CL-05", "One node isolated"},
		{"CL-06", "Rolling OS reboot"},
	}
}

// Systems are the words that a book's `systems` may use.
func Systems() []string {
	return []string{
		"etcd", "patroni", "postgres", "redis", "sentinel", "haproxy", "keepalived", "pgbouncer", "web", "netbox", "hosts",
	}
}
