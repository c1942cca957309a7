package probes

import (
	"context"
	"time"
)

// seldom is how old the facts may be that cost a database more than a look at its counters.
const seldom = time.Minute

// seldomFacts are those facts. They are kept between two questions and belong to the answer that they came with; their
// own age is at most a minute more.
type seldomFacts struct {
	asked          time.Time
	size, walBytes *int64
	archiveWaiting *int
	hba, files     *int
	unread         map[string]string
}

// due says whether it is time to ask again.
func (f seldomFacts) due() bool { return f.asked.IsZero() || time.Since(f.asked) >= seldom }

// askSeldom asks for sizes, and for errors in configuration files, as far as the user may.
func (p *postgresProbe) askSeldom(ctx context.Context, privileged bool) seldomFacts {
	f := seldomFacts{asked: time.Now(), unread: map[string]string{}}
	note := func(why string, fields ...string) {
		for _, field := range fields {
			f.unread[field] = why
		}
	}
	if privileged {
		var size, wal int64
		var waiting int
		if err := p.conn.QueryRow(ctx, sizesSQL).Scan(&size, &wal, &waiting); err != nil {
			note(words(sqlError(err), deadline), "size", "wal_bytes", "archive_waiting")
		} else {
			f.size, f.walBytes, f.archiveWaiting = &size, &wal, &waiting
		}
	} else {
		note("the database user may not read it; grant it pg_monitor", "size", "wal_bytes", "archive_waiting")
	}
	var hba, files bool
	if err := p.conn.QueryRow(ctx, rightsSQL).Scan(&hba, &files); err != nil {
		note(words(sqlError(err), deadline), "hba_errors", "config_errors")
	} else {
		f.hba = p.errorsIn(ctx, hba, hbaErrorsSQL, "hba_errors", f.unread)
		f.files = p.errorsIn(ctx, files, fileErrorsSQL, "config_errors", f.unread)
	}
	return f
}

// errorsIn counts the lines of a file that PostgreSQL cannot use.
func (p *postgresProbe) errorsIn(ctx context.Context, may bool, sql, field string, unread map[string]string) *int {
	if !may {
		unread[field] = "only a superuser may read it"
		return nil
	}
	var n int
	if err := p.conn.QueryRow(ctx, sql).Scan(&n); err != nil {
		unread[field] = words(sqlError(err), deadline)
		return nil
	}
	return &n
}
