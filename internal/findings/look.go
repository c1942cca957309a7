package findings

import (
	"slices"

	"recon/internal/gate"
	"recon/probes"
	"recon/runbooks"
)

// Sighting is what the `when` of one book says of one State.
type Sighting struct {
	Book *runbooks.Runbook
	// Because is the reason in words; "" when it does not hold.
	Because string
	// Result has parts only when it holds.
	Result gate.Result
}

// Look asks every book of the library what it sees in a State; drills are never asked, and books about a layer that was
// never deployed have nothing to say. Of the books that do not hold, only those that are followed are told, because for
// them "it is over" and "it cannot be seen" are two things.
func Look(lib *runbooks.Library, s *probes.State, followed []string) []Sighting {
	vars := probes.Vars(s)
	var out []Sighting
	for _, b := range lib.Books {
		if b.When == nil || b.Kind == runbooks.Drill || premature(b, s.Deployment) {
			continue
		}
		switch answer := b.When.Expr.Answer(vars); {
		case answer == gate.Pass:
			x := Sighting{Book: b, Result: b.When.Expr.Eval(vars)}
			if b.Because != nil {
				x.Because, _ = b.Because.Render(vars) // what is not seen stands as "?" in it
			}
			out = append(out, x)
		case !slices.Contains(followed, b.ID):
		case answer == gate.Unknown:
			out = append(out, Sighting{Book: b, Result: gate.Result{Answer: answer, Unseen: b.When.Expr.Eval(vars).Unseen}})
		default:
			out = append(out, Sighting{Book: b, Result: gate.Result{Answer: answer}})
		}
	}
	return out
}

// premature says that a book is about a layer that never ran anywhere. Its subject is the first of its systems; hosts are
// always there.
func premature(b *runbooks.Runbook, d probes.Deployment) bool {
	if d.Blind("missing") != "" || len(b.Systems) == 0 {
		return false
	}
	subject := b.Systems[0]
	if subject == "postgres" {
		subject = "patroni"
	}
	return slices.Contains(d.Missing, subject)
}
