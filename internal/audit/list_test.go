package audit

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func TestList(t *testing.T) {
	if all, err := List(filepath.Join(t.TempDir(), "none")); len(all) != 0 || err != nil {
		t.Errorf("no folder: %v, %v", all, err)
	}
	dir, ended := walked(t, true)
	held, err := Create(dir, sampleStart())
	must(t, err)
	defer held.Close()
	lab := sampleStart()
	lab.Cluster, lab.Environment, lab.DryRun = "lab", "training", true
	left, err := Create(dir, lab)
	must(t, err)
	_, err = left.Append(KindIntent, sampleIntent())
	must(t, err)
	must(t, left.Close())
	broken := filepath.Join(dir, "lab", "20000101T000000Z-b-00000000.jsonl")
	must(t, os.WriteFile(broken, []byte("what\nis\nthis\n"), 0o600))
	must(t, os.WriteFile(filepath.Join(dir, "lab", "20000101T000000Z-b.txt"), nil, 0o600))

	all, err := List(dir)
	must(t, err)
	if len(all) != 4 || all[3].Path != broken {
		t.Fatalf("the list is %+v", all)
	}
	by := map[string]Summary{}
	for _, s := range all {
		by[s.Path] = s
	}
	if s := by[ended]; s.Status != Completed || s.Ended.IsZero() || s.Records != 5 || s.Error != "" || len(s.Open) != 0 ||
		s.Book != "a-book" || s.Title != "A book" || s.Operator != "anna" || s.Head != Verify(ended).Head {
		t.Errorf("ended: %+v", s)
	}
	if s := by[held.Path()]; s.Status != Open || !s.Ended.IsZero() || s.Records != 1 {
		t.Errorf("held: %+v", s)
	}
	if s := by[left.Path()]; s.Status != Interrupted || s.Cluster != "lab" || !s.DryRun || !slices.Equal(s.Open, []uint64{2}) {
		t.Errorf("left: %+v", s)
	}
	if s := by[broken]; s.Error == "" || s.Records != 0 {
		t.Errorf("broken: %+v", s)
	}
}

func TestUnsettled(t *testing.T) {
	two := Intent{Targets: []Target{{Name: "a"}, {Name: "b"}}}
	at := func(target string, o Outcome) Result {
		return Result{Intent: 2, Targets: []TargetResult{{Target: target, Outcome: o}}}
	}
	judge := func(target, verdict string) Reconcile { return Reconcile{Intent: 2, Target: target, Verdict: verdict} }
	for name, c := range map[string]struct {
		after         []any
		open, unknown bool
	}{
		"no result":           {nil, true, false},
		"one of two":          {[]any{at("a", OK)}, true, false},
		"both":                {[]any{at("a", OK), at("b", Failed)}, false, false},
		"unknown":             {[]any{at("a", OK), at("b", OutcomeUnknown)}, false, true},
		"unknown and missing": {[]any{at("b", OutcomeUnknown)}, true, true},
		"later known":         {[]any{at("a", OK), at("b", OutcomeUnknown), at("b", OK)}, false, false},
		"reconciled":          {[]any{at("b", OutcomeUnknown), judge("", Done)}, false, false},
		"one reconciled":      {[]any{at("b", OutcomeUnknown), judge("b", NotDone)}, true, false},
		"still unknown":       {[]any{at("a", OK), at("b", OutcomeUnknown), judge("", StillUnknown)}, false, true},
		"of another intent":   {[]any{Result{Intent: 9, Targets: []TargetResult{{Target: "a"}, {Target: "b"}}}}, true, false},
	} {
		_, tr := newTrail(t)
		_, err := tr.Append(KindIntent, two)
		must(t, err)
		for _, data := range c.after {
			kind := KindResult
			if _, ok := data.(Reconcile); ok {
				kind = KindReconcile
			}
			_, err := tr.Append(kind, data)
			must(t, err)
		}
		records, err := Read(tr.Path())
		must(t, err)
		s := Summarize(records)
		if slices.Equal(s.Open, []uint64{2}) != c.open || slices.Equal(s.Unknown, []uint64{2}) != c.unknown {
			t.Errorf("%s: open %v, unknown %v", name, s.Open, s.Unknown)
		}
	}
}
