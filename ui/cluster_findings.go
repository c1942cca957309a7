package ui

import (
	"github.com/charmbracelet/x/ansi"

	"recon/internal/findings"
	"recon/probes"
)

// findingLines are the findings that have room, around the one under the cursor.
func (c *cluster) findingLines(t *Theme, found []findings.Finding, width, height int) []string {
	at := -1
	if c.part == inFindings {
		at = c.chosen.of(found)
	}
	top := min(max(at-height+1, 0), max(len(found)-height, 0))
	out := []string{c.heading(t, "FINDINGS", inFindings, outOfSight(top, len(found)-top-height), width)}
	switch {
	case c.library == nil:
		return append(out, t.paint(dim, " the runbooks are being read"))
	case len(found) == 0 && c.sight().Late > probes.StaleAfter.Seconds():
		return append(out, t.paint(unseen, " ? nothing can be said: the newest answers are "+short(c.sight().Late)+" old"))
	case len(found) == 0:
		return append(out, t.paint(dim, " no runbook applies to what is seen"))
	}
	for i := top; i < min(top+height, len(found)); i++ {
		out = append(out, c.findingLine(t, found[i], i == at, width))
	}
	return out
}

func (c *cluster) findingLine(t *Theme, f findings.Finding, here bool, width int) string {
	glyph, tone, when := standing(f, c.now)
	text := said(f.Because, f.Book.Title)
	if f.Blind != "" {
		text = "cannot be seen now: " + text
	}
	right := "  " + f.Book.ID + "  " + fit(when, 12)
	if width < 100 {
		right = "  " + fit(when, 10)
	}
	line := ends(" "+glyph+" "+number(f.Book.Severity)+"  "+clipped(text, width-5-ansi.StringWidth(right)-1), right+" ", width)
	if here {
		return t.Selected.Render(line)
	}
	return t.paint(tone, line)
}

// clipped is a text of one line, with an ellipsis where it has no room.
func clipped(s string, width int) string { return ansi.Truncate(s, max(width, 1), "…") }

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
