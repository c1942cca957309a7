package ui

import (
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"

	"recon/internal/stack"
	"recon/probes"
	"recon/probes/probestest"
)

// The numbers of a cell are kept for ten minutes, one sample each five seconds, with gaps where nothing was seen.
func TestTrends(t *testing.T) {
	inv := probestest.StackInventory()
	var r trends
	look := func(at time.Duration, change func(*probes.State)) {
		s := probestest.Stack()
		s.At = s.At.Add(at)
		if change != nil {
			change(s)
		}
		r.sample(stack.Sight{State: s}, inv)
	}
	disk := place{"nodes", "netbox-node-1"}
	shown := func(width int) string { return strings.Join(r.lines(&Theme{}, disk, width), "\n") }
	look(0, nil)
	if got := shown(76); got != "" {
		t.Errorf("one sample is no trend: %q", got)
	}
	look(time.Second, nil)
	look(5*time.Second, func(s *probes.State) { s.Nodes[0].Disks[1].Percent = 60 })
	if n := len(r.all[disk][1].values); n != 2 {
		t.Fatalf("%d samples after five seconds", n)
	}
	if got := shown(76); !strings.Contains(got, "fullest disk               ▁█  60%  (42% to 60%)") {
		t.Errorf("%s", got)
	}
	look(20*time.Second, func(s *probes.State) { s.Nodes[0].Seen = probestest.Silent(s.Nodes[0].Seen, time.Second) })
	if got := shown(76); !strings.Contains(got, "▁█     ?  (42% to 60%)") {
		t.Errorf("what is not seen is no gap: %s", got)
	}
	for i := range 1000 {
		look(time.Duration(i)*time.Second*5+time.Minute, nil)
	}
	for at, all := range r.all {
		for _, n := range all {
			if len(n.values) > samples || len(all) > 3 {
				t.Errorf("%v keeps %d samples of %d numbers", at, len(n.values), len(all))
			}
		}
	}
	if len(r.all) != 10*3+3 {
		t.Errorf("%d cells have numbers", len(r.all))
	}
	for width := 20; width < 200; width++ {
		for _, l := range r.lines(&Theme{}, disk, width) {
			if ansi.StringWidth(l) > width {
				t.Fatalf("%q in %d", l, width)
			}
		}
	}
	var none trends
	none.sample(stack.Sight{State: &probes.State{}}, inv)
	if len(none.all) != 0 {
		t.Error("a State that was never put together has numbers")
	}
}

// The last errors of a cell stay in its evidence when it answers again.
func TestLastErrors(t *testing.T) {
	inv := probestest.StackInventory()
	var r trends
	at := place{"redis", "netbox-node-1"}
	look := func(seconds int, why string) {
		s := probestest.Stack()
		s.At = s.At.Add(time.Duration(seconds) * time.Second)
		if why != "" {
			m := &s.Redis.Members[0]
			m.Seen = probestest.Silent(m.Seen, time.Second)
			m.Error, m.Began = why, s.At
		}
		r.sample(stack.Sight{State: s}, inv)
	}
	for i := range 10 {
		look(i*5, map[bool]string{true: "the connection was reset", false: ""}[i > 2 && i < 6])
	}
	got := strings.Join(r.lapses(&Theme{}, at, clock{}.show, 80), "\n")
	if got != "  09:41:22Z to 09:41:32Z the connection was reset" {
		t.Errorf("%q", got)
	}
	for i := range 50 {
		look(100+i*5, strings.Repeat("x", i+1))
	}
	if n := len(r.errors[at]); n != maxLapses {
		t.Errorf("%d errors are kept", n)
	}
}
