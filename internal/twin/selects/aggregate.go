package selects

import (
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgtype"

	"recon/internal/twin/pgwire"
)

// aggregate is one call of an aggregate function in a query.
type aggregate struct {
	name             string
	args             []expr
	distinct         bool
	filter           *expr
	order            []sortKey
	star             bool
	resultOf, argOID uint32
}

// aggregateOf says whether a function is an aggregate; the number is the type of its result, 0 for that of its argument.
func aggregateOf(n call) (oid uint32, ok bool) {
	switch n.name {
	case "count":
		return pgtype.Int8OID, true
	case "max", "min", "sum", "avg":
		return 0, true
	case "bool_or", "bool_and", "every":
		return pgtype.BoolOID, true
	case "string_agg":
		return pgtype.TextOID, true
	case "json_agg", "jsonb_agg":
		return pgtype.JSONOID, true
	}
	return 0, false
}

func (k *compiler) aggregate(n call, oid uint32) (expr, error) {
	if !k.within {
		return expr{}, &pgwire.Error{Code: "42803", Message: "aggregate functions are not allowed here"}
	}
	a := aggregate{name: n.name, star: n.star, distinct: n.distinct}
	k.within = false
	defer func() { k.within = true }()
	for _, x := range n.args {
		e, err := k.expr(x)
		if err != nil {
			return expr{}, err
		}
		a.args = append(a.args, e)
	}
	if want := map[string]int{"string_agg": 2}[n.name]; !n.star && len(a.args) != max(want, 1) || n.star && n.name != "count" {
		return expr{}, &pgwire.Error{Code: "42883", Message: fmt.Sprintf("function %s does not exist with %d arguments", n.name, len(a.args))}
	}
	var err error
	if a.filter, err = k.optional(n.filter); err != nil {
		return expr{}, err
	}
	if a.order, err = k.orderings(n.order, false); err != nil {
		return expr{}, err
	}
	if !n.star {
		a.argOID = a.args[0].oid
	}
	if oid == 0 {
		oid = a.argOID
		switch {
		case n.name == "sum" && (oid == pgtype.Int4OID || oid == pgtype.Int2OID):
			oid = pgtype.Int8OID
		case n.name == "sum" && oid == pgtype.Int8OID, n.name == "avg" && oid != pgtype.Float8OID && oid != pgtype.IntervalOID:
			oid = pgtype.NumericOID
		}
	}
	a.resultOf = oid
	at := len(k.query.aggregates)
	k.query.aggregates = append(k.query.aggregates, a)
	return expr{oid: oid, name: n.name, eval: func(e *env) (any, error) { return e.aggregates[at], nil }}, nil
}

// over is the aggregate of a group's rows.
func (a aggregate) over(rows []*env) (any, error) {
	var err error
	if rows, err = a.chosen(rows); err != nil {
		return nil, err
	}
	if a.star {
		return int64(len(rows)), nil
	}
	var values []any
	seen := map[string]bool{}
	for _, r := range rows {
		v, err := a.args[0].eval(r)
		if err != nil {
			return nil, err
		}
		if v == nil && a.name != "json_agg" && a.name != "jsonb_agg" {
			continue
		}
		if a.distinct {
			key := Text(a.argOID, v)
			if seen[key] {
				continue
			}
			seen[key] = true
		}
		values = append(values, v)
	}
	switch a.name {
	case "count":
		return int64(len(values)), nil
	case "json_agg", "jsonb_agg":
		if len(values) == 0 {
			return nil, nil
		}
		parts := make([]string, len(values))
		for i, v := range values {
			parts[i] = toJSON(a.argOID, v)
		}
		return JSON("[" + strings.Join(parts, ", ") + "]"), nil
	}
	if len(values) == 0 {
		return nil, nil
	}
	switch a.name {
	case "string_agg":
		between, err := a.args[1].eval(rows[0])
		if err != nil {
			return nil, err
		}
		parts := make([]string, len(values))
		for i, v := range values {
			parts[i] = Text(a.argOID, v)
		}
		return strings.Join(parts, Text(a.args[1].oid, between)), nil
	case "bool_or", "bool_and", "every":
		for _, v := range values {
			if (v == true) == (a.name == "bool_or") {
				return a.name == "bool_or", nil
			}
		}
		return a.name != "bool_or", nil
	case "sum", "avg":
		return a.sum(values)
	}
	best := values[0]
	for _, v := range values[1:] {
		c, err := compare(v, best)
		if err != nil {
			return nil, err
		}
		if a.name == "max" && c > 0 || a.name == "min" && c < 0 {
			best = v
		}
	}
	return best, nil
}

// chosen are the rows that the filter leaves, in order.
func (a aggregate) chosen(rows []*env) ([]*env, error) {
	if a.filter != nil {
		var kept []*env
		for _, r := range rows {
			v, err := a.filter.eval(r)
			if err != nil {
				return nil, err
			}
			if v == true {
				kept = append(kept, r)
			}
		}
		rows = kept
	}
	if len(a.order) == 0 {
		return rows, nil
	}
	sorted := make([]sortable, len(rows))
	for i, r := range rows {
		sorted[i] = sortable{env: r}
	}
	if err := sortRows(sorted, a.order); err != nil {
		return nil, err
	}
	out := make([]*env, len(rows))
	for i, s := range sorted {
		out[i] = s.env
	}
	return out, nil
}

func (a aggregate) sum(values []any) (any, error) {
	var total any
	for _, v := range values {
		if total == nil {
			total = v
			continue
		}
		var err error
		if total, err = operate("+", a.argOID, a.argOID, total, v); err != nil {
			return nil, err
		}
	}
	if a.name == "avg" {
		switch x := total.(type) {
		case int64:
			return float64(x) / float64(len(values)), nil
		case float64:
			return x / float64(len(values)), nil
		case time.Duration:
			return x / time.Duration(len(values)), nil
		}
		return nil, noOperator("avg", nil, total)
	}
	return total, nil
}
