package ui

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"recon/internal/audit"
	"recon/internal/inventory"
	"recon/internal/walk"
	"recon/internal/walk/walktest"
	"recon/probes"
	"recon/probes/probestest"
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

// onDisk are walks with trails on a disk, as the command line gives them to the console.
type onDisk struct{ cfg walk.Config }

// real is a walk as the screens want it.
type real struct{ *walk.Walk }

func (r real) Close() error { return r.Walk.Close("the console was left") }

func (r real) Enter(step int) (Walk, error) {
	inside, err := r.Walk.Enter(step)
	if inside == nil {
		return nil, err
	}
	return real{inside}, err
}

func (d onDisk) Start(_ context.Context, b *runbooks.Runbook, inputs map[string]string, dry bool) (Walk, error) {
	w, err := walk.Start(d.cfg, b, inputs, dry)
	if err != nil {
		return nil, err
	}
	return real{w}, nil
}

func (d onDisk) Resume(_ context.Context, path string) (Walk, error) {
	w, err := walk.Resume(d.cfg, path)
	if err != nil {
		return nil, err
	}
	return real{w}, nil
}

func (d onDisk) Open() ([]audit.Summary, error) { return audit.List(d.cfg.Trails) }

// twoBooks is a folder of trails and a library with a book that walks another one.
func twoBooks(t *testing.T) onDisk {
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
	cluster := walktest.Cluster()
	cluster.Environment = inventory.Production
	return onDisk{walk.Config{
		Cluster: cluster, Library: ownOf(lib), Scope: probes.Scope(nil), Eyes: world, Hands: world,
		Operator: "anna", Host: "bastion", Trails: filepath.Join(t.TempDir(), "trails"),
	}}
}

// outside opens a console on the walk of the outer book: a new one, or the newest of its trails.
func outside(t *testing.T, size [2]int, walks onDisk, do func(d *desk)) {
	t.Helper()
	var w Walk
	var err error
	if trail := trailOf(t, walks, "outer-book"); trail.Path == "" {
		book, _ := walks.cfg.Library.Book("outer-book")
		w, err = walks.Start(t.Context(), book, map[string]string{"member": "n1"}, false)
	} else {
		w, err = walks.Resume(t.Context(), trail.Path)
	}
	if err != nil {
		t.Fatal(err)
	}
	atOptions(t, size[0], size[1], probestest.Diverged(), func(o *Options) { o.Walks, o.Library, o.Walk = walks, walks.cfg.Library, w }, func(d *desk) {
		d.wait(time.Second)
		do(d)
		if !d.jobs.end(time.Minute) {
			t.Error("a job runs on")
		}
		if err := closeWalk(d.jobs, d.w); err != nil {
			t.Error(err)
		}
	})
}

// trailOf is the newest trail of a book.
func trailOf(t *testing.T, walks onDisk, book string) audit.Summary {
	t.Helper()
	all, err := walks.Open()
	if err != nil {
		t.Fatal(err)
	}
	for _, one := range all {
		if one.Book == book {
			return one
		}
	}
	return audit.Summary{}
}

func trailsOf(t *testing.T, walks onDisk) int {
	t.Helper()
	all, err := walks.Open()
	if err != nil {
		t.Fatal(err)
	}
	return len(all)
}

func (d *desk) attested(words string) {
	d.t.Helper()
	d.key("enter")
	d.typed(words)
	d.key("enter")
	d.wait(time.Second)
}

func (d *desk) finished() {
	d.t.Helper()
	d.shows("every step is behind us")
	d.key("enter", "y")
	d.wait(time.Second)
}

// The book of a step is walked to its end, with the way there in the header, and then the one around it goes on by itself.
func TestABookInsideOfAWalk(t *testing.T) {
	for _, size := range [][2]int{{80, 24}, {120, 36}} {
		walks := twoBooks(t)
		outside(t, size, walks, func(d *desk) {
			d.shows("next: the book inner-book", "member = n1", "walk the book", "walks   book inner-book", "with member = inputs.member")
			d.hides("READ on console", "book: inner-book")
			d.hides("outer-book › ")
			d.key("enter")
			d.wait(time.Second)
			d.shows("outer-book › inner-book", "The first thing", "back to the book around")
			d.fits()
			d.attested("one")
			d.shows("outer-book › inner-book", "The second thing")
			d.attested("two")
			d.finished()

			d.shows("back in outer-book; inner-book is completed")
			d.hides("outer-book › ", "inner-book  ")
			d.shows("Afterwards", "this step is done by hand")
			d.attested("it is well")
			d.finished()
			d.shows("COMPLETED")
			d.fits()
		})
		outer, inner := trailOf(t, walks, "outer-book"), trailOf(t, walks, "inner-book")
		if outer.Status != audit.Completed || inner.Status != audit.Completed || trailsOf(t, walks) != 2 {
			t.Errorf("the trails are %+v and %+v", outer, inner)
		}
	}
}

// P leads out of a book that has not ended, which stays open; the step leads into it again, where it was left.
func TestOutOfABookInsideAndInAgain(t *testing.T) {
	walks := twoBooks(t)
	outside(t, [2]int{80, 24}, walks, func(d *desk) {
		d.key("enter")
		d.wait(time.Second)
		d.attested("one")
		d.key("P")
		d.wait(time.Second)
		d.hides("outer-book › ")
		d.shows("next: the book inner-book, where it was left", "back in outer-book; inner-book stays open where it was left")
		if got := trailOf(t, walks, "inner-book").Status; got != audit.Interrupted {
			t.Errorf("the trail inside is %s", got)
		}
		d.key("enter")
		d.wait(time.Second)
		d.shows("outer-book › inner-book", "2/2", "The second thing")
		if n := trailsOf(t, walks); n != 2 {
			t.Errorf("%d trails", n)
		}
	})
}

// A book inside that ends otherwise leaves its step undone, and says why.
func TestABookInsideThatIsAbandoned(t *testing.T) {
	walks := twoBooks(t)
	outside(t, [2]int{120, 36}, walks, func(d *desk) {
		d.key("enter")
		d.wait(time.Second)
		d.key("A")
		d.typed("the disk is full")
		d.key("enter")
		d.wait(time.Second)
		d.hides("outer-book › ")
		d.shows("FAILED", "the book was abandoned", "the disk is full", "retry")
	})
}

// Leaving inside closes both trails; the console that goes on with the outer one leads into the inner one where it was left.
func TestLeavingInsideOfABookAndGoingOn(t *testing.T) {
	walks := twoBooks(t)
	outside(t, [2]int{80, 24}, walks, func(d *desk) {
		d.key("enter")
		d.wait(time.Second)
		d.attested("one")
		d.key("q")
		if !d.quit {
			t.Fatal("q does not leave")
		}
	})
	inner := trailOf(t, walks, "inner-book")
	if outer := trailOf(t, walks, "outer-book"); outer.Status != audit.Interrupted || inner.Status != audit.Interrupted {
		t.Fatalf("the trails are %+v and %+v", outer, inner)
	}
	outside(t, [2]int{80, 24}, walks, func(d *desk) {
		d.shows("where it was left")
		d.key("enter")
		d.wait(time.Second)
		d.shows("outer-book › inner-book", "2/2", "The second thing")
		d.attested("two")
		d.finished()
		d.shows("Afterwards")
	})
	if got := trailOf(t, walks, "inner-book"); got.Path != inner.Path || got.Status != audit.Completed || !strings.Contains(got.Path, "inner-book") {
		t.Errorf("it went on with %+v", got)
	}
}

// A playbook is told in words where a step is looked at, the dry run and the run apart.
func TestAPlaybookInTheStep(t *testing.T) {
	src := strings.Replace(outerBook, "```book\nbook: inner-book\ninputs: {member: 'inputs.member'}\n```",
		"```ansible risk=change timeout=15m\nplaybook: site.yml\ntags: [common, etcd]\nlimit: node(inputs.member)\nvars: {etcd_heartbeat: 100}\n```\n\n```check within=1m\netcd.quorum\n```", 1)
	b, problems := runbooks.Parse("x.md", []byte(src), probes.Scope(nil))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	text := strings.Join(commandLines(&Theme{}, b.Steps[0].Commands, 200), "\n")
	says := "playbook site.yml, tags common, etcd, etcd_heartbeat = 100"
	want := "READ on node(inputs.member)  limit 15m00s\n  " + says + "; a dry run: nothing is changed, and it shows what would change\n" +
		"CHANGE on node(inputs.member)  limit 15m00s\n  " + says
	if text != want {
		t.Errorf("got\n%s\nwant\n%s", text, want)
	}
}
