package gate

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"
)

// shape is what can be done with a value, whatever Go calls its type.
type shape int

const (
	hidden shape = iota // nothing: such fields cannot be named
	truth
	whole
	fraction
	text
	list
	dict
	thing
	anything // an empty interface: can be handed on, not looked into
)

// typ is the type of an expression: a Go type without pointers, and whether nil is one of its facts.
type typ struct {
	t    reflect.Type
	null bool
	elem *typ // of a list
}

// plain strips pointers: a pointer only means that the value may not have been seen.
func plain(t reflect.Type) reflect.Type {
	for depth := 0; t != nil && t.Kind() == reflect.Pointer && depth < 4; depth++ {
		t = t.Elem()
	}
	return t
}

func shapeOf(t reflect.Type) shape {
	if t == nil || t == reflect.TypeFor[time.Time]() {
		return hidden
	}
	switch t.Kind() {
	case reflect.Bool:
		return truth
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return whole
	case reflect.Float32, reflect.Float64:
		return fraction
	case reflect.String:
		return text
	case reflect.Slice, reflect.Array:
		// What a list holds is looked at without following lists and maps, so that no recursive type goes on for ever.
		switch elem := plain(t.Elem()); elem.Kind() {
		case reflect.Slice, reflect.Array, reflect.Map, reflect.Interface:
			return hidden
		default:
			if shapeOf(elem) == hidden {
				return hidden
			}
		}
		return list
	case reflect.Map:
		elem := plain(t.Elem())
		if t.Key().Kind() != reflect.String || elem.Kind() == reflect.Map || shapeOf(elem) == hidden {
			return hidden
		}
		return dict
	case reflect.Struct:
		return thing
	case reflect.Interface:
		if t.NumMethod() == 0 {
			return anything
		}
	}
	return hidden
}

func typeOf(t reflect.Type, null bool) typ {
	t = plain(t)
	r := typ{t: t, null: null}
	if shapeOf(t) == list {
		elem := typeOf(t.Elem(), false)
		r.t, r.elem = reflect.SliceOf(elem.t), &elem
	}
	return r
}

func listOf(elem typ) typ { return typ{t: reflect.SliceOf(elem.t), elem: &elem} }

func (t typ) shape() shape { return shapeOf(t.t) }

func (t typ) number() bool { return t.shape() == whole || t.shape() == fraction }

// word says in an operator's words what a type is.
func (t typ) word() string {
	switch t.shape() {
	case truth:
		return "bool"
	case whole, fraction:
		return "number"
	case text:
		return "text"
	case list:
		return "list of " + typeOf(t.t.Elem(), false).word()
	case dict:
		return "map of " + typeOf(t.t.Elem(), false).word()
	case thing:
		if t.t.Name() == "" {
			return "record"
		}
		return spaced(t.t.Name())
	}
	return "anything"
}

// a is word with its article.
func (t typ) a() string {
	word := t.word()
	switch {
	case t.shape() == anything:
		return word
	case strings.ContainsRune("aeiou", rune(word[0])):
		return "an " + word
	}
	return "a " + word
}

// spaced makes words of a Go name: "etcd member" of EtcdMember, "vip" of VIP.
func spaced(name string) string {
	var out strings.Builder
	small := false
	for _, r := range name {
		if unicode.IsUpper(r) && small {
			out.WriteByte(' ')
		}
		small = unicode.IsLower(r)
		out.WriteRune(unicode.ToLower(r))
	}
	return out.String()
}

// named is a field of a struct as expressions see it.
type named struct {
	name, about string
	typ         typ
	index       []int
	depth       int
}

// remembered keeps what follows from a type alone, which never changes: reading it out of the type again for every
// expression would be most of the time that a library takes to load.
type remembered[T any] struct{ known sync.Map }

func (m *remembered[T]) of(t reflect.Type, make func() T) T {
	if v, ok := m.known.Load(t); ok {
		return v.(T)
	}
	v := make()
	m.known.Store(t, v)
	return v
}

var fieldsByType remembered[[]named]

// fieldsOf lists the fields of a struct that can be named, embedded ones included, in the order of the source. As in
// encoding/json, the shallower of two equal names wins. The list must not be changed.
func fieldsOf(t reflect.Type) []named {
	return fieldsByType.of(t, func() []named {
		var all []named
		collect(t, nil, &all)
		return all
	})
}

func collect(t reflect.Type, at []int, all *[]named) {
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if f.Tag.Get("json") == "-" || f.Tag.Get("gate") == "-" {
			continue
		}
		index := append(slices.Clone(at), i)
		if f.Anonymous && name == "" && plain(f.Type).Kind() == reflect.Struct && len(index) < 8 {
			if f.IsExported() || f.Type.Kind() == reflect.Struct {
				collect(plain(f.Type), index, all)
			}
			continue
		}
		if !f.IsExported() || shapeOf(plain(f.Type)) == hidden {
			continue
		}
		if name == "" {
			name = f.Name
		}
		add(all, named{
			name: name, about: f.Tag.Get("about"), typ: typeOf(f.Type, f.Tag.Get("gate") == "nil"),
			index: index, depth: len(index),
		})
	}
}

func add(all *[]named, f named) {
	for i, known := range *all {
		if known.name == f.name {
			if f.depth < known.depth {
				(*all)[i] = f
			}
			return
		}
	}
	*all = append(*all, f)
}

func fieldOf(t reflect.Type, name string) (named, bool) {
	for _, f := range fieldsOf(t) {
		if f.name == name {
			return f, true
		}
	}
	return named{}, false
}

func fieldNames(t reflect.Type) []string {
	var names []string
	for _, f := range fieldsOf(t) {
		names = append(names, f.name)
	}
	return names
}

// Record is a struct type with the given names, for variables that are only known at run time (inputs, answers). A value of
// it may be handed to Eval as a map from string; a name that is missing in the map was not seen.
func Record(fields map[string]reflect.Type) reflect.Type {
	var parts []reflect.StructField
	names := make([]string, 0, len(fields))
	for name := range fields {
		names = append(names, name)
	}
	slices.Sort(names)
	for i, name := range names {
		parts = append(parts, reflect.StructField{
			Name: fmt.Sprintf("F%d", i), Type: fields[name], Tag: reflect.StructTag(fmt.Sprintf("json:%q", name)),
		})
	}
	return reflect.StructOf(parts)
}
