package runbooks

import (
	"strings"
	"unicode/utf8"

	"recon/internal/gate"
)

// conditions reads the lines of a check or when block: one expression a line, and behind # what it means.
func (r *reader) conditions(f *fence, scope gate.Scope) []Condition {
	var out []Condition
	for i, line := range strings.Split(strings.TrimSuffix(f.body, "\n"), "\n") {
		expr, explain := cutExplanation(line)
		text := strings.TrimSpace(expr)
		if text == "" {
			continue
		}
		at := f.bodyLine + i
		column := utf8.RuneCountInString(line[:strings.Index(line, text)]) + 1
		c := Condition{Text: text, Explain: explain, Line: at, Column: column, Expr: r.compile(text, at, column, scope)}
		r.isBool(&c)
		out = append(out, c)
	}
	if len(out) == 0 {
		r.problem(f.line, f.column, "this `"+f.word+"` has no line", "write one expression a line")
	}
	return out
}

// cutExplanation cuts a line at the # that begins the explanation: one outside quotes and brackets, because inside brackets
// # is the item of a predicate.
func cutExplanation(line string) (expr, explain string) {
	depth, quote := 0, byte(0)
	for i := 0; i < len(line); i++ {
		switch c := line[i]; {
		case quote != 0:
			if c == '\\' && quote != '`' {
				i++
			} else if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'' || c == '`':
			quote = c
		case c == '(' || c == '[' || c == '{':
			depth++
		case c == ')' || c == ']' || c == '}':
			depth--
		case c == '#' && depth <= 0:
			return line[:i], strings.TrimSpace(line[i+1:])
		}
	}
	return line, ""
}
