// Package findings is what is wrong with the cluster, as the books of the library recognise it: the `when` of every book
// is asked of each State, and what holds for as long as its book wants is a finding, with the values that made it true.
//
// A finding neither flaps nor hides. It is held back until it has held for the book's `for`; what is over stays a while
// and says so; what cannot be seen any more stays until it is seen to be over. What was not seen never becomes a finding.
//
// Look asks the library what it sees in one State, Set.After keeps track from look to look. The console, `recon status`
// and tests share both. Nothing here reads a clock: the time is that of the State.
package findings

import (
	"cmp"
	"slices"
	"time"

	"recon/internal/gate"
	"recon/probes"
	"recon/runbooks"
)

// StaysFor is how long a finding stays after its condition ceased to hold, so that what comes and goes is not missed. A
// finding that was not due yet is forgotten when it could not be seen for so long.
const StaysFor = 10 * time.Second

// Phase is where a finding stands.
type Phase string

// The phases of a finding.
const (
	// Pending holds, and has not held long enough yet to be shown as certain.
	Pending Phase = "pending"
	// Holds was seen to hold in the last look, and long enough.
	Holds Phase = "holds"
	// Blind held, and cannot be seen any more.
	Blind Phase = "blind"
	// Over held, and was seen not to hold any more.
	Over Phase = "over"
)

// Finding is a book that applies, or applied a moment ago. It is never changed.
type Finding struct {
	Book *runbooks.Runbook
	// Because is the reason in words, Result its parts with their values, both of the last look in which it held.
	Because string
	Result  gate.Result
	Phase   Phase
	// Since is when it was first seen to hold, Seen when it was last seen to hold.
	Since, Seen time.Time
	// Held is how long it was seen to hold, without the gaps in which it could not be seen.
	Held time.Duration
	// Over is when it was first seen not to hold any more; zero otherwise.
	Over time.Time
	// Blind is why it cannot be seen now, or "".
	Blind string

	due bool
}

// Needs is how much longer a pending finding has to hold; 0 for the others.
func (f Finding) Needs() time.Duration {
	if f.Phase != Pending {
		return 0
	}
	return max(f.Book.For-f.Held, 0)
}

// Set is the findings that are followed, by the id of the book. The zero value follows nothing. A Set is never changed.
type Set struct {
	at  time.Time
	all map[string]Finding
}

// After is the set after a look at the State of a moment. Looks come in the order of time; a book that is not among what
// was seen does not apply.
func (s Set) After(at time.Time, seen []Sighting) Set {
	next := Set{at: at, all: map[string]Finding{}}
	asked := map[string]bool{}
	for _, x := range seen {
		id := x.Book.ID
		asked[id] = true
		old, known := s.all[id]
		switch {
		case x.Result.Answer == gate.Pass:
			next.all[id] = s.holds(old, known, at, x)
		case known && x.Result.Answer == gate.Unknown:
			next.lose(id, old, x.Result.Unseen)
		case known:
			next.fade(id, old)
		}
	}
	for id, old := range s.all {
		if !asked[id] {
			next.fade(id, old)
		}
	}
	return next
}

// holds is a finding that was just seen to hold. Time counts from one such look to the next; more than a fact stays fresh
// is not credited for one look, because nobody looked then.
func (s Set) holds(old Finding, known bool, at time.Time, x Sighting) Finding {
	f := Finding{Book: x.Book, Because: x.Because, Result: x.Result, Phase: Holds, Since: at, Seen: at}
	if known {
		f.Since, f.Held, f.due = old.Since, old.Held, old.due
		if old.Over.IsZero() && old.Blind == "" {
			f.Held += min(max(at.Sub(old.Seen), 0), probes.StaleAfter)
		}
	}
	if f.due = f.due || f.Held >= f.Book.For; !f.due {
		f.Phase = Pending
	}
	return f
}

// lose keeps what cannot be seen any more: for ever if it was shown, else for a while, with the clock standing still.
func (s Set) lose(id string, old Finding, why string) {
	old.Blind, old.Over = "cannot be seen now: "+why, time.Time{}
	if old.due {
		old.Phase = Blind
	} else if s.at.Sub(old.Seen) >= StaysFor {
		return
	}
	s.all[id] = old
}

// fade keeps what is over for a while, if it was shown.
func (s Set) fade(id string, old Finding) {
	if !old.due {
		return
	}
	if old.Over.IsZero() {
		old.Over = s.at
	}
	old.Phase, old.Blind = Over, ""
	if s.at.Sub(old.Over) < StaysFor {
		s.all[id] = old
	}
}

// Followed are the ids of the books that are followed, sorted.
func (s Set) Followed() []string {
	var ids []string
	for id := range s.all {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}

// Shown are the findings that are certain: the worst first, then the oldest.
func (s Set) Shown() []Finding {
	return s.sorted(func(f Finding) bool { return f.due })
}

// Pending are the findings that hold and have not held for long enough yet, in the same order.
func (s Set) Pending() []Finding {
	return s.sorted(func(f Finding) bool { return !f.due })
}

func (s Set) sorted(want func(Finding) bool) []Finding {
	var out []Finding
	for _, f := range s.all {
		if want(f) {
			out = append(out, f)
		}
	}
	slices.SortFunc(out, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.Book.Urgency(), b.Book.Urgency()), a.Since.Compare(b.Since), cmp.Compare(a.Book.ID, b.Book.ID))
	})
	return out
}
