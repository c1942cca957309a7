package ui

import (
	"strings"
	"unicode"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"
)

// line is one line of text under the operator's hands.
type line struct {
	text   []rune
	cursor int
}

func (l *line) value() string { return string(l.text) }

func (l *line) set(s string) {
	l.text = []rune(s)
	l.cursor = len(l.text)
}

// press takes a key, and says whether it was one for a line.
func (l *line) press(k tea.KeyPressMsg) bool {
	switch k.String() {
	case "left", "ctrl+b":
		l.cursor = max(l.cursor-1, 0)
	case "right", "ctrl+f":
		l.cursor = min(l.cursor+1, len(l.text))
	case "home", "ctrl+a":
		l.cursor = 0
	case "end", "ctrl+e":
		l.cursor = len(l.text)
	case "backspace", "ctrl+h":
		l.cut(l.cursor-1, l.cursor)
	case "delete", "ctrl+d":
		l.cut(l.cursor, l.cursor+1)
	case "ctrl+u":
		l.cut(0, l.cursor)
	case "ctrl+k":
		l.cut(l.cursor, len(l.text))
	case "ctrl+w", "alt+backspace":
		from := l.cursor
		for from > 0 && unicode.IsSpace(l.text[from-1]) {
			from--
		}
		for from > 0 && !unicode.IsSpace(l.text[from-1]) {
			from--
		}
		l.cut(from, l.cursor)
	default:
		if k.Text == "" {
			return false
		}
		l.insert(k.Text)
	}
	return true
}

// insert puts text at the cursor; what is no printable character becomes a space.
func (l *line) insert(s string) {
	clean := []rune(strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return ' '
	}, s))
	l.text = append(l.text[:l.cursor:l.cursor], append(clean, l.text[l.cursor:]...)...)
	l.cursor += len(clean)
}

func (l *line) cut(from, to int) {
	from, to = max(from, 0), min(to, len(l.text))
	if from >= to {
		return
	}
	l.text = append(l.text[:from:from], l.text[to:]...)
	l.cursor = from
}

// view is the line with its cursor, the part around the cursor when it is longer than width.
func (l *line) view(t *Theme, width int) string {
	under := " "
	after := ""
	if l.cursor < len(l.text) {
		under = string(l.text[l.cursor])
		after = string(l.text[l.cursor+1:])
	}
	before := string(l.text[:l.cursor])
	if room := width - 1 - ansi.StringWidth(under); ansi.StringWidth(before) > room {
		before = ansi.TruncateLeft(before, ansi.StringWidth(before)-room+1, "…")
	}
	return fit(before+t.Selected.Render(under)+after, width)
}
