package findings_test

import (
	"slices"
	"testing"
	"time"

	"recon/internal/findings"
	"recon/internal/gate"
	"recon/probes/probestest"
	"recon/runbooks"
)

// What is seen at a second, and what is shown then.
func TestFindingsNeitherFlapNorHide(t *testing.T) {
	b := &runbooks.Runbook{ID: "b", Severity: 2, For: 5 * time.Second}
	see := func(a gate.Answer, because, unseen string) []findings.Sighting {
		return []findings.Sighting{{Book: b, Because: because, Result: gate.Result{Answer: a, Unseen: unseen}}}
	}
	pass, fail, blind := see(gate.Pass, "it is so", ""), see(gate.Fail, "", ""), see(gate.Unknown, "", "no answer")
	type moment struct {
		at   int
		seen []findings.Sighting
		want findings.Phase // "" when nothing is followed
	}
	tests := []struct {
		about   string
		moments []moment
	}{
		{"it is certain once it has held for its time", []moment{{0, pass, "pending"}, {4, pass, "pending"}, {5, pass, "holds"}}},
		{"what comes and goes before that is never certain", []moment{{0, pass, "pending"}, {4, fail, ""}, {6, pass, "pending"}, {10, pass, "pending"}, {11, pass, "holds"}}},
		{"what is over stays for a while", []moment{{0, pass, "pending"}, {5, pass, "holds"}, {6, fail, "over"}, {15, fail, "over"}, {16, fail, ""}}},
		{"what comes back is the same", []moment{{0, pass, "pending"}, {5, pass, "holds"}, {6, fail, "over"}, {8, pass, "holds"}, {9, fail, "over"}, {18, fail, "over"}, {19, fail, ""}}},
		{"what cannot be seen any more stays", []moment{{0, pass, "pending"}, {5, pass, "holds"}, {6, blind, "blind"}, {600, blind, "blind"}, {601, pass, "holds"}}},
		{"what could not be seen may be over", []moment{{0, pass, "pending"}, {5, pass, "holds"}, {6, blind, "blind"}, {600, fail, "over"}, {610, fail, ""}}},
		{"what is over may become unseen", []moment{{0, pass, "pending"}, {5, pass, "holds"}, {6, fail, "over"}, {7, blind, "blind"}, {60, blind, "blind"}}},
		{"the clock stands still while it cannot be seen", []moment{{0, pass, "pending"}, {3, pass, "pending"}, {4, blind, "pending"}, {8, pass, "pending"}, {9, pass, "pending"}, {10, pass, "holds"}}},
		{"what was hardly seen to hold is forgotten", []moment{{0, pass, "pending"}, {3, pass, "pending"}, {4, blind, "pending"}, {13, blind, ""}, {14, pass, "pending"}, {18, pass, "pending"}, {19, pass, "holds"}}},
		{"what is not asked about is over", []moment{{0, pass, "pending"}, {5, pass, "holds"}, {6, nil, "over"}, {17, nil, ""}}},
		{"an hour in which nobody looked is not an hour in which it held", []moment{{0, pass, "pending"}, {1, pass, "pending"}, {2, fail, ""}, {3600, pass, "pending"}, {3601, pass, "pending"}}},
	}
	for _, tt := range tests {
		t.Run(tt.about, func(t *testing.T) {
			var s findings.Set
			for _, m := range tt.moments {
				s = s.After(probestest.At().Add(time.Duration(m.at)*time.Second), m.seen)
				var got findings.Phase
				for _, f := range append(s.Shown(), s.Pending()...) {
					got = f.Phase
					if f.Because != "it is so" {
						t.Errorf("at %d s the reason is %q", m.at, f.Because)
					}
					if (f.Phase == findings.Blind) != (f.Blind != "" && f.Phase != findings.Pending) {
						t.Errorf("at %d s it is %s and blind because %q", m.at, f.Phase, f.Blind)
					}
				}
				if got != m.want {
					t.Errorf("at %d s it is %q, want %q", m.at, got, m.want)
				}
				if len(s.Shown())+len(s.Pending()) != len(s.Followed()) {
					t.Errorf("at %d s %d are followed, %d are shown and %d pending", m.at, len(s.Followed()), len(s.Shown()), len(s.Pending()))
				}
			}
		})
	}
}

// A pending finding says how long it still has to hold; a look after a long pause is worth no more than a fact stays fresh.
func TestNeeds(t *testing.T) {
	b := &runbooks.Runbook{ID: "b", Severity: 2, For: 60 * time.Second}
	pass := []findings.Sighting{{Book: b, Result: gate.Result{Answer: gate.Pass}}}
	var s findings.Set
	for _, tt := range []struct{ at, needs int }{{0, 60}, {2, 58}, {12, 48}, {112, 38}, {111, 38}, {113, 36}} {
		s = s.After(probestest.At().Add(time.Duration(tt.at)*time.Second), pass)
		if got := s.Pending()[0].Needs(); got != time.Duration(tt.needs)*time.Second {
			t.Errorf("at %d s it needs %s, want %d s", tt.at, got, tt.needs)
		}
	}
	if s = s.After(probestest.At(), []findings.Sighting{{Book: &runbooks.Runbook{ID: "at-once"}, Result: gate.Result{Answer: gate.Pass}}}); len(s.Shown()) != 1 || s.Shown()[0].Needs() != 0 {
		t.Errorf("what needs no time waits: %+v", s.Pending())
	}
}

func TestASetIsNeverChanged(t *testing.T) {
	b := &runbooks.Runbook{ID: "b", Severity: 2}
	var s findings.Set
	s = s.After(probestest.At(), []findings.Sighting{{Book: b, Result: gate.Result{Answer: gate.Pass}}})
	for range 20 {
		s.After(probestest.At().Add(time.Hour), nil)
	}
	if f := s.Shown(); len(f) != 1 || f[0].Phase != findings.Holds {
		t.Errorf("an older set was changed: %+v", f)
	}
}

func TestFindingsAreSortedBySeverityThenAge(t *testing.T) {
	seen := func(id string, severity int) findings.Sighting {
		return findings.Sighting{Book: &runbooks.Runbook{ID: id, Severity: severity}, Result: gate.Result{Answer: gate.Pass}}
	}
	var s findings.Set
	s = s.After(probestest.At(), []findings.Sighting{seen("planned", 0), seen("third", 3)})
	s = s.After(probestest.At().Add(time.Second), []findings.Sighting{seen("planned", 0), seen("third", 3), seen("second-b", 2), seen("second-a", 2), seen("first", 1)})
	var got []string
	for _, x := range s.Shown() {
		got = append(got, x.Book.ID)
	}
	if want := []string{"first", "second-a", "second-b", "third", "planned"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
