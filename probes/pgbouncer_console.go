package probes

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// poolLogin is one kept connection to a PgBouncer. Its console knows the simple protocol alone, so nothing else is spoken.
type poolLogin struct {
	dialer   *dialer
	settings string
	password func(ctx context.Context) (string, error)

	conn       *pgconn.PgConn
	made       time.Time // when the connection was made
	connecting atomic.Bool
	read       atomic.Int64 // bytes of the present answers
	notice     string       // the last notice
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
		return &secretError{fmt.Errorf("the password: %w", err)}
	}
	conf.RuntimeParams = map[string]string{"application_name": "recon"}
	conf.LookupFunc = func(_ context.Context, host string) ([]string, error) { return []string{host}, nil }
	conf.DialFunc = func(ctx context.Context, _, _ string) (net.Conn, error) {
		if !l.connecting.Load() {
			return nil, errors.New("no second connection is made to cancel a question; the connection ends with it")
		}
		conn, err := l.dialer.dial(ctx)
		if err != nil {
			return nil, err
		}
		return &bounded{Conn: conn, read: &l.read}, nil
	}
	conf.OnNotice = func(_ *pgconn.PgConn, n *pgconn.Notice) { l.notice = n.Message }
	conf.ValidateConnect = nil
	l.connecting.Store(true)
	conn, err := pgconn.ConnectConfig(ctx, conf)
	l.connecting.Store(false)
	if err != nil {
		return poolError(err)
	}
	l.conn, l.made = conn, time.Now()
	return nil
}

// rows asks one question. The connection is made when there is none.
func (l *poolLogin) rows(ctx context.Context, question string) ([]map[string]string, error) {
	l.read.Store(0)
	l.notice = ""
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

// attempt asks, and once more on a new connection when a kept one turns out to be gone: an instance that was restarted in
// between is no instance that does not answer. After a failure there is no connection.
func (l *poolLogin) attempt(ctx context.Context, ask func() error) error {
	kept := l.conn != nil
	l.dialer.reset()
	err := ask()
	if kept && err != nil && ctx.Err() == nil && !answered(err) {
		l.close()
		err = ask()
	}
	if err != nil {
		l.close()
	}
	return l.dialer.cause(err)
}

// secretError says that a login could not be tried, because its password could not be had.
type secretError struct{ error }

func (e *secretError) Unwrap() error { return e.error }

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
