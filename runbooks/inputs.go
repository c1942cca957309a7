package runbooks

import (
	"reflect"
	"slices"
	"strconv"
	"strings"
)

var (
	boolType  = reflect.TypeFor[bool]()
	wordsType = reflect.TypeFor[[]string]()
	wordType  = reflect.TypeFor[string]()
)

func questionKinds() []string {
	return []string{string(TextQuestion), string(ChoiceQuestion), string(NumberQuestion)}
}

func (r *reader) inputs(b *Runbook, v *value) {
	if !v.isMap {
		r.problem(v.line, v.column, "`inputs` maps a name to what is asked", "")
		return
	}
	for _, f := range v.fields {
		r.valueName(f.key, f.line, f.column, "input")
		if !f.value.isMap {
			r.problem(f.value.line, f.value.column, "an input has keys: ask, choices, default, kind", "")
			continue
		}
		b.Inputs = append(b.Inputs, r.input(f))
	}
}

func (r *reader) input(f field) Input {
	in := Input{Name: f.key, Line: f.line, Kind: TextQuestion}
	r.only(f.value, "an input", "ask", "choices", "default", "kind")
	if a := f.value.get("ask"); a != nil {
		in.Ask = strings.TrimSpace(r.word(a, "`ask`"))
	}
	if in.Ask == "" {
		r.problem(f.line, f.column, "the input `"+f.key+"` asks nothing", "say in `ask` what the operator is to give")
	}
	if c := f.value.get("choices"); c != nil {
		in.Kind = ChoiceQuestion
		switch {
		case c.isList:
			in.Literals = r.words(c, "`choices`")
		case r.quoted(c, "choices"):
			in.Choices = r.compileInside(c, r.scope)
			if in.Choices != nil && in.Choices.Type() != wordsType {
				r.problem(c.line, c.column, "`choices` is not a list of texts", "map the items to their names: map(..., .name)")
			}
		}
	}
	in.Kind = r.questionKind(f.value.get("kind"), in.Kind)
	if d := f.value.get("default"); d != nil {
		r.inputDefault(&in, d)
	}
	return in
}

// inputDefault reads a default: in quotes it is an expression, a text or a list of which the only item is offered; without
// quotes it is the word itself.
func (r *reader) inputDefault(in *Input, d *value) {
	switch {
	case !d.scalar:
		r.problem(d.line, d.column, "`default` is a word, or an expression in quotes", "")
	case d.quoted:
		if !r.quoted(d, "default") {
			return
		}
		in.Default = r.compileInside(d, r.scope)
		if e := in.Default; e != nil && e.Type() != wordType && e.Type() != wordsType && !isNumber(e.Type()) {
			r.problem(d.line, d.column, "`default` is neither a text nor a number nor a list of texts", "a word that is meant as it stands is written without quotes")
		}
	case d.commented || d.block || strings.ContainsAny(d.text, `()[]{}"'|&=!<>`):
		r.problem(d.line, d.column, "`default` looks like an expression without quotes", "write it in quotes: default: '...'")
	default:
		in.Literal = d.text
		if in.Kind == NumberQuestion && !number(d.text) {
			r.problem(d.line, d.column, "the default `"+d.text+"` is not a number", "")
		}
		if in.Literals != nil && !slices.Contains(in.Literals, d.text) {
			r.problem(d.line, d.column, "the default `"+d.text+"` is not among the choices", meant(d.text, in.Literals))
		}
	}
}

func (r *reader) questionKind(v *value, inferred QuestionKind) QuestionKind {
	if v == nil {
		return inferred
	}
	k := r.word(v, "`kind`")
	switch {
	case !slices.Contains(questionKinds(), k):
		r.problem(v.line, v.column, "there is no kind of question `"+k+"`", meant(k, questionKinds()))
	case inferred == ChoiceQuestion && k != string(ChoiceQuestion):
		r.problem(v.line, v.column, "a question with choices is of kind choice", "")
	case inferred != ChoiceQuestion && k == string(ChoiceQuestion):
		r.problem(v.line, v.column, "a question of kind choice has choices", "")
	}
	return QuestionKind(k)
}

// valueName checks the name of an input, an answer or a capture; in commands it is a variable in capitals.
func (r *reader) valueName(n string, line, column int, what string) {
	switch variable := strings.ToUpper(n); {
	case !name(n):
		r.problem(line, column, "the "+what+" `"+n+"` is not made of small letters, digits and underscores", "")
	case reserved(variable) || given(variable):
		r.problem(line, column, "the "+what+" `"+n+"` would be $"+variable+", which already means something else", "give it another name")
	}
}

func number(text string) bool {
	_, err := strconv.ParseFloat(text, 64)
	return err == nil
}

func isNumber(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64, reflect.Float32, reflect.Float64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return true
	}
	return false
}
