package walk

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"recon/internal/audit"
	"recon/internal/gate"
	"recon/probes"
	"recon/runbooks"
)

// View is the walk as it stands in the light of a State. It does no I/O.
func (w *Walk) View(s *probes.State) View {
	w.mu.Lock()
	defer w.mu.Unlock()
	f := w.fold
	v := View{
		Book: w.book, ID: f.start.Walk, Trail: w.trail.Path(), Head: w.trail.Head(), Status: f.status, Reason: f.reason,
		DryRun: f.start.DryRun, Started: f.started, Ended: f.ended, Inputs: f.inputs, Answers: copied(f.answers),
	}
	if err := w.trail.Err(); err != nil {
		v.TrailError = err.Error()
	}
	vars := w.vars(s)
	for i := range w.book.Steps {
		v.Steps = append(v.Steps, w.stepView(i, vars))
	}
	if f.status != Open {
		v.Next = Next{Kind: NextNothing}
		return v
	}
	v.Current = w.current()
	if v.Current < 0 {
		v.Current = len(v.Steps) - 1
		v.Next = Next{Kind: NextFinish, Step: v.Current, Leftovers: leftovers(nil, s)}
		return v
	}
	sv := &v.Steps[v.Current]
	v.Next = w.next(v.Current, sv, s, vars)
	switch v.Next.Kind {
	case NextGate, NextDecide:
		sv.Status = Blocked
	case NextConfirm, NextAsk, NextAttest:
		sv.Status = Ready
	case NextProve:
		sv.Status = Verifying
	}
	if w.running {
		sv.Status = Running
	}
	return v
}

func copied(m map[string]string) map[string]string {
	out := make(map[string]string, len(m))
	for k, v := range m {
		out[k] = v
	}
	return out
}

// current is the step to offer: the one at the cursor, else the next open one, else the first open one; -1 when none is
// left. A step whose outcome is unknown comes before anything else.
func (w *Walk) current() int {
	open := func(i int) bool {
		st, _ := w.settled(i)
		return st != Done && st != Skipped && st != NotNeeded
	}
	for i := range w.fold.steps {
		if st, _ := w.settled(i); st == Unknown {
			return i
		}
	}
	n := len(w.fold.steps)
	for k := range n {
		if i := (w.fold.cursor + k) % n; open(i) {
			return i
		}
	}
	return -1
}

// settled is what the trail alone says of a step: done, skipped, not needed, failed, unknown, or pending.
func (w *Walk) settled(i int) (StepStatus, string) {
	sf, step := &w.fold.steps[i], &w.book.Steps[i]
	switch {
	case sf.attested != "":
		return Done, "attested: " + sf.attested
	case sf.skipped != "":
		return Skipped, sf.skipped
	case sf.notNeeded != "":
		return NotNeeded, sf.notNeeded
	case sf.proof != nil && sf.proof.Answer == audit.Pass:
		// A proof measured after the intent is the probe that SAFETY 13 asks for: it settles an unknown outcome too.
		return Done, ""
	}
	if st, why := w.ran(i); st != "" {
		return st, why
	}
	if sf.rolledBack {
		return Failed, "rolled back"
	}
	if w.block(i) >= 0 || w.question(i) != nil {
		return Pending, ""
	}
	switch {
	case sf.proof != nil && sf.proof.Answer == audit.Unknown:
		return Failed, "the proof could not be seen"
	case sf.proof != nil:
		return Failed, "the proof did not hold in time"
	case step.Proof == nil && len(step.Commands)+len(step.Asks) > 0:
		return Done, ""
	case w.fold.start.DryRun && len(step.Commands) > 0:
		return Done, "dry run: nothing was sent"
	}
	return Pending, ""
}

// ran is what the outcomes of a step's commands make of it: Unknown before Failed, "" when nothing went wrong.
func (w *Walk) ran(i int) (status StepStatus, why string) {
	step, sf := &w.book.Steps[i], &w.fold.steps[i]
	begun := false
	for b := range sf.blocks {
		if sf.blocks[b].passed != "" {
			continue
		}
		for _, name := range w.names(sf.blocks[b].targets) {
			t := sf.blocks[b].targets[name]
			said := fmt.Sprintf("%s: %s", name, orText(t.reason, string(t.outcome)))
			switch t.outcome {
			case audit.OK, dryRun:
				continue
			case audit.OutcomeUnknown, audit.Cancelled, audit.Signalled:
				if command(step, b).Risk != runbooks.Read {
					return Unknown, said
				}
			}
			// Of several hosts the one that failed says more than the one that was never begun.
			if status == "" || t.outcome != audit.NotStarted && !begun {
				status, why = Failed, said
			}
			begun = begun || t.outcome != audit.NotStarted
		}
	}
	return status, why
}

// names are targets in the order of the cluster file.
func (w *Walk) names(targets map[string]targetFold) []string {
	return slices.SortedFunc(maps.Keys(targets), func(a, b string) int {
		return cmp.Or(cmp.Compare(w.position(a), w.position(b)), cmp.Compare(a, b))
	})
}

// dryRun is the outcome of a command that was only shown.
const dryRun audit.Outcome = "dry run"

func orText(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// block is the next command of a step to confirm, or -1.
func (w *Walk) block(i int) int {
	for b := range w.book.Steps[i].Commands {
		if !w.fold.steps[i].blocks[b].settled {
			return b
		}
	}
	return -1
}

// question is the next question of a step without an answer, or nil.
func (w *Walk) question(i int) *runbooks.Question {
	for q := range w.book.Steps[i].Asks {
		if _, ok := w.fold.answers[w.book.Steps[i].Asks[q].Name]; !ok {
			return &w.book.Steps[i].Asks[q]
		}
	}
	return nil
}

func (w *Walk) stepView(i int, vars map[string]any) StepView {
	step, sf := &w.book.Steps[i], &w.fold.steps[i]
	sv := StepView{
		Step: step, Attempts: sf.attempts, Overridden: sf.overridden, Attested: sf.attested,
		Results: append([]Result(nil), sf.results...),
		When:    evaluate(step.When, vars), Before: evaluate(step.Before, vars),
	}
	if step.Proof != nil {
		sv.Proof = evaluate(step.Proof.Conditions, vars)
	}
	sv.Status, sv.Reason = w.settled(i)
	return sv
}

// next is what a step that is not settled waits for.
func (w *Walk) next(i int, sv *StepView, s *probes.State, vars map[string]any) Next {
	step, sf := &w.book.Steps[i], &w.fold.steps[i]
	n := Next{Step: i, Block: -1, CanRollBack: len(step.Rollbacks) > 0 && sf.lastIntent != 0 && !sf.rolledBack}
	switch sv.Status {
	case Unknown:
		n.Kind = NextReconcile
		for b := range sf.blocks {
			for _, t := range sf.blocks[b].targets {
				if t.outcome != audit.OK {
					n.Block = b
				}
			}
		}
		return n
	case Failed:
		n.Kind, n.CanOverride = NextChoose, w.dryRunFailed(i) >= 0
		return n
	}
	if sf.lastIntent == 0 && !sf.applies {
		switch worst(sv.When) {
		case gate.Fail:
			// Prove reads it again and records that the step is not needed.
			n.Kind = NextProve
			return n
		case gate.Unknown:
			n.Kind, sv.Reason = NextDecide, "whether the step applies is unknown: "+why(sv.When)
			return n
		}
	}
	if b := w.block(i); b >= 0 {
		return w.nextBlock(n, i, b, sv, s)
	}
	if q := w.question(i); q != nil {
		return w.nextQuestion(n, q, sv, vars)
	}
	if worst(sv.Before) != gate.Pass && sf.overridden == "" && len(step.Commands) == 0 {
		n.Kind, n.CanOverride, sv.Reason = NextGate, true, why(sv.Before)
		return n
	}
	if step.Proof != nil || len(step.Before) > 0 && len(step.Commands) == 0 {
		n.Kind = NextProve
		// A gate that may be waited for without limit is shown as a gate; Prove records it once it holds.
		if step.Proof != nil && step.GateOnly && limit(step.Proof) == 0 && worst(sv.Proof) != gate.Pass {
			n.Kind, n.CanOverride, sv.Reason = NextGate, true, why(sv.Proof)
		}
		return n
	}
	n.Kind = NextAttest
	return n
}

func (w *Walk) nextBlock(n Next, i, b int, sv *StepView, s *probes.State) Next {
	n.Block = b
	cmd := command(&w.book.Steps[i], b)
	if cmd.Kind == runbooks.Book {
		return w.nextBook(n, i, b, sv, s)
	}
	p, err := w.plan(i, b, s)
	if err != nil {
		n.Kind, n.PlanError, sv.Reason = NextGate, err.Error(), err.Error()
		return n
	}
	sv.Before = p.gates
	n.Plan = p
	n.CanOverride = cmd.Risk != runbooks.Destroy
	switch {
	case p.Refused != "":
		n.Kind, n.CanOverride, sv.Reason = NextGate, false, p.Refused
	case worst(p.gates) != gate.Pass && w.fold.steps[i].overridden == "":
		n.Kind, sv.Reason = NextGate, why(p.gates)
	default:
		n.Kind = NextConfirm
	}
	return n
}

func (w *Walk) nextQuestion(n Next, q *runbooks.Question, sv *StepView, vars map[string]any) Next {
	// Checks of a step without commands gate its question.
	if worst(sv.Before) != gate.Pass && w.fold.steps[n.Step].overridden == "" && len(w.book.Steps[n.Step].Commands) == 0 {
		n.Kind, n.CanOverride, sv.Reason = NextGate, true, why(sv.Before)
		return n
	}
	n.Kind, n.Question, n.Choices, n.Default = NextAsk, q, q.Choices, q.Default
	return n
}
