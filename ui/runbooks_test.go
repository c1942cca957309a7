package ui

import (
	"errors"
	"slices"
	"testing"
	"time"

	"recon/internal/audit"
	"recon/internal/walk"
	"recon/probes/probestest"
	"recon/runbooks"
)

// Digits, letters and q belong to the filter while it is written.
func TestTheFilterTakesDigitsAndQ(t *testing.T) {
	at(t, 80, 24, probestest.Healthy(), func(d *desk) {
		d.press("2")
		d.shows("Nobody leads", "A member does not rejoin")
		d.press("/")
		for _, k := range []string{"q", "1", "t", "?"} {
			d.press(k)
		}
		if d.quit {
			t.Fatal("q left the console")
		}
		d.shows("[2 Runbooks]", "/ q1t?", "no book passes the filter")
		for range 4 {
			d.press("backspace")
		}
		for _, k := range []string{"r", "e", "j", "enter"} {
			d.press(k)
		}
		d.shows("A member does not rejoin")
		d.hides("Nobody leads")
		d.press("esc")
		d.shows("Nobody leads")
	})
}

func TestStartingAWalk(t *testing.T) {
	at(t, 80, 24, probestest.Diverged(), func(d *desk) {
		d.walks.next = &fakeWalk{scenes: []scene{{view: view(t, 1, walk.Next{Kind: walk.NextAttest})}}}
		d.key("2", "down", "d")
		d.shows("sha256", "DRY RUN", "Which member does not rejoin?", "▶ 2  netbox-node-3")
		d.key("up", "enter")
		d.shows("member = netbox-node-2", "enter starts the walk")
		d.key("enter")
		d.wait(time.Second)
		d.shows("this step is done by hand")
		if !slices.Equal(d.walks.calls, []string{"start test-rejoin"}) || d.walks.inputs["member"] != "netbox-node-2" || !d.walks.dry {
			t.Errorf("%q with %v, dry %v", d.walks.calls, d.walks.inputs, d.walks.dry)
		}
	})
}

// Where several fit, none is offered as the default: they are marked, and the cursor is on the first of them.
func TestStartingAWalkThatSeveralFit(t *testing.T) {
	several := probestest.Healthy()
	for _, name := range []string{"netbox-node-4", "netbox-node-5"} {
		m := several.Patroni.Members[0]
		m.Name, m.State = name, "start failed"
		several.Patroni.Members = append(several.Patroni.Members, m)
	}
	at(t, 80, 24, several, func(d *desk) {
		d.key("2", "down", "d")
		d.shows("1  netbox-node-1", "▶ 3  netbox-node-4   (fits what is seen)", "4  netbox-node-5   (fits what is seen)")
		d.hides("netbox-node-2   (fits")
	})
}

func TestAWalkThatCannotStart(t *testing.T) {
	at(t, 80, 24, probestest.Diverged(), func(d *desk) {
		d.walks.err = errors.New("the trail folder is wider than 0700")
		d.key("2", "enter", "enter")
		d.wait(time.Second)
		d.shows("the trail folder is wider than 0700", "[2 Runbooks]")
		d.walks.err = nil
		d.walks.next = &fakeWalk{scenes: []scene{{view: view(t, 1, walk.Next{Kind: walk.NextAttest})}}}
		d.key("enter", "enter")
		d.wait(time.Second)
		d.shows("this step is done by hand")
	})
}

func TestOpenWalksComeFirst(t *testing.T) {
	at(t, 80, 24, probestest.Healthy(), func(d *desk) {
		d.walks.open = []audit.Summary{{Path: "/trails/one.jsonl", Book: "test-rejoin", Title: "A member", Operator: "bob", Started: probestest.At(), Unknown: []uint64{7}}}
		d.walks.next = &fakeWalk{scenes: []scene{{view: view(t, 2, walk.Next{Kind: walk.NextReconcile})}}}
		d.send(lookAgainMsg{})
		d.key("2")
		d.shows("OPEN WALKS", "outcome unknown")
		d.key("enter")
		d.shows("begun by bob", "the outcome of 1 step is unknown")
		d.key("y")
		d.wait(time.Second)
		d.shows("OUTCOME UNKNOWN")
		if !slices.Equal(d.walks.calls, []string{"resume /trails/one.jsonl"}) {
			t.Errorf("calls %q", d.walks.calls)
		}
	})
}

func TestAFindingOpensItsBook(t *testing.T) {
	at(t, 120, 36, probestest.Diverged(), func(d *desk) {
		d.wait(6 * time.Second)
		d.see(probestest.Diverged())
		d.key("tab", "enter")
		d.shows("Why it holds", `.state of netbox-node-3 = "start failed"`)
		d.key("enter")
		d.shows("[2 Runbooks]", "SUGGESTED NOW", "# A member does not rejoin")
	})
}

func TestALibraryThatCannotBeRead(t *testing.T) {
	atOptions(t, 80, 24, probestest.Healthy(), func(o *Options) {
		o.Library = nil
		o.Load = func() (*runbooks.Library, error) {
			return nil, errors.New("my.md:3:1: unknown key\nmy.md:9:1: no proof")
		}
	}, func(d *desk) {
		d.wait(time.Second)
		d.shows("the runbooks cannot be read")
		d.key("2")
		d.shows("my.md:3:1: unknown key", "my.md:9:1: no proof")
		d.fits()
	})
}

func TestTheFirstFrameDoesNotWaitForTheLibrary(t *testing.T) {
	read := false
	atOptions(t, 80, 24, probestest.Healthy(), func(o *Options) {
		o.Library = nil
		o.Load = func() (*runbooks.Library, error) {
			read = true
			time.Sleep(10 * time.Second)
			return &runbooks.Library{}, nil
		}
	}, func(d *desk) {
		d.shows("netbox-node-1", "the runbooks are being read")
		d.wait(20 * time.Second)
		d.see(probestest.Healthy())
		d.shows("no runbook applies")
		if !read {
			t.Error("it was never read")
		}
	})
}

func TestOpenedForABook(t *testing.T) {
	atOptions(t, 80, 24, probestest.Diverged(), func(o *Options) {
		o.Book, o.Inputs, o.DryRun = "test-rejoin", map[string]string{"member": "netbox-node-2"}, true
	}, func(d *desk) {
		d.wait(time.Second)
		d.shows("[2 Runbooks]", "DRY RUN", "▶ 1  netbox-node-2")
	})
	atOptions(t, 80, 24, probestest.Diverged(), func(o *Options) { o.Book = "no-such-book" }, func(d *desk) {
		d.wait(time.Second)
		d.shows("walk no-such-book: there is no such book")
	})
}

func TestOpenedOnAWalk(t *testing.T) {
	w := &fakeWalk{scenes: []scene{{view: view(t, 1, walk.Next{Kind: walk.NextAttest})}}}
	atOptions(t, 80, 24, probestest.Diverged(), func(o *Options) { o.Walk = w }, func(d *desk) {
		d.shows("this step is done by hand", "● 7f3a91c1")
	})
}
