package ui

import (
	"strings"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"recon/runbooks"
)

// option is something to pick: what it is called, and what it is.
type option struct{ id, about string }

func bookChoices(books []*runbooks.Runbook) []option {
	var out []option
	for _, b := range books {
		out = append(out, option{b.ID, b.Title})
	}
	return out
}

// pickDialog lets the operator pick one of many: what is typed narrows the list.
type pickDialog struct {
	form, heading string
	all           []option
	text          line
	cursor        int
	height        int
}

func newPick(form, heading string, all []option) *pickDialog {
	return &pickDialog{form: form, heading: heading, all: all}
}

func (d *pickDialog) shown() []option {
	var out []option
	want := strings.Fields(strings.ToLower(d.text.value()))
next:
	for _, c := range d.all {
		for _, w := range want {
			if !strings.Contains(strings.ToLower(c.id+" "+c.about), w) {
				continue next
			}
		}
		out = append(out, c)
	}
	return out
}

func (d *pickDialog) update(msg tea.Msg) (tea.Msg, bool) {
	m, ok := msg.(stamped)
	if s, sized := msg.(sizeMsg); sized {
		d.height = s.height
	}
	if !ok {
		return nil, false
	}
	if p, ok := m.msg.(tea.PasteMsg); ok {
		d.text.insert(strings.TrimSpace(p.Content))
		d.cursor = 0
		return nil, false
	}
	k, ok := m.msg.(tea.KeyPressMsg)
	if !ok {
		return nil, false
	}
	all := d.shown()
	switch k.String() {
	case "esc", "ctrl+c":
		return nil, true
	case "enter":
		if d.cursor < len(all) {
			return pickedMsg{d.form, all[d.cursor].id}, true
		}
	case "up", "down", "pgup", "pgdown":
		d.cursor = min(max(d.cursor+step(k.String(), d.rows()), 0), max(len(all)-1, 0))
	default:
		d.text.press(k)
		d.cursor = 0
	}
	return nil, false
}

func (d *pickDialog) rows() int { return min(max(d.height-4, 3), len(d.all)) }

func (d *pickDialog) view(t *Theme, width, height int, asleep bool) (string, []string) {
	d.height = height
	out := []string{"/ " + d.text.view(t, width-2), ""}
	var lines []string
	for i, c := range d.shown() {
		lead, text := "  ", fit(c.id+"  "+c.about, width-2)
		if i == d.cursor {
			lead, text = glyphHere+" ", t.Selected.Render(text)
		}
		lines = append(lines, lead+text)
	}
	if len(lines) == 0 {
		lines = append(lines, t.paint(dim, "  nothing matches"))
	}
	var s scroll
	s.to(d.cursor, d.rows())
	out = append(out, s.view(t, lines, width, d.rows())...)
	if asleep {
		out = append(out, t.paint(dim, asleepLine))
	}
	return d.heading, out
}

func (d *pickDialog) bindings() []key.Binding {
	return []key.Binding{bind("enter", "this one", "enter"), bind("up/down", "move", "up", "down"), bind("esc", "cancel", "esc")}
}
