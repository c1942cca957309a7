package selects_test

import (
	"errors"
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgtype"

	"recon/internal/twin/pgwire"
	"recon/internal/twin/selects"
)

// shelf is a catalog of two tables, the same as testdata/tables.sql makes.
type shelf struct{}

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func (shelf) View(name string) (selects.View, bool) {
	switch name {
	case "t":
		yes, no := true, false
		return selects.View{
			Columns: []pgwire.Column{
				{Name: "id", OID: pgtype.Int4OID},
				{Name: "name", OID: pgtype.TextOID},
				{Name: "ok", OID: pgtype.BoolOID},
				{Name: "at", OID: pgtype.TimestamptzOID},
				{Name: "size", OID: pgtype.Int8OID},
				{Name: "addr", OID: pgtype.InetOID},
				{Name: "lsn", OID: pgwire.LSNOID},
				{Name: "x", OID: pgtype.Float8OID},
			},
			Rows: func() ([][]any, error) {
				return [][]any{
					{1, "one", &yes, noon, int64(100), netip.MustParseAddr("10.0.0.1"), pgwire.LSN(0x6024030), 1.5},
					{2, "two", &no, noon.Add(time.Hour), int64(250), netip.MustParseAddr("10.0.0.12"), pgwire.LSN(0x6000000), -0.25},
					{int32(3), "Three", (*bool)(nil), time.Time{}, nil, netip.Addr{}, nil, nil},
					{uint32(4), nil, true, noon.Add(-25 * time.Hour), int64(250), netip.MustParseAddr("10.0.0.2"), pgwire.LSN(0x1_0000_0028), 1e20},
				}, nil
			},
		}, true
	case "u":
		return selects.View{
			Columns: []pgwire.Column{{Name: "id", OID: pgtype.Int4OID}, {Name: "color", OID: pgtype.TextOID}},
			Rows:    func() ([][]any, error) { return [][]any{{1, "red"}, {1, "blue"}, {4, "green"}, {9, nil}}, nil },
		}, true
	}
	return selects.View{}, false
}

func (shelf) Function(name string) (selects.Function, bool) {
	if name != "now" {
		return selects.Function{}, false
	}
	return selects.Function{Result: pgtype.TimestamptzOID, Call: func([]any) (any, error) { return noon, nil }}, true
}

// answer runs a statement: its columns, then its rows, or its error's code.
func answer(sql string, params ...any) string {
	s, err := selects.Parse(sql)
	var q *selects.Query
	if err == nil {
		q, err = s.Compile(shelf{})
	}
	var rows [][]any
	if err == nil {
		rows, err = q.Run(params)
	}
	var e *pgwire.Error
	var unknown *selects.Unknown
	switch {
	case errors.As(err, &e):
		return "ERROR " + e.Code + "\n"
	case errors.As(err, &unknown):
		return "UNKNOWN " + unknown.What + "\n"
	case err != nil:
		return err.Error()
	}
	var b strings.Builder
	line := func(cells []string) { b.WriteString(strings.Join(cells, "|") + "\n") }
	var cells []string
	for _, c := range q.Columns {
		cells = append(cells, c.Name)
	}
	line(cells)
	for _, r := range rows {
		cells = nil
		for i, v := range r {
			if v == nil {
				cells = append(cells, "∅")
			} else {
				cells = append(cells, selects.Text(q.Columns[i].OID, v))
			}
		}
		line(cells)
	}
	return b.String()
}

// cases reads statements with what the real server answered; the first line says which one.
func cases(t testing.TB) (sql, want []string) {
	t.Helper()
	b, err := os.ReadFile("testdata/answers.txt")
	if err != nil {
		t.Fatal(err)
	}
	for part := range strings.SplitSeq(string(b), "\n\n") {
		text := ""
		for line := range strings.Lines(part + "\n") {
			switch statement, ok := strings.CutPrefix(line, "> "); {
			case ok:
				sql = append(sql, strings.TrimSpace(statement))
			case !strings.HasPrefix(line, "#") && line != "\n":
				text += line
			}
		}
		if strings.Contains(part, "> ") {
			want = append(want, text)
		}
	}
	return sql, want
}

func TestAnswersAsTheRealServer(t *testing.T) {
	sql, want := cases(t)
	if len(sql) < 80 || len(sql) != len(want) {
		t.Fatalf("%d statements with %d answers", len(sql), len(want))
	}
	for i := range sql {
		if got := answer(sql[i]); got != want[i] {
			t.Errorf("%s\n%sthe real server:\n%s", sql[i], got, want[i])
		}
	}
}

func TestParameters(t *testing.T) {
	for _, tc := range []struct {
		sql, want string
		params    []any
	}{
		{"SELECT name FROM t WHERE id = $1::int", "name\ntwo\n", []any{"2"}},
		{"SELECT $1::int8 >> 32, $2 || 'x'", "?column?|?column?\n1|yx\n", []any{"4294967296", "y"}},
		{"SELECT $1", "?column?\n∅\n", []any{nil}},
		{"SELECT $2", "ERROR 42P18\n", []any{"1"}},
	} {
		if got := answer(tc.sql, tc.params...); got != tc.want {
			t.Errorf("%s: %q", tc.sql, got)
		}
	}
}

func TestUnknown(t *testing.T) {
	for _, sql := range []string{
		"SELECT 1 UNION SELECT 2", "WITH x AS (SELECT 1) SELECT * FROM x", "UPDATE t SET id = 1", "SELECT rank() OVER () FROM t", "SELECT", "SELECT 1 +", "SELECT (1",
		"SELECT 1::money", "SELECT extract(dow FROM now())", "SELECT * FROM t FOR UPDATE", "SELECT a b c", "SELECT CASE END", "SELECT * FROM t NATURAL JOIN u",
		"SELECT " + strings.Repeat("(", 1000) + "1" + strings.Repeat(")", 1000), "SELECT 1; SELECT 2",
	} {
		got := answer(sql)
		if sql == "SELECT" {
			if got != "\n\n" {
				t.Errorf("nothing: %q", got)
			}
			continue
		}
		if !strings.HasPrefix(got, "UNKNOWN ") {
			t.Errorf("%s: %s", sql, got)
		}
	}
}

func FuzzSelect(f *testing.F) {
	sql, _ := cases(f)
	for _, s := range sql {
		f.Add(s)
	}
	f.Fuzz(func(_ *testing.T, sql string) { answer(sql) })
}
