package ui

import (
	"strings"

	"github.com/charmbracelet/x/ansi"
)

// box puts a frame with a heading around lines of width cells.
func box(border func(string) string, heading string, lines []string, width int) []string {
	heading = " " + ansi.Truncate(heading, width-2, "…") + " "
	out := []string{border("╭─") + heading + border(strings.Repeat("─", max(width+1-ansi.StringWidth(heading), 0))+"╮")}
	for _, l := range lines {
		out = append(out, border("│")+" "+fit(l, width)+" "+border("│"))
	}
	return append(out, border("╰"+strings.Repeat("─", width+2)+"╯"))
}

// over puts a box in the middle of a screen, which stays visible around it.
func over(t *Theme, under, box []string, width, height int) []string {
	out := sheet(under, width, height)
	wide := 0
	for _, l := range box {
		wide = max(wide, ansi.StringWidth(l))
	}
	x, y := max((width-wide)/2, 0), max((height-len(box))/2, 0)
	for i, l := range box {
		if y+i >= height {
			break
		}
		below := ansi.Strip(out[y+i])
		left := t.Dim.Render(ansi.Cut(below, 0, x))
		right := t.Dim.Render(ansi.Cut(below, x+wide, width))
		out[y+i] = left + fit(l, wide) + right
	}
	return out
}
