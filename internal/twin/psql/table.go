// Package psql is PostgreSQL's command-line client on the hosts of the training cluster: it prints results byte for byte as
// psql 15 to 17 do, and understands the options that runbooks and people give.
//
// Print writes one result. Command.Run is the whole program: options, environment, connection, statements from -c, -f and
// standard input, and the exit status.
package psql

import (
	"io"
	"strings"

	"github.com/charmbracelet/x/ansi"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"

	"recon/internal/twin/pgwire"
)

// Table is a result as it is printed. A nil cell is NULL.
type Table struct {
	Columns []pgwire.Column
	Rows    [][]*string
}

// Options are how it is printed; the zero value is an aligned table.
type Options struct {
	// Unaligned is -A, TuplesOnly -t, Expanded -x.
	Unaligned, TuplesOnly, Expanded bool
	// Separator is -F, RecordSeparator -R; empty stands for | and a new line.
	Separator, RecordSeparator string
	// Null is what NULL is printed as, NoFooter leaves out the number of rows, Border is 0, 1 or 2, where nil stands for 1.
	Null     string
	NoFooter bool
	Border   *int
}

// OfResult makes a table of what a backend gave.
func OfResult(r pgwire.Result) (Table, error) {
	t := Table{Columns: r.Columns}
	for _, row := range r.Rows {
		cells := make([]*string, len(row))
		for i, v := range row {
			if v == nil {
				continue
			}
			text, err := pgwire.Text(r.Columns[i].OID, v)
			if err != nil {
				return t, err
			}
			cells[i] = &text
		}
		t.Rows = append(t.Rows, cells)
	}
	return t, nil
}

// ofWire makes a table of what a client got.
func ofWire(r *pgconn.Result) Table {
	t := Table{}
	for _, f := range r.FieldDescriptions {
		t.Columns = append(t.Columns, pgwire.Column{Name: f.Name, OID: f.DataTypeOID})
	}
	for _, row := range r.Rows {
		cells := make([]*string, len(row))
		for i, v := range row {
			if v != nil {
				text := string(v)
				cells[i] = &text
			}
		}
		t.Rows = append(t.Rows, cells)
	}
	return t
}

// Print writes a table.
func Print(w io.Writer, t Table, o Options) error {
	var b strings.Builder
	switch {
	case o.Unaligned && o.Expanded:
		unalignedExpanded(&b, t, o)
	case o.Unaligned:
		unaligned(&b, t, o)
	case o.Expanded:
		expanded(&b, t, o)
	default:
		aligned(&b, t, o)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (o Options) separator() string {
	if o.Separator == "" {
		return "|"
	}
	return o.Separator
}

func (o Options) recordSeparator() string {
	if o.RecordSeparator == "" {
		return "\n"
	}
	return o.RecordSeparator
}

func (o Options) border() int {
	if o.Border == nil {
		return 1
	}
	return *o.Border
}

// cell is a value as text.
func (o Options) cell(v *string) string {
	if v == nil {
		return o.Null
	}
	return *v
}

// right says whether columns of a type stand at the right.
func right(oid uint32) bool {
	switch oid {
	case pgtype.Int2OID, pgtype.Int4OID, pgtype.Int8OID, pgtype.Float4OID, pgtype.Float8OID, pgtype.NumericOID, pgtype.OIDOID, pgtype.XIDOID, pgtype.XID8OID, pgtype.CIDOID:
		return true
	}
	return false
}

func width(s string) int { return ansi.StringWidth(s) }

// lines are the lines of a value, with control characters as psql shows them.
func lines(s string) []string {
	var out []string
	for _, l := range strings.Split(s, "\n") {
		var b strings.Builder
		at := 0
		for _, r := range l {
			switch {
			case r == '\t':
				n := 8 - at%8
				b.WriteString(strings.Repeat(" ", n))
				at += n
			case r == '\r':
				b.WriteString(`\r`)
				at += 2
			case r < ' ' || r == 0x7f:
				const hex = "0123456789ABCDEF"
				b.WriteString(`\x` + string(hex[r>>4]) + string(hex[r&15]))
				at += 4
			default:
				b.WriteRune(r)
				at += width(string(r))
			}
		}
		out = append(out, b.String())
	}
	return out
}

func widest(list []string) int {
	n := 0
	for _, l := range list {
		n = max(n, width(l))
	}
	return n
}

// footer is the number of rows.
func footer(b *strings.Builder, t Table) {
	switch n := len(t.Rows); n {
	case 1:
		b.WriteString("(1 row)")
	default:
		b.WriteString("(" + itoa(n) + " rows)")
	}
}
