package gate

import "strings"

// Template is text with expressions in braces. It is never changed.
type Template struct {
	pieces []segment
}

// segment is text, or an expression.
type segment struct {
	text string
	expr *Expr
}

// Interpolate compiles a template: what stands in braces is an expression that yields a text, a number, a bool, something
// with a name, or a list of those; {{ and }} are braces themselves. Its error is an *Error placed in the template.
func Interpolate(template string, scope Scope) (*Template, error) {
	t := &Template{}
	var plain strings.Builder
	for i := 0; i < len(template); {
		switch {
		case strings.HasPrefix(template[i:], "{{"), strings.HasPrefix(template[i:], "}}"):
			plain.WriteByte(template[i])
			i += 2
		case template[i] == '}':
			return nil, place(template, i, "this closing brace has no opening one", "write }} for a brace in the text")
		case template[i] == '{':
			end := closing(template, i)
			if end < 0 {
				return nil, place(template, i, "this brace is not closed", "write {{ for a brace in the text")
			}
			e, err := expression(template, i+1, end, scope)
			if err != nil {
				return nil, err
			}
			t.pieces = append(t.pieces, segment{text: plain.String()}, segment{expr: e})
			plain.Reset()
			i = end + 1
		default:
			plain.WriteByte(template[i])
			i++
		}
	}
	t.pieces = append(t.pieces, segment{text: plain.String()})
	return t, nil
}

func expression(template string, from, to int, scope Scope) (*Expr, *Error) {
	e, err := compile(template[from:to], scope)
	if err != nil {
		return nil, place(template, from+err.Offset, err.What, err.Hint)
	}
	if t := e.root.about().typ; !isText(t) {
		return nil, place(template, from, t.a()+" cannot be written in a sentence", "write one of its fields")
	}
	return e, nil
}

// closing finds the brace that closes the one at start, past strings and braces inside.
func closing(template string, start int) int {
	depth := 0
	var quote byte
	for i := start; i < len(template); i++ {
		switch c := template[i]; {
		case quote != 0:
			if c == '\\' && quote != '`' {
				i++
			} else if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'' || c == '`':
			quote = c
		case c == '{':
			depth++
		case c == '}':
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return -1
}

// Render fills in the values. What is not seen becomes "?", and then complete is false; what is nil as a fact becomes "none".
func (t *Template) Render(vars map[string]any) (text string, complete bool) {
	var out strings.Builder
	complete = true
	for _, p := range t.pieces {
		if p.expr == nil {
			out.WriteString(p.text)
			continue
		}
		v := (&frame{run: &run{vars: vars, budget: work}}).eval(p.expr.root)
		switch {
		case v.state == blind:
			complete = false
			out.WriteString("?")
		case v.state == isNil:
			out.WriteString("none")
		default:
			complete = complete && partly(v.items) == ""
			out.WriteString(show(v, false))
		}
	}
	return out.String(), complete
}

// Exprs are the expressions in the braces, in order.
func (t *Template) Exprs() []*Expr {
	var all []*Expr
	for _, p := range t.pieces {
		if p.expr != nil {
			all = append(all, p.expr)
		}
	}
	return all
}
