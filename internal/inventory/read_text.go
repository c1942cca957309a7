package inventory

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// pattern is what a word must look like, and how that is said. Patterns are package variables that are never changed.
type pattern struct {
	*regexp.Regexp
	what, hint string
	// quiet keeps what was written out of the message, where it could be more than a name.
	quiet bool
}

func pat(expr, what, hint string) pattern {
	return pattern{Regexp: regexp.MustCompile(`\A(?:` + expr + `)\z`), what: what, hint: hint}
}

func quiet(p pattern) pattern {
	p.quiet = true
	return p
}

// text reads one line of text.
func (r *reader) text(n ast.Node, hint string) (string, bool) {
	n = unwrap(n)
	switch v := n.(type) {
	case *ast.StringNode:
		if v.Value == "" {
			r.problem(begin(n), r.last()+" is empty", hint)
			return "", false
		}
		if i := strings.IndexFunc(v.Value, unicode.IsControl); i >= 0 {
			r.problem(begin(n), r.last()+" holds a character that cannot be seen", hint)
			return "", false
		}
		return v.Value, true
	case *ast.AliasNode:
	case *ast.NullNode:
		r.problem(begin(n), r.last()+" has no value", hint+r.optional)
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		r.problem(begin(n), r.last()+" is "+kind(n)+" and must be text", "put it in quotes")
	default:
		r.problem(begin(n), r.last()+" is "+kind(n)+" and must be text on one line", hint)
	}
	return "", false
}

// word is a field with text of a pattern.
func word(name string, to *string, p pattern) field {
	return field{name: name, read: func(r *reader, n ast.Node) {
		if s, ok := r.text(n, p.hint); ok && r.matches(n, s, p) {
			*to = s
		}
	}}
}

// matches reports text that is not of a pattern.
func (r *reader) matches(n ast.Node, s string, p pattern) bool {
	if !p.MatchString(s) {
		if s = quote(s); p.quiet {
			s = r.last()
		}
		r.problem(begin(n), s+" is not "+p.what, p.hint)
		return false
	}
	return true
}

// choice is a field with one of a few words.
func choice[T ~string](name string, to *T, words ...T) field {
	return field{name: name, read: func(r *reader, n ast.Node) {
		list := make([]string, len(words))
		for i, w := range words {
			list[i] = string(w)
		}
		hint := "write " + strings.Join(list[:len(list)-1], ", ") + " or " + list[len(list)-1]
		s, ok := r.text(n, hint)
		if !ok {
			return
		}
		if !slices.Contains(list, s) {
			r.problem(begin(n), name+" cannot be "+quote(s), hint)
			return
		}
		*to = T(s)
	}}
}

// yesNo is a field that is true or false.
func yesNo(name string, to *bool) field {
	return field{name: name, read: func(r *reader, n ast.Node) {
		n = unwrap(n)
		if v, ok := n.(*ast.BoolNode); ok {
			*to = v.Value
			return
		}
		if _, ok := n.(*ast.AliasNode); !ok {
			r.problem(begin(n), name+" is "+kind(n)+" and must be true or false", "write true or false, without quotes")
		}
	}}
}

// number reads a whole decimal number from low to high.
func (r *reader) number(n ast.Node, low, high int, what string) (int, bool) {
	n = unwrap(n)
	hint := fmt.Sprintf("write a number from %d to %d", low, high)
	switch v := n.(type) {
	case *ast.IntegerNode:
		i, err := strconv.Atoi(v.Token.Value)
		if err != nil || v.Token.Type != token.IntegerType || i < low || i > high {
			r.problem(begin(n), quote(v.Token.Value)+" is not "+what, hint)
			return 0, false
		}
		return i, true
	case *ast.AliasNode:
	case *ast.NullNode:
		r.problem(begin(n), r.last()+" has no value", hint+r.optional)
	case *ast.StringNode:
		if _, err := strconv.Atoi(v.Value); err == nil && v.Token.Type != token.StringType {
			hint = "take the quotes off"
		}
		r.problem(begin(n), r.last()+" is text and must be a number", hint)
	default:
		r.problem(begin(n), r.last()+" is "+kind(n)+" and must be a number", hint)
	}
	return 0, false
}

// duration is a field with a duration from low to high.
func duration(name string, to *time.Duration, low, high time.Duration) field {
	return field{name: name, read: func(r *reader, n ast.Node) {
		hint := fmt.Sprintf("write a duration from %s to %s, such as 2s", low, high)
		if i, ok := unwrap(n).(*ast.IntegerNode); ok {
			r.problem(begin(n), name+" has no unit", "write "+i.Token.Value+"s for seconds")
			return
		}
		s, ok := r.text(n, hint)
		if !ok {
			return
		}
		d, err := time.ParseDuration(s)
		if err != nil {
			r.problem(begin(n), quote(s)+" is not a duration", hint)
			return
		}
		if d < low || d > high {
			r.problem(begin(n), quote(s)+" is too "+map[bool]string{true: "short", false: "long"}[d < low], hint)
			return
		}
		*to = d
	}}
}
