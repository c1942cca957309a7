package cli

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"

	"recon/internal/fault"
	"recon/internal/findings"
	"recon/internal/walk"
	"recon/probes"
	"recon/probes/probestest"
	"recon/runbooks"
	"recon/ui"
)

func TestTheTourFollowsTheNewcomer(t *testing.T) {
	books := &runbooks.Runbook{ID: "patroni-leader-crash", Title: "The leader crashed", Faults: []string{"kill-leader"}, Steps: make([]runbooks.Step, 8)}
	books.Steps[6].Commands = []runbooks.Command{{Risk: runbooks.Change}}
	finding := &runbooks.Runbook{ID: "host-dead", Title: "A host is dead"}
	is := func(b *runbooks.Runbook, p findings.Phase) []findings.Finding {
		return []findings.Finding{{Book: b, Phase: p}}
	}
	found := is(books, findings.Holds)
	waits := func(kind walk.NextKind) *walk.View {
		return &walk.View{Book: books, Status: walk.Open, Steps: []walk.StepView{{Step: &runbooks.Step{}}}, Next: walk.Next{Kind: kind}}
	}
	plan := func(how walk.Confirmation) *walk.View {
		v := waits(walk.NextConfirm)
		v.Next.Plan = &walk.Plan{Confirm: how, Type: "netbox-node-1"}
		return v
	}
	watches := waits(walk.NextProve)
	watches.Steps[0].Step = &runbooks.Step{GateOnly: true}
	over := &walk.View{Book: books, Status: walk.Completed, Next: walk.Next{Kind: walk.NextNothing}}
	healthy, dead, nothing := probestest.Stack(), probestest.Stack(), &probes.State{}
	dead.HAProxy.Members[1].Seen = probestest.RefusedBy(dead.HAProxy.Members[1].Seen, time.Minute)

	struck := false
	say := tour(probestest.StackInventory(), fault.All()[0], func() bool { return struck })
	for _, c := range []struct {
		want string
		m    ui.Moment
	}{
		{"1/9 The console asks", ui.Moment{Screen: 1, State: nothing}},
		{"1/9 A healthy cluster", ui.Moment{Screen: 1, State: healthy}},
		{"All books", ui.Moment{Screen: 2, State: healthy, Book: books}},
		{"No walk is open", ui.Moment{Screen: 3, State: healthy}},
		{"2/9 Something changed", ui.Moment{Screen: 1, State: dead}},
		{"2/9 Something broke", ui.Moment{Screen: 1, State: dead, Findings: is(books, findings.Pending)}},
		{"2/9 Struck: kill-leader", ui.Moment{Screen: 1, State: healthy}},
		{"3/9 Found: The leader crashed.", ui.Moment{Screen: 1, State: dead, Findings: append(is(finding, findings.Holds), found...)}},
		{"4/9 Much follows from one thing: The leader crashed", ui.Moment{
			Screen: 2, State: dead, Findings: append(is(finding, findings.Holds), found...), Book: finding,
		}},
		{"3/9 Found: The leader crashed.", ui.Moment{Screen: 1, State: dead, Findings: found}},
		{"3/9 Why it holds", ui.Moment{Screen: 1, State: dead, Findings: found, Dialog: ui.Finding}},
		{"What a cell is drawn from", ui.Moment{Screen: 1, State: dead, Findings: found, Dialog: ui.Reading}},
		{"4/9 What fits", ui.Moment{Screen: 2, State: dead, Findings: found, Book: books}},
		{"4/9 The book that fits", ui.Moment{Screen: 2, State: dead, Findings: found, Book: finding}},
		{"4/9 This book says", ui.Moment{Screen: 2, State: dead, Findings: is(finding, findings.Holds), Book: finding}},
		{"5/9", ui.Moment{Screen: 2, State: dead, Findings: found, Book: books, Dialog: ui.Starting}},
		{"6/9 Hands off", ui.Moment{Screen: 3, State: dead, Findings: found, Walk: watches, Busy: ui.Proving}},
		{"6/9 Blocked", ui.Moment{Screen: 3, State: dead, Findings: found, Walk: waits(walk.NextGate)}},
		{"6/9 A step", ui.Moment{Screen: 3, State: dead, Findings: found, Walk: plan(walk.ByEnter)}},
		{"6/9 Byte for byte", ui.Moment{Screen: 3, State: dead, Walk: plan(walk.ByEnter), Dialog: ui.Confirming}},
		{"6/9 A change", ui.Moment{Screen: 3, State: dead, Walk: plan(walk.ByYes), Dialog: ui.Confirming}},
		{"6/9 Type netbox-node-1,", ui.Moment{Screen: 3, State: dead, Walk: plan(walk.ByName), Dialog: ui.Confirming}},
		{"7/9 It runs", ui.Moment{Screen: 3, State: dead, Walk: plan(walk.ByYes), Busy: ui.Sending}},
		{"7/9 This is what came back", ui.Moment{Screen: 3, State: dead, Walk: plan(walk.ByEnter), Output: true}},
		{"7/9 Here the book asks you", ui.Moment{Screen: 3, State: dead, Walk: waits(walk.NextAsk)}},
		{"7/9 The book asks", ui.Moment{Screen: 3, State: dead, Walk: waits(walk.NextAsk), Dialog: ui.Asking}},
		{"7/9 This is done by hand", ui.Moment{Screen: 3, State: dead, Walk: waits(walk.NextAttest)}},
		{"8/9 That a command ran", ui.Moment{Screen: 3, State: dead, Walk: waits(walk.NextProve), Busy: ui.Proving}},
		{"8/9 The proof is not measured", ui.Moment{Screen: 3, State: dead, Walk: waits(walk.NextProve)}},
		{"8/9 Outcome unknown", ui.Moment{Screen: 3, State: dead, Walk: waits(walk.NextReconcile)}},
		{"8/9 It failed", ui.Moment{Screen: 3, State: dead, Walk: waits(walk.NextChoose)}},
		{"The same cluster", ui.Moment{Screen: 1, State: dead, Findings: found, Walk: watches}},
		{"Your walk is open", ui.Moment{Screen: 2, State: dead, Findings: found, Walk: watches}},
		{"9/9 Every step", ui.Moment{Screen: 3, State: healthy, Walk: waits(walk.NextFinish)}},
		{"9/9 Left behind", ui.Moment{Screen: 3, State: healthy, Walk: waits(walk.NextFinish), Dialog: ui.Sure}},
		{"9/9 The walk is over, its trail", ui.Moment{Screen: 3, State: healthy, Walk: over}},
		{"9/9 Nothing is suggested", ui.Moment{Screen: 2, State: healthy, Walk: over}},
		{"9/9 The cluster is well again", ui.Moment{Screen: 1, State: healthy, Walk: over}},
		{"9/9 The walk is over; what is listed", ui.Moment{Screen: 1, State: healthy, Walk: over, Findings: found}},
	} {
		struck = strings.HasPrefix(c.want, "2/9 Struck")
		if got := say(c.m); !strings.HasPrefix(got, c.want) {
			t.Errorf("%q, want %q…", got, c.want)
		}
	}
}

// Whatever the tour says has room in the strip: two lines of 80, or one of 120.
func TestTheTourHasRoom(t *testing.T) {
	longest := map[string]string{"{title}": "", "{name}": "netbox-node-1", "{fault}": ""}
	lib, err := runbooks.Load(probes.Scope(nil))
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range lib.Books {
		if len(b.Title) > len(longest["{title}"]) {
			longest["{title}"] = b.Title
		}
	}
	for _, n := range fault.Names() {
		if len(n) > len(longest["{fault}"]) {
			longest["{fault}"] = n
		}
	}
	for _, s := range stops() {
		text := s.says
		for name, value := range longest {
			text = strings.ReplaceAll(text, name, value)
		}
		for width, lines := range map[int]int{80: 2, 120: 1} {
			wrapped := ansi.Wrap(text, width-4, " ")
			if n := strings.Count(wrapped, "\n") + 1; n > lines {
				t.Errorf("%d lines of %d, and there is room for %d:\n%s", n, width, lines, wrapped)
			}
		}
		if strings.ContainsAny(text, "{}") {
			t.Errorf("nobody fills %q", s.says)
		}
	}
}

func TestScenes(t *testing.T) {
	lib, err := runbooks.Load(probes.Scope(nil))
	if err != nil {
		t.Fatal(err)
	}
	have := map[string]sceneRow{}
	for _, r := range scenes(lib) {
		have[r.Name] = r
		// What comes of these shows only when something else happens: a boot, a loss of the standbys or of the store.
		later := slices.Contains([]string{fault.PatroniNotEnabled, fault.NotStrict, fault.FailsafeMode}, r.Name)
		if r.Book == "" && !later {
			t.Errorf("no book is for the fault %s", r.Name)
		}
	}
	for name, want := range map[string]string{"kill-leader": "patroni-leader-crash true", "vip-nowhere": "vip-nowhere true", "stop-node": "host-dead false"} {
		if got := fmt.Sprint(have[name].Book, " ", have[name].Walkable); got != want {
			t.Errorf("%s is solved by %s, want %s", name, got, want)
		}
	}
}

// A demo of a book begins as its rehearsal does: with what comes first, and the files that it reads.
func TestADemoOfABookBeginsAsItsRehearsal(t *testing.T) {
	a := &app{}
	for id, want := range map[string]string{
		"sentinel-wrong-master": "sentinel-quorum, redis-moved-by-hand", "node-alone": "partition-pair netbox-node-1 netbox-node-3, ",
		"kill-leader": "kill-leader",
	} {
		scene, err := a.scene([]string{id})
		if err != nil {
			t.Errorf("%s: %v", id, err)
			continue
		}
		var faults []string
		for _, c := range scene.faults {
			faults = append(faults, c.String())
		}
		if got := strings.Join(faults, ", "); !strings.HasPrefix(got, want) || scene.about().String() != faults[len(faults)-1] {
			t.Errorf("%s begins with %s, want %s", id, got, want)
		}
	}
}

func TestOnNodes(t *testing.T) {
	for text, want := range map[string]string{"kill-leader": "", "stop-node netbox-node-2": "", "stop-node netbox-node-9": "the nodes are netbox-node-1"} {
		call, err := fault.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		err = onNodes(probestest.StackInventory(), call)
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}
