package bouncer

import (
	"net/netip"
	"time"
)

// Facts is everything that the console tells of one PgBouncer, at one moment. The console itself is not among the
// databases, pools and clients: it adds itself.
type Facts struct {
	Now time.Time
	// Version is such as 1.24.1.
	Version string
	// Port is listen_port.
	Port int
	// Paused and Suspended are about the whole; a paused database says so itself.
	Paused, Suspended bool

	Databases []Database
	Pools     []Pool
	Clients   []Socket
	Servers   []Socket
	Users     []User
	// Config is SHOW CONFIG, see DefaultConfig.
	Config []Setting
	Stats  []Stats
	// LoginClients are clients that have not shown their password yet.
	LoginClients int
}

// Database is a row of SHOW DATABASES. PoolMode is empty when it is the default.
type Database struct {
	Name, Host, Database, ForceUser     string
	Port                                int
	PoolSize, MinPoolSize, ReserveSize  int
	ServerLifetime                      int // seconds
	PoolMode                            string
	MaxConnections, Connections         int // servers
	MaxClientConnections, ClientsNumber int
	Paused, Disabled                    bool
}

// Pool is a row of SHOW POOLS. MaxWait is how long the oldest client has waited.
type Pool struct {
	Database, User                           string
	ClientsActive, ClientsWaiting            int
	CancelActive, CancelWaiting              int
	ServersActive, ServersIdle, ServersUsed  int
	ServersTested, ServersLogin              int
	ServersActiveCancel, ServersBeingCancels int
	MaxWait                                  time.Duration
	Mode                                     string
}

// Socket is a row of SHOW CLIENTS or SHOW SERVERS.
type Socket struct {
	ID                    int64
	User, Database, State string // active, waiting, idle, used, tested, new
	Address, Local        netip.AddrPort
	Connected, Requested  time.Time
	Wait                  time.Duration
	CloseNeeded           bool
	PID                   int32 // of a server
	TLS, Application      string
	Prepared              int
	Pointer, LinkedTo     string // such as 0x55c76b4cc780
}

// User is a row of SHOW USERS.
type User struct {
	Name, PoolMode                     string
	PoolSize                           int // 0 is none of its own
	MaxConnections, Connections        int
	MaxClientConnections, ClientsTotal int
}

// Stats are counters of one database. Times are microseconds.
type Stats struct {
	Database                             string
	Assignments, Transactions, Queries   int64
	Received, Sent                       int64 // bytes
	TransactionTime, QueryTime, WaitTime int64
	ClientParses, ServerParses, Binds    int64
	// Averages are those of the last period: a second, and a query or transaction for the times.
	Averages *Stats
}

// Setting is a row of SHOW CONFIG.
type Setting struct {
	Key, Value, Default string
	// Changeable says that RELOAD or SET changes it.
	Changeable bool
}
