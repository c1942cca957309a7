package runbooks

import (
	"strings"

	"recon/internal/gate"
)

// ChildInput is one input that a book block gives: in quotes it is an expression, without quotes the word itself.
type ChildInput struct {
	Name, Literal string
	Expr          *gate.Expr
}

// Values are what the input's expression yields, or the word; a value that is not seen yields none.
func (i ChildInput) Values(vars map[string]any) []string {
	if i.Expr == nil {
		return []string{i.Literal}
	}
	return texts(i.Expr.Eval(vars))
}

// Text is the input as it stands in the block, without its quotes.
func (i ChildInput) Text() string {
	if i.Expr == nil {
		return i.Literal
	}
	return i.Expr.Source()
}

// child reads a block that walks another book.
func (r *reader) child(c *Command, f *fence, scope gate.Scope) {
	v := r.described(f, "book", "inputs")
	if v == nil {
		return
	}
	if w := v.get("book"); w != nil {
		c.Refers = r.word(w, "`book`")
	}
	w := v.get("inputs")
	switch {
	case w == nil:
		return
	case !w.isMap:
		r.problem(w.line, w.column, "`inputs` maps the inputs of the book to values", "inputs: {member: 'inputs.member'}")
		return
	}
	for _, in := range w.fields {
		given := ChildInput{Name: in.key}
		switch {
		case !in.value.scalar || in.value.block:
			r.problem(in.value.line, in.value.column, "an input is a word, or an expression in quotes", "")
		case in.value.quoted:
			if given.Expr = r.compileInside(in.value, scope); given.Expr != nil && given.Expr.Type() != wordType && given.Expr.Type() != wordsType && !isNumber(given.Expr.Type()) {
				r.problem(in.value.line, in.value.column, "`"+in.value.text+"` is neither a text nor a number", "a word that is meant as it stands is written without quotes")
			}
		case in.value.commented || strings.ContainsAny(in.value.text, `()[]{}"'|&=!<>`) || strings.HasPrefix(in.value.text, "inputs."):
			r.problem(in.value.line, in.value.column, "`"+in.value.text+"` looks like an expression without quotes", "write it in quotes: "+in.key+": '"+in.value.text+"'")
		default:
			given.Literal = in.value.text
		}
		c.Inputs = append(c.Inputs, given)
	}
}

// described reads the YAML of a block that describes what is done. The first of its keys is required.
func (r *reader) described(f *fence, keys ...string) *value {
	v := r.yaml(f.body, f.bodyLine)
	if v == nil {
		return nil
	}
	if !v.isMap {
		r.problem(v.line, v.column, "a `"+f.word+"` block is a map of keys", "its keys are "+strings.Join(keys, ", "))
		return nil
	}
	r.only(v, "a `"+f.word+"` block", keys...)
	if w := v.get(keys[0]); w == nil || w.scalar && strings.TrimSpace(w.text) == "" {
		r.problem(f.line, f.column, "the `"+f.word+"` block lacks `"+keys[0]+"`", "")
	}
	return v
}
