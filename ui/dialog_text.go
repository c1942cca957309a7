package ui

import (
	"strings"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"
)

// textDialog shows something to read. press is what else its keys do; they close it.
type textDialog struct {
	sizeMsg
	heading string
	text    func(t *Theme, width int) []string
	actions []textAction
	scroll  scroll
}

// textAction is a key of a text dialog with the message that it sends.
type textAction struct {
	key.Binding
	msg tea.Msg
}

func (d *textDialog) update(msg tea.Msg) (tea.Msg, bool) {
	switch m := msg.(type) {
	case sizeMsg:
		d.sizeMsg = m
	case stamped:
		k, ok := m.msg.(tea.KeyPressMsg)
		if !ok {
			return nil, false
		}
		for _, a := range d.actions {
			if hits(k.String(), a.Binding) {
				return a.msg, true
			}
		}
		lines := len(d.text(&Theme{}, d.width))
		room := min(d.height-1, lines)
		if by := step(k.String(), room); by != 0 {
			d.scroll.by(by, lines, room)
			return nil, false
		}
		switch k.String() {
		case "esc", "q", "enter", "?", "ctrl+c":
			return nil, true
		}
	}
	return nil, false
}

func (d *textDialog) view(t *Theme, width, height int, _ bool) (string, []string) {
	lines := d.text(t, width)
	return d.heading, d.scroll.view(t, lines, width, min(height-1, len(lines)))
}

// widest is the width of the longest line, seen or not, so that the frame stays where it is while one scrolls.
func (d *textDialog) widest(t *Theme, width int) int {
	wide := 0
	for _, l := range d.text(t, width) {
		wide = max(wide, ansi.StringWidth(strings.TrimRight(l, " ")))
	}
	return wide
}

func (d *textDialog) bindings() []key.Binding {
	out := []key.Binding{}
	for _, a := range d.actions {
		out = append(out, a.Binding)
	}
	return append(out, bind("esc", "close", "esc", "q", "enter"), bind("up/down", "scroll", "up", "down", "pgup", "pgdown"))
}
