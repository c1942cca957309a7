package statements

import (
	"net/netip"
	"time"

	"recon/internal/twin/pgwire"
)

// Facts is everything that the statements tell of one server, at one moment. It is made anew for each statement and not
// changed any more. Zero times, addresses without a value and empty texts are NULL where the view allows it.
type Facts struct {
	Now time.Time
	// Version is server_version_num, such as 170006.
	Version int
	// Address and Port are where the session's client reached the server.
	Address netip.Addr
	Port    int
	Started time.Time
	// SystemID is the database system identifier.
	SystemID uint64

	InRecovery, ReplayPaused bool
	// Timeline is the one that a primary writes and a standby receives.
	Timeline   int
	Checkpoint Checkpoint
	// LSN is where a primary writes and how far a standby has replayed; Received is what a standby has, 0 for nothing.
	LSN, Received pgwire.LSN
	// LastCommit is the time of the last transaction that a standby replayed.
	LastCommit time.Time

	Replication []Standby
	Receiver    *Receiver
	Slots       []Slot
	Copies      []Copy
	Archiver    Archiver
	// WALBytes are in pg_wal; ArchiveWaiting are files that wait to be archived.
	WALBytes       int64
	ArchiveWaiting int

	Activity      []Activity
	Databases     []DatabaseRow
	Roles         []Role
	RoleSettings  []RoleSetting
	Settings      []Setting
	HBA           []HBARule
	FileSettings  []FileSetting
	Subscriptions []Subscription
	// Locks are those beside the advisory locks, which Database keeps itself.
	Locks      []Lock
	Prepared   []Prepared
	Extensions []Extension
}

// Checkpoint is the last one, as pg_control_checkpoint() tells it.
type Checkpoint struct {
	LSN, Redo pgwire.LSN
	Timeline  int
	At        time.Time
}

// Standby is a row of pg_stat_replication.
type Standby struct {
	PID                       int32
	User, Application         string
	Address                   netip.Addr
	Port                      int
	Started                   time.Time
	State                     string // streaming, catchup, startup, backup
	Sent, Write, Flush, Reply pgwire.LSN
	// Lag is nil when nothing was written for a while.
	WriteLag, FlushLag, ReplayLag *time.Duration
	SyncPriority                  int
	SyncState                     string // sync, async, potential, quorum
	ReplyTime                     time.Time
}

// Receiver is the row of pg_stat_wal_receiver.
type Receiver struct {
	PID                         int32
	Status                      string // streaming, waiting, starting
	StartLSN                    pgwire.LSN
	StartTimeline, Timeline     int
	Written, Flushed, LatestEnd pgwire.LSN
	LastSent, LastReceived      time.Time
	LatestEndTime               time.Time
	Slot, Host                  string
	Port                        int
	Conninfo                    string
}

// Slot is a row of pg_replication_slots.
type Slot struct {
	Name, Plugin, Kind, Database string // Kind is physical or logical
	Temporary, Active            bool
	ActivePID                    int32
	Restart, Confirmed           pgwire.LSN
	WALStatus                    string // reserved, extended, unreserved, lost
	SafeBytes                    *int64
	InactiveSince                time.Time
	InvalidReason                string
}

// Copy is a row of pg_stat_progress_basebackup. Total is nil when it is not known.
type Copy struct {
	PID      int32
	Streamed int64
	Total    *int64
}

// Archiver is the row of pg_stat_archiver.
type Archiver struct {
	Archived, Failed         int64
	LastArchived, LastFailed string // names of WAL files
	ArchivedAt, FailedAt     time.Time
	Reset                    time.Time
}

// Activity is a row of pg_stat_activity.
type Activity struct {
	PID                         int32
	Database, User, Application string
	Address                     netip.Addr
	Port                        int
	// Kind is backend_type: client backend, walsender, checkpointer, ...
	Kind                                     string
	Started, XactStart, QueryStart, ChangeAt time.Time
	WaitType, WaitEvent                      string
	State, Query                             string
}

// DatabaseRow is a row of pg_database, with its size in bytes.
type DatabaseRow struct {
	OID              uint32
	Name, Owner      string
	Size             int64
	AllowConnections bool
	Template         bool
	// Canary is nil when the database has no table recon_canary.
	Canary *Canary
}

// Canary is the table recon_canary. Writers are the roles that may write it, beside superusers; its row is there when At
// is not zero.
type Canary struct {
	Writers []string
	At      time.Time
	Writer  string
}

// Role is a row of pg_roles. Monitor says that it is in pg_monitor.
type Role struct {
	OID                                     uint32
	Name                                    string
	Superuser, Login, Replication, Monitor  bool
	CreateRole, CreateDB, BypassRLS, System bool
	ConnectionLimit                         int // 0 is none
}

// RoleSetting is a row of pg_db_role_setting; an empty database or role stands for all. Settings are such as
// "statement_timeout=2s".
type RoleSetting struct {
	Database, Role string
	Settings       []string
}

// HBARule is a row of pg_hba_file_rules.
type HBARule struct {
	Rule, Line               int
	File, Type               string
	Databases, Users         []string
	Address, Netmask, Method string
	Options                  []string
	Error                    string
}

// FileSetting is a row of pg_file_settings.
type FileSetting struct {
	File          string
	Line, Seq     int
	Name, Setting string
	Applied       bool
	Error         string
}

// Subscription is a logical subscription; WorkerPID is 0 when no worker runs.
type Subscription struct {
	OID           uint32
	Name, Slot    string
	Enabled       bool
	WorkerPID     int32
	LatestEnd     pgwire.LSN
	LatestEndTime time.Time
}

// Lock is a row of pg_locks. ClassID and ObjectID are of advisory locks, Relation of tables.
type Lock struct {
	Type, Database, Relation string
	ClassID, ObjectID        uint32
	PID                      int32
	Mode                     string
	Granted                  bool
}

// Prepared is a row of pg_prepared_xacts.
type Prepared struct {
	Transaction          uint32
	GID, Owner, Database string
	At                   time.Time
}

// Extension is a row of pg_extension, of every database.
type Extension struct {
	OID           uint32
	Name, Version string
}
