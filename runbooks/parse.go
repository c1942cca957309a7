package runbooks

import (
	"crypto/sha256"
	"encoding/hex"
	"reflect"

	"recon/internal/gate"
)

// Parse reads one book. Expressions are compiled against scope (the State's names, as probes.Scope gives them) and the
// book's own inputs, answers and captures. The Runbook is whole when there are no problems, and nil otherwise.
func Parse(file string, src []byte, scope gate.Scope) (*Runbook, Problems) {
	r := newReader(file, src, scope)
	b := r.book()
	if len(r.problems) > 0 {
		return nil, r.problems.sorted()
	}
	return b, nil
}

// book reads everything; what it could not read is missing in the result, and reported.
func (r *reader) book() *Runbook {
	b := &Runbook{File: r.file, Source: r.src}
	sum := sha256.Sum256(r.src)
	b.Hash = hex.EncodeToString(sum[:])
	if !r.clean() {
		return b
	}
	head := r.head()
	if head == 0 {
		return b
	}
	r.front(b, head)
	d := r.outline(head)
	if d.titleAt > 0 && b.Title != "" && d.title != b.Title {
		r.problem(d.titleAt, 1, "the heading says `"+d.title+"` and the front matter `"+b.Title+"`", "write the same title twice")
	}
	r.intro(b, d, head)
	drafts := r.drafts(b, d)
	scope := r.bookScope(b, drafts)
	for i, s := range drafts {
		b.Steps = append(b.Steps, r.step(b, s, i+1, scope))
	}
	switch {
	case len(d.sections) == 0 && b.Kind != Finding:
		r.problem(head, 1, "the book has no steps", "every second-level heading (##) is one")
	case b.Kind == Drill:
		r.goal(b, head)
	}
	return b
}

func (r *reader) intro(b *Runbook, d *document, head int) {
	end := r.lines()
	if len(d.sections) > 0 {
		end = d.sections[0].line - 1
	}
	for _, f := range d.intro {
		if r.checkFence(f) {
			r.problem(f.line, f.column, "a `"+f.word+"` block stands above the first step", "blocks that recon reads belong to a step, below a second-level heading (##)")
		}
	}
	from := head + 1
	if d.titleAt > 0 {
		if above := r.prose(from, d.titleAt-1, d.intro); above != "" {
			b.Intro = above + "\n\n"
		}
		from = d.titleAt + 1
	}
	b.Intro += r.prose(from, end, d.intro)
}

// goal: a drill is won when its one check passes. It is no walk: nothing in it runs or is asked.
func (r *reader) goal(b *Runbook, head int) {
	goals := 0
	for _, s := range b.Steps {
		if len(s.Commands)+len(s.Asks)+len(s.When)+len(s.Rollbacks) > 0 {
			r.problem(s.Line, 1, "a drill is not walked: it has a story, hints and a goal", "what is done stands in the book that solves it")
		}
		if s.Proof == nil {
			continue
		}
		if s.Proof.Within > 0 || s.Proof.Progress != nil {
			r.problem(s.Proof.Line, 1, "a goal takes only `for`", "the drill waits until it passes or the operator gives up")
		}
		if goals++; goals == 2 {
			r.problem(s.Proof.Line, 1, "a second goal", "write all its lines in one block")
		}
	}
	if goals == 0 {
		r.problem(head, 1, "the drill has no goal", "a `check` block says when it is won")
	}
}

// bookScope is the State's names and the book's own: inputs, answers and captures.
func (r *reader) bookScope(b *Runbook, drafts []*draft) gate.Scope {
	inputs, answers, captures := map[string]reflect.Type{}, map[string]reflect.Type{}, map[string]reflect.Type{}
	for _, in := range b.Inputs {
		inputs[in.Name] = wordType
	}
	for _, s := range drafts {
		for _, q := range s.asks {
			answers[q.Name] = wordType
			if q.Kind == NumberQuestion {
				answers[q.Name] = reflect.TypeFor[float64]()
			}
		}
		for _, f := range s.commands {
			if a, ok := f.get("capture"); ok {
				captures[unquoted(a.value)] = reflect.TypeFor[map[string]string]()
			}
		}
	}
	return r.scope.WithVars(map[string]reflect.Type{
		"inputs": gate.Record(inputs), "answers": gate.Record(answers), "captures": gate.Record(captures),
	})
}
