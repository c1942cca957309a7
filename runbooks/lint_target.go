package runbooks

import (
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/expr-lang/expr/ast"

	"recon/internal/gate"
)

func itoa(n int) string { return strconv.Itoa(n) }

// demand is something in `on=` that can be nobody.
type demand struct {
	text string // as the operator reads it
	path string // a path that may be nil or an empty list, or ""
	list string // the list and the predicate of a filter or find, in expr's spelling
	pred string
}

// destroysSeveral refuses what recon would never run: a block that destroys on more than one host.
func (l *linter) destroysSeveral(c *Command) {
	if c.Risk == Destroy && several(c) {
		l.problem(c.Line-1, 1, "the block destroys, and its target `on="+c.On.Text+"` can be several hosts: recon runs nothing of that kind",
			"write a step for each host, on=first(filter(...)), so that each has a confirmation of its own")
	}
}

// emptyTarget refuses a target that can be nobody, unless a check of the step (or a guard) asks for it first.
func (l *linter) emptyTarget(s *Step, c *Command) {
	if c.On.Expr == nil {
		return
	}
	var sure []ast.Node
	for _, cond := range slices.Concat(s.When, s.Before) {
		sure = append(sure, conjuncts(tree(cond.Expr))...)
	}
	for _, g := range l.guards {
		if g.Covers(l.book, c) && !l.book.waived(g.ID) {
			sure = append(sure, conjuncts(tree(g.Check.Expr))...)
		}
	}
	for _, d := range l.demands(tree(c.On.Expr), nil) {
		if slices.ContainsFunc(sure, d.met) {
			continue
		}
		hint := "write a `check` above it: " + d.text + " != nil"
		switch {
		case d.list != "":
			hint = "write a `check` above it: any(" + d.list + ", " + d.pred + ")"
		case !slices.Contains(nilable(d.path, l.scope), d.path):
			hint = "write a `check` above it: len(" + d.text + ") > 0"
		}
		l.problem(c.Line-1, 1, "the target `on="+c.On.Text+"` can be nobody: `"+d.text+"`", hint)
	}
}

func (l *linter) demands(n ast.Node, out []demand) []demand {
	if p := dotted(n); p != "" {
		at := nilable(p, l.scope)
		for _, beginning := range at {
			out = append(out, demand{text: beginning, path: beginning})
		}
		if len(at) == 0 && isList(p, l.scope) {
			out = append(out, demand{text: p, path: p})
		}
		return out
	}
	if b, ok := n.(*ast.BuiltinNode); ok && (b.Name == "filter" || b.Name == "find") && len(b.Arguments) == 2 {
		return append(out, demand{text: n.String(), list: b.Arguments[0].String(), pred: b.Arguments[1].String()})
	}
	for _, k := range kids(n) {
		out = l.demands(k, out)
	}
	return out
}

// isList says that a path of the State is a list which can be empty; the cluster file's own things never are.
func isList(p string, scope gate.Scope) bool {
	if slices.Contains([]string{"nodes", "etcd.members", "patroni.members", "postgres.members"}, p) {
		return false
	}
	e, err := gate.Compile(p, scope)
	return err == nil && e.Type().Kind() == reflect.Slice
}

// met says that a condition which passes leaves somebody for the demand.
func (d demand) met(c ast.Node) bool {
	if either(c) || emptied(c) {
		return false
	}
	found := false
	each(c, func(n ast.Node) {
		switch n := n.(type) {
		case *ast.BinaryNode:
			for _, side := range [][2]ast.Node{{n.Left, n.Right}, {n.Right, n.Left}} {
				_, isNil := side[1].(*ast.NilNode)
				found = found || d.path != "" && dotted(side[0]) == d.path && (n.Operator == "!=" && isNil || n.Operator == "==" && !isNil)
			}
		case *ast.BuiltinNode:
			if len(n.Arguments) == 2 && d.list != "" && (n.Name == "any" || n.Name == "one") {
				found = found || n.Arguments[0].String() == d.list && n.Arguments[1].String() == d.pred
			}
			if d.list != "" && (n.Name == "filter" || n.Name == "find") && c != ast.Node(n) {
				found = found || len(n.Arguments) == 2 && n.Arguments[0].String() == d.list && n.Arguments[1].String() == d.pred
			}
			if d.path != "" && len(n.Arguments) > 0 && dotted(n.Arguments[0]) == d.path {
				found = true
			}
		case *ast.MemberNode:
			p := dotted(n)
			found = found || d.path != "" && strings.HasPrefix(p, d.path+".")
		}
	})
	return found
}

// emptied says that a condition asks for nothing to be there: len(x) == 0, x == nil.
func emptied(c ast.Node) bool {
	b, ok := c.(*ast.BinaryNode)
	if !ok || b.Operator != "==" {
		return false
	}
	for _, side := range []ast.Node{b.Left, b.Right} {
		if n, ok := side.(*ast.IntegerNode); ok && n.Value == 0 {
			return true
		}
		if _, ok := side.(*ast.NilNode); ok {
			return true
		}
	}
	return false
}
