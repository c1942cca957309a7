package ui

import (
	"slices"
	"time"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"
)

// quietFor is how long the keyboard must have been quiet, after a dialog was drawn, before the dialog takes a key. drawnIn
// is more than the renderer needs for a frame.
const (
	quietFor = 500 * time.Millisecond
	drawnIn  = 50 * time.Millisecond
)

// dialog is a question that stands before everything else. Keys reach it as stamped messages once it is awake; pastes
// always do, marked as what they are. It does nothing but answer with a message, and says when it is over.
type dialog interface {
	update(msg tea.Msg) (answer tea.Msg, over bool)
	// view is the text inside the frame, at most width cells wide; asleep says that no key is taken yet.
	view(t *Theme, width, height int, asleep bool) (heading string, lines []string)
	bindings() []key.Binding
}

// sizeMsg is the room inside a dialog; it is the first message that a dialog gets.
type sizeMsg struct{ width, height int }

// within is the room inside a dialog on a screen of this size.
func within(width, height int) sizeMsg { return sizeMsg{min(width-6, 110), height - 6} }

// opener puts a dialog on the stack, at once: a key that was typed ahead finds it there.
type opener func(dialog) tea.Cmd

// drawnMsg says that the dialog with this number is on the screen since a moment, wakeMsg that it may be time to wake it.
type (
	drawnMsg struct {
		id int
		at time.Time
	}
	wakeMsg struct {
		id int
		at time.Time
	}
)

// grace keeps the keys from a dialog that were pressed before its reader could have read it.
type grace struct {
	drawn, awake bool
	quiet        time.Time // since when no key came
}

// takes says whether a key that arrived at this moment may reach the dialog.
func (g *grace) takes(at time.Time) bool {
	switch {
	case g.awake:
		return true
	case g.drawn && at.Sub(g.quiet) >= quietFor:
		g.awake = true
		return true
	}
	g.quiet = at
	return false
}

// sleep makes the dialog wait for a quiet keyboard again.
func (g *grace) sleep(at time.Time) { g.awake, g.quiet = false, at }

// rest is how long it takes until the keyboard was quiet for long enough.
func (g *grace) rest(at time.Time) time.Duration { return max(quietFor-at.Sub(g.quiet), 0) }

// layer is one dialog of the pile.
type layer struct {
	id int
	dialog
	grace
}

// pile is the dialogs, the one on top taking the keys.
type pile struct {
	layers []*layer
	last   int
	now    func() time.Time
	size   sizeMsg
}

func (s *pile) top() *layer {
	if len(s.layers) == 0 {
		return nil
	}
	return s.layers[len(s.layers)-1]
}

func (s *pile) open(d dialog) tea.Cmd {
	s.last++
	id := s.last
	s.layers = append(s.layers, &layer{id: id, dialog: d})
	d.update(s.size)
	return s.drawing(id)
}

func (s *pile) wake(id int, in time.Duration) tea.Cmd {
	return wait(s.now, in, func(at time.Time) tea.Msg { return wakeMsg{id, at} })
}

// hand gives the keyboard's message to the dialog on top, if it may take it.
func (s *pile) hand(msg stamped) (tea.Msg, tea.Cmd) {
	l := s.top()
	if _, ok := msg.msg.(tea.KeyPressMsg); ok {
		if !l.takes(msg.at) {
			return nil, nil
		}
		return s.deliver(l, msg)
	}
	// A paste is a busy keyboard: what its end leaks into the line comes at once behind it and is not taken.
	was := l.awake
	l.sleep(msg.at)
	if !was {
		return nil, nil
	}
	answer, cmd := s.deliver(l, msg)
	return answer, tea.Batch(cmd, s.wake(l.id, quietFor))
}

func (s *pile) deliver(l *layer, msg tea.Msg) (tea.Msg, tea.Cmd) {
	answer, over := l.update(msg)
	if !over {
		return answer, nil
	}
	s.layers = slices.DeleteFunc(slices.Clone(s.layers), func(other *layer) bool { return other == l })
	below := s.top()
	if below == nil {
		return answer, nil
	}
	// What was typed for the one above is not for the one below.
	below.drawn, below.awake = false, false
	return answer, s.drawing(below.id)
}

func (s *pile) drawing(id int) tea.Cmd {
	return wait(s.now, drawnIn, func(at time.Time) tea.Msg { return drawnMsg{id, at} })
}

// update takes what is not the keyboard's: the grace time's own messages, and everything else for every dialog.
func (s *pile) update(msg tea.Msg) tea.Cmd {
	switch m := msg.(type) {
	case drawnMsg:
		if l := s.top(); l != nil && l.id == m.id && !l.drawn {
			l.drawn = true
			if m.at.After(l.quiet) {
				l.quiet = m.at
			}
			return s.wake(l.id, l.rest(m.at))
		}
		return nil
	case wakeMsg:
		if l := s.top(); l != nil && l.id == m.id && l.drawn && !l.awake {
			if left := l.rest(m.at); left > 0 {
				return s.wake(l.id, left)
			}
			l.awake = true
		}
		return nil
	}
	if m, ok := msg.(sizeMsg); ok {
		s.size = m
	}
	var cmds []tea.Cmd
	for _, l := range slices.Clone(s.layers) {
		answer, cmd := s.deliver(l, msg)
		if answer != nil {
			cmds = append(cmds, say(answer))
		}
		cmds = append(cmds, cmd)
	}
	return tea.Batch(cmds...)
}

// asleepLine is what a dialog says while it takes no key.
const asleepLine = "one moment: no key is taken until the keyboard was quiet"
