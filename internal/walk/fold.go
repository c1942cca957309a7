package walk

import (
	"fmt"
	"path/filepath"
	"time"

	"recon/actions"
	"recon/internal/audit"
	"recon/internal/remote"
	"recon/runbooks"
)

// Kinds of records that only a walk writes.
const (
	// kindRetry: the operator goes back to a failed step's blocks; what was ok stays ok.
	kindRetry audit.Kind = "retry"
	// kindApplies: the operator says that a step applies although its `when` is unknown.
	kindApplies audit.Kind = "applies"
)

// retry and applies are the data of these kinds.
type retry struct {
	Step int `json:"step"`
}
type applies struct {
	Step   int    `json:"step"`
	Reason string `json:"reason"`
}

// fold is where a walk stands, computed from its records and from nothing else.
type fold struct {
	start    audit.Start
	started  time.Time
	ended    time.Time
	status   Status
	reason   string
	inputs   map[string]string
	answers  map[string]string
	captures map[string]map[string]string
	steps    []stepFold
	// cursor is the index of the step to offer first.
	cursor  int
	intents map[uint64]*intentFold
	waives  map[string]string
	// children are the trails of the walks inside this one.
	children map[string]bool
}

// stepFold is one step.
type stepFold struct {
	notNeeded  string
	skipped    string
	attested   string
	overridden string
	applies    bool
	attempts   int
	// blocks are the commands, then the rollbacks, of the step.
	blocks  []blockFold
	results []Result
	proof   *audit.Proof
	// lastIntent is the newest intent of the step; a proof that is older proves nothing of it.
	lastIntent uint64
	rolledBack bool
}

// blockFold is one command: what is known of each target since the last fresh start.
type blockFold struct {
	attempts int
	targets  map[string]targetFold
	// order keeps the targets of the newest intent as they were resolved.
	intent uint64
	// settled is true when every target of every intent since the last reset was ok, and nothing of the block is left.
	settled bool
	// child is the trail, relative to the trails folder, of the walk of another book that was begun and has not ended.
	child string
	// passed is the reason with which a dry run that failed was passed over, or "".
	passed string
}

type targetFold struct {
	intent  uint64
	outcome audit.Outcome
	reason  string
}

// intentFold is one intent and how much of it is settled.
type intentFold struct {
	audit.Intent
	step, block int
	partial     bool
}

func newFold(b *runbooks.Runbook) *fold {
	f := &fold{
		status: Open, inputs: map[string]string{}, answers: map[string]string{}, captures: map[string]map[string]string{},
		intents: map[uint64]*intentFold{}, waives: map[string]string{}, children: map[string]bool{}, steps: make([]stepFold, len(b.Steps)),
	}
	for i, s := range b.Steps {
		f.steps[i].blocks = make([]blockFold, len(s.Commands)+len(s.Rollbacks))
		for j := range f.steps[i].blocks {
			f.steps[i].blocks[j].targets = map[string]targetFold{}
		}
	}
	return f
}

// apply folds one record. Kinds that do not change where the walk stands are passed over.
func (f *fold) apply(r audit.Record) error {
	switch r.Kind {
	case audit.KindStart:
		return with(r, func(d audit.Start) error {
			f.start, f.started = d, r.At
			for k, v := range d.Inputs {
				f.inputs[k] = v
			}
			return nil
		})
	case audit.KindInputs:
		return with(r, func(d audit.Inputs) error {
			for k, v := range d.Values {
				f.inputs[k] = v
			}
			return nil
		})
	case audit.KindIntent:
		return with(r, func(d audit.Intent) error { return f.intent(r, d) })
	case audit.KindResult:
		return with(r, func(d audit.Result) error { return f.result(d) })
	case audit.KindProof:
		return with(r, func(d audit.Proof) error {
			return f.step(r, d.Step, func(s *stepFold) { s.proof = &d })
		})
	case audit.KindAnswer:
		return with(r, func(d audit.Answer) error { f.answers[d.Name] = d.Value; return nil })
	case audit.KindReconcile:
		return with(r, func(d audit.Reconcile) error { return f.reconcile(r, d) })
	case audit.KindWaive:
		return with(r, func(d audit.Waive) error { f.waives[d.Guard] = d.Reason; return nil })
	case audit.KindEnd:
		return with(r, func(d audit.End) error {
			f.status, f.reason, f.ended = Status(d.Status), d.Reason, r.At
			return nil
		})
	}
	return f.decision(r)
}

// decision folds what the operator said about a step.
func (f *fold) decision(r audit.Record) error {
	switch r.Kind {
	case audit.KindAttest:
		return with(r, func(d audit.Attest) error {
			return f.step(r, d.Step, func(s *stepFold) { s.attested = d.Note })
		})
	case audit.KindSkip:
		return with(r, func(d audit.Skip) error {
			return f.step(r, d.Step, func(s *stepFold) { s.skipped = d.Reason })
		})
	case audit.KindNotNeeded:
		return with(r, func(d audit.NotNeeded) error {
			return f.step(r, d.Step, func(s *stepFold) { s.notNeeded = d.Reason })
		})
	case audit.KindOverride:
		return with(r, func(d audit.Override) error {
			return f.step(r, d.Step, func(s *stepFold) {
				if d.Block >= 1 && d.Block <= len(s.blocks) {
					s.blocks[d.Block-1].passed, s.blocks[d.Block-1].settled = d.Reason, true
					return
				}
				s.overridden = d.Reason
			})
		})
	case kindApplies:
		return with(r, func(d applies) error {
			return f.step(r, d.Step, func(s *stepFold) { s.applies = true })
		})
	case audit.KindChild:
		return with(r, func(d audit.Child) error {
			f.children[d.Child.Path] = true
			return f.block(r, d.Step, d.Block, func(s *stepFold, b *blockFold) {
				b.child, b.settled = d.Child.Path, false
				b.attempts++
				s.attempts, s.lastIntent, s.proof = max(s.attempts, b.attempts), r.Seq, nil
			})
		})
	case audit.KindChildEnd:
		return with(r, func(d audit.ChildEnd) error {
			return f.block(r, d.Step, d.Block, func(s *stepFold, b *blockFold) { b.returned(s, r, d) })
		})
	case kindRetry:
		return with(r, func(d retry) error { return f.step(r, d.Step, (*stepFold).retry) })
	case audit.KindJump:
		return with(r, func(d audit.Jump) error {
			return f.step(r, d.To, func(s *stepFold) {
				f.cursor = d.To - 1
				// Who jumps to a step that was left out wants it after all.
				s.skipped, s.notNeeded = "", ""
			})
		})
	}
	return nil
}

// retry opens what was not ok again; what was ok stays so, and a step of which nothing ran is looked at again.
func (s *stepFold) retry() {
	s.proof, s.overridden, s.rolledBack = nil, "", false
	for i := range s.blocks {
		for name, t := range s.blocks[i].targets {
			if t.outcome != audit.OK {
				delete(s.blocks[i].targets, name)
			}
		}
		if s.blocks[i].passed == "" && !s.blocks[i].clean() {
			s.blocks[i].settled = false
		}
	}
	// All blocks were ok and the proof failed: the change itself is what is tried again.
	again := true
	for i := range s.blocks {
		again = again && (s.blocks[i].settled || s.blocks[i].attempts == 0)
	}
	if again {
		for i := range s.blocks {
			s.blocks[i].settled, s.blocks[i].passed, s.blocks[i].targets = false, "", map[string]targetFold{}
		}
	}
}

// clean is true when every known target of the block is ok; in a dry run, when it was shown.
func (b *blockFold) clean() bool {
	for _, t := range b.targets {
		if t.outcome != audit.OK && t.outcome != dryRun {
			return false
		}
	}
	return len(b.targets) > 0
}

func (f *fold) intent(r audit.Record, d audit.Intent) error {
	return f.step(r, d.Step, func(s *stepFold) {
		if d.Block < 1 || d.Block > len(s.blocks) {
			return
		}
		b := &s.blocks[d.Block-1]
		b.attempts, b.intent, b.settled, b.passed = d.Attempt, r.Seq, false, ""
		s.attempts, s.lastIntent, s.proof = max(s.attempts, d.Attempt), r.Seq, nil
		for _, t := range d.Targets {
			// Until a result says otherwise, nobody knows what became of it.
			b.targets[t.Name] = targetFold{intent: r.Seq, outcome: audit.OutcomeUnknown, reason: "the console ended before a result was recorded"}
		}
		f.intents[r.Seq] = &intentFold{Intent: d, step: d.Step - 1, block: d.Block - 1, partial: len(d.Rest) > 0}
	})
}

func (f *fold) result(d audit.Result) error {
	in := f.intents[d.Intent]
	if in == nil {
		return fmt.Errorf("a result names intent %d, which is not in the trail", d.Intent)
	}
	s := &f.steps[in.step]
	b := &s.blocks[in.block]
	for _, t := range d.Targets {
		b.targets[t.Target] = targetFold{intent: d.Intent, outcome: t.Outcome, reason: t.Reason}
		o := actions.Outcome{Target: t.Target, Kind: remote.ExitKind(t.Outcome), Code: t.Code, Signal: t.Signal, Reason: t.Reason, Began: t.Started, Duration: t.Duration}
		res := Result{Block: in.block, Attempt: in.Attempt, Rollback: in.Rollback != 0, Outcome: o}
		if t.Output != nil {
			res.Output = filepath.Base(t.Output.File)
		}
		s.results = append(s.results, res)
		for name, v := range t.Captures {
			if f.captures[name] == nil {
				f.captures[name] = map[string]string{}
			}
			f.captures[name][t.Target] = v
		}
	}
	b.settled = b.clean() && !in.partial
	if in.Rollback != 0 && b.settled {
		s.rolledBack = true
	}
	return nil
}

func (f *fold) reconcile(r audit.Record, d audit.Reconcile) error {
	in := f.intents[d.Intent]
	if in == nil {
		return fmt.Errorf("record %d reconciles intent %d, which is not in the trail", r.Seq, d.Intent)
	}
	b := &f.steps[in.step].blocks[in.block]
	for name, t := range b.targets {
		if t.outcome != audit.OutcomeUnknown || d.Target != "" && d.Target != name {
			continue
		}
		switch d.Verdict {
		case audit.Done:
			b.targets[name] = targetFold{intent: d.Intent, outcome: audit.OK}
		case audit.NotDone:
			delete(b.targets, name)
		}
	}
	b.settled = b.clean() && !in.partial
	return nil
}

// step finds the step that a record is about and folds into it.
func (f *fold) step(r audit.Record, number int, do func(*stepFold)) error {
	if number < 1 || number > len(f.steps) {
		return fmt.Errorf("record %d (%s) is about step %d, and the book has %d", r.Seq, r.Kind, number, len(f.steps))
	}
	do(&f.steps[number-1])
	return nil
}

func with[T any](r audit.Record, do func(T) error) error {
	d, err := audit.As[T](r)
	if err != nil {
		return err
	}
	return do(d)
}
