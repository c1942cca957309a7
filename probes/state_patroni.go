package probes

// Patroni is the agents, and who leads.
type Patroni struct {
	Members []Member `json:"members" about:"the members, in the cluster file's order; silent ones stay listed"`
	// LockHolder is the leader key in etcd, read serializably, so that it answers without quorum too.
	LockHolder *string `json:"lock_holder" gate:"nil" about:"the name in the leader key of etcd; nil when there is no key"`
	// Leader is the one member whose /primary answers 200; nil when members answered and none does.
	Leader *Member `json:"leader" gate:"nil" about:"the member that proves that it leads, by /primary; nil when nobody does"`
	// FormerLeader is the member that led before the present leader or lock holder, from the history and from what this
	// console saw itself.
	FormerLeader *string  `json:"former_leader" gate:"nil" about:"the member that led before, as far as history and this console know; nil when unknown"`
	Replicas     []Member `json:"replicas" about:"the members that answered and do not lead"`
	// SyncStandbys are the names in the sync key of etcd, which alone may be promoted in synchronous mode.
	SyncStandbys []string   `json:"sync_standbys" about:"the names in etcd's sync key: they alone may be promoted in synchronous mode"`
	Scope        *string    `json:"scope" about:"the scope that every answering member reports"`
	SystemID     *string    `json:"system_id" about:"the database system identifier that every answering member reports"`
	Initialize   *string    `json:"initialize" gate:"nil" about:"the system identifier in etcd's initialize key; nil when there is no key"`
	Timeline     *int       `json:"timeline" about:"the leader's timeline"`
	Paused       *bool      `json:"paused" about:"maintenance mode: nobody is promoted automatically"`
	Unlocked     *bool      `json:"unlocked" about:"a member says that nobody holds the leader lock"`
	Scheduled    *Scheduled `json:"scheduled" gate:"nil" about:"a scheduled switchover; nil when there is none"`
	Config       *Config    `json:"config" about:"the dynamic configuration"`
	History      []Switch   `json:"history" about:"the last ten timeline switches, newest last"`
	// Disputed says how members contradict each other about who leads (two answer as primary, two scopes, two system
	// identifiers). While it is not empty, leader is not a fact.
	Disputed string `json:"disputed" about:"how the members contradict each other about who leads, or empty"`
	Answered int    `json:"answered" about:"how many members answered"`
	// Strangers are in the list that the best informed member gives.
	Strangers []string `json:"strangers" about:"members that the store lists and the cluster file does not name"`
	// Unseen is why the section's facts are not known ("no member answered"), or ""; UnseenDCS the same for what is read
	// from etcd's keys (lock_holder, sync_standbys, initialize).
	Unseen    string `json:"unseen" gate:"-"`
	UnseenDCS string `json:"unseen_dcs" gate:"-"`
	// Unclear says of single fields why they are not facts, for example that the members contradict each other.
	Unclear map[string]string `json:"unclear" gate:"-"`
	// Prefix is the path of the keys that were read in etcd, for example /service/netbox/.
	Prefix string `json:"prefix" gate:"-"`
}

// Blind says why a field is not a fact now.
func (p Patroni) Blind(field string) string {
	if p.Members == nil {
		return neverAsked
	}
	switch field {
	case "members", "answered", "disputed":
		return ""
	case "lock_holder", "sync_standbys", "initialize":
		return either(p.UnseenDCS, p.Unclear[field])
	case "former_leader":
		if p.UnseenDCS == "" {
			return ""
		}
	case "leader", "timeline":
		if p.Unseen == "" {
			return p.Disputed
		}
	}
	return either(p.Unseen, p.Unclear[field])
}

// Member is one Patroni agent with its PostgreSQL.
type Member struct {
	Name string `json:"name" about:"Patroni's name of the member"`
	Node string `json:"node" about:"the node it runs on"`
	Seen
	// Role is what the member proves: leader only when /primary answered 200; else sync_standby, quorum_standby, replica,
	// standby_leader, demoted, uninitialized, or primary: it runs as primary and does not prove that it holds the lock.
	Role string `json:"role" about:"leader (proven by /primary), sync_standby, quorum_standby, standby_leader, replica, primary (without proof), demoted or uninitialized"`
	// State is streaming or in archive recovery for a replica that follows, else PostgreSQL's state as Patroni reports it:
	// running, starting, stopped, start failed, creating replica, crashed, ...
	State string `json:"state" about:"streaming, running, in archive recovery, starting, stopped, start failed, creating replica, crashed, ..."`
	// Primary is whether GET /primary answered 200.
	Primary      bool   `json:"primary" about:"GET /primary answered 200: it runs as primary and holds the lock"`
	ReportedRole string `json:"reported_role" about:"the role in its own /patroni, PostgreSQL's opinion only"`
	Timeline     *int   `json:"timeline" about:"its timeline"`
	// Lag is the replay lag in bytes behind the leader's own position, computed from positions of /patroni; nil when unknown.
	Lag      *int64 `json:"lag" about:"bytes behind the leader, when both positions are known"`
	Location *int64 `json:"location" about:"its WAL position in bytes: written for a leader, received for a replica"`
	Replayed *int64 `json:"replayed" about:"replayed WAL position in bytes, of a replica"`
	Pending  bool   `json:"pending_restart" about:"settings wait for a restart"`
	// Reasons are told by Patroni 4; older ones leave the list empty.
	Reasons    []string          `json:"pending_reasons" about:"the settings that wait, with the old and the new value"`
	Restart    *string           `json:"scheduled_restart" gate:"nil" about:"when Patroni will restart its PostgreSQL by itself, RFC 3339; nil when it will not"`
	FailsafeOn bool              `json:"failsafe_active" about:"it leads without etcd, because all members answer it (failsafe mode)"`
	Tags       map[string]string `json:"tags" about:"its tags, for example nofailover"`
	Scope      string            `json:"scope" about:"the scope it reports"`
	SystemID   string            `json:"system_id" about:"the database system identifier it reports"`
	Version    string            `json:"version" about:"Patroni's version"`
	Server     int               `json:"server_version" about:"PostgreSQL's version number, for example 170012"`
	DCSAge     *float64          `json:"dcs_age" about:"seconds since it last reached etcd"`
	Unlocked   bool              `json:"unlocked" about:"it says that nobody holds the leader lock"`
	Paused     bool              `json:"paused" about:"it says that the cluster is paused"`
	Watchdog   bool              `json:"watchdog_failed" about:"its watchdog could not be activated"`
	Followers  []Follower        `json:"followers" about:"who replicates from it, as it reports"`
	// ListedRole and ListedState are what /cluster says of it: a view of the store that can be wrong for long.
	ListedRole  string `json:"listed_role" about:"its role in /cluster, a view that may be wrong; empty when it is not listed"`
	ListedState string `json:"listed_state" about:"its state in /cluster, a view that may be wrong; empty when it is not listed"`
	// CopiedBytes is how much of a base backup the databases have streamed to it.
	CopiedBytes *int64 `json:"copied_bytes" about:"bytes of a base backup that it has been sent so far, while one runs"`
	// Unlisted is why ListedRole and ListedState are not facts, or "".
	Unlisted string `json:"unlisted" gate:"-"`
}

// Blind says why a field is not a fact now. Name and node are from the cluster file; what /cluster lists is a fact of
// the list, whether the member answers or not.
func (m Member) Blind(field string) string {
	switch field {
	case "name", "node", "copied_bytes":
		return ""
	case "listed_role", "listed_state":
		return m.Unlisted
	}
	return m.Seen.Blind(field)
}

// Follower is one row of a member's replication list.
type Follower struct {
	Name      string `json:"name" about:"application name: the member that follows"`
	Address   string `json:"address" about:"its address"`
	State     string `json:"state" about:"streaming, catchup, backup, startup or stopping"`
	SyncState string `json:"sync_state" about:"sync, async, potential or quorum"`
}

// Scheduled is a switchover that Patroni will do by itself.
type Scheduled struct {
	At   string `json:"at" about:"when, RFC 3339"`
	From string `json:"from" about:"the leader it was scheduled for"`
	To   string `json:"to" about:"the candidate, or empty"`
}

// Config is the part of Patroni's dynamic configuration that decides how fast and whether it acts; times in seconds.
type Config struct {
	TTL          int   `json:"ttl" about:"seconds the leader lock lives without renewal"`
	LoopWait     int   `json:"loop_wait" about:"seconds between two rounds of the agent"`
	RetryTimeout int   `json:"retry_timeout" about:"seconds an operation on etcd or PostgreSQL is retried"`
	StartTimeout int   `json:"primary_start_timeout" about:"seconds a crashed primary may take to start before a failover"`
	MaximumLag   int64 `json:"maximum_lag_on_failover" about:"bytes a candidate may lag"`
	Sync         bool  `json:"synchronous_mode" about:"only a synchronous standby may be promoted"`
	Strict       bool  `json:"synchronous_mode_strict" about:"without a synchronous standby, writes wait"`
	SyncCount    int   `json:"synchronous_node_count" about:"how many synchronous standbys are wanted"`
	Rewind       bool  `json:"use_pg_rewind" about:"Patroni may rewind a diverged member"`
	Failsafe     bool  `json:"failsafe_mode" about:"the leader may keep running without etcd when all members answer it"`
	// Slots are the permanent ones: Patroni makes them again when they are dropped.
	Slots []string `json:"slots" about:"names of the permanent replication slots"`
}

// Switch is one row of Patroni's history: the end of a timeline.
type Switch struct {
	Timeline int    `json:"timeline" about:"the timeline that ended"`
	LSN      int64  `json:"lsn" about:"where, in bytes"`
	Reason   string `json:"reason" about:"why, as PostgreSQL recorded it"`
	At       string `json:"at" about:"when, RFC 3339, or empty"`
	Leader   string `json:"leader" about:"who led after it, or empty"`
	// Age is by the console's clock.
	Age *float64 `json:"age" about:"seconds since then"`
}
