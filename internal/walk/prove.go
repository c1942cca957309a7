package walk

import (
	"context"
	"errors"
	"fmt"
	"time"

	"recon/internal/audit"
	"recon/internal/gate"
	"recon/probes"
	"recon/runbooks"
)

// Pace of a proof: how often it asks, and how far `progress=` may stretch its limit.
const (
	provePause  = time.Second
	proveAtOnce = 5 * time.Second
	proveFactor = 4
)

// Prove measures what a step has to prove, on answers to questions asked after its last intent, and records the verdict.
// For a step whose `when` is false it records that the step is not needed; for a step of checks alone it is the gate.
// progress is called after every look. When ctx ends first, nothing is recorded and the proof starts again next time.
func (w *Walk) Prove(ctx context.Context, index int, progress func(Progress)) (gate.Answer, error) {
	step, held, err := w.provable(index)
	if err != nil {
		return gate.Unknown, err
	}
	if len(step.When) > 0 && w.untouched(index) {
		s, err := w.cfg.Eyes.Fresh(ctx, sections(exprsOf(step.When)...))
		if err != nil {
			return gate.Unknown, err
		}
		if done, err := w.notNeeded(index, s); done || err != nil {
			return gate.Pass, err
		}
	}
	proof := runbooks.Proof{Conditions: step.Before}
	if step.Proof != nil {
		proof = *step.Proof
		if step.GateOnly {
			proof.Conditions = append(append([]runbooks.Condition{}, step.Before...), proof.Conditions...)
		}
	}
	began := w.now()
	m := meter{proof: proof, began: began, limit: orDuration(proof.Within, proveAtOnce)}
	need := sections(append(exprsOf(proof.Conditions), proof.Progress)...)
	if len(need) == 0 {
		need = []string{"cluster"} // answers and captures are no probe's business; no name at all would mean every section
	}
	for {
		s, err := w.cfg.Eyes.Fresh(ctx, need)
		if ctx.Err() != nil {
			return gate.Unknown, ctx.Err()
		}
		if err != nil && s == nil {
			return gate.Unknown, err
		}
		w.mu.Lock()
		vars := w.vars(s)
		w.mu.Unlock()
		checks := evaluate(proof.Conditions, vars)
		answer, over := m.look(w.now(), checks, vars)
		if progress != nil {
			progress(Progress{Checks: checks, Waited: w.now().Sub(began), Limit: proof.Within, Holding: m.holding(w.now()), For: proof.For})
		}
		if over {
			return answer, w.proved(index, checks, answer, held, w.now().Sub(began), s)
		}
		if err := w.wait(ctx, provePause); err != nil {
			return gate.Unknown, err
		}
	}
}

func orDuration(a, b time.Duration) time.Duration {
	if a != 0 {
		return a
	}
	return b
}

// meter decides when a proof is over: it passes once all checks have held for as long as they must; it ends otherwise
// at its limit, which stands still while the progress number grows, up to a ceiling.
type meter struct {
	proof    runbooks.Proof
	began    time.Time
	limit    time.Duration
	passing  time.Time
	progress float64
	grew     time.Time
}

func (m *meter) holding(now time.Time) time.Duration {
	if m.passing.IsZero() {
		return 0
	}
	return now.Sub(m.passing)
}

func (m *meter) look(now time.Time, checks []Check, vars map[string]any) (answer gate.Answer, over bool) {
	answer = worst(checks)
	if answer == gate.Pass {
		if m.passing.IsZero() {
			m.passing = now
		}
		return answer, now.Sub(m.passing) >= m.proof.For
	}
	m.passing = time.Time{}
	if m.proof.Progress != nil {
		if n, ok := number(m.proof.Progress.Eval(vars).Value); ok && n > m.progress {
			m.progress, m.grew = n, now
		}
	}
	from := m.began
	if m.grew.After(from) {
		from = m.grew
	}
	waited := now.Sub(m.began)
	return answer, now.Sub(from) >= m.limit || waited >= proveFactor*m.limit
}

func number(v any) (float64, bool) {
	switch n := v.(type) {
	case int64:
		return float64(n), true
	case *int64:
		if n != nil {
			return float64(*n), true
		}
	case int:
		return float64(n), true
	case float64:
		return n, true
	}
	return 0, false
}

// provable says whether a step may be proved now, and whether its proof held before the change.
func (w *Walk) provable(index int) (*runbooks.Step, bool, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.fold.status != Open {
		return nil, false, fmt.Errorf("the walk has ended (%s)", w.fold.status)
	}
	if index < 0 || index >= len(w.book.Steps) {
		return nil, false, fmt.Errorf("the book has no step %d", index+1)
	}
	if w.running {
		return nil, false, errors.New("a step is running; wait for its outcome")
	}
	return &w.book.Steps[index], w.heldBefore[index], nil
}

func (w *Walk) untouched(index int) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.fold.steps[index].lastIntent == 0 && !w.fold.steps[index].applies
}

func (w *Walk) notNeeded(index int, s *probes.State) (bool, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	checks := evaluate(w.book.Steps[index].When, w.vars(s))
	if worst(checks) != gate.Fail {
		return false, nil
	}
	return true, w.append(audit.KindNotNeeded, audit.NotNeeded{Step: index + 1, Reason: why(checks), Lines: lines(checks)})
}

func (w *Walk) proved(index int, checks []Check, answer gate.Answer, held bool, waited time.Duration, s *probes.State) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.append(audit.KindProof, audit.Proof{
		Step: index + 1, Intent: w.fold.steps[index].lastIntent, Lines: lines(checks), Answer: answer.String(), HeldBefore: held, Waited: waited, State: seen(s),
	})
}
