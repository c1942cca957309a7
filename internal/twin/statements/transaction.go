package statements

import (
	"context"

	"recon/internal/twin/pgwire"
)

// transaction is what a session has not committed.
type transaction struct {
	writes []func() error
	locks  []int64
}

// control answers the words of transactions.
func (d *Database) control(s *pgwire.Session, tokens []pgwire.Token) (pgwire.Result, bool) {
	if len(tokens) == 0 {
		return pgwire.Result{}, false
	}
	switch tokens[0].Text {
	case "begin", "start", "savepoint", "release":
		return pgwire.Result{}, true
	case "commit", "end":
		return d.commit(s), true
	case "abort":
		d.release(s)
		return pgwire.Result{}, true
	case "rollback":
		if len(tokens) < 2 || !tokens[1].Is("to") {
			d.release(s)
		}
		return pgwire.Result{}, true
	}
	return pgwire.Result{}, false
}

// commit stores what the session has written, and waits for the standbys when there was something. The locks are kept
// until the wait is over, however it ends.
func (d *Database) commit(s *pgwire.Session) pgwire.Result {
	d.mu.Lock()
	defer d.mu.Unlock()
	t := d.open[s]
	if t == nil || len(t.writes) == 0 {
		d.forget(s)
		return pgwire.Result{}
	}
	return pgwire.Result{Wait: func(ctx context.Context) error {
		defer d.release(s)
		for _, write := range t.writes {
			if err := write(); err != nil {
				return told(err)
			}
		}
		if d.Orders.Synced == nil {
			return nil
		}
		s.Waits("IPC", "SyncRep")
		defer s.Waits("", "")
		return d.Orders.Synced(ctx, s)
	}}
}

// release gives up what the session has not committed.
func (d *Database) release(s *pgwire.Session) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.forget(s)
}

func (d *Database) forget(s *pgwire.Session) {
	if t := d.open[s]; t != nil {
		for _, key := range t.locks {
			delete(d.locks, key)
		}
	}
	delete(d.open, s)
}

// of is the session's transaction; d.mu is held.
func (d *Database) of(s *pgwire.Session) *transaction {
	if d.open == nil {
		d.open, d.locks = map[*pgwire.Session]*transaction{}, map[int64]*pgwire.Session{}
	}
	if d.open[s] == nil {
		d.open[s] = &transaction{}
	}
	return d.open[s]
}

// tryLock takes an advisory lock until the transaction ends; false when another session has it.
func (d *Database) tryLock(s *pgwire.Session, key int64) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	t := d.of(s)
	if holder := d.locks[key]; holder != nil {
		return holder == s
	}
	d.locks[key] = s
	t.locks = append(t.locks, key)
	return true
}

// write stores something when the session commits.
func (d *Database) write(s *pgwire.Session, f func() error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	t := d.of(s)
	t.writes = append(t.writes, f)
}

// advisory are the locks that sessions have, as rows of pg_locks.
func (d *Database) advisory() []Lock {
	d.mu.Lock()
	defer d.mu.Unlock()
	var out []Lock
	for key, s := range d.locks {
		out = append(out, Lock{
			Type: "advisory", Database: s.Database, ClassID: uint32(uint64(key) >> 32), ObjectID: uint32(uint64(key)), PID: s.ID, Mode: "ExclusiveLock", Granted: true,
		})
	}
	return out
}
