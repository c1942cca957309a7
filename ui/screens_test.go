package ui

import (
	"fmt"
	"testing"
	"time"

	"github.com/charmbracelet/x/exp/golden"

	"recon/internal/gate"
	"recon/internal/walk"
	"recon/probes"
	"recon/probes/probestest"
	"recon/runbooks"
)

var sizes = [][2]int{{80, 24}, {120, 36}, {200, 60}}

// each draws a screen at all sizes and compares it with what was approved.
func each(t *testing.T, name string, draw func(t *testing.T, width, height int) string) {
	for _, s := range sizes {
		t.Run(fmt.Sprintf("%s-%dx%d", name, s[0], s[1]), func(t *testing.T) {
			golden.RequireEqual(t, draw(t, s[0], s[1])+"\n")
		})
	}
}

// drawn is the screen after something was done, checked to have the terminal's size.
func drawn(t *testing.T, width, height int, s *probes.State, do func(d *desk)) (text string) {
	t.Helper()
	at(t, width, height, s, func(d *desk) {
		if do != nil {
			do(d)
		}
		d.fits()
		text = d.text()
	})
	return text
}

func TestClusterScreens(t *testing.T) {
	states := map[string]func() *probes.State{
		"healthy": probestest.Healthy, "leader-dead": probestest.LeaderDead, "leader-lost": probestest.LeaderLost,
		"diverged": probestest.Diverged, "quorum-lost": probestest.QuorumLost,
	}
	for name, state := range states {
		each(t, name, func(t *testing.T, w, h int) string {
			return drawn(t, w, h, probestest.Healthy(), func(d *desk) {
				d.wait(2 * time.Second)
				d.see(state())
				d.wait(6 * time.Second)
				d.see(state())
				d.settle()
			})
		})
	}
}

func TestEvidenceAndReasons(t *testing.T) {
	each(t, "evidence", func(t *testing.T, w, h int) string {
		return drawn(t, w, h, probestest.LeaderDead(), func(d *desk) { d.key("down", "down", "right", "right", "enter") })
	})
	each(t, "finding", func(t *testing.T, w, h int) string {
		return drawn(t, w, h, probestest.Diverged(), func(d *desk) {
			d.wait(6 * time.Second)
			d.see(probestest.Diverged())
			d.key("tab", "enter")
		})
	})
	each(t, "keys", func(t *testing.T, w, h int) string {
		return drawn(t, w, h, probestest.Healthy(), func(d *desk) { d.key("?") })
	})
}

func TestRunbookScreens(t *testing.T) {
	suggested := func(d *desk) {
		d.wait(6 * time.Second)
		d.see(probestest.Diverged())
		d.key("2")
	}
	each(t, "list", func(t *testing.T, w, h int) string { return drawn(t, w, h, probestest.Diverged(), suggested) })
	each(t, "start", func(t *testing.T, w, h int) string {
		return drawn(t, w, h, probestest.Diverged(), func(d *desk) {
			suggested(d)
			d.key("enter", "enter")
		})
	})
}

func TestWalkScreens(t *testing.T) {
	failing := []walk.Check{{
		Text: "patroni.leader.name != inputs.member", Explain: "and it is not the member we are about to touch", Answer: gate.Fail,
		Parts: []gate.Part{{Text: "patroni.leader.name", Value: `"netbox-node-3"`, Answer: gate.Fail}, {Text: "inputs.member", Value: `"netbox-node-3"`, Answer: gate.Fail}},
	}, {
		Guard: "G01", Text: "etcd.quorum", Explain: "the lock can be trusted", Answer: gate.Unknown, Unseen: "not enough endpoints answered to tell",
	}}
	scenes := map[string]func(t *testing.T) walk.View{
		"gate": func(t *testing.T) walk.View {
			v := view(t, 2, walk.Next{Kind: walk.NextGate, CanOverride: true, Plan: plan(runbooks.Change)})
			v.Steps[2].Before, v.Steps[2].Reason = failing, "patroni.leader.name != inputs.member does not hold (and 1 more)"
			return v
		},
		"confirm": func(t *testing.T) walk.View {
			return view(t, 2, walk.Next{Kind: walk.NextConfirm, Plan: plan(runbooks.Destroy)})
		},
		"ask": func(t *testing.T) walk.View {
			v := view(t, 1, walk.Next{Kind: walk.NextAsk})
			q := &v.Steps[1].Step.Asks[0]
			v.Next.Question, v.Next.Choices = q, q.Choices
			return v
		},
		"reconcile": func(t *testing.T) walk.View {
			v := view(t, 2, walk.Next{Kind: walk.NextReconcile})
			v.Steps[2].Reason = "netbox-node-3: the connection was lost after the command was sent"
			return v
		},
		"choose": func(t *testing.T) walk.View {
			v := view(t, 2, walk.Next{Kind: walk.NextChoose, CanRollBack: true})
			v.Steps[2].Reason = "the proof did not hold in time"
			return v
		},
		"finish": func(t *testing.T) walk.View {
			v := view(t, 2, walk.Next{Kind: walk.NextFinish, Leftovers: []string{"Patroni is paused: nobody is promoted automatically"}})
			return v
		},
		"broken-trail": func(t *testing.T) walk.View {
			v := view(t, 2, walk.Next{Kind: walk.NextConfirm, Plan: plan(runbooks.Change)})
			v.TrailError = "no space left on device"
			return v
		},
	}
	for name, make := range scenes {
		each(t, name, func(t *testing.T, w, h int) (text string) {
			walking(t, w, h, &fakeWalk{scenes: []scene{{view: make(t)}}}, func(d *desk) {
				if name == "reconcile" {
					d.key("enter", "enter")
				}
				d.fits()
				text = d.text()
			})
			return text
		})
	}
}

func TestDialogScreens(t *testing.T) {
	for _, risk := range []runbooks.Risk{runbooks.Read, runbooks.Change, runbooks.Destroy} {
		each(t, string(risk), func(t *testing.T, w, h int) (text string) {
			v := view(t, 2, walk.Next{Kind: walk.NextConfirm, Plan: plan(risk)})
			walking(t, w, h, &fakeWalk{scenes: []scene{{view: v}}}, func(d *desk) {
				d.key("enter")
				d.wait(700 * time.Millisecond)
				d.fits()
				text = d.text()
			})
			return text
		})
	}
}
