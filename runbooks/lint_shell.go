package runbooks

import (
	"regexp"
	"slices"
	"strings"
	"unicode"

	"mvdan.cc/sh/v3/syntax"
)

// appends is x+=y, which /bin/sh looks for as a program.
var appends = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*\+=`)

var braceExpansion = regexp.MustCompile(`\{[^{}\s]*(,|\.\.)[^{}\s]*\}`)

// posix refuses what a POSIX parser lets through and /bin/sh does not do as it reads.
func (l *linter) posix(c *Command) {
	f, _, _, what := parseShell(c.Script)
	if what != "" {
		return
	}
	bad := func(pos syntax.Pos, what, hint string) {
		line, column := place(c.Script, pos)
		l.problem(c.Line+line-1, column, "/bin/sh has no "+what, hint)
	}
	syntax.Walk(f, func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.CallExpr:
			if len(n.Args) > 0 {
				posixCall(n, bad)
			}
		case *syntax.Subshell:
			if len(n.Stmts) > 0 && n.Stmts[0].Pos().Offset() == n.Lparen.Offset()+1 {
				if _, inner := n.Stmts[0].Cmd.(*syntax.Subshell); inner {
					bad(n.Pos(), "(( ))", `write : $((...)), or [ "$x" -gt 0 ]`)
				}
			}
		case *syntax.Word:
			posixWord(n, bad)
		}
		return true
	})
}

func posixCall(n *syntax.CallExpr, bad func(syntax.Pos, string, string)) {
	program := n.Args[0].Lit()
	if appends.MatchString(program) {
		bad(n.Pos(), "+=", `write X="$X..."`)
	}
	switch program {
	case "[[":
		bad(n.Pos(), "[[", `write [ "$a" = "$b" ], or case`)
	case "source":
		bad(n.Pos(), "source", "write . FILE")
	case "declare", "typeset", "let", "shopt", "select", "coproc", "mapfile", "readarray", "pushd", "popd", "disown", "function", "caller", "enable":
		bad(n.Pos(), "`"+program+"`", "")
	case "[", "test":
		for _, a := range n.Args[1:] {
			if a.Lit() == "==" {
				bad(a.Pos(), "== in "+program, "write =")
			}
		}
	case "set":
		for i, a := range n.Args[1:] {
			if a.Lit() == "pipefail" && i > 0 {
				bad(a.Pos(), "pipefail", "look at what each part of the pipe wrote")
			}
		}
	}
}

func posixWord(n *syntax.Word, bad func(syntax.Pos, string, string)) {
	for i, p := range n.Parts {
		lit, ok := p.(*syntax.Lit)
		if !ok {
			continue
		}
		if braceExpansion.MatchString(lit.Value) {
			bad(lit.Pos(), "brace expansion", "write the words one by one")
		}
		if strings.HasSuffix(lit.Value, "$") && !strings.HasSuffix(lit.Value, `\$`) && i+1 < len(n.Parts) {
			if _, quoted := n.Parts[i+1].(*syntax.SglQuoted); quoted {
				bad(lit.Pos(), "$'...'", `write "$(printf '...')"`)
			}
		}
	}
}

// variables refuses a variable that nobody sets: with sh -u the script would stop there, in the middle.
func (l *linter) variables(c *Command) {
	f, _, _, what := parseShell(c.Script)
	if what != "" {
		return
	}
	set := map[string]bool{}
	for _, name := range l.bookValues() {
		set[name] = true
	}
	syntax.Walk(f, func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.Assign:
			if n.Name != nil {
				set[n.Name.Value] = true
			}
		case *syntax.WordIter:
			set[n.Name.Value] = true
		case *syntax.CallExpr:
			if len(n.Args) > 1 && slices.Contains([]string{"read", "getopts", "export"}, n.Args[0].Lit()) {
				for _, a := range n.Args[1:] {
					set[a.Lit()] = true
				}
			}
		}
		return true
	})
	known := append(l.bookValues(), Values()...)
	syntax.Walk(f, func(n syntax.Node) bool {
		p, ok := n.(*syntax.ParamExp)
		if !ok || p.Param == nil || set[p.Param.Value] || given(p.Param.Value) || reserved(p.Param.Value) {
			return true
		}
		first := []rune(p.Param.Value)[0]
		if !unicode.IsLetter(first) && first != '_' || p.Exp != nil && (p.Exp.Op == syntax.DefaultUnset || p.Exp.Op == syntax.DefaultUnsetOrNull ||
			p.Exp.Op == syntax.AlternateUnset || p.Exp.Op == syntax.AlternateUnsetOrNull) {
			return true
		}
		line, column := place(c.Script, p.Pos())
		l.problem(c.Line+line-1, column, "nobody sets $"+p.Param.Value, meant(p.Param.Value, known))
		return true
	})
}

// bookValues are the variables of the book's inputs, answers and captures.
func (l *linter) bookValues() []string {
	var out []string
	for _, in := range l.book.Inputs {
		out = append(out, strings.ToUpper(in.Name))
	}
	for _, s := range l.book.Steps {
		for _, q := range s.Asks {
			out = append(out, strings.ToUpper(q.Name))
		}
		for _, c := range s.Commands {
			if c.Capture != "" {
				out = append(out, strings.ToUpper(c.Capture))
			}
		}
	}
	return out
}
