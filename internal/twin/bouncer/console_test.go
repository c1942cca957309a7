package bouncer_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"recon/internal/twin/bouncer"
	"recon/internal/twin/pgwire"
	"recon/internal/twin/psql"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// pooler is a backend whose only database is the console.
type pooler struct{ *bouncer.Console }

func (pooler) Login(context.Context, *pgwire.Session, map[string]string) (pgwire.Auth, error) {
	return pgwire.Auth{}, nil
}

func (p pooler) Started(s *pgwire.Session) (map[string]string, error) {
	return p.Console.Started(s), nil
}
func (pooler) Ended(*pgwire.Session) {}

// captured are the facts of the PgBouncer in testdata.
func captured() bouncer.Facts {
	f := bouncer.Facts{Now: time.Date(2026, 11, 23, 8, 48, 2, 0, time.UTC), Version: "1.24.1", Port: 6432, Config: bouncer.DefaultConfig()}
	for name, port := range map[string]int{"netbox": 5432, "netbox_ro": 5433, "netbox-test": 5432, "netbox-test_ro": 5433} {
		f.Databases = append(f.Databases, bouncer.Database{
			Name: name, Host: "172.16.113.204", Port: port, Database: strings.TrimSuffix(name, "_ro"), PoolSize: 50, MinPoolSize: 5, ReserveSize: 20, ServerLifetime: 3600,
		})
	}
	for _, name := range []string{"netbox", "postgres", "pgbouncer", "pgbouncer_admin", "recon"} {
		f.Users = append(f.Users, bouncer.User{Name: name})
	}
	return f
}

// serve starts a console and gives a psql that reaches it.
func serve(t *testing.T, c *bouncer.Console) (ask func(sql string, flags ...string) string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &pgwire.Server{Backend: pooler{c}, NoticesHangup: true}
	c.Sessions = s.Sessions
	done := make(chan error, 1)
	go func() { done <- s.Serve(l) }()
	t.Cleanup(func() {
		if err := errors.Join(s.Close(), <-done); err != nil {
			t.Error(err)
		}
	})
	return func(sql string, flags ...string) string {
		t.Helper()
		// The one before is gone, so that it is not counted among the clients.
		for limit := time.Now().Add(5 * time.Second); len(s.Sessions()) > 0 && time.Now().Before(limit); {
			time.Sleep(time.Millisecond)
		}
		var out bytes.Buffer
		p := &psql.Command{
			Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
				return (&net.Dialer{}).DialContext(ctx, "tcp", l.Addr().String())
			},
			Stdout: &out, Stderr: &out,
		}
		p.Run(t.Context(), append([]string{"-X", "-h", "172.16.113.201", "-p", "6432", "-U", "pgbouncer_admin", "-d", "pgbouncer", "-c", sql}, flags...))
		return out.String()
	}
}

// varies is what is another one each time: ports, pointers, ids, times.
var varies = regexp.MustCompile(`\d{1,3}(\.\d{1,3}){3}\|\d+\|\d{1,3}(\.\d{1,3}){3}\|\d+\|2\d{3}-[^|]*\|2\d{3}-[^|]*\||0x[0-9a-f]+|\|\d+$`)

func TestShowsAsTheRealOne(t *testing.T) {
	ask := serve(t, &bouncer.Console{Facts: captured})
	for _, what := range []string{"DATABASES", "LISTS", "POOLS", "STATE", "VERSION", "CLIENTS", "SERVERS"} {
		b, err := os.ReadFile("testdata/pgbouncer_show_" + what + ".txt")
		if err != nil {
			t.Fatal(err)
		}
		want, got := string(b), ask("SHOW "+what, "-A")
		if what == "CLIENTS" {
			clean := func(s string) string {
				lines := strings.Split(s, "\n")
				for i := range lines {
					lines[i] = varies.ReplaceAllString(lines[i], "…")
				}
				return strings.Join(lines, "\n")
			}
			want, got = clean(want), clean(got)
		}
		if got != want {
			t.Errorf("SHOW %s\n%s\nthe real one:\n%s", what, got, want)
		}
	}
}

func TestShowsTheConfiguration(t *testing.T) {
	f := captured()
	for i := range f.Config {
		if c := &f.Config[i]; c.Key == "pool_mode" {
			c.Value = "transaction"
		}
	}
	ask := serve(t, &bouncer.Console{Facts: func() bouncer.Facts { return f }})
	got := ask("SHOW CONFIG", "-At")
	for _, want := range []string{"pool_mode|transaction|session|yes\n", "listen_port|6432|6432|no\n", "max_prepared_statements|200|200|yes\n", "auth_query|SELECT rolname, CASE WHEN"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not in\n%s", want, got)
		}
	}
	b, err := os.ReadFile("../../../probes/testdata/pgbouncer/1.24.1-paused-db/CONFIG.txt")
	if err != nil {
		t.Fatal(err)
	}
	keys := func(text string) (out []string) {
		for line := range strings.Lines(text) {
			key, _, _ := strings.Cut(line, "|")
			out = append(out, key)
		}
		return out
	}
	if got, want := keys(got), keys(string(b))[1:]; !slices.Equal(got, want) {
		t.Errorf("%q\nthe real one has\n%q", got, want)
	}
}

func TestShowsWhatIsBusy(t *testing.T) {
	f := captured()
	at := netip.MustParseAddrPort
	f.Pools = []bouncer.Pool{{Database: "netbox", User: "netbox", ClientsActive: 2, ClientsWaiting: 1, ServersActive: 2, ServersIdle: 3, MaxWait: 1594113 * time.Microsecond, Mode: "transaction"}}
	f.Servers = []bouncer.Socket{{ID: 33, User: "netbox", Database: "netbox", State: "idle", Address: at("172.16.113.204:5432"), Local: at("172.16.113.201:36884"), PID: 10518, Pointer: "0x1", Connected: f.Now, Requested: f.Now}}
	f.Stats = []bouncer.Stats{{Database: "netbox", Transactions: 7, Received: 100, Averages: &bouncer.Stats{Received: 10}}}
	f.Users[0] = bouncer.User{Name: "netbox", PoolMode: "session", PoolSize: 5, Connections: 3}
	ask := serve(t, &bouncer.Console{Facts: func() bouncer.Facts { return f }})
	for sql, want := range map[string]string{
		"show pools":           "netbox|netbox|2|1|0|0|2|0|0|3|0|0|0|1|594113|transaction|\npgbouncer|pgbouncer|1|0|0|0|0|0|0|0|0|0|0|0|0|statement|\n",
		"SHOW SERVERS":         "S|netbox|netbox|none|idle|172.16.113.204|5432|172.16.113.201|36884|2026-11-23 08:48:02 UTC|2026-11-23 08:48:02 UTC|0|0|0|0x1||10518|||0|33\n",
		"SHOW STATS_TOTALS":    "netbox|0|7|0|100|0|0|0|0|0|0|0\npgbouncer|0|0|0|0|0|0|0|0|0|0|0\n",
		"SHOW STATS_AVERAGES":  "netbox|0|0|0|10|0|0|0|0|0|0|0\npgbouncer|0|0|0|0|0|0|0|0|0|0|0\n",
		"SHOW client_encoding": "UTF-8\n",
		"SHOW PEERS":           "",
		"SHOW dns_zones":       "",
	} {
		if got := ask(sql, "-At"); got != want {
			t.Errorf("%s: %q, want %q", sql, got, want)
		}
	}
	if got := ask("SHOW STATS", "-A"); !strings.HasPrefix(got, "database|total_server_assignment_count|total_xact_count|total_query_count|total_received|total_sent|") ||
		!strings.Contains(got, "|avg_query_count|avg_recv|avg_sent|") || !strings.Contains(got, "netbox|0|7|0|100|") {
		t.Error(got)
	}
	if got := ask("SHOW TOTALS", "-At"); !strings.Contains(got, "total_xact_count|7\n") || !strings.Contains(got, "avg_recv|10\n") {
		t.Error(got)
	}
	if got := ask("SHOW USERS", "-At"); !strings.HasPrefix(got, "netbox|        5||session|0|3|0|0\npostgres||||0|0|0|0\n") {
		t.Error(got)
	}
	if got := ask("SHOW MEM", "-At"); !strings.Contains(got, "server_cache|704|1|49|35200\n") {
		t.Error(got)
	}
	if got := ask("SHOW HELP"); !strings.HasPrefix(got, "NOTICE:  Console usage\nDETAIL:  \n\tSHOW HELP|CONFIG|DATABASES|POOLS") || !strings.HasSuffix(got, "SHOW\n") {
		t.Error(got)
	}
}

func TestOrders(t *testing.T) {
	f := captured()
	var got []string
	admin := true
	note := func(what string) func(string) error {
		return func(database string) error { got = append(got, what+" "+database); return nil }
	}
	waits := func(what string) func(context.Context, string) error {
		return func(_ context.Context, database string) error { return note(what)(database) }
	}
	ask := serve(t, &bouncer.Console{
		Facts: func() bouncer.Facts { return f }, Admin: func(*pgwire.Session) bool { return admin },
		Orders: bouncer.Orders{
			Pause: waits("pause"), Resume: note("resume"), Disable: note("disable"), Enable: note("enable"), Kill: note("kill"), Reconnect: note("reconnect"), WaitClose: waits("wait"),
			KillClient: func(id int64) bool { return id == 5 },
			Reload:     func() error { return errors.New("syntax error in line 3") },
			Set:        func(key, value string) error { got = append(got, "set "+key+"="+value); return nil },
			Shutdown:   note("shutdown"),
		},
	})
	want := func(sql, want string) {
		t.Helper()
		if got := ask(sql); strings.TrimSuffix(got, "\n") != want {
			t.Errorf("%s: %q, want %q", sql, got, want)
		}
	}
	const refused = "ERROR:  "
	want("PAUSE", "PAUSE")
	want(`pause "netbox-test";`, "PAUSE")
	want("PAUSE nothing", refused+"no such database: nothing")
	want("PAUSE pgbouncer", refused+"cannot pause admin db: pgbouncer")
	want("RESUME", refused+"pooler is not paused/suspended")
	want(`RESUME "netbox"`, refused+"database netbox is not paused")
	want(`ENABLE "netbox"`, "ENABLE")
	want("DISABLE netbox", "DISABLE")
	want("DISABLE", refused+"a database is required")
	want("KILL netbox", "KILL")
	want("RECONNECT", "RECONNECT")
	want("WAIT_CLOSE netbox", "WAIT_CLOSE")
	want("KILL_CLIENT 5", "KILL_CLIENT")
	want("KILL_CLIENT 6", refused+"client not found")
	want("KILL_CLIENT x", refused+"invalid client pointer supplied")
	want("RELOAD", refused+"RELOAD failed, see logs for additional details")
	want("RELOAD netbox", refused+"invalid command 'RELOAD netbox', use SHOW HELP;")
	want("SET verbose = 1", "SET verbose=1")
	want("SET client_encoding TO 'utf8'", "NOTICE:  SET ignored\nSET")
	want("SUSPEND", refused+"the training cluster does not do this")
	want("SHUTDOWN WAIT_FOR_CLIENTS", "SHUTDOWN")
	want("SHUTDOWN now", refused+"invalid command 'SHUTDOWN NOW', use SHOW HELP;")
	want("SELECT 1", refused+"invalid command 'SELECT 1', use SHOW HELP;")
	want("SHOW nothing", refused+"invalid command 'SHOW nothing', use SHOW HELP;")
	want("DELETE FROM t WHERE true", refused+"invalid command 'DELETE FROM t WHERE true', use SHOW HELP;")
	f.Paused = true
	want("PAUSE netbox", refused+"already suspended/paused")
	want("KILL", refused+"already suspended/paused")
	want("RESUME", "RESUME")
	f.Paused = false
	f.Databases[slices.IndexFunc(f.Databases, func(d bouncer.Database) bool { return d.Name == "netbox" })].Paused = true
	want("RESUME netbox", "RESUME")
	want("SUSPEND", refused+"cannot suspend with paused databases")
	admin = false
	want("PAUSE", refused+"admin access needed")
	want("SET verbose = 1", refused+"admin access needed")
	want("SHOW VERSION", "     version      \n------------------\n PgBouncer 1.24.1\n(1 row)\n")
	should := "pause ,pause netbox-test,enable netbox,disable netbox,kill netbox,reconnect ,wait netbox,set verbose=1,shutdown WAIT_FOR_CLIENTS,resume ,resume netbox"
	if fmt.Sprint(strings.Join(got, ",")) != should {
		t.Errorf("orders %q", got)
	}
}
