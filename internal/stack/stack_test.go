package stack_test

import (
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
			s := probestest.Healthy()
			every(s, how)
			noTick(t, stack.Sight{State: s})
		})
	}
	t.Run("no State for eleven seconds", func(t *testing.T) {
		s := probestest.Healthy()
		noTick(t, stack.Sight{State: s, Late: 11})
	})
}

// every changes how everything was seen.
func every(s *probes.State, how func(*probes.Seen)) {
	for i := range s.Nodes {
		how(&s.Nodes[i].Seen)
	}
	for i := range s.Etcd.Members {
		how(&s.Etcd.Members[i].Seen)
	}
	for i := range s.Patroni.Members {
		how(&s.Patroni.Members[i].Seen)
	}
	for i := range s.Postgres.Members {
		how(&s.Postgres.Members[i].Seen)
	}
}

func noTick(t *testing.T, s stack.Sight) {
	t.Helper()
	_, rows := s.Matrix(probestest.Inventory())
	for _, r := range rows {
		for _, c := range r.Cells {
			if c.Tone == stack.Good || c.Glyph == stack.GlyphGood || c.Glyph == stack.GlyphLeader {
				t.Errorf("%s on %s says %q", r.Name, c.Node, c.Text(40))
			}
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
