package inventory

// On lists the nodes that run a service, by name, in the order of the cluster's nodes; every node when the file names
// none.
type On struct{ Nodes []string }

// TLS is how a service's certificate is checked and how we present ours. Empty means plain text.
type TLS struct {
	// CA, Cert and Key are PEM files, absolute. ServerName overrides the name that is verified.
	CA, Cert, Key, ServerName string
}

// Etcd is the store that holds Patroni's leader lock.
type Etcd struct {
	On
	ClientPort, PeerPort int
	Unit, DataDir        string
	Scheme               string // http or https
	TLS                  TLS
	User                 string
	Password             Secret
}

// Patroni is the agent beside each PostgreSQL.
type Patroni struct {
	On
	RESTPort     int
	Unit, Config string
	// Scope and Namespace are what the file claims; the probes read the hosts' own and compare.
	Scope, Namespace string
	Scheme           string
	TLS              TLS
	// User and Password are for the REST API's changing calls.
	User     string
	Password Secret
}

// Postgres is the database itself.
type Postgres struct {
	On
	Port            int
	DataDir, BinDir string
	User            string
	Password        Secret
	Database        string
	// SSLMode is libpq's word; "prefer" by default.
	SSLMode string
}

// Service is a service with one port and one unit.
type Service struct {
	On
	Port     int
	Unit     string
	Config   string
	User     string
	Password Secret
}

// Sentinel watches Redis.
type Sentinel struct {
	Service
	// Master is the name of the monitored master, for example myredisetcd.
	Master string
}

// HAProxy is the entry of the database and redis ports.
type HAProxy struct {
	Service
	// Socket is the admin socket's path. Port is the stats page's.
	Socket string
	// Backends are the names of the backends in its configuration; Ports are the ports on the db address that lead to them.
	Backends EntryNames
	Ports    EntryPorts
}

// EntryNames are the names of HAProxy's backends.
type EntryNames struct{ Write, Read, Redis, PgBouncer string }

// EntryPorts are the ports on the db address.
type EntryPorts struct{ Write, Read, Redis, PgBouncer int }

// Entry says how the console tries what the users do.
type Entry struct {
	// User and Password are a login of the database that is tried through the db address; User is that of the postgres service
	// when it is empty. Database is PgBouncer's by default.
	User     string
	Password Secret
	Database string
	// Canary allows a write: a row of the table recon_canary in Database.
	Canary bool
}

// PgBouncer pools connections to PostgreSQL. User and Password are those of its admin console.
type PgBouncer struct {
	Service
	Database string
}

// Web is the proxy in front of NetBox.
type Web struct {
	Service
	Certificate string
	HTTPS       bool
}

// NetBox is the application with its workers.
type NetBox struct {
	Service
	WorkerUnit string
	// Bind is the address on the node that the application listens on: loopback, or the node's own address.
	Bind  string
	URL   string
	Token Secret
}
