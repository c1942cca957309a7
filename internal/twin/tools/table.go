package tools

import (
	"strings"
	"unicode/utf8"
)

// widestCell is how wide a cell of etcdctl's table is before it is broken into lines.
const widestCell = 30

// gridTable is the table of etcdctl: headers in the middle, everything else to the right.
func gridTable(header []string, rows [][]string) string {
	width := make([]int, len(header))
	split := make([][][]string, len(rows))
	for i, h := range header {
		width[i] = utf8.RuneCountInString(h)
	}
	for r, row := range rows {
		split[r] = make([][]string, len(row))
		for i, cell := range row {
			split[r][i] = wrapped(cell, widestCell)
			for _, l := range split[r][i] {
				width[i] = max(width[i], utf8.RuneCountInString(l))
			}
			if len(split[r][i]) > 1 {
				width[i] = max(width[i], widestCell)
			}
		}
	}
	var b strings.Builder
	rule := func() {
		for _, w := range width {
			b.WriteString("+" + strings.Repeat("-", w+2))
		}
		b.WriteString("+\n")
	}
	rule()
	for i, h := range header {
		free := width[i] - utf8.RuneCountInString(h)
		b.WriteString("| " + strings.Repeat(" ", free/2) + h + strings.Repeat(" ", free-free/2) + " ")
	}
	b.WriteString("|\n")
	rule()
	for _, row := range split {
		high := 1
		for _, cell := range row {
			high = max(high, len(cell))
		}
		for line := range high {
			for i, cell := range row {
				text := ""
				if line < len(cell) {
					text = cell[line]
				}
				b.WriteString("| " + strings.Repeat(" ", width[i]-utf8.RuneCountInString(text)) + text + " ")
			}
			b.WriteString("|\n")
		}
	}
	rule()
	return b.String()
}

// wrapped breaks a cell of several words into lines, as that table does with wide cells.
func wrapped(cell string, most int) []string {
	if len(cell) <= most || !strings.Contains(cell, " ") {
		return []string{cell}
	}
	var out []string
	line := ""
	for w := range strings.SplitSeq(cell, " ") {
		if line != "" && len(line)+1+len(w) > most {
			out = append(out, line)
			line = ""
		}
		if line != "" {
			line += " "
		}
		line += w
	}
	return append(out, line)
}

// prettyTable is the table of patronictl: a title in its first rule, rules between rows when one has several lines.
func prettyTable(title string, header []string, rows [][]string, right map[string]bool) string {
	width := make([]int, len(header))
	ruled := false
	for i, h := range header {
		width[i] = utf8.RuneCountInString(h)
	}
	for _, row := range rows {
		for i, cell := range row {
			for l := range strings.SplitSeq(cell, "\n") {
				width[i] = max(width[i], utf8.RuneCountInString(l))
			}
			ruled = ruled || strings.Contains(cell, "\n")
		}
	}
	var b strings.Builder
	line := func(cells []string) {
		for i, cell := range cells {
			free := strings.Repeat(" ", width[i]-utf8.RuneCountInString(cell))
			if right[header[i]] {
				cell = free + cell
			} else {
				cell += free
			}
			b.WriteString("| " + cell + " ")
		}
		b.WriteString("|\n")
	}
	rule := ""
	for _, w := range width {
		rule += "+" + strings.Repeat("-", w+2)
	}
	rule += "+\n"
	first := rule
	if n := utf8.RuneCountInString(title); n > 0 {
		if rest := []rune(strings.TrimSuffix(rule, "\n")); n+1 < len(rest) {
			first = "+" + title + string(rest[n+1:]) + "\n"
		} else {
			first = "+" + title + "\n"
		}
	}
	b.WriteString(first)
	line(header)
	b.WriteString(rule)
	for r, row := range rows {
		if ruled && r > 0 {
			b.WriteString(rule)
		}
		high := 1
		for _, cell := range row {
			high = max(high, strings.Count(cell, "\n")+1)
		}
		for n := range high {
			cells := make([]string, len(row))
			for i, cell := range row {
				if parts := strings.Split(cell, "\n"); n < len(parts) {
					cells[i] = parts[n]
				}
			}
			line(cells)
		}
	}
	b.WriteString(rule)
	return b.String()
}
