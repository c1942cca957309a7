package runbooks

import (
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/parser"

	"recon/internal/gate"
)

// tree is expr's own tree of an expression that compiled; nil when there is none. Lint reads shapes in it, never values.
func tree(e *gate.Expr) (n ast.Node) {
	if e == nil {
		return nil
	}
	t, err := parser.Parse(e.Source())
	if err != nil {
		// It compiled with gate's own words, so this is a word that expr alone reads differently; nothing is known then.
		return nil
	}
	return t.Node
}

// compile compiles an expression, and refuses a service that no cluster file has: role("etcdd") is an empty list for ever, of
// which all() holds.
func compile(src string, scope gate.Scope) (*gate.Expr, error) {
	e, err := gate.Compile(src, scope)
	if err != nil || !strings.Contains(src, "role(") {
		return e, err
	}
	each(tree(e), func(n ast.Node) {
		call, ok := n.(*ast.CallNode)
		if !ok || len(call.Arguments) != 1 || call.Callee.String() != "role" {
			return
		}
		word, ok := call.Arguments[0].(*ast.StringNode)
		services := slices.DeleteFunc(Systems(), func(s string) bool { return s == "hosts" })
		if !ok || slices.Contains(services, word.Value) {
			return
		}
		// expr counts characters.
		before := string([]rune(src)[:word.Location().From])
		err = &gate.Error{
			Offset: len(before), Column: utf8.RuneCountInString(before[strings.LastIndexByte(before, '\n')+1:]) + 1,
			What: "there is no service `" + word.Value + "`", Hint: meant(word.Value, services),
		}
	})
	if err != nil {
		return nil, err
	}
	return e, nil
}

// kids are the nodes directly below a node.
func kids(n ast.Node) []ast.Node {
	switch n := n.(type) {
	case *ast.UnaryNode:
		return []ast.Node{n.Node}
	case *ast.BinaryNode:
		return []ast.Node{n.Left, n.Right}
	case *ast.MemberNode:
		return []ast.Node{n.Node, n.Property}
	case *ast.CallNode:
		return n.Arguments
	case *ast.BuiltinNode:
		return n.Arguments
	case *ast.PredicateNode:
		return []ast.Node{n.Node}
	case *ast.ConditionalNode:
		return []ast.Node{n.Cond, n.Exp1, n.Exp2}
	case *ast.ArrayNode:
		return n.Nodes
	}
	return nil
}

// each calls do for a node and all below it.
func each(n ast.Node, do func(ast.Node)) {
	if n == nil {
		return
	}
	do(n)
	for _, k := range kids(n) {
		each(k, do)
	}
}

// conjuncts are the parts of a condition that all have to hold.
func conjuncts(n ast.Node) []ast.Node {
	if b, ok := n.(*ast.BinaryNode); ok && (b.Operator == "&&" || b.Operator == "and") {
		return append(conjuncts(b.Left), conjuncts(b.Right)...)
	}
	if n == nil {
		return nil
	}
	return []ast.Node{n}
}

// either says that a condition holds if one of several parts does, so that none of them is sure.
func either(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.BinaryNode:
		return n.Operator == "||" || n.Operator == "or"
	case *ast.ConditionalNode:
		return true
	case *ast.UnaryNode:
		return either(n.Node) || len(conjuncts(n.Node)) > 1
	}
	return false
}

// dotted is the dotted path of a chain of names (patroni.leader.name), or "".
func dotted(n ast.Node) string {
	switch n := n.(type) {
	case *ast.IdentifierNode:
		return n.Value
	case *ast.MemberNode:
		word, ok := n.Property.(*ast.StringNode)
		if base := dotted(n.Node); ok && base != "" {
			return base + "." + word.Value
		}
	}
	return ""
}

// reads says that an expression reads a path or something below it.
func reads(e *gate.Expr, prefix string) bool {
	return e != nil && slices.ContainsFunc(e.Reads(), func(p string) bool { return p == prefix || strings.HasPrefix(p, prefix+".") })
}

// nilable cuts a path into the beginnings of it that may be nil as a fact (tag gate:"nil"), by the types of the scope.
func nilable(p string, scope gate.Scope) []string {
	words := strings.Split(p, ".")
	t, ok := scope.Vars[words[0]]
	if !ok {
		return nil
	}
	var out []string
	for i, w := range words[1:] {
		for t.Kind() == reflect.Pointer {
			t = t.Elem()
		}
		switch t.Kind() {
		case reflect.Map:
			t = t.Elem()
			continue
		case reflect.Struct:
		default:
			return out
		}
		f, ok := fieldNamed(t, w)
		if !ok {
			return out
		}
		if f.Tag.Get("gate") == "nil" {
			out = append(out, strings.Join(words[:i+2], "."))
		}
		t = f.Type
	}
	return out
}

func fieldNamed(t reflect.Type, word string) (reflect.StructField, bool) {
	for _, f := range reflect.VisibleFields(t) {
		if tag, _, _ := strings.Cut(f.Tag.Get("json"), ","); tag == word {
			return f, true
		}
	}
	return reflect.StructField{}, false
}

// comparison is a == or != between a path and a text, seen from both sides.
func comparison(n ast.Node) (p, word string, equal, ok bool) {
	b, isBinary := n.(*ast.BinaryNode)
	if !isBinary || b.Operator != "==" && b.Operator != "!=" {
		return "", "", false, false
	}
	for _, side := range [][2]ast.Node{{b.Left, b.Right}, {b.Right, b.Left}} {
		if s, isText := side[1].(*ast.StringNode); isText && dotted(side[0]) != "" {
			return dotted(side[0]), s.Value, b.Operator == "==", true
		}
	}
	return "", "", false, false
}
