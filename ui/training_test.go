package ui

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"recon/internal/drill"
	"recon/internal/gate"
	"recon/internal/inventory"
	"recon/internal/walk"
	"recon/probes/probestest"
)

// fakeTraining is the drills of a test; calls are what was asked of it.
type fakeTraining struct {
	mu     sync.Mutex
	drills []drill.Entry
	err    error
	view   *drill.View
	calls  []string
}

func (f *fakeTraining) call(format string, args ...any) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls = append(f.calls, fmt.Sprintf(format, args...))
	return f.err
}

func (f *fakeTraining) done() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.calls)
}

func (f *fakeTraining) Drills() ([]drill.Entry, error) { return f.drills, nil }

func (f *fakeTraining) View() (drill.View, bool) {
	if f.view == nil {
		return drill.View{}, false
	}
	return *f.view, true
}

func (f *fakeTraining) Subscribe(ctx context.Context, _ func(drill.View)) { <-ctx.Done() }
func (f *fakeTraining) Start(id string) error                             { return f.call("start %s", id) }
func (f *fakeTraining) Hint() error                                       { return f.call("hint") }
func (f *fakeTraining) GiveUp() error                                     { return f.call("give up") }
func (f *fakeTraining) Review()                                           { _ = f.call("review") }

func (f *fakeTraining) Diagnose(book string) (bool, error) {
	return strings.HasPrefix(book, "test-"), f.call("diagnose %s", book)
}

func entries() []drill.Entry {
	return []drill.Entry{
		{
			ID: "leader-crash", Title: "Page: NetBox answers, and nothing can be saved", Severity: 1, Systems: []string{"patroni"}, Book: "patroni-leader-crash", Par: 6 * time.Minute,
			Best: &drill.Record{Time: 5*time.Minute + 12*time.Second, Score: 85, At: probestest.At()},
		},
		{ID: "two-etcd-dead", Title: "Page: NetBox can be read, and nothing can be saved", Severity: 1, Systems: []string{"etcd"}, Book: "etcd-quorum-lost", Par: 4 * time.Minute},
	}
}

// page is a session that has just begun.
func pageView() drill.View {
	return drill.View{
		ID: "leader-crash", Title: "Page: NetBox answers, and nothing can be saved", Severity: 1, Systems: []string{"patroni"},
		Story: "02:51. The page says: **NetBox login slow, saving fails.** The last deployment was four days ago.\n\nThe colleague who sleeps next to you says: \"Just restart everything.\" You do not.\n",
		Phase: drill.Running, Began: probestest.At().Add(-151 * time.Second), Par: 6 * time.Minute, Of: 3,
		Hints: []string{"Row by row, which cell of the Cluster screen\nis sick?"},
		Goal: []drill.Line{
			{Text: "patroni.leader != nil", Explain: "one member proves that it leads", Answer: gate.Pass},
			{Text: "one(patroni.members, .primary)", Explain: "and it is the only one", Answer: gate.Unknown, Unseen: ".primary of netbox-node-1: nothing listens there"},
			{Text: "count(patroni.members, .state == \"streaming\") == 2", Explain: "all others follow", Answer: gate.Fail},
		},
		Guesses: []string{"etcd-quorum-lost"},
	}
}

func overView() drill.View {
	v := pageView()
	v.Phase, v.Ended, v.Diagnosed, v.Injected = drill.Recovered, v.Began.Add(312*time.Second), true, 1
	for i := range v.Goal {
		v.Goal[i].Answer = gate.Pass
	}
	v.Debrief = &drill.Debrief{
		Drill: v.ID, Title: v.Title, Book: "patroni-leader-crash", BookTitle: "The leader crashed", Won: true, Diagnosed: 56 * time.Second, Recovered: 312 * time.Second, Par: v.Par,
		Score: drill.Result{Par: v.Par, Diagnosed: 56 * time.Second, Recovered: 312 * time.Second, Won: true, Hints: 1, Guesses: 1, Skips: 1}.Points(),
		Best:  drill.Record{Time: 312 * time.Second, Score: 85, At: probestest.At()},
		Events: []drill.Event{
			{At: 15 * time.Second, Who: drill.You, Text: "opened hint 1 of 3"},
			{At: 23 * time.Second, Who: drill.TheCluster, Text: "netbox-node-2 leads"},
			{At: 56 * time.Second, Who: drill.You, Book: "patroni-leader-crash", Text: "began to walk patroni-leader-crash member=netbox-node-1"},
			{At: 112 * time.Second, Who: drill.You, Book: "patroni-leader-crash", Step: 3, Text: "skipped \"See who leads now\": I know"},
			{At: 137 * time.Second, Who: drill.GameMaster, Text: "etcd-member netbox-node-3: killed etcd on netbox-node-3; its unit stays stopped"},
			{At: 300 * time.Second, Who: drill.You, Book: "patroni-leader-crash", Step: 7, Text: "ran \"Start Patroni there, and nothing else\" on netbox-node-1"},
			{At: 312 * time.Second, Who: drill.TheCluster, Text: "✓ all others follow"},
		},
		Steps: []drill.StepDone{
			{Number: 1, Title: "Hands off: Patroni is able to decide", How: "done", At: 57 * time.Second},
			{Number: 2, Title: "Hands off: wait for a leader", How: "done", At: 61 * time.Second},
			{Number: 3, Title: "See who leads now", How: "skipped", Why: "I know", At: 112 * time.Second},
			{Number: 4, Title: "The host is silent: bring it back by hand", How: "not needed", At: 113 * time.Second},
			{Number: 7, Title: "Start Patroni there, and nothing else", How: "done", At: 311 * time.Second},
			{Number: 8, Title: "Redundancy is back"},
		},
	}
	return v
}

// training opens a console on a training cluster.
func training(t *testing.T, width, height int, f *fakeTraining, do func(d *desk)) {
	t.Helper()
	atOptions(t, width, height, probestest.LeaderDead(), func(o *Options) {
		o.Cluster.Name, o.Cluster.Environment, o.Training = "training", inventory.Training, f
	}, do)
}

func TestTrainingScreens(t *testing.T) {
	preparing, given, failed := pageView(), overView(), pageView()
	preparing.Phase, preparing.Began, preparing.Doing = drill.Preparing, time.Time{}, "breaking the cluster"
	given.Phase, given.Debrief.Won, given.Debrief.Score = drill.GivenUp, false, drill.Result{}.Points()
	failed.Phase, failed.Began, failed.Doing = drill.Failed, time.Time{}, "the training cluster does not get healthy: after 10m0s: nobody leads"
	views := map[string]*drill.View{"list": nil, "preparing": &preparing, "running": ptr(pageView()), "debrief": ptr(overView()), "given-up": &given, "failed": &failed}
	for name, v := range views {
		each(t, name, func(t *testing.T, w, h int) (text string) {
			training(t, w, h, &fakeTraining{drills: entries(), view: v}, func(d *desk) {
				d.key("4")
				d.fits()
				text = d.text()
			})
			return text
		})
	}
	each(t, "strip-on-the-walk", func(t *testing.T, w, h int) (text string) {
		training(t, w, h, &fakeTraining{drills: entries(), view: ptr(pageView())}, func(d *desk) {
			d.send(startedMsg{walk: &fakeWalk{scenes: []scene{{view: view(t, 2, walk.Next{Kind: walk.NextConfirm, Plan: plan("change")})}}}})
			d.wait(300 * time.Millisecond)
			d.fits()
			text = d.text()
		})
		return text
	})
	each(t, "pick", func(t *testing.T, w, h int) (text string) {
		training(t, w, h, &fakeTraining{drills: entries(), view: ptr(pageView())}, func(d *desk) {
			d.key("4", "d")
			d.typed("test")
			d.fits()
			text = d.text()
		})
		return text
	})
}

func ptr[T any](v T) *T { return &v }

// A cluster that is not for training has no fourth screen, whatever the options say.
func TestNoTrainingElsewhere(t *testing.T) {
	for _, env := range []inventory.Environment{inventory.Production, inventory.Staging, ""} {
		f := &fakeTraining{drills: entries(), view: ptr(pageView())}
		atOptions(t, 120, 36, probestest.Healthy(), func(o *Options) { o.Cluster.Environment, o.Training = env, f }, func(d *desk) {
			d.key("4")
			d.hides("Training", "DRILL")
			if d.c.focus != onCluster || d.c.trains() || len(f.done()) != 0 {
				t.Errorf("%q: screen %d, asked %v", env, d.c.focus, f.done())
			}
		})
	}
}

func TestTrainingKeys(t *testing.T) {
	f := &fakeTraining{drills: entries()}
	training(t, 120, 36, f, func(d *desk) {
		d.key("4", "down", "enter")
		d.shows("Start a drill", "NetBox can be read")
		d.key("n", "enter", "y")
		if got := f.done(); !slices.Equal(got, []string{"start two-etcd-dead"}) {
			t.Fatalf("asked %v", got)
		}
		v := pageView()
		d.send(drillMsg{v})
		d.shows("the page came in", "02:3", "of 06:00", "goal 1/3", "hints 1/3", "restart everything")
		d.key("h", "d")
		d.typed("test-rejoin")
		d.key("enter")
		d.shows("yes: test-rejoin is the book")
		d.key("x", "q") // any key but y does not
		d.key("x", "y")
		want := []string{"start two-etcd-dead", "hint", "diagnose test-rejoin", "give up"}
		if got := f.done(); !slices.Equal(got, want) {
			t.Fatalf("asked %v", got)
		}
		d.key("1")
		d.shows("DRILL leader-crash") // the clock stands above every screen
		d.send(drillMsg{overView()})
		d.shows("recovered", "05:12 of 06:00", "the goal is reached")
		d.key("4")
		d.shows("85 points of 100", "WHAT patroni-leader-crash DOES", "game master: etcd-member")
		d.key("h", "x", "d") // over is over
		d.key("esc")
		d.shows("DRILLS", "05:12  85")
		if got := f.done(); !slices.Equal(got, want) {
			t.Errorf("after the end: %v", got)
		}
		// The walk goes on although the goal is reached: the debrief is looked at again, once for each of its steps.
		d.send(viewMsg{view: view(t, 1, walk.Next{Kind: walk.NextConfirm, Plan: plan("change")})})
		d.send(viewMsg{view: view(t, 1, walk.Next{Kind: walk.NextConfirm, Plan: plan("change")})})
		if got := f.done(); !slices.Equal(got, append(want, "review")) {
			t.Errorf("after a walk went on: %v", got)
		}
	})
}

func TestWhatTheTrainingRefusesIsSaid(t *testing.T) {
	f := &fakeTraining{drills: entries(), err: errors.New("this cluster is not broken from here")}
	training(t, 80, 24, f, func(d *desk) {
		d.key("4", "enter", "y")
		d.shows("start the drill leader-crash: this cluster is not broken from here")
		d.fits()
	})
}
