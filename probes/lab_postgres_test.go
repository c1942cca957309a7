//go:build lab

package probes

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// loopback dials what it is asked to, without ssh.
type loopback struct{ Hosts }

func (loopback) Dial(ctx context.Context, _, network, address string) (net.Conn, error) {
	return (&net.Dialer{}).DialContext(ctx, network, address)
}

// TestRealPostgres asks the PostgreSQL that is installed here (13 to 17): as superuser, with pg_monitor, and without
// rights. Its archive command fails, a slot is unused, a subscription is disabled, and pg_hba.conf has a bad line.
func TestRealPostgres(t *testing.T) {
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin")
	if len(found) == 0 {
		t.Fatal("no PostgreSQL is installed; apt-get install postgresql")
	}
	bin := found[len(found)-1]
	dir, err := os.MkdirTemp("", "recon-postgres")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	as := func(command string) {
		t.Helper()
		if out, err := exec.Command("runuser", "-u", "postgres", "--", "sh", "-ec", "cd "+dir+"\n"+command).CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", command, err, out)
		}
	}
	if err := exec.Command("chown", "postgres", dir).Run(); err != nil {
		t.Fatal(err)
	}
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(free.Addr().String())
	_ = free.Close()
	as(bin + "/initdb -D d -A trust >/dev/null")
	as(fmt.Sprintf("%s/pg_ctl -w -D d -l log -o '-p %s -k %s -c listen_addresses=127.0.0.1 -c wal_level=logical -c archive_mode=on -c archive_command=false' start", bin, port, dir))
	t.Cleanup(func() { as(bin + "/pg_ctl -D d -m immediate stop") })
	psql := bin + "/psql -X -v ON_ERROR_STOP=1 -h 127.0.0.1 -p " + port + " -c "
	for _, sql := range []string{
		"CREATE ROLE watcher LOGIN", "GRANT pg_monitor TO watcher", "CREATE ROLE nobody LOGIN",
		"CREATE SUBSCRIPTION s CONNECTION 'host=127.0.0.1 port=1' PUBLICATION p WITH (connect = false, slot_name = NONE)",
		"SELECT pg_create_physical_replication_slot('unused', true)", "CREATE TABLE t AS SELECT 1", "SELECT pg_switch_wal()",
	} {
		as(psql + `"` + sql + `"`)
	}
	as("echo 'nonsense line' >> d/pg_hba.conf")

	ask := func(user string) databaseFacts {
		t.Helper()
		p := &postgresProbe{
			dialer: &dialer{hosts: loopback{}, node: "n", address: "127.0.0.1:" + port}, settings: connection("127.0.0.1", port, user, "postgres", "disable"),
			password: func(context.Context) (string, error) { return "", nil },
		}
		defer p.close()
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		f, err := p.ask(ctx)
		if err != nil {
			t.Fatalf("as %s: %v", user, err)
		}
		return f
	}
	var super databaseFacts
	for deadline := time.Now().Add(20 * time.Second); ; { // the archiver tries by itself
		if super = ask("postgres"); super.lists.Archiver != nil && super.lists.Archiver.Failing || time.Now().After(deadline) {
			break
		}
	}
	a := super.lists.Archiver
	if a == nil || !a.Failing || a.Failed == 0 || a.LastFailed == nil || a.LastArchived != nil || a.FailedWAL == "" {
		t.Errorf("archiver: %+v", a)
	}
	if len(super.lists.Slots) != 1 || super.lists.Slots[0].Active || super.lists.Slots[0].Safe != nil || (super.lists.Slots[0].Inactive != nil) != (super.version >= 170000) {
		t.Errorf("slots of version %d: %+v", super.version, super.lists.Slots)
	}
	if want := []Subscription{{Name: "s"}}; !slices.Equal(super.lists.Subscriptions, want) {
		t.Errorf("subscriptions: %+v", super.lists.Subscriptions)
	}
	if super.maxConnections != 100 || super.connections < 1 || super.replayPaused || len(super.unread) > 0 {
		t.Errorf("%+v", super)
	}
	if s := super.seldom; s.size == nil || *s.size < 1<<20 || *s.walBytes < 1<<24 || *s.archiveWaiting < 1 || s.hba == nil || *s.hba != 1 || *s.files != 0 {
		t.Errorf("%+v", s)
	}

	watcher := ask("watcher")
	if s := watcher.seldom; s.size == nil || s.hba != nil || watcher.unread["hba_errors"] == "" || watcher.unread["size"] != "" || watcher.lists.Archiver == nil {
		t.Errorf("with pg_monitor: %+v, %v", s, watcher.unread)
	}
	low := ask("nobody")
	if s := low.seldom; s.size != nil || s.hba != nil || low.unread["wal_bytes"] == "" || low.lists.Archiver == nil || len(low.lists.Subscriptions) != 1 {
		t.Errorf("without rights: %+v, %v, %+v", s, low.unread, low.lists)
	}
}
