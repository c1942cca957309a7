package walk

import (
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"recon/actions"
	"recon/internal/audit"
	"recon/internal/gate"
	"recon/internal/inventory"
	"recon/internal/remote"
	"recon/internal/walk/walktest"
	"recon/probes"
	"recon/runbooks"
)

func config(t *testing.T, w *walktest.World) Config {
	t.Helper()
	return Config{
		Cluster: walktest.Cluster(), Library: &runbooks.Library{}, Scope: probes.Scope(nil), Eyes: w, Hands: w,
		Operator: "anna", Host: "bastion", Version: "test", Trails: t.TempDir() + "/trails",
	}
}

func parse(t *testing.T, src string) *runbooks.Runbook {
	t.Helper()
	b, problems := runbooks.Parse("test-book.md", []byte(src), probes.Scope(nil))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return b
}

func start(t *testing.T, w *walktest.World, dry bool) (*Walk, Config) {
	t.Helper()
	cfg := config(t, w)
	walk, err := Start(cfg, parse(t, walktest.Book), map[string]string{"member": "n1"}, dry)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := walk.Close("the test ended"); err != nil && !errors.Is(err, os.ErrClosed) {
			t.Error(err)
		}
	})
	return walk, cfg
}

func discard(string) io.Writer { return io.Discard }

// run confirms what the walk waits for and executes it.
func run(t *testing.T, w *Walk) Report {
	t.Helper()
	n := w.View(w.cfg.Eyes.State()).Next
	if n.Kind != NextConfirm {
		t.Fatalf("the walk waits for %s (%s), not for a confirmation", n.Kind, n.PlanError)
	}
	a, err := w.Approve(n.Plan, n.Plan.Confirm, n.Plan.Type)
	if err != nil {
		t.Fatal(err)
	}
	rep, err := w.Execute(t.Context(), a, discard)
	if err != nil {
		t.Fatal(err)
	}
	return rep
}

func next(t *testing.T, w *Walk, want NextKind) View {
	t.Helper()
	v := w.View(w.cfg.Eyes.State())
	if v.Next.Kind != want {
		t.Fatalf("the walk waits for %q at step %d (%s %s), want %q", v.Next.Kind, v.Current+1, v.Steps[v.Current].Reason, v.Next.PlanError, want)
	}
	return v
}

func streaming(s *probes.State) { s.Patroni.Members[0].State = "streaming" }

func TestAWholeWalk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		world := walktest.New(t)
		world.Output = "n1\n"
		w, _ := start(t, world, false)
		v := next(t, w, NextConfirm)
		if p := v.Next.Plan; p.Confirm != ByEnter || p.Items[0].Assignments[0] != "MEMBER='n1'" || p.Targets[0] != "n1" {
			t.Errorf("plan %+v", p)
		}
		run(t, w)
		v = next(t, w, NextConfirm)
		if v.Current != 1 || v.Next.Plan.Confirm != ByYes || v.Next.Plan.HeldBefore {
			t.Errorf("step %d, plan %+v", v.Current+1, v.Next.Plan)
		}
		run(t, w)
		next(t, w, NextProve)
		// It streams after a while, and the proof waits for that.
		go func() {
			time.Sleep(4 * time.Second)
			world.Set(streaming)
		}()
		began := time.Now()
		answer, err := w.Prove(t.Context(), 1, nil)
		if err != nil || answer != gate.Pass {
			t.Fatalf("proof %v %v", answer, err)
		}
		if waited := time.Since(began); waited < 4*time.Second || waited > 7*time.Second {
			t.Errorf("the proof took %s", waited)
		}
		v = next(t, w, NextConfirm)
		if v.Next.Plan.Confirm != ByName || v.Next.Plan.Type != "n1" {
			t.Errorf("plan %+v", v.Next.Plan)
		}
		run(t, w)
		world.Set(func(s *probes.State) { s.Nodes[0].Units = map[string]string{"patroni": "active"} })
		if answer, err := w.Prove(t.Context(), 2, nil); err != nil || answer != gate.Pass {
			t.Fatalf("proof %v %v", answer, err)
		}
		v = next(t, w, NextFinish)
		if err := w.Finish(v.Next.Leftovers); err != nil {
			t.Fatal(err)
		}
		if v := next(t, w, NextNothing); v.Status != Completed {
			t.Errorf("status %s", v.Status)
		}
		if len(world.Sent) != 3 {
			t.Errorf("%d commands were sent", len(world.Sent))
		}
		if r := audit.Verify(w.Trail()); !r.Intact() {
			t.Errorf("the trail is not clean: %s", r)
		}
	})
}

func TestTheIntentIsOnDiskBeforeTheFirstByte(t *testing.T) {
	world := walktest.New(t)
	w, _ := start(t, world, false)
	checked := false
	world.OnRun = func(p *actions.Plan) {
		records, err := audit.Read(w.Trail())
		if err != nil {
			t.Fatal(err)
		}
		last := records[len(records)-1]
		in, err := audit.As[audit.Intent](last)
		if err != nil || last.Kind != audit.KindIntent {
			t.Fatalf("the last record is %s (%v), not the intent", last.Kind, err)
		}
		if in.Wire["n1"] != p.Shots[0].Hash || in.Shown.Script != p.Command.Script {
			t.Errorf("intent %+v", in)
		}
		checked = true
	}
	run(t, w)
	if !checked {
		t.Error("nothing ran")
	}
}

func TestNothingRunsWhenTheTrailCannotBeWritten(t *testing.T) {
	world := walktest.New(t)
	w, _ := start(t, world, false)
	n := next(t, w, NextConfirm).Next
	a, err := w.Approve(n.Plan, ByEnter, "")
	if err != nil {
		t.Fatal(err)
	}
	if err := w.trail.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Execute(t.Context(), a, discard); err == nil {
		t.Error("it ran without a trail")
	}
	if len(world.Sent) != 0 {
		t.Errorf("sent %q", world.Sent)
	}
}

func TestOneApprovalOneRun(t *testing.T) {
	world := walktest.New(t)
	w, _ := start(t, world, false)
	n := next(t, w, NextConfirm).Next
	a, err := w.Approve(n.Plan, ByEnter, "")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Execute(t.Context(), a, discard); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Execute(t.Context(), a, discard); err == nil {
		t.Error("an approval was used twice")
	}
	if len(world.Sent) != 1 {
		t.Errorf("sent %d times", len(world.Sent))
	}
}

// at brings a walk to the step of that index.
func at(t *testing.T, w *Walk, index int) {
	t.Helper()
	for i := range index {
		if err := w.Skip(i, "not what this test is about"); err != nil {
			t.Fatal(err)
		}
	}
}

func TestConfirmationsAreAsStrongAsTheRisk(t *testing.T) {
	world := walktest.New(t)
	w, _ := start(t, world, false)
	at(t, w, 1)
	p := next(t, w, NextConfirm).Next.Plan
	if _, err := w.Approve(p, ByEnter, ""); err == nil {
		t.Error("Enter confirmed a change")
	}
	at(t, w, 2)
	p = next(t, w, NextConfirm).Next.Plan
	for _, typed := range []string{"", "n", "n1 ", "N1", "n2", "y"} {
		if _, err := w.Approve(p, ByName, typed); err == nil {
			t.Errorf("%q confirmed what destroys on n1", typed)
		}
	}
	if _, err := w.Approve(p, ByYes, "n1"); err == nil {
		t.Error("y confirmed what destroys")
	}
	if _, err := w.Approve(p, ByName, "n1"); err != nil {
		t.Error(err)
	}
}

func TestWhatChangedAfterTheConfirmationStopsTheStep(t *testing.T) {
	no := false
	for name, change := range map[string]func(*probes.State){
		"a gate fails":        func(s *probes.State) { s.Etcd.Quorum = &no },
		"a gate is unseen":    func(s *probes.State) { s.Etcd.Quorum = nil },
		"the target is gone":  func(s *probes.State) { s.Nodes = s.Nodes[1:] },
		"the leader moved on": func(s *probes.State) { s.Patroni.Leader = &s.Patroni.Members[0] },
	} {
		t.Run(name, func(t *testing.T) {
			world := walktest.New(t)
			w, _ := start(t, world, false)
			at(t, w, 2)
			n := next(t, w, NextConfirm).Next
			a, err := w.Approve(n.Plan, ByName, "n1")
			if err != nil {
				t.Fatal(err)
			}
			world.Set(change)
			rep, err := w.Execute(t.Context(), a, discard)
			if err != nil {
				t.Fatal(err)
			}
			if len(rep.Changed) == 0 || len(world.Sent) != 0 {
				t.Errorf("changed %v, sent %q", rep.Changed, world.Sent)
			}
			records, err := audit.Read(w.Trail())
			if err != nil {
				t.Fatal(err)
			}
			g, err := audit.As[audit.Gate](records[len(records)-1])
			if err != nil || g.Phase != audit.Execution {
				t.Errorf("the trail does not hold what stopped the step: %+v %v", g, err)
			}
		})
	}
}

func TestABlockedStepIsOverriddenByAReasonButNotWhatDestroys(t *testing.T) {
	no := false
	world := walktest.New(t)
	w, _ := start(t, world, false)
	at(t, w, 1)
	world.Set(func(s *probes.State) { s.Etcd.Quorum = &no })
	v := next(t, w, NextGate)
	if !v.Next.CanOverride || v.Steps[1].Status != Blocked || v.Steps[1].Reason == "" {
		t.Errorf("view %+v", v.Steps[1])
	}
	if _, err := w.Approve(v.Next.Plan, ByYes, ""); err == nil {
		t.Error("a blocked step was confirmed")
	}
	if err := w.Override(1, "  "); err == nil {
		t.Error("an override without a reason")
	}
	if err := w.Override(1, "quorum is being restored by hand"); err != nil {
		t.Fatal(err)
	}
	run(t, w)
	if len(world.Sent) != 1 {
		t.Errorf("sent %q", world.Sent)
	}
	if err := w.Attest(1, "seen by eye"); err != nil {
		t.Fatal(err)
	}
	if v := next(t, w, NextGate); v.Next.CanOverride {
		t.Error("what destroys can be overridden")
	}
	if err := w.Override(2, "I am sure"); err == nil {
		t.Error("what destroys was overridden")
	}
}

func TestAnUnknownOutcomeIsReconciledFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		world := walktest.New(t)
		world.Outcome = remote.Unknown
		w, _ := start(t, world, false)
		at(t, w, 1)
		run(t, w)
		next(t, w, NextReconcile)
		if err := w.Retry(1); err == nil {
			t.Error("retried while unknown")
		}
		if err := w.Skip(1, "never mind"); err == nil {
			t.Error("skipped while unknown")
		}
		if err := w.Reconcile(1, "unknown", "nobody can say"); err != nil {
			t.Fatal(err)
		}
		next(t, w, NextReconcile)
		if err := w.Reconcile(1, "not done", "the journal has nothing"); err != nil {
			t.Fatal(err)
		}
		world.Outcome = remote.OK
		run(t, w)
		world.Set(streaming)
		if a, err := w.Prove(t.Context(), 1, nil); err != nil || a != gate.Pass {
			t.Fatal(a, err)
		}
		if v := next(t, w, NextConfirm); v.Current != 2 {
			t.Errorf("at step %d", v.Current+1)
		}
	})
}

func TestAProofSettlesAnUnknownOutcome(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		world := walktest.New(t)
		world.Outcome = remote.Unknown
		w, _ := start(t, world, false)
		at(t, w, 1)
		run(t, w)
		world.Set(streaming)
		if a, err := w.Prove(t.Context(), 1, nil); err != nil || a != gate.Pass {
			t.Fatal(a, err)
		}
		if v := next(t, w, NextConfirm); v.Steps[1].Status != Done {
			t.Errorf("step is %s", v.Steps[1].Status)
		}
	})
}

func TestAFailedProofOffersRetryAndRollback(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		world := walktest.New(t)
		w, _ := start(t, world, false)
		at(t, w, 1)
		run(t, w)
		if a, err := w.Prove(t.Context(), 1, nil); err != nil || a != gate.Fail {
			t.Fatal(a, err)
		}
		v := next(t, w, NextChoose)
		if !v.Next.CanRollBack {
			t.Error("the rollback is not offered")
		}
		p, err := w.RollBack(1)
		if err != nil {
			t.Fatal(err)
		}
		a, err := w.Approve(p, ByYes, "")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Execute(t.Context(), a, discard); err != nil {
			t.Fatal(err)
		}
		if v := next(t, w, NextChoose); v.Steps[1].Reason != "rolled back" {
			t.Errorf("reason %q", v.Steps[1].Reason)
		}
		if err := w.Retry(1); err != nil {
			t.Fatal(err)
		}
		run(t, w)
		want := []string{"systemctl start patroni\n", "systemctl stop patroni\n", "systemctl start patroni\n"}
		if d := cmp.Diff(want, world.Sent); d != "" {
			t.Error(d)
		}
	})
}

func TestResumeAfterTheConsoleWasKilled(t *testing.T) {
	world := walktest.New(t)
	w, cfg := start(t, world, false)
	at(t, w, 1)
	n := next(t, w, NextConfirm).Next
	a, err := w.Approve(n.Plan, ByYes, "")
	if err != nil {
		t.Fatal(err)
	}
	// The trail as it is when the console dies between the intent and the result.
	var killed []byte
	world.OnRun = func(*actions.Plan) {
		if killed, err = os.ReadFile(w.Trail()); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := w.Execute(t.Context(), a, discard); err != nil {
		t.Fatal(err)
	}
	path := w.Trail() + ".killed.jsonl"
	if err := os.WriteFile(path, killed, 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := Resume(cfg, path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := r.Close("the test ended"); err != nil {
			t.Error(err)
		}
	}()
	v := next(t, r, NextReconcile)
	if v.Current != 1 || v.Steps[1].Status != Unknown {
		t.Errorf("step %d is %s", v.Current+1, v.Steps[v.Current].Status)
	}
}

// TestTheFoldIsTheWalk: what a console knows and what the records say are the same.
func TestTheFoldIsTheWalk(t *testing.T) {
	world := walktest.New(t)
	w, _ := start(t, world, false)
	run(t, w)
	if err := w.Note("a note"); err != nil {
		t.Fatal(err)
	}
	run(t, w)
	records, err := audit.Read(w.Trail())
	if err != nil {
		t.Fatal(err)
	}
	again := newFold(w.book)
	for _, r := range records {
		if err := again.apply(r); err != nil {
			t.Fatal(err)
		}
	}
	if d := cmp.Diff(w.fold, again, cmp.AllowUnexported(fold{}, stepFold{}, blockFold{}, targetFold{}, intentFold{})); d != "" {
		t.Error(d)
	}
}

func TestADryRunSendsNothing(t *testing.T) {
	world := walktest.New(t)
	w, _ := start(t, world, true)
	for range 3 {
		run(t, w)
	}
	next(t, w, NextFinish)
	if len(world.Sent) != 0 {
		t.Errorf("sent %q", world.Sent)
	}
}

func TestDestroyNeverTouchesTheLeader(t *testing.T) {
	world := walktest.New(t)
	cfg := config(t, world)
	w, err := Start(cfg, parse(t, walktest.Book), map[string]string{"member": "n2"}, false)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := w.Close("the test ended"); err != nil {
			t.Error(err)
		}
	}()
	at(t, w, 2)
	v := next(t, w, NextGate)
	if !strings.Contains(v.Steps[2].Reason, runbooks.NotLeader) {
		t.Errorf("reason %q", v.Steps[2].Reason)
	}
}

func TestInputsAreAskedFor(t *testing.T) {
	world := walktest.New(t)
	cfg := config(t, world)
	for _, in := range []map[string]string{nil, {"member": ""}, {"member": "n1", "other": "x"}} {
		if _, err := Start(cfg, parse(t, walktest.Book), in, false); err == nil {
			t.Errorf("inputs %v were accepted", in)
		}
	}
	if _, err := os.Stat(cfg.Trails); err == nil {
		t.Error("a walk that did not start left a trail")
	}
}

func TestStopsReadsTheShell(t *testing.T) {
	for script, want := range map[string]bool{
		"systemctl stop etcd":                         true,
		"systemctl restart etcd.service":              true,
		"systemctl --no-block restart \"$ETCD_UNIT\"": true,
		"x=1; if true; then systemctl stop etcd; fi":  true,
		"reboot":                            true,
		"systemctl poweroff":                true,
		"systemctl start etcd":              false,
		"systemctl stop patroni":            false,
		"echo systemctl stop etcd # reboot": false,
		"grep reboot /var/log/syslog":       false,
	} {
		if got := stops(script, "etcd"); got != want {
			t.Errorf("%q: %v, want %v", script, got, want)
		}
	}
}

// variant is the test book with a part replaced.
func variant(t *testing.T, old, new string) *runbooks.Runbook {
	t.Helper()
	if !strings.Contains(walktest.Book, old) {
		t.Fatalf("the book does not hold %q", old)
	}
	return parse(t, strings.ReplaceAll(walktest.Book, old, new))
}

func startBook(t *testing.T, world *walktest.World, b *runbooks.Runbook) *Walk {
	t.Helper()
	w, err := Start(config(t, world), b, map[string]string{"member": "n1"}, false)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.Close("the test ended"); err != nil {
			t.Error(err)
		}
	})
	return w
}

func TestWhatDestroysOnSeveralNodesIsRefused(t *testing.T) {
	world := walktest.New(t)
	w := startBook(t, world, variant(t, "on=node(inputs.member) risk=destroy", "on=patroni.replicas risk=destroy"))
	world.Set(func(s *probes.State) {
		s.Patroni.Replicas = []probes.Member{s.Patroni.Members[0], s.Patroni.Members[2]}
	})
	at(t, w, 2)
	v := next(t, w, NextGate)
	if v.Next.Plan == nil || v.Next.Plan.Refused == "" || v.Next.CanOverride {
		t.Fatalf("next %+v", v.Next)
	}
	if _, err := w.Approve(v.Next.Plan, ByName, "n1"); err == nil {
		t.Error("it was confirmed")
	}
}

func TestATargetThatIsNobodyOrUnseenBlocks(t *testing.T) {
	world := walktest.New(t)
	w := startBook(t, world, variant(t, "on=node(inputs.member) risk=read", "on=patroni.replicas risk=read"))
	if v := next(t, w, NextGate); v.Next.PlanError == "" {
		t.Error("nobody is a target")
	}
	world.Set(func(s *probes.State) { s.Patroni.Replicas = []probes.Member{} })
	if v := next(t, w, NextGate); !strings.Contains(v.Next.PlanError, "nobody") {
		t.Errorf("plan error %q", v.Next.PlanError)
	}
}

func TestACanaryGoesFirstAndTheRestIsConfirmedAnew(t *testing.T) {
	world := walktest.New(t)
	w := startBook(t, world, variant(t, "on=node(inputs.member) risk=change", "on=all order=canary risk=change"))
	at(t, w, 1)
	if p := next(t, w, NextConfirm).Next.Plan; len(p.Targets) != 1 || p.Targets[0] != "n1" {
		t.Fatalf("the canary is %v", p.Targets)
	}
	run(t, w)
	if p := next(t, w, NextConfirm).Next.Plan; len(p.Targets) != 2 {
		t.Fatalf("the rest is %v", p.Targets)
	}
	run(t, w)
	next(t, w, NextProve)
	if len(world.Sent) != 3 {
		t.Errorf("sent %d times", len(world.Sent))
	}
}

func TestARetryRunsOnlyWhereItWasNotOK(t *testing.T) {
	world := walktest.New(t)
	w := startBook(t, world, variant(t, "on=node(inputs.member) risk=change", "on=all order=parallel risk=change"))
	at(t, w, 1)
	world.FailAt = "n2"
	run(t, w)
	next(t, w, NextChoose)
	if err := w.Retry(1); err != nil {
		t.Fatal(err)
	}
	if p := next(t, w, NextConfirm).Next.Plan; len(p.Targets) != 1 || p.Targets[0] != "n2" {
		t.Errorf("the retry goes to %v", p.Targets)
	}
}

func TestAProofThatHeldBeforeIsCalledOut(t *testing.T) {
	world := walktest.New(t)
	world.Set(streaming)
	w, _ := start(t, world, false)
	at(t, w, 1)
	if p := next(t, w, NextConfirm).Next.Plan; !p.HeldBefore {
		t.Error("the proof holds already, and nothing says so")
	}
	run(t, w)
	if a, err := w.Prove(t.Context(), 1, nil); err != nil || a != gate.Pass {
		t.Fatal(a, err)
	}
	records, err := audit.Read(w.Trail())
	if err != nil {
		t.Fatal(err)
	}
	p, err := audit.As[audit.Proof](records[len(records)-1])
	if err != nil || !p.HeldBefore {
		t.Errorf("the trail says %+v %v", p, err)
	}
}

func TestAStepWhoseWhenIsFalseIsNotNeeded(t *testing.T) {
	world := walktest.New(t)
	w := startBook(t, world, variant(t, "## Throw the old copy away\n", "## Throw the old copy away\n\n```when\n!etcd.quorum\n```\n"))
	at(t, w, 2)
	next(t, w, NextProve)
	if _, err := w.Prove(t.Context(), 2, nil); err != nil {
		t.Fatal(err)
	}
	if v := next(t, w, NextFinish); v.Steps[2].Status != NotNeeded {
		t.Errorf("step is %s", v.Steps[2].Status)
	}
}

func TestPrintNeedsNoCluster(t *testing.T) {
	var b strings.Builder
	if err := Print(&b, parse(t, walktest.Book), &runbooks.Library{}, nil, map[string]string{"member": "n'1"}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`export MEMBER='n'\''1'`, "CHANGE, sh, on node(inputs.member)", "[ ] etcd.quorum", "To undo:"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("%q is not printed:\n%s", want, b.String())
		}
	}
}

func TestPrintWritesRedisBlocksForRedisCLI(t *testing.T) {
	var b strings.Builder
	book := variant(t, "```sh on=node(inputs.member) risk=change timeout=5s\nsystemctl start patroni\n```",
		"```redis on=node(inputs.member) risk=change service=sentinel timeout=5s\n# all of it\nSENTINEL SET $SENTINEL_MASTER \"a $MEMBER\" x*\nSENTINEL FLUSHCONFIG\n```")
	cluster := walktest.Cluster()
	cluster.Sentinel = &inventory.Sentinel{Service: inventory.Service{Port: 26379}, Master: "mymaster"}
	if err := Print(&b, book, nil, cluster, map[string]string{"member": "n1"}); err != nil {
		t.Fatal(err)
	}
	want := "CHANGE, redis, on node(inputs.member), at most 5s:\n\n" +
		"    export MEMBER='n1'\n    export SENTINEL_MASTER='mymaster'\n    export SENTINEL_PORT='26379'\n" +
		"    export REDISCLI_AUTH=   # the password of services.sentinel in the cluster file, if it has one\n" +
		"    redis-cli -p \"$SENTINEL_PORT\" SENTINEL SET \"$SENTINEL_MASTER\" 'a '\"${MEMBER}\" 'x*'\n" +
		"    redis-cli -p \"$SENTINEL_PORT\" SENTINEL FLUSHCONFIG\n"
	if !strings.Contains(b.String(), want) {
		t.Errorf("printed\n%s\nwithout\n%s", b.String(), want)
	}
}

// A printed playbook is the command line that would be typed, dry run first; a printed book inside has its title and what it is
// given, as far as it is known.
func TestPrintPlaybooksAndBooksInside(t *testing.T) {
	const book = `---
format: 1
id: printed
title: Printed
kind: maintenance
severity: 0
systems: [patroni]
inputs: {member: {ask: Which?}, other: {ask: Which other?}}
---

# Printed

## Play

` + "```ansible risk=change timeout=15m\nplaybook: site.yml\ntags: [common, etcd]\nlimit: node(inputs.member)\nvars: {etcd_heartbeat: 100}\n```" + `

` + "```ask\nkeep: {question: Keep it?, choices: [keep, drop]}\n```" + `

` + "```check within=1m\netcd.quorum\n```" + `

## Play without a dry run

` + "```ansible risk=change check=no\nplaybook: site.yml\nlimit: node(inputs.other)\n```" + `

` + "```check within=1m\netcd.quorum\n```" + `

## Go inside

` + "```book\nbook: inner-book\ninputs: {member: 'inputs.member', other: 'inputs.other', leader: 'patroni.leader.name', why: because}\n```" + `
`
	library := &runbooks.Library{Books: []*runbooks.Runbook{{ID: "inner-book", Title: "What is inside"}}}
	cluster := walktest.Cluster()
	for _, c := range []*inventory.Cluster{nil, cluster} {
		var b strings.Builder
		if err := Print(&b, parse(t, book), library, c, map[string]string{"member": "n1"}); err != nil {
			t.Fatal(err)
		}
		values := "recon_member: !unsafe \"n1\", recon_other: !unsafe \"‹other›\""
		for _, want := range []string{
			"READ, ansible dry run, which changes nothing and shows what would change, on node(inputs.member), at most 15m0s:\n",
			"    ansible-playbook --inventory inventory.json --limit n1 --tags common,etcd --check --diff --extra-vars '{etcd_heartbeat: 100, " + values + "}' playbooks/site.yml\n\n" +
				"CHANGE, ansible, on node(inputs.member), at most 15m0s:\n\n" +
				"    ansible-playbook --inventory inventory.json --limit n1 --tags common,etcd --extra-vars '{etcd_heartbeat: 100, " + values + "}' playbooks/site.yml\n\n",
			"    ansible-playbook --inventory inventory.json --limit '‹node(inputs.other)›' --extra-vars '{" + values + ", recon_keep: !unsafe \"‹keep›\"}' playbooks/site.yml\n\n",
			"Walk the book inner-book: What is inside\n  with member = n1\n  with other = inputs.other\n  with leader = patroni.leader.name\n  with why = because\n\n" +
				"    recon walk inner-book --print --input member='n1' --input why='because'\n",
		} {
			if !strings.Contains(b.String(), want) {
				t.Errorf("%q is not printed:\n%s", want, b.String())
			}
		}
		if n := strings.Count(b.String(), "--check"); n != 1 {
			t.Errorf("%d dry runs are printed", n)
		}
		if n := strings.Count(b.String(), "# inventory.json"); n != 1 {
			t.Errorf("it is said %d times where the inventory comes from", n)
		}
	}
	// With the cluster file's own playbooks, variables and vault it is their command line.
	cluster.Deployment = &inventory.Deployment{Playbooks: "/srv/plays", Vars: []string{"/srv/vars.yml"}}
	var b strings.Builder
	if err := Print(&b, parse(t, book), library, cluster, nil); err != nil || !strings.Contains(b.String(), "--extra-vars @/srv/vars.yml") || !strings.Contains(b.String(), " /srv/plays/site.yml\n") {
		t.Errorf("%v:\n%s", err, b.String())
	}
}

func TestAReadThatUsesACaptureWaitsForIt(t *testing.T) {
	world := walktest.New(t)
	world.Output = "it's 7\n"
	w := startBook(t, world, variant(t, "timeout=5s\necho \"$MEMBER\"\n```\n",
		"timeout=5s capture=found\necho \"$MEMBER\"\n```\n\n```sh on=node(inputs.member) risk=read timeout=5s\necho \"$FOUND\"\n```\n"))
	if p := next(t, w, NextConfirm).Next.Plan; len(p.Items) != 1 {
		t.Fatalf("%d commands in the first confirmation", len(p.Items))
	}
	run(t, w)
	p := next(t, w, NextConfirm).Next.Plan
	if want := `FOUND='it'\''s 7'`; p.Items[0].Assignments[0] != want {
		t.Errorf("assignment %q, want %q", p.Items[0].Assignments[0], want)
	}
}

func TestARollbackIsNotHeldUpByTheStepsOwnChecks(t *testing.T) {
	world := walktest.New(t)
	w, _ := start(t, world, false)
	at(t, w, 1)
	world.FailAt = "n1"
	run(t, w)
	no := false
	world.Set(func(s *probes.State) { s.Etcd.Quorum = &no })
	world.FailAt = ""
	p, err := w.RollBack(1)
	if err != nil {
		t.Fatal(err)
	}
	a, err := w.Approve(p, ByYes, "")
	if err != nil {
		t.Fatal(err)
	}
	if rep, err := w.Execute(t.Context(), a, discard); err != nil || len(rep.Changed) > 0 {
		t.Errorf("%+v %v", rep, err)
	}
}
