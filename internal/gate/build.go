package gate

import (
	"reflect"
	"slices"

	"github.com/expr-lang/expr/ast"
)

// builder turns expr's tree into nodes whose types are those of the scope's own structs, and refuses what three answers
// cannot be given for.
type builder struct {
	scope  Scope
	source *source
	around []piece // the items of the predicates around the present node: their type and path
	depth  int
}

// Bounds of nesting; with the work of an evaluation they keep every expression short-lived.
const (
	maxDepth      = 64
	maxPredicates = 4
)

func (b *builder) fail(n ast.Node, what, hint string) *Error {
	return place(b.source.text, b.source.begin(n), what, hint)
}

func (b *builder) piece(n ast.Node, t typ, kids ...node) piece {
	p := piece{text: b.source.cut(n), canon: n.String(), byte: b.source.begin(n), typ: t}
	for _, k := range kids {
		p.item = p.item || k.about().item
	}
	return p
}

func plainType[T any]() typ { return typ{t: reflect.TypeFor[T]()} }

// build is the node for n, which yields a value: nil alone does not.
func (b *builder) build(n ast.Node) (node, *Error) {
	if b.depth++; b.depth > maxDepth {
		return nil, b.fail(n, "the expression is nested too deeply", "split it into several checks")
	}
	defer func() { b.depth-- }()
	switch n := n.(type) {
	case *ast.BoolNode:
		return &literal{b.piece(n, plainType[bool]()), reflect.ValueOf(n.Value)}, nil
	case *ast.IntegerNode:
		return &literal{b.piece(n, plainType[int]()), reflect.ValueOf(n.Value)}, nil
	case *ast.FloatNode:
		return &literal{b.piece(n, plainType[float64]()), reflect.ValueOf(n.Value)}, nil
	case *ast.StringNode:
		return &literal{b.piece(n, plainType[string]()), reflect.ValueOf(n.Value)}, nil
	case *ast.IdentifierNode:
		return b.variable(n)
	case *ast.PointerNode:
		return b.current(n)
	case *ast.MemberNode:
		return b.member(n)
	case *ast.CallNode:
		return b.call(n)
	case *ast.UnaryNode:
		return b.unary(n)
	case *ast.BinaryNode:
		return b.binary(n)
	case *ast.ConditionalNode:
		return b.choice(n)
	case *ast.ArrayNode:
		return b.array(n)
	case *ast.BuiltinNode:
		return b.builtin(n)
	}
	what, hint := refused(n)
	return nil, b.fail(n, what, hint)
}

// refused says why a form of expr's language is not a part of this one.
func refused(n ast.Node) (what, hint string) {
	switch n.(type) {
	case *ast.NilNode:
		return "nil stands beside == and != only", ""
	case *ast.SliceNode:
		return "parts of lists [a:b] are not a part of this language", "use filter, first or last"
	case *ast.MapNode, *ast.PairNode:
		return "maps cannot be written here", ""
	case *ast.BytesNode:
		return "bytes cannot be written here", "write a string without b"
	}
	return "this is not a part of the language", ""
}

func (b *builder) variable(n *ast.IdentifierNode) (node, *Error) {
	t, ok := b.scope.Vars[n.Value]
	if !ok {
		return nil, b.unknown(n, n.Value, "there is no name `"+n.Value+"`")
	}
	typ := typeOf(t, false)
	if typ.shape() == hidden {
		return nil, b.fail(n, "`"+n.Value+"` has a type that expressions cannot read", "")
	}
	v := &variable{b.piece(n, typ), n.Value}
	v.path = n.Value
	return v, nil
}

// unknown is the error for a word that is not in the scope.
func (b *builder) unknown(n ast.Node, word, what string) *Error {
	if len(b.around) > 0 {
		if t := b.around[len(b.around)-1].typ; t.shape() == thing && slices.Contains(fieldNames(t.t), word) {
			return b.fail(n, what, "did you mean `."+word+"`?")
		}
	}
	if hint, ok := gone()[word]; ok {
		return b.fail(n, what, hint)
	}
	known := builtins()
	for name := range b.scope.Funcs {
		known = append(known, name)
	}
	for name := range b.scope.Vars {
		known = append(known, name)
	}
	return b.fail(n, what, meant(word, known))
}

// gone are words of expr that people look for.
func gone() map[string]string {
	const age = "time is read as ages: .age and .since"
	const each = "write count, any or all over the items"
	return map[string]string{
		"now": age, "date": age, "duration": age, "timezone": age,
		"sum": each, "reduce": each, "min": each, "max": each, "groupBy": each,
		"sort": "lists have the order of the cluster file", "sortBy": "lists have the order of the cluster file",
		"null": "did you mean `nil`?", "None": "did you mean `nil`?",
		"True": "did you mean `true`?", "False": "did you mean `false`?", "$env": "write the name alone",
	}
}

func (b *builder) current(n *ast.PointerNode) (node, *Error) {
	if n.Name != "" {
		return nil, b.fail(n, "#"+n.Name+" is not a part of this language", "write # for the item")
	}
	if len(b.around) == 0 {
		return nil, b.fail(n, "# stands inside a predicate only", "")
	}
	around := b.around[len(b.around)-1]
	c := &current{b.piece(n, around.typ)}
	c.path, c.item = around.path, true
	if c.text == "." {
		c.text = "#"
	}
	return c, nil
}

func (b *builder) member(n *ast.MemberNode) (node, *Error) {
	of, err := b.build(n.Node)
	if err != nil {
		return nil, err
	}
	word, isWord := n.Property.(*ast.StringNode)
	base := of.about()
	switch base.typ.shape() {
	case thing:
		if !isWord {
			return nil, b.fail(n.Property, "a field is named by its word", "write `.name`")
		}
		f, ok := fieldOf(base.typ.t, word.Value)
		if !ok {
			return nil, b.fail(n.Property, b.owner(of)+" has no field `"+word.Value+"`",
				meant(word.Value, fieldNames(base.typ.t)))
		}
		m := &member{b.piece(n, f.typ, of), of, f.name, f.index}
		m.path = below(base.path, f.name)
		return m, nil
	case dict:
		return b.lookup(n, of)
	case list:
		if isWord {
			return nil, b.fail(n.Property, "`"+base.text+"` is a list and has no field `"+word.Value+"`",
				"ask its items: `any("+base.text+", ."+word.Value+" ...)`")
		}
		at, err := b.build(n.Property)
		if err != nil {
			return nil, err
		}
		if at.about().typ.shape() != whole {
			return nil, b.fail(n.Property, "the items of a list have numbers", "")
		}
		p := &position{b.piece(n, *base.typ.elem, of, at), of, at}
		p.path = base.path
		return p, nil
	case anything:
		return nil, b.fail(n.Property, "`"+base.text+"` may be anything: it has no known fields", "")
	}
	return nil, b.fail(n.Property, "`"+base.text+"` is "+base.typ.a()+" and has no fields", "")
}

func (b *builder) lookup(n *ast.MemberNode, of node) (node, *Error) {
	key, err := b.build(n.Property)
	if err != nil {
		return nil, err
	}
	if key.about().typ.shape() != text {
		return nil, b.fail(n.Property, "the keys of `"+of.about().text+"` are text", "")
	}
	l := &lookup{b.piece(n, typeOf(of.about().typ.t.Elem(), false), of, key), of, key}
	l.path = of.about().path
	if word, ok := key.(*literal); ok {
		l.path = below(l.path, word.v.String())
	}
	return l, nil
}

// owner names the thing that lacks a field.
func (b *builder) owner(of node) string {
	if _, ok := of.(*current); ok {
		return "the " + of.about().typ.word()
	}
	return of.about().text
}

func below(path, name string) string {
	if path == "" {
		return ""
	}
	return path + "." + name
}
