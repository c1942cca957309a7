package ui

import (
	"slices"
	"testing"
	"time"

	"recon/internal/gate"
	"recon/probes/probestest"
	"recon/runbooks"
)

// What is seen at a second, and what is shown then.
func TestFindingsNeitherFlapNorHide(t *testing.T) {
	b := &runbooks.Runbook{ID: "b", Severity: 2, For: 5 * time.Second}
	pass := []sighting{{book: b, because: "it is so", result: gate.Result{Answer: gate.Pass}}}
	fail := []sighting{{book: b, result: gate.Result{Answer: gate.Fail}}}
	blind := []sighting{{book: b, result: gate.Result{Answer: gate.Unknown, Unseen: "no answer"}}}
	type moment struct {
		at   int
		seen []sighting
		want string // "", "holds", "blind" or "over"
	}
	tests := []struct {
		about   string
		moments []moment
	}{
		{"it is shown once it has held for its time", []moment{{0, pass, ""}, {4, pass, ""}, {5, pass, "holds"}}},
		{"what comes and goes before that is never shown", []moment{{0, pass, ""}, {4, fail, ""}, {6, pass, ""}, {10, pass, ""}, {11, pass, "holds"}}},
		{"what is over stays for a while", []moment{{0, pass, ""}, {5, pass, "holds"}, {6, fail, "over"}, {15, fail, "over"}, {16, fail, ""}}},
		{"what comes back is the same", []moment{{0, pass, ""}, {5, pass, "holds"}, {6, fail, "over"}, {8, pass, "holds"}, {9, fail, "over"}, {18, fail, "over"}, {19, fail, ""}}},
		{"what cannot be seen any more stays", []moment{{0, pass, ""}, {5, pass, "holds"}, {6, blind, "blind"}, {600, blind, "blind"}, {601, pass, "holds"}}},
		{"what could never be seen to hold is not shown", []moment{{0, pass, ""}, {1, blind, ""}, {7, blind, ""}, {8, pass, ""}, {13, pass, "holds"}}},
		{"what is not asked about is over", []moment{{0, pass, ""}, {5, pass, "holds"}, {6, nil, "over"}, {17, nil, ""}}},
	}
	for _, tt := range tests {
		t.Run(tt.about, func(t *testing.T) {
			var f findings
			for _, m := range tt.moments {
				f = f.after(probestest.At().Add(time.Duration(m.at)*time.Second), m.seen)
				got := ""
				if shown := f.shown(); len(shown) == 1 {
					switch {
					case shown[0].blind != "":
						got = "blind"
					case !shown[0].over.IsZero():
						got = "over"
					default:
						got = "holds"
					}
					if shown[0].because != "it is so" {
						t.Errorf("at %d s the reason is %q", m.at, shown[0].because)
					}
				}
				if got != m.want {
					t.Errorf("at %d s it is %q, want %q", m.at, got, m.want)
				}
			}
		})
	}
}

func TestFindingsAreSortedBySeverityThenAge(t *testing.T) {
	seen := func(id string, severity int) sighting {
		return sighting{book: &runbooks.Runbook{ID: id, Severity: severity}, result: gate.Result{Answer: gate.Pass}}
	}
	var f findings
	f = f.after(probestest.At(), []sighting{seen("planned", 0), seen("third", 3)})
	f = f.after(probestest.At().Add(time.Second), []sighting{seen("planned", 0), seen("third", 3), seen("second-b", 2), seen("second-a", 2), seen("first", 1)})
	var got []string
	for _, x := range f.shown() {
		got = append(got, x.book.ID)
	}
	if want := []string{"first", "second-a", "second-b", "third", "planned"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestLookTellsOverFromUnseen(t *testing.T) {
	lib := shelf(t)
	got := look(lib, probestest.Diverged(), nil)
	if len(got) != 1 || got[0].book.ID != "test-rejoin" || got[0].because == "" {
		t.Fatalf("suggested %+v", got)
	}
	if got := look(lib, probestest.Healthy(), []string{"test-rejoin"}); len(got) != 1 || got[0].result.Answer != gate.Fail {
		t.Errorf("a healthy cluster: %+v", got)
	}
	blind := probestest.Diverged()
	blind.Patroni.Unseen = "no member answered"
	if got := look(lib, blind, []string{"test-rejoin"}); len(got) != 1 || got[0].result.Answer != gate.Unknown {
		t.Errorf("a blind console: %+v", got)
	}
}
