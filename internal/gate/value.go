package gate

import (
	"math"
	"reflect"
	"strconv"
	"strings"
)

// value is what a node says of a state: not seen (the zero value), nil as a fact, or a value.
type value struct {
	state state
	why   string        // not seen: why
	v     reflect.Value // seen: a bool, number, string, map or struct without pointers
	items []item        // seen: of a list
	// An amount that is not seen may still have bounds: how many items there are at least and at most.
	bounded bool
	lo, hi  int
}

type state int

const (
	blind state = iota
	isNil
	seen
)

// item is one item of a list.
type item struct {
	value
	name  string // for the operator: the item's own name, or "item 3"
	maybe string // not empty: why it is not known whether the item belongs to the list
}

func unseen(why string) value {
	if why == "" {
		why = "not seen"
	}
	return value{why: why}
}

func some(v any) value { return value{state: seen, v: reflect.ValueOf(v)} }

func fact(a Answer, why string) value {
	if a == Unknown {
		return unseen(why)
	}
	return some(a == Pass)
}

func answerOf(v value) Answer {
	switch {
	case v.state != seen || v.v.Kind() != reflect.Bool:
		return Unknown
	case v.v.Bool():
		return Pass
	}
	return Fail
}

func (a Answer) not() Answer {
	switch a {
	case Pass:
		return Fail
	case Fail:
		return Pass
	}
	return Unknown
}

// absent is why a value that is needed cannot be used: it is not seen, or nil.
func (v value) absent(subject string) string {
	if v.state == isNil {
		return subject + " is nil"
	}
	return v.why
}

// frame is where evaluation stands: the run and, inside a predicate, the item.
type frame struct {
	run  *run
	item item
	name string // the item's name and those of the items around it: "standby-2 of netbox-node-1"
	of   string // what it is an item of
}

// run is one evaluation; its budget bounds the work.
type run struct {
	vars   map[string]any
	budget int
}

// work is how many operations one evaluation may take; real expressions take some dozens.
const work = 100_000

func (fr *frame) eval(n node) value {
	if fr.run.budget <= 0 {
		return unseen("this is too much to evaluate")
	}
	fr.run.budget--
	return n.eval(fr)
}

func (fr *frame) inner(it item, of node) *frame {
	name := it.name
	if of.about().item && fr.name != "" {
		name += " of " + fr.name
	}
	return &frame{run: fr.run, item: it, name: name, of: fr.subject(of)}
}

// subject names what a node reads, for the operator: ".state of netbox-node-1".
func (fr *frame) subject(n node) string {
	p := n.about()
	if p.item && fr.name != "" {
		return p.text + " of " + fr.name
	}
	return p.text
}

// load takes a Go value as a fact of type t: pointers are followed, nil is not seen or, where the type says so, a fact.
func (fr *frame) load(v reflect.Value, t typ, subject string) value {
	for v.IsValid() && (v.Kind() == reflect.Pointer || v.Kind() == reflect.Interface) {
		v = v.Elem()
	}
	if !v.IsValid() || (v.Kind() == reflect.Slice || v.Kind() == reflect.Map) && v.IsNil() {
		if t.null {
			return value{state: isNil}
		}
		return unseen(subject + ": no value")
	}
	other := unseen(subject + " is a " + v.Kind().String() + ", not " + t.a())
	switch t.shape() {
	case truth, text:
		if v.Kind() != t.t.Kind() {
			return other
		}
	case whole:
		if !v.CanInt() && !v.CanUint() {
			return other
		}
	case fraction:
		if !v.CanInt() && !v.CanUint() && !v.CanFloat() {
			return other
		}
		if v.CanFloat() && math.IsNaN(v.Float()) {
			return unseen(subject + " is not a number")
		}
	case list:
		if v.Kind() != reflect.Slice && v.Kind() != reflect.Array {
			return other
		}
		return fr.loadList(v, t, subject)
	case dict:
		if v.Kind() != reflect.Map || v.Type().Key().Kind() != reflect.String {
			return other
		}
	case thing:
		record := v.Kind() == reflect.Map && v.Type().Key().Kind() == reflect.String
		if v.Type() != t.t && !record {
			return other
		}
	case hidden:
		return other
	}
	return value{state: seen, v: v}
}

func (fr *frame) loadList(v reflect.Value, t typ, subject string) value {
	if fr.run.budget -= v.Len(); fr.run.budget < 0 {
		return unseen("this is too much to evaluate")
	}
	items := make([]item, 0, v.Len())
	for i := range v.Len() {
		number := "item " + strconv.Itoa(i+1)
		it := item{value: fr.load(v.Index(i), *t.elem, number+" of "+subject)}
		it.name = identity(it.value)
		if it.name == "" {
			it.name = number
		}
		items = append(items, it)
	}
	return value{state: seen, items: items}
}

// identity is the name of a struct (its field name, else node), or "". It is read without asking Blind: what a thing is called
// is known even when nothing else is.
func identity(v value) string {
	if v.state != seen || !v.v.IsValid() {
		return ""
	}
	for _, name := range []string{"name", "node"} {
		if f, ok := nameField(v.v, name); ok && f != "" {
			return f
		}
	}
	return ""
}

func nameField(v reflect.Value, name string) (string, bool) {
	switch v.Kind() {
	case reflect.Map:
		f := v.MapIndex(reflect.ValueOf(name).Convert(v.Type().Key()))
		for f.IsValid() && f.Kind() == reflect.Interface {
			f = f.Elem()
		}
		if f.IsValid() && f.Kind() == reflect.String {
			return f.String(), true
		}
	case reflect.Struct:
		for i := range v.NumField() {
			f := v.Type().Field(i)
			tag, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			switch s := v.Field(i); {
			case tag == name && s.Kind() == reflect.String:
				return s.String(), true
			case tag == name && s.Kind() == reflect.Pointer && s.Type().Elem().Kind() == reflect.String && !s.IsNil():
				return s.Elem().String(), true
			case tag == "" && f.Anonymous && reflect.Indirect(s).Kind() == reflect.Struct:
				if inner, ok := nameField(reflect.Indirect(s), name); ok {
					return inner, true
				}
			}
		}
	}
	return "", false
}
