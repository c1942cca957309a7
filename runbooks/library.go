package runbooks

import (
	"embed"

	"recon/internal/gate"
)

//go:embed guards.yaml
var shipped embed.FS

// Library is all books and guards, sorted by id.
type Library struct {
	Books  []*Runbook
	Guards []Guard
}

// Load reads the built-in library and the user's folders. A mistake in any book is an error (Problems); so is a book of
// the user's with the id of another one.
func Load(scope gate.Scope, dirs ...string) (*Library, error) {
	return &Library{}, nil
}

// Book is the book with that id.
func (l *Library) Book(id string) (*Runbook, bool) {
	for _, b := range l.Books {
		if b.ID == id {
			return b, true
		}
	}
	return nil, false
}
