package psql

import "strings"

// unaligned has a line for each row, and nothing beside the values.
func unaligned(b *strings.Builder, t Table, o Options) {
	records := []string{}
	if !o.TuplesOnly {
		names := make([]string, len(t.Columns))
		for i, c := range t.Columns {
			names[i] = c.Name
		}
		records = append(records, strings.Join(names, o.separator()))
	}
	for _, row := range t.Rows {
		if len(t.Columns) == 0 {
			break
		}
		cells := make([]string, len(row))
		for i, v := range row {
			cells[i] = o.cell(v)
		}
		records = append(records, strings.Join(cells, o.separator()))
	}
	if !o.TuplesOnly && !o.NoFooter {
		var f strings.Builder
		footer(&f, t)
		records = append(records, f.String())
	}
	b.WriteString(strings.Join(records, o.recordSeparator()))
	if len(records) > 0 {
		b.WriteByte('\n')
	}
}

// unalignedExpanded has a line for each value, and an empty one between two rows.
func unalignedExpanded(b *strings.Builder, t Table, o Options) {
	records := []string{}
	for r, row := range t.Rows {
		if r > 0 {
			records = append(records, "")
		}
		for i, v := range row {
			records = append(records, t.Columns[i].Name+o.separator()+o.cell(v))
		}
	}
	if len(t.Rows) == 0 && !o.TuplesOnly && !o.NoFooter {
		records = append(records, "(0 rows)")
	}
	b.WriteString(strings.Join(records, o.recordSeparator()))
	if len(records) > 0 {
		b.WriteByte('\n')
	}
}

// expanded has a line for each value, with the column's name before it.
func expanded(b *strings.Builder, t Table, o Options) {
	if len(t.Rows) == 0 || len(t.Columns) == 0 {
		if !o.TuplesOnly && !o.NoFooter {
			footer(b, t)
			b.WriteByte('\n')
		}
		b.WriteByte('\n')
		return
	}
	names, values := 0, 0
	heads := make([][]string, len(t.Columns))
	for i, c := range t.Columns {
		heads[i] = lines(c.Name)
		names = max(names, widest(heads[i]))
	}
	for _, row := range t.Rows {
		for _, v := range row {
			values = max(values, widest(lines(o.cell(v))))
		}
	}
	for r, row := range t.Rows {
		switch {
		case !o.TuplesOnly:
			record(b, r+1, names, values)
		case r > 0:
			b.WriteString(strings.Repeat("-", names+1) + "+" + strings.Repeat("-", values+1) + "\n")
		}
		for i, v := range row {
			field(b, heads[i], lines(o.cell(v)), names, values)
		}
	}
	b.WriteByte('\n')
}

// record is the line above a row.
func record(b *strings.Builder, n, names, values int) {
	head := "-[ RECORD " + itoa(n) + " ]"
	b.WriteString(head)
	// The plus stands below the bars, unless the heading reaches so far.
	at := width(head)
	if at > names+1 {
		b.WriteString(strings.Repeat("-", max(names+3+values-at, 0)))
	} else {
		b.WriteString(strings.Repeat("-", names+1-at) + "+" + strings.Repeat("-", values+1))
	}
	b.WriteByte('\n')
}

// field is one value. What a name or a value continues with stands on the next line, after a plus.
func field(b *strings.Builder, head, value []string, names, values int) {
	for n := range max(len(head), len(value)) {
		name, text, mark := "", "", " "
		if n < len(head) {
			name = head[n]
		}
		if n < len(head)-1 {
			mark = "+"
		}
		b.WriteString(name)
		pad(b, names-width(name))
		b.WriteString(mark + "|")
		if n < len(value) {
			text = value[n]
			b.WriteString(" " + text)
		}
		if n < len(value)-1 {
			pad(b, values-width(text))
			b.WriteByte('+')
		}
		b.WriteByte('\n')
	}
}
