//go:build lab

package probes

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// realPostgres is a PostgreSQL of its own in a folder of the test, run as the user postgres.
type realPostgres struct {
	port int
	conn *pgx.Conn
}

func startRealPostgres(t *testing.T) *realPostgres {
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
	if out, err := run("initdb", "-D", data, "-A", "trust", "-U", "postgres", "--no-sync").CombinedOutput(); err != nil {
		t.Fatalf("initdb: %v\n%s", err, out)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &realPostgres{port: l.Addr().(*net.TCPAddr).Port}
	_ = l.Close() // PostgreSQL takes the port
	server := run("postgres", "-D", data, "-p", strconv.Itoa(p.port), "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="+dir, "-c", "fsync=off")
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = server.Process.Signal(syscall.SIGQUIT) // immediate: a backend may wait for ever
		_ = server.Wait()
	})
	p.eventually(t, "a connection", func() bool {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		p.conn, err = pgx.Connect(ctx, fmt.Sprintf("host=127.0.0.1 port=%d user=postgres dbname=postgres sslmode=disable", p.port))
		return err == nil
	})
	t.Cleanup(func() { _ = p.conn.Close(context.Background()) })
	return p
}

// eventually waits for a condition.
func (p *realPostgres) eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for limit := time.Now().Add(15 * time.Second); !holds(); {
		if time.Now().After(limit) {
			t.Fatalf("never seen: %s", what)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func (p *realPostgres) exec(t *testing.T, statements ...string) {
	t.Helper()
	for _, sql := range statements {
		if _, err := p.conn.Exec(t.Context(), sql, pgx.QueryExecModeExec); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
}

func (p *realPostgres) count(t *testing.T, where string) (n int) {
	t.Helper()
	if err := p.conn.QueryRow(t.Context(), "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'recon' AND "+where, pgx.QueryExecModeExec).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// standbys sets synchronous_standby_names, and waits until commits heed it. A session's own SHOW is no proof of that: whether
// a COMMIT waits stands in shared memory, which the checkpointer writes when the signal has reached it too.
func (p *realPostgres) standbys(t *testing.T, names string) {
	t.Helper()
	p.exec(t, "ALTER SYSTEM SET synchronous_standby_names = '"+names+"'", "SELECT pg_reload_conf()")
	p.eventually(t, "commits that heed the setting", func() bool { return p.commitWaits(t) == (names != "") })
}

// commitWaits tells whether a commit waits for a standby; the one that tried it is gone afterwards.
func (p *realPostgres) commitWaits(t *testing.T) bool {
	t.Helper()
	config := p.conn.Config().Copy()
	config.RuntimeParams["application_name"] = "commit-waits"
	conn, err := pgx.ConnectConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() {
		_, err := conn.Exec(context.Background(), "SELECT pg_logical_emit_message(true, 'test', '')", pgx.QueryExecModeExec)
		_ = conn.Close(context.Background())
		done <- err
	}()
	pid, waits := conn.PgConn().PID(), false
	p.eventually(t, "the end of a commit, or its waiting", func() bool {
		select {
		case err := <-done:
			if err != nil {
				t.Fatal(err)
			}
			return true
		default:
		}
		err := p.conn.QueryRow(t.Context(), "SELECT count(*) = 1 FROM pg_stat_activity WHERE pid = $1 AND wait_event = 'SyncRep'", pgx.QueryExecModeExec, int32(pid)).Scan(&waits)
		if err != nil {
			t.Fatal(err)
		}
		return waits
	})
	if waits {
		p.exec(t, fmt.Sprintf("SELECT pg_terminate_backend(%d, 15000)", pid))
		<-done
	}
	return waits
}

// entry is a login at the server as it comes through a floating address.
func (p *realPostgres) entry(user string) entryLogin {
	address := net.JoinHostPort("127.0.0.1", strconv.Itoa(p.port))
	w := &way{Hosts: oneAddress{address}, address: address, direct: true, state: func() *State { return &State{} }}
	return entryLogin{way: w, user: user, database: "postgres", login: &poolLogin{
		dialer: &dialer{hosts: w, address: address}, settings: connection("127.0.0.1", strconv.Itoa(p.port), user, "postgres", "disable"),
		password: func(context.Context) (string, error) { return "", nil },
	}}
}

func (p *realPostgres) canary(user string, commit time.Duration) *canaryProbe {
	return &canaryProbe{entryLogin: p.entry(user), writer: "a test", commit: commit, nodeOf: func(a string) string {
		return map[string]string{"127.0.0.1": "netbox-node-1"}[a]
	}}
}

func try(t *testing.T, p prober[tryFacts]) (tryFacts, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), tryDeadline)
	defer cancel()
	return p.ask(ctx)
}

const canaryTable = "CREATE TABLE recon_canary (id int PRIMARY KEY, at timestamptz NOT NULL, writer text NOT NULL)"

// The canary against a real server: what it must never do is pile up.
func TestCanaryNeverPilesUp(t *testing.T) {
	p := startRealPostgres(t)
	p.exec(t, "CREATE ROLE netbox LOGIN", canaryTable, "GRANT SELECT, INSERT, UPDATE ON recon_canary TO netbox")
	const commit = 300 * time.Millisecond
	if f, err := try(t, p.canary("netbox", commit)); err != nil || f.node != "netbox-node-1" {
		t.Fatalf("healthy: %+v, %v", f, err)
	}
	var at time.Time
	var writer string
	if err := p.conn.QueryRow(t.Context(), "SELECT at, writer FROM recon_canary WHERE id = 1", pgx.QueryExecModeExec).Scan(&at, &writer); err != nil || writer != "a test" || time.Since(at) > time.Minute {
		t.Fatalf("the row is %v %q: %v", at, writer, err)
	}

	// No standby: COMMIT waits for ever.
	p.standbys(t, "nobody")
	for i := range 20 {
		began := time.Now()
		_, err := try(t, p.canary("netbox", commit))
		took := time.Since(began)
		want := "an earlier write still waits for a synchronous standby, for "
		if i == 0 {
			want = "COMMIT on netbox-node-1 did not come back within 0.3 s: it waits for a synchronous standby"
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Fatalf("try %d: %v, want %s", i, err, want)
		}
		if took > 2*time.Second {
			t.Errorf("try %d took %s", i, took)
		}
	}
	// Whoever has hung up is gone after a moment; the one that waits is not, and it was not cancelled.
	p.eventually(t, "one backend that waits", func() bool { return p.count(t, "true") == 1 })
	if n := p.count(t, "wait_event = 'SyncRep' AND query = 'COMMIT'"); n != 1 {
		t.Errorf("%d backends wait in COMMIT", n)
	}
	// Many consoles at once are no different.
	var consoles sync.WaitGroup
	for range 10 {
		consoles.Go(func() {
			if _, err := try(t, p.canary("netbox", commit)); err == nil || !strings.Contains(err.Error(), "still waits") {
				t.Errorf("another console: %v", err)
			}
		})
	}
	consoles.Wait()
	p.eventually(t, "still one backend", func() bool { return p.count(t, "true") == 1 })

	// A standby comes back: the write that waited ends, and the next one works.
	p.standbys(t, "")
	p.eventually(t, "nobody waits", func() bool { return p.count(t, "true") == 0 })
	if f, err := try(t, p.canary("netbox", commit)); err != nil || f.node != "netbox-node-1" {
		t.Errorf("after it: %+v, %v", f, err)
	}

	// Two consoles at the same moment wait for each other.
	for range 4 {
		consoles.Go(func() {
			if _, err := try(t, p.canary("netbox", commitWithin)); err != nil {
				t.Errorf("together with others: %v", err)
			}
		})
	}
	consoles.Wait()
	p.eventually(t, "all have left", func() bool { return p.count(t, "true") == 0 })
}

func TestCanarySaysWhatHinders(t *testing.T) {
	p := startRealPostgres(t)
	p.exec(t, "CREATE ROLE netbox LOGIN")
	fails := func(want string) {
		t.Helper()
		if _, err := try(t, p.canary("netbox", commitWithin)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
	fails("has no table recon_canary: CREATE TABLE recon_canary (id int PRIMARY KEY")
	p.exec(t, canaryTable)
	fails("netbox may not write recon_canary in database postgres: GRANT SELECT, INSERT, UPDATE ON recon_canary TO netbox")
	p.exec(t, "GRANT SELECT, INSERT, UPDATE ON recon_canary TO netbox")
	if _, err := try(t, p.canary("netbox", commitWithin)); err != nil {
		t.Error(err)
	}

	// Somebody else locks the table: the limit of the lock ends the wait.
	p.exec(t, "BEGIN", "LOCK TABLE recon_canary IN ACCESS EXCLUSIVE MODE")
	fails("holds the canary's row or table")
	p.exec(t, "ROLLBACK")

	p.exec(t, "ALTER ROLE netbox SET default_transaction_read_only = on")
	fails("writes arrive at netbox-node-1, where transactions are read-only")
	p.exec(t, "ALTER ROLE netbox RESET default_transaction_read_only")

	p.exec(t, "DROP TABLE recon_canary", "CREATE TABLE recon_canary (id int, at timestamptz)", "GRANT ALL ON recon_canary TO netbox")
	fails("is not the table it should be")
	if _, err := try(t, p.canary("nobody", commitWithin)); err == nil || !strings.Contains(err.Error(), `answered: role "nobody" does not exist`) {
		t.Errorf("no such role: %v", err)
	}
	// A client that vanishes in the middle leaves the lock for a few seconds, and no open transaction.
	gone := p.canary("netbox", commitWithin)
	if err := gone.open(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, sql := range []string{"BEGIN", beginSQL, "SELECT pg_try_advisory_xact_lock(" + strconv.FormatInt(canaryLock, 10) + ")"} {
		if _, err := gone.row(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	defer gone.close()
	p.eventually(t, "the end of the forgotten transaction", func() bool { return p.count(t, "true") == 0 })
}

func TestReadThroughARealServer(t *testing.T) {
	p := startRealPostgres(t)
	f, err := try(t, &readProbe{p.entry("postgres"), func(a string) string { return "node at " + a }})
	if err != nil || f.node != "node at 127.0.0.1" || f.note != "" {
		t.Errorf("%+v, %v", f, err)
	}
	p.eventually(t, "nothing is left", func() bool { return p.count(t, "true") == 0 })
}
