package ui

import (
	"context"
	"strings"

	tea "charm.land/bubbletea/v2"

	"recon/internal/walk"
)

// reasonFor is the dialog of a key that needs words.
func (w *walker) reasonFor(k walkKey, step int, sv walk.StepView) *reasonDialog {
	d := &reasonDialog{step: step}
	on := "step " + number(step+1) + ", " + sv.Step.Title
	switch k {
	case keySkip:
		d.purpose, d.heading, d.about = forSkip, "Skip "+on, []string{"Nothing of it is run. Why is it not needed?"}
	case keyOverride:
		d.purpose, d.heading, d.tone = forOverride, "OVERRIDE the gates of "+on, bad
		d.about = []string{"What blocks it: " + sv.Reason, "The next run of this step passes over it. Why is the console wrong, or why must it be done all the same?"}
		if w.seen.Next.Kind == walk.NextChoose {
			d.heading = "OVERRIDE the dry run of " + on
			d.about = []string{
				"It failed, and changed nothing: " + sv.Reason,
				"It may have failed because of what an earlier task would have made. Why is it right to go on?",
			}
		}
	case keyApplies:
		d.purpose, d.heading, d.about = forApplies, on+" applies", []string{"It cannot be seen whether it does: " + sv.Reason, "How do you know?"}
	case keyNotNeeded:
		d.purpose, d.heading, d.about = forNotNeeded, on+" does not apply", []string{"It cannot be seen whether it does: " + sv.Reason, "How do you know?"}
	case keyAttest, keyVouch:
		d.purpose, d.heading = forAttest, "Vouch for "+on
		d.about = []string{"What did you do, and what did you see? Your words are the only proof of this step, and the trail says so."}
	case keyDone:
		d.purpose, d.heading, d.about = forDone, "It was done: "+on, []string{"What shows that it took effect?"}
	case keyNotDone:
		d.purpose, d.heading, d.about = forNotDone, "It was not done: "+on, []string{"What shows that it did not take effect? Then it may be tried again."}
	case keyStillUnknown:
		d.purpose, d.heading, d.about = forUnknown, "Still unknown: "+on, []string{"What was looked at, and what is missing?"}
	case keyEscalate:
		d.purpose, d.heading = forEscalate, "Escalate and end this walk"
		d.about = []string{"Why is it handed over?"}
		if to := w.seen.Book.Escalate; to != "" {
			d.about = append([]string{"The book says: " + to}, d.about...)
		}
	case keyAbandon:
		d.purpose, d.heading, d.about = forAbandon, "Abandon this walk", []string{"It ends here and cannot be taken up again. Why?"}
	default:
		d.purpose, d.heading, d.about = forNote, "Note", []string{"What should stand in the trail?"}
	}
	return d
}

// reason does what a reason was given for.
func (w *walker) reason(m reasonMsg) tea.Cmd {
	text, step := m.text, m.step
	what := string(m.purpose)
	switch m.purpose {
	case forNote:
		return w.note(text)
	case forSkip:
		return w.act(what, func(one Walk) error { return one.Skip(step, text) })
	case forOverride:
		return w.act(what, func(one Walk) error { return one.Override(step, text) })
	case forApplies:
		return w.act(what, func(one Walk) error { return one.Decide(step, true, text) })
	case forNotNeeded:
		return w.act(what, func(one Walk) error { return one.Decide(step, false, text) })
	case forAttest:
		return w.act(what, func(one Walk) error { return one.Attest(step, text) })
	case forDone, forNotDone, forUnknown:
		return w.act(what, func(one Walk) error { return one.Reconcile(step, what, text) })
	case forEscalate:
		return w.act(what, func(one Walk) error { return one.Escalate(text) })
	case forAbandon:
		return w.act(what, func(one Walk) error { return one.Abandon(text) })
	}
	return nil
}

// note is written beside everything else, also while a proof is measured.
func (w *walker) note(text string) tea.Cmd {
	one := w.walk
	if one == nil {
		return nil
	}
	cmd, _ := w.jobs.start(func(context.Context) tea.Msg {
		if err := one.Note(text); err != nil {
			return errorMsg{"note", err}
		}
		return noticeMsg{"the note is in the trail"}
	})
	return cmd
}

func (w *walker) answered(m answeredMsg) tea.Cmd {
	name, ok := strings.CutPrefix(m.form, "answer ")
	if !ok {
		return nil
	}
	value := m.values[name]
	return w.act("answer", func(one Walk) error { return one.Answer(name, value) })
}
