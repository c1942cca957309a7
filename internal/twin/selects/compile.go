package selects

import (
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5/pgtype"

	"recon/internal/twin/pgwire"
)

// Query is a statement that is bound to a catalog: it has types and can run.
type Query struct {
	// Params are the types of the parameters, Columns the columns of the result.
	Params  []uint32
	Columns []pgwire.Column

	distinct      bool
	outputs       []expr
	from          []bound
	where, having *expr
	groups        []expr
	order         []sortKey
	limit, offset *expr
	aggregates    []aggregate
	grouped       bool
}

// expr is a compiled expression. name is what the server calls its column; a weak name yields to that of a cast around it.
type expr struct {
	oid  uint32
	name string
	eval func(*env) (any, error)
	weak bool
}

// env is what an expression sees: the present row of each source, the results of aggregates, and the rows of the query
// that this one stands in.
type env struct {
	row        []any
	aggregates []any
	work       *work
	outer      *env
}

// work is what one run of a whole statement shares: the parameters, and how many more rows it may look at.
type work struct {
	params []any
	left   int
}

// bound is a source with its columns' places in the row.
type bound struct {
	alias string
	view  View
	sub   *Query
	first int
	left  bool
	on    *expr
	// hidden are columns that USING has merged into those of an earlier source.
	hidden map[string]bool
}

func (b bound) columns() []pgwire.Column {
	if b.sub != nil {
		return b.sub.Columns
	}
	return b.view.Columns
}

type sortKey struct {
	by               expr
	output           int // -1, or the column of the result
	desc, nullsFirst bool
}

// Compile binds the statement to a catalog.
func (s *Select) Compile(c Catalog) (*Query, error) {
	params := &[]uint32{}
	q, err := compile(s, c, params, nil)
	if err != nil {
		return nil, err
	}
	for i, oid := range *params {
		if oid == 0 {
			return nil, &pgwire.Error{Code: "42P18", Message: fmt.Sprintf("could not determine data type of parameter $%d", i+1)}
		}
	}
	q.Params = *params
	return q, nil
}

// compiler compiles one query. within says that aggregates may stand here.
type compiler struct {
	catalog Catalog
	params  *[]uint32
	query   *Query
	outer   *compiler
	within  bool
	width   int
}

func compile(s *Select, c Catalog, params *[]uint32, outer *compiler) (*Query, error) {
	k := &compiler{catalog: c, params: params, query: &Query{distinct: s.distinct}, outer: outer}
	if err := k.sources(s.from); err != nil {
		return nil, err
	}
	q := k.query
	var err error
	if q.where, err = k.optional(s.where); err != nil {
		return nil, err
	}
	k.within = true
	if err := k.outputs(s.items); err != nil {
		return nil, err
	}
	if q.having, err = k.optional(s.having); err != nil {
		return nil, err
	}
	if q.order, err = k.orderings(s.order, true); err != nil {
		return nil, err
	}
	k.within = false
	for _, g := range s.groups {
		e, err := k.grouping(g, s.items)
		if err != nil {
			return nil, err
		}
		q.groups = append(q.groups, e)
	}
	q.grouped = len(q.groups) > 0 || len(q.aggregates) > 0 || q.having != nil
	rowless := &compiler{catalog: c, params: params, query: &Query{}, outer: outer}
	if q.limit, err = rowless.optional(s.limit); err != nil {
		return nil, err
	}
	q.offset, err = rowless.optional(s.offset)
	return q, err
}

func (k *compiler) optional(n node) (*expr, error) {
	if n == nil {
		return nil, nil
	}
	e, err := k.expr(n)
	return &e, err
}

func (k *compiler) sources(from []source) error {
	for _, s := range from {
		b := bound{alias: s.alias, first: k.width, left: s.left, hidden: map[string]bool{}}
		if s.sub != nil {
			sub, err := compile(s.sub, k.catalog, k.params, k.outer)
			if err != nil {
				return err
			}
			b.sub = sub
		} else {
			view, ok := k.catalog.View(s.view)
			if !ok {
				return &pgwire.Error{Code: "42P01", Message: fmt.Sprintf("relation %q does not exist", s.view)}
			}
			b.view = view
			if s.column != "" && len(view.Columns) == 1 {
				b.view.Columns = []pgwire.Column{{Name: s.column, OID: view.Columns[0].OID}}
			}
		}
		k.width += len(b.columns())
		on := s.on
		for _, name := range s.using {
			earlier, err := k.find("", name)
			if err != nil {
				return err
			}
			match := binary{"=", place(earlier), column{s.alias, name}}
			if on == nil {
				on = match
			} else {
				on = binary{"and", on, match}
			}
		}
		k.query.from = append(k.query.from, b)
		at := len(k.query.from) - 1
		cond, err := k.optional(on)
		if err != nil {
			return err
		}
		k.query.from[at].on = cond
		for _, name := range s.using {
			k.query.from[at].hidden[name] = true
		}
	}
	return nil
}

// place is a column that is already found.
type place expr

// find looks a column up in this query alone.
func (k *compiler) find(table, name string) (expr, error) {
	var found []expr
	for _, b := range k.query.from {
		if table != "" && b.alias != table {
			continue
		}
		for i, c := range b.columns() {
			if c.Name == name && (table != "" || !b.hidden[name]) {
				at := b.first + i
				found = append(found, expr{oid: c.OID, name: name, eval: func(e *env) (any, error) { return e.row[at], nil }})
			}
		}
	}
	full := name
	if table != "" {
		full = table + "." + name
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return expr{}, &pgwire.Error{Code: "42703", Message: fmt.Sprintf("column %q does not exist", full)}
	}
	return expr{}, &pgwire.Error{Code: "42702", Message: fmt.Sprintf("column reference %q is ambiguous", full)}
}

// lookup finds a column here or in the queries around.
func (k *compiler) lookup(c column) (expr, error) {
	e, err := k.find(c.table, c.name)
	if err == nil || k.outer == nil {
		return e, err
	}
	out, outerErr := k.outer.lookup(c)
	if outerErr != nil {
		return e, err
	}
	return expr{oid: out.oid, name: out.name, eval: func(e *env) (any, error) { return out.eval(e.outer) }}, nil
}

func (k *compiler) outputs(items []item) error {
	q := k.query
	q.Columns = []pgwire.Column{}
	for _, it := range items {
		if all, ok := it.node.(star); ok {
			if err := k.all(all.table); err != nil {
				return err
			}
			continue
		}
		e, err := k.expr(it.node)
		if err != nil {
			return err
		}
		name := it.as
		if name == "" {
			name = e.name
		}
		if name == "" {
			name = "?column?"
		}
		if e.oid == pgtype.UnknownOID {
			e.oid = pgtype.TextOID
		}
		q.outputs = append(q.outputs, e)
		q.Columns = append(q.Columns, pgwire.Column{Name: name, OID: e.oid})
	}
	return nil
}

// all is *, or table.*.
func (k *compiler) all(table string) error {
	n := len(k.query.outputs)
	for _, b := range k.query.from {
		if table != "" && b.alias != table {
			continue
		}
		for i, c := range b.columns() {
			if table == "" && b.hidden[c.Name] {
				continue
			}
			at := b.first + i
			k.query.outputs = append(k.query.outputs, expr{oid: c.OID, name: c.Name, eval: func(e *env) (any, error) { return e.row[at], nil }})
			k.query.Columns = append(k.query.Columns, c)
		}
	}
	if n == len(k.query.outputs) {
		return &pgwire.Error{Code: "42601", Message: "SELECT * with no tables specified is not valid"}
	}
	return nil
}

// grouping is one expression of GROUP BY, which may be the number or the name of a column of the result.
func (k *compiler) grouping(g node, items []item) (expr, error) {
	if l, ok := g.(literal); ok {
		if n, ok := l.value.(int64); ok {
			if n < 1 || int(n) > len(items) {
				return expr{}, notInList("GROUP BY", n)
			}
			return k.expr(items[n-1].node)
		}
	}
	if c, ok := g.(column); ok && c.table == "" {
		if _, err := k.find("", c.name); err != nil {
			for _, it := range items {
				if it.as == c.name {
					return k.expr(it.node)
				}
			}
		}
	}
	return k.expr(g)
}

func notInList(clause string, n int64) error {
	return &pgwire.Error{Code: "42P10", Message: fmt.Sprintf("%s position %d is not in select list", clause, n)}
}

// orderings compiles sort keys; those of a whole query may name columns of the result.
func (k *compiler) orderings(list []ordering, results bool) ([]sortKey, error) {
	var out []sortKey
	for _, o := range list {
		key := sortKey{output: -1, desc: o.desc, nullsFirst: o.nullsFirst}
		if results {
			if l, ok := o.by.(literal); ok {
				if n, ok := l.value.(int64); ok {
					if n < 1 || int(n) > len(k.query.Columns) {
						return nil, notInList("ORDER BY", n)
					}
					key.output = int(n) - 1
				}
			}
			if c, ok := o.by.(column); ok && c.table == "" {
				for i, col := range k.query.Columns {
					if col.Name == c.name {
						key.output = i
						break
					}
				}
			}
		}
		if key.output < 0 {
			e, err := k.expr(o.by)
			if err != nil {
				return nil, err
			}
			key.by = e
		}
		out = append(out, key)
	}
	return out, nil
}

// param notes a parameter and its type.
func (k *compiler) param(n int, oid uint32) expr {
	for len(*k.params) < n {
		*k.params = append(*k.params, 0)
	}
	types := *k.params
	if types[n-1] == 0 {
		types[n-1] = oid
	}
	return expr{oid: types[n-1], eval: func(e *env) (any, error) {
		if n > len(e.work.params) {
			return nil, &pgwire.Error{Code: "42P02", Message: fmt.Sprintf("there is no parameter $%d", n)}
		}
		return e.work.params[n-1], nil
	}}
}

func lower(s string) string { return strings.ToLower(s) }
