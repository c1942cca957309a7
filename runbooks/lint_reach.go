package runbooks

import (
	"slices"
	"strings"

	"github.com/expr-lang/expr/ast"

	"recon/internal/gate"
)

// reachable refuses a step whose `when` can never pass, and conditions that read an answer before it is asked for.
func (l *linter) reachable(i int) {
	s := &l.book.Steps[i]
	never := false
	for _, c := range s.When {
		if l.never(c.Text) {
			l.problem(c.Line, c.Column, "the step is never reached: `"+c.Text+"` cannot pass", "")
			never = true
		}
	}
	if len(s.When) > 1 && !never {
		texts := make([]string, len(s.When))
		for j, c := range s.When {
			texts[j] = "(" + c.Text + ")"
		}
		if l.never(strings.Join(texts, " && ")) {
			l.problem(s.When[0].Line, s.When[0].Column, "the step is never reached: its lines contradict each other", "")
		}
	}
	l.answered(s.When, i, false)
	l.answered(s.Before, i, false)
	if s.Proof != nil {
		l.answered(s.Proof.Conditions, i, true)
	}
	for _, c := range slices.Concat(s.Commands, s.Rollbacks) {
		if c.On.Expr != nil {
			l.answered([]Condition{{Text: c.On.Text, Line: c.Line - 1, Column: 1, Expr: c.On.Expr}}, i, c.Rollback)
		}
	}
}

// never says that a condition cannot pass, whatever is seen.
func (l *linter) never(text string) bool {
	scope := l.wholeScope()
	e, err := gate.Compile("!("+text+")", scope)
	if err != nil {
		return false
	}
	if _, always := gate.CannotFail(e); !always {
		return false
	}
	// What reads no fact cannot fail either way; canFail says so in its own words.
	if plain, err := gate.Compile(text, scope); err == nil {
		_, constant := gate.CannotFail(plain)
		return !constant
	}
	return true
}

// wholeScope is the scope of the book's steps.
func (l *linter) wholeScope() gate.Scope {
	drafts := make([]*draft, len(l.book.Steps))
	for i, s := range l.book.Steps {
		drafts[i] = &draft{asks: s.Asks}
		for _, c := range s.Commands {
			if c.Capture != "" {
				drafts[i].commands = append(drafts[i].commands, &fence{attrs: []attr{{key: "capture", value: c.Capture}}})
			}
		}
	}
	return l.bookScope(l.book, drafts)
}

// answered refuses conditions on answers and captures that do not exist yet, and comparisons with a word that is not among
// the choices.
func (l *linter) answered(conditions []Condition, i int, own bool) {
	for _, c := range conditions {
		if c.Expr == nil {
			continue
		}
		for _, p := range c.Expr.Reads() {
			words := strings.Split(p, ".")
			if len(words) < 2 || words[0] != "answers" && words[0] != "captures" {
				continue
			}
			if at := l.givenIn(words[0], words[1]); at > i || at == i && !own {
				l.problem(c.Line, c.Column, "`"+words[0]+"."+words[1]+"` is not known yet here: it comes in step "+itoa(at+1), "move the question above, or this step below")
			}
		}
		each(tree(c.Expr), func(n ast.Node) { l.amongChoices(c, n) })
	}
}

// givenIn is the index of the step that asks for an answer or captures an output.
func (l *linter) givenIn(what, name string) int {
	for i, s := range l.book.Steps {
		if what == "answers" && slices.ContainsFunc(s.Asks, func(q Question) bool { return q.Name == name }) ||
			what == "captures" && slices.ContainsFunc(s.Commands, func(c Command) bool { return c.Capture == name }) {
			return i
		}
	}
	return -1
}

func (l *linter) amongChoices(c Condition, n ast.Node) {
	p, word, _, ok := comparison(n)
	if !ok {
		return
	}
	choices := l.choices(p)
	if len(choices) > 0 && !slices.Contains(choices, word) {
		l.problem(c.Line, c.Column, "`"+p+"` can never be \""+word+"\"", meant(word, choices))
	}
}

// choices are the words that an input or an answer can be, when they are fixed.
func (l *linter) choices(p string) []string {
	section, name, _ := strings.Cut(p, ".")
	for _, in := range l.book.Inputs {
		if section == "inputs" && in.Name == name {
			return in.Literals
		}
	}
	for _, s := range l.book.Steps {
		for _, q := range s.Asks {
			if section == "answers" && q.Name == name {
				return q.Choices
			}
		}
	}
	return nil
}
