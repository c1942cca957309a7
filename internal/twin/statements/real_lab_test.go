//go:build lab

package statements_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"recon/internal/twin/statements"
)

// realServer starts the PostgreSQL that is installed here, in a folder of the test, and gives a connection to it.
func realServer(t *testing.T) *pgconn.PgConn {
	t.Helper()
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/postgres")
	if err != nil || len(found) == 0 {
		t.Fatal("there is no PostgreSQL below /usr/lib/postgresql: apt-get install postgresql")
	}
	bin := filepath.Dir(found[len(found)-1])
	dir, err := os.MkdirTemp("", "recon-pg")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	as := &syscall.SysProcAttr{}
	if os.Getuid() == 0 {
		u, err := user.Lookup("postgres")
		if err != nil {
			t.Fatal(err)
		}
		uid, _ := strconv.Atoi(u.Uid)
		gid, _ := strconv.Atoi(u.Gid)
		if err := os.Chown(dir, uid, gid); err != nil {
			t.Fatal(err)
		}
		as.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	}
	run := func(name string, args ...string) *exec.Cmd {
		cmd := exec.Command(filepath.Join(bin, name), args...)
		cmd.SysProcAttr, cmd.Dir = as, dir
		return cmd
	}
	data := filepath.Join(dir, "data")
	if out, err := run("initdb", "-D", data, "-A", "trust", "-U", "postgres", "--no-sync", "-E", "UTF8", "--locale=C.UTF-8").CombinedOutput(); err != nil {
		t.Fatalf("initdb: %v\n%s", err, out)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := l.Addr().(*net.TCPAddr).Port
	_ = l.Close() // PostgreSQL takes the port
	server := run("postgres", "-D", data, "-p", strconv.Itoa(port), "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="+dir, "-c", "fsync=off", "-c", "timezone=Etc/UTC")
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = server.Process.Signal(syscall.SIGQUIT)
		_ = server.Wait()
	})
	for limit := time.Now().Add(15 * time.Second); ; {
		conn, err := pgconn.Connect(t.Context(), fmt.Sprintf("host=127.0.0.1 port=%d user=postgres dbname=postgres sslmode=disable", port))
		if err == nil {
			t.Cleanup(func() { _ = conn.Close(context.Background()) })
			return conn
		}
		if time.Now().After(limit) {
			t.Fatal(err)
		}
	}
}

func version(t *testing.T, conn *pgconn.PgConn) int {
	t.Helper()
	r := conn.ExecParams(t.Context(), "SHOW server_version_num", nil, nil, nil, nil).Read()
	if r.Err != nil {
		t.Fatal(r.Err)
	}
	n, err := strconv.Atoi(string(r.Rows[0][0]))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// looks are statements that a person might type.
var looks = []string{
	"SELECT version()", "SELECT now(), current_user, current_database(), pg_backend_pid()", "SHOW max_connections", "SHOW TimeZone", "SHOW ALL",
	"SELECT pid, state, query FROM pg_stat_activity WHERE state <> 'idle'", "SELECT * FROM pg_stat_archiver", "SELECT * FROM pg_stat_wal_receiver",
	"SELECT * FROM pg_stat_replication", "SELECT * FROM pg_stat_activity", "SELECT * FROM pg_replication_slots", "SELECT * FROM pg_settings",
	"SELECT * FROM pg_roles", "SELECT * FROM pg_db_role_setting", "SELECT * FROM pg_file_settings", "SELECT * FROM pg_prepared_xacts",
	"SELECT * FROM pg_hba_file_rules", "SELECT * FROM pg_stat_progress_basebackup", "SELECT * FROM pg_ls_waldir()", "SELECT * FROM pg_control_system()",
	"SELECT datname, pg_size_pretty(pg_database_size(datname)) FROM pg_database ORDER BY 2 DESC", "SELECT count(*), max(xact_start), min(pid), avg(pid) FROM pg_stat_activity",
	"SELECT CASE WHEN pg_is_in_recovery() THEN 'standby' ELSE 'primary' END AS role", "SELECT CASE state WHEN 'idle' THEN 1 END, state FROM pg_stat_activity",
	"SELECT a.*, l.mode FROM pg_stat_activity a JOIN pg_locks l USING (pid)", "SELECT usename, count(*) FILTER (WHERE state = 'active') FROM pg_stat_activity GROUP BY usename HAVING count(*) > 1",
	"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE state = 'idle in transaction'", "SELECT DISTINCT usename FROM pg_stat_activity LIMIT 3 OFFSET 1",
	"SELECT extract(epoch FROM now() - query_start), age_s FROM (SELECT query_start, 1 AS age_s FROM pg_stat_activity) s", "SELECT pg_current_wal_lsn() - '0/0'::pg_lsn",
	"SELECT now() - interval '5 min', now() + '1 day'::interval, now() - now()", "SELECT sum(size), sum(1), sum(1.5), string_agg(name, ',') FROM pg_ls_waldir()",
	"SELECT round(1.5), round(1.25, 1), left('abc', 2), length('x'), upper('x'), substr('abc', 2), nullif(1, 2), coalesce(NULL, 'x'), greatest(1, 2)",
	"SELECT EXISTS (SELECT FROM pg_stat_activity), 1 IN (1, 2), 'a' LIKE 'b', NOT true, -1, 1::text, 'x'::name", "SELECT json_build_object('a', 1), json_agg(pid) FROM pg_stat_activity",
	"SELECT pg_wal_replay_resume(), pg_reload_conf(), pg_switch_wal(), pg_cancel_backend(1)", "SELECT subname, subenabled, subslotname FROM pg_subscription",
}

// What a statement's parameters and columns are, the real server says as well.
func TestDescribesAsTheRealServer(t *testing.T) {
	conn := realServer(t)
	if _, err := conn.Exec(t.Context(), "CREATE TABLE recon_canary (id int PRIMARY KEY, at timestamptz NOT NULL, writer text NOT NULL)").ReadAll(); err != nil {
		t.Fatal(err)
	}
	f := healthy()
	f.Version = version(t, conn)
	d := &statements.Database{Facts: func(*pgwireSession) statements.Facts { return f }}
	s := &pgwireSession{User: "postgres", Database: "netbox"}
	books, _ := ofBooks(t)
	all := slices.Concat(ofProbes(t), books)
	for _, sql := range looks {
		all = append(all, asked{"a person", sql})
	}
	compared := 0
	for _, a := range all {
		for _, one := range split(t, a.sql) {
			if word := strings.Fields(one)[0]; slices.Contains([]string{"BEGIN", "COMMIT", "ROLLBACK", "CREATE", "GRANT"}, word) {
				continue
			}
			want, err := conn.Prepare(t.Context(), "", one, nil)
			if err != nil {
				if f.Version < 170000 && strings.Contains(one, "inactive_since") {
					continue
				}
				t.Errorf("%s: the real server: %v\n%s", a.where, err, one)
				continue
			}
			params, columns, err := d.Describe(t.Context(), s, one)
			if err != nil {
				t.Errorf("%s: %v\n%s", a.where, err, one)
				continue
			}
			var is, should []string
			for _, c := range columns {
				is = append(is, fmt.Sprint(c.Name, " ", c.OID))
			}
			for _, c := range want.Fields {
				should = append(should, fmt.Sprint(c.Name, " ", c.DataTypeOID))
			}
			if !slices.Equal(is, should) || !slices.Equal(params, want.ParamOIDs) && len(params)+len(want.ParamOIDs) > 0 {
				t.Errorf("%s: columns\n%q\nparameters %d, the real server\n%q\n%d\n%s", a.where, is, params, should, want.ParamOIDs, one)
			}
			compared++
		}
	}
	t.Logf("%d statements compared", compared)
	if compared < 60 {
		t.Errorf("only %d statements were compared", compared)
	}
}
