package ui

import (
	"context"
	"time"

	tea "charm.land/bubbletea/v2"

	"recon/actions"
	"recon/internal/walk"
	"recon/probes"
)

// viewMsg is the walk as it stands. epoch says how many things had been done when it was looked at.
type viewMsg struct {
	walk, epoch int
	view        walk.View
}

// runningMsg says whether a step runs.
type runningMsg struct{ running bool }

// leaveMsg is the wish to leave the console; leaveNowMsg is to do it although a step runs.
type (
	leaveMsg    struct{}
	leaveNowMsg struct{}
)

// pane is a part of the walk screen.
type pane int

const (
	paneStep pane = iota
	paneOutput
	paneLive
	paneSteps
	panes
)

// run is what is under way: a step that is sent, a proof that is measured, or a decision that is written.
type run struct {
	number int
	kind   runKind
	what   string
	step   int
	began  time.Time
	limit  time.Duration
	plan   *walk.Plan // what is sent
	cancel context.CancelFunc
}

type runKind int

const (
	acting runKind = iota
	sending
	proving
)

// walker is the screen of the walk: the steps, the step, what comes back, and the systems that the book names.
type walker struct {
	clock
	open  opener
	jobs  *jobs
	eyes  Eyes
	pages pages

	walk   Walk
	around []around // the walks that this one is a part of, outermost first
	number int      // counts the walks that this screen showed
	epoch  int      // counts what was done in it
	seen   *walk.View
	fresh  int // the epoch of what was seen
	state  *probes.State
	asking bool // a view is being computed
	again  bool

	run      *run
	runs     int
	tape     *tape
	heard    heard
	outcomes []actions.Outcome
	progress *walk.Progress
	held     map[int]bool // proofs that are not begun by themselves, because the operator stopped them
	stage    int          // of reconciling: what is known, what can be checked, the way on
	leaving  bool

	focus  pane
	look   int // the step that is shown, -1 for the one at hand
	tops   [panes]scroll
	follow bool // the output pane shows the newest lines
	width  int
	height int
}

func newWalker(t *Theme, open opener, j *jobs, eyes Eyes, s *probes.State, c clock) *walker {
	return &walker{clock: c, open: open, jobs: j, eyes: eyes, state: s, pages: newPages(t), look: -1, follow: true, held: map[int]bool{}, tape: newTape()}
}

func (w *walker) update(msg tea.Msg) tea.Cmd {
	w.pages.update(msg)
	switch m := msg.(type) {
	case tea.WindowSizeMsg:
		w.width, w.height = m.Width, m.Height
		return w.draw()
	case tickMsg:
		w.now = m.at
	case localMsg:
		w.local = !w.local
	case stateMsg:
		w.state = m.state
		return w.refresh()
	case startedMsg:
		return w.started(m)
	case viewMsg:
		return w.viewed(m)
	case confirmedMsg:
		return w.execute(m)
	case plannedMsg:
		return w.planned(m)
	case executedMsg:
		return w.executed(m)
	case provedMsg:
		return w.proved(m)
	case actedMsg:
		return w.acted(m)
	case enteredMsg:
		return w.entered(m)
	case returnedMsg:
		return w.returned(m)
	case pulseMsg:
		return w.pulsed(m)
	case reasonMsg:
		return w.reason(m)
	case answeredMsg:
		return w.answered(m)
	case jumpMsg:
		return w.jump(m.step)
	case cutMsg:
		w.cut()
	case finishMsg:
		return w.finish(m.acknowledged)
	case leaveMsg:
		return w.leave()
	case leaveNowMsg:
		if w.run == nil {
			return tea.Quit
		}
		w.leaving = true
		w.cut()
	case stamped:
		w.now = m.at
		if k, ok := m.msg.(tea.KeyPressMsg); ok {
			return w.press(k.String())
		}
	}
	return nil
}

// take shows a walk.
func (w *walker) take(next Walk) tea.Cmd {
	w.walk, w.seen, w.run, w.progress = next, nil, nil, nil
	w.number++
	w.epoch++
	w.tape, w.heard, w.outcomes = newTape(), heard{}, nil
	w.held, w.stage, w.look, w.focus, w.tops, w.asking = map[int]bool{}, 0, -1, paneStep, [panes]scroll{}, false
	return w.refresh()
}

// started takes a new walk; the one before is closed and stays open in its trail.
func (w *walker) started(m startedMsg) tea.Cmd {
	if m.err != nil {
		return say(errorMsg{m.what, m.err})
	}
	cmds := []tea.Cmd{say(goMsg{screen: onWalk})}
	for _, old := range w.all() {
		cmd, _ := w.jobs.start(func(context.Context) tea.Msg {
			if err := old.Close(); err != nil {
				return errorMsg{"closing the walk before", err}
			}
			return nil
		})
		cmds = append(cmds, cmd)
	}
	w.around = nil
	return tea.Batch(append(cmds, w.take(m.walk))...)
}

// refresh has the walk looked at in the light of the newest State, one look at a time.
func (w *walker) refresh() tea.Cmd {
	if w.walk == nil || w.state == nil {
		return nil
	}
	if w.asking {
		w.again = true
		return nil
	}
	w.asking, w.again = true, false
	one, number, epoch, s := w.walk, w.number, w.epoch, w.state
	return func() tea.Msg { return viewMsg{number, epoch, one.View(s)} }
}

func (w *walker) viewed(m viewMsg) tea.Cmd {
	if m.walk != w.number {
		return nil
	}
	w.asking = false
	if m.epoch != w.epoch {
		return w.refresh() // it was looked at before the last thing was done
	}
	old := w.seen
	v := m.view
	w.seen, w.fresh = &v, m.epoch
	if old == nil || old.Current != v.Current || old.Next.Kind != v.Next.Kind || old.Next.Block != v.Next.Block {
		w.stage = 0
		w.tops[paneStep] = scroll{}
		if old == nil || old.Current != v.Current {
			w.look = -1
		}
		if old != nil && v.Status != walk.Open {
			w.look = old.Current // the walk ended there
		}
	}
	cmds := []tea.Cmd{w.draw()}
	if v.Next.Kind == walk.NextProve && w.run == nil && !w.held[v.Next.Step] {
		cmds = append(cmds, w.prove(v.Next.Step))
	}
	if v.Status != walk.Open && len(w.around) > 0 && w.run == nil {
		cmds = append(cmds, w.back())
	}
	if w.again {
		cmds = append(cmds, w.refresh())
	}
	return tea.Batch(cmds...)
}

// behind says that something was done since the walk was looked at. What it waited for then is past: no key answers it.
func (w *walker) behind() bool { return w.run == nil && w.fresh != w.epoch }

// shown is the index of the step that is shown.
func (w *walker) shown() int {
	if w.look >= 0 && w.look < len(w.seen.Steps) {
		return w.look
	}
	return w.seen.Current
}

// draw has the text of the step drawn.
func (w *walker) draw() tea.Cmd {
	if w.seen == nil || len(w.seen.Steps) == 0 {
		return nil
	}
	name, text := w.text(w.shown())
	return w.pages.want(name, text, w.stepWidth())
}

func (w *walker) text(step int) (name, text string) {
	return w.seen.Book.Hash + "#" + number(step), w.seen.Steps[step].Step.Text
}
