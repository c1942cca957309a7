// Package selects runs SELECT statements over views that are held in memory, in the dialect of PostgreSQL, as far as
// people and programs look at a server's statistics: joins, conditions, groups, aggregates, subselects, CASE, casts, JSON.
// It knows no view and no function of a server: a Catalog does. There are no common table expressions, no UNION, no window
// functions, and nothing is written.
//
// Parse reads a statement, Compile binds it to a catalog and gives the types, Run gives the rows. What it cannot read is
// an *Unknown error, so that the caller may say it in its own words; the other errors are PostgreSQL's own.
package selects

import (
	"recon/internal/twin/pgwire"
)

// Catalog is what a statement may name. Names are in lower case unless they were quoted.
type Catalog interface {
	// View gives a view, or a function in FROM; ok is false when there is none.
	View(name string) (v View, ok bool)
	// Function gives a function of one row.
	Function(name string) (f Function, ok bool)
}

// View is a table to read from. Rows is called when the statement runs; its values are those of pgwire.Result, and typed
// nil pointers are NULL.
type View struct {
	Columns []pgwire.Column
	Rows    func() ([][]any, error)
}

// Function is a function of the server. It takes from Least to len(Args) arguments, of these types.
type Function struct {
	Args   []uint32
	Least  int
	Result uint32
	// Call gets normalized values: nil, string, bool, int64, float64, time.Time, time.Duration, netip.Addr, pgwire.LSN,
	// []string, JSON. It is not called, and the result is NULL, when an argument is NULL and Nulls is false.
	Call  func(args []any) (any, error)
	Nulls bool
}

// Unknown is a statement, or a part of one, that this package or the catalog does not know.
type Unknown struct{ What string }

func (u *Unknown) Error() string { return "the statement is not known: " + u.What }

// JSON is a value of the types json and jsonb, as text.
type JSON string
