package walk

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"recon/actions"
	"recon/internal/audit"
	"recon/internal/remote"
	"recon/internal/walk/walktest"
	"recon/runbooks"
)

const playBlock = "```ansible risk=change timeout=5m\nplaybook: site.yml\ntags: [etcd]\nlimit: node(inputs.member)\nvars: {many: 3}\n```"

// playBook is the test's book with a playbook in the place of the change.
func playBook(t *testing.T, block string) *runbooks.Runbook {
	t.Helper()
	return variant(t, "```sh on=node(inputs.member) risk=change timeout=5s\nsystemctl start patroni\n```", block)
}

// look is the walk in front of the playbook, with what every plan was.
func look(t *testing.T, block string) (*Walk, *walktest.World, *[]actions.Command) {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "ansible-playbook"), []byte("#!/bin/sh\nexit 1\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir)
	world := walktest.New(t)
	sent := &[]actions.Command{}
	world.OnRun = func(p *actions.Plan) { *sent = append(*sent, p.Command) }
	w := startBook(t, world, playBook(t, block))
	run(t, w)
	*sent = nil
	return w, world, sent
}

// TestAPlaybookIsRunTwice: first dry, confirmed as a read, then for real, confirmed as a change.
func TestAPlaybookIsRunTwice(t *testing.T) {
	w, world, sent := look(t, playBlock)
	if p := next(t, w, NextConfirm).Next.Plan; p.Confirm != ByEnter || p.Risk != runbooks.Read || p.Targets[0] != "n1" {
		t.Errorf("the dry run: %+v", p)
	}
	run(t, w)
	if p := next(t, w, NextConfirm).Next.Plan; p.Confirm != ByYes || p.Risk != runbooks.Change {
		t.Errorf("the run: %+v", p)
	}
	world.Set(streaming)
	run(t, w)
	if len(*sent) != 2 || !(*sent)[0].Play.DryRun || (*sent)[1].Play.DryRun {
		t.Fatalf("sent %+v", *sent)
	}
	c := (*sent)[1]
	if c.Kind != actions.Ansible || !c.Play.Limited || c.Play.Playbook != "site.yml" || len(c.Values) != 1 || c.Values[0] != (actions.Value{Name: "recon_member", Value: "n1"}) {
		t.Errorf("sent %+v, %+v", c, c.Play)
	}
	next(t, w, NextProve)
}

func TestAPlaybookWithoutACheckIsRunOnce(t *testing.T) {
	w, _, sent := look(t, strings.Replace(playBlock, "timeout=5m", "timeout=5m check=no", 1))
	run(t, w)
	if len(*sent) != 1 || (*sent)[0].Play.DryRun {
		t.Errorf("sent %+v", *sent)
	}
}

// TestAFailedDryRunIsPassedOver: with a reason that the trail keeps beside what failed; the run itself is confirmed as ever,
// and a console that ended in between knows it.
func TestAFailedDryRunIsPassedOver(t *testing.T) {
	w, world, sent := look(t, playBlock)
	world.Outcome = remote.Failed
	run(t, w)
	v := next(t, w, NextChoose)
	if !v.Next.CanOverride {
		t.Fatal("a dry run that failed cannot be passed over")
	}
	if err := w.Override(1, " "); err == nil {
		t.Error("it is passed over without a reason")
	}
	if err := w.Override(1, "etcd is not installed yet"); err != nil {
		t.Fatal(err)
	}
	world.Outcome = remote.OK
	if p := next(t, w, NextConfirm).Next.Plan; p.Confirm != ByYes {
		t.Errorf("then %+v", p)
	}
	records, err := audit.Read(w.Trail())
	if err != nil {
		t.Fatal(err)
	}
	last, err := audit.As[audit.Override](records[len(records)-1])
	if err != nil || last.Block != 1 || len(last.Lines) != 1 || !strings.Contains(last.Lines[0].Text, "dry run on n1") {
		t.Errorf("the trail has %+v, %v", last, err)
	}
	fold := newFold(w.book)
	for _, r := range records {
		if err := fold.apply(r); err != nil {
			t.Fatal(err)
		}
	}
	again := w
	again.fold = fold
	if p := next(t, again, NextConfirm).Next.Plan; p.Confirm != ByYes {
		t.Errorf("after a resume %+v", p)
	}
	if v := again.View(world.State()); v.Steps[1].Overridden != "" {
		t.Error("the gates are passed over too")
	}
	run(t, again)
	if c := (*sent)[len(*sent)-1]; c.Play.DryRun {
		t.Error("the dry run ran again")
	}
}

// TestAPlaybookThatFailedIsRunAsAWhole: on all its hosts, also those that were done.
func TestAPlaybookThatFailedIsRunAsAWhole(t *testing.T) {
	w, world, sent := look(t, strings.NewReplacer("limit: node(inputs.member)", "limit: '[node(\"n1\"), node(\"n3\")]'", "timeout=5m", "timeout=5m check=no").Replace(playBlock))
	world.FailAt = "n3"
	run(t, w)
	v := next(t, w, NextChoose)
	if v.Next.CanOverride || !strings.HasPrefix(v.Steps[1].Reason, "n3: ") {
		t.Errorf("it failed: %+v", v.Steps[1].Reason)
	}
	if err := w.Override(1, "because"); err == nil {
		t.Error("a change that failed is passed over")
	}
	world.FailAt = ""
	if err := w.Retry(1); err != nil {
		t.Fatal(err)
	}
	run(t, w)
	if got := (*sent)[len(*sent)-1].Targets; len(got) != 2 {
		t.Errorf("the second run is on %v", got)
	}
}

// TestAPlaybookOnAnUnknownHost: a host that the cluster does not have stops the step before anything is confirmed, and is named.
func TestAPlaybookOnAnUnknownHost(t *testing.T) {
	w, _, sent := look(t, strings.Replace(playBlock, "limit: node(inputs.member)", `limit: node("n9")`, 1))
	v := next(t, w, NextGate)
	if !strings.Contains(v.Next.PlanError, "n9") {
		t.Errorf("it says %q", v.Next.PlanError)
	}
	if len(*sent) != 0 {
		t.Errorf("sent %+v", *sent)
	}
}
