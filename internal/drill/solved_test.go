package drill

import (
	"slices"
	"testing"

	"recon/internal/rehearsal"
)

// Each drill is solved by the book that it names: the faults are made on a training cluster, the book is walked, and the
// cluster is healthy without further help.
func TestEveryDrillIsSolvedByItsBook(t *testing.T) {
	lib, err := library()
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range lib.Drills {
		if raced && d.ID != "leader-crash" && d.ID != "redis-split" {
			continue
		}
		found, ok := lib.Book(d.Solves)
		if !ok {
			t.Errorf("%s: no book %s", d.ID, d.Solves)
			continue
		}
		book := *found
		last := len(d.Faults) - 1
		book.Test.With = slices.Clone(d.Faults[:last])
		t.Run(d.ID, func(t *testing.T) {
			t.Parallel()
			r := rehearsal.Book(t.Context(), lib, &book, d.Faults[last], t.TempDir())
			if r.Err != nil || !r.Cures {
				t.Fatalf("%s (cures: %v): %v", book.ID, r.Cures, r.Err)
			}
			t.Logf("%s: found after %s, walked in %s, in %s", book.ID, r.Found, r.Walked, r.Took)
		})
	}
}
