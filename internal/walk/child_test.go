package walk

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"recon/internal/audit"
	"recon/internal/walk/walktest"
	"recon/probes"
	"recon/runbooks"
)

const innerBook = `---
format: 1
id: inner-book
title: Inside
kind: maintenance
severity: 0
systems: [patroni]
inputs: {member: {ask: Which?}, why: {ask: Why?}}
---

# Inside

## By hand

Do it.
`

// nested is a walk of a book whose second step walks another one, in front of that step.
func nested(t *testing.T) *Walk {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "inner-book.md"), []byte(innerBook), 0o600); err != nil {
		t.Fatal(err)
	}
	library, err := runbooks.Load(probes.Scope(nil), dir)
	if err != nil {
		t.Fatal(err)
	}
	world := walktest.New(t)
	cfg := config(t, world)
	cfg.Library = &runbooks.Library{Books: library.Books}
	book := variant(t, "```check\netcd.quorum                                  # the lock can be trusted\n```\n\n```sh on=node(inputs.member) risk=change timeout=5s\nsystemctl start patroni\n```\n\n```check within=10s\nmember(inputs.member).state == \"streaming\"   # it follows\n```\n\n```sh rollback on=node(inputs.member) risk=change timeout=5s\nsystemctl stop patroni\n```",
		"```book\nbook: inner-book\ninputs: {member: 'inputs.member', why: because}\n```")
	w, err := Start(cfg, book, map[string]string{"member": "n1"}, false)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.Close("the test ended"); err != nil {
			t.Error(err)
		}
	})
	run(t, w)
	return w
}

func enter(t *testing.T, w *Walk) *Walk {
	t.Helper()
	next(t, w, NextBook)
	one, err := w.Enter(1)
	if err != nil || one == nil {
		t.Fatalf("the book inside: %v, %v", one, err)
	}
	return one
}

func leave(t *testing.T, w, inside *Walk) {
	t.Helper()
	if err := inside.Close("the operator went back"); err != nil {
		t.Fatal(err)
	}
	if err := w.Return(1); err != nil {
		t.Fatal(err)
	}
}

// TestABookInside: it gets its inputs, each trail names the other, leaving and coming back goes on where it was, and the step is
// done when it is completed.
func TestABookInside(t *testing.T) {
	w := nested(t)
	inside := enter(t, w)
	v := inside.View(w.cfg.Eyes.State())
	if v.Book.ID != "inner-book" || v.Inputs["member"] != "n1" || v.Inputs["why"] != "because" {
		t.Errorf("inside is %s with %v", v.Book.ID, v.Inputs)
	}
	first, err := audit.Read(inside.Trail())
	if err != nil {
		t.Fatal(err)
	}
	start, err := audit.As[audit.Start](first[0])
	if err != nil || start.Parent == nil || filepath.Join(w.cfg.Trails, start.Parent.Path) != w.Trail() {
		t.Errorf("the child's parent is %+v, %v", start.Parent, err)
	}
	leave(t, w, inside)
	if n := next(t, w, NextBook).Next; filepath.Join(w.cfg.Trails, n.Child.Trail) != inside.Trail() {
		t.Errorf("the parent's child is %+v", n.Child)
	}
	again := enter(t, w)
	if again.Trail() != inside.Trail() {
		t.Error("another walk was begun")
	}
	if err := again.Attest(0, "it is done"); err != nil {
		t.Fatal(err)
	}
	if err := again.Finish(again.View(w.cfg.Eyes.State()).Next.Leftovers); err != nil {
		t.Fatal(err)
	}
	leave(t, w, again)
	if v := w.View(w.cfg.Eyes.State()); v.Steps[1].Status != Done || v.Current != 2 {
		t.Errorf("the step is %s, the walk at %d", v.Steps[1].Status, v.Current)
	}
}

// TestABookInsideThatWasAbandoned: the step is not done and says why, and a retry begins a new walk.
func TestABookInsideThatWasAbandoned(t *testing.T) {
	w := nested(t)
	inside := enter(t, w)
	if err := inside.Abandon("the disk is full"); err != nil {
		t.Fatal(err)
	}
	leave(t, w, inside)
	v := next(t, w, NextChoose)
	if want := "inner-book: the book was abandoned: the disk is full"; v.Steps[1].Reason != want {
		t.Errorf("the reason is %q, want %q", v.Steps[1].Reason, want)
	}
	if err := w.Retry(1); err != nil {
		t.Fatal(err)
	}
	again := enter(t, w)
	if again.Trail() == inside.Trail() {
		t.Error("the walk that was abandoned goes on")
	}
	// A child that ended while its parent was not there is taken note of at the next look.
	if err := again.Escalate("somebody else"); err != nil {
		t.Fatal(err)
	}
	if err := again.Close("left"); err != nil {
		t.Fatal(err)
	}
	if one, err := w.Enter(1); one != nil || err != nil {
		t.Errorf("entered %v, %v", one, err)
	}
	if v := next(t, w, NextChoose); !strings.Contains(v.Steps[1].Reason, "escalated: somebody else") {
		t.Errorf("the reason is %q", v.Steps[1].Reason)
	}
}

// TestABookInsideThatNobodyNamed: the console dies after the child's first record and before the parent's. The child goes on, and
// not for other inputs.
func TestABookInsideThatNobodyNamed(t *testing.T) {
	w := nested(t)
	book, _ := w.cfg.Library.Book("inner-book")
	parent, err := w.ref(w.trail.Ref())
	if err != nil {
		t.Fatal(err)
	}
	left := func(member string) string {
		one, err := begin(w.cfg, book, map[string]string{"member": member, "why": "because"}, false, &parent)
		if err != nil {
			t.Fatal(err)
		}
		if err := one.Close("the console died"); err != nil {
			t.Fatal(err)
		}
		return one.Trail()
	}
	left("n2")
	orphan := left("n1")
	inside := enter(t, w)
	if inside.Trail() != orphan {
		t.Errorf("entered %s, and %s was left", inside.Trail(), orphan)
	}
	if err := inside.Abandon("it was another time"); err != nil {
		t.Fatal(err)
	}
	leave(t, w, inside)
	if err := w.Retry(1); err != nil {
		t.Fatal(err)
	}
	again := enter(t, w)
	if again.Trail() == orphan {
		t.Error("a walk that ended is entered again")
	}
	leave(t, w, again)
}
