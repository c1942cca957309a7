// Package bouncer is the administration console of a simulated PgBouncer 1.24: the database pgbouncer, with SHOW, PAUSE,
// RESUME and the other commands. What it shows comes from Facts, what it changes goes to Orders; the rules (what is refused
// when, and in which words) are here.
//
// Console answers the statements of a pgwire.Backend for sessions of the database pgbouncer. Who may log in is the
// caller's: admin_users and stats_users, and the user pgbouncer over the Unix socket from PgBouncer's own user.
package bouncer

import (
	"context"
	"fmt"
	"strings"

	"recon/internal/twin/pgwire"
)

// Console is the console of one PgBouncer.
type Console struct {
	Facts  func() Facts
	Orders Orders
	// Admin says whether a session may give orders; those of stats_users may only look.
	Admin func(s *pgwire.Session) bool
	// Sessions are those of the console.
	Sessions func() []*pgwire.Session
}

// Orders are what the commands change. An empty database stands for all. One that is nil is refused with an error of the
// training cluster; an error's text is told as PgBouncer's.
type Orders struct {
	// Pause stops handing out servers, and returns when those in use are closed. When ctx ends first, a pause of everything
	// is over and that of one database stays.
	Pause func(ctx context.Context, database string) error
	// Resume, Disable and Enable change what is known to be paused, or disabled.
	Resume, Disable, Enable func(database string) error
	// Kill drops the clients and servers of a database at once, and pauses it.
	Kill func(database string) error
	// KillClient drops one client; false when there is none with this id.
	KillClient func(id int64) bool
	// Reconnect closes servers as soon as they are not in use any more; WaitClose returns when all of those are closed.
	Reconnect func(database string) error
	WaitClose func(ctx context.Context, database string) error
	// Reload reads the configuration files again.
	Reload func() error
	// Set changes a setting until the next start.
	Set func(key, value string) error
	// Suspend stops all traffic; Shutdown ends the process: wait is "", "WAIT_FOR_SERVERS" or "WAIT_FOR_CLIENTS".
	Suspend  func(ctx context.Context) error
	Shutdown func(wait string) error
}

// Started gives the parameters that a client of the console is told.
func (c *Console) Started(*pgwire.Session) map[string]string {
	return map[string]string{
		"server_version": c.Facts().Version + "/bouncer", "client_encoding": "UTF8", "server_encoding": "UTF8", "DateStyle": "ISO", "TimeZone": "GMT",
		"standard_conforming_strings": "on", "is_superuser": "on",
	}
}

// Describe refuses the extended protocol, which ends the connection.
func (c *Console) Describe(context.Context, *pgwire.Session, string) ([]uint32, []pgwire.Column, error) {
	return nil, nil, &pgwire.Error{Severity: "FATAL", Code: "08P01", Message: "extended query protocol not supported by admin console"}
}

// refused is how the console refuses.
func refused(format string, args ...any) error {
	return &pgwire.Error{Code: "08P01", Message: fmt.Sprintf(format, args...)}
}

// Query answers one statement.
func (c *Console) Query(ctx context.Context, s *pgwire.Session, sql string, _ []pgwire.Param) (pgwire.Result, error) {
	q := &request{Facts: c.Facts(), console: c, ctx: ctx, session: s}
	word, arg, ok := command(sql)
	if !ok {
		if key, value, ok := assignment(sql); ok {
			return q.setting(key, value)
		}
		return pgwire.Result{}, q.invalid(sql)
	}
	switch strings.ToLower(word) {
	case "show", "select":
		r, ok := q.show(strings.ToLower(arg))
		if !ok {
			return pgwire.Result{}, q.invalid(sql)
		}
		r.Tag = "SHOW"
		return r, nil
	}
	order, ok := orders[strings.ToLower(word)]
	switch {
	case !ok, !order.takes && arg != "":
		return pgwire.Result{}, q.invalid(sql)
	case c.Admin != nil && !c.Admin(s):
		return pgwire.Result{}, refused("admin access needed")
	}
	if err := order.give(q, arg); err != nil {
		return pgwire.Result{}, told(err)
	}
	return pgwire.Result{Tag: strings.ToUpper(word)}, nil
}

func (q *request) invalid(sql string) error {
	return refused("invalid command '%s', use SHOW HELP;", sql)
}

// request is one statement.
type request struct {
	Facts
	console *Console
	ctx     context.Context
	session *pgwire.Session
}

// command reads a word and, maybe, a second one; what is quoted stays as it is.
func command(sql string) (word, arg string, ok bool) {
	tokens, err := pgwire.Tokens(sql)
	if err != nil || len(tokens) == 0 || len(tokens) > 2 {
		return "", "", false
	}
	for i, t := range tokens {
		text := sql[t.From:t.To]
		switch t.Kind {
		case pgwire.Quoted:
			text = t.Text
		case pgwire.Word, pgwire.Number:
		default:
			return "", "", false
		}
		if i == 0 {
			word = text
		} else {
			arg = text
		}
	}
	return word, arg, true
}

// assignment reads SET key = value.
func assignment(sql string) (key, value string, ok bool) {
	t, err := pgwire.Tokens(sql)
	if err != nil || len(t) != 4 || !t[0].Is("set") || !t[2].Is("=") && !t[2].Is("to") {
		return "", "", false
	}
	return t[1].Text, t[3].Text, true
}

// faked are the settings of PostgreSQL that the console pretends to have, for clients that ask for them.
var faked = [][2]string{
	{"client_encoding", "UTF-8"},
	{"default_transaction_isolation", "read committed"},
	{"standard_conforming_strings", "on"},
	{"datestyle", "ISO"},
	{"timezone", "GMT"},
	{"extra_float_digits", "2"},
}

func (q *request) setting(key, value string) (pgwire.Result, error) {
	for _, f := range faked {
		if strings.EqualFold(f[0], key) {
			return pgwire.Result{Tag: "SET", Notices: []pgwire.Error{{Severity: "NOTICE", Code: "00000", Message: "SET ignored"}}}, nil
		}
	}
	switch {
	case q.console.Admin != nil && !q.console.Admin(q.session):
		return pgwire.Result{}, refused("admin access needed")
	case q.console.Orders.Set == nil:
		return pgwire.Result{}, told(errNotHere)
	}
	if err := q.console.Orders.Set(key, value); err != nil {
		return pgwire.Result{}, refused("SET failed")
	}
	return pgwire.Result{Tag: "SET " + key + "=" + value}, nil
}
