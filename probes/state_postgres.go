package probes

// Postgres is the databases over their own protocol.
type Postgres struct {
	Members []Database `json:"members" about:"the databases, in the cluster file's order"`
	// Primaries are the nodes whose PostgreSQL is not in recovery: two of them is a split brain.
	Primaries []string `json:"primaries" about:"the nodes whose PostgreSQL is not in recovery"`
	// Waiting is how many sessions wait for a synchronous standby (SyncRep) on the primary.
	Waiting *int   `json:"syncrep_waiting" about:"sessions on the primary that wait for a synchronous standby"`
	Unseen  string `json:"unseen" gate:"-"`
}

// Blind says why a field is not a fact now.
func (p Postgres) Blind(field string) string {
	if p.Members == nil {
		return neverAsked
	}
	if field == "members" {
		return ""
	}
	return p.Unseen
}

// Database is one PostgreSQL.
type Database struct {
	Node string `json:"node" about:"the node it runs on"`
	Seen
	Version    int          `json:"version" about:"server_version_num, for example 170012"`
	InRecovery bool         `json:"in_recovery" about:"it follows another server"`
	ReadOnly   bool         `json:"read_only" about:"transactions are read-only by default"`
	Timeline   *int         `json:"timeline" about:"timeline of its last checkpoint, or of the stream it receives"`
	Receiver   string       `json:"receiver" about:"status of its WAL receiver, or empty"`
	Followers  []Standby    `json:"followers" about:"who replicates from it"`
	Slots      []Slot       `json:"slots" about:"its replication slots"`
	Waiting    *int         `json:"syncrep_waiting" about:"sessions that wait for a synchronous standby"`
	Oldest     *float64     `json:"oldest_transaction" about:"age of the oldest open transaction of a client, seconds; nil when there is none" gate:"nil"`
	Copies     []CopyStream `json:"copies" about:"base backups that it is sending"`
	// Unread says of single fields why the database did not tell them, for example for lack of pg_monitor.
	Unread map[string]string `json:"unread" gate:"-"`
}

// Blind says why a field is not a fact now.
func (d Database) Blind(field string) string {
	if field == "node" {
		return ""
	}
	return either(d.Seen.Blind(field), d.Unread[field])
}

// Standby is one row of pg_stat_replication.
type Standby struct {
	Name      string `json:"name" about:"application name"`
	Address   string `json:"address" about:"its address"`
	State     string `json:"state" about:"streaming, catchup, backup, startup or stopping"`
	SyncState string `json:"sync_state" about:"sync, async, potential or quorum"`
	Lag       *int64 `json:"replay_lag_bytes" about:"bytes sent but not yet replayed there"`
}

// Slot is one row of pg_replication_slots.
type Slot struct {
	Name     string `json:"name" about:"slot name"`
	Kind     string `json:"kind" about:"physical or logical"`
	Active   bool   `json:"active" about:"somebody uses it"`
	Retained *int64 `json:"retained_bytes" about:"WAL bytes it keeps"`
	Status   string `json:"wal_status" about:"reserved, extended, unreserved or lost"`
}

// CopyStream is one base backup in progress.
type CopyStream struct {
	Name     string `json:"name" about:"application name of the receiver"`
	Address  string `json:"address" about:"address of the receiver"`
	Streamed int64  `json:"streamed" about:"bytes sent so far"`
	Total    *int64 `json:"total" about:"bytes in all, when known"`
}

func either(a, b string) string {
	if a != "" {
		return a
	}
	return b
}
