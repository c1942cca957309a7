package twin

import (
	"context"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"recon/internal/twin/pgwire"
	"recon/internal/twin/statements"
	"recon/internal/twin/world"
)

// roles are the database's users; the password of each is a secret of that name, but for the superuser's.
var roles = []statements.Role{
	{OID: 10, Name: "postgres", Superuser: true, Login: true, Replication: true, CreateRole: true, CreateDB: true, BypassRLS: true, System: true},
	{OID: 16384, Name: "replicator", Login: true, Replication: true},
	{OID: 16385, Name: "rewinder", Login: true},
	{OID: 16386, Name: "netbox", Login: true},
	{OID: 16387, Name: "recon", Login: true, Monitor: true},
}

// passwordOf is the secret of a database user.
func passwordOf(plan world.Plan, user string) (string, bool) {
	name, ok := map[string]string{"postgres": "superuser", "replicator": "replication", "rewinder": "rewind", "netbox": "netbox", "recon": "postgres"}[user]
	return plan.Secret[name], ok
}

// database is the PostgreSQL of a host on the wire.
type database struct {
	*statements.Database
	machine *machine
	wire    *pgwire.Server

	mu   sync.Mutex
	last world.Commit // the newest write of a client
}

func (m *machine) newDatabase() *database {
	d := &database{machine: m}
	w := m.twin.World
	host := func() *world.Host { return w.Host(m.name) }
	d.Database = &statements.Database{
		Facts: func(*pgwire.Session) statements.Facts { return d.facts() },
		Orders: statements.Orders{
			Write:        func(_ string, row statements.Canary) error { return d.write(row) },
			Synced:       d.synced,
			CreateCanary: func(string) error { return nil },
			GrantCanary:  func(string, string) error { return nil },
			PauseReplay: func(pause bool) error {
				w.Change(func() { host().Postgres.ReplayPaused = pause })
				return nil
			},
			Checkpoint: func(context.Context) error {
				w.Look(func() { p := host().Postgres; p.Checkpoint, p.CheckpointAt = p.WAL, w.Time() })
				return nil
			},
			Cancel: func(pid int32) bool { return d.wire.Cancel(pid) || d.end(pid) },
			Terminate: func(pid int32) bool {
				found := false
				d.wire.CloseConns(func(s *pgwire.Session) bool { found = found || s.ID == pid; return s.ID == pid }, "57P01", "terminating connection due to administrator command")
				return found || d.end(pid)
			},
			Reload: func() error { w.Change(func() { w.ReloadPostgres(host()) }); return nil },
			SwitchWAL: func() (at pgwire.LSN, err error) {
				w.Look(func() {
					p := host().Postgres
					p.WAL = (p.WAL/world.Segment + 1) * world.Segment
					at = pgwire.LSN(p.WAL)
				})
				return at, nil
			},
			CreateSlot: func(name string) error {
				w.Look(func() {
					p := host().Postgres
					p.Slots[name] = &world.Slot{Name: name, Kind: "physical", Restart: p.WAL}
				})
				return nil
			},
			DropSlot: func(name string) error {
				w.Look(func() { delete(host().Postgres.Slots, name) })
				return nil
			},
			AlterSystem: func(name string, value *string) error {
				w.Look(func() {
					if name == "default_transaction_read_only" {
						host().Postgres.ReadOnly = value != nil && *value == "on"
					}
				})
				return nil
			},
		},
	}
	d.wire = &pgwire.Server{Backend: d, Now: w.Now, Rounds: rounds}
	return d
}

// rounds are those of SCRAM: the passwords lie beside the servers, in the same memory, so that nobody gains by guessing.
const rounds = 64

// end takes away one of the world's own sessions.
func (d *database) end(pid int32) (found bool) {
	w := d.machine.twin.World
	w.Look(func() {
		p := w.Host(d.machine.name).Postgres
		n := len(p.Sessions)
		p.Sessions = slices.DeleteFunc(p.Sessions, func(c world.ClientBackend) bool { return int32(c.PID) == pid })
		found = len(p.Sessions) < n
	})
	return found
}

// Login lets a user in as pg_hba and the state of the server allow.
func (d *database) Login(_ context.Context, s *pgwire.Session, start map[string]string) (auth pgwire.Auth, err error) {
	w := d.machine.twin.World
	user, name := start["user"], start["database"]
	if name == "" {
		name = user
	}
	w.Look(func() {
		p := w.Host(d.machine.name).Postgres
		switch {
		case p.Stopping:
			err = &pgwire.Error{Severity: "FATAL", Code: "57P03", Message: "the database system is shutting down"}
			return
		case !p.Accepts(w.Time()):
			err = &pgwire.Error{Severity: "FATAL", Code: "57P03", Message: "the database system is starting up"}
			return
		}
		local := s.Remote == nil || s.Remote.Network() == "unix"
		password, known := passwordOf(w.Plan, user)
		switch {
		case local && p.RejectsAgent && user == "postgres":
			err = &pgwire.Error{Severity: "FATAL", Code: "28000", Message: `pg_hba.conf rejects connection for host "[local]", user "postgres", database "` + name + `", no encryption`}
		case name != "postgres" && name != "netbox" && name != "template1":
			err = &pgwire.Error{Severity: "FATAL", Code: "3D000", Message: `database "` + name + `" does not exist`}
		case local:
			auth = pgwire.Auth{Method: pgwire.Trust}
		case !known:
			auth = pgwire.Auth{Method: pgwire.SCRAM, Password: ""}
		default:
			auth = pgwire.Auth{Method: pgwire.SCRAM, Password: password}
		}
	})
	return auth, err
}

// write commits the canary's row.
func (d *database) write(row statements.Canary) (err error) {
	t := d.machine.twin
	t.World.Look(func() {
		var c world.Commit
		if c, err = t.World.Write(t.World.Host(d.machine.name), 256); err != nil {
			err = &pgwire.Error{Code: "25006", Message: "cannot execute UPDATE in a read-only transaction"}
			return
		}
		d.mu.Lock()
		defer d.mu.Unlock()
		d.last = c
	})
	if err == nil {
		t.canary.set(row)
	}
	return err
}

// synced waits until the newest write is acknowledged.
func (d *database) synced(ctx context.Context, s *pgwire.Session) error {
	t := d.machine.twin
	d.mu.Lock()
	c := d.last
	d.mu.Unlock()
	for {
		told := false
		t.World.Look(func() { told = c.ID == 0 || t.World.Told(c) })
		if told {
			s.Waits("", "")
			return nil
		}
		s.Waits("IPC", "SyncRep")
		timer := time.NewTimer(20 * time.Millisecond)
		select {
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		case <-timer.C:
		}
	}
}

// canaryRow is the row that recon's canary writes; every server has it.
type canaryRow struct {
	mu  sync.Mutex
	row statements.Canary
}

func (c *canaryRow) set(row statements.Canary) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.row = row
}

func (c *canaryRow) get() *statements.Canary {
	c.mu.Lock()
	defer c.mu.Unlock()
	return &statements.Canary{Writers: []string{"recon"}, At: c.row.At, Writer: c.row.Writer}
}

// facts is the server at this moment.
func (d *database) facts() (f statements.Facts) {
	t := d.machine.twin
	w := t.World
	activity := statements.ActivityOf(d.wire.Sessions())
	canary := t.canary.get()
	w.Look(func() {
		h := w.Host(d.machine.name)
		p, now := h.Postgres, h.Clock()
		f = statements.Facts{
			Now: now, Version: 170006, Port: world.PostgresPort, Started: p.Started.Add(h.Offset), SystemID: 7711276203485323398, InRecovery: !p.Primary,
			ReplayPaused: p.ReplayPaused, Timeline: p.Timeline, LSN: pgwire.LSN(p.Replayed), WALBytes: 80<<20 + p.Retained(), Roles: roles,
			Checkpoint: statements.Checkpoint{LSN: pgwire.LSN(p.Checkpoint), Redo: pgwire.LSN(p.Checkpoint), Timeline: p.Timeline, At: p.CheckpointAt},
			Databases: []statements.DatabaseRow{
				{OID: 5, Name: "postgres", Owner: "postgres", AllowConnections: true, Size: 7 << 20},
				{OID: 1, Name: "template1", Owner: "postgres", Template: true, AllowConnections: true, Size: 7 << 20},
				{OID: 4, Name: "template0", Owner: "postgres", Template: true, Size: 7 << 20},
				{OID: 16390, Name: "netbox", Owner: "netbox", AllowConnections: true, Size: 412 << 20, Canary: canary},
			},
			Activity: activity, Settings: statements.DefaultSettings(170006),
		}
		f.Address, _ = netip.ParseAddr(h.IP) // it is one of the plan's
		if !p.Primary {
			f.Received, f.LastCommit = pgwire.LSN(p.WAL), now.Add(-time.Second)
			if p.Streaming {
				at := pgwire.LSN(p.WAL)
				f.Receiver = &statements.Receiver{
					PID: int32(p.PID + 5), Status: "streaming", StartLSN: at &^ (world.Segment - 1), StartTimeline: p.Timeline, Timeline: p.Timeline, Written: at, Flushed: at,
					LatestEnd: at, LastSent: now, LastReceived: now, LatestEndTime: now, Slot: strings.ReplaceAll(h.Name, "-", "_"), Host: w.Host(p.Upstream).IP, Port: world.PostgresPort,
				}
			}
		}
		for i, o := range w.Standbys(h) {
			at, replay := pgwire.LSN(o.Postgres.WAL), pgwire.LSN(o.Postgres.Replayed)
			state := p.SyncState(o.Name)
			s := statements.Standby{
				PID: int32(p.PID + 20 + i), User: "replicator", Application: o.Name, Port: 40010 + i, Started: o.Postgres.Started, State: "streaming",
				Sent: at, Write: at, Flush: at, Reply: replay, SyncState: state, ReplyTime: now,
			}
			if state == "sync" {
				s.SyncPriority = 1
			}
			s.Address, _ = netip.ParseAddr(o.IP) // likewise
			f.Replication = append(f.Replication, s)
		}
		for _, name := range slices.Sorted(slotNames(p)) {
			s := p.Slots[name]
			row := statements.Slot{Name: s.Name, Kind: s.Kind, Active: s.Active, Restart: pgwire.LSN(s.Restart), WALStatus: "reserved"}
			if p.WAL-s.Restart > 64<<20 {
				row.WALStatus = "extended"
			}
			if !s.Active {
				row.InactiveSince = w.Plan.Began
			}
			f.Slots = append(f.Slots, row)
		}
		for _, c := range p.Sessions {
			a := statements.Activity{
				PID: int32(c.PID), Database: c.Database, User: c.User, Application: c.App, Kind: "client backend", Started: c.XactStart, XactStart: c.XactStart,
				QueryStart: c.XactStart, ChangeAt: c.XactStart, WaitType: "Client", WaitEvent: c.Wait, State: c.State, Query: c.Query,
			}
			a.Address, _ = netip.ParseAddr(c.Client) // likewise
			f.Activity = append(f.Activity, a)
		}
		for i, s := range p.Subscriptions {
			f.Subscriptions = append(f.Subscriptions, statements.Subscription{OID: uint32(17000 + i), Name: s.Name, Enabled: s.Enabled})
		}
		for i, c := range p.Waiting {
			f.Activity = append(f.Activity, statements.Activity{
				PID: int32(90_000 + i), Database: "netbox", User: "netbox", Application: "netbox", Address: f.Address, Kind: "client backend", Started: c.When, XactStart: c.When,
				QueryStart: c.When, ChangeAt: c.When, WaitType: "IPC", WaitEvent: "SyncRep", State: "active", Query: "COMMIT",
			})
		}
		f.Activity = append(f.Activity, statements.Activity{
			PID: int32(p.PID + 10), Database: "postgres", User: "postgres", Application: "Patroni heartbeat", Kind: "client backend", Started: p.Started, QueryStart: now, ChangeAt: now,
			WaitType: "Client", WaitEvent: "ClientRead", State: "idle", Query: "SELECT pg_catalog.pg_is_in_recovery()",
		})
		for name, value := range p.Settings {
			f.Settings = statements.Configure(f.Settings, name, value, "command line", "", 0)
		}
		for i := range f.Settings {
			if _, ok := h.Patroni.Pending[f.Settings[i].Name]; ok && h.Patroni.Running {
				f.Settings[i].PendingRestart = true
			}
		}
		names := strings.Join(p.SyncNames, ",")
		f.Settings = statements.Configure(f.Settings, "synchronous_standby_names", names, "configuration file", world.PGData+"/postgresql.conf", 20)
		if !p.ArchiveFails.IsZero() {
			f.Settings = statements.Configure(f.Settings, "archive_mode", "on", "configuration file", world.PGData+"/postgresql.conf", 5)
			f.Settings = statements.Configure(f.Settings, "archive_command", "/bin/false", "configuration file", world.PGData+"/postgresql.conf", 6)
			f.Archiver = statements.Archiver{Failed: 3 + int64(now.Sub(p.ArchiveFails)/time.Minute), LastFailed: "000000010000000000000005", FailedAt: now.Add(-2 * time.Second), Reset: w.Plan.Began}
			f.ArchiveWaiting = 2
		}
		if p.ReadOnly {
			f.Settings = statements.Configure(f.Settings, "default_transaction_read_only", "on", "configuration file", world.PGData+"/postgresql.auto.conf", 3)
		}
		for i, line := range strings.Split(strings.TrimSpace(w.HBA(h)), "\n") {
			if r := strings.Fields(line); len(r) >= 4 && !strings.HasPrefix(r[0], "#") {
				f.HBA = append(f.HBA, statements.HBARule{
					Rule: len(f.HBA) + 1, Line: i + 1, File: world.PGData + "/pg_hba.conf", Type: r[0], Databases: []string{r[1]}, Users: []string{r[2]}, Method: r[len(r)-1],
				})
			}
		}
	})
	return f
}

func slotNames(p *world.Instance) func(func(string) bool) {
	return func(yield func(string) bool) {
		for name := range p.Slots {
			if !yield(name) {
				return
			}
		}
	}
}

// servePostgres serves the host's PostgreSQL: a new server for each process.
func (m *machine) servePostgres() func(net.Listener) func() {
	return func(l net.Listener) func() {
		m.served.Go(func() { _ = m.database.wire.Serve(l) }) // it ends with the listener
		return func() {
			_ = l.Close() // in memory
			m.database.wire.Reset()
		}
	}
}
