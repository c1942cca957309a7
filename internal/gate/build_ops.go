package gate

import (
	"reflect"
	"regexp"

	"github.com/expr-lang/expr/ast"
)

func (b *builder) unary(n *ast.UnaryNode) (node, *Error) {
	of, err := b.build(n.Node)
	if err != nil {
		return nil, err
	}
	p := of.about()
	switch n.Operator {
	case "!", "not":
		if err := b.condition(n.Node, of); err != nil {
			return nil, err
		}
		return &negation{b.piece(n, plainType[bool](), of), of}, nil
	case "-", "+":
		if !p.typ.number() {
			return nil, b.fail(n, n.Operator+" takes a number, and `"+p.text+"` is "+p.typ.a(), "")
		}
		if n.Operator == "+" {
			return of, nil
		}
		t := plainType[int]()
		if p.typ.shape() == fraction {
			t = plainType[float64]()
		}
		return &minus{b.piece(n, t, of), of}, nil
	}
	return nil, b.fail(n, "the operator "+n.Operator+" is not a part of this language", "")
}

// condition checks that a node answers yes or no.
func (b *builder) condition(n ast.Node, of node) *Error {
	p := of.about()
	if p.typ.shape() == truth {
		return nil
	}
	return b.fail(n, "`"+p.text+"` is "+p.typ.a()+", not a condition", "compare it with something")
}

func (b *builder) binary(n *ast.BinaryNode) (node, *Error) {
	if n.Operator == "==" || n.Operator == "!=" {
		return b.equality(n)
	}
	l, err := b.build(n.Left)
	if err != nil {
		return nil, err
	}
	r, err := b.build(n.Right)
	if err != nil {
		return nil, err
	}
	p := b.piece(n, plainType[bool](), l, r)
	lt, rt := l.about().typ, r.about().typ
	switch n.Operator {
	case "&&", "and", "||", "or":
		if err := b.condition(n.Left, l); err != nil {
			return nil, err
		}
		if err := b.condition(n.Right, r); err != nil {
			return nil, err
		}
		return &logic{p, n.Operator == "||" || n.Operator == "or", l, r}, nil
	case "<", "<=", ">", ">=":
		if lt.number() && rt.number() || lt.shape() == text && rt.shape() == text {
			return &order{p, n.Operator, l, r}, nil
		}
	case "contains", "startsWith", "endsWith", "matches":
		if lt.shape() == text && rt.shape() == text {
			return b.wording(n, p, l, r)
		}
		if lt.shape() == list && n.Operator == "contains" {
			return nil, b.fail(n, "contains takes texts, and `"+l.about().text+"` is "+lt.a(),
				"write `"+r.about().text+" in "+l.about().text+"`")
		}
	case "in":
		switch {
		case rt.shape() == list && equatable(lt, *rt.elem), rt.shape() == dict && lt.shape() == text:
			return &within{p, l, r}, nil
		case rt.shape() == text:
			return nil, b.fail(n, "in takes a list, and `"+r.about().text+"` is a text",
				"write `"+r.about().text+" contains "+l.about().text+"`")
		}
	case "+", "-", "*", "/", "%", "**", "^":
		if t, ok := arithmeticType(n.Operator, lt, rt); ok {
			p.typ = t
			return &arithmetic{p, n.Operator, l, r}, nil
		}
	case "..":
		if lt.shape() == whole && rt.shape() == whole {
			p.typ = listOf(plainType[int]())
			return &sequence{p, l, r}, nil
		}
	default:
		return nil, b.fail(n, "the operator "+n.Operator+" is not a part of this language", "")
	}
	return nil, b.fail(n, "`"+p.text+"`: "+n.Operator+" does not go with "+lt.a()+" and "+rt.a(), "")
}

func arithmeticType(op string, l, r typ) (typ, bool) {
	switch {
	case op == "+" && l.shape() == text && r.shape() == text:
		return plainType[string](), true
	case op == "%" && (l.shape() != whole || r.shape() != whole), !l.number(), !r.number():
		return typ{}, false
	case op == "/", op == "**", op == "^", l.shape() == fraction, r.shape() == fraction:
		return plainType[float64](), true
	}
	return plainType[int](), true
}

func (b *builder) wording(n *ast.BinaryNode, p piece, l, r node) (node, *Error) {
	w := &wording{p, n.Operator, l, r, nil}
	if n.Operator != "matches" {
		return w, nil
	}
	pattern, ok := r.(*literal)
	if !ok {
		return nil, b.fail(n.Right, "matches takes a regular expression that is written out", "quote it")
	}
	re, err := regexp.Compile(pattern.v.String())
	if err != nil {
		return nil, b.fail(n.Right, err.Error(), "")
	}
	w.re = re
	return w, nil
}

func (b *builder) equality(n *ast.BinaryNode) (node, *Error) {
	var sides [2]node
	for i, side := range []ast.Node{n.Left, n.Right} {
		if _, ok := side.(*ast.NilNode); ok {
			sides[i] = &null{b.piece(side, typ{})}
			continue
		}
		built, err := b.build(side)
		if err != nil {
			return nil, err
		}
		sides[i] = built
	}
	l, r := sides[0], sides[1]
	e := &equality{b.piece(n, plainType[bool](), l, r), n.Operator == "!=", l, r}
	_, lnil := l.(*null)
	_, rnil := r.(*null)
	switch {
	case lnil && rnil:
		return nil, b.fail(n, "this compares nil with nil", "")
	case lnil:
		return e, b.nilable(n, r)
	case rnil:
		return e, b.nilable(n, l)
	}
	lt, rt := l.about().typ, r.about().typ
	if equatable(lt, rt) {
		return e, nil
	}
	what := "`" + e.text + "` compares " + lt.a() + " with " + rt.a()
	switch {
	case lt.shape() == list || rt.shape() == list:
		return nil, b.fail(n, what, "ask for its items with all, any or in, or for its len")
	case lt.shape() == thing && lt.t == rt.t:
		return nil, b.fail(n, lt.a()+" has no name to be compared by", "compare its fields")
	case lt.shape() == thing && hasName(lt.t) && rt.shape() == text:
		return nil, b.fail(n, what, "write `"+l.about().text+".name`")
	case rt.shape() == thing && hasName(rt.t) && lt.shape() == text:
		return nil, b.fail(n, what, "write `"+r.about().text+".name`")
	}
	return nil, b.fail(n, what, "")
}

func (b *builder) nilable(n ast.Node, of node) *Error {
	p := of.about()
	if p.typ.null {
		return nil
	}
	hint := "what was not seen is unknown by itself"
	switch p.typ.shape() {
	case list:
		hint = "write `len(" + p.text + ") == 0`"
	case thing:
		if _, ok := fieldOf(p.typ.t, "reachable"); ok {
			hint = "write `" + p.text + ".reachable` to ask whether it answers"
		}
	}
	if _, ok := of.(*finding); ok {
		hint = "write any(...) to ask whether there is one"
	}
	return b.fail(n, "nil is not a fact of `"+p.text+"`", hint)
}

// equatable says whether == can compare two types: structs only with their own kind, and by name.
func equatable(l, r typ) bool {
	switch l.shape() {
	case truth, text:
		return l.shape() == r.shape()
	case whole, fraction:
		return r.number()
	case thing:
		return l.t == r.t && hasName(l.t)
	}
	return false
}

func hasName(t reflect.Type) bool {
	f, ok := fieldOf(t, "name")
	return ok && f.typ.shape() == text
}

func (b *builder) choice(n *ast.ConditionalNode) (node, *Error) {
	cond, err := b.build(n.Cond)
	if err != nil {
		return nil, err
	}
	if err := b.condition(n.Cond, cond); err != nil {
		return nil, err
	}
	yes, err := b.build(n.Exp1)
	if err != nil {
		return nil, err
	}
	no, err := b.build(n.Exp2)
	if err != nil {
		return nil, err
	}
	t, ok := common(yes.about().typ, no.about().typ)
	if !ok {
		return nil, b.fail(n, "both sides of : have one type, and these are "+yes.about().typ.a()+
			" and "+no.about().typ.a(), "")
	}
	return &choice{b.piece(n, t, cond, yes, no), cond, yes, no}, nil
}

// common is the type that holds both: equal types, or any two numbers.
func common(l, r typ) (typ, bool) {
	t := l
	switch {
	case l.t == r.t:
	case l.number() && r.number():
		t = plainType[int]()
		if l.shape() == fraction || r.shape() == fraction {
			t = plainType[float64]()
		}
	case l.shape() == r.shape() && (l.shape() == truth || l.shape() == text):
	default:
		return typ{}, false
	}
	t.null = l.null || r.null
	return t, true
}

func (b *builder) array(n *ast.ArrayNode) (node, *Error) {
	a := &array{}
	var elem typ
	for i, item := range n.Nodes {
		built, err := b.build(item)
		if err != nil {
			return nil, err
		}
		t := built.about().typ
		if t.shape() == list || t.shape() == dict || t.shape() == anything {
			return nil, b.fail(item, "a list here holds texts, numbers, bools or structs", "")
		}
		if i > 0 {
			var ok bool
			if t, ok = common(elem, t); !ok {
				return nil, b.fail(item, "the items of a list have one type", "")
			}
		}
		elem = t
		a.items = append(a.items, built)
	}
	if len(a.items) == 0 {
		return nil, b.fail(n, "an empty list compares with nothing", "write `len(...) == 0`")
	}
	a.piece = b.piece(n, listOf(elem), a.items...)
	return a, nil
}
