package probes

// Redis is the servers themselves, each asked on its own.
type Redis struct {
	Members []RedisMember `json:"members" about:"the servers, in the cluster file's order; silent ones stay listed"`
	// Masters are the nodes that say of themselves that they are master. Two of them share the clients' writes.
	Masters []string `json:"masters" about:"the nodes whose server says that it is master"`
	// Master is the only one of Masters; nil when none or several say so.
	Master   *RedisMember `json:"master" gate:"nil" about:"the one server that says that it is master; nil when none or several do"`
	Answered int          `json:"answered" about:"how many servers answered"`
	// Unseen is why the section's facts are not known, or "".
	Unseen string `json:"unseen" gate:"-"`
}

// Blind says why a field is not a fact now.
func (r Redis) Blind(field string) string {
	switch {
	case r.Members == nil:
		return neverAsked
	case field == "members", field == "answered":
		return ""
	}
	return r.Unseen
}

// RedisMember is one server, Redis or Valkey.
type RedisMember struct {
	Node string `json:"node" about:"the node it runs on"`
	Seen
	Server  string `json:"server" about:"redis or valkey"`
	Version string `json:"version" about:"server version"`
	// Role is master or replica. The protocol's word for the second is slave.
	Role string `json:"role" about:"master or replica, as it says itself"`
	// Replicas are those that a master knows.
	Replicas []RedisReplica `json:"replicas" about:"the replicas that it serves"`
	Online   int            `json:"replicas_online" about:"how many of its replicas are online"`
	// MasterAddress and MasterNode are whom a replica follows; MasterNode is nil when no node has that address.
	MasterAddress string  `json:"master_address" about:"host:port that a replica follows, or empty"`
	MasterNode    *string `json:"master_node" gate:"nil" about:"the node that a replica follows; nil for a master, or when no node has that address"`
	LinkUp        bool    `json:"link_up" about:"a replica's link to its master is up; false for a master"`
	LinkDown      float64 `json:"link_down" about:"seconds for which a replica's link has been down, 0 when it is up"`
	Syncing       bool    `json:"syncing" about:"a full synchronisation from its master is under way"`
	Offset        int64   `json:"offset" about:"its replication offset, bytes"`
	ReplicationID string  `json:"replication_id" about:"id of the history that its data belongs to"`
	Priority      int     `json:"priority" about:"replica priority; 0 is never promoted"`
	Loading       bool    `json:"loading" about:"it still reads its data from disk and serves nobody"`
	AOF           bool    `json:"aof" about:"the append-only file is on"`
	AOFWriteOK    bool    `json:"aof_write_ok" about:"the last write to the append-only file worked"`
	AOFRewriteOK  bool    `json:"aof_rewrite_ok" about:"the last rewrite of the append-only file worked"`
	SaveOK        bool    `json:"save_ok" about:"the last background save worked"`
	Keys          int64   `json:"keys" about:"keys in all databases"`
	Memory        int64   `json:"memory" about:"bytes of memory in use"`
	MemoryLimit   int64   `json:"memory_limit" about:"bytes of memory that it may use, 0 for no limit"`
	Clients       int     `json:"clients" about:"connected clients"`
	Uptime        float64 `json:"uptime" about:"seconds since the server started"`
	// Dir and Bind are settings, which the user of the cluster file may not be allowed to read.
	Dir  string `json:"dir" about:"the folder of its data"`
	Bind string `json:"bind" about:"the addresses it listens on, as configured"`
	// Unread says of single fields why the server did not tell them.
	Unread map[string]string `json:"unread" gate:"-"`
}

// Blind says why a field is not a fact now.
func (m RedisMember) Blind(field string) string {
	if field == "node" {
		return ""
	}
	return either(m.Seen.Blind(field), m.Unread[field])
}

// RedisReplica is a replica as its master sees it.
type RedisReplica struct {
	Node    *string `json:"node" gate:"nil" about:"the node; nil when no node has that address"`
	Address string  `json:"address" about:"host:port"`
	State   string  `json:"state" about:"online, wait_bgsave, send_bulk, ..."`
	Offset  int64   `json:"offset" about:"the offset that it acknowledged, bytes"`
	Lag     float64 `json:"lag" about:"seconds since it acknowledged something"`
}

// Sentinel is the watchers, every one asked and compared.
type Sentinel struct {
	Members []SentinelMember `json:"members" about:"the Sentinels, in the cluster file's order"`
	Name    string           `json:"name" about:"the name of the master in the cluster file"`
	// Master is the node that every answering Sentinel names; nil when its address is no node's.
	Master        *string `json:"master" gate:"nil" about:"the node that the Sentinels name as master; nil when the address is no node's"`
	MasterAddress *string `json:"master_address" about:"host:port that the Sentinels name as master"`
	// Quorum is true when every answering Sentinel says that it could agree on a failover and be authorised to do it, false
	// when a majority of those in the cluster file say that it could not, or refuse to answer.
	Quorum      *bool  `json:"quorum" about:"a failover could be agreed on and authorised, as CKQUORUM says"`
	FailingOver *bool  `json:"failing_over" about:"a failover is under way"`
	ODown       *bool  `json:"odown" about:"the Sentinels agree that the master is down"`
	Answered    int    `json:"answered" about:"how many Sentinels answered"`
	Disputed    string `json:"disputed" about:"how the Sentinels contradict each other about the master, or empty"`
	Unseen      string `json:"unseen" gate:"-"`
}

// Blind says why a field is not a fact now.
func (s Sentinel) Blind(field string) string {
	switch {
	case s.Members == nil:
		return neverAsked
	case field == "members", field == "answered", field == "disputed", field == "name":
		return ""
	case field == "quorum" && s.Quorum != nil:
		return ""
	case field == "quorum":
		return either(s.Unseen, "the Sentinels that answer do not agree on whether a failover could be authorised")
	case s.Unseen == "" && (field == "master" || field == "master_address"):
		return s.Disputed
	}
	return s.Unseen
}

// SentinelMember is one Sentinel.
type SentinelMember struct {
	Node string `json:"node" about:"the node it runs on"`
	Seen
	Version string `json:"version" about:"server version"`
	// Monitors are the names of the masters that it watches. Watches is whether the cluster file's is among them: all that
	// follows is known only then.
	Monitors      []string `json:"monitors" about:"names of the masters that it watches"`
	Watches       bool     `json:"watches" about:"it watches the master of the cluster file"`
	MasterAddress string   `json:"master_address" about:"host:port that it names as master"`
	MasterNode    *string  `json:"master_node" gate:"nil" about:"the node that it names as master; nil when no node has that address"`
	Flags         []string `json:"flags" about:"the master's flags: master, s_down, o_down, failover_in_progress, disconnected, ..."`
	SDown         bool     `json:"sdown" about:"it cannot reach the master"`
	ODown         bool     `json:"odown" about:"it agrees with others that the master is down"`
	FailingOver   bool     `json:"failing_over" about:"a failover is under way"`
	QuorumOK      bool     `json:"quorum_ok" about:"CKQUORUM says that a failover could be authorised"`
	QuorumError   string   `json:"quorum_error" about:"what CKQUORUM says otherwise, or empty"`
	Quorum        int      `json:"quorum" about:"how many must agree that the master is down"`
	Others        int      `json:"others" about:"other Sentinels that it knows"`
	OthersDown    int      `json:"others_down" about:"of those, how many it cannot reach"`
	Replicas      int      `json:"replicas" about:"replicas that it knows"`
	ReplicasDown  int      `json:"replicas_down" about:"of those, how many it cannot reach"`
	Epoch         int64    `json:"epoch" about:"its configuration epoch; the highest is the newest word"`
	DownAfter     float64  `json:"down_after" about:"seconds of silence after which it holds the master for down"`
	Failover      float64  `json:"failover_timeout" about:"seconds that a failover may take before it is tried again"`
	Tilt          bool     `json:"tilt" about:"it does nothing for a while, because its clock jumped or it was stopped"`
	// Unread says of single fields why they are not told.
	Unread map[string]string `json:"unread" gate:"-"`
}

// Blind says why a field is not a fact now.
func (m SentinelMember) Blind(field string) string {
	switch field {
	case "node":
		return ""
	case "version", "monitors", "watches", "tilt":
		return either(m.Seen.Blind(field), m.Unread[field])
	}
	why := either(m.Seen.Blind(field), m.Unread[field])
	if why == "" && !ofSeen(field) && !m.Watches {
		return "it does not watch the master of the cluster file"
	}
	return why
}
