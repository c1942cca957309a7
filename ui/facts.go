package ui

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"recon/probes"
)

// fact is one field of State as evidence: its name, its value for an operator, and why it is no fact, or "".
type fact struct{ name, value, about, blind string }

// blinder is what says of its fields whether they are facts.
type blinder interface{ Blind(field string) string }

// facts are the fields of one section or member of State, in the order of the struct, with what is embedded.
func facts(v any) []fact {
	rv := reflect.ValueOf(v)
	b, _ := v.(blinder)
	var out []fact
	var walk func(reflect.Value)
	walk = func(s reflect.Value) {
		for i := range s.NumField() {
			f := s.Type().Field(i)
			if f.Anonymous {
				walk(s.Field(i))
				continue
			}
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			about := f.Tag.Get("about")
			if !f.IsExported() || name == "" || name == "-" || about == "" {
				continue
			}
			x := fact{name: name, about: about, value: inLines(s.Field(i))}
			if b != nil {
				x.blind = b.Blind(name)
			}
			out = append(out, x)
		}
	}
	walk(rv)
	return out
}

// inLines is a value for an operator's eyes, a line for each thing of a list of things, and below it what it consists of.
func inLines(v reflect.Value) string {
	if b, ok := v.Interface().(*probes.HAProxyBackend); ok && b != nil {
		return b.Name // all of it stands among the backends
	}
	if !ofThings(v) {
		return worded(v)
	}
	var lines []string
	for i := range v.Len() {
		thing := v.Index(i)
		var parts, below []string
		for k := range thing.NumField() {
			f := thing.Field(k)
			name, _, _ := strings.Cut(thing.Type().Field(k).Tag.Get("json"), ",")
			switch {
			case !thing.Type().Field(k).IsExported() || name == "" || f.IsZero():
			case ofThings(f):
				below = append(below, strings.Split(inLines(f), "\n")...)
			case name == "name":
				parts = append(parts, worded(f))
			default:
				parts = append(parts, name+" "+worded(f))
			}
		}
		lines = append(lines, strings.Join(parts, "  "))
		for _, l := range below {
			lines = append(lines, "  "+l)
		}
	}
	return strings.Join(lines, "\n")
}

// ofThings says whether a value is a list of structs that has some.
func ofThings(v reflect.Value) bool {
	return v.Kind() == reflect.Slice && v.Type().Elem().Kind() == reflect.Struct && v.Len() > 0
}

// worded is a value for an operator's eyes, on one line.
func worded(v reflect.Value) string {
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			return "nil"
		}
		return worded(v.Elem())
	case reflect.String:
		if v.String() == "" {
			return `""`
		}
		return v.String()
	case reflect.Float64:
		return strings.TrimSuffix(strings.TrimRight(fmt.Sprintf("%.3f", v.Float()), "0"), ".")
	case reflect.Slice:
		if v.Len() == 0 {
			return "none"
		}
		var parts []string
		for i := range v.Len() {
			parts = append(parts, worded(v.Index(i)))
		}
		return strings.Join(parts, "; ")
	case reflect.Map:
		var parts []string
		for _, k := range v.MapKeys() {
			parts = append(parts, worded(k)+"="+worded(v.MapIndex(k)))
		}
		slices.Sort(parts)
		if len(parts) == 0 {
			return "none"
		}
		return strings.Join(parts, "  ")
	case reflect.Struct:
		var parts []string
		for i := range v.NumField() {
			name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
			if v.Type().Field(i).IsExported() && name != "" && !v.Field(i).IsZero() {
				parts = append(parts, name+" "+worded(v.Field(i)))
			}
		}
		return strings.Join(parts, " ")
	}
	return fmt.Sprint(v)
}
