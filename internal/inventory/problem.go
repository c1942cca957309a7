package inventory

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Problem is one mistake in a cluster file. Line and Column count from 1, columns in characters. What never shows a secret.
type Problem struct {
	File         string
	Line, Column int
	// What is wrong, and Hint is what to do about it.
	What, Hint string
}

// Error is `file:line:column: what, hint`.
func (p Problem) Error() string {
	s := fmt.Sprintf("%s:%d:%d: %s", p.File, p.Line, p.Column, p.What)
	if p.Hint != "" {
		s += ", " + p.Hint
	}
	return s
}

// Problems are all mistakes of a cluster file, in the order of the file.
type Problems []Problem

// Error has a line for each problem.
func (p Problems) Error() string {
	lines := make([]string, len(p))
	for i, one := range p {
		lines[i] = one.Error()
	}
	return strings.Join(lines, "\n")
}

// sorted puts problems in the order of the file and drops what was found twice.
func (p Problems) sorted() Problems {
	slices.SortStableFunc(p, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return slices.Compact(p)
}

// at is a place in the file, counted from 1.
type at struct{ line, column int }
