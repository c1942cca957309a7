package runbooks

import "recon/internal/gate"

// Suggestion is a book that applies, or may apply, to what is seen now.
type Suggestion struct {
	Book *Runbook
	// Result is what the book's `when` says; its Answer is Pass.
	Result gate.Result
	// Because is the book's reason in words, with the values of now.
	Because string
}

// Suggest lists the books whose `when` passes on a State's variables, worst severity first. It has no memory: the caller
// keeps a suggestion back until it has held for Book.For.
func (l *Library) Suggest(vars map[string]any) []Suggestion { return nil }
