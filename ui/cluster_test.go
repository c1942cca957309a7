package ui

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"recon/internal/inventory"
	"recon/internal/stack"
	"recon/probes"
	"recon/probes/probestest"
)

func TestAStaleScreenIsNotGreen(t *testing.T) {
	at(t, 120, 36, probestest.Healthy(), func(d *desk) {
		d.shows("✓ streaming", "leader netbox-node-3")
		d.wait(11 * time.Second)
		d.shows("? old answer", "who leads is not known", "? db → not known", "probes 0/12", "nothing can be said")
		above, _, _ := strings.Cut(d.text(), "CHANGES")
		if strings.Contains(above, glyphGood) || strings.Contains(above, glyphLeader) {
			t.Errorf("something old is still green:\n%s", above)
		}
	})
}

// every changes how everything was seen, wherever it stands in the State.
func every(s *probes.State, how func(*probes.Seen)) {
	var walk func(reflect.Value)
	walk = func(v reflect.Value) {
		switch v.Kind() {
		case reflect.Struct:
			if seen, ok := v.Addr().Interface().(*probes.Seen); ok {
				how(seen)
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
}

func TestCountdown(t *testing.T) {
	tests := []struct {
		about string
		h     probes.HandsOff
		later time.Duration
		want  string
		tone  tone
	}{
		{"not seen", probes.HandsOff{Active: true, By: "patroni", Left: 9}, 0, "", plain},
		{"nobody acts", probes.HandsOff{Known: true}, 0, "", warn},
		{"Patroni", probes.HandsOff{Known: true, Active: true, By: "patroni", Left: 28, Why: "long"}, 0, "Patroni decides by 09:41:35Z, in 00:28: hands off", warn},
		{"a little later", probes.HandsOff{Known: true, Active: true, By: "sentinel", Left: 28}, 8 * time.Second, "Sentinel decides by 09:41:35Z, in 00:20: hands off", warn},
		{"over by the clock", probes.HandsOff{Known: true, Active: true, By: "patroni", Left: 3}, 8 * time.Second, "Patroni should have decided by 09:41:10Z, 00:05 ago", bad},
		{"over", probes.HandsOff{Known: true, Active: true, By: "patroni", Overdue: 15}, 0, "Patroni should have decided by 09:40:52Z, 00:15 ago", bad},
		{"hindered", probes.HandsOff{Known: true, Why: "Patroni is paused and decides nothing"}, 0, "Patroni is paused and decides nothing", warn},
	}
	for _, tt := range tests {
		t.Run(tt.about, func(t *testing.T) {
			s := probestest.Healthy()
			s.HandsOff = tt.h
			got, tone := countdown(s, s.At.Add(tt.later), clock{}.show)
			if got != tt.want || tone != tt.tone {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestHistory(t *testing.T) {
	var h history
	look := func(at int, s *probes.State) {
		sight := stack.Sight{State: s}
		entry, rows := sight.Matrix(probestest.StackInventory())
		rows = append(rows, entry, sight.Service(probestest.StackInventory()))
		h = h.after(probestest.At().Add(time.Duration(at)*time.Second), rows)
	}
	none := probestest.Stack()
	every(none, func(s *probes.Seen) { *s = probes.Seen{} })
	for name, v := range none.VIPs {
		v.Unseen = "netbox-node-1: not asked yet"
		none.VIPs[name] = v
	}
	look(0, none)
	look(1, probestest.Stack())
	if len(h.events) != 0 {
		t.Errorf("the first answers are changes: %+v", h.events)
	}
	look(2, probestest.LeaderDead())
	n := len(h.events)
	if n == 0 || len(h.changed) != n {
		t.Fatalf("%d changes, %d marked cells", n, len(h.changed))
	}
	before := h
	look(11, probestest.LeaderDead())
	if len(h.changed) != n {
		t.Error("a cell lost its mark before ten seconds")
	}
	look(12, probestest.LeaderDead())
	if len(h.changed) != 0 || len(h.events) != n {
		t.Errorf("after ten seconds %d marks and %d changes", len(h.changed), len(h.events))
	}
	if len(before.changed) != n {
		t.Error("an older history was changed")
	}
	for i := range 500 {
		look(20+i, []*probes.State{probestest.Healthy(), probestest.LeaderDead()}[i%2])
	}
	if len(h.events) != maxEvents {
		t.Errorf("%d changes are kept", len(h.events))
	}
}

func TestManyNodes(t *testing.T) {
	inv := probestest.Inventory()
	s := probestest.Healthy()
	inv.Nodes = nil
	for i := range 9 {
		name := fmt.Sprintf("node-%d", i+1)
		inv.Nodes = append(inv.Nodes, inventory.Node{Name: name})
		n := s.Nodes[0]
		n.Name = name
		if i == 8 {
			n.Seen.Reachable, n.Seen.Refused = false, true
		}
		s.Nodes = append(s.Nodes, n)
	}
	atCluster(t, 80, 24, s, inv, func(d *desk) {
		d.shows("node-9", "6 more →")
		d.hides("node-4")
		d.press("down")
		for range 20 {
			d.press("right")
		}
		d.shows("node-8", "← 6 more")
		d.fits()
		d.press("enter")
	})
}
