package ui

import (
	"strings"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"
)

// purpose is what a reason is given for.
type purpose string

const (
	forSkip      purpose = "skip"
	forOverride  purpose = "override"
	forNote      purpose = "note"
	forEscalate  purpose = "escalate"
	forAbandon   purpose = "abandon"
	forApplies   purpose = "applies"
	forNotNeeded purpose = "does not apply"
	forAttest    purpose = "attest"
	forDone      purpose = "done"
	forNotDone   purpose = "not done"
	forUnknown   purpose = "unknown"
)

// reasonMsg is what the operator typed for a purpose; step is an index.
type reasonMsg struct {
	purpose purpose
	step    int
	text    string
}

// reasonDialog asks for a reason in the operator's words. An empty one is none.
type reasonDialog struct {
	purpose purpose
	step    int
	heading string
	// about is what it is for and what follows, shown above the line.
	about []string
	tone  tone
	text  line
	said  string
}

func (d *reasonDialog) update(msg tea.Msg) (tea.Msg, bool) {
	m, ok := msg.(stamped)
	if !ok {
		return nil, false
	}
	switch k := m.msg.(type) {
	case tea.PasteMsg:
		// Words may be pasted; nothing happens before Enter, which a paste cannot press: the dialog sleeps after it.
		d.text.insert(strings.TrimSpace(k.Content))
	case tea.KeyPressMsg:
		switch k.String() {
		case "esc", "ctrl+c":
			return nil, true
		case "enter":
			text := strings.TrimSpace(d.text.value())
			if text == "" {
				d.said = "a reason in words is needed; esc closes this"
				return nil, false
			}
			return reasonMsg{d.purpose, d.step, text}, true
		}
		d.said = ""
		d.text.press(k)
	}
	return nil, false
}

func (d *reasonDialog) view(t *Theme, width, _ int, asleep bool) (string, []string) {
	var out []string
	for _, a := range d.about {
		out = append(out, wrap(a, width)...)
	}
	out = append(out, "", "> "+d.text.view(t, width-2), "")
	switch {
	case d.said != "":
		out = append(out, t.paint(warn, "! "+d.said))
	case asleep:
		out = append(out, t.paint(dim, asleepLine))
	default:
		out = append(out, t.paint(dim, "what you type stands in the trail"))
	}
	return t.paint(d.tone, d.heading), out
}

func (d *reasonDialog) bindings() []key.Binding {
	return []key.Binding{bind("enter", string(d.purpose), "enter"), bind("esc", "cancel", "esc")}
}
