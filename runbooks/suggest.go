package runbooks

import (
	"cmp"
	"slices"

	"recon/internal/gate"
)

// Suggestion is a book that applies to what is seen now.
type Suggestion struct {
	Book *Runbook
	// Result is what the book's `when` says; its Answer is Pass, its Parts say why.
	Result gate.Result
	// Because is the book's reason in words, with the values of now.
	Because string
}

// Suggest lists the books whose `when` passes on a State's variables, worst severity first, then by id. Drills are never
// suggested. It has no memory: the caller keeps a suggestion back until it has held for Book.For.
func (l *Library) Suggest(vars map[string]any) []Suggestion {
	var out []Suggestion
	for _, b := range l.Books {
		if b.When == nil || b.Kind == Drill {
			continue
		}
		s := Suggestion{Book: b, Result: b.When.Expr.Eval(vars)}
		if s.Result.Answer != gate.Pass {
			continue
		}
		if b.Because != nil {
			s.Because, _ = b.Because.Render(vars) // what is not seen stands as "?" in it
		}
		out = append(out, s)
	}
	slices.SortStableFunc(out, func(a, b Suggestion) int {
		return cmp.Or(cmp.Compare(a.Book.Urgency(), b.Book.Urgency()), cmp.Compare(a.Book.ID, b.Book.ID))
	})
	return out
}

// Changes says that the book leads somewhere: a step of it changes something, or walks another book.
func (b *Runbook) Changes() bool {
	return slices.ContainsFunc(b.Steps, func(s Step) bool {
		return slices.ContainsFunc(s.Commands, func(c Command) bool { return c.Risk == Change || c.Risk == Destroy || c.Refers != "" })
	})
}

// Urgency orders books by severity: 1, 2, 3, and planned work last, as 4.
func (b *Runbook) Urgency() int {
	if b.Severity == 0 {
		return 4
	}
	return b.Severity
}
