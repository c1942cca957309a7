package ui

import (
	"strings"

	"recon/internal/findings"
	"recon/internal/walk"
	"recon/probes"
	"recon/runbooks"
)

// Moment is what the operator has before them, as a Guide is told of it. Nothing in it may be changed.
type Moment struct {
	// Screen is the number of the screen that is shown: 1 the cluster, 2 the runbooks, 3 the walk. Dialog is what stands
	// before it.
	Screen int
	Dialog Dialog
	// State is the newest State, Findings what is found in it: what is certain, then what has to hold a little longer.
	State    *probes.State
	Findings []findings.Finding
	// Book is the book under the cursor of the runbooks; nil when there is none.
	Book *runbooks.Runbook
	// Walk is the walk as it stands, nil when none was opened; Busy is what it is at. Output says that its screen shows what
	// came back and has no room for the step.
	Walk   *walk.View
	Busy   Busy
	Output bool
}

// Dialog is a kind of dialog.
type Dialog string

// The dialogs. NoDialog is none.
const (
	NoDialog Dialog = ""
	// Reading shows a text; Finding shows why a finding holds, and opens its book.
	Reading Dialog = "reading"
	Finding Dialog = "finding"
	// Starting asks what a walk has to know before it starts, Asking what its book asks.
	Starting Dialog = "starting"
	Asking   Dialog = "asking"
	// Confirming shows a plan and wants its confirmation, Sure any other yes. Reasoning wants a reason in words.
	Confirming Dialog = "confirming"
	Sure       Dialog = "sure"
	Reasoning  Dialog = "reasoning"
)

// Busy is what is under way in a walk.
type Busy string

// What can be under way: a decision that is written, a step that was sent, a proof that is measured.
const (
	Idle    Busy = ""
	Acting  Busy = "acting"
	Sending Busy = "sending"
	Proving Busy = "proving"
)

// guideKey shows and hides the guide.
const guideKey = "ctrl+t"

// oneLine is the width from which the guide has one line, and not two.
const oneLine = 120

// guide is the strip above the keys that says what is seen and what can be done. The console without one looks as if it
// knew none.
type guide struct {
	say    func(Moment) string
	hidden bool
}

// height is how many lines the strip has, whatever it says: nothing moves because of it.
func (g guide) height(width int) int {
	switch {
	case g.say == nil || g.hidden:
		return 0
	case width >= oneLine:
		return 1
	}
	return 2
}

func (g guide) lines(t *Theme, m func() Moment, width int) []string {
	room := g.height(width)
	if room == 0 {
		return nil
	}
	mark := t.paint(title, " "+glyphGuide+" ")
	lines := wrap(g.say(m()), width-4)
	if len(lines) > room {
		lines = append(lines[:room-1], clipped(strings.Join(lines[room-1:], " "), width-4))
	}
	for i := range lines {
		lines[i] = mark + t.paint(title, lines[i])
	}
	for len(lines) < room {
		lines = append(lines, mark)
	}
	return sheet(lines, width, room)
}

// teller is what adds its part to a Moment.
type teller interface{ tell(m *Moment) }

// moment asks the screens and the dialog on top.
func (c *console) moment() Moment {
	m := Moment{Screen: c.focus + 1}
	for _, s := range c.screens {
		if s, ok := s.(teller); ok {
			s.tell(&m)
		}
	}
	if top := c.dialogs.top(); top != nil {
		m.Dialog = Reading
		if d, ok := top.dialog.(teller); ok {
			d.tell(&m)
		}
	}
	return m
}

func (c *cluster) tell(m *Moment) { m.State, m.Findings = c.state, listed(c.findings) }

func (l *library) tell(m *Moment) {
	if it := l.selected(); it != nil {
		m.Book = it.book
	}
}

func (w *walker) tell(m *Moment) {
	m.Walk, m.Output = w.seen, !w.wide() && w.focus == paneOutput
	if w.behind() {
		m.Busy = Acting
	}
	if w.run != nil {
		m.Busy = map[runKind]Busy{acting: Acting, sending: Sending, proving: Proving}[w.run.kind]
	}
}

func (d *textDialog) tell(m *Moment) {
	for _, a := range d.actions {
		if to, ok := a.msg.(goMsg); ok && to.screen == onRunbooks {
			m.Dialog = Finding
		}
	}
}

func (d *askDialog) tell(m *Moment) {
	m.Dialog = Asking
	if strings.HasPrefix(d.form, startForm) {
		m.Dialog = Starting
	}
}

func (d *confirmDialog) tell(m *Moment) { m.Dialog = Confirming }
func (d *sureDialog) tell(m *Moment)    { m.Dialog = Sure }
func (d *reasonDialog) tell(m *Moment)  { m.Dialog = Reasoning }
