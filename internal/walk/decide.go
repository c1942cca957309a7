package walk

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"recon/internal/audit"
	"recon/internal/gate"
	"recon/runbooks"
)

// locked runs a decision of the operator on an open walk that runs nothing at the moment.
func (w *Walk) locked(do func() error) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case w.fold.status != Open:
		return fmt.Errorf("the walk has ended (%s)", w.fold.status)
	case w.running:
		return errors.New("a step is running; wait for its outcome")
	}
	return do()
}

// onStep is locked, for a step that exists.
func (w *Walk) onStep(index int, do func(*runbooks.Step, *stepFold) error) error {
	return w.locked(func() error {
		if index < 0 || index >= len(w.book.Steps) {
			return fmt.Errorf("the book has no step %d", index+1)
		}
		return do(&w.book.Steps[index], &w.fold.steps[index])
	})
}

func reason(text, what string) error {
	if strings.TrimSpace(text) == "" {
		return fmt.Errorf("%s needs a reason in words", what)
	}
	return nil
}

// Answer records the answer to the question of that name; it must be one of the choices, or a number where one is asked.
func (w *Walk) Answer(name, value string) error {
	return w.locked(func() error {
		for i, step := range w.book.Steps {
			for _, q := range step.Asks {
				if q.Name != name {
					continue
				}
				if err := acceptable(q, value); err != nil {
					return err
				}
				return w.append(audit.KindAnswer, audit.Answer{Step: i + 1, Name: name, Value: value})
			}
		}
		return fmt.Errorf("the book does not ask for %q", name)
	})
}

func acceptable(q runbooks.Question, value string) error {
	switch {
	case strings.TrimSpace(value) == "":
		return fmt.Errorf("%s needs an answer", q.Name)
	case len(q.Choices) > 0 && !slices.Contains(q.Choices, value):
		return fmt.Errorf("%q is not one of: %s", value, strings.Join(q.Choices, "; "))
	case q.Kind == runbooks.NumberQuestion:
		if _, err := strconv.ParseFloat(value, 64); err != nil {
			return fmt.Errorf("%q is not a number", value)
		}
	}
	return nil
}

// Attest records that a step was done, or its proof holds, on the operator's word: weaker than measured, and shown so.
func (w *Walk) Attest(index int, note string) error {
	return w.onStep(index, func(*runbooks.Step, *stepFold) error {
		if err := reason(note, "vouching for a step"); err != nil {
			return err
		}
		return w.append(audit.KindAttest, audit.Attest{Step: index + 1, Note: note, By: w.cfg.Operator})
	})
}

// Decide says whether a step applies whose `when` cannot be seen.
func (w *Walk) Decide(index int, yes bool, text string) error {
	return w.onStep(index, func(*runbooks.Step, *stepFold) error {
		if err := reason(text, "deciding for the probes"); err != nil {
			return err
		}
		if yes {
			return w.append(kindApplies, applies{Step: index + 1, Reason: text})
		}
		return w.append(audit.KindNotNeeded, audit.NotNeeded{Step: index + 1, Reason: "the operator decided: " + text})
	})
}

// Skip leaves a step out, with a reason. A step whose outcome is unknown has to be reconciled first.
func (w *Walk) Skip(index int, text string) error {
	return w.onStep(index, func(*runbooks.Step, *stepFold) error {
		if err := w.reconciled(index, "skipping"); err != nil {
			return err
		}
		if err := reason(text, "skipping a step"); err != nil {
			return err
		}
		return w.append(audit.KindSkip, audit.Skip{Step: index + 1, Reason: text})
	})
}

func (w *Walk) reconciled(index int, what string) error {
	if st, why := w.settled(index); st == Unknown {
		return fmt.Errorf("%s comes after reconciling: the outcome is unknown (%s)", what, why)
	}
	return nil
}

// Override passes over gates that fail or are unknown, or over a playbook's dry run that failed, with a typed reason that stands
// loud in the trail. It holds for the next run of the step. A step that destroys cannot be overridden.
func (w *Walk) Override(index int, text string) error {
	return w.onStep(index, func(step *runbooks.Step, _ *stepFold) error {
		if err := reason(text, "an override"); err != nil {
			return err
		}
		if b := w.dryRunFailed(index); b >= 0 {
			return w.passOver(index, b, text)
		}
		if b := w.block(index); b >= 0 && command(step, b).Risk == runbooks.Destroy {
			return errors.New("a step that destroys cannot be overridden: it needs a second person, which this version of recon does not have yet")
		}
		s := w.cfg.Eyes.State()
		checks := evaluate(step.Before, w.vars(s))
		if b := w.block(index); b >= 0 && command(step, b).Kind != runbooks.Book {
			p, err := w.plan(index, b, s)
			if err != nil {
				return err
			}
			checks = p.gates
		} else if step.Proof != nil && step.GateOnly {
			checks = append(checks, evaluate(step.Proof.Conditions, w.vars(s))...)
		}
		if worst(checks) == gate.Pass {
			return errors.New("nothing blocks the step, so there is nothing to override")
		}
		if err := w.append(audit.KindOverride, audit.Override{Step: index + 1, Reason: text, By: w.cfg.Operator, Lines: lines(failing(checks))}); err != nil {
			return err
		}
		if len(step.Commands)+len(step.Asks) == 0 {
			// A gate that was passed over is done, on the operator's word.
			return w.append(audit.KindAttest, audit.Attest{Step: index + 1, Note: "overridden: " + text, By: w.cfg.Operator})
		}
		return nil
	})
}

// Retry opens a failed step again. What was ok at a target is not run there again, unless everything was ok and only the
// proof failed: then the change itself is offered again.
func (w *Walk) Retry(index int) error {
	return w.onStep(index, func(*runbooks.Step, *stepFold) error {
		if err := w.reconciled(index, "a retry"); err != nil {
			return err
		}
		if st, _ := w.settled(index); st != Failed {
			return fmt.Errorf("step %d is %s, not failed", index+1, st)
		}
		return w.append(kindRetry, retry{Step: index + 1})
	})
}

// Jump goes to another step; the trail shows it.
func (w *Walk) Jump(index int) error {
	return w.onStep(index, func(*runbooks.Step, *stepFold) error {
		return w.append(audit.KindJump, audit.Jump{From: w.current() + 1, To: index + 1})
	})
}

// RollBack resolves the step's rollback into a plan, to be approved and executed as any other.
func (w *Walk) RollBack(index int) (*Plan, error) {
	var p *Plan
	err := w.onStep(index, func(step *runbooks.Step, sf *stepFold) error {
		if err := w.reconciled(index, "rolling back"); err != nil {
			return err
		}
		if len(step.Rollbacks) == 0 || sf.lastIntent == 0 {
			return errors.New("the step has nothing to roll back")
		}
		for b := range step.Rollbacks {
			block := len(step.Commands) + b
			if sf.blocks[block].settled {
				continue
			}
			var err error
			if p, err = w.plan(index, block, w.cfg.Eyes.State()); err != nil {
				return err
			}
			return w.append(audit.KindRollback, audit.Rollback{Step: index + 1, Intent: sf.lastIntent, Reason: "chosen by " + w.cfg.Operator})
		}
		return errors.New("the step was rolled back already")
	})
	return p, err
}

// Reconcile records the operator's judgement of a step whose outcome is unknown: "done", "not done" or "unknown".
func (w *Walk) Reconcile(index int, verdict, text string) error {
	words := map[string]string{"done": audit.Done, "not done": audit.NotDone, "unknown": audit.StillUnknown}
	return w.onStep(index, func(step *runbooks.Step, sf *stepFold) error {
		word, ok := words[verdict]
		if !ok {
			return fmt.Errorf("%q is not a verdict; say done, not done or unknown", verdict)
		}
		if err := reason(text, "a judgement"); err != nil {
			return err
		}
		if st, _ := w.settled(index); st != Unknown {
			return fmt.Errorf("step %d is %s, not unknown", index+1, st)
		}
		var evidence []audit.Line
		if step.Proof != nil {
			evidence = lines(evaluate(step.Proof.Conditions, w.vars(w.cfg.Eyes.State())))
		}
		intents := map[uint64]bool{}
		for b := range sf.blocks {
			for _, t := range sf.blocks[b].targets {
				if t.outcome != audit.OK {
					intents[t.intent] = true
				}
			}
		}
		for seq := range intents {
			if err := w.append(audit.KindReconcile, audit.Reconcile{Intent: seq, Verdict: word, Reason: text, Evidence: evidence}); err != nil {
				return err
			}
		}
		return nil
	})
}

// Note records anything the operator wants to keep.
func (w *Walk) Note(text string) error {
	return w.locked(func() error {
		if err := reason(text, "a note"); err != nil {
			return err
		}
		return w.append(audit.KindNote, audit.Note{Step: w.current() + 1, Text: text})
	})
}

// Escalate ends the walk: somebody else has to go on.
func (w *Walk) Escalate(text string) error { return w.end(audit.Escalated, text) }

// Abandon ends the walk: it is not to be finished.
func (w *Walk) Abandon(text string) error { return w.end(audit.Abandoned, text) }

func (w *Walk) end(status audit.Status, text string) error {
	return w.locked(func() error {
		if err := reason(text, "ending a walk before its end"); err != nil {
			return err
		}
		return w.append(audit.KindEnd, audit.End{Status: status, Reason: text, Leftovers: acknowledged(leftovers(nil, w.cfg.Eyes.State()), nil)})
	})
}

// Finish completes a walk whose steps are all behind it. Every leftover that the scan finds must be among acknowledged.
func (w *Walk) Finish(ack []string) error {
	return w.locked(func() error {
		if i := w.current(); i >= 0 {
			return fmt.Errorf("step %d (%s) is not behind us yet", i+1, w.book.Steps[i].Title)
		}
		found := leftovers(nil, w.cfg.Eyes.State())
		for _, l := range found {
			if !slices.Contains(ack, l) {
				return fmt.Errorf("left behind and not acknowledged: %s", l)
			}
		}
		return w.append(audit.KindEnd, audit.End{Status: audit.Completed, Leftovers: acknowledged(found, ack)})
	})
}

func acknowledged(found, ack []string) []audit.Leftover {
	out := make([]audit.Leftover, len(found))
	for i, l := range found {
		out[i].Text = l
		if slices.Contains(ack, l) {
			out[i].Ack = "acknowledged"
		}
	}
	return out
}
