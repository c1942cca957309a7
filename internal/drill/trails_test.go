package drill

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"recon/internal/audit"
)

// trail writes a walk with these records after its start.
func trail(t *testing.T, dir, book string, inputs map[string]string, records ...any) {
	t.Helper()
	tr, err := audit.Create(dir, audit.Start{
		Operator: "anna", Host: "bastion", Cluster: "training", Environment: "training", Inputs: inputs,
		Book: audit.Book{ID: book, Title: book, Steps: []string{"Look", "Start it"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range records {
		var kind audit.Kind
		switch r.(type) {
		case audit.Intent:
			kind = audit.KindIntent
		case audit.Skip:
			kind = audit.KindSkip
		case audit.Override:
			kind = audit.KindOverride
		case audit.Proof:
			kind = audit.KindProof
		case audit.Attest:
			kind = audit.KindAttest
		case audit.NotNeeded:
			kind = audit.KindNotNeeded
		case audit.End:
			kind = audit.KindEnd
		default:
			t.Fatalf("%T", r)
		}
		if _, err := tr.Append(kind, r); err != nil {
			t.Fatal(err)
		}
	}
	if err := tr.Close(); err != nil {
		t.Fatal(err)
	}
}

func intent(step int, risk, host string) audit.Intent {
	return audit.Intent{Step: step, Risk: risk, Kind: "sh", Targets: []audit.Target{{Name: host}}}
}

func TestWhatTheTrailsSay(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "trails")
	trail(t, dir, "old", nil, intent(1, "destroy", "n1"), audit.Skip{Step: 1, Reason: "before the drill"})
	from := time.Now()
	trail(t, dir, "another", nil, intent(1, "read", "n1"), intent(2, "change", "n2"))
	trail(t, dir, "right", map[string]string{"member": "n2"}, intent(2, "destroy", "n2"))
	trail(t, dir, "right", map[string]string{"member": "n1"},
		audit.NotNeeded{Step: 1, Reason: "its when is false"}, audit.Override{Step: 2, Reason: "I know better"}, intent(2, "change", "n1"), audit.Proof{Step: 2, Answer: audit.Pass},
		audit.End{Status: audit.Completed})
	trail(t, dir, "helper", nil, intent(1, "change", "n3"), audit.Skip{Step: 2, Reason: "no need"})
	to := time.Now()
	trail(t, dir, "another", nil, intent(2, "change", "n2"))
	j := judge{book: "right", right: []string{"right", "helper"}, expected: map[string]string{"member": "n1"}}
	d, err := j.read(dir, "training", from, to)
	if err != nil {
		t.Fatal(err)
	}
	if d.skips != 1 || d.overrides != 1 || d.wrong != 2 {
		t.Errorf("%d skips, %d overrides, %d wrong", d.skips, d.overrides, d.wrong)
	}
	if d.first.Before(from) || d.first.After(to) {
		t.Errorf("diagnosed at %s", d.first)
	}
	if d.steps[1].How != "not needed" || d.steps[2].How != "done" {
		t.Errorf("the steps: %+v", d.steps)
	}
	text := ""
	for i, e := range d.events {
		text += e.Text + "\n"
		if i > 0 && e.At < d.events[i-1].At {
			t.Errorf("%+v stands too late", e)
		}
	}
	for _, want := range []string{
		`ran "Start it" on n2: not the book that solves it`, `ran "Start it" on n2: the member is n1`, "began to walk right member=n1",
		`ran "Start it" on n1` + "\n", `went past the checks of "Start it": I know better`, "completed right", `skipped "Start it": no need`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing in\n%s", want, text)
		}
	}
	if strings.Contains(text, "before the drill") || strings.Contains(text, `"Look" on n1: not`) {
		t.Errorf("too much:\n%s", text)
	}
	if other, err := j.read(dir, "netbox-prod", from, to); err != nil || len(other.events) != 0 {
		t.Errorf("another cluster: %+v, %v", other, err)
	}
}
