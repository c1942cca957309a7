package runbooks

import (
	"slices"

	"recon/internal/gate"
)

// Lint is Parse and everything beyond syntax that is refused; docs/runbook-format.md lists it. books are ids of further
// books that the book may refer to, beside those of the built-in library.
func Lint(file string, src []byte, scope gate.Scope, books ...string) Problems {
	sources, err := collect(shipped, "", FromLibrary)
	if err != nil {
		return Problems{{File: file, Line: 1, Column: 1, What: "the built-in library cannot be read: " + err.Error()}}
	}
	for _, s := range sources {
		if id, kind := s.names(scope); kind != Drill {
			books = append(books, id)
		}
	}
	gs, _ := guards("guards.yaml", shippedGuards, scope) // Load reports what is wrong with the guards themselves
	_, problems := lint(file, src, scope, books, gs)
	return problems
}

// Text is a book that was not read yet.
type Text struct {
	File   string
	Source []byte
}

// LintAll is Lint of several books, which may refer to each other. It also finds what no book shows alone: one that walks
// itself by way of others, inputs of another book that are missing, an id that stands twice.
func LintAll(texts []Text, scope gate.Scope) Problems {
	sources, err := collect(shipped, "", FromLibrary)
	if err != nil {
		return Problems{{File: "runbooks", Line: 1, Column: 1, What: "the built-in library cannot be read: " + err.Error()}}
	}
	var own []source
	ids := map[string]bool{}
	for _, t := range texts {
		s := source{t.File, t.Source, FromOwn}
		id, _ := s.names(scope)
		ids[id], own = true, append(own, s)
	}
	// A book of the library that is linted as a file is judged in its place, not beside it.
	sources = slices.DeleteFunc(sources, func(s source) bool {
		id, _ := s.names(scope)
		return ids[id]
	})
	_, found := read(append(sources, own...), scope)
	return found.sorted()
}

// lint parses and lints; the book is nil when there are problems. The rules look at a whole book, so a book with other
// mistakes is not judged yet.
func lint(file string, src []byte, scope gate.Scope, ids []string, guards []Guard) (*Runbook, Problems) {
	r := newReader(file, src, scope)
	b := r.book()
	if len(r.problems) > 0 {
		return nil, r.problems.sorted()
	}
	l := &linter{reader: r, book: b, ids: ids, guards: guards}
	l.all()
	if len(r.problems) > 0 {
		return nil, r.problems.sorted()
	}
	return b, nil
}

// linter judges a book that parsed.
type linter struct {
	*reader
	book   *Runbook
	guards []Guard
	ids    []string
}

func (l *linter) all() {
	l.references()
	l.secrets()
	if l.book.When != nil {
		l.canFail(*l.book.When)
	}
	for _, c := range l.book.Loses {
		l.canFail(c)
	}
	for i := range l.book.Steps {
		s := &l.book.Steps[i]
		l.checks(s)
		l.proofOf(s)
		l.reachable(i)
		for _, c := range slices.Concat(s.Commands, s.Rollbacks) {
			l.one(s, &c)
		}
		l.etcdMembers(i)
		l.rebuild(i)
	}
}

// one judges one command.
func (l *linter) one(s *Step, c *Command) {
	if c.Play != nil && c.Play.DryRun {
		return // the command behind it is the same
	}
	l.emptyTarget(s, c)
	l.destroysSeveral(c)
	switch c.Kind {
	case Sh:
		runs := invocations(c.Script)
		l.posix(c)
		l.variables(c)
		for _, inv := range runs {
			l.dataRemoved(c, inv)
			l.besidePatroni(c, inv)
			l.forgetting(s, c, inv)
			l.etcdctl(c, inv)
			l.flushed(c, inv)
			l.understated(c, inv)
			l.quorum(c, inv)
			l.leaderRebuilt(s, c, inv)
		}
	case HTTP:
		l.httpCall(s, c)
	case SQL:
		l.sqlCall(c)
	case Redis:
		l.redisCall(c)
	}
}

// blame reports something about an invocation at its place in the file.
func (l *linter) blame(c *Command, inv invocation, what, hint string) {
	l.problem(c.Line+inv.line-1, inv.column, what, hint)
}

// references are ids of other books.
func (l *linter) references() {
	if s := l.book.Solves; s != "" && !slices.Contains(l.ids, s) {
		l.problem(l.book.solvesAt[0], l.book.solvesAt[1], "there is no book `"+s+"`", meant(s, l.ids))
	}
	for _, s := range l.book.Steps {
		for _, c := range s.Commands {
			if c.Kind == Book && c.Refers == l.book.ID {
				l.problem(c.Line, c.Column, "the book walks itself", "")
			}
			if c.Kind != Book || slices.Contains(l.ids, c.Refers) {
				continue
			}
			l.problem(c.Line, c.Column, "there is no book `"+c.Refers+"`", meant(c.Refers, l.ids))
		}
	}
}
