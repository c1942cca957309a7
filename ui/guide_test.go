package ui

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"recon/internal/walk"
	"recon/probes/probestest"
	"recon/runbooks"
)

// told is a guide that says everything that it is told.
func told(m Moment) string {
	out := fmt.Sprintf("screen %d", m.Screen)
	if m.Dialog != NoDialog {
		out += ", dialog " + string(m.Dialog)
	}
	if m.State.Patroni.Leader == nil {
		out += ", no leader"
	}
	for _, f := range m.Findings {
		out += ", " + f.Book.ID + " " + string(f.Phase)
	}
	if m.Book != nil {
		out += ", on " + m.Book.ID
	}
	if m.Walk != nil {
		out += ", walk waits for " + string(m.Walk.Next.Kind)
	}
	if m.Busy != Idle {
		out += ", " + string(m.Busy)
	}
	return out + "."
}

func TestTheGuideFollowsTheOperator(t *testing.T) {
	guided := func(o *Options) { o.Guide = told }
	atOptions(t, 140, 36, probestest.Healthy(), guided, func(d *desk) {
		says := func(want string) {
			t.Helper()
			for _, l := range strings.Split(d.text(), "\n") {
				if strings.Contains(l, "┃ ") {
					if got := strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(l), "┃")); got != want {
						t.Errorf("%q, want %q", got, want)
					}
					return
				}
			}
			t.Errorf("no guide:\n%s", d.text())
		}
		says("screen 1, on test-no-leader.")
		d.see(probestest.LeaderDead())
		says("screen 1, no leader, test-no-leader holds, on test-no-leader.")
		d.key("tab", "enter")
		says("screen 1, dialog finding, no leader, test-no-leader holds, on test-no-leader.")
		d.key("esc", "?")
		says("screen 1, dialog reading, no leader, test-no-leader holds, on test-no-leader.")
		d.shows("ctrl-t")
		d.key("esc", "2")
		says("screen 2, no leader, test-no-leader holds, on test-no-leader.")
		d.key("enter")
		says("screen 2, dialog starting, no leader, test-no-leader holds, on test-no-leader.")
		d.key("esc")

		p := plan(runbooks.Change)
		f := &fakeWalk{takes: 5 * time.Second, scenes: []scene{
			{view: view(t, 2, walk.Next{Kind: walk.NextConfirm, Plan: p}), call: "execute"},
			{view: view(t, 2, walk.Next{Kind: walk.NextProve})},
		}, progress: []walk.Progress{{}, {}}}
		d.send(startedMsg{walk: f})
		d.wait(200 * time.Millisecond)
		says("screen 3, no leader, test-no-leader holds, on test-no-leader, walk waits for confirm.")
		d.key("enter")
		says("screen 3, dialog confirming, no leader, test-no-leader holds, on test-no-leader, walk waits for confirm.")
		d.key("y", "enter")
		says("screen 3, no leader, test-no-leader holds, on test-no-leader, walk waits for confirm, sending.")
		d.wait(5 * time.Second)
		says("screen 3, no leader, test-no-leader holds, on test-no-leader, walk waits for prove, proving.")
	})
}

// The strip has its lines, whatever is said, and everything else fits into the rest; hidden, it is as if there was none.
func TestTheGuideHasItsRoom(t *testing.T) {
	for _, size := range sizes {
		for _, text := range []string{"", "short", strings.Repeat("a long story ", 30)} {
			guided := func(o *Options) { o.Guide = func(Moment) string { return text } }
			atOptions(t, size[0], size[1], probestest.LeaderDead(), guided, func(d *desk) {
				strips := func() int { return strings.Count(d.text(), "┃ ") }
				want := 2
				if size[0] >= oneLine {
					want = 1
				}
				for _, keys := range []string{"1", "2", "tab", "3", "1 ?"} {
					d.key(strings.Fields(keys)...)
					d.fits()
					if strips() != want {
						t.Fatalf("%d lines at %v:\n%s", strips(), size, d.text())
					}
				}
				// Every line of a dialog can be reached.
				d.press("end")
				d.shows("In a dialog: esc cancels")
				d.hides("more lines below")
				d.press("ctrl+t")
				d.fits()
				if strips() != 0 {
					t.Errorf("ctrl-t leaves the guide:\n%s", d.text())
				}
				d.shows("Keys") // the dialog stays
				d.press("ctrl+t")
				if strips() != want {
					t.Errorf("ctrl-t does not bring the guide back:\n%s", d.text())
				}
			})
		}
	}
	at(t, 80, 24, probestest.Healthy(), func(d *desk) {
		before := d.text()
		d.press("ctrl+t")
		if d.text() != before {
			t.Errorf("ctrl-t does something where there is no guide:\n%s", d.text())
		}
		d.press("?")
		d.hides("ctrl-t")
	})
}
