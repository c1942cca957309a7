package ui

import (
	"context"
	"errors"

	tea "charm.land/bubbletea/v2"

	"recon/internal/walk"
)

// around is a walk that waits until the book inside of one of its steps has been walked.
type around struct {
	walk Walk
	book string
	step int
}

// enteredMsg is the walk inside of a step; nil when that had ended already. returnedMsg is the way back from it.
type (
	enteredMsg struct {
		run  int
		step int
		walk Walk
		err  error
	}
	returnedMsg struct {
		run    int
		inside string // what became of the book inside, in words
		err    error
	}
)

// all are the walks that are open here, the innermost first.
func (w *walker) all() []Walk {
	var out []Walk
	if w.walk != nil {
		out = append(out, w.walk)
	}
	for i := len(w.around) - 1; i >= 0; i-- {
		out = append(out, w.around[i].walk)
	}
	return out
}

// enter walks the book inside of the step at hand.
func (w *walker) enter(step int) tea.Cmd {
	one := w.walk
	return w.begin(acting, "the book inside is opened", step, func(_ context.Context, run int) tea.Msg {
		inside, err := one.Enter(step)
		return enteredMsg{run, step, inside, err}
	})
}

func (w *walker) entered(m enteredMsg) tea.Cmd {
	if !w.ended(m.run) {
		return nil
	}
	switch {
	case m.err != nil:
		return tea.Batch(say(errorMsg{"walk the book inside", m.err}), w.refresh())
	case m.walk == nil:
		return w.refresh()
	}
	w.around = append(w.around, around{w.walk, w.seen.Book.ID, m.step})
	return tea.Batch(w.take(m.walk), say(lookAgainMsg{}))
}

// back closes the walk inside, and goes on with the one around it. A walk inside that has not ended stays open.
func (w *walker) back() tea.Cmd {
	inside, out := w.walk, w.around[len(w.around)-1]
	became := w.seen.Book.ID + " is " + string(w.seen.Status)
	if w.seen.Status == walk.Open {
		became = w.seen.Book.ID + " stays open where it was left"
	}
	return w.begin(acting, "back to "+out.book, -1, func(_ context.Context, run int) tea.Msg {
		return returnedMsg{run, became, errors.Join(inside.Close(), out.walk.Return(out.step))}
	})
}

func (w *walker) returned(m returnedMsg) tea.Cmd {
	if !w.ended(m.run) {
		return nil
	}
	out := w.around[len(w.around)-1]
	w.around = w.around[:len(w.around)-1]
	cmds := []tea.Cmd{w.take(out.walk), say(lookAgainMsg{})}
	if m.err != nil {
		return tea.Batch(append(cmds, say(errorMsg{"come back to " + out.book, m.err}))...)
	}
	return tea.Batch(append(cmds, say(noticeMsg{"back in " + out.book + "; " + m.inside}))...)
}

// crumbs are the books around the one that is walked, for the header.
func (w *walker) crumbs() string {
	out := ""
	for _, a := range w.around {
		out += a.book + " › "
	}
	return out
}
