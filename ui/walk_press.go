package ui

import (
	"context"
	"fmt"
	"time"

	tea "charm.land/bubbletea/v2"

	"recon/internal/walk"
	"recon/runbooks"
)

// jumpMsg goes to another step, finishMsg ends the walk with what was acknowledged.
type (
	jumpMsg   struct{ step int }
	finishMsg struct{ acknowledged []string }
)

func (w *walker) press(k string) tea.Cmd {
	if w.seen == nil {
		return nil
	}
	switch k {
	case "tab":
		w.focus = (w.focus + 1) % panes
		return w.draw()
	case "shift+tab":
		w.focus = (w.focus + panes - 1) % panes
		return w.draw()
	case "esc":
		w.focus, w.look = paneStep, -1
		return w.draw()
	}
	for _, live := range w.live() {
		if hits(k, live.binding()) {
			return w.do(live)
		}
	}
	w.scrollBy(k)
	return w.draw()
}

// do is what a live key does.
func (w *walker) do(k walkKey) tea.Cmd {
	n, step := w.seen.Next, w.seen.Current
	sv := w.seen.Steps[step]
	switch k {
	case keyReview:
		return w.open(newConfirm(n.Plan, sv, w.seen.DryRun))
	case keyShow:
		w.focus = paneStep
		return w.draw()
	case keyRecheck:
		return w.recheck()
	case keyMeasure:
		return w.prove(step)
	case keyStop:
		return w.stop()
	case keyRetry:
		return w.act("retry", func(one Walk) error { return one.Retry(step) })
	case keyAnswer:
		return w.question(n.Question, n)
	case keyOn:
		w.stage++
		return nil
	case keyRollBack:
		one := w.walk
		return w.begin(acting, "the rollback is put together", step, func(_ context.Context, run int) tea.Msg {
			p, err := one.RollBack(step)
			return plannedMsg{run, p, err}
		})
	case keyFinish:
		return w.ending(n)
	case keyCopy:
		return w.copy()
	case keyJump:
		return w.open(w.jumpDialog())
	case keyEnter:
		return w.enter(step)
	case keyBack:
		return w.back()
	case keyBooks:
		return say(goMsg{screen: onRunbooks})
	}
	return w.open(w.reasonFor(k, step, sv))
}

func (w *walker) planned(m plannedMsg) tea.Cmd {
	if !w.ended(m.run) {
		return nil
	}
	if m.err != nil {
		return tea.Batch(say(errorMsg{"roll back", m.err}), w.refresh())
	}
	return tea.Batch(w.open(newConfirm(m.plan, w.seen.Steps[m.plan.Step], w.seen.DryRun)), w.refresh())
}

// freshFor is how long a recheck waits for answers.
const freshFor = 8 * time.Second

// recheck asks all probes again. The gates follow every State by themselves; this only makes the next one come now.
func (w *walker) recheck() tea.Cmd {
	eyes := w.eyes
	return w.begin(acting, "the probes are asked again", -1, func(ctx context.Context, run int) tea.Msg {
		ctx, cancel := context.WithTimeout(ctx, freshFor)
		defer cancel()
		_, err := eyes.Fresh(ctx, nil)
		if err != nil {
			err = fmt.Errorf("not all answered within %s; what did not is shown as unseen: %w", short(freshFor.Seconds()), err)
		}
		return actedMsg{run, "recheck", err}
	})
}

func (w *walker) stop() tea.Cmd {
	if w.run.kind == proving {
		w.cut()
		return nil
	}
	return w.open(&sureDialog{
		heading: "Cut off what runs", does: "cuts it off", msg: cutMsg{},
		about: []string{w.run.what + ".", "What it has done by then stays done, and its outcome may be unknown."},
	})
}

func (w *walker) question(q *runbooks.Question, n walk.Next) tea.Cmd {
	d := newAsk("answer "+q.Name, "The book asks", []field{{name: q.Name, ask: q.Question, choices: n.Choices, preset: n.Default}})
	d.last = "writes the answer into the trail"
	return w.open(d)
}

// ending asks to acknowledge what the walk leaves behind, and ends it.
func (w *walker) ending(n walk.Next) tea.Cmd {
	d := &sureDialog{heading: "Finish the walk", does: "finishes the walk", msg: finishMsg{n.Leftovers}}
	d.about = []string{"The scan found nothing left behind."}
	if len(n.Leftovers) > 0 {
		d.does = "acknowledges this and finishes the walk"
		d.about = []string{"Left behind:"}
		for _, l := range n.Leftovers {
			d.about = append(d.about, "! "+l)
		}
		d.about = append(d.about, "The trail keeps what is left behind and that you saw it.")
	}
	return w.open(d)
}

func (w *walker) finish(acknowledged []string) tea.Cmd {
	return w.act("finish", func(one Walk) error { return one.Finish(acknowledged) })
}

func (w *walker) jumpDialog() *sureDialog {
	to := w.look
	return &sureDialog{
		heading: "Jump to step " + number(to+1), does: "jumps there", msg: jumpMsg{to},
		about: []string{w.seen.Steps[to].Step.Title, "The steps between stay open; the trail shows the jump."},
	}
}

func (w *walker) jump(step int) tea.Cmd {
	w.focus, w.look = paneStep, -1
	return w.act("jump", func(one Walk) error { return one.Jump(step) })
}

// copy puts the commands that are shown on the clipboard of the terminal.
func (w *walker) copy() tea.Cmd {
	text := ""
	if p := w.seen.Next.Plan; p != nil && w.shown() == w.seen.Current {
		for _, it := range p.Items {
			for _, a := range it.Assignments {
				text += a + "\n"
			}
			text += it.Script
		}
	} else {
		for _, c := range w.seen.Steps[w.shown()].Step.Commands {
			text += c.Script
		}
	}
	if text == "" {
		return say(noticeMsg{"the step has no command to copy"})
	}
	return tea.Batch(tea.SetClipboard(text), say(noticeMsg{"the commands are on the clipboard, if the terminal allows it"}))
}

// leave leaves, and asks first while a step runs.
func (w *walker) leave() tea.Cmd {
	if w.run == nil || w.run.kind != sending {
		return tea.Quit
	}
	about := []string{
		w.run.what + " since " + w.show(w.run.began) + ".",
		"Leaving cuts it off: what it has done by then stays done, and its outcome may be unknown. The walk stays open.",
	}
	return w.open(&sureDialog{heading: "A step is running", about: about, does: "cuts it off and leaves", msg: leaveNowMsg{}})
}
