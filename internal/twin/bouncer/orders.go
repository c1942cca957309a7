package bouncer

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"

	"recon/internal/twin/pgwire"
)

// consoleName is the console's own database.
const consoleName = "pgbouncer"

var errNotHere = errors.New("the training cluster does not do this")

// told is an error of an order in PgBouncer's form. The end of a context stays what it is: a cancel.
func told(err error) error {
	var own *pgwire.Error
	if errors.As(err, &own) || errors.Is(err, context.Canceled) {
		return err
	}
	return refused("%s", err.Error())
}

// order is one command: whether it takes an argument, and what it does.
type order struct {
	takes bool
	give  func(q *request, arg string) error
}

var orders = map[string]order{
	"pause":       {true, (*request).pause},
	"resume":      {true, (*request).resume},
	"disable":     {true, (*request).disable},
	"enable":      {true, (*request).enable},
	"kill":        {true, (*request).kill},
	"kill_client": {true, (*request).killClient},
	"reconnect":   {true, (*request).reconnect},
	"wait_close":  {true, (*request).waitClose},
	"reload":      {false, (*request).reload},
	"suspend":     {false, (*request).suspend},
	"shutdown":    {true, (*request).shutdown},
}

// called gives an order that takes a database, or says that this training cluster does not take it.
func called(f func(string) error, database string) error {
	if f == nil {
		return errNotHere
	}
	return f(database)
}

func waited(ctx context.Context, f func(context.Context, string) error, database string) error {
	if f == nil {
		return errNotHere
	}
	return f(ctx, database)
}

// target is the database of a command, which must exist and not be the console.
func (q *request) target(verb, name string) (Database, error) {
	i := slices.IndexFunc(q.Databases, func(d Database) bool { return d.Name == name })
	switch {
	case name == consoleName:
		return Database{}, refused("cannot %s admin db: %s", verb, name)
	case i < 0:
		return Database{}, refused("no such database: %s", name)
	}
	return q.Databases[i], nil
}

// halted says that the whole is paused or suspended.
func (q *request) halted() bool { return q.Paused || q.Suspended }

var errHalted = refused("already suspended/paused")

func (q *request) pause(arg string) error {
	if q.halted() {
		return errHalted
	}
	if arg != "" {
		if _, err := q.target("pause", arg); err != nil {
			return err
		}
	}
	return waited(q.ctx, q.console.Orders.Pause, arg)
}

func (q *request) resume(arg string) error {
	if arg == "" {
		if !q.halted() {
			return refused("pooler is not paused/suspended")
		}
		return called(q.console.Orders.Resume, "")
	}
	i := slices.IndexFunc(q.Databases, func(d Database) bool { return d.Name == arg })
	switch {
	case i < 0 && arg != consoleName:
		return refused("no such database: %s", arg)
	case i < 0 || !q.Databases[i].Paused:
		return refused("database %s is not paused", arg)
	}
	return called(q.console.Orders.Resume, arg)
}

func (q *request) disable(arg string) error {
	return q.switched("disable", arg, q.console.Orders.Disable)
}

func (q *request) enable(arg string) error { return q.switched("enable", arg, q.console.Orders.Enable) }

func (q *request) switched(verb, arg string, f func(string) error) error {
	if arg == "" {
		return refused("a database is required")
	}
	if _, err := q.target(verb, arg); err != nil {
		return err
	}
	return called(f, arg)
}

func (q *request) kill(arg string) error {
	if q.halted() {
		return errHalted
	}
	if arg != "" {
		if _, err := q.target("kill", arg); err != nil {
			return err
		}
	}
	return called(q.console.Orders.Kill, arg)
}

func (q *request) killClient(arg string) error {
	id, err := strconv.ParseInt(arg, 10, 64)
	switch {
	case err != nil:
		return refused("invalid client pointer supplied")
	case q.console.Orders.KillClient == nil:
		return errNotHere
	case !q.console.Orders.KillClient(id):
		return refused("client not found")
	}
	return nil
}

func (q *request) reconnect(arg string) error {
	if arg != "" {
		if _, err := q.target("reconnect", arg); err != nil {
			return err
		}
	}
	return called(q.console.Orders.Reconnect, arg)
}

func (q *request) waitClose(arg string) error {
	if arg != "" {
		if _, err := q.target("wait in", arg); err != nil {
			return err
		}
	}
	return waited(q.ctx, q.console.Orders.WaitClose, arg)
}

func (q *request) reload(string) error {
	if q.console.Orders.Reload == nil {
		return errNotHere
	}
	if q.console.Orders.Reload() != nil {
		return &pgwire.Error{Code: "F0000", Message: "RELOAD failed, see logs for additional details"}
	}
	return nil
}

func (q *request) suspend(string) error {
	switch {
	case q.halted():
		return errHalted
	case slices.ContainsFunc(q.Databases, func(d Database) bool { return d.Paused }):
		return refused("cannot suspend with paused databases")
	case q.console.Orders.Suspend == nil:
		return errNotHere
	}
	return q.console.Orders.Suspend(q.ctx)
}

func (q *request) shutdown(arg string) error {
	arg = strings.ToUpper(arg)
	if !slices.Contains([]string{"", "WAIT_FOR_SERVERS", "WAIT_FOR_CLIENTS"}, arg) {
		return q.invalid("SHUTDOWN " + arg)
	}
	return called(q.console.Orders.Shutdown, arg)
}
