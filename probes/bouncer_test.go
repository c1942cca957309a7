package probes

import (
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"recon/internal/inventory"
)

// console reads what psql -A printed of a console: columns, then rows, divided by bars.
func console(t testing.TB, folder string) map[string][]map[string]string {
	t.Helper()
	out := map[string][]map[string]string{}
	files, err := filepath.Glob("testdata/pgbouncer/" + folder + "/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no fixtures in %s: %v", folder, err)
	}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		out[strings.TrimSuffix(filepath.Base(file), ".txt")] = barred(string(b))
	}
	return out
}

func barred(text string) []map[string]string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	columns := strings.Split(lines[0], "|")
	out := []map[string]string{}
	for _, l := range lines[1:] {
		row := map[string]string{}
		for i, v := range strings.Split(l, "|") {
			if i < len(columns) {
				row[columns[i]] = v
			}
		}
		out = append(out, row)
	}
	return out
}

func TestConsole(t *testing.T) {
	for _, tc := range []struct {
		folder, version, state, stopped, unread string
		paused                                  []string
		waiting, prepared                       int
		maxWait                                 float64
	}{
		// PAUSE of everything sets no flag of a database, and 1.18 has no SHOW STATE: whether it is paused is not known.
		{"1.18.0-paused-all", "1.18.0", "", "", "state", []string{}, 0, 0, 0},
		{"1.24.1-paused-all", "1.24.1", "paused", "paused", "", []string{}, 0, 200, 0},
		{"1.24.1-paused-db", "1.24.1", "active", "paused", "", []string{"netbox"}, 1, 200, 1.594113},
	} {
		t.Run(tc.folder, func(t *testing.T) {
			f := pgbouncerFacts{unread: map[string]string{}}
			f.parse(console(t, tc.folder), "netbox")
			if f.version != tc.version || f.state != tc.state || f.stopped("netbox") != tc.stopped || !slices.Equal(f.paused, tc.paused) {
				t.Errorf("version %q, state %q, stopped %q, paused %q", f.version, f.state, f.stopped("netbox"), f.paused)
			}
			if f.waiting != tc.waiting || math.Abs(f.maxWait-tc.maxWait) > 1e-9 || f.prepared != tc.prepared || f.mode != "transaction" || f.size != 7 || f.reserve != 3 {
				t.Errorf("waiting %d for %g, prepared %d, %s pooling of %d and %d", f.waiting, f.maxWait, f.prepared, f.mode, f.size, f.reserve)
			}
			if len(f.databases) != 4 || len(f.pools) == 0 || slices.ContainsFunc(f.pools, func(p Pool) bool { return p.Database == "pgbouncer" }) || f.active != 0 {
				t.Errorf("databases %+v, pools %+v: the console is none of them", f.databases, f.pools)
			}
			for _, field := range consoleFields {
				if want := field == tc.unread; (f.unread[field] != "") != want {
					t.Errorf("%s: %q", field, f.unread[field])
				}
			}
			f = pgbouncerFacts{unread: map[string]string{}}
			if f.parse(console(t, tc.folder), "netbox_s"); f.mode != "session" || f.size != 50 {
				t.Errorf("a database with a mode of its own: %s of %d", f.mode, f.size)
			}
		})
	}
}

// What the console does not show is unread, never nothing.
func TestConsoleWithoutColumns(t *testing.T) {
	f := pgbouncerFacts{unread: map[string]string{}}
	f.parse(map[string][]map[string]string{
		"VERSION": {}, "DATABASES": {{"name": "netbox"}}, "POOLS": {{"database": "netbox", "user": "n"}}, "CONFIG": {},
	}, "netbox")
	for _, field := range consoleFields {
		if got := f.unread[field] != ""; got == (field == "databases" || field == "pools") {
			t.Errorf("%s: %q", field, f.unread[field])
		}
	}
}

func FuzzConsole(f *testing.F) {
	for _, file := range []string{"1.18.0-paused-all", "1.24.1-paused-db"} {
		for what := range console(f, file) {
			b, err := os.ReadFile("testdata/pgbouncer/" + file + "/" + what + ".txt")
			if err != nil {
				f.Fatal(err)
			}
			f.Add(what, string(b))
		}
	}
	f.Add("POOLS", "database|cl_active|maxwait\nnetbox|99999999999999999999|-1\n\x1b[2J|x|y")
	f.Fuzz(func(t *testing.T, what, text string) {
		facts := pgbouncerFacts{unread: map[string]string{}}
		facts.parse(map[string][]map[string]string{what: barred(text)}, "netbox")
		safe(t, facts.version, facts.mode)
		for _, d := range facts.databases {
			safe(t, d.Name, d.Host, d.Database)
		}
		for _, p := range facts.pools {
			safe(t, p.Database, p.User, p.Mode)
		}
		if facts.active < 0 || facts.waiting < 0 || facts.size < 0 || facts.maxWait < 0 {
			t.Errorf("%+v", facts)
		}
	})
}

func TestAssemblePgBouncer(t *testing.T) {
	c := threeNodes()
	now := time.Unix(1_800_000_000, 0)
	m := moment{now: now}
	if got := assemblePgBouncer(c, newRaw(), m); got.Unseen == "" || got.Blind("members") != "" {
		t.Errorf("none in the cluster file: %+v", got)
	}
	c.PgBouncer = stackOf(c).PgBouncer
	r := newRaw()
	if got := assemblePgBouncer(c, r, m); len(got.Members) != 3 || got.Unseen != "PgBouncer of netbox-node-1 was not asked yet" || got.Members[0].Blind("works") != neverAsked {
		t.Errorf("%+v", got)
	}
	f := pgbouncerFacts{unread: map[string]string{"works": "no login"}, version: "1.24.1"}
	r.pgbouncer["netbox-node-1"] = answer[pgbouncerFacts]{began: now.Add(-time.Second), ended: now, fact: f}
	r.pgbouncer["netbox-node-2"] = answer[pgbouncerFacts]{began: now.Add(-time.Second), ended: now, err: "silent"}
	r.pgbouncer["netbox-node-3"] = answer[pgbouncerFacts]{began: now.Add(-20 * time.Second), ended: now, fact: f}
	got := assemblePgBouncer(c, r, m)
	if got.Answered != 1 || got.Unseen != "" || got.Members[0].Blind("works") != "no login" || got.Members[0].Blind("version") != "" ||
		got.Members[1].Blind("version") != "silent" || got.Members[2].Blind("version") == "" {
		t.Errorf("%+v", got)
	}
}

func stackOf(c *inventory.Cluster) *inventory.Cluster {
	s := *c
	s.Redis = &inventory.Service{Port: 6379}
	s.Sentinel = &inventory.Sentinel{Service: inventory.Service{Port: 26379}, Master: "myredisetcd"}
	s.PgBouncer = &inventory.PgBouncer{Service: inventory.Service{Port: 6432, User: "admin"}, Database: "netbox"}
	return &s
}
