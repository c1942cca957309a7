package runbooks

import (
	"slices"
	"strings"
)

// inside judges what books say of the books that they walk, which nobody sees in one book alone: that none leads back to
// itself, and that each is given the inputs that it asks for, and no other. misled are the books with such a mistake.
func inside(books []*Runbook) (misled []*Runbook, found Problems) {
	l := &Library{Books: books}
	for _, b := range books {
		for _, s := range b.Steps {
			for _, c := range s.Commands {
				other, ok := l.Book(c.Refers)
				if c.Kind != Book || !ok || other == b {
					continue // one that is not there, or the book itself: its own lint says so
				}
				report := func(what, hint string) {
					misled = append(misled, b)
					found = append(found, Problem{File: b.File, Line: c.Line, Column: c.Column, What: what, Hint: hint})
				}
				if way := l.way(other, b.ID, nil); way != nil {
					report("the book walks itself: "+b.ID+" › "+strings.Join(way, " › "), "a walk of it would never end")
				}
				for _, in := range other.Inputs {
					if !slices.ContainsFunc(c.Inputs, func(given ChildInput) bool { return given.Name == in.Name }) {
						report("`"+other.ID+"` asks for `"+in.Name+"` ("+in.Ask+"), which is not given", "write it under `inputs`")
					}
				}
				for _, given := range c.Inputs {
					known := names(other.Inputs)
					if !slices.Contains(known, given.Name) {
						report("`"+other.ID+"` has no input `"+given.Name+"`", meant(given.Name, known))
					}
				}
			}
		}
	}
	return misled, found
}

// way are the ids from a book to the one that is looked for, along the books that they walk; nil when it does not lead there.
// passed are those on the way so far.
func (l *Library) way(from *Runbook, to string, passed []string) []string {
	if from.ID == to {
		return []string{to}
	}
	passed = append(passed, from.ID)
	for _, s := range from.Steps {
		for _, c := range s.Commands {
			if c.Kind != Book || slices.Contains(passed, c.Refers) {
				continue
			}
			if next, ok := l.Book(c.Refers); ok {
				if rest := l.way(next, to, passed); rest != nil {
					return append([]string{from.ID}, rest...)
				}
			}
		}
	}
	return nil
}

func names(inputs []Input) []string {
	out := make([]string, len(inputs))
	for i, in := range inputs {
		out[i] = in.Name
	}
	return out
}
