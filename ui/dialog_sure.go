package ui

import (
	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"
)

// sureDialog asks whether to do something that changes no host: y does it, any other key does not.
type sureDialog struct {
	heading string
	about   []string
	does    string
	msg     tea.Msg
}

func (d *sureDialog) update(msg tea.Msg) (tea.Msg, bool) {
	m, ok := msg.(stamped)
	if !ok {
		return nil, false
	}
	k, ok := m.msg.(tea.KeyPressMsg)
	switch {
	case !ok:
		return nil, false
	case k.String() == "y" && !k.IsRepeat:
		return d.msg, true
	}
	return nil, true
}

func (d *sureDialog) view(t *Theme, width, _ int, asleep bool) (string, []string) {
	var out []string
	for _, a := range d.about {
		out = append(out, wrap(a, width)...)
	}
	if asleep {
		return d.heading, append(out, "", t.paint(dim, asleepLine))
	}
	return d.heading, append(out, "", t.Strong.Render("y")+" "+d.does+"; any other key does not")
}

func (d *sureDialog) bindings() []key.Binding {
	return []key.Binding{bind("y", d.does, "y"), bind("any other", "cancel", "esc", "enter")}
}
