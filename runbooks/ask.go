package runbooks

import (
	"slices"
	"strings"
)

// ask reads the questions of an ask block.
func (r *reader) ask(f *fence, taken map[string]string) []Question {
	before := len(r.problems)
	v := r.yaml(f.body, f.bodyLine)
	switch {
	case v == nil && len(r.problems) == before:
		r.problem(f.line, f.column, "this `ask` asks nothing", "write NAME: {question: ..., choices: [...]}")
		return nil
	case v == nil:
		return nil
	case !v.isMap:
		r.problem(v.line, v.column, "an `ask` maps a name to its question", "")
		return nil
	}
	var out []Question
	for _, q := range v.fields {
		r.valueName(q.key, q.line, q.column, "answer")
		r.take(taken, q.key, q.line, q.column, "an answer")
		if !q.value.isMap {
			r.problem(q.value.line, q.value.column, "a question has keys: question, choices, default, kind", "")
			continue
		}
		out = append(out, r.question(q))
	}
	return out
}

func (r *reader) question(f field) Question {
	q := Question{Name: f.key, Kind: TextQuestion, Line: f.line}
	r.only(f.value, "a question", "question", "choices", "default", "kind")
	if v := f.value.get("question"); v != nil {
		q.Question = strings.TrimSpace(r.word(v, "`question`"))
	}
	if q.Question == "" {
		r.problem(f.line, f.column, "`"+f.key+"` has no `question`", "")
	}
	if v := f.value.get("choices"); v != nil {
		q.Kind, q.Choices = ChoiceQuestion, r.words(v, "`choices`")
		for i, c := range q.Choices {
			if strings.TrimSpace(c) == "" || slices.Contains(q.Choices[:i], c) {
				r.problem(v.items[i].line, v.items[i].column, "the choice `"+c+"` is empty or stands here twice", "")
			}
		}
		if v.isList && len(q.Choices) < 2 {
			r.problem(v.line, v.column, "there is nothing to choose", "give two choices at least")
		}
	}
	q.Kind = r.questionKind(f.value.get("kind"), q.Kind)
	if v := f.value.get("default"); v != nil {
		q.Default = r.word(v, "`default`")
		switch {
		case q.Choices != nil && !slices.Contains(q.Choices, q.Default):
			r.problem(v.line, v.column, "the default `"+q.Default+"` is not among the choices", meant(q.Default, q.Choices))
		case q.Kind == NumberQuestion && !number(q.Default):
			r.problem(v.line, v.column, "the default `"+q.Default+"` is not a number", "")
		}
	}
	return q
}
