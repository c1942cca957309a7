package ui

import (
	"slices"
	"strings"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"
)

// field is one question: with choices, or free. Likely are those of the choices that fit what is seen, where they are too many for
// a preset.
type field struct {
	name, ask string
	choices   []string
	likely    []string
	preset    string
}

// answeredMsg are the answers of a form, by name of the field.
type answeredMsg struct {
	form   string
	values map[string]string
}

// askDialog asks its fields one after the other, and ends with what they were answered.
type askDialog struct {
	form    string
	heading string
	// about stands above the questions; last is what Enter does when all are answered. With review set, the answers are
	// shown once more before Enter does it.
	about  func(t *Theme, width int) []string
	last   string
	review bool
	fields []field

	at     int
	cursor int
	text   line
	values map[string]string
	said   string
}

func newAsk(form, heading string, fields []field) *askDialog {
	d := &askDialog{form: form, heading: heading, fields: fields, values: map[string]string{}}
	d.begin()
	return d
}

// begin puts the preset of the field at hand under the cursor.
func (d *askDialog) begin() {
	d.cursor, d.said = 0, ""
	d.text.set("")
	if d.at >= len(d.fields) {
		return
	}
	f := d.fields[d.at]
	have := d.values[f.name]
	if have == "" {
		have = f.preset
	}
	d.text.set(have)
	d.cursor = max(slices.IndexFunc(f.choices, func(c string) bool { return c == have || have == "" && slices.Contains(f.likely, c) }), 0)
}

func (d *askDialog) update(msg tea.Msg) (tea.Msg, bool) {
	m, ok := msg.(stamped)
	if !ok {
		return nil, false
	}
	switch k := m.msg.(type) {
	case tea.PasteMsg:
		if d.at < len(d.fields) && len(d.fields[d.at].choices) == 0 {
			d.text.insert(strings.TrimSpace(k.Content))
		}
	case tea.KeyPressMsg:
		return d.press(k)
	}
	return nil, false
}

func (d *askDialog) press(k tea.KeyPressMsg) (tea.Msg, bool) {
	switch k.String() {
	case "esc", "ctrl+c":
		return nil, true
	case "shift+tab":
		d.at = max(d.at-1, 0)
		d.begin()
		return nil, false
	case "enter":
		return d.enter()
	}
	if d.at >= len(d.fields) {
		return nil, false
	}
	f := d.fields[d.at]
	if len(f.choices) == 0 {
		d.said = ""
		d.text.press(k)
		return nil, false
	}
	d.cursor = min(max(d.cursor+step(k.String(), len(f.choices)), 0), len(f.choices)-1)
	if n := strings.Index("123456789", k.String()); n >= 0 && len(k.String()) == 1 && n < len(f.choices) {
		d.cursor = n
	}
	return nil, false
}

func (d *askDialog) enter() (tea.Msg, bool) {
	if d.at < len(d.fields) {
		f := d.fields[d.at]
		v := strings.TrimSpace(d.text.value())
		if len(f.choices) > 0 {
			v = f.choices[d.cursor]
		}
		if v == "" {
			d.said = "an answer is needed; esc cancels"
			return nil, false
		}
		d.values[f.name] = v
		d.at++
		d.begin()
		if d.at < len(d.fields) || d.review {
			return nil, false
		}
	}
	return answeredMsg{d.form, d.values}, true
}

func (d *askDialog) view(t *Theme, width, height int, asleep bool) (string, []string) {
	var top, out []string
	if d.about != nil {
		top = append(d.about(t, width), "")
	}
	for i, f := range d.fields {
		switch {
		case i < d.at:
			out = append(out, fit(t.paint(dim, f.name+" = ")+d.values[f.name], width))
		case i == d.at:
			out = append(out, d.question(t, f, width)...)
		}
	}
	switch {
	case asleep:
		out = append(out, "", t.paint(dim, asleepLine))
	case d.said != "":
		out = append(out, "", t.paint(warn, "! "+d.said))
	case d.at >= len(d.fields):
		out = append(out, "", "enter "+d.last+"; esc cancels")
	}
	if room := height - len(out); len(top) > room {
		top = append(top[:max(room-2, 0)], t.paint(dim, "…"), "")
	}
	return d.heading, append(top, out...)
}

func (d *askDialog) question(t *Theme, f field, width int) []string {
	out := wrap(t.Strong.Render(f.ask), width)
	if len(f.choices) == 0 {
		return append(out, "> "+d.text.view(t, width-2))
	}
	for i, c := range f.choices {
		text := number(i+1) + "  " + c
		if slices.Contains(f.likely, c) {
			text += "   (fits what is seen)"
		}
		lead, text := "  ", fit(text, width-2)
		if i == d.cursor {
			lead, text = glyphHere+" ", t.Selected.Render(text)
		}
		out = append(out, lead+text)
	}
	return out
}

func (d *askDialog) bindings() []key.Binding {
	does := "next"
	if d.at >= len(d.fields) || d.at == len(d.fields)-1 && !d.review {
		does = d.last
	}
	return []key.Binding{bind("enter", does, "enter"), bind("up/down", "choose", "up", "down"), bind("shift+tab", "back", "shift+tab"), bind("esc", "cancel", "esc")}
}
