// Package statements answers SQL as a PostgreSQL of the training cluster does. It is no database: it knows the server's
// statistics views and functions, which may be looked at with any SELECT that package selects can read, and a list of
// commands; recon's own statements and those of its runbooks are among them. What it tells comes from Facts, and what it
// changes goes to Orders. Of any other statement it says that the training cluster does not know it; SHOW STATEMENTS
// lists what it knows.
//
// Database is most of a pgwire.Backend: give it Facts and Orders, add Login, and serve it. It is safe for several sessions
// at once.
package statements

import (
	"context"
	"sync"

	"recon/internal/twin/pgwire"
)

// Database answers the statements of one server. It keeps what belongs to sessions: settings, writes that are not
// committed, and advisory locks. It must not be copied.
type Database struct {
	// Facts is the server at this moment, as the session sees it.
	Facts  func(s *pgwire.Session) Facts
	Orders Orders

	mu    sync.Mutex
	locks map[int64]*pgwire.Session
	texts library
	open  map[*pgwire.Session]*transaction
}

// Orders are what statements change. One that is nil is refused with an error of the training cluster; an *pgwire.Error
// of an order is told as it is.
type Orders struct {
	// Write stores the canary's row of a database when its transaction commits.
	Write func(database string, row Canary) error
	// Synced waits for the standbys of a commit that has written; it ends with ctx.Err(). nil is no wait.
	Synced func(ctx context.Context, s *pgwire.Session) error
	// CreateCanary makes the canary's table in a database, GrantCanary lets a role write it.
	CreateCanary func(database string) error
	GrantCanary  func(database, role string) error
	// Checkpoint makes one, on a standby a restartpoint.
	Checkpoint func(ctx context.Context) error
	// PauseReplay pauses or resumes the replay of a standby.
	PauseReplay func(pause bool) error
	// Cancel and Terminate are about one backend; false when there is none with this process id.
	Cancel, Terminate func(pid int32) bool
	// Reload reads the configuration files again.
	Reload func() error
	// SwitchWAL ends the present WAL file and returns where.
	SwitchWAL func() (pgwire.LSN, error)
	// CreateSlot and DropSlot are about physical slots.
	CreateSlot, DropSlot func(name string) error
	// AlterSystem writes a setting into postgresql.auto.conf; a nil value removes it.
	AlterSystem func(name string, value *string) error
	// Promote ends recovery.
	Promote func() error
}

// query is one statement that is answered.
type query struct {
	Facts
	ctx context.Context
	db  *Database
	s   *pgwire.Session
	// notices and set go into the result.
	notices []pgwire.Error
	set     map[string]string
}

func (d *Database) query(ctx context.Context, s *pgwire.Session) *query {
	return &query{Facts: d.Facts(s), ctx: ctx, db: d, s: s, set: map[string]string{}}
}

// Query answers one statement.
func (d *Database) Query(ctx context.Context, s *pgwire.Session, sql string, params []pgwire.Param) (pgwire.Result, error) {
	t, err := d.texts.read(sql)
	if err != nil {
		return pgwire.Result{}, err
	}
	if r, ok := d.control(s, t.tokens); ok {
		return r, nil
	}
	q := d.query(ctx, s)
	r, err := q.answer(t, params)
	if err != nil {
		d.release(s) // the transaction is aborted
		return pgwire.Result{}, told(err)
	}
	r.Notices, r.Set = append(q.notices, r.Notices...), q.set
	if s.Transaction() == pgwire.Idle {
		committed := d.commit(s)
		r.Wait = committed.Wait
	}
	return r, nil
}

// answer runs a command, or a SELECT.
func (q *query) answer(t *text, params []pgwire.Param) (pgwire.Result, error) {
	values := make([]any, len(params))
	for i, p := range params {
		text, ok, err := p.Text()
		if err != nil {
			return pgwire.Result{}, err
		}
		if ok {
			values[i] = text
		}
	}
	if c, words, ok := commandOf(t.tokens); ok {
		if c.changes {
			if err := q.mayChange(c); err != nil {
				return pgwire.Result{}, err
			}
		}
		for i, v := range values {
			if text, ok := v.(string); ok {
				words["$"+string(rune('1'+i))] = text
			}
		}
		r, err := c.run(q, words)
		if r.Columns == nil {
			r.Columns = c.columns(q, words)
		}
		if r.Tag == "" {
			r.Tag = c.tag
		}
		return r, err
	}
	compiled, err := q.compile(t)
	if err != nil {
		return pgwire.Result{}, err
	}
	rows, err := compiled.Run(values)
	return pgwire.Result{Columns: compiled.Columns, Rows: rows}, err
}

// Describe gives the types of a statement's parameters and its columns.
func (d *Database) Describe(ctx context.Context, s *pgwire.Session, sql string) ([]uint32, []pgwire.Column, error) {
	t, err := d.texts.read(sql)
	if err != nil {
		return nil, nil, err
	}
	q := d.query(ctx, s)
	if c, words, ok := commandOf(t.tokens); ok {
		if c.check != nil {
			if err := c.check(q, words); err != nil {
				return nil, nil, told(err)
			}
		}
		return c.params, c.columns(q, words), nil
	}
	compiled, err := q.compile(t)
	if err != nil {
		return nil, nil, told(err)
	}
	return compiled.Params, compiled.Columns, nil
}

// Started gives the parameters that a client is told, and refuses a database that does not exist.
func (d *Database) Started(s *pgwire.Session) (map[string]string, error) {
	q := d.query(context.Background(), s)
	if q.database() == nil {
		return nil, &pgwire.Error{Code: "3D000", Message: `database "` + s.Database + `" does not exist`}
	}
	out := map[string]string{"session_authorization": s.User, "is_superuser": onOff(q.superuser())}
	for _, name := range reported {
		if value, ok := q.setting(name); ok {
			out[name] = value
		}
	}
	return out, nil
}

// reported are the settings of which a client is told each value.
var reported = []string{
	"server_version", "server_encoding", "client_encoding", "application_name", "DateStyle", "TimeZone", "IntervalStyle", "integer_datetimes",
	"standard_conforming_strings", "in_hot_standby", "default_transaction_read_only",
}

// Ended gives up what the session has not committed.
func (d *Database) Ended(s *pgwire.Session) { d.release(s) }

func onOff(on bool) string {
	if on {
		return "on"
	}
	return "off"
}
