package ui

import (
	"time"

	tea "charm.land/bubbletea/v2"
)

// stamped is a message of the keyboard with the moment at which it arrived. Update has no clock: what it decides by time,
// it decides by these moments and by those of ticks.
type stamped struct {
	at  time.Time
	msg tea.Msg
}

// stamp is the program's filter: it runs in the event loop, before Update.
func stamp(now func() time.Time) func(tea.Model, tea.Msg) tea.Msg {
	return func(_ tea.Model, msg tea.Msg) tea.Msg {
		switch msg.(type) {
		case tea.KeyPressMsg, tea.PasteMsg, tea.PasteStartMsg, tea.PasteEndMsg:
			return stamped{now(), msg}
		}
		return msg
	}
}

// tickMsg comes once a second.
type tickMsg struct{ at time.Time }

// wait is a message after a while; at is when it is sent.
func wait(now func() time.Time, d time.Duration, msg func(at time.Time) tea.Msg) tea.Cmd {
	return tea.Tick(d, func(time.Time) tea.Msg { return msg(now()) })
}

// say is a command that has its message already.
func say(msg tea.Msg) tea.Cmd { return func() tea.Msg { return msg } }

// clock is the time as a screen knows it: the moment of the last tick, and whether it is shown in local time.
type clock struct {
	now   time.Time
	local bool
}

// localMsg switches between UTC and local time.
type localMsg struct{}

// show is a time of day; UTC unless the operator switched.
func (c clock) show(at time.Time) string {
	if c.local {
		return at.Local().Format("15:04:05")
	}
	return at.UTC().Format("15:04:05") + "Z"
}
