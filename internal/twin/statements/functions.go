package statements

import (
	"fmt"
	"net"
	"net/netip"
	"slices"

	"recon/internal/twin/pgwire"
)

// stateFunctions tell the state of the server.
func stateFunctions() []function {
	return []function{
		{name: "pg_is_in_recovery", about: "whether it follows another server", result: "bool", call: func(q *query, _ []any) (any, error) { return q.InRecovery, nil }},
		{name: "pg_current_wal_lsn", about: "where a primary writes", result: "pg_lsn", call: writes},
		{name: "pg_current_wal_insert_lsn", result: "pg_lsn", call: writes},
		{name: "pg_current_wal_flush_lsn", result: "pg_lsn", call: writes},
		{name: "pg_last_wal_receive_lsn", about: "what a standby has received", result: "pg_lsn", call: func(q *query, _ []any) (any, error) {
			if !q.InRecovery {
				return nil, nil
			}
			return unless(q.Received), nil
		}},
		{name: "pg_last_wal_replay_lsn", about: "what a standby has replayed", result: "pg_lsn", call: func(q *query, _ []any) (any, error) {
			if !q.InRecovery {
				return nil, nil
			}
			return q.LSN, nil
		}},
		{name: "pg_last_xact_replay_timestamp", about: "the time of the last transaction that was replayed", result: "timestamptz", call: func(q *query, _ []any) (any, error) {
			if !q.InRecovery {
				return nil, nil
			}
			return q.LastCommit, nil
		}},
		{name: "pg_is_wal_replay_paused", about: "whether replay is paused", result: "bool", call: func(q *query, _ []any) (any, error) {
			return q.ReplayPaused, q.onlyInRecovery()
		}},
		{name: "pg_get_wal_replay_pause_state", result: "text", call: func(q *query, _ []any) (any, error) {
			if q.ReplayPaused {
				return "paused", q.onlyInRecovery()
			}
			return "not paused", q.onlyInRecovery()
		}},
		{name: "pg_walfile_name", about: "the WAL file with a place", args: "pg_lsn", result: "text", call: func(q *query, a []any) (any, error) {
			return walFile(q.Timeline, max(a[0].(pgwire.LSN), 1)-1), q.notInRecovery()
		}},
		{name: "pg_postmaster_start_time", about: "when it was started", result: "timestamptz", call: func(q *query, _ []any) (any, error) { return q.Started, nil }},
		{name: "pg_conf_load_time", result: "timestamptz", call: func(q *query, _ []any) (any, error) { return q.Started, nil }},
		{name: "pg_database_size", about: "bytes of a database, by name or oid", args: "any", result: "int8", call: func(q *query, a []any) (any, error) {
			for _, d := range q.Databases {
				if a[0] == d.Name || a[0] == int64(d.OID) {
					return d.Size, nil
				}
			}
			return nil, &pgwire.Error{Code: "3D000", Message: fmt.Sprintf(`database "%v" does not exist`, a[0])}
		}},
		{name: "version", about: "the version in words", result: "text", call: func(q *query, _ []any) (any, error) {
			v, _ := q.setting("server_version")
			return "PostgreSQL " + v + " on x86_64-pc-linux-gnu, compiled by gcc (Debian 14.2.0-19) 14.2.0, 64-bit", nil
		}},
	}
}

func writes(q *query, _ []any) (any, error) { return q.LSN, q.notInRecovery() }

// sessionFunctions tell what the session is and has.
func sessionFunctions() []function {
	now := func(q *query, _ []any) (any, error) { return q.Now, nil }
	user := func(q *query, _ []any) (any, error) { return q.s.User, nil }
	database := func(q *query, _ []any) (any, error) { return q.s.Database, nil }
	return []function{
		{name: "now", about: "the time", result: "timestamptz", call: now},
		{name: "clock_timestamp", result: "timestamptz", call: now},
		{name: "statement_timestamp", result: "timestamptz", call: now},
		{name: "current_user", about: "who one is", result: "name", call: user},
		{name: "session_user", result: "name", call: user},
		{name: "user", result: "name", call: user},
		{name: "current_database", about: "where one is", result: "name", call: database},
		{name: "current_catalog", result: "name", call: database},
		{name: "pg_backend_pid", about: "one's own process", result: "int4", call: func(q *query, _ []any) (any, error) { return q.s.ID, nil }},
		{name: "inet_server_addr", about: "the address at which one reached the server", result: "inet", call: func(q *query, _ []any) (any, error) { return q.Address, nil }},
		{name: "inet_server_port", result: "int4", call: func(q *query, _ []any) (any, error) { return unless(q.Port), nil }},
		{name: "inet_client_addr", result: "inet", call: func(q *query, _ []any) (any, error) { a, _ := addressOf(q.s.Remote); return a, nil }},
		{name: "inet_client_port", result: "int4", call: func(q *query, _ []any) (any, error) { _, p := addressOf(q.s.Remote); return unless(p), nil }},
		{name: "current_setting", about: "a setting", args: "text [bool]", result: "text", call: func(q *query, a []any) (any, error) {
			value, err := q.settingOr(a[0].(string))
			if err != nil && len(a) == 2 && a[1] == true {
				return nil, nil
			}
			return value, err
		}},
		{name: "set_config", about: "sets a setting of the session, or of its transaction", args: "text text bool", result: "text", call: func(q *query, a []any) (any, error) {
			name, value := a[0].(string), a[1].(string)
			if a[2] == true {
				_, err := q.settingOr(name)
				return value, err
			}
			return value, q.setValue(name, value)
		}},
		{name: "pg_has_role", about: "whether one is in a role", args: "name text [text]", result: "bool", call: func(q *query, a []any) (any, error) {
			who, of := q.s.User, a[0].(string)
			if len(a) == 3 {
				who, of = a[0].(string), a[1].(string)
			}
			r := q.role(who)
			return r.Superuser || who == of || r.Monitor && slices.Contains(monitorRoles, of), nil
		}},
		{name: "has_table_privilege", about: "whether one may read a view", args: "text text [text]", result: "bool", call: func(q *query, a []any) (any, error) {
			of := a[len(a)-2].(string)
			who := q.s.User
			if len(a) == 3 {
				who = a[0].(string)
			}
			switch {
			case q.role(who).Superuser:
				return true, nil
			case of == "recon_canary" || of == "public.recon_canary":
				c, err := q.canary()
				return c != nil && slices.Contains(c.Writers, who), err
			}
			_, known := views()[of]
			return known && !slices.Contains([]string{"pg_file_settings", "pg_hba_file_rules"}, of), nil
		}},
		{name: "has_function_privilege", about: "whether one may call a function", args: "text text [text]", result: "bool", call: func(q *query, a []any) (any, error) {
			who := q.s.User
			if len(a) == 3 {
				who = a[0].(string)
			}
			return q.role(who).Superuser, nil
		}},
		{name: "pg_try_advisory_xact_lock", about: "takes an advisory lock until the transaction ends", args: "int8", result: "bool", call: func(q *query, a []any) (any, error) {
			return q.db.tryLock(q.s, a[0].(int64)), nil
		}},
	}
}

// monitorRoles are the roles that pg_monitor is in.
var monitorRoles = []string{"pg_monitor", "pg_read_all_stats", "pg_read_all_settings", "pg_stat_scan_tables"}

// orderFunctions change the server.
func orderFunctions() []function {
	signal := func(what string, order func(Orders) func(int32) bool) func(*query, []any) (any, error) {
		return func(q *query, a []any) (any, error) {
			pid := int32(a[0].(int64))
			switch {
			case order(q.db.Orders) == nil:
				return nil, errNotHere(what)
			case !q.superuser() && !slices.ContainsFunc(q.Activity, func(x Activity) bool { return x.PID == pid && x.User == q.s.User }):
				return nil, denied("to signal the process %d", pid)
			}
			if order(q.db.Orders)(pid) {
				return true, nil
			}
			q.notices = append(q.notices, pgwire.Error{Severity: "WARNING", Code: "01000", Message: fmt.Sprintf("PID %d is not a PostgreSQL backend process", pid)})
			return false, nil
		}
	}
	pause := func(on bool) func(*query, []any) (any, error) {
		return func(q *query, _ []any) (any, error) {
			switch {
			case !q.superuser():
				return nil, denied("for function pg_wal_replay_%s", map[bool]string{true: "pause", false: "resume"}[on])
			case !q.InRecovery:
				return nil, q.onlyInRecovery()
			case q.db.Orders.PauseReplay == nil:
				return nil, errNotHere("pausing replay")
			}
			return "", q.db.Orders.PauseReplay(on)
		}
	}
	slot := func(order func(Orders) func(string) error) func(*query, []any) (any, error) {
		return func(q *query, a []any) (any, error) {
			switch {
			case !q.superuser() && !q.role(q.s.User).Replication:
				return nil, denied("to use replication slots")
			case order(q.db.Orders) == nil:
				return nil, errNotHere("changing slots")
			}
			return "", order(q.db.Orders)(a[0].(string))
		}
	}
	return []function{
		{name: "pg_cancel_backend", about: "cancels what a session runs", args: "int4", result: "bool", call: signal("cancelling", func(o Orders) func(int32) bool { return o.Cancel })},
		{name: "pg_terminate_backend", about: "ends a session", args: "int4 [int8]", result: "bool", call: signal("terminating", func(o Orders) func(int32) bool { return o.Terminate })},
		{name: "pg_wal_replay_pause", about: "pauses the replay of a standby", result: "void", call: pause(true)},
		{name: "pg_wal_replay_resume", about: "resumes it", result: "void", call: pause(false)},
		{name: "pg_drop_replication_slot", about: "drops a slot", args: "name", result: "void", call: slot(func(o Orders) func(string) error { return o.DropSlot })},
		{name: "pg_create_physical_replication_slot", about: "creates a slot", args: "name [bool bool]", result: "void", call: slot(func(o Orders) func(string) error { return o.CreateSlot })},
		{name: "pg_reload_conf", about: "reads the configuration files again", result: "bool", call: func(q *query, _ []any) (any, error) {
			switch {
			case !q.superuser():
				return nil, denied("for function pg_reload_conf")
			case q.db.Orders.Reload == nil:
				return nil, errNotHere("reloading")
			}
			return true, q.db.Orders.Reload()
		}},
		{name: "pg_switch_wal", about: "ends the present WAL file", result: "pg_lsn", call: func(q *query, _ []any) (any, error) {
			switch {
			case q.InRecovery:
				return nil, q.notInRecovery()
			case !q.superuser():
				return nil, denied("for function pg_switch_wal")
			case q.db.Orders.SwitchWAL == nil:
				return nil, errNotHere("switching WAL files")
			}
			return q.db.Orders.SwitchWAL()
		}},
		{name: "pg_promote", about: "ends recovery, beside Patroni", args: "[bool int4]", result: "bool", call: func(q *query, _ []any) (any, error) {
			switch {
			case !q.superuser():
				return nil, denied("for function pg_promote")
			case !q.InRecovery:
				return nil, q.onlyInRecovery()
			case q.db.Orders.Promote == nil:
				return nil, errNotHere("pg_promote()")
			}
			return true, q.db.Orders.Promote()
		}},
	}
}

// addressOf is the address of a connection's end; a Unix socket has none.
func addressOf(a net.Addr) (netip.Addr, int) {
	if a == nil {
		return netip.Addr{}, 0
	}
	at, err := netip.ParseAddrPort(a.String())
	if err != nil {
		return netip.Addr{}, 0
	}
	return at.Addr().Unmap(), int(at.Port())
}
