package ui

import (
	"strings"

	"charm.land/bubbles/v2/key"
	"github.com/charmbracelet/x/ansi"
)

// bind is a key binding: what the key line says, what it does, and the keys.
func bind(shown, does string, keys ...string) key.Binding {
	return key.NewBinding(key.WithKeys(keys...), key.WithHelp(shown, does))
}

// hits says whether a key is one of a binding that is live.
func hits(k string, b key.Binding) bool {
	if !b.Enabled() {
		return false
	}
	for _, have := range b.Keys() {
		if have == k {
			return true
		}
	}
	return false
}

// global are the keys that are live on every screen.
func global(screens int) []key.Binding {
	digits := []string{"1", "2", "3", "4"}[:screens]
	return []key.Binding{
		bind(strings.Join(digits, " "), "screens", digits...),
		bind("t", "UTC or local time", "t"),
		bind("?", "keys", "?"),
		bind("q", "leave", "q", "ctrl+c"),
	}
}

// keyLine is the live keys on one line. What has no room is left to `?`, which is always there.
func keyLine(t *Theme, live []key.Binding, width int) string {
	last := t.Strong.Render("?") + " keys"
	out := " "
	for _, b := range live {
		if !b.Enabled() || b.Help().Key == "?" {
			continue
		}
		piece := t.Strong.Render(b.Help().Key) + " " + b.Help().Desc + "   "
		if ansi.StringWidth(out)+ansi.StringWidth(piece)+6 > width {
			break
		}
		out += piece
	}
	return ends(out, last+" ", width)
}

// keyPage is all keys, for the dialog behind `?`.
func keyPage(t *Theme, of string, live, everywhere []key.Binding, width int) []string {
	out := []string{t.Strong.Render(of)}
	for _, b := range live {
		if b.Enabled() {
			out = append(out, "  "+fit(b.Help().Key, 14)+b.Help().Desc)
		}
	}
	out = append(out, "", t.Strong.Render("Everywhere"))
	for _, b := range everywhere {
		out = append(out, "  "+fit(b.Help().Key, 14)+b.Help().Desc)
	}
	return append(append(out, ""), wrap("In a dialog: esc cancels. A dialog takes no key until it was drawn and the keyboard was quiet for half a second.", width)...)
}
