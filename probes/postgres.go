package probes

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync/atomic"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// databaseFacts is what one PostgreSQL answered.
type databaseFacts struct {
	version    int
	inRecovery bool
	readOnly   bool
	timeline   *int
	waiting    *int
	oldest     *float64
	receiver   string
	// replayPaused is of a standby.
	replayPaused                bool
	connections, maxConnections int
	lists                       databaseLists
	seldom                      seldomFacts
	// unread says of single fields why they were not told.
	unread map[string]string
}

// databaseLists are the rows of the statistics views; nil when they could not be read.
type databaseLists struct {
	Followers []Standby    `json:"followers"`
	Slots     []Slot       `json:"slots"`
	Copies    []CopyStream `json:"copies"`
	// Archiver is nil when archive_mode is off.
	Archiver      *Archiver      `json:"archiver"`
	Subscriptions []Subscription `json:"subscriptions"`
}

// postgresProbe asks one PostgreSQL over one kept connection, in read-only transactions with a time limit of their own.
type postgresProbe struct {
	dialer   *dialer
	settings string
	password func(ctx context.Context) (string, error)

	conn       *pgx.Conn
	connecting atomic.Bool
	seldom     seldomFacts
}

func (p *postgresProbe) close() {
	if p.conn == nil {
		return
	}
	conn := p.conn
	p.conn = nil
	if conn.IsClosed() {
		// A deadline cut a question off: pgx says goodbye in the background, for up to 15 s. Nothing is lost without it.
		_ = conn.PgConn().Conn().Close()
		<-conn.PgConn().CleanupDone()
		return
	}
	// A polite goodbye must not hold up the end when the server hangs.
	ctx, cancel := context.WithTimeout(context.Background(), farewell)
	defer cancel()
	_ = conn.Close(ctx) // it was only read from
}

// ask tries a kept connection first, and once more with a new one, because a server that was restarted in between is no
// server that does not answer.
func (p *postgresProbe) ask(ctx context.Context) (databaseFacts, error) {
	kept := p.conn != nil
	p.dialer.reset()
	f, err := p.attempt(ctx)
	if kept && err != nil && ctx.Err() == nil {
		p.close()
		f, err = p.attempt(ctx)
	}
	if err != nil {
		p.close()
		err = p.dialer.cause(err)
	}
	return f, err
}

func (p *postgresProbe) attempt(ctx context.Context) (databaseFacts, error) {
	if p.conn == nil {
		if err := p.connect(ctx); err != nil {
			return databaseFacts{}, err
		}
	}
	f := databaseFacts{unread: map[string]string{}}
	var waiting *int
	var privileged bool
	err := p.conn.QueryRow(ctx, scalarsSQL).Scan(&f.version, &f.inRecovery, &f.readOnly, &f.timeline, &privileged, &waiting, &f.oldest, &f.receiver,
		&f.replayPaused, &f.connections, &f.maxConnections)
	if err != nil {
		return f, sqlError(err)
	}
	if privileged {
		f.waiting = waiting
	} else {
		// Without these rights the views show other sessions with empty columns, which would look like peace.
		f.oldest, f.receiver = nil, ""
		for _, field := range []string{"followers", "syncrep_waiting", "oldest_transaction", "copies", "receiver"} {
			f.unread[field] = "the database user may not read it; grant it pg_monitor"
		}
		if f.inRecovery { // what is left is the last checkpoint's, which may be timelines behind
			f.timeline, f.unread["timeline"] = nil, f.unread["receiver"]
		}
	}
	var body string
	switch err := p.conn.QueryRow(ctx, listsSQL(f.version)).Scan(&body); {
	case err != nil && p.conn.IsClosed():
		return f, sqlError(err)
	case err != nil:
		f.notListed(sqlError(err))
	default:
		if f.lists, err = parseLists([]byte(body)); err != nil {
			f.notListed(err)
		}
		if !privileged {
			f.lists.Followers, f.lists.Copies = nil, nil
		}
	}
	if p.seldom.due() {
		p.seldom = p.askSeldom(ctx, privileged)
	}
	f.seldom = p.seldom
	for field, why := range p.seldom.unread {
		f.unread[field] = either(f.unread[field], why)
	}
	if p.conn.IsClosed() {
		p.close() // a costly question was cut off; what was answered before it is true all the same
	}
	return f, nil
}

// notListed keeps what the first question brought when the second one failed.
func (f *databaseFacts) notListed(err error) {
	for _, field := range []string{"followers", "slots", "copies", "archiver", "subscriptions"} {
		f.unread[field] = either(f.unread[field], words(err, deadline))
	}
}

func parseLists(body []byte) (databaseLists, error) {
	var l databaseLists
	if err := json.Unmarshal(body, &l); err != nil {
		return databaseLists{}, fmt.Errorf("the statistics do not hold what they should: %w", err)
	}
	for i := range l.Followers {
		f := &l.Followers[i]
		f.Name, f.Address, f.State, f.SyncState = line(f.Name), line(f.Address), line(f.State), line(f.SyncState)
	}
	for i := range l.Slots {
		s := &l.Slots[i]
		s.Name, s.Kind, s.Status = line(s.Name), line(s.Kind), line(s.Status)
	}
	for i := range l.Copies {
		c := &l.Copies[i]
		c.Name, c.Address = line(c.Name), line(c.Address)
	}
	for i := range l.Subscriptions {
		l.Subscriptions[i].Name = line(l.Subscriptions[i].Name)
	}
	if a := l.Archiver; a != nil {
		a.FailedWAL = line(a.FailedWAL)
	}
	return l, nil
}

func (p *postgresProbe) connect(ctx context.Context) error {
	conf, err := pgx.ParseConfig(p.settings)
	if err != nil {
		return fmt.Errorf("prepare the connection: %w", err)
	}
	if conf.Password, err = p.password(ctx); err != nil {
		return fmt.Errorf("the password of the database user: %w", err)
	}
	conf.RuntimeParams = map[string]string{"application_name": "recon"}
	conf.LookupFunc = func(_ context.Context, host string) ([]string, error) { return []string{host}, nil }
	conf.DialFunc = func(ctx context.Context, _, _ string) (net.Conn, error) {
		if !p.connecting.Load() {
			return nil, errors.New("no second connection is made to cancel a question; the server's own limit ends it")
		}
		return p.dialer.dial(ctx)
	}
	conf.ValidateConnect = nil
	p.connecting.Store(true)
	conn, err := pgx.ConnectConfig(ctx, conf)
	p.connecting.Store(false)
	if err != nil {
		return sqlError(err)
	}
	p.conn = conn
	// Set here and not in the startup packet: what the packet sets hides the server's own default from pg_settings.
	if _, err := conn.Exec(ctx, "SET default_transaction_read_only = on; SET statement_timeout = '2s'; SET lock_timeout = '1s'", pgx.QueryExecModeSimpleProtocol); err != nil {
		return sqlError(err)
	}
	return nil
}

// connection is a libpq connection string; every setting that the environment could add is said.
func connection(host, port, user, database, sslmode string) string {
	quote := strings.NewReplacer(`\`, `\\`, `'`, `\'`)
	var b strings.Builder
	for _, kv := range [][2]string{
		{"host", host},
		{"port", port},
		{"user", user},
		{"dbname", database},
		{"sslmode", either(sslmode, "prefer")},
		{"passfile", "/dev/null"},
		{"target_session_attrs", "any"},
	} {
		fmt.Fprintf(&b, "%s='%s' ", kv[0], quote.Replace(kv[1]))
	}
	return b.String()
}

// sqlError is PostgreSQL's own message where there is one.
func sqlError(err error) error {
	var refused *pgconn.PgError
	if errors.As(err, &refused) {
		return fmt.Errorf("PostgreSQL answered: %s (SQLSTATE %s)", refused.Message, refused.Code)
	}
	return err
}
