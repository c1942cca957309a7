package ui

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"recon/actions"
	"recon/internal/gate"
	"recon/internal/remote"
	"recon/internal/walk"
	"recon/probes"
	"recon/probes/probestest"
	"recon/runbooks"
)

func ask(t *testing.T) walk.View {
	v := view(t, 1, walk.Next{Kind: walk.NextAsk})
	q := &v.Steps[1].Step.Asks[0]
	v.Next.Question, v.Next.Choices = q, q.Choices
	return v
}

// One walk through everything that a walk can wait for, as a person would do it.
func TestAWalkThroughEverything(t *testing.T) {
	named := plan(runbooks.Destroy)
	named.Hash = "named"
	f := &fakeWalk{
		takes: 2 * time.Second, output: map[string]string{"netbox-node-3": "one line\nand another\n"},
		report:   walk.Report{Outcomes: []actions.Outcome{{Target: "netbox-node-3", Kind: remote.OK, Duration: 2 * time.Second}}},
		progress: []walk.Progress{{Waited: 3 * time.Second, Limit: time.Minute, Checks: []walk.Check{{Text: "it turns", Answer: gate.Fail}}}, {Waited: 4 * time.Second, Limit: time.Minute, Checks: []walk.Check{{Text: "it turns", Answer: gate.Pass}}}},
		rollback: &walk.Plan{Step: 2, Rollback: true, Risk: runbooks.Change, Confirm: walk.ByYes, Targets: []string{"netbox-node-1"}, Hash: "rollback"},
	}
	f.scenes = []scene{
		{view: view(t, 0, walk.Next{Kind: walk.NextProve}), call: "prove 0"},
		{view: view(t, 1, walk.Next{Kind: walk.NextDecide}), call: "decide 1 true I looked"},
		{view: view(t, 1, walk.Next{Kind: walk.NextConfirm, Plan: plan(runbooks.Read)}), call: `approve plan-read enter ""`},
		{view: view(t, 1, walk.Next{Kind: walk.NextConfirm, Plan: plan(runbooks.Read)}), call: "execute cut=false"},
		{view: ask(t), call: "answer keep=nothing to keep"},
		{view: view(t, 2, walk.Next{Kind: walk.NextGate, CanOverride: true, Plan: plan(runbooks.Change)}), call: "override 2 the probe is wrong"},
		{view: view(t, 2, walk.Next{Kind: walk.NextConfirm, Plan: plan(runbooks.Change)}), call: `approve plan-change yes ""`},
		{view: view(t, 2, walk.Next{Kind: walk.NextConfirm, Plan: plan(runbooks.Change)}), call: "execute"},
		{view: view(t, 2, walk.Next{Kind: walk.NextReconcile}), call: "reconcile 2 not done: its log"},
		{view: view(t, 2, walk.Next{Kind: walk.NextChoose, CanRollBack: true}), call: "rollback 2"},
		{view: view(t, 2, walk.Next{Kind: walk.NextChoose, CanRollBack: true}), call: `approve rollback yes ""`},
		{view: view(t, 2, walk.Next{Kind: walk.NextChoose, CanRollBack: true}), call: "execute"},
		{view: view(t, 2, walk.Next{Kind: walk.NextChoose}), call: "retry 2"},
		{view: view(t, 2, walk.Next{Kind: walk.NextConfirm, Plan: named}), call: `approve named name "netbox-node-3"`},
		{view: view(t, 2, walk.Next{Kind: walk.NextConfirm, Plan: named}), call: "execute"},
		{view: view(t, 2, walk.Next{Kind: walk.NextAttest}), call: "attest 2 done"},
		{view: view(t, 2, walk.Next{Kind: walk.NextFinish, Leftovers: []string{"Patroni is paused"}}), call: "finish [Patroni is paused]"},
		{view: func() walk.View {
			v := view(t, 2, walk.Next{Kind: walk.NextNothing})
			v.Status = walk.Completed
			return v
		}()},
	}
	for _, size := range sizes[:2] {
		f.at, f.calls = 0, nil
		walking(t, size[0], size[1], f, func(d *desk) {
			d.shows("waits for the proof")
			d.wait(1500 * time.Millisecond)
			d.shows("it turns")
			d.wait(time.Second)

			d.key("a")
			d.typed("I looked")
			d.key("enter")

			d.key("enter")
			d.shows("enter reads from netbox-node-3")
			d.key("enter")
			d.wait(700 * time.Millisecond)
			d.shows("READ on netbox-node-3 runs", "and another")
			d.wait(2 * time.Second)
			d.shows("netbox-node-3 ok")

			d.key("enter", "down", "enter")

			d.key("o")
			d.typed("the probe is wrong")
			d.key("enter")

			if size[0] == 80 {
				d.key("enter") // the output was read; now the step
			}
			d.key("enter", "y", "enter")
			d.wait(3 * time.Second)

			d.shows("OUTCOME UNKNOWN")
			d.hides("it was not done")
			d.key("enter")
			d.shows("What can be checked")
			d.hides("it was not done")
			d.key("enter")
			d.shows("The way on")
			d.key("x")
			d.typed("its log")
			d.key("enter")

			d.shows("FAILED")
			d.key("b")
			d.shows("CHANGE on netbox-node-1")
			d.key("y", "enter")
			d.wait(3 * time.Second)

			d.key("r")
			d.wait(time.Second)
			if size[0] == 80 {
				d.key("esc")
			}
			d.key("enter")
			d.shows("To do it, type netbox-node-3")
			d.typed("netbox-node-3")
			d.press("enter")
			d.wait(3 * time.Second)

			d.key("esc", "enter")
			d.typed("done")
			d.key("enter", "enter")
			d.shows("Patroni is paused")
			d.key("y")
			d.wait(time.Second)
			d.shows("the walk is completed", "COMPLETED")
			d.fits()
			if f.at != len(f.scenes)-1 {
				t.Fatalf("the walk stands at scene %d (%s) after %q:\n%s", f.at, f.scenes[f.at].call, f.done(), d.text())
			}
		})
	}
}

func TestAGateThatChangedIsShown(t *testing.T) {
	f := &fakeWalk{
		report: walk.Report{Changed: []walk.Check{{Text: "etcd.quorum", Answer: gate.Fail, Parts: []gate.Part{{Text: "etcd.quorum", Value: "false", Answer: gate.Fail}}}}},
		scenes: []scene{{view: view(t, 2, walk.Next{Kind: walk.NextConfirm, Plan: plan(runbooks.Change)})}},
	}
	walking(t, 120, 36, f, func(d *desk) {
		d.key("enter", "y", "enter")
		d.wait(time.Second)
		d.shows("Nothing was sent", "etcd.quorum")
	})
}

func TestARefusedApprovalIsShown(t *testing.T) {
	f := &fakeWalk{scenes: []scene{{view: view(t, 2, walk.Next{Kind: walk.NextConfirm, Plan: plan(runbooks.Change)}), call: "approve", err: errors.New("the step is blocked")}}}
	walking(t, 80, 24, f, func(d *desk) {
		d.key("enter", "y", "enter")
		d.wait(time.Second)
		d.shows("nothing was sent: the step is blocked")
		if slices.ContainsFunc(f.done(), func(c string) bool { return strings.HasPrefix(c, "execute") }) {
			t.Error("it was executed without an approval")
		}
		d.press("up")
		d.hides("the step is blocked")
	})
}

func TestErrorsOfDecisionsAreShown(t *testing.T) {
	f := &fakeWalk{scenes: []scene{{view: view(t, 2, walk.Next{Kind: walk.NextChoose}), call: "skip", err: errors.New("no space left on device")}}}
	walking(t, 80, 24, f, func(d *desk) {
		d.key("s")
		d.typed("why not")
		d.key("enter")
		d.wait(100 * time.Millisecond)
		d.shows("skip: no space left on device")
	})
}

// While a playbook runs, how far it is on each host stands above its output; afterwards the outcome of each host does.
func TestAPlaybookTellsHowFarItIs(t *testing.T) {
	for _, size := range sizes[:2] {
		p := plan(runbooks.Change)
		p.Targets = []string{"netbox-node-1", "netbox-node-2", "netbox-node-3"}
		f := &fakeWalk{
			takes:  2 * time.Second,
			output: map[string]string{"netbox-node-1": "changed       etcd : Start\n"},
			tasks: map[string]actions.Tasks{
				"netbox-node-1": {OK: 12, Changed: 3, Now: "etcd : Wait for a leader"},
				"netbox-node-2": {OK: 7, Failed: 1, Now: "etcd : Start"},
			},
			report: walk.Report{Outcomes: []actions.Outcome{
				{Target: "netbox-node-1", Kind: remote.OK, Reason: "13 ok, 3 changed, done"},
				{Target: "netbox-node-2", Kind: remote.Failed, Reason: `the task "etcd : Start" failed: no room`},
			}},
			scenes: []scene{{view: view(t, 2, walk.Next{Kind: walk.NextConfirm, Plan: p}), call: "execute"}, {view: view(t, 2, walk.Next{Kind: walk.NextChoose})}},
		}
		walking(t, size[0], size[1], f, func(d *desk) {
			d.key("enter", "y", "enter")
			d.wait(500 * time.Millisecond)
			for _, line := range []string{
				"netbox-node-1   12 ok   3 changed etcd : Wait",
				"netbox-node-2    7 ok   0 changed   1 failed etcd",
				"netbox-node-3    0 ok   0 changed",
			} {
				d.shows(line)
			}
			d.shows("changed       etcd : Start")
			d.fits()
			d.wait(3 * time.Second)
			if size[0] == 80 {
				d.key("tab")
			}
			d.hides("12 ok   3 changed")
			d.shows("13 ok, 3 changed, done", "no room")
			d.hides("failed (0)")
		})
	}
}

func TestLeavingWhileAStepRuns(t *testing.T) {
	f := &fakeWalk{takes: time.Hour, scenes: []scene{{view: view(t, 2, walk.Next{Kind: walk.NextConfirm, Plan: plan(runbooks.Change)})}}}
	walking(t, 120, 36, f, func(d *desk) {
		d.key("enter", "y", "enter")
		d.wait(time.Second)
		d.key("q")
		d.shows("A step is running", "cuts it off")
		d.key("esc")
		if d.quit {
			t.Fatal("it left although the operator did not say so")
		}
		d.key("q", "y")
		d.wait(time.Second)
		if !d.quit || !slices.Contains(f.done(), "execute cut=true") {
			t.Errorf("quit %v after %q", d.quit, f.done())
		}
	})
}

func TestLeavingWhenNothingRuns(t *testing.T) {
	f := &fakeWalk{scenes: []scene{{view: view(t, 2, walk.Next{Kind: walk.NextChoose})}}}
	walking(t, 80, 24, f, func(d *desk) {
		d.key("q")
		if !d.quit {
			t.Error("q does not leave")
		}
		if !d.jobs.end(time.Second) {
			t.Error("a job runs on")
		}
		if err := closeWalk(d.jobs, d.w); err != nil || !f.closed {
			t.Errorf("closed %v, %v", f.closed, err)
		}
	})
}

func TestCuttingAStepOff(t *testing.T) {
	f := &fakeWalk{takes: time.Hour, scenes: []scene{{view: view(t, 2, walk.Next{Kind: walk.NextConfirm, Plan: plan(runbooks.Change)})}}}
	walking(t, 120, 36, f, func(d *desk) {
		d.key("enter", "y", "enter")
		d.wait(time.Second)
		d.key("x", "y")
		d.wait(time.Second)
		d.shows("netbox-node-3 cancelled")
	})
}

func TestAStoppedProofDoesNotBeginAgainByItself(t *testing.T) {
	f := &fakeWalk{progress: make([]walk.Progress, 1000), scenes: []scene{{view: view(t, 0, walk.Next{Kind: walk.NextProve})}}}
	walking(t, 80, 24, f, func(d *desk) {
		d.key("x")
		d.wait(3 * time.Second)
		d.see(probestest.Diverged())
		d.wait(3 * time.Second)
		d.shows("the proof waits to be measured")
		if got := f.done(); len(got) != 1 {
			t.Errorf("calls %q", got)
		}
		d.key("p")
		d.wait(100 * time.Millisecond)
		d.shows("waits for the proof")
	})
}

// A walk that goes on waiting for the same proof is not asked without end.
func TestAProofIsMeasuredOnce(t *testing.T) {
	f := &fakeWalk{scenes: []scene{{view: view(t, 0, walk.Next{Kind: walk.NextProve})}}}
	walking(t, 80, 24, f, func(d *desk) {
		for range 5 {
			d.see(probestest.Diverged())
			d.wait(time.Second)
		}
		if got := f.done(); !slices.Equal(got, []string{"prove 0"}) {
			t.Errorf("calls %q", got)
		}
	})
}

func TestAViewFromBeforeIsNotBelieved(t *testing.T) {
	f := &fakeWalk{scenes: []scene{{view: view(t, 2, walk.Next{Kind: walk.NextChoose}), call: "retry"}, {view: view(t, 2, walk.Next{Kind: walk.NextConfirm, Plan: plan(runbooks.Read)})}}}
	walking(t, 80, 24, f, func(d *desk) {
		old := viewMsg{walk: d.w.number, epoch: d.w.epoch, view: f.scenes[0].view}
		d.key("r")
		d.wait(100 * time.Millisecond)
		d.send(old)
		d.shows("next: READ")
		other := viewMsg{walk: d.w.number - 1, epoch: d.w.epoch, view: f.scenes[0].view}
		d.send(other)
		d.shows("next: READ")
	})
}

func TestJumping(t *testing.T) {
	f := &fakeWalk{scenes: []scene{{view: view(t, 2, walk.Next{Kind: walk.NextChoose})}}}
	walking(t, 120, 36, f, func(d *desk) {
		d.key("tab", "tab", "tab", "up", "up")
		d.shows("at hand: 3", "it is not the member we are about to touch")
		d.key("enter", "y")
		d.wait(100 * time.Millisecond)
		if got := f.done(); !slices.Equal(got, []string{"jump 0"}) {
			t.Errorf("calls %q", got)
		}
	})
}

func TestANewWalkClosesTheOldOne(t *testing.T) {
	one := &fakeWalk{scenes: []scene{{view: view(t, 2, walk.Next{Kind: walk.NextChoose})}}}
	two := &fakeWalk{scenes: []scene{{view: view(t, 1, walk.Next{Kind: walk.NextAttest})}}}
	walking(t, 80, 24, one, func(d *desk) {
		d.walks.next = two
		d.key("2", "down", "enter")
		d.shows("stays open")
		d.key("enter", "enter")
		d.wait(time.Second)
		d.shows("this step is done by hand")
		if !one.closed || two.closed || d.walks.inputs["member"] != "netbox-node-3" {
			t.Errorf("closed %v %v, inputs %v", one.closed, two.closed, d.walks.inputs)
		}
	})
}

// The step's warnings are on the screen before its confirmation can be: at 80 columns Enter shows the step first.
func TestTheStepIsShownBeforeItsConfirmation(t *testing.T) {
	f := &fakeWalk{scenes: []scene{{view: view(t, 2, walk.Next{Kind: walk.NextConfirm, Plan: plan(runbooks.Change)})}}}
	walking(t, 80, 24, f, func(d *desk) {
		d.key("tab")
		d.hides("CAUTION")
		d.key("enter")
		d.shows("CAUTION")
		d.hides("y, then enter")
		d.key("enter")
		d.shows("y, then enter")
	})
}

func TestResizingLosesNothing(t *testing.T) {
	f := &fakeWalk{scenes: []scene{{view: view(t, 2, walk.Next{Kind: walk.NextConfirm, Plan: plan(runbooks.Destroy)})}}}
	walking(t, 120, 36, f, func(d *desk) {
		d.key("enter")
		d.typed("netbox-n")
		for _, s := range [][2]int{{20, 5}, {1, 1}, {80, 24}, {79, 24}, {200, 60}, {0, 0}, {120, 36}} {
			d.send(sized(s))
		}
		d.wait(time.Second)
		d.shows("> netbox-n")
		d.typed("ode-3")
		d.press("enter")
		d.wait(time.Second)
		if got := f.done(); len(got) == 0 || got[0] != `approve plan-destroy name "netbox-node-3"` {
			t.Errorf("calls %q", got)
		}
	})
}

func TestTooSmall(t *testing.T) {
	at(t, 20, 5, probestest.Healthy(), func(d *desk) {
		if got := d.text(); got != "terminal is 20×5,\nrecon needs 80×24" {
			t.Errorf("got %q", got)
		}
		d.press("enter")
		d.press("q")
		if !d.quit {
			t.Error("q does not leave")
		}
	})
}

// midway is a walk that is looked at when the test says so, and as it says.
type midway struct {
	*fakeWalk
	look func() walk.View
}

func (m midway) View(*probes.State) walk.View { return m.look() }

// What was seen of a walk before its step ended is not what it waits for now: nothing of it is shown, and no key answers it.
func TestWhatWasSeenMidwayIsPast(t *testing.T) {
	f := &fakeWalk{takes: 5 * time.Second, scenes: []scene{{}}}
	waits := view(t, 2, walk.Next{Kind: walk.NextConfirm, Plan: plan(runbooks.Change)})
	half := view(t, 2, walk.Next{Kind: walk.NextChoose})
	half.Steps[2].Reason = "no result was recorded"
	at(t, 120, 36, probestest.Diverged(), func(d *desk) {
		looks := make(chan walk.View, 2)
		looks <- waits
		d.send(startedMsg{walk: midway{f, func() walk.View { return <-looks }}})
		d.wait(200 * time.Millisecond)
		d.key("enter", "y", "enter")
		looks <- half
		d.see(probestest.Diverged())
		d.wait(6 * time.Second)
		d.shows("the walk is looked at")
		d.hides("FAILED", "retry")
		d.press("r")
		looks <- view(t, 2, walk.Next{Kind: walk.NextFinish})
		d.wait(200 * time.Millisecond)
		d.shows("every step is behind us")
		if calls := strings.Join(f.done(), "\n"); strings.Contains(calls, "retry") {
			t.Errorf("a key answered what was past:\n%s", calls)
		}
	})
}

// A walk that was gone on with has sent something, which this console has not heard: it says where that is.
func TestOutputOfBefore(t *testing.T) {
	w := &walker{seen: &walk.View{Steps: []walk.StepView{{Results: []walk.Result{{Output: "trails/x.out/9-n1.out"}}}, {}}}}
	text := strings.Join(w.output(DefaultTheme(), 60, 4), "\n")
	if !strings.Contains(text, "x.out/9-n1.out") || strings.Contains(text, "nothing was sent yet") {
		t.Errorf("it says %q", text)
	}
}
