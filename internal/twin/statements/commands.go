package statements

import (
	"strings"

	"github.com/jackc/pgx/v5/pgtype"

	"recon/internal/twin/pgwire"
)

func texts(names ...string) []pgwire.Column {
	out := make([]pgwire.Column, len(names))
	for i, n := range names {
		out[i] = pgwire.Column{Name: n, OID: pgtype.TextOID}
	}
	return out
}

// done is a command that has nothing to say.
func done(err error) (pgwire.Result, error) { return pgwire.Result{}, err }

func commands() []*command {
	return append(sessionCommands(), serverCommands()...)
}

func sessionCommands() []*command {
	set := func(q *query, w map[string]string) (pgwire.Result, error) {
		return done(q.setValue(w["name"], w["value"]))
	}
	nothing := func(*query, map[string]string) (pgwire.Result, error) { return pgwire.Result{}, nil }
	return []*command{
		{
			pattern: "SHOW STATEMENTS", about: "what the training cluster knows", tag: "SHOW",
			rows: func(*query, map[string]string) []pgwire.Column { return texts("kind", "statement", "about") },
			run:  func(*query, map[string]string) (pgwire.Result, error) { return pgwire.Result{Rows: listed()}, nil },
		},
		{
			pattern: "SHOW ALL", about: "all settings", tag: "SHOW",
			rows: func(*query, map[string]string) []pgwire.Column { return texts("name", "setting", "description") },
			run: func(q *query, _ map[string]string) (pgwire.Result, error) {
				var rows [][]any
				for _, s := range q.Settings {
					value, _ := q.setting(s.Name)
					rows = append(rows, []any{s.Name, value, ""})
				}
				return pgwire.Result{Rows: rows}, nil
			},
		},
		{
			pattern: "SHOW {name name}", about: "one setting", tag: "SHOW",
			rows: func(q *query, w map[string]string) []pgwire.Column { return texts(q.settingName(w["name"])) },
			check: func(q *query, w map[string]string) error {
				_, err := q.settingOr(w["name"])
				return err
			},
			run: func(q *query, w map[string]string) (pgwire.Result, error) {
				value, err := q.settingOr(w["name"])
				return pgwire.Result{Rows: [][]any{{value}}}, err
			},
		},
		{pattern: "SET {name name} = {value value}", about: "a setting of the session", tag: "SET", run: set},
		{pattern: "SET {name name} TO {value value}", about: "a setting of the session", tag: "SET", run: set},
		{pattern: "SET SESSION {name name} = {value value}", tag: "SET", run: set},
		{pattern: "SET SESSION {name name} TO {value value}", tag: "SET", run: set},
		{pattern: "SET LOCAL {name name} = {value value}", tag: "SET", run: nothing},
		{pattern: "SET LOCAL {name name} TO {value value}", tag: "SET", run: nothing},
		{pattern: "SET TIME ZONE {value value}", tag: "SET", run: nothing},
		{pattern: "SET TRANSACTION {rest}", tag: "SET", run: nothing},
		{pattern: "SET SESSION CHARACTERISTICS {rest}", tag: "SET", run: nothing},
		{pattern: "RESET ALL", tag: "RESET", run: func(q *query, _ map[string]string) (pgwire.Result, error) {
			clear(q.s.Values)
			return pgwire.Result{}, nil
		}},
		{pattern: "RESET {name name}", about: "the server's own setting again", tag: "RESET", run: func(q *query, w map[string]string) (pgwire.Result, error) {
			delete(q.s.Values, strings.ToLower(w["name"]))
			return pgwire.Result{}, nil
		}},
		{pattern: "DISCARD ALL", about: "nothing of the session is left", tag: "DISCARD ALL", run: func(q *query, _ map[string]string) (pgwire.Result, error) {
			clear(q.s.Values)
			return pgwire.Result{}, nil
		}},
		{pattern: "DEALLOCATE ALL", tag: "DEALLOCATE ALL", run: nothing},
		{pattern: "DEALLOCATE {name name}", tag: "DEALLOCATE", run: nothing},
	}
}

func serverCommands() []*command {
	alter := func(q *query, name string, value *string) (pgwire.Result, error) {
		if !q.superuser() {
			return done(denied("to set parameter %q", name))
		}
		if q.db.Orders.AlterSystem == nil {
			return done(errNotHere("ALTER SYSTEM"))
		}
		if _, err := q.settingOr(name); err != nil {
			return done(err)
		}
		return done(q.db.Orders.AlterSystem(q.settingName(name), value))
	}
	alterSet := func(q *query, w map[string]string) (pgwire.Result, error) {
		value := w["value"]
		return alter(q, w["name"], &value)
	}
	return []*command{
		{
			pattern: "CHECKPOINT", about: "a checkpoint, on a standby a restartpoint", tag: "CHECKPOINT",
			run: func(q *query, _ map[string]string) (pgwire.Result, error) {
				switch {
				case !q.superuser():
					return done(&pgwire.Error{
						Code: "42501", Message: "permission denied to execute CHECKPOINT command",
						Detail: `Only roles with privileges of the "pg_checkpoint" role may execute this command.`,
					})
				case q.db.Orders.Checkpoint == nil:
					return done(errNotHere("CHECKPOINT"))
				}
				return done(q.db.Orders.Checkpoint(q.ctx))
			},
		},
		{pattern: "ALTER SYSTEM SET {name name} = {value value}", about: "a setting of the server, after a reload or a restart", tag: "ALTER SYSTEM", run: alterSet},
		{pattern: "ALTER SYSTEM SET {name name} TO {value value}", tag: "ALTER SYSTEM", run: alterSet},
		{pattern: "ALTER SYSTEM RESET {name name}", about: "a setting without the one of ALTER SYSTEM", tag: "ALTER SYSTEM", run: func(q *query, w map[string]string) (pgwire.Result, error) {
			return alter(q, w["name"], nil)
		}},
		{
			pattern: "INSERT INTO recon_canary (id, at, writer) VALUES (1, clock_timestamp(), {value writer}) " +
				"ON CONFLICT (id) DO UPDATE SET at = excluded.at, writer = excluded.writer",
			about: "the write canary's row", params: []uint32{pgtype.TextOID}, tag: "INSERT 0 1", changes: true,
			check: func(q *query, _ map[string]string) error { _, err := q.canary(); return err },
			run: func(q *query, w map[string]string) (pgwire.Result, error) {
				if err := q.mayWriteCanary(); err != nil {
					return done(err)
				}
				if q.db.Orders.Write == nil {
					return done(errNotHere("INSERT"))
				}
				row := Canary{At: q.Now, Writer: w["writer"]}
				if text, ok := w[w["writer"]]; ok { // a parameter
					row.Writer = text
				}
				q.db.write(q.s, func() error { return q.db.Orders.Write(q.s.Database, row) })
				return pgwire.Result{}, nil
			},
		},
		{
			pattern: "CREATE TABLE recon_canary (id int PRIMARY KEY, at timestamptz NOT NULL, writer text NOT NULL)",
			about:   "the write canary's table", tag: "CREATE TABLE", changes: true,
			run: func(q *query, _ map[string]string) (pgwire.Result, error) {
				if c, _ := q.canary(); c != nil {
					return done(&pgwire.Error{Code: "42P07", Message: `relation "recon_canary" already exists`})
				}
				if q.db.Orders.CreateCanary == nil {
					return done(errNotHere("CREATE TABLE"))
				}
				return done(q.db.Orders.CreateCanary(q.s.Database))
			},
		},
		{
			pattern: "GRANT SELECT, INSERT, UPDATE ON recon_canary TO {name role}", about: "lets a role write the canary's row", tag: "GRANT", changes: true,
			run: func(q *query, w map[string]string) (pgwire.Result, error) {
				if _, err := q.canary(); err != nil {
					return done(err)
				}
				if q.db.Orders.GrantCanary == nil {
					return done(errNotHere("GRANT"))
				}
				return done(q.db.Orders.GrantCanary(q.s.Database, w["role"]))
			},
		},
	}
}
