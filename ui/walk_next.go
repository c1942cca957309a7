package ui

import (
	"strings"

	"recon/internal/walk"
)

// next is what the walk waits for, in the lines that never scroll away.
func (w *walker) next(t *Theme, width int) []string {
	mark, text := w.waits(t)
	lines := hang(mark+" ", text, width)
	if len(lines) > 4 {
		lines = append(lines[:3], lines[3]+" …")
	}
	out := append([]string{t.Rule.Render(strings.Repeat("─", width))}, lines...)
	if w.run == nil {
		return out
	}
	return append(out, w.runLine(t))
}

// runLine is how long something has taken, and what it may take.
func (w *walker) runLine(t *Theme) string {
	r := w.run
	took := w.now.Sub(r.began)
	switch {
	case r.kind == proving && w.progress != nil:
		s := lasting(w.progress.Waited)
		if w.progress.Limit > 0 {
			s += " of " + lasting(w.progress.Limit) + ", " + lasting(w.progress.Limit-w.progress.Waited) + " left"
		}
		if w.progress.For > 0 {
			s += ", holds " + lasting(w.progress.Holding) + " of " + lasting(w.progress.For)
		}
		return t.paint(strong, s)
	case r.limit > 0:
		return t.paint(strong, "for "+lasting(took)+" of "+lasting(r.limit)+" at most")
	}
	return t.paint(dim, "for "+lasting(took))
}

// waits says in words what comes next, with a mark.
func (w *walker) waits(t *Theme) (mark, text string) {
	v := w.seen
	n, sv := v.Next, v.Steps[v.Current]
	if w.run != nil {
		if w.leaving {
			return glyphHere, "leaving: waits until the outcome is in the trail"
		}
		return glyphHere, w.run.what
	}
	if w.behind() {
		return glyphHere, "the walk is looked at"
	}
	if v.TrailError != "" {
		return t.paint(bad, glyphBad), t.paint(bad, "the trail cannot be written, so no step runs: ") + v.TrailError
	}
	if w.jumping() {
		return glyphHere, "enter jumps to step " + number(w.look+1) + "; esc goes back to the step at hand"
	}
	switch n.Kind {
	case walk.NextGate:
		text := t.paint(warn, "BLOCKED  ") + sv.Reason
		if n.PlanError != "" {
			text = t.paint(warn, "BLOCKED  ") + n.PlanError
		}
		return t.paint(warn, glyphWarn), text
	case walk.NextDecide:
		return t.paint(unseen, glyphUnknown), "does this step apply? " + sv.Reason
	case walk.NextConfirm:
		return glyphHere, "next: " + t.paint(risky(n.Plan.Risk), strings.ToUpper(string(n.Plan.Risk))) + " on " + targets(n.Plan) + t.paint(dim, ", nothing is sent before you confirmed it")
	case walk.NextBook:
		text := "next: the book " + t.Strong.Render(n.Child.Book)
		if n.Child.Trail != "" {
			text += ", where it was left"
		}
		if len(n.Child.Inputs) > 0 {
			text += " (" + strings.Join(n.Child.Inputs, ", ") + ")"
		}
		return glyphHere, text + t.paint(dim, ", walked as a part of this one")
	case walk.NextAsk:
		text := "the book asks: " + n.Question.Question
		if len(n.Choices) > 0 {
			text += "  (" + strings.Join(n.Choices, " / ") + ")"
		}
		return glyphHere, text
	case walk.NextAttest:
		return glyphHere, "this step is done by hand; enter when it is done"
	case walk.NextProve:
		return glyphHere, "the proof waits to be measured"
	case walk.NextReconcile:
		return t.paint(unseen, glyphUnknown), t.paint(unseen, "OUTCOME UNKNOWN  ") + sv.Reason
	case walk.NextChoose:
		return t.paint(bad, glyphBad), t.paint(bad, "FAILED  ") + sv.Reason
	case walk.NextFinish:
		return w.leftovers(t, n)
	}
	text = "the walk is " + string(v.Status)
	if v.Reason != "" {
		text += ": " + v.Reason
	}
	return t.paint(dim, glyphTodo), text
}

func (w *walker) leftovers(t *Theme, n walk.Next) (mark, text string) {
	if len(n.Leftovers) == 0 {
		return t.paint(good, glyphGood), "every step is behind us and nothing is left behind; enter finishes"
	}
	return t.paint(warn, glyphWarn), "every step is behind us. Left behind: " + strings.Join(n.Leftovers, "; ")
}
