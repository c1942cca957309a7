package gate

import (
	"reflect"
	"slices"
	"strings"
)

// Word is one name that expressions may use.
type Word struct {
	Name  string // dotted; [] stands for any item of a list, ["UNIT"] for a key of a map
	Type  string // bool, number, text, list of ..., map of ..., or the kind of thing
	About string // the about tag
	Nil   bool   // nil is a fact of it
}

// Vocabulary lists name and everything below it, in the order of the structs, each once.
func Vocabulary(name string, t reflect.Type) []Word {
	typ := typeOf(t, false)
	if typ.shape() == hidden {
		return nil
	}
	return branch(Word{Name: name, Type: typ.word()}, typ, nil)
}

// branch is a word and those below it; around are the structs that it stands in, so that a struct within itself ends.
func branch(w Word, t typ, around []reflect.Type) []Word {
	words := []Word{w}
	name := w.Name
	switch t.shape() {
	case list:
		t, name = *t.elem, name+"[]"
	case dict:
		t, name = typeOf(t.t.Elem(), false), name+`["`+singular(name)+`"]`
		if t.shape() == list && t.elem.shape() == thing {
			t, name = *t.elem, name+"[]"
		}
	}
	if t.shape() != thing || slices.Contains(around, t.t) {
		return words
	}
	around = append(slices.Clone(around), t.t)
	for _, f := range fieldsOf(t.t) {
		word := Word{Name: name + "." + f.name, Type: f.typ.word(), About: f.about, Nil: f.typ.null}
		words = append(words, branch(word, f.typ, around)...)
	}
	return words
}

// singular makes a placeholder of a map's name: UNIT of units.
func singular(name string) string {
	name = name[strings.LastIndexByte(name, '.')+1:]
	if short, ok := strings.CutSuffix(name, "s"); ok && short != "" {
		return strings.ToUpper(short)
	}
	return "NAME"
}
