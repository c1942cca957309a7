//go:build lab

package probes

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// pooled starts a PgBouncer with transaction pooling in front of the server, and returns its port.
func (p *realPostgres) pooled(t *testing.T) int {
	t.Helper()
	bin, err := exec.LookPath("pgbouncer")
	if err != nil {
		t.Fatal("there is no PgBouncer: apt-get install pgbouncer")
	}
	dir, err := os.MkdirTemp("", "recon-pool")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := l.Addr().(*net.TCPAddr).Port
	_ = l.Close() // PgBouncer takes the port
	users, ini := filepath.Join(dir, "users.txt"), filepath.Join(dir, "pgbouncer.ini")
	text := fmt.Sprintf("[databases]\npostgres = host=127.0.0.1 port=%d\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = %d\nunix_socket_dir =\n"+
		"auth_type = trust\nauth_file = %s\npool_mode = transaction\ndefault_pool_size = 5\n", p.port, port, users)
	for name, body := range map[string]string{users: "\"netbox\" \"\"\n", ini: text} {
		if err := os.WriteFile(name, []byte(body), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(bin, ini)
	if os.Getuid() == 0 { // PgBouncer refuses to run as root
		u, err := user.Lookup("postgres")
		if err != nil {
			t.Fatal(err)
		}
		uid, _ := strconv.Atoi(u.Uid)
		gid, _ := strconv.Atoi(u.Gid)
		if err := os.Chown(dir, uid, gid); err != nil {
			t.Fatal(err)
		}
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	p.eventually(t, "PgBouncer", func() bool {
		c, err := net.DialTimeout("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)), time.Second)
		if err == nil {
			_ = c.Close()
		}
		return err == nil
	})
	return port
}

// Through PgBouncer the same holds: its server connection that waits in COMMIT is the only one.
func TestCanaryThroughPgBouncer(t *testing.T) {
	p := startRealPostgres(t)
	p.exec(t, "CREATE ROLE netbox LOGIN", canaryTable, "GRANT SELECT, INSERT, UPDATE ON recon_canary TO netbox")
	direct := p.port
	p.port = p.pooled(t)
	defer func() { p.port = direct }()
	const commit = 300 * time.Millisecond
	for range 5 {
		if f, err := try(t, p.canary("netbox", commit)); err != nil || f.node != "netbox-node-1" {
			t.Fatalf("healthy: %+v, %v", f, err)
		}
	}
	if _, err := try(t, &readProbe{p.entry("netbox"), func(a string) string { return a }}); err != nil {
		t.Errorf("read: %v", err)
	}
	p.standbys(t, "nobody")
	for i := range 20 {
		if _, err := try(t, p.canary("netbox", commit)); err == nil || (i > 0) != strings.Contains(err.Error(), "an earlier write still waits") {
			t.Fatalf("try %d: %v", i, err)
		}
	}
	if n := p.count(t, "wait_event = 'SyncRep'"); n != 1 {
		t.Errorf("%d backends wait in COMMIT", n)
	}
	// What the transactions set for themselves is not carried to the next client of the pool.
	var left int
	if err := p.conn.QueryRow(t.Context(), "SELECT count(*) FROM pg_stat_activity WHERE state = 'idle in transaction'").Scan(&left); err != nil || left != 0 {
		t.Errorf("%d open transactions, %v", left, err)
	}
	p.standbys(t, "")
	p.eventually(t, "nobody waits", func() bool { return p.count(t, "wait_event = 'SyncRep'") == 0 })
	if _, err := try(t, p.canary("netbox", commit)); err != nil {
		t.Errorf("after it: %v", err)
	}
}
