package markdown

import (
	"regexp"
	"strconv"
	"strings"

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"
	"github.com/yuin/goldmark/ast"
	east "github.com/yuin/goldmark/extension/ast"
)

func (p *page) list(l *ast.List, width int) []string {
	var out []string
	number := l.Start
	for n := l.FirstChild(); n != nil; n = n.NextSibling() {
		lead := "- "
		if l.IsOrdered() {
			lead = strconv.Itoa(number) + ". "
			number++
		}
		lines := p.blocks(n, max(width-len(lead), 10))
		if len(lines) == 0 {
			lines = []string{""}
		}
		if len(out) > 0 && !l.IsTight {
			out = append(out, "")
		}
		out = append(out, hang(lead, lines)...)
	}
	return out
}

// alert is the first line of a quote that git hosts draw as an alert.
var alert = regexp.MustCompile(`^\s*\[!(NOTE|TIP|IMPORTANT|WARNING|CAUTION)\]\s*$`)

// quote draws a quote behind a bar; an alert's word stands before its text, so that colour is not needed to see it.
func (p *page) quote(q *ast.Blockquote, width int) []string {
	word := p.alertOf(q)
	bar := p.style.Rule
	var lines []string
	if word != "" {
		bar = p.alertStyle(word)
		lines = append(lines, bar.Render(word))
		p.marker = q.FirstChild()
	}
	lines = append(lines, p.blocks(q, max(width-2, 8))...)
	for i := range lines {
		lines[i] = bar.Render("▌") + " " + lines[i]
	}
	return lines
}

func (p *page) alertOf(q *ast.Blockquote) string {
	first := q.FirstChild()
	if first == nil || first.Kind() != ast.KindParagraph || first.Lines().Len() == 0 {
		return ""
	}
	seg := first.Lines().At(0)
	m := alert.FindStringSubmatch(string(seg.Value(p.src)))
	if m == nil {
		return ""
	}
	return m[1]
}

func (p *page) alertStyle(word string) lipgloss.Style {
	switch word {
	case "CAUTION":
		return p.style.Caution
	case "WARNING":
		return p.style.Warning
	}
	return p.style.Note
}

// table draws columns as wide as their widest cell where there is room, else each cell wraps in its share.
func (p *page) table(t *east.Table, width int) []string {
	var rows [][]string
	for n := t.FirstChild(); n != nil; n = n.NextSibling() {
		var row []string
		for c := n.FirstChild(); c != nil; c = c.NextSibling() {
			s := p.inline(c)
			if n.Kind() == east.KindTableHeader {
				s = p.style.Strong.Render(ansi.Strip(s))
			}
			row = append(row, s)
		}
		rows = append(rows, row)
	}
	widths := columns(rows, width)
	var out []string
	for i, row := range rows {
		out = append(out, tableRow(row, widths)...)
		if i == 0 {
			var rule []string
			for _, w := range widths {
				rule = append(rule, strings.Repeat("─", w))
			}
			out = append(out, p.style.Rule.Render(strings.Join(rule, "  ")))
		}
	}
	return out
}

// columns shares the width: a column that needs no more than an equal part gets what it needs, the others share the rest.
func columns(rows [][]string, width int) []int {
	var need []int
	for _, row := range rows {
		for i, cell := range row {
			if i == len(need) {
				need = append(need, 1)
			}
			need[i] = max(need[i], ansi.StringWidth(cell))
		}
	}
	room := width - 2*(len(need)-1)
	got := make([]int, len(need))
	for open := len(need); open > 0; {
		part, settled := max(room/open, 4), false
		for i, n := range need {
			if got[i] == 0 && n <= part {
				got[i], room, open, settled = n, room-n, open-1, true
			}
		}
		if !settled {
			for i := range need {
				if got[i] == 0 {
					got[i] = part
				}
			}
			break
		}
	}
	return got
}

func tableRow(cells []string, widths []int) []string {
	wrapped := make([][]string, len(widths))
	height := 1
	for i, w := range widths {
		cell := ""
		if i < len(cells) {
			cell = cells[i]
		}
		wrapped[i] = Wrap(cell, w)
		height = max(height, len(wrapped[i]))
	}
	var out []string
	for k := range height {
		var parts []string
		for i, w := range widths {
			s := ""
			if k < len(wrapped[i]) {
				s = wrapped[i][k]
			}
			parts = append(parts, s+strings.Repeat(" ", max(w-ansi.StringWidth(s), 0)))
		}
		out = append(out, strings.TrimRight(strings.Join(parts, "  "), " "))
	}
	return out
}
