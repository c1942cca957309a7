package walk

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"

	"recon/actions"
	"recon/internal/audit"
	"recon/internal/gate"
	"recon/internal/remote"
	"recon/probes"
	"recon/runbooks"
)

// nextBook is what a block waits for that walks another book.
func (w *Walk) nextBook(n Next, i, b int, sv *StepView, s *probes.State) Next {
	cmd := command(&w.book.Steps[i], b)
	vars := w.vars(s)
	sv.Before = evaluate(w.book.Steps[i].Before, vars)
	n.CanOverride = true
	if worst(sv.Before) != gate.Pass && w.fold.steps[i].overridden == "" {
		n.Kind, sv.Reason = NextGate, why(sv.Before)
		return n
	}
	n.Child = &Child{Book: cmd.Refers, Trail: w.fold.steps[i].blocks[b].child}
	inputs, err := childInputs(cmd, vars)
	if err != nil && n.Child.Trail == "" {
		n.Kind, n.PlanError, sv.Reason = NextGate, err.Error(), err.Error()
		return n
	}
	for _, in := range cmd.Inputs {
		n.Child.Inputs = append(n.Child.Inputs, in.Name+" = "+inputs[in.Name])
	}
	n.Kind, n.CanOverride = NextBook, false
	return n
}

func childInputs(cmd *runbooks.Command, vars map[string]any) (map[string]string, error) {
	out := map[string]string{}
	for _, in := range cmd.Inputs {
		values := in.Values(vars)
		if len(values) != 1 {
			return out, fmt.Errorf("the input %s of the book %s has %d values now, and needs one", in.Name, cmd.Refers, len(values))
		}
		out[in.Name] = values[0]
	}
	return out, nil
}

// Enter begins the walk of the book of the step's next block, or goes on with the one that was left. The child has a trail of its
// own that names this walk, and this trail names the child. When the child has ended meanwhile, that is recorded and the
// result is nil. The caller closes the child and then calls Return.
func (w *Walk) Enter(index int) (*Walk, error) {
	var entered *Walk
	err := w.onStep(index, func(step *runbooks.Step, sf *stepFold) error {
		b := w.block(index)
		if b < 0 || command(step, b).Kind != runbooks.Book {
			return errors.New("the step does not wait for another book")
		}
		if sf.blocks[b].child != "" {
			ended, err := w.childEnded(index, b)
			if ended || err != nil {
				return err
			}
			entered, err = Resume(w.cfg, filepath.Join(w.cfg.Trails, sf.blocks[b].child))
			return err
		}
		cmd, s := command(step, b), w.cfg.Eyes.State()
		if checks := evaluate(step.Before, w.vars(s)); worst(checks) != gate.Pass && sf.overridden == "" {
			return fmt.Errorf("the step is blocked: %s", why(checks))
		}
		book, ok := w.cfg.Library.Book(cmd.Refers)
		if !ok {
			return fmt.Errorf("there is no book %s in the library", cmd.Refers)
		}
		inputs, err := childInputs(cmd, w.vars(s))
		if err != nil {
			return err
		}
		parent, err := w.ref(w.trail.Ref())
		if err != nil {
			return err
		}
		if left, err := w.orphan(parent.Path, cmd.Refers, inputs); left != nil || err != nil {
			if err == nil {
				err = w.append(audit.KindChild, audit.Child{Step: index + 1, Block: b + 1, Book: cmd.Refers, Child: *left})
			}
			if err == nil {
				entered, err = Resume(w.cfg, filepath.Join(w.cfg.Trails, left.Path))
			}
			return err
		}
		one, err := begin(w.cfg, book, inputs, w.fold.start.DryRun, &parent)
		if err != nil {
			return fmt.Errorf("walk %s: %w", cmd.Refers, err)
		}
		begun, err := w.ref(one.trail.Ref())
		if err == nil {
			err = w.append(audit.KindChild, audit.Child{Step: index + 1, Block: b + 1, Book: cmd.Refers, Child: begun})
		}
		if err != nil {
			return errors.Join(err, one.Close("the parent's trail could not take it"))
		}
		entered = one
		return nil
	})
	return entered, err
}

// orphan finds the walk of a book that was begun for this walk, whose console died before this trail could name it. It goes on,
// rather than lie open for ever beside another one.
func (w *Walk) orphan(parent, book string, inputs map[string]string) (*audit.Ref, error) {
	mine := w.Trail()
	all, err := os.ReadDir(filepath.Dir(mine))
	if err != nil {
		return nil, err
	}
	for _, e := range all {
		path := filepath.Join(filepath.Dir(mine), e.Name())
		if filepath.Ext(path) != ".jsonl" {
			continue
		}
		ref, err := w.ref(audit.Ref{Path: path})
		// Names begin with the time: what is older than this walk cannot be inside it.
		if err != nil || filepath.Base(path) < filepath.Base(mine)[:len("20060102T150405Z")] || w.fold.children[ref.Path] {
			continue
		}
		records, err := audit.Read(path)
		var torn *audit.Torn
		if err != nil && !errors.As(err, &torn) || len(records) == 0 {
			continue // it tells nothing, and `recon audit verify` says why
		}
		start, err := audit.As[audit.Start](records[0])
		if err != nil || start.Parent == nil || start.Parent.Path != parent || start.Book.ID != book || !maps.Equal(start.Inputs, inputs) {
			continue
		}
		if last := records[len(records)-1]; last.Kind != audit.KindEnd {
			return &audit.Ref{Path: ref.Path, Seq: last.Seq, Head: last.Hash}, nil
		}
	}
	return nil, nil
}

// Return looks how the child of a step ended, after it was closed, and records it. A child that is still open stays so, and
// Enter goes on with it.
func (w *Walk) Return(index int) error {
	return w.onStep(index, func(step *runbooks.Step, sf *stepFold) error {
		b := w.block(index)
		if b < 0 || command(step, b).Kind != runbooks.Book || sf.blocks[b].child == "" {
			return nil
		}
		_, err := w.childEnded(index, b)
		return err
	})
}

// childEnded records the end of a child, if it has one.
func (w *Walk) childEnded(index, b int) (bool, error) {
	rel := w.fold.steps[index].blocks[b].child
	records, err := audit.Read(filepath.Join(w.cfg.Trails, rel))
	if err != nil {
		return false, fmt.Errorf("read the trail of the book inside: %w", err)
	}
	if len(records) == 0 || records[len(records)-1].Kind != audit.KindEnd {
		return false, nil
	}
	last := records[len(records)-1]
	end, err := audit.As[audit.End](last)
	if err != nil {
		return false, err
	}
	return true, w.append(audit.KindChildEnd, audit.ChildEnd{
		Step: index + 1, Block: b + 1, Book: command(&w.book.Steps[index], b).Refers,
		Child: audit.Ref{Path: rel, Seq: last.Seq, Head: last.Hash}, Status: end.Status, Reason: end.Reason,
	})
}

// ref is a place in a trail with its path relative to the trails folder.
func (w *Walk) ref(r audit.Ref) (audit.Ref, error) {
	if !filepath.IsAbs(r.Path) {
		return r, nil
	}
	base, err := filepath.Abs(w.cfg.Trails)
	if err != nil {
		return r, err
	}
	r.Path, err = filepath.Rel(base, r.Path)
	return r, err
}

// returned folds the end of a child: only a completed one makes the block done.
func (b *blockFold) returned(s *stepFold, r audit.Record, d audit.ChildEnd) {
	o := actions.Outcome{Target: d.Book, Kind: remote.OK, Began: r.At}
	if d.Status != audit.Completed {
		o.Kind, o.Reason = remote.Failed, strings.TrimSuffix(fmt.Sprintf("the book was %s: %s", d.Status, d.Reason), ": ")
	}
	b.child = ""
	b.targets[d.Book] = targetFold{outcome: exitOutcome(o.Kind), reason: o.Reason}
	b.settled = b.clean()
	s.results = append(s.results, Result{Block: d.Block - 1, Attempt: b.attempts, Outcome: o})
}

// block finds the block that a record is about and folds into it.
func (f *fold) block(r audit.Record, step, block int, do func(*stepFold, *blockFold)) error {
	return f.step(r, step, func(s *stepFold) {
		if block >= 1 && block <= len(s.blocks) {
			do(s, &s.blocks[block-1])
		}
	})
}
