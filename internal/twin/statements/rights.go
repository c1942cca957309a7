package statements

import (
	"errors"
	"fmt"
	"slices"

	"recon/internal/twin/pgwire"
	"recon/internal/twin/selects"
)

// told is an error as the client gets it: what this package does not know is said to be so.
func told(err error) error {
	const hint = "SHOW STATEMENTS lists what the training cluster knows."
	var unknown *selects.Unknown
	var e *pgwire.Error
	switch {
	case errors.As(err, &unknown):
		return &pgwire.Error{Code: "42601", Message: "the training cluster does not know this statement: " + unknown.What, Hint: hint}
	case errors.As(err, &e) && e.Hint == "" && slices.Contains([]string{"42P01", "42883", "42703"}, e.Code):
		with := *e
		with.Hint = hint
		return &with
	}
	return err
}

// role is the session's user; one that is not listed has no rights.
func (q *query) role(name string) Role {
	if i := slices.IndexFunc(q.Roles, func(r Role) bool { return r.Name == name }); i >= 0 {
		return q.Roles[i]
	}
	return Role{Name: name}
}

func (q *query) superuser() bool { return q.role(q.s.User).Superuser }

// monitor says that the user may read all statistics.
func (q *query) monitor() bool { return q.superuser() || q.role(q.s.User).Monitor }

func denied(format string, args ...any) error {
	return &pgwire.Error{Code: "42501", Message: "permission denied " + fmt.Sprintf(format, args...)}
}

// database is the session's; nil when there is none of that name.
func (q *query) database() *DatabaseRow {
	i := slices.IndexFunc(q.Databases, func(d DatabaseRow) bool { return d.Name == q.s.Database })
	if i < 0 {
		return nil
	}
	return &q.Databases[i]
}

// mayChange refuses a command in a read-only transaction.
func (q *query) mayChange(c *command) error {
	readOnly, _ := q.setting("default_transaction_read_only")
	if q.InRecovery || readOnly == "on" {
		return &pgwire.Error{Code: "25006", Message: fmt.Sprintf("cannot execute %s in a read-only transaction", c.verb())}
	}
	return nil
}

func (q *query) onlyInRecovery() error {
	if q.InRecovery {
		return nil
	}
	return &pgwire.Error{Code: "55000", Message: "recovery is not in progress", Hint: "Recovery control functions can only be executed during recovery."}
}

func (q *query) notInRecovery() error {
	if !q.InRecovery {
		return nil
	}
	return &pgwire.Error{Code: "55000", Message: "recovery is in progress", Hint: "WAL control functions cannot be executed during recovery."}
}

// errNotHere is an order that this training cluster does not take.
func errNotHere(what string) error {
	return &pgwire.Error{Code: "0A000", Message: "the training cluster does not do this: " + what}
}

// canary is the canary's table in the session's database.
func (q *query) canary() (*Canary, error) {
	d := q.database()
	if d == nil || d.Canary == nil {
		return nil, &pgwire.Error{Code: "42P01", Message: `relation "recon_canary" does not exist`}
	}
	return d.Canary, nil
}

func (q *query) mayWriteCanary() error {
	c, err := q.canary()
	if err != nil {
		return err
	}
	if !q.superuser() && !slices.Contains(c.Writers, q.s.User) {
		return denied("for table recon_canary")
	}
	return nil
}
