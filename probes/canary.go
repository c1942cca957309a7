package probes

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"time"
)

// The canary writes one row. In strict synchronous mode without a standby COMMIT waits for ever: statement_timeout does not
// end that wait, the waiting backend outlives its client, and cancelling it would commit without a standby. So it never
// cancels, and never adds to what waits: the transaction takes an advisory lock, which the waiting one keeps until its
// COMMIT ends, and whoever does not get the lock writes nothing. However many consoles try for however long, one backend
// waits at most.
type canaryProbe struct {
	entryLogin
	nodeOf func(address string) string
	writer string
	commit time.Duration // how long COMMIT may take
}

const (
	// canaryLock is the word "recon" as a number.
	canaryLock   int64 = 0x7265636f6e
	commitWithin       = 2 * time.Second
	// Two consoles that write at the same moment wait this long for each other, so often.
	canaryPause   = 150 * time.Millisecond
	canaryRetries = 3
)

// beginSQL limits the transaction by its own means as well: a client that vanishes between two statements leaves no open
// transaction behind. The settings end with the transaction, so that pooling carries them nowhere.
const beginSQL = `
SELECT set_config('lock_timeout', '1s', true), set_config('statement_timeout', '2s', true),
  set_config('idle_in_transaction_session_timeout', '5s', true),
  coalesce(host(inet_server_addr()), ''), pg_is_in_recovery(), current_setting('transaction_read_only') = 'on'`

const lockSQL = `SELECT pg_try_advisory_xact_lock($1::bigint)`

// waiterSQL is who has the lock: whether it waits for a standby, and for how long its transaction has been open, seconds.
const waiterSQL = `
SELECT coalesce(bool_or(a.wait_event = 'SyncRep'), false),
  coalesce(extract(epoch FROM max(clock_timestamp() - a.xact_start)), 0)::int, count(*)
FROM pg_locks l LEFT JOIN pg_stat_activity a ON a.pid = l.pid
WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
  AND l.classid = ($1::bigint >> 32)::int8::oid AND l.objid = ($1::bigint & 4294967295)::oid
  AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())`

const writeSQL = `
INSERT INTO recon_canary (id, at, writer) VALUES (1, clock_timestamp(), $1)
ON CONFLICT (id) DO UPDATE SET at = excluded.at, writer = excluded.writer`

func writer() string {
	host, err := os.Hostname()
	if err != nil {
		return "recon" // the row is as good without a name
	}
	return "recon on " + host
}

func (p *canaryProbe) ask(ctx context.Context) (tryFacts, error) {
	defer p.close()
	if err := p.open(ctx); err != nil {
		return tryFacts{}, err
	}
	var err error
	for range canaryRetries {
		var f tryFacts
		if f, err = p.write(ctx); !errors.Is(err, errTaken) {
			return f, err
		}
		if !sleep(ctx, canaryPause) {
			return tryFacts{}, ctx.Err()
		}
	}
	return tryFacts{}, err
}

// errTaken is another console's write that is just under way.
var errTaken = errors.New("other consoles' writes are under way all the time")

// write is one transaction. When it fails before COMMIT, the closing connection rolls it back.
func (p *canaryProbe) write(ctx context.Context) (tryFacts, error) {
	if _, err := p.row(ctx, "BEGIN"); err != nil {
		return tryFacts{}, err
	}
	row, err := p.row(ctx, beginSQL)
	if err != nil {
		return tryFacts{}, err
	}
	f := tryFacts{from: p.way.last(), node: p.nodeOf(row[3])}
	where := either(f.node, either(row[3], "a server"))
	switch {
	case row[4] == "t":
		return tryFacts{}, fmt.Errorf("writes arrive at %s, which is a standby and takes none", where)
	case row[5] == "t":
		return tryFacts{}, fmt.Errorf("writes arrive at %s, where transactions are read-only (default_transaction_read_only)", where)
	}
	key := strconv.FormatInt(canaryLock, 10)
	if row, err = p.row(ctx, lockSQL, key); err != nil {
		return tryFacts{}, err
	}
	if row[0] != "t" {
		return tryFacts{}, p.waits(ctx, key)
	}
	if _, err := p.row(ctx, writeSQL, p.writer); err != nil {
		return tryFacts{}, p.notWritten(err, where)
	}
	limited, cancel := within(ctx, p.commit)
	defer cancel()
	switch row, err := p.row(limited, "COMMIT"); {
	case err != nil && limited.Err() != nil && context.Cause(ctx) == nil:
		return tryFacts{}, fmt.Errorf("COMMIT on %s did not come back within %g s: it waits for a synchronous standby", where, p.commit.Seconds())
	case err != nil:
		return tryFacts{}, err
	case row[0] != "COMMIT":
		return tryFacts{}, fmt.Errorf("the write was rolled back on %s", where)
	}
	return f, nil
}

// waits says who has the lock, and gives the transaction up.
func (p *canaryProbe) waits(ctx context.Context, key string) error {
	row, err := p.row(ctx, waiterSQL, key)
	if err != nil {
		return err
	}
	if _, err := p.row(ctx, "ROLLBACK"); err != nil {
		return err
	}
	switch {
	case row[0] == "t":
		return fmt.Errorf("an earlier write still waits for a synchronous standby, for %s s", row[1])
	case row[2] != "0" && row[1] != "0":
		return fmt.Errorf("an earlier write has not ended for %s s", row[1])
	}
	return errTaken
}

// notWritten says what to do about the usual refusals.
func (p *canaryProbe) notWritten(err error, where string) error {
	switch sqlState(err) {
	case "42P01":
		return fmt.Errorf("database %s has no table recon_canary: CREATE TABLE recon_canary (id int PRIMARY KEY, at timestamptz NOT NULL, writer text NOT NULL); "+
			"GRANT SELECT, INSERT, UPDATE ON recon_canary TO %s", p.database, p.user)
	case "42501":
		return fmt.Errorf("%s may not write recon_canary in database %s: GRANT SELECT, INSERT, UPDATE ON recon_canary TO %s", p.user, p.database, p.user)
	case "42703", "42P10":
		return fmt.Errorf("recon_canary in database %s is not the table it should be: (id int PRIMARY KEY, at timestamptz NOT NULL, writer text NOT NULL)%w", p.database, hidden{err})
	case "25006":
		return fmt.Errorf("writes arrive at %s, which takes none: %w", where, err)
	case "55P03":
		return errors.New("somebody else holds the canary's row or table for longer than 1 s")
	}
	return err
}
