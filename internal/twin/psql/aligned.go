package psql

import (
	"strconv"
	"strings"
)

func itoa(n int) string { return strconv.Itoa(n) }

func pad(b *strings.Builder, n int) { b.WriteString(strings.Repeat(" ", max(n, 0))) }

// aligned is the usual table: a heading, a rule, the rows.
func aligned(b *strings.Builder, t Table, o Options) {
	heads, widths := make([][]string, len(t.Columns)), make([]int, len(t.Columns))
	for i, c := range t.Columns {
		heads[i] = lines(c.Name)
		widths[i] = widest(heads[i])
	}
	rows := make([][][]string, len(t.Rows))
	for r, row := range t.Rows {
		for i, v := range row {
			l := lines(o.cell(v))
			rows[r] = append(rows[r], l)
			widths[i] = max(widths[i], widest(l))
		}
	}
	border := o.border()
	if !o.TuplesOnly {
		if border == 2 {
			rule(b, widths, border)
		}
		heading(b, heads, widths, border)
		rule(b, widths, border)
	}
	for _, cells := range rows {
		tall := 0
		for _, c := range cells {
			tall = max(tall, len(c))
		}
		for n := range tall {
			line(b, t, cells, widths, border, n)
		}
	}
	if border == 2 {
		rule(b, widths, border)
	}
	if !o.TuplesOnly && !o.NoFooter {
		footer(b, t)
		b.WriteByte('\n')
	}
	b.WriteByte('\n')
}

// rule is the line below the heading.
func rule(b *strings.Builder, widths []int, border int) {
	switch border {
	case 1:
		b.WriteByte('-')
	case 2:
		b.WriteString("+-")
	}
	for i, w := range widths {
		b.WriteString(strings.Repeat("-", w))
		if i == len(widths)-1 {
			break
		}
		if border == 0 {
			b.WriteByte(' ')
		} else {
			b.WriteString("-+-")
		}
	}
	switch border {
	case 1:
		b.WriteByte('-')
	case 2:
		b.WriteString("-+")
	}
	b.WriteByte('\n')
}

func heading(b *strings.Builder, heads [][]string, widths []int, border int) {
	tall := 0
	for _, h := range heads {
		tall = max(tall, len(h))
	}
	for n := range tall {
		if border == 2 {
			b.WriteByte('|')
		}
		for i, h := range heads {
			if border > 0 {
				b.WriteByte(' ')
			}
			text := ""
			if n < len(h) {
				text = h[n]
			}
			space := widths[i] - width(text)
			pad(b, space/2)
			b.WriteString(text)
			pad(b, (space+1)/2)
			if n < len(h)-1 {
				b.WriteByte('+')
			} else {
				b.WriteByte(' ')
			}
			if border > 0 && i < len(heads)-1 {
				b.WriteByte('|')
			}
		}
		if border == 2 {
			b.WriteByte('|')
		}
		b.WriteByte('\n')
	}
}

// line is the n-th line of a row. What a value continues with stands on the next one, after a plus.
func line(b *strings.Builder, t Table, cells [][]string, widths []int, border, n int) {
	if border == 2 {
		b.WriteByte('|')
	}
	for i, c := range cells {
		if border > 0 {
			b.WriteByte(' ')
		}
		text, more, last := "", n < len(c)-1, i == len(cells)-1
		if n < len(c) {
			text = c[n]
		}
		space := widths[i] - width(text)
		if right(t.Columns[i].OID) {
			pad(b, space)
			b.WriteString(text)
		} else {
			b.WriteString(text)
			if !last || more || border == 2 {
				pad(b, space)
			}
		}
		switch {
		case more:
			b.WriteByte('+')
		case !last || border == 2:
			b.WriteByte(' ')
		}
		if !last && border > 0 {
			b.WriteByte('|')
		}
	}
	if border == 2 {
		b.WriteByte('|')
	}
	b.WriteByte('\n')
}
