package runbooks

import (
	"fmt"
	"slices"
	"strings"
)

// Problem is one mistake in a book.
type Problem struct {
	File         string
	Line, Column int // both from 1; Column counts characters
	What         string
	Hint         string // what was probably meant or what to write instead, or empty
}

// Error is file:line:column, what is wrong and the hint, in one line.
func (p Problem) Error() string {
	text := fmt.Sprintf("%s:%d:%d: %s", p.File, p.Line, p.Column, p.What)
	if p.Hint != "" {
		text += "; " + p.Hint
	}
	return text
}

// Problems are mistakes in the order of the file.
type Problems []Problem

// Error is one line for each problem.
func (ps Problems) Error() string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.Error()
	}
	return strings.Join(lines, "\n")
}

// sorted puts problems in the order of file, line and column, each once.
func (ps Problems) sorted() Problems {
	slices.SortStableFunc(ps, func(a, b Problem) int {
		switch {
		case a.File != b.File:
			return strings.Compare(a.File, b.File)
		case a.Line != b.Line:
			return a.Line - b.Line
		}
		return a.Column - b.Column
	})
	return slices.Compact(ps)
}
