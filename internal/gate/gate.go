// Package gate answers questions about Go structs in three words: pass, fail or unknown. The questions are written in
// expr-lang's syntax and checked by its type checker; the evaluation is ours, because a machine with two values turns "not
// seen" into "not equal", and that passes.
//
// It guarantees: what was not seen never passes and never fails a condition that depends on it (Kleene's rules); a question
// that compiles never panics and ends after a bounded amount of work; an error says where and what was probably meant.
//
// Names are the json tags of the structs. A pointer, slice or map that is nil was not seen, unless its tag says gate:"nil":
// there nil is a fact, comparable with nil. A struct with a method Blind(field string) string says why a field is not a fact
// now. Fields tagged gate:"-" or json:"-", and times, cannot be named.
//
// Build a Scope once, Compile each expression once, Eval it on every state.
package gate

import (
	"maps"
	"reflect"
)

// Answer is the answer to a yes-or-no question. The zero value is Unknown, so that what was never asked never passes.
type Answer int

// The three answers.
const (
	Unknown Answer = iota
	Fail
	Pass
)

// String is "unknown", "fail" or "pass".
func (a Answer) String() string {
	switch a {
	case Pass:
		return "pass"
	case Fail:
		return "fail"
	}
	return "unknown"
}

// Scope is the names that an expression may use, with their types. Build it once per kind of expression; it is never
// changed by this package.
type Scope struct {
	Vars  map[string]reflect.Type
	Funcs map[string]Func
}

// Func is a function that expressions may call.
type Func struct {
	// Type is the signature for the checker, for example of func(string) Node. It has one result. A parameter of type any
	// takes everything; other parameters take the types that a Go caller could convert without loss.
	Type reflect.Type
	// Doc is a sentence for `recon vocabulary`.
	Doc string
	// Path is what the result is a part of, for Expr.Reads: "patroni.members" for a function that picks a member. Without
	// it, Reads says "name()".
	Path string
	// Call computes the result from the variables given to Eval and arguments that are all seen. A result that is not seen
	// is told by a reason. It must not change its arguments.
	Call func(vars map[string]any, args []any) (result any, unseen string)
}

// WithVars is the scope with more variables; a name that is already there gets the new type.
func (s Scope) WithVars(vars map[string]reflect.Type) Scope {
	all := make(map[string]reflect.Type, len(s.Vars)+len(vars))
	maps.Copy(all, s.Vars)
	maps.Copy(all, vars)
	s.Vars = all
	return s
}

// Result is what an expression says about one state.
type Result struct {
	// Answer is Pass or Fail only for an expression of type bool whose value is seen.
	Answer Answer
	// Value is the value as a Go value of Expr.Type, without pointers; nil when it is not seen, and when it is nil as a fact.
	Value any
	// Unseen says why Value is nil; it is never empty then.
	Unseen string
	// Sure and Maybe are set when the value is a list of which only a part is seen: what certainly belongs to it, and what
	// belongs to it or not. Both are Go slices of Expr.Type.
	Sure, Maybe any
	// Parts are the atomic conditions and the facts that they compare, each once, in the order of the source.
	Parts []Part
}

// Part is a piece of an expression with what it says now.
type Part struct {
	Text   string // source text of the piece, with "of NAME" for an item of a list
	Value  string // the value for an operator's eyes, or "not seen: reason"
	Answer Answer // of a condition its own; of a fact that of the condition it belongs to, Unknown when it is not seen
}
