package ui

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	tea "charm.land/bubbletea/v2"

	"recon/internal/gate"
	"recon/internal/walk"
	"recon/runbooks"
)

// pulseEvery is how often the screen looks at what runs.
const pulseEvery = 150 * time.Millisecond

// executedMsg is what became of a plan that was confirmed.
type executedMsg struct {
	run    int
	report walk.Report
	err    error
}

// provedMsg is what became of a proof.
type provedMsg struct {
	run, step int
	answer    gate.Answer
	stopped   bool // it was cut off and nothing is recorded
	err       error
}

// actedMsg is what became of a decision.
type actedMsg struct {
	run  int
	what string
	err  error
}

// plannedMsg is a rollback that was resolved.
type plannedMsg struct {
	run  int
	plan *walk.Plan
	err  error
}

// pulseMsg is what has come of a run so far.
type pulseMsg struct {
	run      int
	tape     *tape
	heard    *heard
	progress *walk.Progress
	next     tea.Cmd // the pulse after it
}

// cutMsg cuts off what runs.
type cutMsg struct{}

// begin notes that something is under way. Only one thing is at a time.
func (w *walker) begin(kind runKind, what string, step int, do func(ctx context.Context, run int) tea.Msg) tea.Cmd {
	w.runs++
	number := w.runs
	cmd, cancel := w.jobs.start(func(ctx context.Context) tea.Msg { return do(ctx, number) })
	w.run = &run{number: number, kind: kind, what: what, step: step, began: w.now, cancel: cancel}
	return tea.Batch(cmd, say(runningMsg{kind == sending}))
}

// ended says whether a message is of the run that is under way, which is over with it.
func (w *walker) ended(number int) bool {
	if w.run == nil || w.run.number != number {
		return false
	}
	w.run.cancel()
	w.run = nil
	w.epoch++
	return true
}

func (w *walker) cut() {
	if w.run != nil {
		w.held[w.run.step] = true
		w.run.cancel()
	}
}

// act writes a decision of the operator.
func (w *walker) act(what string, do func(Walk) error) tea.Cmd {
	if w.walk == nil {
		return nil
	}
	if w.run != nil {
		return say(noticeMsg{w.run.what + ": wait for its end"})
	}
	one := w.walk
	return w.begin(acting, what, -1, func(_ context.Context, run int) tea.Msg { return actedMsg{run, what, do(one)} })
}

func (w *walker) acted(m actedMsg) tea.Cmd {
	if !w.ended(m.run) {
		return nil
	}
	if m.err != nil {
		return tea.Batch(say(errorMsg{m.what, m.err}), w.refresh())
	}
	clear(w.held)
	return tea.Batch(w.refresh(), say(lookAgainMsg{}))
}

// lookAgainMsg says that the list of open walks may have changed.
type lookAgainMsg struct{}

// execute approves a plan and sends it.
func (w *walker) execute(m confirmedMsg) tea.Cmd {
	if w.walk == nil || w.run != nil {
		return say(errorMsg{"run the step", fmt.Errorf("something else is under way; nothing was sent")})
	}
	one, tape, plan := w.walk, newTape(), m.plan
	w.tape, w.heard, w.outcomes, w.follow = tape, heard{}, nil, true
	w.tops[paneOutput] = scroll{}
	delete(w.held, plan.Step)
	what := strings.ToUpper(string(plan.Risk)) + " on " + targets(plan) + " runs"
	cmd := w.begin(sending, what, plan.Step, func(ctx context.Context, run int) tea.Msg {
		a, err := one.Approve(plan, m.how, m.typed)
		if err != nil {
			return executedMsg{run: run, err: fmt.Errorf("not confirmed, nothing was sent: %w", err)}
		}
		rep, err := one.Execute(ctx, a, tape.sink)
		return executedMsg{run: run, report: rep, err: err}
	})
	w.run.plan = plan
	for _, it := range plan.Items {
		w.run.limit += it.Timeout
	}
	if w.width < besideWalk {
		w.focus = paneOutput
	}
	return tea.Batch(cmd, pulse(w.run.number, tape, nil))
}

func (w *walker) executed(m executedMsg) tea.Cmd {
	was := w.run
	if !w.ended(m.run) {
		return nil
	}
	w.outcomes = m.report.Outcomes
	cmds := []tea.Cmd{say(runningMsg{}), last(m.run, w.tape)}
	switch {
	case w.leaving:
		return tea.Quit
	case len(m.report.Changed) > 0:
		cmds = append(cmds, w.open(changedDialog(m.report.Changed)))
	case m.err != nil:
		cmds = append(cmds, say(errorMsg{"run the step", m.err}))
	}
	w.stage = 0
	if !w.wide() && was.plan.Risk != runbooks.Read && w.focus == paneOutput {
		w.focus = paneStep // the proof is looked at there
	}
	return tea.Batch(append(cmds, w.refresh(), w.draw())...)
}

// changedDialog says that nothing was sent, because a gate is not what it was when the operator confirmed.
func changedDialog(changed []walk.Check) *textDialog {
	return &textDialog{heading: "Nothing was sent", text: func(t *Theme, width int) []string {
		out := wrap("Between your confirmation and the execution this changed:", width)
		return append(append(out, ""), checkLines(t, "now", changed, "", width)...)
	}}
}

// prove measures the proof of a step.
func (w *walker) prove(step int) tea.Cmd {
	if w.walk == nil || w.run != nil {
		return nil
	}
	one := w.walk
	w.progress = nil
	delete(w.held, step)
	var seen atomic.Pointer[walk.Progress]
	cmd := w.begin(proving, "waits for the proof, on fresh answers", step, func(ctx context.Context, run int) tea.Msg {
		answer, err := one.Prove(ctx, step, func(p walk.Progress) { seen.Store(&p) })
		if err != nil && ctx.Err() != nil {
			return provedMsg{run: run, step: step, stopped: true}
		}
		return provedMsg{run: run, step: step, answer: answer, err: err}
	})
	return tea.Batch(cmd, pulse(w.run.number, nil, &seen))
}

func (w *walker) proved(m provedMsg) tea.Cmd {
	if !w.ended(m.run) {
		return nil
	}
	w.progress = nil
	w.held[m.step] = true // the next one is begun by what the operator does
	switch {
	case w.leaving:
		return tea.Quit
	case m.stopped:
		return tea.Batch(w.refresh(), say(noticeMsg{"the proof was stopped; nothing is recorded of it"}))
	case m.err != nil:
		return tea.Batch(w.refresh(), say(errorMsg{"measure the proof", m.err}))
	}
	w.stage = max(w.stage, 2)
	return w.refresh()
}

// pulse looks at a run after a while.
func pulse(number int, t *tape, seen *atomic.Pointer[walk.Progress]) tea.Cmd {
	return tea.Tick(pulseEvery, func(time.Time) tea.Msg {
		m := listen(number, t)
		if seen != nil {
			m.progress = seen.Load()
		}
		m.next = pulse(number, t, seen)
		return m
	})
}

// last is what came after the last pulse.
func last(number int, t *tape) tea.Cmd {
	return func() tea.Msg { return listen(number, t) }
}

func listen(number int, t *tape) pulseMsg {
	m := pulseMsg{run: number, tape: t}
	if t != nil {
		if h, ok := t.snapshot(); ok {
			m.heard = &h
		}
	}
	return m
}

func (w *walker) pulsed(m pulseMsg) tea.Cmd {
	if m.heard != nil && m.tape == w.tape {
		w.heard = *m.heard
	}
	if w.run == nil || w.run.number != m.run {
		return nil
	}
	if m.progress != nil {
		w.progress = m.progress
	}
	return m.next
}
