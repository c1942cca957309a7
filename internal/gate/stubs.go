package gate

import (
	"errors"
	"reflect"
)

// Error is why a source does not compile.
type Error struct {
	Offset int    // byte in the source
	Column int    // from 1, in characters, within its line
	What   string // what is wrong
	Hint   string // what was probably meant, or empty
}

func (e *Error) Error() string { return e.What }

// Expr is a compiled expression; it may be used by several goroutines at once.
type Expr struct{ src string }

// Compile parses and checks src.
func Compile(src string, scope Scope) (*Expr, error) { return nil, errors.New("not built yet") }

// Source is the text it was compiled from.
func (e *Expr) Source() string { return e.src }

// Type is the type of the value: bool for checks.
func (e *Expr) Type() reflect.Type { return reflect.TypeFor[bool]() }

// Reads are the dotted paths of what it reads.
func (e *Expr) Reads() []string { return nil }

// Eval evaluates it over vars.
func (e *Expr) Eval(vars map[string]any) Result { return Result{Unseen: "not built yet"} }

// Template is text with expressions in braces.
type Template struct{}

// Interpolate compiles a template.
func Interpolate(template string, scope Scope) (*Template, error) {
	return nil, errors.New("not built yet")
}

// Render fills in the values.
func (t *Template) Render(vars map[string]any) (text string, complete bool) { return "", false }

// Word is one name of the vocabulary.
type Word struct {
	Name, Type, About string
	Nil               bool
}

// Vocabulary lists the names below name.
func Vocabulary(name string, t reflect.Type) []Word { return nil }

// CannotFail says whether, and why, an expression cannot fail.
func CannotFail(e *Expr) (why string, yes bool) { return "", false }

// Record is a struct type with the given names.
func Record(fields map[string]reflect.Type) reflect.Type { return nil }
