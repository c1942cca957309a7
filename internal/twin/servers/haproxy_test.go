package servers_test

import (
	"encoding/csv"
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"recon/internal/fault"
	"recon/internal/twin/hostfiles"
	"recon/internal/twin/servers"
	"recon/internal/twin/world"
)

// notes are a host's files in memory; it is enough for programs that read their configuration.
type notes map[string]string

func (n notes) ReadFile(path string) ([]byte, error) {
	if text, ok := n[path]; ok {
		return []byte(text), nil
	}
	return nil, fs.ErrNotExist
}

func (n notes) WriteFile(path string, data []byte, _ fs.FileMode, _ string) error {
	n[path] = string(data)
	return nil
}

func (n notes) Exists(path string) bool {
	for name := range n {
		if name == path || strings.HasPrefix(name, path+"/") {
			return true
		}
	}
	return false
}

func (n notes) Remove(path string) error    { delete(n, path); return nil }
func (n notes) RemoveAll(path string) error { delete(n, path); return nil }
func (n notes) SetSize(string, int64)       {}

func (n notes) MkdirAll(path string, _ fs.FileMode, _ string) error {
	n[path+"/."] = ""
	return nil
}

// fresh is a healthy cluster with the files that the roles write.
func fresh(t testing.TB) *world.World {
	t.Helper()
	c := hostfiles.Cluster{DBVIP: "172.16.113.204", WebVIP: "172.16.113.205", ServerName: world.ServerName, Secret: map[string]string{}}
	for _, name := range hostfiles.Secrets() {
		c.Secret[name] = "secret-" + name
	}
	plan := world.Plan{
		Console: world.Address{Name: world.Console, IP: "172.16.113.200"}, DBVIP: c.DBVIP, WebVIP: c.WebVIP, Began: time.Date(2026, 11, 1, 3, 0, 0, 0, time.UTC), Secret: c.Secret,
	}
	for i := range 3 {
		n := hostfiles.Node{Name: fmt.Sprintf("netbox-node-%d", i+1), IP: fmt.Sprintf("172.16.113.%d", 201+i)}
		c.Nodes = append(c.Nodes, n)
		plan.Nodes = append(plan.Nodes, world.Address{Name: n.Name, IP: n.IP})
	}
	return world.New(plan, func(name string) world.Files {
		n := notes{}
		for i, node := range c.Nodes {
			if node.Name != name {
				continue
			}
			all, err := hostfiles.Of(c, i)
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range all {
				n[f.Path] = f.Text
			}
		}
		return n
	})
}

func breaks(t testing.TB, w *world.World, text string) {
	t.Helper()
	call, err := fault.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Break(call); err != nil {
		t.Fatal(err)
	}
}

func pass(w *world.World, d time.Duration) { w.Advance(w.Now().Add(d)) }

// table reads `show stat` into rows by "backend/server".
func table(t testing.TB, text string) (columns []string, rows map[string]map[string]string) {
	t.Helper()
	r := csv.NewReader(strings.NewReader(strings.TrimSpace(text)))
	all, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	rows = map[string]map[string]string{}
	for _, row := range all[1:] {
		m := map[string]string{}
		for i, name := range all[0] {
			m[strings.TrimPrefix(name, "# ")] = row[i]
		}
		rows[m["pxname"]+"/"+m["svname"]] = m
	}
	return all[0], rows
}

// The table of a real HAProxy with the roles' configuration has the same columns and rows, and the same cells are empty.
func TestShowStatIsLikeARealOne(t *testing.T) {
	for _, c := range []struct{ file, fault string }{
		{"maintenance-3.0.11.csv", fault.HAProxyMaint},
		{"wrong-check-3.0.11.csv", fault.HAProxyWrongCheck},
	} {
		t.Run(c.fault, func(t *testing.T) {
			real, err := os.ReadFile("../../../probes/testdata/haproxy/" + c.file)
			if err != nil {
				t.Fatal(err)
			}
			w := fresh(t)
			breaks(t, w, c.fault)
			pass(w, 2*time.Second)
			text := ""
			w.Look(func() { text = servers.ShowStat(w, w.Host("netbox-node-1")) })
			wantColumns, want := table(t, string(real))
			gotColumns, got := table(t, text)
			if !slices.Equal(gotColumns, wantColumns) {
				t.Fatalf("columns %v", gotColumns)
			}
			if len(got) != len(want) {
				t.Errorf("%d rows, want %d", len(got), len(want))
			}
			for name, row := range want {
				mine := got[name]
				for column, cell := range row {
					// Whether a server is up is another question, and so are its last check's words.
					ours := row["status"] != mine["status"] || row["check_status"] != mine["check_status"]
					if (cell == "") != (mine[column] == "") && !(ours && strings.HasPrefix(column, "check_") || column == "last_chk") {
						t.Errorf("%s %s: %q, and the real one says %q", name, column, mine[column], cell)
					}
					if slices.Contains([]string{"pid", "iid", "sid", "type", "slim", "mode", "algo", "addr", "check_rise", "check_fall", "uweight"}, column) && cell != mine[column] && !ours {
						t.Errorf("%s %s: %q, want %q", name, column, mine[column], cell)
					}
				}
			}
		})
	}
}

func TestShowStatTellsFaults(t *testing.T) {
	w := fresh(t)
	cell := func(name, column string) (v string) {
		w.Look(func() {
			_, rows := table(t, servers.ShowStat(w, w.Host("netbox-node-1")))
			v = rows[name][column]
		})
		return v
	}
	for name, want := range map[string]string{
		"pg_bkwrite/netbox-node-1": "UP L7OK 200 ", "pg_bkwrite/netbox-node-2": "DOWN L7STS 503 Service Unavailable", "pg_bkread/netbox-node-3": "UP L7OK 200 ",
		"be_redis_master/netbox-node-1": "UP L7OK 0 (tcp-check)", "pgbouncer_nodes/netbox-node-2": "UP L7OK 0 (tcp-check)",
	} {
		if got := strings.Join([]string{cell(name, "status"), cell(name, "check_status"), cell(name, "check_code"), cell(name, "last_chk")}, " "); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	breaks(t, w, fault.KillLeader)
	pass(w, 5*time.Second)
	if got := cell("pg_bkwrite/BACKEND", "status") + " " + cell("pg_bkwrite/BACKEND", "act") + " " + cell("pg_bkwrite/netbox-node-1", "check_status"); got != "DOWN 0 L4CON" {
		t.Error(got)
	}
}

func TestAdminSocket(t *testing.T) {
	w := fresh(t)
	say := func(line string) (answer string) {
		w.Change(func() { answer = servers.HAProxyCommand(w, w.Host("netbox-node-1"), line) })
		return answer
	}
	for _, c := range []struct{ line, want string }{
		{"set server pg_bkwrite/netbox-node-2 state maint", "\n"},
		{"set server pg_bkwrite/netbox-node-9 state maint", "No such server.\n\n"},
		{"set server pg_nowhere/netbox-node-2 state maint", "No such backend.\n\n"},
		{"set server pg_bkwrite state maint", "Require 'backend/server'.\n\n"},
		{"set server pg_bkwrite/netbox-node-2 state gone", "'set server <srv> state' expects 'ready', 'drain' and 'maint'.\n\n"},
		{"shutdown sessions server pg_bkwrite/netbox-node-1", "\n"},
		{"show backend", "# name\npg_bkwrite\npg_bkread\nbe_redis_master\npgbouncer_nodes\n\n"},
		{"set server pg_bkwrite/netbox-node-2 state ready; show version", "\n3.0.11-1+deb13u5\n\n"},
	} {
		if got := say(c.line); got != c.want {
			t.Errorf("%s: %q, want %q", c.line, got, c.want)
		}
	}
	if got := say("show me"); !strings.HasPrefix(got, "Unknown command: 'show me'") || !strings.HasSuffix(got, "\n\n") {
		t.Errorf("%q", got)
	}
	say("disable server be_redis_master/netbox-node-1")
	state := say("show servers state be_redis_master")
	lines := strings.Split(state, "\n")
	form := regexp.MustCompile(`^8 be_redis_master 1 netbox-node-1 172\.16\.113\.201 0 1 1 1 \d+ 0 0 \d 2 0 0 0 - 6379 - 0 0 - - 0$`)
	if len(lines) != 7 || lines[0] != "1" || !form.MatchString(lines[2]) {
		t.Errorf("%q", state)
	}
	if got := len(strings.Fields(lines[1])) - 1; got != len(strings.Fields(lines[2])) {
		t.Errorf("%d columns, and %d cells", got, len(strings.Fields(lines[2])))
	}
	if got := say("show info"); !strings.Contains(got, "\nVersion: 3.0.11-1+deb13u5\n") || !strings.Contains(got, "\nnode: netbox-node-1\n") {
		t.Error(got)
	}
}
