package ui

import (
	"strings"

	"github.com/charmbracelet/x/ansi"

	"recon/internal/findings"
	"recon/internal/stack"
	"recon/probes"
)

// rowName is the width of the column with the layers' names.
const rowName = 13

// narrowest is the least width of a node's column.
const narrowest = 17

// columns is how many nodes have room.
func (c *cluster) columns(width int) int {
	return min(max((width-rowName)/narrowest, 1), max(len(c.file.Nodes), 1))
}

func (c *cluster) view(t *Theme, width, height int) []string {
	s := c.sight()
	entry, rows := s.Matrix(c.file)
	found := listed(c.findings)
	out := c.top(t, s, width)
	cursor := c.row
	if len(entry.Cells) > 0 {
		out = append(out, c.entryLine(t, entry, width, cursor == 0))
		cursor--
	}
	out = append(out, c.matrixLines(t, rows, cursor, width)...)
	rest := height - len(out)
	events := min(max(rest/3, 2), 12)
	room := max(rest-events-3, 1)
	out = append(out, "")
	out = append(out, c.findingLines(t, found, cursor-len(rows), width, room)...)
	if left := height - len(out) - 2; left > 0 {
		out = append(out, "")
		out = append(out, t.paint(dim, " CHANGES"))
		out = append(out, c.history.lines(t, width, left, c.show)...)
	}
	return sheet(out, width, height)
}

// top is who leads, and until when to keep hands off.
func (c *cluster) top(t *Theme, s stack.Sight, width int) []string {
	text, tone := s.Summary()
	left := " " + t.paint(tone, text)
	if words, tone := countdown(c.state, c.now, c.show); words != "" {
		if ansi.StringWidth(left)+len(words)+3 > width {
			return []string{left, ends("", t.paint(tone, words)+" ", width)}
		}
		return []string{ends(left, t.paint(tone, words)+" ", width)}
	}
	return []string{left}
}

func (c *cluster) entryLine(t *Theme, entry stack.Row, width int, here bool) string {
	out := " " + fit("ENTRY", rowName-1)
	each := max((width-rowName)/len(entry.Cells), 20)
	for i, v := range entry.Cells {
		text := v.Glyph + " " + v.Word
		if long := text + "  " + v.Number; ansi.StringWidth(long) <= each-2 {
			text = long
		}
		out += c.drawn(t, entry.Name, v, fit(text, each-2), here && i == c.column) + "  "
	}
	return out
}

func (c *cluster) matrixLines(t *Theme, rows []stack.Row, cursor, width int) []string {
	shown := c.columns(width)
	each := min((width-rowName)/shown, 34)
	order := c.order(rows)
	first := min(c.first, max(len(order)-shown, 0))
	visible := order[first:min(first+shown, len(order))]
	lead := fit("", rowName)
	if first > 0 {
		lead = fit(" ← "+number(first)+" more", rowName)
	}
	header := t.paint(dim, lead)
	for _, i := range visible {
		header += fit(t.Strong.Render(ansi.Truncate(c.file.Nodes[i].Name, each-2, "…")), each)
	}
	if after := len(order) - first - len(visible); after > 0 {
		header = ends(header, t.paint(dim, number(after)+" more →"), width)
	}
	out := []string{header}
	for r, row := range rows {
		line := " " + fit(row.Name, rowName-1)
		for k, i := range visible {
			cell := row.Cells[i]
			line += c.drawn(t, row.Name, cell, fit(cell.Text(each-2), each-2), r == cursor && first+k == c.column) + "  "
		}
		out = append(out, line)
	}
	return out
}

// drawn is a cell with its colour, its mark when it changed a moment ago, and the cursor.
func (c *cluster) drawn(t *Theme, row string, cell stack.Cell, text string, here bool) string {
	trimmed := strings.TrimRight(text, " ")
	pad := text[len(trimmed):]
	if here {
		return t.Selected.Render(trimmed) + pad
	}
	when, changed := c.history.changed[place{row, cell.Node}]
	if changed && c.now.Sub(when) < markedFor {
		return t.Changed.Inherit(t.style(cell.Tone)).Render(trimmed) + pad
	}
	return t.paint(cell.Tone, trimmed) + pad
}

func (c *cluster) findingLines(t *Theme, found []findings.Finding, cursor, width, height int) []string {
	out := []string{t.Strong.Render(" FINDINGS")}
	switch {
	case c.library == nil:
		return append(out, t.paint(dim, " the runbooks are being read"))
	case len(found) == 0 && c.sight().Late > probes.StaleAfter.Seconds():
		return append(out, t.paint(unseen, " ? nothing can be said: the newest answers are "+short(c.sight().Late)+" old"))
	case len(found) == 0:
		return append(out, t.paint(dim, " no runbook applies to what is seen"))
	}
	var s scroll
	s.to(max(cursor, 0), height)
	for i, f := range found {
		if i < s.top || i >= s.top+height {
			continue
		}
		out = append(out, c.findingLine(t, f, i == cursor, width))
	}
	if below := len(found) - s.top - height; below > 0 {
		out[len(out)-1] = t.paint(dim, " … "+number(below+1)+" more")
	}
	return out
}

func (c *cluster) findingLine(t *Theme, f findings.Finding, here bool, width int) string {
	glyph, tone, when := standing(f, c.now)
	text := said(f.Because, f.Book.Title)
	if ansi.StringWidth(when) > 28 {
		when = ansi.Truncate(when, 28, "…")
	}
	right := "  " + f.Book.ID + "  " + fit(when, 12)
	if width < 100 {
		right = "  " + fit(when, 10)
	}
	line := ends(" "+glyph+" "+number(f.Book.Severity)+"  "+text, right+" ", width)
	if here {
		return t.Selected.Render(line)
	}
	return t.paint(tone, line)
}

// newFinding says why a finding holds, and opens its book.
func newFinding(f findings.Finding, c clock) *textDialog {
	return &textDialog{
		heading: f.Book.Title,
		text: func(t *Theme, width int) []string {
			var out []string
			if f.Because != "" {
				out = append(wrap(f.Because, width), "")
			}
			out = append(out, t.paint(dim, "since ")+c.show(f.Since))
			if !f.Over.IsZero() {
				out = append(out, t.paint(dim, "over since ")+c.show(f.Over))
			}
			if f.Blind != "" {
				out = append(out, t.paint(dim, "seen until ")+c.show(f.Seen))
				out = append(out, hang(t.paint(unseen, "? "), f.Blind, width)...)
			}
			out = append(out, "", t.Strong.Render("Why it holds"))
			if w := f.Book.When; w != nil {
				out = append(out, wrap(w.Text, width)...)
			}
			out = append(out, partLines(t, f.Result.Parts, "  ", width)...)
			if f.Book.For > 0 {
				out = append(out, "", t.paint(dim, "it is certain once it has held for "+short(f.Book.For.Seconds())))
			}
			return append(out, "", t.paint(dim, "runbook ")+f.Book.ID)
		},
		actions: []textAction{{bind("enter", "open the runbook", "enter"), goMsg{screen: onRunbooks, book: f.Book.ID}}},
	}
}
