package gate

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/expr-lang/expr/ast"
)

func (b *builder) builtin(n *ast.BuiltinNode) (node, *Error) {
	if !slices.Contains(builtins(), n.Name) {
		return nil, b.noFunction(n, n.Name)
	}
	most := 2
	if n.Name == "len" || n.Name == "first" || n.Name == "last" {
		most = 1
	}
	if len(n.Arguments) == 0 || len(n.Arguments) > most {
		return nil, b.fail(n, miscounted(n.Name, most, len(n.Arguments)), "")
	}
	of, err := b.build(n.Arguments[0])
	if err != nil {
		return nil, err
	}
	t := of.about().typ
	if n.Name == "len" && (t.shape() == dict || t.shape() == text) {
		return &length{b.piece(n, plainType[int](), of), of}, nil
	}
	if t.shape() != list {
		hint := ""
		if t.shape() == dict {
			hint = "name one of its values: `" + of.about().text + "[\"...\"]`"
		}
		return nil, b.fail(n.Arguments[0], n.Name+" takes a list, and `"+of.about().text+"` is "+t.a(), hint)
	}
	switch n.Name {
	case "len":
		return &length{b.piece(n, plainType[int](), of), of}, nil
	case "first", "last":
		e := &edge{b.piece(n, *t.elem, of), n.Name == "last", of}
		e.path = of.about().path
		return e, nil
	}
	return b.predicated(n, of)
}

// predicated builds the builtins that ask something of every item.
func (b *builder) predicated(n *ast.BuiltinNode, of node) (node, *Error) {
	elem := *of.about().typ.elem
	yes := plainType[bool]()
	if len(n.Arguments) == 1 {
		if elem.shape() != truth {
			return nil, b.fail(n, "`"+of.about().text+"` is "+of.about().typ.a()+", not a list of conditions",
				"write `len("+of.about().text+")`")
		}
		return &quantifier{b.piece(n, plainType[int](), of), n.Name, of, nil}, nil
	}
	pred, err := b.predicate(n.Arguments[1], of)
	if err != nil {
		return nil, err
	}
	if n.Name != "map" {
		if err := b.condition(n.Arguments[1], pred); err != nil {
			return nil, err
		}
	}
	// What the predicate says of its own items does not make the whole depend on the item around.
	switch n.Name {
	case "all", "any", "none", "one":
		return &quantifier{b.piece(n, yes, of), n.Name, of, pred}, nil
	case "count":
		return &quantifier{b.piece(n, plainType[int](), of), n.Name, of, pred}, nil
	case "filter":
		f := &filtering{b.piece(n, of.about().typ, of), of, pred}
		f.path, f.typ.null = of.about().path, false
		return f, nil
	case "find":
		f := &finding{b.piece(n, elem, of), of, pred}
		f.path = of.about().path
		return f, nil
	}
	t := pred.about().typ
	if t.shape() == list || t.shape() == dict || t.shape() == anything {
		return nil, b.fail(n.Arguments[1], "map makes a list of texts, numbers, bools or structs, and this is "+t.a(), "")
	}
	m := &mapping{b.piece(n, listOf(t), of), of, pred}
	m.path = pred.about().path
	return m, nil
}

func (b *builder) predicate(n ast.Node, of node) (node, *Error) {
	p, ok := n.(*ast.PredicateNode)
	if !ok {
		return nil, b.fail(n, "a predicate is missing", "")
	}
	if len(b.around) >= maxPredicates {
		return nil, b.fail(n, fmt.Sprintf("predicates are nested more than %d deep", maxPredicates), "")
	}
	b.around = append(b.around, piece{typ: *of.about().typ.elem, path: of.about().path})
	defer func() { b.around = b.around[:len(b.around)-1] }()
	return b.build(p.Node)
}

func (b *builder) noFunction(n ast.Node, name string) *Error {
	err := b.unknown(n, name, "there is no function `"+name+"`")
	if err.Hint == "" {
		known := builtins()
		for f := range b.scope.Funcs {
			known = append(known, f)
		}
		slices.Sort(known)
		err.Hint = "there are " + strings.Join(known, ", ")
	}
	return err
}

func (b *builder) call(n *ast.CallNode) (node, *Error) {
	callee, ok := n.Callee.(*ast.IdentifierNode)
	if !ok {
		return nil, b.fail(n, "fields cannot be called", "functions stand alone: name(...)")
	}
	fn, ok := b.scope.Funcs[callee.Value]
	if !ok {
		if _, isVar := b.scope.Vars[callee.Value]; isVar {
			return nil, b.fail(n, "`"+callee.Value+"` is not a function", "")
		}
		return nil, b.noFunction(n, callee.Value)
	}
	if fn.Type == nil || fn.Type.Kind() != reflect.Func || fn.Type.NumOut() != 1 || fn.Call == nil {
		return nil, b.fail(n, "the function `"+callee.Value+"` is not complete", "")
	}
	out := typeOf(fn.Type.Out(0), false)
	if out.shape() == hidden {
		return nil, b.fail(n, "`"+callee.Value+"` yields a type that expressions cannot read", "")
	}
	want := fn.Type.NumIn()
	if fn.Type.IsVariadic() && len(n.Arguments) >= want-1 {
		want = len(n.Arguments)
	}
	if len(n.Arguments) != want {
		return nil, b.fail(n, miscounted(callee.Value, want, len(n.Arguments)), "")
	}
	c := &call{name: callee.Value, fn: fn}
	for i, a := range n.Arguments {
		built, err := b.build(a)
		if err != nil {
			return nil, err
		}
		if given, taken := built.about().typ, parameter(fn.Type, i); !accepts(taken, given) {
			return nil, b.fail(a, fmt.Sprintf("%s takes %s here, and `%s` is %s", callee.Value,
				typeOf(taken, false).a(), built.about().text, given.a()), "")
		}
		c.args = append(c.args, built)
	}
	c.piece = b.piece(n, out, c.args...)
	if c.path = fn.Path; c.path == "" {
		c.path = callee.Value + "()"
	}
	return c, nil
}

func miscounted(name string, want, got int) string {
	if want == 1 {
		return fmt.Sprintf("%s takes one argument, not %d", name, got)
	}
	return fmt.Sprintf("%s takes %d arguments, not %d", name, want, got)
}

func parameter(fn reflect.Type, i int) reflect.Type {
	if last := fn.NumIn() - 1; fn.IsVariadic() && i >= last {
		return fn.In(last).Elem()
	}
	return fn.In(i)
}

// accepts says whether a parameter takes a value of a type.
func accepts(param reflect.Type, given typ) bool {
	taken := typeOf(param, false)
	switch taken.shape() {
	case anything:
		return true
	case truth, text, whole:
		return given.shape() == taken.shape()
	case fraction:
		return given.number()
	case list:
		return given.shape() == list && accepts(taken.t.Elem(), *given.elem)
	case thing, dict:
		return given.t == taken.t
	}
	return false
}
