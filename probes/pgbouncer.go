package probes

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// pgbouncerFacts is what one PgBouncer answered. Counts that were not told are in unread.
type pgbouncerFacts struct {
	version, state string
	databases      []PgBouncerDatabase
	pools          []Pool
	paused         []string
	active         int
	waiting        int
	maxWait        float64
	mode           string
	size, reserve  int
	prepared       int
	works          bool
	worksError     string
	// unread says of single fields of PgBouncerMember why they were not told.
	unread map[string]string
}

// consoleFields are the fields of PgBouncerMember that the console tells.
var consoleFields = []string{
	"version", "state", "databases", "pools", "paused", "active", "waiting", "max_wait", "pool_mode", "pool_size", "reserve_size",
	"max_prepared_statements",
}

func aimPgBouncer(a aiming) ([]*target, error) {
	b := a.cluster.PgBouncer
	if b == nil {
		return nil, nil
	}
	var out []*target
	for _, n := range running(a.cluster, b.On) {
		d, entry := a.reach(n, b.Port), a.cluster.Entry
		p := &pgbouncerProbe{database: b.Database}
		if b.User != "" {
			p.console = &poolLogin{
				dialer: d, settings: connection(n.Address, strconv.Itoa(b.Port), b.User, "pgbouncer", "prefer"),
				password: func(ctx context.Context) (string, error) { return a.secret(ctx, b.Password) },
			}
		}
		if entry.User != "" && entry.Database != "" {
			p.database = entry.Database
			p.through = &poolLogin{
				dialer: a.reach(n, b.Port), settings: connection(n.Address, strconv.Itoa(b.Port), entry.User, entry.Database, "prefer"),
				password: func(ctx context.Context) (string, error) { return a.secret(ctx, entry.Password) },
			}
		}
		out = append(out, aimed(a.Watch, a.raw.pgbouncer, "pgbouncer", n.Name, "pgbouncer "+d.address, deadline, p))
	}
	return out, nil
}

// pgbouncerProbe asks the console of one PgBouncer, and the database through it. A port that listens says nothing: an
// instance that is paused, that knows no password or that does not reach the database listens too.
type pgbouncerProbe struct {
	// console and through are nil when the cluster file has no login for them. database is the one that is tried.
	console, through *poolLogin
	database         string
}

// tryLimit is how long the query through PgBouncer may take; a client that waits in a queue is gone after it. tryRenewal is
// how long its connection is kept: a new one finds out that nobody can log in any more.
const (
	tryLimit   = 2 * time.Second
	tryRenewal = 30 * time.Second
)

func (p *pgbouncerProbe) close() {
	for _, c := range []*poolLogin{p.console, p.through} {
		if c != nil {
			c.close()
		}
	}
}

func (p *pgbouncerProbe) ask(ctx context.Context) (pgbouncerFacts, error) {
	f := pgbouncerFacts{unread: map[string]string{}}
	var secret *secretError
	why := ""
	if p.console == nil {
		why = "the cluster file gives no user of the console (services.pgbouncer.user)"
	} else if err := p.console.attempt(ctx, func() error { return p.show(ctx, &f) }); err != nil {
		switch {
		case errors.As(err, &secret):
			why = "the password of the console: " + words(err, deadline)
		case answered(err):
			why = words(bouncerError(err, "services.pgbouncer"), deadline)
		default:
			return f, err
		}
	}
	if why != "" {
		f = pgbouncerFacts{unread: map[string]string{}}
		for _, field := range consoleFields {
			f.unread[field] = why
		}
	}
	spoke, err := p.try(ctx, &f)
	if cause := context.Cause(ctx); cause == context.Canceled || cause == errAgain {
		return f, cause // the probe was ended; that says nothing about PgBouncer
	}
	if why != "" && !spoke && !(p.console != nil && secret == nil) {
		return f, cmp.Or(err, errors.New(why)) // nothing of it answered anything
	}
	return f, nil
}

// show asks the console. It takes one command at a time.
func (p *pgbouncerProbe) show(ctx context.Context, f *pgbouncerFacts) error {
	*f = pgbouncerFacts{unread: map[string]string{}}
	answers := map[string][]map[string]string{}
	for _, what := range []string{"VERSION", "STATE", "DATABASES", "POOLS", "CONFIG"} {
		rows, err := p.console.rows(ctx, "SHOW "+what)
		switch {
		case err == nil:
			answers[what] = rows
		case answered(err):
			f.noShow(what, words(bouncerError(err, "services.pgbouncer"), deadline))
		default:
			return err
		}
		if what == "VERSION" && len(rows) == 0 && err == nil && p.console.notice != "" {
			answers[what] = []map[string]string{{"version": p.console.notice}} // how versions before 1.13 tell it
		}
	}
	f.parse(answers, p.database)
	return nil
}

// try asks the database through PgBouncer, and says whether PgBouncer spoke.
func (p *pgbouncerProbe) try(ctx context.Context, f *pgbouncerFacts) (spoke bool, err error) {
	if why := f.stopped(p.database); why != "" {
		// A query would wait until somebody resumes, and its client with it.
		f.worksError = why
		return true, nil
	}
	unread := func(why string) {
		f.unread["works"], f.unread["works_error"] = why, why
	}
	if p.through == nil {
		unread("the cluster file gives no login to try (entry.user)")
		return false, nil
	}
	limited, cancel := within(ctx, tryLimit)
	defer cancel()
	if time.Since(p.through.made) > tryRenewal || p.holds(f) {
		p.through.close()
	}
	err = p.through.attempt(limited, func() error {
		rows, err := p.through.rows(limited, "SELECT 1 AS one")
		if err == nil && (len(rows) != 1 || rows[0]["one"] != "1") {
			return errors.New("it answers SELECT 1 with something else than 1")
		}
		return err
	})
	if p.holds(f) {
		p.through.close()
	}
	var secret *secretError
	switch {
	case err == nil:
		f.works = true
		return true, nil
	case errors.As(err, &secret):
		unread("the password of entry.user: " + words(err, tryLimit))
		return false, err
	case ctx.Err() != nil:
		unread("the console took the time that the query would have needed")
		return false, err
	}
	f.worksError = words(bouncerError(err, "entry"), tryLimit)
	return answered(err), err
}

// holds says that a kept connection would hold one of the database's: everything but transaction and statement pooling.
func (p *pgbouncerProbe) holds(f *pgbouncerFacts) bool {
	return f.mode != "transaction" && f.mode != "statement"
}

// bouncerError puts PgBouncer's refusals into the operator's words. where is the part of the cluster file that has the login.
func bouncerError(err error, where string) error {
	var refused *pgconn.PgError
	if !errors.As(err, &refused) {
		return err
	}
	text := line(refused.Message)
	said := fmt.Sprintf("it answers: %s (SQLSTATE %s)", text, line(refused.Code))
	lower := strings.ToLower(text)
	switch {
	case strings.Contains(lower, "not allowed"):
		return fmt.Errorf("%s; the user of %s must be in admin_users or stats_users", said, where)
	case refused.Code == "28P01", strings.Contains(lower, "no such user"), strings.Contains(lower, "password authentication failed"),
		strings.Contains(lower, "sasl authentication failed"):
		return fmt.Errorf("%s; is the login of %s in PgBouncer's auth_file?", said, where)
	}
	return errors.New(said)
}
