package ui

import (
	"slices"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"

	"recon/internal/stack"
	"recon/probes"
)

// top is what users feel, who leads, and until when to keep hands off. Who leads is left out where there is little room and
// the rows say it as well.
func (c *cluster) top(t *Theme, rows []stack.Row, width, height int) []string {
	var lines []string
	service := rows[0].System == "service"
	if text, tone := c.sight().Summary(); !service || tone != plain || height >= tall {
		lines = append(lines, " "+t.paint(tone, text))
	}
	words, tone := countdown(c.state, c.now, c.show)
	if c.sight().Late > probes.StaleAfter.Seconds() {
		words = "" // what the cluster is about to do is not known any more
	}
	if service {
		room := width
		if words != "" {
			room -= ansi.StringWidth(words) + 3
		}
		line := c.serviceLine(t, rows[0], room)
		if ansi.StringWidth(line) > room {
			line = c.serviceLine(t, rows[0], width)
		}
		lines = append(lines, line)
	}
	if words == "" {
		return lines
	}
	for i, line := range slices.Backward(lines) {
		if ansi.StringWidth(line)+ansi.StringWidth(words)+3 <= width {
			lines[i] = ends(line, t.paint(tone, words)+" ", width)
			return lines
		}
	}
	for _, line := range wrap(words, width-2) {
		lines = append(lines, ends("", t.paint(tone, line)+" ", width))
	}
	return lines
}

// serviceLine is the paths of the users, with since when one fails where there is room for it.
func (c *cluster) serviceLine(t *Theme, r stack.Row, width int) string {
	line := func(text func(stack.Cell) string) string {
		out := " " + fit(r.Name, rowName-1)
		for i, cell := range r.Cells {
			if i > 0 {
				out += "   "
			}
			out += c.drawn(t, r.Name, cell, text(cell), c.part == inStack && c.row == 0 && i == c.column)
		}
		return out
	}
	long := func(cell stack.Cell) string { return strings.TrimSpace(cell.Say() + " " + cell.Number) }
	since := func(cell stack.Cell) string {
		_, seen := target(c.state, r.System, cell.Node)
		if seen == nil || cell.Tone != bad {
			return long(cell)
		}
		return long(cell) + " since " + c.show(c.state.At.Add(-time.Duration(seen.Since*float64(time.Second))))
	}
	brief := func(cell stack.Cell) string {
		if cell.Brief == "" {
			return cell.Say()
		}
		return cell.Glyph + " " + cell.Brief
	}
	for _, form := range []func(stack.Cell) string{since, long} {
		if text := line(form); ansi.StringWidth(text) <= width {
			return text
		}
	}
	return line(brief)
}

func (c *cluster) entryLine(t *Theme, entry stack.Row, width int, here bool) string {
	out := " " + fit("ENTRY", rowName-1)
	each := max((width-rowName)/len(entry.Cells), 20)
	for i, v := range entry.Cells {
		text := v.Say()
		if long := text + "  " + v.Number; ansi.StringWidth(long) <= each-2 {
			text = long
		} else if v.Brief != "" && ansi.StringWidth(text) > each-2 {
			text = v.Glyph + " " + v.Brief
		}
		out += c.drawn(t, entry.Name, v, fit(text, each-2), here && i == c.column) + "  "
	}
	return out
}
