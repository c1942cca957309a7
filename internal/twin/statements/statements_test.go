package statements_test

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"strconv"
	"testing"
	"time"

	"go.uber.org/goleak"

	"recon/internal/twin/pgwire"
	"recon/internal/twin/statements"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// server is a Database with a Login.
type server struct {
	*statements.Database
	wire *pgwire.Server
	port int
}

func (s *server) Login(context.Context, *pgwire.Session, map[string]string) (pgwire.Auth, error) {
	return pgwire.Auth{}, nil
}

// healthy are the facts of a primary with two standbys.
func healthy() statements.Facts { return healthyAt(time.Now()) }

func healthyAt(now time.Time) statements.Facts {
	ago := func(d time.Duration) time.Time { return now.Add(-d) }
	safe := int64(34_477_178_880)
	f := statements.Facts{
		Now: now, Version: 170006, Address: netip.MustParseAddr("127.0.0.1"), Port: 5432, Started: ago(time.Hour), SystemID: 7_575_799_146_934_871_553,
		Timeline: 8, Checkpoint: statements.Checkpoint{LSN: 0x6000060, Redo: 0x6000028, Timeline: 8, At: ago(3 * time.Minute)}, LSN: 0x6024030,
		Replication: []statements.Standby{
			{
				PID: 1421, User: "replicator", Application: "netbox-node-1", Address: netip.MustParseAddr("172.16.113.201"), Port: 45532, Started: ago(time.Hour), State: "streaming",
				Sent: 0x6024030, Write: 0x6024030, Flush: 0x6024030, Reply: 0x6024030, SyncPriority: 1, SyncState: "sync", ReplyTime: ago(time.Second),
			},
			{
				PID: 1440, User: "replicator", Application: "netbox-node-2", Address: netip.MustParseAddr("172.16.113.202"), Port: 45330, Started: ago(time.Hour), State: "streaming",
				Sent: 0x6024030, Write: 0x6024030, Flush: 0x6024030, Reply: 0x6024000, SyncState: "async", ReplyTime: ago(time.Second),
			},
		},
		Slots: []statements.Slot{
			{Name: "netbox_node_1", Kind: "physical", Active: true, ActivePID: 1421, Restart: 0x6024030, WALStatus: "reserved", SafeBytes: &safe},
			{Name: "netbox_node_2", Kind: "physical", Restart: 0x6000000, WALStatus: "reserved", SafeBytes: &safe, InactiveSince: ago(time.Minute)},
		},
		Archiver: statements.Archiver{Archived: 41, LastArchived: "000000080000000000000005", ArchivedAt: ago(time.Minute)}, WALBytes: 160 << 20, ArchiveWaiting: 2,
		Databases: []statements.DatabaseRow{
			{OID: 5, Name: "postgres", AllowConnections: true, Size: 7 << 20},
			{OID: 4, Name: "template0", Template: true, Size: 7 << 20},
			{OID: 16385, Name: "netbox", AllowConnections: true, Size: 412 << 20, Canary: &statements.Canary{Writers: []string{"netbox"}}},
		},
		Roles: []statements.Role{
			{OID: 10, Name: "postgres", Superuser: true, Login: true},
			{OID: 16384, Name: "replicator", Replication: true, Login: true},
			{OID: 16386, Name: "netbox", Login: true},
			{OID: 16387, Name: "watcher", Login: true, Monitor: true},
		},
		RoleSettings: []statements.RoleSetting{{Role: "netbox", Settings: []string{"statement_timeout=60s"}}},
		HBA:          []statements.HBARule{{Rule: 1, Line: 3, File: "/x/pg_hba.conf", Type: "local", Databases: []string{"all"}, Users: []string{"all"}, Method: "peer"}},
		Activity: []statements.Activity{
			{
				PID: 228, Database: "postgres", User: "postgres", Application: "Patroni heartbeat", Address: netip.MustParseAddr("172.16.113.203"), Port: 40000, Kind: "client backend",
				Started: ago(time.Hour), QueryStart: ago(5 * time.Second), ChangeAt: ago(5 * time.Second), WaitType: "Client", WaitEvent: "ClientRead", State: "idle",
				Query: "SELECT CASE WHEN pg_catalog.pg_is_in_recovery() THEN 0 ELSE 1 END",
			},
			{
				PID: 901, Database: "netbox", User: "netbox", Application: "netbox", Address: netip.MustParseAddr("172.16.113.201"), Port: 40001, Kind: "client backend",
				Started: ago(time.Hour), XactStart: ago(10 * time.Minute), QueryStart: ago(9 * time.Minute), ChangeAt: ago(9 * time.Minute), WaitType: "Client",
				WaitEvent: "ClientRead", State: "idle in transaction", Query: "UPDATE dcim_site SET name = 'a long statement that a person wrote and then forgot to commit'",
			},
			{PID: 60, Kind: "checkpointer", Started: ago(time.Hour), WaitType: "Activity", WaitEvent: "CheckpointerMain"},
		},
		Settings: statements.DefaultSettings(170006),
	}
	f.Settings = statements.Configure(f.Settings, "max_connections", "200", "command line", "", 0)
	f.Settings = statements.Configure(f.Settings, "archive_mode", "on", "configuration file", "/etc/postgresql/17/main/postgresql.conf", 4)
	return f
}

// standby makes standby's facts of a primary's.
func standby(f statements.Facts) statements.Facts {
	f.InRecovery, f.Received, f.LastCommit, f.Replication, f.Slots = true, f.LSN, f.Now.Add(-time.Second), nil, nil
	f.Receiver = &statements.Receiver{PID: 1431, Status: "streaming", StartLSN: 0x6000000, StartTimeline: 8, Timeline: 8, Written: 0x6024030, Flushed: 0x6024030, LatestEnd: 0x6024030, Host: "172.16.113.203", Port: 5432}
	return f
}

// start serves a database on loopback.
func start(t testing.TB, d *statements.Database) *server {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &server{Database: d}
	s.wire = &pgwire.Server{Backend: s}
	done := make(chan error, 1)
	go func() { done <- s.wire.Serve(l) }()
	t.Cleanup(func() {
		if err := errors.Join(s.wire.Close(), <-done); err != nil {
			t.Error(err)
		}
	})
	s.port = l.Addr().(*net.TCPAddr).Port
	return s
}

func (s *server) settings(user, database string) string {
	return "host=127.0.0.1 port=" + strconv.Itoa(s.port) + " sslmode=disable user=" + user + " dbname=" + database
}

type pgwireSession = pgwire.Session

// split is pgwire.Split of what is right.
func split(t testing.TB, sql string) []string {
	t.Helper()
	out, err := pgwire.Split(sql)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

var mustAddr = netip.MustParseAddr

// as sets target to the error that it is, if it is one.
func as[E error](err error, target *E) { errors.As(err, target) }
