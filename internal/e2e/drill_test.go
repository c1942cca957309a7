//go:build lab

package e2e

import (
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"recon/probes"
	"recon/runbooks"
)

// drilled are the drills of every run; RECON_ALL_FAULTS runs all of them, which takes half an hour, and RECON_DRILL one.
var drilled = []string{"left-paused", "two-etcd-dead"}

// TestDrills runs drills on the lab as a trainee does: the page, the diagnosis, the book, and the debrief.
func TestDrills(t *testing.T) {
	if out, code := recon(t, "lab", "--dir", labDir(), "status"); code != 0 || strings.Contains(out, "down") {
		labRun(t, "down")
		labRun(t, "up")
	}
	lib, err := runbooks.Load(probes.Scope(nil))
	if err != nil {
		t.Fatal(err)
	}
	only, known := os.Getenv("RECON_DRILL"), false
	for _, d := range lib.Drills {
		if only != "" && d.ID != only || only == "" && os.Getenv("RECON_ALL_FAULTS") == "" && !slices.Contains(drilled, d.ID) {
			continue
		}
		known = true
		t.Run(d.ID, func(t *testing.T) {
			book, ok := lib.Book(d.Solves)
			if !ok {
				t.Fatalf("no book %s", d.Solves)
			}
			labRun(t, "mend")
			runDrill(t, d, book)
		})
	}
	if !known {
		t.Errorf("no drill was run")
	}
}

func runDrill(t *testing.T, d, book *runbooks.Runbook) {
	w := &walker{
		screen: open(t, 160, 50, binary, "drill", "run", d.ID, "--on", "lab", "--dir", labDir(), "--plain"),
		t:      t, answers: map[string]string{"drill": "d " + book.ID}, defaults: true,
	}
	for name, answer := range book.Test.Answers {
		w.answers[name] = answer
	}
	said := []string{"d " + book.ID, "w " + book.ID}
	// The drill may be over before its walk is: the last step of a book proves what the goal had seen. What is down on several nodes
	// takes a walk for each.
	again := 2
	w.before = func(line string) bool {
		if !strings.HasPrefix(line, "drill") {
			return false
		}
		if len(said) == 0 {
			if again == 0 || !w.still(book.ID) {
				return true
			}
			again--
			said = []string{"w " + book.ID}
		}
		if len(said) == 2 && book.When != nil { // nobody names a book that the console says nothing of
			eventually(t, 3*time.Minute, "finding "+book.ID, func() error {
				if !w.still(book.ID) {
					return errors.New("not found yet")
				}
				return nil
			})
		}
		w.answers["drill"], said = said[0], said[1:]
		return false
	}
	w.walk()
	code := w.dead(2 * time.Minute)
	for _, want := range []string{"yes: " + book.ID + " is the book", "recovered", "What " + book.ID + " does"} {
		if !strings.Contains(w.history(), want) {
			t.Errorf("nothing says %q", want)
		}
	}
	if code != "0" || t.Failed() {
		t.Fatalf("the drill ended with %s:\n%s", code, w.history())
	}
	healthy(t)
}

// still says whether the console finds what a book is for.
func (w *walker) still(book string) bool {
	w.t.Helper()
	now, _ := look(w.t)
	return slices.ContainsFunc(now.Findings, func(f struct{ Book, Phase, Because string }) bool {
		return f.Book == book && (f.Phase == "pending" || f.Phase == "holds")
	})
}
