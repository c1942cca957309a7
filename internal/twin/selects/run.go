package selects

import (
	"slices"

	"recon/internal/twin/pgwire"
)

// mostRows is how many rows a statement may look at, those of subselects included.
const mostRows = 1_000_000

// Run gives the rows. Parameters are normalized values, as Function.Call gets them.
func (q *Query) Run(params []any) ([][]any, error) {
	values := make([]any, len(params))
	for i, p := range params {
		v := normal(p)
		if s, ok := v.(string); ok && i < len(q.Params) {
			var err error
			if v, err = convert(q.Params[i], q.Params[i], s); err != nil {
				return nil, err
			}
		}
		values[i] = v
	}
	rows, err := q.run(&work{params: values, left: mostRows}, nil)
	if err != nil {
		return nil, err
	}
	for _, r := range rows {
		for i, v := range r {
			if j, ok := v.(JSON); ok {
				r[i] = string(j)
			}
		}
	}
	return rows, nil
}

func (q *Query) run(w *work, outer *env) ([][]any, error) {
	rows, err := q.joined(w, outer)
	if err != nil {
		return nil, err
	}
	if q.where != nil {
		if rows, err = kept(rows, *q.where); err != nil {
			return nil, err
		}
	}
	if q.grouped {
		if rows, err = q.group(rows, w, outer); err != nil {
			return nil, err
		}
		if q.having != nil {
			if rows, err = kept(rows, *q.having); err != nil {
				return nil, err
			}
		}
	}
	out := make([]sortable, 0, len(rows))
	seen := map[string]bool{}
	for _, r := range rows {
		result := make([]any, len(q.outputs))
		key := ""
		for i, o := range q.outputs {
			if result[i], err = o.eval(r); err != nil {
				return nil, err
			}
			key += keyOf(o.oid, result[i])
		}
		if q.distinct && seen[key] {
			continue
		}
		seen[key] = true
		out = append(out, sortable{env: r, result: result})
	}
	if err := sortRows(out, q.order); err != nil {
		return nil, err
	}
	if out, err = q.limited(out, w, outer); err != nil {
		return nil, err
	}
	results := make([][]any, len(out))
	for i, r := range out {
		results[i] = r.result
	}
	return results, nil
}

// keyOf tells values apart.
func keyOf(oid uint32, v any) string {
	if v == nil {
		return "\x00N\x01"
	}
	return "\x00" + Text(oid, v) + "\x01"
}

func kept(rows []*env, cond expr) ([]*env, error) {
	var out []*env
	for _, r := range rows {
		v, err := cond.eval(r)
		switch {
		case err != nil:
			return nil, err
		case v == true:
			out = append(out, r)
		case v != nil && v != false:
			return nil, notBoolean("WHERE", v)
		}
	}
	return out, nil
}

// joined are all combinations of the sources' rows that their conditions leave.
func (q *Query) joined(w *work, outer *env) ([]*env, error) {
	rows := []*env{{work: w, outer: outer}}
	for _, b := range q.from {
		var of [][]any
		var err error
		if b.sub != nil {
			of, err = b.sub.run(w, outer)
		} else if of, err = b.view.Rows(); err == nil {
			of = normalized(of)
		}
		if err != nil {
			return nil, err
		}
		var next []*env
		for _, left := range rows {
			matched := false
			for _, right := range of {
				if w.left--; w.left < 0 {
					return nil, &pgwire.Error{Code: "54000", Message: "the statement looks at too many rows for the training cluster"}
				}
				e := &env{row: slices.Concat(left.row, right), work: w, outer: outer}
				if b.on != nil {
					v, err := b.on.eval(e)
					if err != nil {
						return nil, err
					}
					if v != true {
						continue
					}
				}
				matched = true
				next = append(next, e)
			}
			if b.left && !matched {
				next = append(next, &env{row: slices.Concat(left.row, make([]any, len(b.columns()))), work: w, outer: outer})
			}
		}
		rows = next
	}
	return rows, nil
}

func normalized(rows [][]any) [][]any {
	out := make([][]any, len(rows))
	for i, r := range rows {
		out[i] = make([]any, len(r))
		for j, v := range r {
			out[i][j] = normal(v)
		}
	}
	return out
}

// group makes one row of each group, with the results of the aggregates. Without GROUP BY all rows are one group.
func (q *Query) group(rows []*env, w *work, outer *env) ([]*env, error) {
	var order []string
	groups := map[string][]*env{}
	for _, r := range rows {
		key := ""
		for _, g := range q.groups {
			v, err := g.eval(r)
			if err != nil {
				return nil, err
			}
			key += keyOf(g.oid, v)
		}
		if groups[key] == nil {
			order = append(order, key)
		}
		groups[key] = append(groups[key], r)
	}
	if len(q.groups) == 0 && len(rows) == 0 {
		order = []string{""}
	}
	var out []*env
	for _, key := range order {
		members := groups[key]
		e := &env{work: w, outer: outer, row: make([]any, q.width())}
		if len(members) > 0 {
			e.row = members[0].row
		}
		for _, a := range q.aggregates {
			v, err := a.over(members)
			if err != nil {
				return nil, err
			}
			e.aggregates = append(e.aggregates, v)
		}
		out = append(out, e)
	}
	return out, nil
}

func (q *Query) width() int {
	n := 0
	for _, b := range q.from {
		n += len(b.columns())
	}
	return n
}

// sortable is a row of the result with what it was made of.
type sortable struct {
	env    *env
	result []any
}

func sortRows(rows []sortable, keys []sortKey) error {
	var failed error
	values := map[*env][]any{}
	for _, r := range rows {
		for _, k := range keys {
			var v any
			if k.output >= 0 {
				v = r.result[k.output]
			} else {
				var err error
				if v, err = k.by.eval(r.env); err != nil {
					return err
				}
			}
			values[r.env] = append(values[r.env], v)
		}
	}
	slices.SortStableFunc(rows, func(a, b sortable) int {
		for i, k := range keys {
			x, y := values[a.env][i], values[b.env][i]
			switch {
			case x == nil && y == nil:
				continue
			case x == nil || y == nil:
				if (x == nil) == k.nullsFirst {
					return -1
				}
				return 1
			}
			c, err := compare(x, y)
			if err != nil {
				failed = err
			}
			if k.desc {
				c = -c
			}
			if c != 0 {
				return c
			}
		}
		return 0
	})
	return failed
}

func (q *Query) limited(rows []sortable, w *work, outer *env) ([]sortable, error) {
	count := func(e *expr, without int) (int, error) {
		if e == nil {
			return without, nil
		}
		v, err := e.eval(&env{work: w, outer: outer})
		if err != nil || v == nil {
			return without, err
		}
		n, err := convert(e.oid, e.oid, v)
		if i, ok := n.(int64); ok && i >= 0 {
			return int(min(i, int64(without))), err
		}
		return without, err
	}
	skip, err := count(q.offset, len(rows))
	if q.offset == nil {
		skip = 0
	}
	if err != nil {
		return nil, err
	}
	rows = rows[skip:]
	n, err := count(q.limit, len(rows))
	return rows[:n], err
}
