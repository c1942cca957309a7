package gate

import (
	"math"
	"reflect"
	"strconv"
	"strings"
	"unicode"
)

// Bounds of what is shown of a value.
const (
	maxShownText  = 120
	maxShownItems = 8
)

// show renders a value for an operator: texts quoted or as they are, structs by their name, nil as nil.
func show(v value, quoted bool) string {
	switch {
	case v.state == isNil:
		return "nil"
	case v.state == blind:
		return "?"
	case !v.v.IsValid():
		return showList(v.items, quoted)
	}
	return showOne(v, quoted)
}

func showOne(v value, quoted bool) string {
	switch shapeOf(v.v.Type()) {
	case truth:
		return strconv.FormatBool(v.v.Bool())
	case text:
		if s := shorten(v.v.String(), maxShownText); quoted {
			return strconv.Quote(s)
		}
		return printable(v.v.String())
	case whole:
		return toBig(v.v).String()
	case fraction:
		return showFloat(v.v.Float())
	case dict:
		if name := identity(v); name != "" {
			return printable(name)
		}
		return strconv.Itoa(v.v.Len()) + " entries"
	case thing:
		if name := identity(v); name != "" {
			return printable(name)
		}
		return typ{t: v.v.Type()}.a()
	}
	return "a " + v.v.Kind().String()
}

// showFloat rounds to three decimals: seconds to milliseconds.
func showFloat(f float64) string {
	if f != 0 && math.Abs(f) < 0.001 || math.Abs(f) >= 1e15 {
		return strconv.FormatFloat(f, 'g', 4, 64)
	}
	s := strconv.FormatFloat(f, 'f', 3, 64)
	return strings.TrimRight(strings.TrimRight(s, "0"), ".")
}

func showList(items []item, quoted bool) string {
	var all []string
	for i, it := range items {
		if i == maxShownItems {
			all = append(all, "… "+strconv.Itoa(len(items))+" in all")
			break
		}
		s := show(it.value, quoted)
		if it.maybe != "" {
			s += "?"
		}
		all = append(all, s)
	}
	if quoted {
		return "[" + strings.Join(all, ", ") + "]"
	}
	if len(all) == 0 {
		return "none"
	}
	return strings.Join(all, ", ")
}

// printable replaces what would move a cursor or reorder text.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return '\uFFFD'
	}, s)
}

// isText says whether a type can stand in a sentence.
func isText(t typ) bool {
	switch t.shape() {
	case truth, whole, fraction, text:
		return true
	case thing:
		return hasName(t.t)
	case list:
		return t.elem != nil && isText(*t.elem)
	case anything:
		return t.t.Kind() == reflect.Interface
	}
	return false
}
