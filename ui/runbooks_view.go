package ui

import (
	"strings"

	"github.com/charmbracelet/x/ansi"

	"recon/runbooks"
)

// beside100 is the width from which the list and the book stand beside each other.
const beside100 = 100

func (l *library) split() bool { return l.width >= beside100 }

func (l *library) listWidth() int {
	if l.split() {
		return min(l.width*2/5, 70)
	}
	return l.width
}

func (l *library) pageWidth() int {
	if l.split() {
		return min(l.width-l.listWidth()-4, 100)
	}
	return l.width - 2
}

// bodyHeight is the room that a screen surely has; the frame takes at most six lines.
func (l *library) bodyHeight() int { return max(l.height-6, 5) }

func (l *library) view(t *Theme, width, height int) []string {
	if l.failed != nil {
		out := hang(" "+t.paint(bad, glyphBad)+" ", "the runbooks cannot be read, so none can be walked:", width)
		for _, e := range strings.Split(l.failed.Error(), "\n") {
			out = append(out, hang("   ", e, width)...)
		}
		return sheet(out, width, height)
	}
	list := l.list(t, l.listWidth(), height)
	page := func(w int) []string { return l.top.view(t, l.book(t, w), w, height) }
	switch {
	case l.split():
		return sheet(beside(t.Rule.Render(" │ "), list, page(l.pageWidth())), width, height)
	case l.reading:
		return sheet(beside("", sheet(nil, 1, height), page(l.pageWidth())), width, height)
	}
	return list
}

func (l *library) list(t *Theme, width, height int) []string {
	var out []string
	at, section := 0, ""
	for i, it := range l.items() {
		if it.section != section {
			if section != "" {
				out = append(out, "")
			}
			section = it.section
			out = append(out, " "+t.Strong.Render(section))
		}
		lines := l.itemLines(t, it, i == l.cursor, width)
		if i == l.cursor {
			at = len(out) + len(lines) - 1
		}
		out = append(out, lines...)
	}
	if l.library == nil {
		out = append(out, t.paint(dim, " the runbooks are being read"))
	} else if len(out) == 0 {
		out = append(out, t.paint(dim, " no book passes the filter"))
	}
	head := l.filterLine(t, width)
	var s scroll
	s.to(min(at+1, len(out)-1), height-len(head))
	return append(head, s.view(t, out, width, height-len(head))...)
}

func (l *library) filterLine(t *Theme, width int) []string {
	switch {
	case l.typing:
		return []string{" / " + l.filter.view(t, width-4), ""}
	case l.filter.value() != "":
		return []string{fit(" / "+l.filter.value()+t.paint(dim, "   esc shows all"), width), ""}
	}
	return nil
}

func (l *library) itemLines(t *Theme, it item, here bool, width int) []string {
	lead := "  "
	if here {
		lead = glyphHere + " "
	}
	mark := func(s string) string {
		if here && !l.reading {
			return t.Selected.Render(fit(s, width-2))
		}
		return fit(s, width-2)
	}
	switch {
	case it.open != nil:
		text := it.open.Book + "  " + it.open.Operator + "  " + it.open.Started.UTC().Format("2006-01-02 15:04Z")
		if n := len(it.open.Open) + len(it.open.Unknown); n > 0 {
			text = glyphUnknown + " " + text + "  outcome unknown"
		}
		return []string{lead + mark(text)}
	case it.finding != nil:
		glyph, tone := severe(it.book.Severity)
		first := lead + mark(t.paint(tone, glyph)+" "+number(it.book.Severity)+" "+it.book.Title)
		if here && !l.reading {
			first = lead + mark(glyph+" "+number(it.book.Severity)+" "+it.book.Title)
		}
		var out []string
		for _, w := range wrap(it.finding.Because, width-8) {
			out = append(out, "      "+t.paint(dim, w))
		}
		return append([]string{first}, out...)
	}
	return []string{lead + mark(bookLine(it.book, width-2))}
}

// bookLine is a book's severity and title, and its systems where there is room.
func bookLine(b *runbooks.Runbook, width int) string {
	glyph, _ := severe(b.Severity)
	left := glyph + " " + number(b.Severity) + " " + b.Title
	right := strings.Join(b.Systems, " ")
	if room := width - ansi.StringWidth(left) - 2; room >= 8 {
		return ends(left, ansi.Truncate(right, room, "…"), width)
	}
	return left
}

// book is the text of the right pane.
func (l *library) book(t *Theme, width int) []string {
	it := l.selected()
	if it == nil {
		return nil
	}
	if it.open != nil {
		return append(wrap(t.Strong.Render(it.open.Title), width), "", it.open.Path, t.paint(dim, plural(it.open.Records, "record")+", head "+head(it.open.Head)))
	}
	b := it.book
	out := []string{fit(t.paint(dim, b.ID+"  "+string(b.Kind)+"  sha256 "+head(b.Hash)+"  "+string(b.Origin)), width)}
	if b.When != nil {
		out = append(out, hang(t.paint(dim, "when  "), b.When.Text, width)...)
	}
	if len(b.Scenarios) > 0 {
		out = append(out, t.paint(dim, "scenarios  ")+strings.Join(b.Scenarios, " "))
	}
	out = append(out, "")
	page := l.pages.lines(b.Hash, width)
	if page == nil {
		return append(out, t.paint(dim, "…"))
	}
	return append(out, page...)
}
