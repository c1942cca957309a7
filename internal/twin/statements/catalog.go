package statements

import (
	"fmt"
	"strings"
	"sync"

	"github.com/jackc/pgx/v5/pgtype"

	"recon/internal/twin/pgwire"
	"recon/internal/twin/selects"
)

// view is a statistics view, or a function in FROM.
type view struct {
	name, about string
	// columns are such as "pid int4, usename name".
	columns string
	rows    func(q *query) ([][]any, error)
	// read is columns, once they are read.
	read []column
}

// column is a column of a view, and the first server_version_num that has it.
type column struct {
	pgwire.Column
	since int
}

// views are all of them by name, with their columns.
var views = sync.OnceValue(func() map[string]view {
	out := map[string]view{}
	for _, part := range [][]view{replicationViews(), activityViews(), configurationViews(), storageViews()} {
		for _, v := range part {
			v.read = columnsOf(v.columns)
			out[v.name] = v
		}
	}
	return out
})

// functionTable are the functions by name; each is bound to a query when it is called.
var functionTable = sync.OnceValue(func() map[string]function {
	out := map[string]function{}
	for _, part := range [][]function{stateFunctions(), sessionFunctions(), orderFunctions()} {
		for _, f := range part {
			f.signature = signatureOf(f)
			out[f.name] = f
		}
	}
	return out
})

// function is a function of the server; arguments and result are types as in columns, optional arguments in brackets.
type function struct {
	name, about, args, result string
	nulls                     bool
	call                      func(q *query, args []any) (any, error)
	// signature is args and result, once they are read; it has no Call.
	signature selects.Function
}

func (q *query) compile(t *text) (*selects.Query, error) {
	if t.wrong != nil {
		return nil, t.wrong
	}
	return t.selection.Compile(q)
}

// View is part of selects.Catalog.
func (q *query) View(name string) (selects.View, bool) {
	if name == "recon_canary" {
		if _, err := q.canary(); err != nil {
			return selects.View{}, false
		}
	}
	v, ok := views()[name]
	if !ok {
		return selects.View{}, false
	}
	columns := make([]pgwire.Column, 0, len(v.read))
	for _, c := range v.read {
		if q.Version >= c.since {
			columns = append(columns, c.Column)
		}
	}
	return selects.View{Columns: columns, Rows: func() ([][]any, error) { return v.rows(q) }}, true
}

// Function is part of selects.Catalog.
func (q *query) Function(name string) (selects.Function, bool) {
	f, ok := functionTable()[name]
	if !ok {
		return selects.Function{}, false
	}
	out := f.signature
	out.Call = func(args []any) (any, error) { return f.call(q, args) }
	return out, true
}

func signatureOf(f function) selects.Function {
	out := selects.Function{Result: typeOID(f.result), Nulls: f.nulls}
	required, optional, _ := strings.Cut(f.args, "[")
	for _, t := range strings.Fields(required) {
		out.Args = append(out.Args, typeOID(t))
	}
	out.Least = len(out.Args)
	for _, t := range strings.Fields(strings.TrimSuffix(optional, "]")) {
		out.Args = append(out.Args, typeOID(t))
	}
	return out
}

// columnsOf reads "pid int4, inactive_since timestamptz 17"; a number is the first version that has the column.
func columnsOf(spec string) []column {
	var out []column
	for part := range strings.SplitSeq(spec, ",") {
		f := strings.Fields(part)
		c := column{Column: pgwire.Column{Name: f[0], OID: typeOID(f[1])}}
		if len(f) == 3 {
			c.since = sinceVersion(f[2])
		}
		out = append(out, c)
	}
	return out
}

func sinceVersion(major string) int {
	var n int
	_, _ = fmt.Sscan(major, &n) // a constant of this package
	return n * 10000
}

// typeOID is the number of a type; those of this package's tables are all known.
func typeOID(name string) uint32 {
	oid, ok := map[string]uint32{
		"bool": pgtype.BoolOID, "int2": pgtype.Int2OID, "int4": pgtype.Int4OID, "int8": pgtype.Int8OID, "float8": pgtype.Float8OID,
		"numeric": pgtype.NumericOID, "text": pgtype.TextOID, "name": pgtype.NameOID, "char": pgtype.QCharOID, "oid": pgtype.OIDOID, "xid": pgtype.XIDOID,
		"timestamptz": pgtype.TimestamptzOID, "interval": pgtype.IntervalOID, "inet": pgtype.InetOID, "pg_lsn": pgwire.LSNOID,
		"text[]": pgtype.TextArrayOID, "name[]": pgtype.NameArrayOID, "any": pgtype.UnknownOID, "void": voidOID,
	}[name]
	if !ok {
		panic("statements: no such type: " + name)
	}
	return oid
}

// voidOID is the number of the type void, which functions have that return nothing; it is an empty text.
const voidOID = 2278

// null is a text, or NULL when it is empty.
func null(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// unless is a number, or NULL when it is 0.
func unless[T int | int32 | uint32 | pgwire.LSN](n T) any {
	if n == 0 {
		return nil
	}
	return n
}
