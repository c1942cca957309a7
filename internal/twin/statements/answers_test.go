package statements_test

import (
	"bytes"
	"context"
	"flag"
	"os"
	"strings"
	"testing"
	"time"

	"recon/internal/twin/bouncer"
	"recon/internal/twin/pgwire"
	"recon/internal/twin/psql"
	"recon/internal/twin/statements"
)

var update = flag.Bool("update", false, "write the answers down")

// What the books' statements print, on the primary and on a standby.
func TestAnswersOfTheBooks(t *testing.T) {
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	s := &pgwireSession{ID: 4711, User: "postgres", Database: "postgres"}
	var out bytes.Buffer
	books, console := ofBooks(t)
	for _, a := range books {
		if strings.HasPrefix(a.sql, "CHECKPOINT") || strings.Contains(a.sql, "pg_wal_replay_resume") {
			continue // tested with the orders
		}
		out.WriteString("> " + strings.TrimSpace(a.sql) + "\n")
		for _, where := range []string{"primary", "standby"} {
			f := healthyAt(now)
			if where == "standby" {
				f = standby(f)
			}
			f.Subscriptions = []statements.Subscription{{OID: 1, Name: "s", Slot: "s", Enabled: true}}
			f.Settings = statements.Configure(f.Settings, "work_mem", "8MB", "command line", "", 0)
			for i := range f.Settings {
				f.Settings[i].PendingRestart = f.Settings[i].Name == "max_connections"
			}
			f.Locks = []statements.Lock{{Type: "advisory", Database: "netbox", ObjectID: 77, PID: 901, Mode: "ExclusiveLock", Granted: true}}
			d := &statements.Database{Facts: func(*pgwireSession) statements.Facts { return f }}
			r, err := d.Query(context.Background(), s, strings.TrimSpace(a.sql), nil)
			if err != nil {
				out.WriteString(where + ": " + err.Error() + "\n")
				continue
			}
			table, err := psql.OfResult(r)
			if err != nil {
				t.Fatal(err)
			}
			out.WriteString(where + ":\n")
			if err := psql.Print(&out, table, psql.Options{}); err != nil {
				t.Fatal(err)
			}
		}
	}
	const golden = "testdata/books.txt"
	if *update {
		if err := os.WriteFile(golden, out.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil || !bytes.Equal(want, out.Bytes()) {
		t.Errorf("not as in %s (%v; -update writes it):\n%s", golden, err, out.String())
	}

	c := &bouncer.Console{Facts: func() bouncer.Facts {
		return bouncer.Facts{Databases: []bouncer.Database{{Name: "netbox", Paused: true}}}
	}}
	for _, a := range console {
		sql := strings.ReplaceAll(a.sql, "$PGBOUNCER_DATABASE", "netbox")
		if _, err := c.Query(context.Background(), &pgwire.Session{}, sql, nil); err == nil || !strings.Contains(err.Error(), "the training cluster does not do this") {
			t.Errorf("%s: %q: %v", a.where, sql, err)
		}
	}
	if len(console) == 0 {
		t.Error("no book speaks to PgBouncer's console")
	}
}
