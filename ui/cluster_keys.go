package ui

import (
	"slices"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"recon/internal/findings"
	"recon/internal/stack"
)

// part is what that takes the arrows.
type part int

const (
	inStack part = iota
	inFindings
	inChanges
)

// choice is the finding under the cursor. It stays on its finding when others come and go.
type choice struct {
	id string
	at int
}

// of is where the choice stands among the findings.
func (h choice) of(found []findings.Finding) int {
	if i := slices.IndexFunc(found, func(f findings.Finding) bool { return f.Book.ID == h.id }); i >= 0 {
		return i
	}
	return max(min(h.at, len(found)-1), 0)
}

func chosen(found []findings.Finding, i int) choice {
	if i = max(min(i, len(found)-1), 0); i < len(found) {
		return choice{found[i].Book.ID, i}
	}
	return choice{}
}

func (c *cluster) press(k string) tea.Cmd {
	rows, found := c.all(), listed(c.findings)
	if k == "tab" {
		c.part = (c.part + 1) % (inChanges + 1)
		if c.part == inFindings && len(found) == 0 {
			c.part = inChanges
		}
		c.changes = 0
		return nil
	}
	switch c.part {
	case inFindings:
		return c.pressFinding(k, found)
	case inChanges:
		c.changes = min(max(c.changes+step(k, 8), 0), max(len(c.history.events)-1, 0))
		return nil
	}
	switch k {
	case "up", "k":
		c.row = max(c.row-1, 0)
	case "down", "j":
		if c.row == len(rows)-1 && len(found) > 0 {
			c.part, c.chosen = inFindings, chosen(found, 0)
			return nil
		}
		c.row = min(c.row+1, len(rows)-1)
	case "left", "h":
		c.column = max(c.column-1, 0)
	case "right", "l":
		c.column++
	case "enter":
		return c.evidence(rows)
	}
	c.column = max(min(c.column, len(rows[c.row].Cells)-1), 0)
	c.sideways(rows[c.row])
	return nil
}

func (c *cluster) pressFinding(k string, found []findings.Finding) tea.Cmd {
	at := c.chosen.of(found)
	switch by := step(k, 8); {
	case len(found) == 0:
		c.part = inStack
	case k == "enter":
		return c.open(newFinding(found[at], c.clock))
	case by == -1 && at == 0:
		c.part, c.row = inStack, len(c.all())-1
	default:
		c.chosen = chosen(found, at+by)
	}
	return nil
}

// sideways keeps the cursor's column on the screen.
func (c *cluster) sideways(r stack.Row) {
	if lone(r) {
		return
	}
	shown := c.columns(c.width)
	c.first = min(c.first, c.column)
	c.first = max(c.first, c.column-shown+1)
}

// evidence opens what the cell under the cursor is drawn from.
func (c *cluster) evidence(rows []stack.Row) tea.Cmd {
	r := rows[c.row]
	if c.column < 0 || c.column >= len(r.Cells) {
		return nil
	}
	i := c.column
	if !lone(r) {
		i = c.order(matrix(rows))[c.column]
	}
	node := r.Cells[i].Node
	before := past{
		numbers: func(t *Theme, width int) []string {
			return under(t, "The last ten minutes", c.trends.lines(t, place{r.System, node}, width))
		},
		changes: func(t *Theme, width int) []string {
			out := under(t, "Last errors", c.trends.lapses(t, place{r.System, node}, c.show, width))
			return append(out, under(t, "Changes", c.history.of(t, place{r.Name, node}, c.show, width))...)
		},
	}
	return c.open(newEvidence(c.state, c.library, r, node, c.clock, before, c.holds))
}

// holds says whether the finding of a book holds now, and how it is shown.
func (c *cluster) holds(book string) (string, tone, bool) {
	for _, f := range listed(c.findings) {
		if f.Book.ID == book {
			glyph, tone, _ := standing(f, c.now)
			return glyph, tone, true
		}
	}
	return "", plain, false
}

// under is a title with lines below it; nothing when there are none.
func under(t *Theme, title string, lines []string) []string {
	if len(lines) == 0 {
		return nil
	}
	return append([]string{"", t.Strong.Render(title)}, lines...)
}

func (c *cluster) bindings() []key.Binding {
	var out []key.Binding
	switch c.part {
	case inStack:
		out = append(out, bind("enter", "evidence", "enter"), bind("arrows", "move", "up", "down", "left", "right"))
	case inFindings:
		out = append(out, bind("enter", "why, and the runbook", "enter"), bind("up/down", "move", "up", "down"))
	case inChanges:
		out = append(out, bind("up/down", "scroll", "up", "down", "pgup", "pgdown", "home", "end"))
	}
	next := map[part]string{inStack: "findings", inFindings: "changes", inChanges: "stack"}[c.part]
	if c.part == inStack && len(listed(c.findings)) == 0 {
		next = "changes"
	}
	return append(out, bind("tab", next, "tab"), bind("2", "runbooks", "2"), bind("t", "UTC or local", "t"), bind("q", "leave", "q"))
}
