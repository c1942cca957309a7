package probes

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/jackc/pgx/v5/pgconn"
)

// entryLogin is one visit to the database through its floating address.
type entryLogin struct {
	way            *way
	login          *poolLogin
	user, database string
}

func (e entryLogin) close() { e.login.close() }

// open makes the connection of this try.
func (e entryLogin) open(ctx context.Context) error {
	e.login.close()
	e.login.dialer.reset()
	return e.explain(e.login.connect(ctx))
}

// row asks a question that has one row, with the unnamed statement, which transaction pooling carries.
func (e entryLogin) row(ctx context.Context, sql string, params ...string) ([]string, error) {
	args := make([][]byte, len(params))
	for i, p := range params {
		args[i] = []byte(p)
	}
	result := e.login.conn.ExecParams(ctx, sql, args, nil, nil, nil).Read()
	if result.Err != nil {
		return nil, e.explain(result.Err)
	}
	if len(result.FieldDescriptions) == 0 {
		return []string{result.CommandTag.String()}, nil
	}
	if len(result.Rows) != 1 {
		return nil, fmt.Errorf("the answer has %d rows where one was asked for", len(result.Rows))
	}
	out := make([]string, len(result.Rows[0]))
	for i, v := range result.Rows[0] {
		out[i] = string(v)
	}
	return out, nil
}

// explain is the server's own message where there is one, whether PgBouncer or PostgreSQL said it, else what the
// connection attempt says. It stays a *pgconn.PgError below.
func (e entryLogin) explain(err error) error {
	var said *pgconn.PgError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &said):
		return fmt.Errorf("answered: %s (SQLSTATE %s)%w", line(said.Message), line(said.Code), hidden{said})
	}
	return e.login.dialer.cause(err)
}

// state is the SQLSTATE of an error, or "".
func sqlState(err error) string {
	var said *pgconn.PgError
	if errors.As(err, &said) {
		return said.Code
	}
	return ""
}

// readProbe reads through the db address as NetBox does.
type readProbe struct {
	entryLogin
	nodeOf func(address string) string
}

const readSQL = "SELECT coalesce(host(inet_server_addr()), ''), pg_is_in_recovery()"

func (p *readProbe) ask(ctx context.Context) (tryFacts, error) {
	defer p.close()
	if err := p.open(ctx); err != nil {
		return tryFacts{}, err
	}
	row, err := p.row(ctx, readSQL)
	if err != nil {
		return tryFacts{}, err
	}
	f := tryFacts{from: p.way.last(), node: p.nodeOf(row[0])}
	if recovering, err := strconv.ParseBool(row[1]); err != nil {
		return tryFacts{}, fmt.Errorf("the answer does not say whether it is in recovery: %w", err)
	} else if recovering {
		f.note = "a standby answers where writes should go"
	}
	return f, nil
}
