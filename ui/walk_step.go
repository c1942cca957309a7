package ui

import (
	"fmt"
	"strings"

	"recon/actions"
	"recon/internal/gate"
	"recon/internal/remote"
	"recon/internal/walk"
	"recon/runbooks"
)

// stepLines are the step that is shown: its text, what must hold, what would be sent, and what will prove it.
func (w *walker) stepLines(t *Theme, width int) []string {
	i := w.shown()
	sv := w.seen.Steps[i]
	out := wrap(t.Strong.Render("## "+sv.Step.Title), width)
	name, text := w.text(i)
	if strings.TrimSpace(text) != "" {
		page := w.pages.lines(name, width)
		if page == nil {
			page = []string{t.paint(dim, "…")}
		}
		out = append(append(out, ""), page...)
	}
	if i != w.seen.Current {
		return append(append(out, ""), w.asWritten(t, sv, width)...)
	}
	var rest []string
	if len(sv.When) > 0 {
		rest = append(rest, checkLines(t, "when", sv.When, "", width)...)
	}
	if why := sv.Overridden; why != "" {
		rest = append(rest, hang(t.paint(bad, "OVERRIDDEN "), why, width)...)
	}
	rest = append(rest, checkLines(t, "before", sv.Before, "", width)...)
	if p := w.plan(); p != nil {
		rest = append(rest, planLines(t, p, width)...)
	} else if len(sv.Step.Commands) > 0 {
		rest = append(rest, commandLines(t, sv.Step.Commands, width)...)
	}
	rest = append(rest, resultLines(t, sv, width)...)
	if sv.Step.Proof != nil {
		checks := sv.Proof
		if w.progress != nil && w.run != nil && w.run.step == i {
			checks = w.progress.Checks
		}
		if w.expected(sv) {
			return append(append(out, ""), append(rest, expectedLines(t, checks, patience(sv.Step.Proof), width)...)...)
		}
		label := "after"
		if sv.Step.GateOnly {
			label = "check"
		}
		rest = append(rest, checkLines(t, label, checks, patience(sv.Step.Proof), width)...)
	}
	if len(rest) == 0 {
		return out
	}
	return append(append(out, ""), rest...)
}

// expected says that the proof is still to come: that it does not hold now is what it should be.
func (w *walker) expected(sv walk.StepView) bool {
	switch w.seen.Next.Kind {
	case walk.NextGate, walk.NextDecide, walk.NextConfirm, walk.NextBook, walk.NextAsk:
		return len(sv.Results) == 0 && !sv.Step.GateOnly && (w.run == nil || w.run.kind != proving)
	}
	return false
}

// expectedLines are what will prove the step, without a verdict.
func expectedLines(t *Theme, checks []walk.Check, tail string, width int) []string {
	var out []string
	for i, c := range checks {
		label, text := "after", said(c.Explain, c.Text)
		if i > 0 {
			label = ""
		}
		glyph := t.paint(dim, glyphTodo)
		if c.Answer == gate.Pass {
			glyph, text = t.paint(warn, glyphGood), text+" (holds already)"
		}
		if i == len(checks)-1 {
			text += tail
		}
		out = append(out, hang(t.paint(dim, fit(label, 8))+glyph+" ", text, width)...)
	}
	return out
}

// plan is what runs, else what waits to be confirmed.
func (w *walker) plan() *walk.Plan {
	if w.run != nil && w.run.plan != nil {
		return w.run.plan
	}
	return w.seen.Next.Plan
}

// asWritten is a step that is not at hand: its conditions and commands as they stand in the book.
func (w *walker) asWritten(t *Theme, sv walk.StepView, width int) []string {
	var out []string
	add := func(label string, conditions []runbooks.Condition) {
		for i, c := range conditions {
			if i > 0 {
				label = ""
			}
			out = append(out, hang(t.paint(dim, fit(label, 8)), said(c.Explain, c.Text), width)...)
		}
	}
	add("when", sv.Step.When)
	add("before", sv.Step.Before)
	out = append(out, commandLines(t, sv.Step.Commands, width)...)
	for _, q := range sv.Step.Asks {
		out = append(out, hang(t.paint(dim, fit("ask", 8)), q.Question, width)...)
		if a, ok := w.seen.Answers[q.Name]; ok {
			out = append(out, hang(fit("", 8)+t.paint(good, glyphGood)+" ", a, width)...)
		}
	}
	if sv.Step.Proof != nil {
		add("after", sv.Step.Proof.Conditions)
	}
	out = append(out, resultLines(t, sv, width)...)
	if sv.Reason != "" {
		glyph, tone := stepped(sv.Status)
		out = append(out, hang(t.paint(tone, glyph+" "+string(sv.Status))+"  ", sv.Reason, width)...)
	}
	return out
}

func commandLines(t *Theme, commands []runbooks.Command, width int) []string {
	var out []string
	for _, c := range commands {
		says := c.Says()
		if c.Kind == runbooks.Book {
			// It has no risk of its own: the walk inside confirms each of its steps.
			out = append(out, hang(t.paint(strong, fit("walks", 8)), says[0], width)...)
			for _, input := range says[1:] {
				out = append(out, hang(fit("", 8)+t.paint(dim, "with "), input, width)...)
			}
			continue
		}
		out = append(out, hang(t.paint(risky(c.Risk), strings.ToUpper(string(c.Risk)))+" on ", c.On.Text+"  "+t.paint(dim, "limit "+short(c.Timeout.Seconds())), width)...)
		if says != nil {
			out = append(out, hang("  ", says[0], width)...)
			continue
		}
		for _, l := range strings.Split(strings.TrimSuffix(c.Script, "\n"), "\n") {
			out = append(out, verbatim(t, l, width)...)
		}
	}
	return out
}

// resultLines are the runs of a step so far.
func resultLines(t *Theme, sv walk.StepView, width int) []string {
	var out []string
	for _, r := range sv.Results {
		lead := "ran     "
		if r.Rollback {
			lead = "undone  "
		}
		out = append(out, hang(t.paint(dim, lead), outcomeText(t, r.Outcome)+t.paint(dim, fmt.Sprintf("  attempt %d", r.Attempt)), width)...)
	}
	return out
}

// outcomeText is what became of one target's command.
func outcomeText(t *Theme, o actions.Outcome) string {
	glyph, tone := glyphBad, bad
	switch o.Kind {
	case remote.OK:
		glyph, tone = glyphGood, good
	case remote.Unknown, remote.Cancelled, remote.Signalled:
		glyph, tone = glyphUnknown, unseen
	}
	s := t.paint(tone, glyph+" "+o.Target+" "+string(o.Kind))
	if o.Kind == remote.Failed && (o.Code != 0 || o.Reason == "") {
		s += fmt.Sprintf(" (%d)", o.Code)
	}
	if o.Signal != "" {
		s += " " + o.Signal
	}
	s += "  " + short(o.Duration.Seconds())
	if o.Reason != "" {
		s += "  " + o.Reason
	}
	return s
}
