package ui

import (
	"strings"

	"github.com/charmbracelet/x/ansi"
)

// output is what came back from the step that ran last, and how it ended.
func (w *walker) output(t *Theme, width, height int) []string {
	lines := w.outputLines(t, width)
	s := w.tops[paneOutput]
	if w.follow {
		s.top = max(len(lines)-height, 0)
	}
	return s.view(t, lines, width, height)
}

func (w *walker) outputLines(t *Theme, width int) []string {
	var out []string
	if w.heard.lost > 0 {
		out = append(out, t.paint(dim, plural(w.heard.lost, "line")+" before are only beside the trail"))
	}
	names := 0
	for _, n := range w.heard.names {
		names = max(names, ansi.StringWidth(n))
	}
	for _, l := range w.heard.lines {
		text := strings.ReplaceAll(l.text, "\t", "    ")
		if len(w.heard.names) > 1 || names+3 < width/2 {
			text = t.paint(dim, fit(l.target, names)+" │ ") + text
		}
		out = append(out, ansi.Truncate(text, width, "…"))
	}
	for _, o := range w.outcomes {
		out = append(out, hang("", outcomeText(t, o), width)...)
	}
	if len(out) == 0 {
		return []string{t.paint(dim, "nothing was sent yet")}
	}
	return out
}
