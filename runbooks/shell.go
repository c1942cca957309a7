package runbooks

import (
	"errors"
	"slices"
	"strings"
	"unicode/utf8"

	"mvdan.cc/sh/v3/syntax"
)

// parseShell parses a script as POSIX shell. what is empty when it parses; else line and column, both from 1 and within
// the script, say where it does not.
func parseShell(script string) (f *syntax.File, line, column int, what string) {
	f, err := syntax.NewParser(syntax.Variant(syntax.LangPOSIX), syntax.KeepComments(true)).Parse(strings.NewReader(script), "")
	var parse syntax.ParseError
	var lang syntax.LangError
	switch {
	case err == nil:
		return f, 0, 0, ""
	case errors.As(err, &parse):
		line, column = place(script, parse.Pos)
		return nil, line, column, "the shell does not parse: " + parse.Text
	case errors.As(err, &lang):
		line, column = place(script, lang.Pos)
		return nil, line, column, "not POSIX shell: " + lang.Feature
	}
	return nil, 1, 1, "the shell does not parse: " + err.Error()
}

// place turns a parser's position, which counts bytes, into line and column.
func place(script string, pos syntax.Pos) (line, column int) {
	if !pos.IsValid() {
		return 1, 1
	}
	lines := strings.Split(script, "\n")
	line, column = int(pos.Line()), int(pos.Col())
	if line < 1 || line > len(lines) {
		return 1, 1
	}
	text := lines[line-1]
	return line, utf8.RuneCountInString(text[:min(max(column-1, 0), len(text))]) + 1
}

// invocation is one program that a script runs, without what only wraps it (sudo, env, timeout, runuser ...). A variable
// in a word is written $NAME, a substitution $(...).
type invocation struct {
	words        []string
	line, column int
	loop         bool // it stands in a loop
	writes       []string
}

// invocations lists what a script runs, in order, down into `sh -c` and `su -c`. A variable that the script itself set to
// a plain text is replaced by that text.
func invocations(script string) []invocation {
	f, _, _, what := parseShell(script)
	if what != "" {
		return nil
	}
	w := &shellWalker{script: script, set: map[string]string{}}
	w.assignments(f)
	w.list(f, false, 0)
	return w.out
}

type shellWalker struct {
	script string
	set    map[string]string
	out    []invocation
}

// assignments learns what the script sets, so that D=$PGDATA; rm -rf "$D" is seen for what it is.
func (w *shellWalker) assignments(f *syntax.File) {
	syntax.Walk(f, func(n syntax.Node) bool {
		if a, ok := n.(*syntax.Assign); ok && a.Name != nil && a.Value != nil {
			w.set[a.Name.Value] = w.text(a.Value)
		}
		return true
	})
}

func (w *shellWalker) list(f syntax.Node, loop bool, depth int) {
	syntax.Walk(f, func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.WhileClause:
			if !loop {
				w.list(n.Cond[0], true, depth)
				for _, s := range slices.Concat(n.Cond[1:], n.Do) {
					w.list(s, true, depth)
				}
				return false
			}
		case *syntax.ForClause:
			if !loop {
				for _, s := range n.Do {
					w.list(s, true, depth)
				}
				return false
			}
		case *syntax.Stmt:
			if call, ok := n.Cmd.(*syntax.CallExpr); ok && len(call.Args) > 0 {
				w.call(call, n.Redirs, loop, depth)
			}
		}
		return true
	})
}

func (w *shellWalker) call(c *syntax.CallExpr, redirects []*syntax.Redirect, loop bool, depth int) {
	var words []string
	for _, a := range c.Args {
		words = append(words, w.text(a))
	}
	inv := invocation{loop: loop}
	inv.line, inv.column = place(w.script, c.Pos())
	for _, r := range redirects {
		if r.Op == syntax.RdrOut || r.Op == syntax.AppOut || r.Op == syntax.RdrClob {
			inv.writes = append(inv.writes, w.text(r.Word))
		}
	}
	var inner string
	inv.words, inner = unwrap(words)
	if inner != "" && depth < 4 {
		for _, i := range invocations(inner) {
			i.line, i.column, i.loop = inv.line, inv.column, i.loop || loop
			w.out = append(w.out, i)
		}
		return
	}
	if len(inv.words) > 0 {
		w.out = append(w.out, inv)
	}
}

// text is a word as it is meant, with $NAME for what is not known here.
func (w *shellWalker) text(word *syntax.Word) string {
	if word == nil {
		return ""
	}
	return w.parts(word.Parts, 0)
}

func (w *shellWalker) parts(parts []syntax.WordPart, depth int) string {
	var b strings.Builder
	for _, p := range parts {
		switch p := p.(type) {
		case *syntax.Lit:
			b.WriteString(strings.ReplaceAll(strings.ReplaceAll(p.Value, "\\\n", ""), `\`, ""))
		case *syntax.SglQuoted:
			b.WriteString(p.Value)
		case *syntax.DblQuoted:
			b.WriteString(w.parts(p.Parts, depth))
		case *syntax.ParamExp:
			if known, ok := w.set[p.Param.Value]; ok && !strings.Contains(known, "$"+p.Param.Value) {
				b.WriteString(known)
			} else {
				b.WriteString("$" + p.Param.Value)
			}
		default:
			b.WriteString("$(...)")
		}
	}
	return b.String()
}

// has says that one of the words after the program is among these.
func (i invocation) has(words ...string) bool {
	return slices.ContainsFunc(i.words[1:], func(w string) bool { return slices.Contains(words, w) })
}

// verb is the first word after the program that is not an option.
func (i invocation) verb() string {
	for _, w := range i.words[1:] {
		if !strings.HasPrefix(w, "-") {
			return w
		}
	}
	return ""
}

// flag says that a short option is among the words, alone or in a cluster like -rf, or the long one.
func (i invocation) flag(letters, long string) bool {
	for _, w := range i.words[1:] {
		switch {
		case w == "--":
			return false
		case long != "" && (w == long || strings.HasPrefix(w, long+"=")):
			return true
		case len(w) > 1 && w[0] == '-' && w[1] != '-' && strings.ContainsAny(w[1:], letters):
			return true
		}
	}
	return false
}
