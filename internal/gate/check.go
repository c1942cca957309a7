package gate

import (
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"sync"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/builtin"
	"github.com/expr-lang/expr/checker"
	"github.com/expr-lang/expr/conf"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/parser"
)

// check has the last word on types: expr's own checker, which keeps this language a part of expr's. It reads Go's field
// names, so it is shown shadows of our structs: the same fields under their json names, without pointers.
func check(s *source, tree *parser.Tree, config *conf.Config, scope Scope) (failed *Error) {
	defer func() {
		if recover() != nil {
			failed = place(s.text, 0, "the types of this expression cannot be checked", "write it in a simpler way")
		}
	}()
	shadows := &shadowing{making: map[reflect.Type]reflect.Type{}}
	used := words{}
	ast.Walk(&tree.Node, used)
	vars := map[string]any{}
	for name := range used {
		if t, ok := scope.Vars[name]; ok {
			if vars[name] = reflect.Zero(shadows.of(t)).Interface(); vars[name] == nil {
				vars[name] = new(any) // of unknown type, which a nil is not
			}
		}
		if f, ok := scope.Funcs[name]; ok {
			config.Functions[name] = &builtin.Function{Name: name, Types: []reflect.Type{shadows.signature(f.Type)}}
		}
	}
	config.WithEnv(vars)
	_, err := checker.Check(tree, config)
	var bad *file.Error
	if errors.As(err, &bad) {
		return foreign(s, bad)
	}
	if err != nil {
		return place(s.text, 0, shorten(err.Error(), 200), "")
	}
	return nil
}

// words collects the names that a tree uses.
type words map[string]bool

// Visit is called by ast.Walk.
func (w words) Visit(n *ast.Node) {
	if id, ok := (*n).(*ast.IdentifierNode); ok {
		w[id.Value] = true
	}
}

// shadowing remembers the shadow of each struct, so that equal structs have equal shadows; nil marks one in the making. A
// struct within itself has another shadow when it is begun from inside, so then nothing is kept for other expressions.
type shadowing struct {
	making map[reflect.Type]reflect.Type
	cut    bool
}

var shadowByType sync.Map

func (m *shadowing) of(t reflect.Type) reflect.Type {
	unknown := reflect.TypeFor[any]()
	t = plain(t)
	switch shapeOf(t) {
	case truth:
		return reflect.TypeFor[bool]()
	case text:
		return reflect.TypeFor[string]()
	case fraction:
		return reflect.TypeFor[float64]()
	case whole:
		return reflect.TypeFor[int]()
	case list:
		return reflect.SliceOf(m.of(t.Elem()))
	case dict:
		return reflect.MapOf(reflect.TypeFor[string](), m.of(t.Elem()))
	case thing:
		if known, ok := shadowByType.Load(t); ok {
			return known.(reflect.Type)
		}
		known, ok := m.making[t]
		if ok && known == nil {
			m.cut = true
			return unknown
		}
		if ok {
			return known
		}
		m.making[t] = nil
		m.making[t] = m.structure(t)
		if !m.cut {
			shadowByType.Store(t, m.making[t])
		}
		return m.making[t]
	}
	return unknown
}

func (m *shadowing) structure(t reflect.Type) reflect.Type {
	// The first field tells two structs with equal fields apart.
	fields := []reflect.StructField{{
		Name: "Of", Type: reflect.TypeFor[struct{}](),
		Tag: reflect.StructTag(`expr:"-" of:` + strconv.Quote(t.PkgPath()+"."+t.String())),
	}}
	for i, f := range fieldsOf(t) {
		fields = append(fields, reflect.StructField{
			Name: fmt.Sprintf("F%d", i), Type: m.of(f.typ.t), Tag: reflect.StructTag(`expr:` + strconv.Quote(f.name)),
		})
	}
	return reflect.StructOf(fields)
}

// signature takes lists as anything: the checker does not see that what filter makes fits. Our own check has.
func (m *shadowing) signature(f reflect.Type) reflect.Type {
	var in []reflect.Type
	for i := range f.NumIn() {
		param := m.of(f.In(i))
		if variadic := f.IsVariadic() && i == f.NumIn()-1; param.Kind() == reflect.Slice && !variadic {
			param = reflect.TypeFor[any]()
		}
		in = append(in, param)
	}
	return reflect.FuncOf(in, []reflect.Type{m.of(f.Out(0))}, f.IsVariadic())
}
