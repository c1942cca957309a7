package runbooks

import (
	"fmt"
	"strconv"

	"recon/internal/gate"
)

// QuestionKind is what an answer may be.
type QuestionKind string

// The kinds of questions and inputs.
const (
	TextQuestion   QuestionKind = "text"
	ChoiceQuestion QuestionKind = "choice"
	NumberQuestion QuestionKind = "number"
)

// Input is what a book asks for before it starts. Its value is `inputs.NAME` in expressions and $NAME, in capitals, in
// commands.
type Input struct {
	Name, Ask string
	Kind      QuestionKind
	// Choices yields the names that may be chosen; nil when Literals holds them or anything may be typed.
	Choices  *gate.Expr
	Literals []string
	// Default yields what is offered; nil when Literal holds it, or when there is none.
	Default *gate.Expr
	Literal string
	Line    int
}

// Options are the choices and the default on a State's variables (gate.Expr.Eval's). No choices means that anything may be
// typed; an empty default means that none is known.
func (in Input) Options(vars map[string]any) (choices []string, def string) {
	choices, def = in.Literals, in.Literal
	if in.Choices != nil {
		choices = texts(in.Choices.Eval(vars))
	}
	if in.Default != nil {
		if d := texts(in.Default.Eval(vars)); len(d) == 1 {
			def = d[0]
		}
	}
	return choices, def
}

// Likely are the choices that the default names, when it names several.
func (in Input) Likely(vars map[string]any) []string {
	if in.Default == nil {
		return nil
	}
	return texts(in.Default.Eval(vars))
}

// texts are the words of a result: what is certain of a list that is seen in part only, too.
func texts(r gate.Result) []string {
	v := r.Value
	if v == nil {
		v = r.Sure
	}
	switch t := v.(type) {
	case string:
		return []string{t}
	case []string:
		return t
	case int:
		return []string{strconv.Itoa(t)}
	case int64, float64, uint64:
		return []string{fmt.Sprint(t)}
	}
	return nil
}

// Question is one entry of an ask block. Its answer is `answers.NAME` in expressions and $NAME, in capitals, in commands.
type Question struct {
	Name, Question string
	Kind           QuestionKind
	Choices        []string
	Default        string
	Line           int
}
