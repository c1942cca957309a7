package plain

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"recon/internal/audit"
	"recon/internal/walk"
	"recon/internal/walk/walktest"
	"recon/probes"
	"recon/runbooks"
)

const outerBook = `---
format: 1
id: outer-book
title: Outside
kind: maintenance
severity: 0
systems: [patroni]
inputs: {member: {ask: Which?}}
---

# Outside

## Go inside

` + "```book\nbook: inner-book\ninputs: {member: 'inputs.member'}\n```" + `

## Afterwards

Look at what came of it.
`

const innerBook = `---
format: 1
id: inner-book
title: Inside
kind: maintenance
severity: 0
systems: [patroni]
inputs: {member: {ask: Which?}}
---

# Inside

## The first thing

Do it.

## The second thing

Do it too.
`

// twoBooks is where a book that walks another one is walked.
func twoBooks(t *testing.T) walk.Config {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{"outer-book.md": outerBook, "inner-book.md": innerBook} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	lib, err := runbooks.Load(probes.Scope(nil), dir)
	if err != nil {
		t.Fatal(err)
	}
	world := walktest.New(t)
	return walk.Config{
		Cluster: walktest.Cluster(), Library: lib, Scope: probes.Scope(nil), Eyes: world, Hands: world,
		Operator: "anna", Host: "bastion", Trails: filepath.Join(t.TempDir(), "trails"),
	}
}

// outside walks the outer book with a script, from its beginning or from where its trail ends.
func outside(t *testing.T, cfg walk.Config, trail string, script ...string) (string, *walk.Walk, error) {
	t.Helper()
	var w *walk.Walk
	var err error
	if trail == "" {
		book, _ := cfg.Library.Book("outer-book")
		w, err = walk.Start(cfg, book, map[string]string{"member": "n1"}, false)
	} else {
		w, err = walk.Resume(cfg, trail)
	}
	if err != nil {
		t.Fatal(err)
	}
	var out paper
	p := &person{t: t, script: script, out: &out}
	c := Console{Out: &out, Ask: p.Ask, Eyes: cfg.Eyes}
	err = c.Run(t.Context(), w)
	if cerr := w.Close("the test ended"); cerr != nil {
		t.Error(cerr)
	}
	if p.n < len(script) {
		t.Errorf("nobody asked for %q:\n%s", script[p.n:], out.String())
	}
	return out.String(), w, err
}

// inOrder fails unless the words come one after the other.
func inOrder(t *testing.T, text string, words ...string) {
	t.Helper()
	rest := text
	for _, w := range words {
		_, after, ok := strings.Cut(rest, w)
		if !ok {
			t.Fatalf("%q does not follow:\n%s", w, text)
		}
		rest = after
	}
}

func statuses(t *testing.T, cfg walk.Config) map[string]audit.Status {
	t.Helper()
	all, err := audit.List(cfg.Trails)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]audit.Status{}
	for _, s := range all {
		if _, twice := out[s.Book]; twice {
			t.Errorf("%s was begun twice", s.Book)
		}
		out[s.Book] = s.Status
	}
	return out
}

// The book of a step is walked with a trail of its own, with the way there above it, and then the one around it goes on.
func TestABookInside(t *testing.T) {
	cfg := twoBooks(t)
	out, w, err := outside(t, cfg, "", "walk it => y", "walk it => ", "done by hand => one", "done by hand => two", "done by hand => it is well")
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	inOrder(t, out,
		"step 1 of 2: Go inside", "next: walk the book inner-book (member = n1)", "only Enter walks it",
		"Outside › Inside", "book inner-book", "input member = n1", "step 1 of 2: The first thing", "step 2 of 2: The second thing", "The walk is completed",
		"back in Outside", "step 2 of 2: Afterwards", "The walk is completed",
	)
	if got := statuses(t, cfg); len(got) != 2 || got["outer-book"] != audit.Completed || got["inner-book"] != audit.Completed {
		t.Errorf("the trails are %v", got)
	}
	if r := audit.Verify(w.Trail()); !r.Intact() {
		t.Error(r)
	}
}

// Who leaves inside leaves both, and finds both where they were.
func TestLeavingInsideAndGoingOn(t *testing.T) {
	cfg := twoBooks(t)
	out, w, err := outside(t, cfg, "", "walk it => ", "done by hand => one", "done by hand => q")
	if !Left(err) {
		t.Fatalf("%v\n%s", err, out)
	}
	if got := statuses(t, cfg); got["outer-book"] != audit.Interrupted || got["inner-book"] != audit.Interrupted {
		t.Fatalf("the trails are %v", got)
	}
	out, _, err = outside(t, cfg, w.Trail(), "walk it => ", "done by hand => two", "done by hand => it is well")
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	inOrder(t, out, "go on with the book inner-book, where it was left", "Outside › Inside", "step 2 of 2: The second thing", "back in Outside", "step 2 of 2: Afterwards", "The walk is completed")
	if strings.Contains(out, "The first thing") {
		t.Errorf("it did not go on where it was left:\n%s", out)
	}
	if got := statuses(t, cfg); got["outer-book"] != audit.Completed || got["inner-book"] != audit.Completed {
		t.Errorf("the trails are %v", got)
	}
}

// A book inside that was abandoned leaves its step undone, and says why; the step can be left out before it is begun.
func TestABookInsideThatEndsOtherwise(t *testing.T) {
	cfg := twoBooks(t)
	out, _, err := outside(t, cfg, "", "walk it => ", "done by hand => abandon the disk is full", "retry  skip => retry", "walk it => skip it was done before", "done by hand => q")
	if !errors.Is(err, ErrLeft) {
		t.Fatalf("%v\n%s", err, out)
	}
	inOrder(t, out, "Outside › Inside", "The walk is abandoned", "back in Outside", "FAILED: inner-book: the book was abandoned: the disk is full", "next: walk the book inner-book", "step 2 of 2: Afterwards")
}

// back leads to the book around, which leads in again where it was left; outside of any other book it is no word.
func TestBackToTheBookAround(t *testing.T) {
	cfg := twoBooks(t)
	out, _, err := outside(t, cfg, "", "walk it => back", "walk it => ", "done by hand => one", "done by hand => h", "done by hand => back",
		"walk it => ", "done by hand => two", "done by hand => it is well")
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	inOrder(t, out, "nothing was begun", "Outside › Inside", "back to the book around, q to leave (all of them stay open)", "everywhere: ", "back to the book around, q to leave",
		"back in Outside", "go on with the book inner-book, where it was left", "step 2 of 2: The second thing", "back in Outside", "The walk is completed")
	if got := statuses(t, cfg); got["outer-book"] != audit.Completed || got["inner-book"] != audit.Completed {
		t.Errorf("the trails are %v", got)
	}
}
