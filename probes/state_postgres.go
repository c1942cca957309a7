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
	// ReplayPaused is pg_is_wal_replay_paused(); false for a primary.
	ReplayPaused bool `json:"replay_paused" about:"somebody paused the replay of WAL on this standby"`
	// Connections counts the backends of all databases; MaxConnections is the setting, those kept for superusers included.
	Connections    int `json:"connections" about:"connections to its databases"`
	MaxConnections int `json:"max_connections" about:"connections that it allows"`
	// Archiver is pg_stat_archiver; nil is a fact: archive_mode is off.
	Archiver      *Archiver      `json:"archiver" gate:"nil" about:"how the archiving of WAL goes; nil when archive_mode is off"`
	Subscriptions []Subscription `json:"subscriptions" about:"its logical subscriptions, of all databases"`
	// The rest is asked once a minute only, because it costs more.
	Size           *int64 `json:"size" about:"bytes of all its databases"`
	WALBytes       *int64 `json:"wal_bytes" about:"bytes in its pg_wal"`
	ArchiveWaiting *int   `json:"archive_waiting" about:"WAL files that wait to be archived"`
	HBAErrors      *int   `json:"hba_errors" about:"lines of pg_hba.conf that it cannot read; superusers only may ask"`
	FileErrors     *int   `json:"config_errors" about:"settings in its configuration files that it cannot apply; superusers only may ask"`
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
	// Safe is nil when no limit (max_slot_wal_keep_size) is set, or the slot is lost.
	Safe *int64 `json:"safe_wal_size" gate:"nil" about:"WAL bytes that may still be written before the slot is lost; nil without a limit"`
	// Inactive is known from PostgreSQL 17 on.
	Inactive *float64 `json:"inactive_for" about:"seconds for which nobody has used it (PostgreSQL 17 and later)"`
}

// Archiver is the row of pg_stat_archiver.
type Archiver struct {
	Archived int64 `json:"archived" about:"WAL files archived since the statistics were reset"`
	Failed   int64 `json:"failed" about:"attempts that failed since then"`
	// LastArchived and LastFailed are ages in seconds.
	LastArchived *float64 `json:"last_archived" gate:"nil" about:"seconds since a WAL file was archived; nil when none was"`
	LastFailed   *float64 `json:"last_failed" gate:"nil" about:"seconds since an attempt failed; nil when none did"`
	FailedWAL    string   `json:"last_failed_wal" about:"the file of the last attempt that failed, or empty"`
	// Failing is whether the last attempt failed.
	Failing bool `json:"failing" about:"the last attempt failed"`
}

// Subscription is one logical subscription.
type Subscription struct {
	Name    string `json:"name" about:"its name"`
	Enabled bool   `json:"enabled" about:"it is not disabled"`
	Running bool   `json:"running" about:"its worker runs"`
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
