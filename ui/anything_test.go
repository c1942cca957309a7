package ui

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"recon/internal/walk"
	"recon/probes"
	"recon/probes/probestest"
	"recon/runbooks"
)

// Whatever is pressed, pasted, resized and seen, on whatever screen: nothing breaks, the screen has the terminal's size, and
// nothing is approved whose confirmation was not among the keys.
func TestAnythingAtAll(t *testing.T) {
	states := []func() *probes.State{probestest.Healthy, probestest.LeaderDead, probestest.LeaderLost, probestest.Diverged, probestest.QuorumLost, probestest.Stack, manyStack, func() *probes.State { return &probes.State{} }}
	keys := []string{"enter", "esc", "tab", "up", "down", "left", "right", "pgup", "pgdown", "home", "end", "backspace", "ctrl+u", "1", "2", "3", "4", "h", "?", "/", "t", "r", "o", "s", "n", "e", "a", "v", "b", "p", "u", "d", "A", " ", "j", "k"}
	r := rand.New(rand.NewPCG(7, 7))
	for round := range 6 {
		risk := []runbooks.Risk{runbooks.Change, runbooks.Destroy}[round%2]
		f := &fakeWalk{takes: time.Second, rollback: plan(risk)}
		for _, n := range []walk.Next{
			{Kind: walk.NextConfirm, Plan: plan(risk)},
			{Kind: walk.NextGate, CanOverride: true, Plan: plan(risk)},
			{Kind: walk.NextGate, PlanError: "nobody"},
			{Kind: walk.NextDecide},
			{Kind: walk.NextAttest},
			{Kind: walk.NextProve},
			{Kind: walk.NextReconcile},
			{Kind: walk.NextChoose, CanRollBack: true},
			{Kind: walk.NextFinish},
			{Kind: walk.NextConfirm, Plan: plan(risk)},
			{Kind: walk.NextNothing},
		} {
			f.scenes = append(f.scenes, scene{view: view(t, r.IntN(3), n)})
		}
		open := at
		if round%3 == 0 {
			open = func(t *testing.T, width, height int, s *probes.State, f func(*desk)) {
				atStack(t, width, height, s, nil, f)
			}
		}
		open(t, 120, 36, probestest.Diverged(), func(d *desk) {
			d.walks.next = f
			d.send(startedMsg{walk: f})
			for range 100 {
				switch r.IntN(14) {
				case 0:
					d.see(states[r.IntN(len(states))]())
				case 1:
					d.send(tea.WindowSizeMsg{Width: 1 + r.IntN(220), Height: 1 + r.IntN(70)})
				case 2:
					d.send(stamped{d.now(), tea.PasteMsg{Content: "netbox-node-3\r"}})
				case 3:
					d.wait(time.Duration(r.IntN(2000)) * time.Millisecond)
				case 4:
					f.mu.Lock()
					f.at = r.IntN(len(f.scenes))
					f.mu.Unlock()
				default:
					d.press(keys[r.IntN(len(keys))])
					if r.IntN(2) == 0 {
						d.wait(700 * time.Millisecond)
					}
				}
				if d.c.width >= minWidth && d.c.height >= minHeight {
					d.fits()
				}
			}
			for _, c := range f.done() {
				if strings.HasPrefix(c, "approve") {
					t.Errorf("round %d: %s, and neither y nor x can be among the keys", round, c)
				}
			}
		})
	}
}

func manyStack() *probes.State {
	s := probestest.Stack()
	manyAtOnce(s)
	return s
}
