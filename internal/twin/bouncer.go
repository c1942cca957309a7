package twin

import (
	"context"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"recon/internal/twin/bouncer"
	"recon/internal/twin/pgwire"
	"recon/internal/twin/world"
)

// pooler is the PgBouncer of a host on the wire: its console, and the way to the primary behind the entry.
type pooler struct {
	machine *machine
	console *bouncer.Console
	wire    *pgwire.Server
}

func (m *machine) newPooler() *pooler {
	p := &pooler{machine: m}
	p.wire = &pgwire.Server{Backend: p, Now: m.twin.World.Now, NoticesHangup: true, Rounds: rounds}
	change := func(f func(b *world.Bouncer, pool *world.Pool)) func(string) error {
		return func(name string) error {
			w := m.twin.World
			w.Look(func() {
				b := w.Host(m.name).Bouncer
				for _, pool := range b.Databases {
					if name == "" || pool.Name == name {
						f(b, pool)
					}
				}
			})
			return nil
		}
	}
	pause := change(func(_ *world.Bouncer, x *world.Pool) { x.Paused = true })
	p.console = &bouncer.Console{
		Facts: p.facts,
		Admin: func(s *pgwire.Session) bool { return s.User == "pgbouncer_admin" || s.User == "pgbouncer" },
		Sessions: func() []*pgwire.Session {
			return slices.DeleteFunc(p.wire.Sessions(), func(s *pgwire.Session) bool { return s.Database != "pgbouncer" })
		},
		Orders: bouncer.Orders{
			Pause:     func(_ context.Context, name string) error { return pause(name) },
			Kill:      pause,
			Resume:    change(func(_ *world.Bouncer, x *world.Pool) { x.Paused, x.Waiting = false, 0 }),
			Disable:   change(func(_ *world.Bouncer, x *world.Pool) { x.Disabled = true }),
			Enable:    change(func(_ *world.Bouncer, x *world.Pool) { x.Disabled = false }),
			Reconnect: change(func(*world.Bouncer, *world.Pool) {}),
			WaitClose: func(context.Context, string) error { return nil },
			Reload: func() (err error) {
				w := m.twin.World
				w.Look(func() { err = w.Host(m.name).Reload(world.BouncerUnit) })
				return err
			},
		},
	}
	return p
}

func (p *pooler) facts() (f bouncer.Facts) {
	w := p.machine.twin.World
	w.Look(func() {
		h := w.Host(p.machine.name)
		f = bouncer.Facts{Now: h.Clock(), Version: "1.24.1", Port: world.BouncerPort, Config: bouncer.DefaultConfig()}
		for i := range f.Config {
			switch f.Config[i].Key {
			case "max_prepared_statements":
				f.Config[i].Value = h.Bouncer.Prepared
			case "pool_mode":
				f.Config[i].Value = "transaction"
			}
		}
		paused := len(h.Bouncer.Databases) > 0
		var names []string
		for name, pool := range h.Bouncer.Databases {
			names = append(names, name)
			paused = paused && pool.Paused
		}
		slices.Sort(names)
		for _, name := range names {
			pool := h.Bouncer.Databases[name]
			host, port, _ := strings.Cut(pool.Upstream, ":")
			n, _ := strconv.Atoi(port) // it is a number, or 0
			f.Databases = append(f.Databases, bouncer.Database{
				Name: name, Host: host, Port: n, Database: name, PoolSize: pool.Size, ReserveSize: pool.Reserve, ServerLifetime: 3600, MaxConnections: pool.Size + pool.Reserve,
				Connections: min(pool.Used+2, pool.Size+pool.Reserve), Paused: pool.Paused, Disabled: pool.Disabled,
			})
			wait := time.Duration(0)
			if pool.Waiting > 0 {
				wait = w.Time().Sub(pool.WaitSince)
			}
			servers := max(pool.Used, 0)
			f.Pools = append(f.Pools, bouncer.Pool{
				Database: name, User: map[bool]string{true: "netbox", false: "recon"}[name == "netbox"], ClientsActive: 3 + pool.Used, ClientsWaiting: pool.Waiting, ServersActive: servers,
				ServersIdle: max(2-pool.Used, 0), MaxWait: wait, Mode: "transaction",
			})
		}
		for _, user := range []string{"netbox", "pgbouncer_admin", "recon"} {
			f.Users = append(f.Users, bouncer.User{Name: user})
		}
	})
	return f
}

// Login lets a user of the user list in, to the console or to a database of the configuration.
func (p *pooler) Login(_ context.Context, s *pgwire.Session, start map[string]string) (auth pgwire.Auth, err error) {
	w := p.machine.twin.World
	user, name := start["user"], start["database"]
	if name == "" {
		name = user
	}
	local := s.Remote == nil || s.Remote.Network() == "unix"
	w.Look(func() {
		b := w.Host(p.machine.name).Bouncer
		password, known := b.Users[user]
		switch {
		case name == "pgbouncer" && local && user == "pgbouncer":
			auth = pgwire.Auth{Method: pgwire.Trust}
		case name != "pgbouncer" && b.Databases[name] == nil:
			err = &pgwire.Error{Severity: "FATAL", Code: "08P01", Message: "no such database: " + name}
		case name == "pgbouncer" && user != "pgbouncer_admin" && user != "recon":
			err = &pgwire.Error{Severity: "FATAL", Code: "08P01", Message: "not allowed"}
		case !known:
			auth = pgwire.Auth{Method: pgwire.SCRAM, Refusal: &pgwire.Error{Severity: "FATAL", Code: "08P01", Message: "SASL authentication failed"}}
		default:
			auth = pgwire.Auth{Method: pgwire.SCRAM, Password: password, Refusal: &pgwire.Error{Severity: "FATAL", Code: "08P01", Message: "SASL authentication failed"}}
		}
	})
	return auth, err
}

// Started waits for a server, as PgBouncer does before it lets its first client in.
func (p *pooler) Started(s *pgwire.Session) (map[string]string, error) {
	if s.Database == "pgbouncer" {
		return p.console.Started(s), nil
	}
	d, err := p.server(p.machine.twin.ctx, s)
	if err != nil {
		return nil, err
	}
	return d.Started(s)
}

// server is the database behind the entry; a paused or full pool waits for as long as query_wait_timeout.
func (p *pooler) server(ctx context.Context, s *pgwire.Session) (*database, error) {
	t := p.machine.twin
	w := t.World
	for end := w.Now().Add(time.Minute); ; {
		word, to := "", ""
		w.Look(func() {
			h := w.Host(p.machine.name)
			word = w.BouncerPath(h, s.Database, s.User, h.Bouncer.Users[s.User])
			if word == "" {
				if o := w.ThroughEntry(h, "pg_bkwrite"); o != nil {
					to = o.Name
				}
			}
		})
		switch {
		case to != "":
			for _, m := range t.machines {
				if m.name == to {
					return m.database, nil
				}
			}
		case word == world.NoServer:
			return nil, &pgwire.Error{Severity: "FATAL", Code: "08P01", Message: "server login has been failing, cached error: connect failed (server_login_retry)"}
		case word != world.MustWait:
			return nil, &pgwire.Error{Severity: "FATAL", Code: "08P01", Message: word}
		case w.Now().After(end):
			return nil, &pgwire.Error{Severity: "FATAL", Code: "08P01", Message: "query_wait_timeout"}
		case t.stalls(s.Remote):
			return nil, &pgwire.Error{Severity: "FATAL", Code: "08P01", Message: "client disconnected"}
		}
		timer := time.NewTimer(25 * time.Millisecond)
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil, &pgwire.Error{Severity: "FATAL", Code: "08P01", Message: "client disconnected"}
		case <-timer.C:
		}
	}
}

// Query answers on the console, or hands a statement on.
func (p *pooler) Query(ctx context.Context, s *pgwire.Session, sql string, params []pgwire.Param) (pgwire.Result, error) {
	if s.Database == "pgbouncer" {
		return p.console.Query(ctx, s, sql, params)
	}
	d, err := p.server(ctx, s)
	if err != nil {
		return pgwire.Result{}, err
	}
	return d.Query(ctx, s, sql, params)
}

// Describe is refused on the console, and handed on elsewhere.
func (p *pooler) Describe(ctx context.Context, s *pgwire.Session, sql string) ([]uint32, []pgwire.Column, error) {
	if s.Database == "pgbouncer" {
		return p.console.Describe(ctx, s, sql)
	}
	d, err := p.server(ctx, s)
	if err != nil {
		return nil, nil, err
	}
	return d.Describe(ctx, s, sql)
}

// Ended lets every server forget the session.
func (p *pooler) Ended(s *pgwire.Session) {
	for _, m := range p.machine.twin.machines {
		if m.database != nil {
			m.database.Ended(s)
		}
	}
}

func (m *machine) serveBouncer() func(net.Listener) func() {
	return func(l net.Listener) func() {
		m.served.Go(func() { _ = m.pooler.wire.Serve(l) }) // it ends with the listener
		return func() {
			_ = l.Close() // in memory
			m.pooler.wire.Reset()
		}
	}
}
