package probes

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"recon/internal/inventory"
)

// pgbouncerFacts is what one PgBouncer answered.
type pgbouncerFacts struct {
	version, state string
	databases      []PgBouncerDatabase
	pools          []Pool
	settings       map[string]string
	// works and worksErr are about one query on NetBox's database through this instance.
	works    bool
	worksErr string
	// unread says of single fields why they were not told.
	unread map[string]string
}

func aimPgBouncer(a aiming) ([]*target, error) {
	b := a.cluster.PgBouncer
	if b == nil {
		return nil, nil
	}
	e := a.cluster.Entry
	var out []*target
	for _, n := range running(a.cluster, b.On) {
		port := strconv.Itoa(b.Port)
		login := func(user, database string, password inventory.Secret) *poolLogin {
			return &poolLogin{
				dialer: a.reach(n, b.Port), settings: connection(n.Address, port, user, database, "prefer"),
				password: func(ctx context.Context) (string, error) { return a.secret(ctx, password) },
			}
		}
		p := &pgbouncerProbe{console: login(either(b.User, "pgbouncer"), "pgbouncer", b.Password), database: e.Database}
		if e.User != "" && e.Database != "" {
			p.through = login(e.User, e.Database, e.Password)
		}
		out = append(out, aimed(a.Watch, a.raw.pgbouncer, "pgbouncer", n.Name, "pgbouncer "+p.console.dialer.address, deadline, p))
	}
	return out, nil
}

// poolLogin is one kept connection to a PgBouncer. Its console knows the simple protocol alone, so nothing else is spoken.
type poolLogin struct {
	dialer   *dialer
	settings string
	password func(ctx context.Context) (string, error)

	conn       *pgconn.PgConn
	connecting atomic.Bool
}

func (l *poolLogin) close() {
	if l.conn == nil {
		return
	}
	conn := l.conn
	l.conn = nil
	if conn.IsClosed() {
		_ = conn.Conn().Close()
		<-conn.CleanupDone()
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), farewell)
	defer cancel()
	_ = conn.Close(ctx) // nothing was changed
}

func (l *poolLogin) connect(ctx context.Context) error {
	conf, err := pgconn.ParseConfig(l.settings)
	if err != nil {
		return fmt.Errorf("prepare the connection: %w", err)
	}
	if conf.Password, err = l.password(ctx); err != nil {
		return fmt.Errorf("the password: %w", err)
	}
	conf.RuntimeParams = map[string]string{"application_name": "recon"}
	conf.LookupFunc = func(_ context.Context, host string) ([]string, error) { return []string{host}, nil }
	conf.DialFunc = func(ctx context.Context, _, _ string) (net.Conn, error) {
		if !l.connecting.Load() {
			return nil, errors.New("no second connection is made to cancel a question; the connection ends with it")
		}
		return l.dialer.dial(ctx)
	}
	conf.ValidateConnect = nil
	l.connecting.Store(true)
	conn, err := pgconn.ConnectConfig(ctx, conf)
	l.connecting.Store(false)
	if err != nil {
		return poolError(err)
	}
	l.conn = conn
	return nil
}

// rows asks one question. The connection is made when there is none.
func (l *poolLogin) rows(ctx context.Context, question string) ([]map[string]string, error) {
	if l.conn == nil {
		if err := l.connect(ctx); err != nil {
			return nil, err
		}
	}
	results, err := l.conn.Exec(ctx, question).ReadAll()
	if err != nil {
		return nil, poolError(err)
	}
	if len(results) != 1 {
		return nil, fmt.Errorf("%s has %d answers", question, len(results))
	}
	out := make([]map[string]string, 0, len(results[0].Rows))
	for _, r := range results[0].Rows {
		m := map[string]string{}
		for i, f := range results[0].FieldDescriptions {
			if i < len(r) && r[i] != nil {
				m[f.Name] = string(r[i])
			}
		}
		out = append(out, m)
	}
	return out, nil
}

// poolError is PgBouncer's own message where there is one. It stays a *pgconn.PgError below.
func poolError(err error) error {
	var refused *pgconn.PgError
	if errors.As(err, &refused) {
		return fmt.Errorf("PgBouncer answered: %s%w", line(refused.Message), hidden{refused})
	}
	return err
}

// hidden keeps an error for errors.As and says nothing itself.
type hidden struct{ err error }

func (h hidden) Error() string { return "" }
func (h hidden) Unwrap() error { return h.err }

func answered(err error) bool {
	var refused *pgconn.PgError
	return errors.As(err, &refused)
}

// pgbouncerProbe asks one instance on its console, and tries one query through it: an instance that listens may still be
// unable to reach the database, know its users, or be paused.
type pgbouncerProbe struct {
	console, through *poolLogin
	database         string
}

func (p *pgbouncerProbe) close() {
	p.console.close()
	if p.through != nil {
		p.through.close()
	}
}

// worksWithin is how long a query through an instance may take. The rest of the probe's time is the console's.
const worksWithin = 1500 * time.Millisecond

func (p *pgbouncerProbe) ask(ctx context.Context) (pgbouncerFacts, error) {
	p.console.dialer.reset()
	kept := p.console.conn != nil
	f, err := p.look(ctx)
	if kept && err != nil && ctx.Err() == nil && !answered(err) {
		p.console.close()
		f, err = p.look(ctx)
	}
	if err != nil {
		p.console.close()
		return f, p.console.dialer.cause(err)
	}
	p.tryThrough(ctx, &f)
	return f, nil
}

// look asks the console.
func (p *pgbouncerProbe) look(ctx context.Context) (pgbouncerFacts, error) {
	f := pgbouncerFacts{unread: map[string]string{}}
	rows, err := p.console.rows(ctx, "SHOW VERSION")
	if err != nil {
		return f, err
	}
	f.version = parsePoolVersion(rows)
	for _, q := range []struct {
		question string
		fields   []string
		take     func([]map[string]string) error
	}{
		{"SHOW DATABASES", []string{"databases", "paused"}, func(rows []map[string]string) (err error) { f.databases, err = parsePoolDatabases(rows); return }},
		{"SHOW POOLS", []string{"pools", "active", "waiting", "max_wait"}, func(rows []map[string]string) (err error) { f.pools, err = parsePools(rows); return }},
		{"SHOW CONFIG", []string{"pool_mode", "pool_size", "reserve_size", "max_prepared_statements"}, func(rows []map[string]string) error { f.settings = parsePoolConfig(rows); return nil }},
		{"SHOW STATE", nil, func(rows []map[string]string) error { f.state = parsePoolState(rows); return nil }},
	} {
		rows, err := p.console.rows(ctx, q.question)
		if err == nil {
			err = q.take(rows)
		}
		switch {
		case err == nil:
		case !answered(err) && p.console.conn.IsClosed():
			return f, err
		default:
			// An older version or a user with fewer rights does not tell this one.
			for _, field := range q.fields {
				f.unread[field] = line(err.Error())
			}
		}
	}
	return f, nil
}

// tryThrough asks the database one question through this instance. A paused database makes its clients wait, so that
// one is not asked.
func (p *pgbouncerProbe) tryThrough(ctx context.Context, f *pgbouncerFacts) {
	switch {
	case p.through == nil:
		f.unread["works"], f.unread["works_error"] = "the cluster file names no login to try", "the cluster file names no login to try"
		return
	case f.state == "paused" || f.state == "suspended":
		f.worksErr = "the instance is " + f.state
		return
	}
	for _, d := range f.databases {
		if d.Name == p.database && (d.Paused || d.Disabled) {
			f.worksErr = map[bool]string{true: "paused", false: "disabled"}[d.Paused]
			return
		}
	}
	kept := p.through.conn != nil
	err := p.once(ctx)
	if kept && err != nil && ctx.Err() == nil && !answered(err) {
		p.through.close()
		err = p.once(ctx)
	}
	if err != nil {
		p.through.close()
		f.worksErr = words(p.through.dialer.cause(err), worksWithin)
		return
	}
	f.works = true
	if mode := f.mode(p.database); mode != "transaction" && mode != "statement" {
		p.through.close() // with session pooling a kept client keeps one of the pool's connections
	}
}

func (p *pgbouncerProbe) once(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, worksWithin)
	defer cancel()
	p.through.dialer.reset()
	_, err := p.through.rows(ctx, "SELECT 1")
	return err
}
