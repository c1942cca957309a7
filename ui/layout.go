package ui

import (
	"strings"

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"
)

// fit is a text on exactly width cells: cut with an ellipsis, or filled with spaces.
func fit(s string, width int) string {
	if width <= 0 {
		return ""
	}
	w := ansi.StringWidth(s)
	if w > width {
		s = ansi.Truncate(s, width, "…")
		w = ansi.StringWidth(s)
	}
	return s + strings.Repeat(" ", width-w)
}

// ends puts one text at the left and one at the right end of a line; the left one gives way.
func ends(left, right string, width int) string {
	r := ansi.StringWidth(right)
	if r >= width {
		return fit(right, width)
	}
	return fit(left, width-r) + right
}

// wrap breaks a text into lines of at most width cells, at spaces where it can.
func wrap(s string, width int) []string {
	if width < 1 {
		return nil
	}
	if strings.Contains(s, "\x1b") {
		// Every line closes the styles that it opened, so that they do not colour what stands beside it.
		return strings.Split(lipgloss.Wrap(s, width, " "), "\n")
	}
	return strings.Split(ansi.Wrap(s, width, " "), "\n")
}

// hang wraps a text behind a lead, its further lines indented by the lead's width.
func hang(lead, s string, width int) []string {
	in := ansi.StringWidth(lead)
	lines := wrap(s, max(width-in, 8))
	for i := range lines {
		if i == 0 {
			lines[i] = lead + lines[i]
		} else {
			lines[i] = strings.Repeat(" ", in) + lines[i]
		}
	}
	return lines
}

// sheet is exactly height lines of exactly width cells.
func sheet(lines []string, width, height int) []string {
	out := make([]string, max(height, 0))
	for i := range out {
		line := ""
		if i < len(lines) {
			line = lines[i]
		}
		out[i] = fit(line, width)
	}
	return out
}

// beside puts sheets next to each other, with a separator between them.
func beside(separator string, sheets ...[]string) []string {
	var out []string
	for i := range sheets[0] {
		parts := make([]string, len(sheets))
		for k, s := range sheets {
			parts[k] = s[i]
		}
		out = append(out, strings.Join(parts, separator))
	}
	return out
}

// scroll is where a pane stands in a text that may be longer than the pane.
type scroll struct{ top int }

// by moves, within what total lines in a pane of height lines allow.
func (s *scroll) by(delta, total, height int) {
	s.top = min(max(s.top+delta, 0), max(total-height, 0))
}

// to moves just so far that a line is seen.
func (s *scroll) to(line, height int) {
	switch {
	case line < s.top:
		s.top = line
	case line >= s.top+height:
		s.top = line - height + 1
	}
}

// view is the part that is seen. Where there is more, the last line says how much.
func (s scroll) view(t *Theme, lines []string, width, height int) []string {
	top := min(s.top, max(len(lines)-height, 0))
	shown := sheet(lines[min(top, len(lines)):], width, height)
	if below := len(lines) - top - height; below > 0 && height > 1 {
		shown[height-1] = fit(t.paint(dim, "… "+number(below+1)+" more lines below"), width)
	}
	return shown
}

// step is how far a key scrolls in a pane of height lines.
func step(k string, height int) int {
	switch k {
	case "up", "k":
		return -1
	case "down", "j":
		return 1
	case "pgup":
		return -max(height-2, 1)
	case "pgdown", "space":
		return max(height-2, 1)
	case "home", "g":
		return -1 << 20
	case "end", "G":
		return 1 << 20
	}
	return 0
}
