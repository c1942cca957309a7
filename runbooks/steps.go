package runbooks

import (
	"slices"
	"strings"

	"recon/internal/gate"
)

// draft is a step whose blocks are sorted and whose expressions are not compiled yet.
type draft struct {
	*section
	when, before, after *fence
	commands, rollbacks []*fence
	asks                []Question
	hints               []string
}

// phase is the place of a block in the order of a step.
type phase int

const (
	whenPhase phase = iota
	beforePhase
	commandPhase
	askPhase
	proofPhase
)

func (p phase) String() string {
	return [...]string{"`when`", "the `check` before", "the commands", "`ask`", "the `check` after"}[p]
}

// drafts sorts the blocks of every step and refuses those that are out of order.
func (r *reader) drafts(b *Runbook, d *document) []*draft {
	var out []*draft
	taken := map[string]string{}
	for _, in := range b.Inputs {
		taken[in.Name] = "an input"
	}
	for _, s := range d.sections {
		dr := &draft{section: s}
		reached := whenPhase
		read := slices.DeleteFunc(slices.Clone(s.fences), func(f *fence) bool { return !r.checkFence(f) })
		for i, f := range read {
			p, ok := r.place(b, dr, f, later(read[i+1:]), taken)
			if !ok {
				continue
			}
			if p < reached {
				r.problem(f.line, f.column, p.String()+" stands below "+reached.String(),
					"a step is written in the order in which it runs: when, check, commands, ask, check; what comes twice is two steps")
			}
			reached = max(reached, p)
		}
		out = append(out, dr)
	}
	return out
}

// later says whether something runs or is asked further down in the step.
func later(rest []*fence) bool {
	return slices.ContainsFunc(rest, func(f *fence) bool { return runs(f.word) && !isRollback(f) || f.word == "ask" })
}

func runs(word string) bool {
	return slices.Contains([]string{"sh", "http", "sql", "redis", "ansible", "book"}, word)
}

func isRollback(f *fence) bool {
	_, ok := f.get("rollback")
	return ok
}

// place puts one block into its place; not ok when the block has no place in the order.
func (r *reader) place(b *Runbook, d *draft, f *fence, more bool, taken map[string]string) (phase, bool) {
	switch {
	case f.word == "when":
		if d.when != nil {
			r.problem(f.line, f.column, "a second `when`", "write all its lines in one block")
		}
		d.when = f
		return whenPhase, true
	case f.word == "check" && more:
		if d.before != nil && len(d.commands)+len(d.asks) == 0 {
			r.problem(f.line, f.column, "a second `check` before the commands", "write all its lines in one block")
		}
		if len(d.commands)+len(d.asks) > 0 {
			r.problem(f.line, f.column, "a `check` stands between what runs", "make two steps of it")
			return 0, false
		}
		for _, a := range f.attrs {
			r.problem(f.line, a.column, "`"+a.key+"=` is for a proof, and this check stands before the commands", "to wait for something, make it a step of its own")
		}
		d.before = f
		return beforePhase, true
	case f.word == "check":
		if d.after != nil {
			r.problem(f.line, f.column, "a second `check`", "write all its lines in one block")
		}
		d.after = f
		return proofPhase, true
	case f.word == "ask":
		d.asks = append(d.asks, r.ask(f, taken)...)
		return askPhase, true
	case f.word == "hint":
		if b.Kind != Drill {
			r.problem(f.line, f.column, "a `hint` stands outside a drill", "")
		}
		d.hints = append(d.hints, strings.TrimSpace(f.body))
		return 0, false
	case isRollback(f):
		d.rollbacks = append(d.rollbacks, f)
		if _, ok := f.get("capture"); ok {
			r.problem(f.line, f.column, "a rollback captures nothing", "")
		}
		return 0, false
	}
	if a, ok := f.get("capture"); ok {
		n := unquoted(a.value)
		r.valueName(n, f.line, a.valueColumn, "capture")
		r.take(taken, n, f.line, a.valueColumn, "a capture")
	}
	d.commands = append(d.commands, f)
	return commandPhase, true
}

// take refuses two values of one name: they would be one variable.
func (r *reader) take(taken map[string]string, n string, line, column int, what string) {
	if by, ok := taken[n]; ok {
		r.problem(line, column, "the name `"+n+"` belongs to "+by+" already", "")
		return
	}
	taken[n] = what
}

// step compiles a draft.
func (r *reader) step(b *Runbook, d *draft, number int, scope gate.Scope) Step {
	s := Step{Number: number, Title: d.title, Anchor: d.anchor, Line: d.line, Text: r.prose(d.line+1, d.end, d.fences), Asks: d.asks, Hints: d.hints}
	if d.when != nil {
		s.When = r.conditions(d.when, scope)
	}
	if d.before != nil {
		s.Before = r.conditions(d.before, scope)
	}
	for _, f := range d.commands {
		if !f.broken {
			s.Commands = append(s.Commands, r.command(f, scope))
		}
	}
	for _, f := range d.rollbacks {
		if !f.broken {
			s.Rollbacks = append(s.Rollbacks, r.command(f, scope))
		}
	}
	if d.after != nil {
		s.Proof = r.proof(d.after, scope)
	}
	quiet := len(d.commands)+len(d.asks) == 0
	s.GateOnly = quiet && d.after != nil
	s.ByHand = quiet && d.after == nil
	r.shape(b, &s, d)
	s.Commands = withDryRuns(s.Commands)
	return s
}

// shape refuses steps that make no sense as a whole.
func (r *reader) shape(b *Runbook, s *Step, d *draft) {
	if slices.ContainsFunc(d.fences, func(f *fence) bool { return f.broken }) {
		return
	}
	changing := 0
	for i, c := range s.Commands {
		if c.Risk == Read {
			continue
		}
		if changing++; changing == 2 {
			r.problem(d.commands[i].line, 1, "a second block that changes something in one step", "make two steps of it, each with its own proof")
		}
	}
	switch {
	case s.ByHand && s.Text == "" && len(d.fences) == 0:
		r.problem(s.Line, 1, "the step `"+s.Title+"` is empty", "say what is done by hand, or write blocks")
	case b.Kind == Finding && changing > 0:
		r.problem(s.Line, 1, "a finding recognises and looks, and changes nothing", "make it a book of kind recovery")
	}
	if len(s.Rollbacks) > 0 && changing == 0 {
		r.problem(d.rollbacks[0].line, 1, "a rollback of a step that changes nothing", "")
	}
}

func (r *reader) proof(f *fence, scope gate.Scope) *Proof {
	p := &Proof{Conditions: r.conditions(f, scope), Line: f.line}
	if f.broken {
		return p
	}
	if a, ok := f.get("within"); ok {
		p.Within = r.duration(a.value, f.line, a.valueColumn, "within")
	}
	if a, ok := f.get("for"); ok {
		p.For = r.duration(a.value, f.line, a.valueColumn, "for")
	}
	if a, ok := f.get("progress"); ok {
		p.Progress = r.compile(a.value, f.line, a.valueColumn, scope)
		if p.Progress != nil && !isNumber(p.Progress.Type()) {
			r.problem(f.line, a.valueColumn, "`progress` is not a number", "name a number that grows while it goes on")
		}
		if _, ok := f.get("within"); !ok {
			r.problem(f.line, a.column, "`progress` without `within` has no clock to hold", "")
		}
	}
	return p
}
