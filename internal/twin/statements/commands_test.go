package statements_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"recon/internal/twin/pgwire"
	"recon/internal/twin/statements"
)

// session is a connection to a database.
type session struct {
	t    *testing.T
	conn *pgconn.PgConn
}

func login(t *testing.T, s *server, user, database string) session {
	t.Helper()
	conn, err := pgconn.Connect(t.Context(), s.settings(user, database))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return session{t, conn}
}

// ask gives the cells of the last result, divided by bars, or the error's code and message.
func (s session) ask(sql string) string {
	s.t.Helper()
	results, err := s.conn.Exec(s.t.Context(), sql).ReadAll()
	var e *pgconn.PgError
	if errors.As(err, &e) {
		return e.Code + " " + e.Message
	}
	if err != nil {
		s.t.Fatal(err)
	}
	var cells []string
	for _, row := range results[len(results)-1].Rows {
		for _, v := range row {
			cells = append(cells, string(v))
		}
	}
	return strings.Join(cells, "|")
}

func (s session) want(sql, want string) {
	s.t.Helper()
	if got := s.ask(sql); got != want {
		s.t.Errorf("%s: %q, want %q", sql, got, want)
	}
}

func TestSettings(t *testing.T) {
	f := healthy()
	s := login(t, start(t, &statements.Database{Facts: func(*pgwire.Session) statements.Facts { return f }}), "watcher", "netbox")
	s.want("SHOW server_version", "17.6")
	s.want("SHOW shared_buffers", "128MB")
	s.want("SHOW timezone", "Etc/UTC")
	s.want("SELECT setting, unit, source FROM pg_settings WHERE name = 'checkpoint_timeout'", "300|s|default")
	s.want("SELECT current_setting('checkpoint_timeout'), current_setting('max_connections')::int + 1", "5min|201")
	s.want("SET statement_timeout = '2s'; SHOW statement_timeout", "2s")
	s.want("SELECT setting, reset_val, source FROM pg_settings WHERE name = 'statement_timeout'", "2000|0|session")
	s.want("RESET statement_timeout; SHOW statement_timeout", "0")
	s.want("SET application_name TO 'other'; SELECT application_name FROM pg_stat_activity WHERE pid = pg_backend_pid()", "")
	s.want("SHOW application_name", "other")
	s.want("SHOW nothing_of_this_name", `42704 unrecognized configuration parameter "nothing_of_this_name"`)
	s.want("SELECT current_setting('nothing', true) IS NULL", "t")
	s.want("SET max_connections = 5", `55P02 parameter "max_connections" cannot be changed without restarting the server`)
	s.want("SET default_transaction_read_only = on; SHOW transaction_read_only", "on")
	s.want("DISCARD ALL; SHOW transaction_read_only", "off")
	s.want("SET TIME ZONE 'UTC'; SET TRANSACTION READ ONLY; DEALLOCATE ALL", "")
	if s.conn.ParameterStatus("application_name") != "other" || s.conn.ParameterStatus("is_superuser") != "off" || s.conn.ParameterStatus("server_version") != "17.6" {
		t.Error("the client was not told")
	}
	if _, err := pgconn.Connect(t.Context(), strings.Replace(s.settings(), "dbname=netbox", "dbname=elsewhere", 1)); err == nil || !strings.Contains(err.Error(), `database "elsewhere" does not exist (SQLSTATE 3D000)`) {
		t.Error(err)
	}
}

func (s session) settings() string {
	host, port, _ := strings.Cut(s.conn.Conn().RemoteAddr().String(), ":")
	return "host=" + host + " port=" + port + " sslmode=disable user=watcher dbname=netbox"
}

func TestConfigure(t *testing.T) {
	for _, tc := range []struct{ name, value, setting, shown string }{
		{"shared_buffers", "1GB", "131072", "1GB"},
		{"shared_buffers", "16384", "16384", "128MB"},
		{"work_mem", "1500kB", "1500", "1500kB"},
		{"wal_keep_size", "1GB", "1024", "1GB"},
		{"wal_sender_timeout", "30s", "30000", "30s"},
		{"checkpoint_timeout", "90", "90", "90s"},
		{"checkpoint_timeout", "1h", "3600", "1h"},
		{"max_slot_wal_keep_size", "-1", "-1", "-1"},
		{"hot_standby", "true", "on", "on"},
		{"primary_conninfo", "host=a", "host=a", "host=a"},
		{"something.new", "x", "x", "x"},
	} {
		all := statements.Configure(statements.DefaultSettings(170006), tc.name, tc.value, "configuration file", "/f", 1)
		i := slices.IndexFunc(all, func(s statements.Setting) bool { return s.Name == tc.name })
		if s := all[i]; s.Value != tc.setting || s.Shown() != tc.shown {
			t.Errorf("%s = %s: %q, shown %q", tc.name, tc.value, s.Value, s.Shown())
		}
	}
}

func TestUnknownStatements(t *testing.T) {
	f := healthy()
	s := login(t, start(t, &statements.Database{Facts: func(*pgwire.Session) statements.Facts { return f }}), "postgres", "netbox")
	for sql, want := range map[string]string{
		"DROP TABLE dcim_site":                 "42601 the training cluster does not know this statement: at or near DROP",
		"SELECT 1 UNION SELECT 2":              "42601 the training cluster does not know this statement: at or near UNION",
		"SELECT * FROM dcim_site":              `42P01 relation "dcim_site" does not exist`,
		"SELECT pg_sleep(1)":                   "42883 function pg_sleep does not exist with 1 arguments",
		"SELECT nothing FROM pg_stat_slru":     `42P01 relation "pg_stat_slru" does not exist`,
		"SELECT nothing FROM pg_stat_archiver": `42703 column "nothing" does not exist`,
		"CHECKPOINT":                           "0A000 the training cluster does not do this: CHECKPOINT",
		"SELECT pg_reload_conf()":              "0A000 the training cluster does not do this: reloading",
	} {
		s.want(sql, want)
		var e *pgconn.PgError
		if _, err := s.conn.Exec(t.Context(), sql).ReadAll(); errors.As(err, &e) && e.Code[0] == '4' && e.Hint != "SHOW STATEMENTS lists what the training cluster knows." {
			t.Errorf("%s: the hint is %q", sql, e.Hint)
		}
		if r := s.conn.ExecParams(t.Context(), sql, nil, nil, nil, nil).Read(); r.Err == nil {
			t.Errorf("%s is known to the extended protocol", sql)
		}
	}
	list := s.ask("SHOW STATEMENTS")
	for _, want := range []string{"CHECKPOINT", "SELECT ... FROM pg_stat_replication", "pg_wal_replay_resume()", "SET <name> = <value>"} {
		if !strings.Contains(list, want) {
			t.Errorf("%s is not listed in %s", want, list)
		}
	}
}

func TestOrders(t *testing.T) {
	f := standby(healthy())
	var got []string
	note := func(s string) { got = append(got, s) }
	d := &statements.Database{Facts: func(*pgwire.Session) statements.Facts { return f }, Orders: statements.Orders{
		Checkpoint:  func(context.Context) error { note("checkpoint"); return nil },
		PauseReplay: func(on bool) error { note(map[bool]string{true: "pause", false: "resume"}[on]); return nil },
		Terminate:   func(pid int32) bool { note("terminate"); return pid == 901 },
		Reload:      func() error { note("reload"); return nil },
		AlterSystem: func(name string, value *string) error {
			if value == nil {
				note("reset " + name)
			} else {
				note(name + " " + *value)
			}
			return nil
		},
		CreateCanary: func(database string) error { note("create in " + database); return nil },
		GrantCanary:  func(database, role string) error { note("grant to " + role); return nil },
		DropSlot:     func(name string) error { note("drop " + name); return nil },
		SwitchWAL:    func() (pgwire.LSN, error) { return 0x7000000, nil },
	}}
	server := start(t, d)
	s, low := login(t, server, "postgres", "netbox"), login(t, server, "netbox", "netbox")
	s.want("CHECKPOINT; SELECT pg_wal_replay_resume()", "")
	s.want("SELECT pg_wal_replay_pause(), pg_reload_conf()", "|t")
	s.want("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE state LIKE 'idle%' ORDER BY pid DESC", "t|f")
	s.want("ALTER SYSTEM SET work_mem = '8MB'; ALTER SYSTEM RESET timezone", "")
	s.want("SELECT pg_drop_replication_slot('a')", "")
	if want := "checkpoint resume pause reload terminate terminate work_mem 8MB reset TimeZone drop a"; strings.Join(got, " ") != want {
		t.Errorf("orders %q", got)
	}
	s.want("SELECT pg_switch_wal()", "55000 recovery is in progress")
	s.want("SELECT pg_current_wal_lsn()", "55000 recovery is in progress")
	s.want("INSERT INTO recon_canary (id, at, writer) VALUES (1, clock_timestamp(), 'me') ON CONFLICT (id) DO UPDATE SET at = excluded.at, writer = excluded.writer",
		"25006 cannot execute INSERT in a read-only transaction")
	low.want("SELECT pg_drop_replication_slot('a')", "42501 permission denied to use replication slots")
	low.want("CHECKPOINT", "42501 permission denied to execute CHECKPOINT command")
	low.want("SELECT pg_wal_replay_resume()", "42501 permission denied for function pg_wal_replay_resume")
	low.want("SELECT count(*) FROM pg_hba_file_rules", "42501 permission denied for view pg_hba_file_rules")
	low.want("SELECT query FROM pg_stat_activity WHERE pid = 228", "<insufficient privilege>")
	low.want("SELECT pg_terminate_backend(228)", "42501 permission denied to signal the process 228")

	f = healthy()
	s.want("SELECT pg_switch_wal()", "0/7000000")
	s.want("SELECT pg_is_wal_replay_paused()", "55000 recovery is not in progress")
	s.want("SELECT pg_wal_replay_resume()", "55000 recovery is not in progress")
	s.want("CREATE TABLE recon_canary (id int PRIMARY KEY, at timestamptz NOT NULL, writer text NOT NULL)", `42P07 relation "recon_canary" already exists`)
	s.want("SELECT pg_walfile_name(pg_current_wal_lsn()), pg_last_wal_receive_lsn() IS NULL", "000000080000000000000006|t")
	f.Databases = slices.Clone(f.Databases)
	f.Databases[2].Canary = nil
	got = nil
	s.want("create table recon_canary (id int primary key, at timestamptz not null, writer text not null)", "")
	s.want("GRANT SELECT, INSERT, UPDATE ON recon_canary TO netbox", `42P01 relation "recon_canary" does not exist`)
	if strings.Join(got, " ") != "create in netbox" {
		t.Errorf("orders %q", got)
	}
}

// A write is stored when its transaction commits, and not when it is rolled back; the lock is free then.
func TestCanaryTransactions(t *testing.T) {
	f := healthy()
	var rows []statements.Canary
	d := &statements.Database{Facts: func(*pgwire.Session) statements.Facts { return f }, Orders: statements.Orders{
		Write: func(_ string, row statements.Canary) error { rows = append(rows, row); return nil },
	}}
	server := start(t, d)
	a, b := login(t, server, "netbox", "netbox"), login(t, server, "netbox", "netbox")
	const insert = "INSERT INTO recon_canary (id, at, writer) VALUES (1, clock_timestamp(), 'me') ON CONFLICT (id) DO UPDATE SET at = excluded.at, writer = excluded.writer"
	a.want("BEGIN; SELECT pg_try_advisory_xact_lock(5)", "t")
	a.want("SELECT pg_try_advisory_xact_lock(5)", "t")
	b.want("SELECT pg_try_advisory_xact_lock(5)", "f")
	b.want("SELECT objid, granted, mode FROM pg_locks", "5|t|ExclusiveLock")
	a.want(insert+"; ROLLBACK", "")
	if len(rows) != 0 {
		t.Errorf("rolled back, and stored: %+v", rows)
	}
	b.want("SELECT pg_try_advisory_xact_lock(5)", "t")
	b.want("SELECT count(*) FROM pg_locks", "0")
	a.want("BEGIN; "+insert, "")
	if len(rows) != 0 {
		t.Errorf("stored before the commit: %+v", rows)
	}
	a.want("COMMIT", "")
	a.want(insert, "")
	a.want("BEGIN; "+insert+"; SELECT 1/0", "22012 division by zero")
	a.want("COMMIT", "")
	if len(rows) != 2 || rows[1].Writer != "me" {
		t.Errorf("stored %+v", rows)
	}
	low := login(t, server, "watcher", "netbox")
	low.want(insert, "42501 permission denied for table recon_canary")
	low.want("SELECT writer FROM recon_canary", "")
}
