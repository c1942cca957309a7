package probes

// HAProxy is the entry of the database and Redis ports: every instance with the state of its backends.
type HAProxy struct {
	Members []HAProxyMember `json:"members" about:"the instances, in the cluster file's order"`
	// Writer is the one node to which every answering instance sends writes; nil when they send them nowhere.
	Writer   *string  `json:"writer" gate:"nil" about:"the node that every instance sends writes to; nil when they send them nowhere or to several"`
	Writers  []string `json:"writers" about:"every node that some instance sends writes to"`
	Redis    *string  `json:"redis" gate:"nil" about:"the node that every instance sends Redis clients to; nil when nowhere or to several"`
	Answered int      `json:"answered" about:"how many instances answered"`
	Unseen   string   `json:"unseen" gate:"-"`
	// Unclear says of single fields why they are not facts, for example that a server is none of the nodes.
	Unclear map[string]string `json:"unclear" gate:"-"`
}

// Blind says why a field is not a fact now.
func (h HAProxy) Blind(field string) string {
	switch {
	case h.Members == nil:
		return neverAsked
	case field == "members", field == "answered":
		return ""
	}
	return either(h.Unseen, h.Unclear[field])
}

// HAProxyMember is one instance.
type HAProxyMember struct {
	Node string `json:"node" about:"the node it runs on"`
	Seen
	Version  string           `json:"version" about:"its version, where the statistics page tells it"`
	Backends []HAProxyBackend `json:"backends" about:"all backends"`
	// Write, Read, Redis and PgBouncer are the backends with the names that the cluster file gives; nil when there is none.
	Write     *HAProxyBackend `json:"write" gate:"nil" about:"the backend of writes; nil when it has none of that name"`
	Read      *HAProxyBackend `json:"read" gate:"nil" about:"the backend of reads; nil when it has none of that name"`
	Redis     *HAProxyBackend `json:"redis" gate:"nil" about:"the backend of Redis; nil when it has none of that name"`
	PgBouncer *HAProxyBackend `json:"pgbouncer" gate:"nil" about:"the backend of PgBouncer; nil when it has none of that name"`
	// Maintenance lists the servers that an operator took out, as backend/server.
	Maintenance []string          `json:"maintenance" about:"servers that somebody put into maintenance or drain, as backend/server"`
	Unread      map[string]string `json:"unread" gate:"-"`
}

// Blind says why a field is not a fact now.
func (m HAProxyMember) Blind(field string) string {
	if field == "node" {
		return ""
	}
	return either(m.Seen.Blind(field), m.Unread[field])
}

// HAProxyBackend is one backend of one instance.
type HAProxyBackend struct {
	Name     string          `json:"name" about:"its name in the configuration"`
	Status   string          `json:"status" about:"UP, DOWN, ..."`
	Up       bool            `json:"up" about:"it sends clients somewhere"`
	UpNodes  []string        `json:"up_nodes" about:"names of its servers that are UP"`
	Servers  []HAProxyServer `json:"servers" about:"its servers"`
	Sessions int             `json:"sessions" about:"current sessions"`
	Queued   int             `json:"queued" about:"clients that wait for a server"`
	Errors   int64           `json:"errors" about:"failed connections since it started"`
}

// HAProxyServer is one server of a backend.
type HAProxyServer struct {
	Name        string  `json:"name" about:"its name in the configuration"`
	Node        *string `json:"node" gate:"nil" about:"the node; nil when neither name nor address is a node's"`
	Status      string  `json:"status" about:"UP, DOWN, MAINT, DRAIN, NOLB, ... without the progress of a check"`
	Up          bool    `json:"up" about:"clients are sent to it"`
	Maintenance bool    `json:"maintenance" about:"somebody put it into maintenance or drain"`
	Check       string  `json:"check" about:"the last finished check: L7OK, L4CON, L7STS, L7TOUT, ..."`
	CheckCode   *int    `json:"check_code" gate:"nil" about:"the HTTP status of the last check; nil when it has none"`
	LastCheck   string  `json:"last_check" about:"what the last check said"`
	Sessions    int     `json:"sessions" about:"current sessions"`
	Changed     float64 `json:"changed" about:"seconds since it last went up or down"`
	Downs       int64   `json:"downs" about:"how often it went down"`

	address string // host:port, where the statistics tell it
}

// Keepalived is what moves the floating addresses, read from the hosts.
type Keepalived struct {
	Members []KeepalivedMember `json:"members" about:"the instances, in the cluster file's order"`
	// Stuck and Misfits are worked out from the configurations of all hosts.
	Stuck   []string `json:"stuck" about:"cases, by the configured priorities, in which an address stays on a host whose HAProxy is dead, in words"`
	Misfits []string `json:"misfits" about:"router ids that differ between the hosts or stand for two addresses, in words"`
	Unseen  string   `json:"unseen" gate:"-"`
}

// Blind says why a field is not a fact now.
func (k Keepalived) Blind(field string) string {
	switch {
	case k.Members == nil:
		return neverAsked
	case field == "members":
		return ""
	}
	return k.Unseen
}

// KeepalivedMember is Keepalived on one host, seen over ssh.
type KeepalivedMember struct {
	Node string `json:"node" about:"the node it runs on"`
	Seen
	Active bool     `json:"active" about:"its unit is active"`
	Holds  []string `json:"holds" about:"names of the floating addresses that the host has"`
	// Instances are read from the host's configuration, where the ssh user may read it.
	Instances []VRRPInstance    `json:"instances" about:"its VRRP instances, as configured"`
	Unread    map[string]string `json:"unread" gate:"-"`
}

// Blind says why a field is not a fact now.
func (m KeepalivedMember) Blind(field string) string {
	if field == "node" {
		return ""
	}
	return either(m.Seen.Blind(field), m.Unread[field])
}

// VRRPInstance is one vrrp_instance of a configuration.
type VRRPInstance struct {
	Name      string      `json:"name" about:"its name"`
	Interface string      `json:"interface" about:"the interface"`
	RouterID  int         `json:"router_id" about:"virtual_router_id, 1 to 255"`
	Priority  int         `json:"priority" about:"base priority, 1 to 255"`
	Addresses []string    `json:"addresses" about:"its virtual addresses, without prefix"`
	NoPreempt bool        `json:"nopreempt" about:"it does not take an address back"`
	Tracks    []VRRPTrack `json:"tracks" about:"the checks that change its priority"`
}

// VRRPTrack is a tracked check.
type VRRPTrack struct {
	Script string `json:"script" about:"name of the vrrp_script"`
	// Weight is added while the check passes (positive) or taken while it fails (negative); 0 means FAULT when it fails.
	Weight int `json:"weight" about:"what the check changes the priority by; 0 means that a failure gives the address up"`
}

// PgBouncer is the pools.
type PgBouncer struct {
	Members  []PgBouncerMember `json:"members" about:"the instances, in the cluster file's order"`
	Answered int               `json:"answered" about:"how many instances answered"`
	Unseen   string            `json:"unseen" gate:"-"`
}

// Blind says why a field is not a fact now.
func (p PgBouncer) Blind(field string) string {
	switch {
	case p.Members == nil:
		return neverAsked
	case field == "members", field == "answered":
		return ""
	}
	return p.Unseen
}

// PgBouncerMember is one instance, seen through its admin console and by one query through it.
type PgBouncerMember struct {
	Node string `json:"node" about:"the node it runs on"`
	Seen
	Version   string              `json:"version" about:"its version"`
	State     string              `json:"state" about:"active, paused or suspended, as a whole"`
	Databases []PgBouncerDatabase `json:"databases" about:"the databases it knows"`
	Pools     []Pool              `json:"pools" about:"its pools"`
	Paused    []string            `json:"paused" about:"names of databases that somebody paused or disabled"`
	Active    int                 `json:"active" about:"clients that have a connection, in all pools"`
	Waiting   int                 `json:"waiting" about:"clients that wait for a connection, in all pools"`
	MaxWait   float64             `json:"max_wait" about:"seconds for which the longest of them has waited"`
	// Works is whether a query on NetBox's database through this instance was answered; WorksError says why not.
	Works       bool              `json:"works" about:"a query on NetBox's database through it was answered"`
	WorksError  string            `json:"works_error" about:"why such a query was not answered, or empty"`
	PoolMode    string            `json:"pool_mode" about:"session, transaction or statement, of NetBox's database"`
	PoolSize    int               `json:"pool_size" about:"connections a pool of NetBox's database may have"`
	ReserveSize int               `json:"reserve_size" about:"further connections that a pool may have for a while"`
	Prepared    int               `json:"max_prepared_statements" about:"prepared statements it keeps for clients; 0 means that they do not work with transaction pooling"`
	Unread      map[string]string `json:"unread" gate:"-"`
}

// Blind says why a field is not a fact now.
func (m PgBouncerMember) Blind(field string) string {
	if field == "node" {
		return ""
	}
	return either(m.Seen.Blind(field), m.Unread[field])
}

// PgBouncerDatabase is one row of SHOW DATABASES.
type PgBouncerDatabase struct {
	Name        string `json:"name" about:"its name for clients"`
	Host        string `json:"host" about:"where it connects to"`
	Port        int    `json:"port" about:"the port it connects to"`
	Database    string `json:"database" about:"the name there"`
	PoolSize    int    `json:"pool_size" about:"connections a pool may have"`
	Connections int    `json:"connections" about:"connections it has"`
	Paused      bool   `json:"paused" about:"PAUSE was given"`
	Disabled    bool   `json:"disabled" about:"DISABLE was given"`
}

// Pool is one row of SHOW POOLS.
type Pool struct {
	Database string  `json:"database" about:"the database"`
	User     string  `json:"user" about:"the user"`
	Active   int     `json:"active" about:"clients that have a connection"`
	Waiting  int     `json:"waiting" about:"clients that wait for one"`
	Used     int     `json:"servers_active" about:"connections that clients have"`
	Idle     int     `json:"servers_idle" about:"connections that wait for a client"`
	Login    int     `json:"servers_login" about:"connections that are logging in"`
	MaxWait  float64 `json:"max_wait" about:"seconds for which the longest client has waited"`
	Mode     string  `json:"mode" about:"session, transaction or statement"`
}
