package ui

import (
	"slices"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"recon/internal/stack"
)

// rowName is the width of the column with the layers' names.
const rowName = 13

// narrowest is the least width of a node's column.
const narrowest = 17

// columns is how many nodes have room.
func (c *cluster) columns(width int) int {
	return min(max((width-rowName)/narrowest, 1), max(len(c.file.Nodes), 1))
}

// roomy is how many lines below the matrix are enough for both lists, with air between them.
const roomy = 8

func (c *cluster) view(t *Theme, width, height int) []string {
	rows := c.all()
	found := listed(c.findings)
	out := c.top(t, rows, width, height)
	for i, r := range rows {
		if r.System == "vips" {
			out = append(out, c.entryLine(t, r, width, c.part == inStack && c.row == i))
		}
	}
	layers := matrix(rows)
	hidden := c.folded(layers, len(found), height-len(out)-1)
	out = append(out, c.matrixLines(t, layers, hidden, c.row-(len(rows)-len(layers)), width)...)
	rest := height - len(out)
	room, air := c.share(len(found), rest)
	if air {
		out = append(out, "")
	}
	out = append(out, c.findingLines(t, found, width, room)...)
	if left := height - len(out); left > 3 || c.part == inChanges || left == 2 || left == 3 {
		if air && left > 2 {
			out = append(out, "")
			left--
		}
		if left > 1 {
			out = append(out, c.heading(t, "CHANGES", inChanges, c.hiddenChanges(left-1), width))
			out = append(out, c.history.lines(t, width, left-1, c.changes, c.show)...)
		}
	}
	return sheet(out, width, height)
}

// share is how many findings have room in the lines below the matrix, and whether there is air between the lists. Where
// there is little room, all of it is for the list that has the cursor, and else for the findings.
func (c *cluster) share(found, rest int) (room int, air bool) {
	if rest >= roomy {
		return max(rest-min(max(rest/3, 2), 12)-3, 1), true
	}
	if c.part == inChanges {
		return 1, false
	}
	return max(rest-1, 1), max(found, 1)+2 < rest
}

// folded are the rows that are not drawn, by their index: those that are well, when the list that has the cursor needs
// their room. A row that is not well is always drawn.
func (c *cluster) folded(rows []stack.Row, found, height int) map[int]bool {
	wants := 1 + max(found, 1)
	if c.part == inChanges {
		wants = 2 + len(c.history.events)
	}
	if c.part == inStack || height-len(rows) >= min(wants, roomy) {
		return nil
	}
	out := map[int]bool{}
	for i, r := range rows {
		if !slices.ContainsFunc(r.Cells, func(cell stack.Cell) bool { return cell.Glyph != "" && cell.Tone != good }) {
			out[i] = true
		}
	}
	if len(out) < 2 {
		return nil // the line that says so would take its place
	}
	return out
}

// heading is the title of a list, with what of it is out of sight.
func (c *cluster) heading(t *Theme, name string, of part, hidden string, width int) string {
	mark := " "
	if c.part == of {
		mark = glyphHere
	}
	style := strong
	if of == inChanges && c.part != of {
		style = dim
	}
	line := t.paint(style, mark+name)
	if hidden == "" {
		return line
	}
	return ends(line, t.paint(dim, hidden+" "), width)
}

// hiddenChanges are how many changes are above and below the part that is shown.
func (c *cluster) hiddenChanges(height int) string {
	if c.part != inChanges {
		return ""
	}
	return outOfSight(c.changes, len(c.history.events)-c.changes-height)
}

func outOfSight(above, below int) string {
	switch {
	case above > 0 && below > 0:
		return number(above) + " above, " + number(below) + " more"
	case above > 0:
		return number(above) + " above"
	case below > 0:
		return "+" + number(below) + " more"
	}
	return ""
}

func (c *cluster) matrixLines(t *Theme, rows []stack.Row, hidden map[int]bool, cursor, width int) []string {
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
		header = ends(strings.TrimRight(header, " "), t.paint(dim, number(after)+" more →"), width)
	}
	out := []string{header}
	var well []string
	for r, row := range rows {
		if hidden[r] {
			well = append(well, row.Name)
			continue
		}
		line := " " + fit(row.Name, rowName-1)
		for k, i := range visible {
			cell := row.Cells[i]
			line += c.drawn(t, row.Name, cell, fit(cell.Text(each-2), each-2), c.part == inStack && r == cursor && first+k == c.column) + "  "
		}
		out = append(out, line)
	}
	if len(well) > 0 {
		out = append(out, fit(" "+fit("and "+plural(len(well), "row"), rowName-1)+t.paint(good, glyphGood)+t.paint(dim, " "+strings.Join(well, ", ")), width))
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
