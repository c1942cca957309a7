package ui

import (
	"slices"
	"time"

	"recon/internal/gate"
	"recon/probes"
	"recon/runbooks"
)

// forgetAfter is how long a finding stays after its condition ceased to hold, so that what comes and goes is not missed.
const forgetAfter = 10 * time.Second

// sighting is what the `when` of one book says of one State.
type sighting struct {
	book    *runbooks.Runbook
	because string
	result  gate.Result
}

// look asks the library what it sees. Of the books that do not apply, only those that are tracked are told, because for
// them "it is over" and "it cannot be seen" are two things.
func look(lib *runbooks.Library, s *probes.State, tracked []string) []sighting {
	vars := probes.Vars(s)
	var out []sighting
	passes := map[string]bool{}
	for _, g := range lib.Suggest(vars) {
		passes[g.Book.ID] = true
		out = append(out, sighting{g.Book, g.Because, g.Result})
	}
	for _, id := range tracked {
		if b, ok := lib.Book(id); ok && !passes[id] && b.When != nil {
			out = append(out, sighting{book: b, result: b.When.Expr.Eval(vars)})
		}
	}
	return out
}

// finding is a book that applies, or applied a moment ago.
type finding struct {
	// sighting is the last one in which it held.
	sighting
	// since is when it began to hold; over when it ceased, zero while it holds or cannot be seen.
	since, over time.Time
	// blind is why it cannot be seen now, or "".
	blind string
	// due is true once it has held for as long as its book wants. Then it is shown, until it has been over for a while.
	due bool
}

// findings are what is followed, by the id of the book. The value is never changed.
type findings map[string]finding

// after is what is followed after a look. A finding is shown once it held for the book's `for`; it does not flap, because
// it stays for a while after it is over; it does not hide, because what cannot be seen any more stays and says so.
func (f findings) after(now time.Time, seen []sighting) findings {
	next := findings{}
	for _, s := range seen {
		id := s.book.ID
		old, known := f[id]
		switch s.result.Answer {
		case gate.Pass:
			n := finding{sighting: s, since: now}
			if known {
				n.since, n.due = old.since, old.due
			}
			n.due = n.due || now.Sub(n.since) >= s.book.For
			next[id] = n
		case gate.Unknown:
			if known {
				old.blind, old.over = "cannot be seen now: "+s.result.Unseen, time.Time{}
				if old.due {
					next[id] = old
				}
			}
		default:
			if known {
				next.fade(id, old, now)
			}
		}
	}
	for id, old := range f {
		if !slices.ContainsFunc(seen, func(s sighting) bool { return s.book.ID == id }) {
			next.fade(id, old, now)
		}
	}
	return next
}

// fade keeps what is over for a while, if it was shown.
func (f findings) fade(id string, old finding, now time.Time) {
	if old.over.IsZero() {
		old.over = now
	}
	old.blind = ""
	if old.due && now.Sub(old.over) < forgetAfter {
		f[id] = old
	}
}

// tracked are the ids of what is followed.
func (f findings) tracked() []string {
	var ids []string
	for id := range f {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}

// shown are the findings for the operator: the worst first, then the oldest.
func (f findings) shown() []finding {
	var out []finding
	for _, x := range f {
		if x.due {
			out = append(out, x)
		}
	}
	slices.SortFunc(out, func(a, b finding) int {
		if d := rank(a.book.Severity) - rank(b.book.Severity); d != 0 {
			return d
		}
		if d := a.since.Compare(b.since); d != 0 {
			return d
		}
		if a.book.ID < b.book.ID {
			return -1
		}
		return 1
	})
	return out
}

// rank orders severities: 1 is the worst, 0 (planned) the least.
func rank(severity int) int {
	if severity == 0 {
		return 9
	}
	return severity
}

// severe is how a severity is shown.
func severe(severity int) (string, tone) {
	switch severity {
	case 1:
		return glyphBad, bad
	case 2, 3:
		return glyphWarn, warn
	}
	return glyphNone, dim
}
