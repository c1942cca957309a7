package stack_test

import (
	"reflect"
	"testing"

	"recon/internal/stack"
	"recon/probes"
	"recon/probes/probestest"
)

// Without a fresh answer no cell keeps a green tick, however the answer was lost.
func TestNoGreenTickWithoutAFreshAnswer(t *testing.T) {
	lose := map[string]func(*probes.Seen){
		"never asked": func(s *probes.Seen) { *s = probes.Seen{} },
		"refused":     func(s *probes.Seen) { s.Reachable, s.Refused, s.Error = false, true, "refused" },
		"silent":      func(s *probes.Seen) { s.Reachable, s.Error = false, "timed out" },
		"old":         func(s *probes.Seen) { s.Age = 10.1 },
	}
	for name, how := range lose {
		t.Run(name, func(t *testing.T) {
			s := probestest.Stack()
			if n := every(s, how); n < 33 {
				t.Fatalf("only %d answers were lost", n)
			}
			noTick(t, stack.Sight{State: s})
		})
	}
	t.Run("no State for eleven seconds", func(t *testing.T) {
		s := stack.Sight{State: probestest.Stack(), Late: 11}
		noTick(t, s)
		entry, _ := s.Matrix(probestest.StackInventory())
		notGreen(t, entry)
	})
}

// What is told of something that answers, and is not readable, is not green either.
func TestNoGreenTickWithoutTheFact(t *testing.T) {
	s := probestest.Stack()
	unread := func(fields ...string) map[string]string {
		out := map[string]string{}
		for _, f := range fields {
			out[f] = "permission denied"
		}
		return out
	}
	for i := range s.Redis.Members {
		s.NetBox.Members[i].Unread = unread("code")
		s.Web.Members[i].Unread = unread("code")
		s.PgBouncer.Members[i].Unread = unread("works", "state", "paused", "max_wait")
		s.HAProxy.Members[i].Unread = unread("backends", "write", "read", "redis", "pgbouncer")
		s.Keepalived.Members[i].Unread = unread("active", "holds")
		s.Redis.Members[i].Unread = unread("role")
		s.Sentinel.Members[i].Unread = unread("watches")
	}
	_, rows := stack.Sight{State: s}.Matrix(probestest.StackInventory())
	for _, r := range rows {
		switch r.System {
		case "netbox", "web", "pgbouncer", "haproxy", "keepalived", "redis", "sentinel":
			notGreen(t, r)
		}
	}
}

// every changes how everything was seen, wherever it stands in the State, and counts it.
func every(s *probes.State, how func(*probes.Seen)) (n int) {
	var walk func(reflect.Value)
	walk = func(v reflect.Value) {
		switch v.Kind() {
		case reflect.Struct:
			if seen, ok := v.Addr().Interface().(*probes.Seen); ok {
				how(seen)
				n++
				return
			}
			for i := range v.NumField() {
				if v.Type().Field(i).IsExported() {
					walk(v.Field(i))
				}
			}
		case reflect.Slice:
			for i := range v.Len() {
				walk(v.Index(i))
			}
		}
	}
	walk(reflect.ValueOf(s).Elem())
	return n
}

func noTick(t *testing.T, s stack.Sight) {
	t.Helper()
	_, rows := s.Matrix(probestest.StackInventory())
	if len(rows) != 11 {
		t.Errorf("%d rows", len(rows))
	}
	for _, r := range append(rows, s.Service(probestest.StackInventory())) {
		notGreen(t, r)
	}
}

func notGreen(t *testing.T, r stack.Row) {
	t.Helper()
	for _, c := range r.Cells {
		if c.Tone == stack.Good || c.Glyph == stack.GlyphGood || c.Glyph == stack.GlyphLeader || c.Glyph == stack.GlyphHolder {
			t.Errorf("%s on %s says %q", r.Name, c.Node, c.Text(40))
		}
	}
}

func TestCells(t *testing.T) {
	two := func(s *probes.State) {
		s.Postgres.Members[0].InRecovery = false
		s.Postgres.Primaries = []string{"netbox-node-1", "netbox-node-3"}
	}
	tests := []struct {
		about  string
		change func(*probes.State)
		row    string
		want   [3]string
	}{
		{"healthy", func(*probes.State) {}, "Patroni", [3]string{"✓ streaming", "✓ streaming", "★ leader"}},
		{"healthy", func(*probes.State) {}, "PostgreSQL", [3]string{"✓ sync  lag 0", "✓ async  lag 0", "★ primary  TL 8"}},
		{"two primaries", two, "PostgreSQL", [3]string{"✗ one of 2 primaries  TL 8", "✓ async  lag 0", "✗ one of 2 primaries  TL 8"}},
		{"commits wait", func(s *probes.State) { n := 3; s.Postgres.Members[2].Waiting = &n }, "PostgreSQL", [3]string{"✓ sync  lag 0", "✓ async  lag 0", "! primary  3 commits wait"}},
		{"paused", func(s *probes.State) { s.Patroni.Members[0].Paused = true }, "Patroni", [3]string{"✓ streaming  paused", "✓ streaming", "★ leader"}},
		{"crashed", func(s *probes.State) { s.Patroni.Members[1].State = "crashed" }, "Patroni", [3]string{"✓ streaming", "✗ crashed", "★ leader"}},
		{"two leaders", func(s *probes.State) { s.Patroni.Disputed = "two lead" }, "Patroni", [3]string{"✓ streaming", "✓ streaming", "✗ leader, disputed"}},
		{"no leader in etcd", func(s *probes.State) { s.Etcd.Members[1].LeaderID = "0" }, "etcd", [3]string{"✓ follower  98 kB", "✗ knows no leader", "★ leader  term 15"}},
		{"an alarm", func(s *probes.State) { s.Etcd.Members[1].Errors = []string{"NOSPACE"} }, "etcd", [3]string{"✓ follower  98 kB", "✗ NOSPACE", "★ leader  term 15"}},
		{"a full disk", func(s *probes.State) { s.Nodes[1].Disks[0].Percent = 96 }, "Host", [3]string{"✓ disk 42%  +3 ms", "✗ disk 96%  +3 ms", "✓ disk 42%  +3 ms"}},
		{"a wrong clock", func(s *probes.State) { off := -2.5; s.Nodes[0].ClockOffset = &off }, "Host", [3]string{"! disk 42%  -2500 ms", "✓ disk 42%  +3 ms", "✓ disk 42%  +3 ms"}},
	}
	for _, tt := range tests {
		t.Run(tt.about, func(t *testing.T) {
			s := probestest.Healthy()
			tt.change(s)
			_, rows := stack.Sight{State: s}.Matrix(probestest.Inventory())
			for _, r := range rows {
				if r.Name != tt.row {
					continue
				}
				for i, c := range r.Cells {
					if got := c.Text(40); got != tt.want[i] {
						t.Errorf("node %d: %q, want %q", i+1, got, tt.want[i])
					}
				}
			}
		})
	}
}
