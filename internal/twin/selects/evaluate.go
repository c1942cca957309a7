package selects

import (
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgtype"

	"recon/internal/twin/pgwire"
)

func constant(oid uint32, v any) expr {
	return expr{oid: oid, eval: func(*env) (any, error) { return v, nil }}
}

// expr compiles an expression.
func (k *compiler) expr(n node) (expr, error) {
	switch n := n.(type) {
	case literal:
		switch n.value.(type) {
		case int64:
			return constant(pgtype.Int4OID, n.value), nil
		case float64:
			return constant(pgtype.NumericOID, n.value), nil
		case bool:
			return constant(pgtype.BoolOID, n.value), nil
		}
		return constant(pgtype.UnknownOID, n.value), nil
	case interval:
		d, err := toInterval(n.text)
		e := constant(pgtype.IntervalOID, d)
		e.name = "interval"
		return e, err
	case param:
		if n.n < 1 || n.n > 100 {
			return expr{}, &pgwire.Error{Code: "42P02", Message: fmt.Sprintf("there is no parameter $%d", n.n)}
		}
		return k.param(n.n, pgtype.TextOID), nil
	case place:
		return expr(n), nil
	case column:
		return k.lookup(n)
	case binary:
		return k.binary(n)
	case not:
		return k.unary(n.of, pgtype.BoolOID, func(v any) (any, error) {
			b, ok := v.(bool)
			if !ok {
				return nil, notBoolean("NOT", v)
			}
			return !b, nil
		})
	case minus:
		return k.unary(n.of, 0, func(v any) (any, error) {
			switch x := v.(type) {
			case int64:
				return -x, nil
			case float64:
				return -x, nil
			case time.Duration:
				return -x, nil
			}
			return nil, noOperator("-", nil, v)
		})
	case isNull:
		e, err := k.expr(n.of)
		return expr{oid: pgtype.BoolOID, eval: func(v *env) (any, error) {
			x, err := e.eval(v)
			return (x == nil) != n.negate, err
		}}, err
	case in:
		return k.in(n)
	case cast:
		return k.cast(n)
	case extract:
		return k.extract(n)
	case choice:
		return k.choice(n)
	case sub:
		return k.sub(n)
	case call:
		return k.call(n)
	}
	return expr{}, &Unknown{fmt.Sprintf("an expression (%T)", n)}
}

func notBoolean(where string, v any) error {
	return &pgwire.Error{Code: "42804", Message: fmt.Sprintf("argument of %s must be type boolean, not %T", where, v)}
}

func noOperator(op string, a, b any) error {
	return &pgwire.Error{Code: "42883", Message: fmt.Sprintf("operator does not exist: %T %s %T", a, op, b)}
}

// unary compiles what maps a value that is not NULL. An oid of 0 is the operand's.
func (k *compiler) unary(of node, oid uint32, f func(any) (any, error)) (expr, error) {
	e, err := k.expr(of)
	if oid == 0 {
		oid = e.oid
	}
	return expr{oid: oid, eval: func(v *env) (any, error) {
		x, err := e.eval(v)
		if err != nil || x == nil {
			return nil, err
		}
		return f(x)
	}}, err
}

func (k *compiler) binary(n binary) (expr, error) {
	l, err := k.expr(n.left)
	if err != nil {
		return expr{}, err
	}
	r, err := k.expr(n.right)
	if err != nil {
		return expr{}, err
	}
	oid := operatorType(n.op, l.oid, r.oid)
	if n.op == "and" || n.op == "or" {
		return expr{oid: oid, eval: func(e *env) (any, error) { return logic(e, n.op == "or", l, r) }}, nil
	}
	return expr{oid: oid, eval: func(e *env) (any, error) {
		a, err := l.eval(e)
		if err != nil {
			return nil, err
		}
		b, err := r.eval(e)
		if err != nil {
			return nil, err
		}
		if n.op == "distinct" {
			if a == nil || b == nil {
				return (a == nil) != (b == nil), nil
			}
			c, err := compare(a, b)
			return c != 0, err
		}
		if a == nil || b == nil {
			return nil, nil
		}
		return operate(n.op, l.oid, r.oid, a, b)
	}}, nil
}

// logic is AND and OR with NULL; decided is the value that decides alone.
func logic(e *env, decided bool, l, r expr) (any, error) {
	unknown := false
	for _, x := range []expr{l, r} {
		v, err := x.eval(e)
		if err != nil {
			return nil, err
		}
		b, ok := v.(bool)
		switch {
		case v == nil:
			unknown = true
		case !ok:
			return nil, notBoolean("AND or OR", v)
		case b == decided:
			return decided, nil
		}
	}
	if unknown {
		return nil, nil
	}
	return !decided, nil
}

func (k *compiler) in(n in) (expr, error) {
	of, err := k.expr(n.of)
	if err != nil {
		return expr{}, err
	}
	var list []expr
	var query *Query
	if n.sub != nil {
		if query, err = compile(n.sub, k.catalog, k.params, k); err != nil {
			return expr{}, err
		}
		if len(query.Columns) != 1 {
			return expr{}, &pgwire.Error{Code: "42601", Message: "subquery must return one column"}
		}
	}
	for _, x := range n.list {
		e, err := k.expr(x)
		if err != nil {
			return expr{}, err
		}
		list = append(list, e)
	}
	return expr{oid: pgtype.BoolOID, eval: func(e *env) (any, error) {
		v, err := of.eval(e)
		if err != nil || v == nil {
			return nil, err
		}
		var candidates []any
		if query != nil {
			rows, err := query.run(e.work, e)
			if err != nil {
				return nil, err
			}
			for _, r := range rows {
				candidates = append(candidates, r[0])
			}
		}
		for _, x := range list {
			c, err := x.eval(e)
			if err != nil {
				return nil, err
			}
			candidates = append(candidates, c)
		}
		unknown := false
		for _, c := range candidates {
			if c == nil {
				unknown = true
				continue
			}
			same, err := compare(v, c)
			if err != nil {
				return nil, err
			}
			if same == 0 {
				return !n.negate, nil
			}
		}
		if unknown {
			return nil, nil
		}
		return n.negate, nil
	}}, nil
}

func (k *compiler) cast(n cast) (expr, error) {
	oid, ok := typeOf(n.name)
	if !ok {
		return expr{}, &Unknown{"the type " + n.name}
	}
	if p, ok := n.of.(param); ok && p.n >= 1 && p.n <= 100 {
		e := k.param(p.n, oid)
		e.name, e.weak = typeName(n.name), true
		return e, nil
	}
	e, err := k.expr(n.of)
	if err != nil {
		return expr{}, err
	}
	name, weak := e.name, e.name == "" || e.weak
	if weak {
		name = typeName(n.name)
	}
	return expr{oid: oid, name: name, weak: weak, eval: func(v *env) (any, error) {
		x, err := e.eval(v)
		if err != nil || x == nil {
			return nil, err
		}
		return convert(oid, e.oid, x)
	}}, nil
}

func (k *compiler) extract(n extract) (expr, error) {
	if lower(n.field) != "epoch" {
		return expr{}, &Unknown{"extract(" + n.field + ")"}
	}
	e, err := k.unary(n.of, pgtype.NumericOID, func(v any) (any, error) {
		switch x := v.(type) {
		case time.Time:
			return float64(x.UnixMicro()) / 1e6, nil
		case time.Duration:
			return float64(x.Microseconds()) / 1e6, nil
		}
		return nil, noOperator("extract", nil, v)
	})
	e.name = "extract"
	return e, err
}

func (k *compiler) choice(n choice) (expr, error) {
	type branch struct{ cond, then expr }
	var branches []branch
	var other *expr
	out := expr{oid: pgtype.UnknownOID, name: "case", weak: true}
	widen := func(e expr) {
		if out.oid == pgtype.UnknownOID || out.oid == pgtype.Int4OID && e.oid == pgtype.Int8OID {
			out.oid = e.oid
		}
	}
	for _, w := range n.whens {
		if n.of != nil {
			w.cond = binary{"=", n.of, w.cond}
		}
		cond, err := k.expr(w.cond)
		if err != nil {
			return expr{}, err
		}
		then, err := k.expr(w.then)
		if err != nil {
			return expr{}, err
		}
		widen(then)
		branches = append(branches, branch{cond, then})
	}
	if n.other != nil {
		e, err := k.expr(n.other)
		if err != nil {
			return expr{}, err
		}
		widen(e)
		if e.name != "" && !e.weak {
			out.name, out.weak = e.name, false
		}
		other = &e
	}
	out.eval = func(e *env) (any, error) {
		for _, b := range branches {
			v, err := b.cond.eval(e)
			if err != nil {
				return nil, err
			}
			if v == true {
				return b.then.eval(e)
			}
		}
		if other != nil {
			return other.eval(e)
		}
		return nil, nil
	}
	return out, nil
}

func (k *compiler) sub(n sub) (expr, error) {
	q, err := compile(n.of, k.catalog, k.params, k)
	if err != nil {
		return expr{}, err
	}
	if n.exists {
		return expr{oid: pgtype.BoolOID, name: "exists", eval: func(e *env) (any, error) {
			rows, err := q.run(e.work, e)
			return len(rows) > 0, err
		}}, nil
	}
	if len(q.Columns) != 1 {
		return expr{}, &pgwire.Error{Code: "42601", Message: "subquery must return only one column"}
	}
	name := q.Columns[0].Name
	if name == "?column?" {
		name = ""
	}
	return expr{oid: q.Columns[0].OID, name: name, eval: func(e *env) (any, error) {
		rows, err := q.run(e.work, e)
		switch {
		case err != nil || len(rows) == 0:
			return nil, err
		case len(rows) > 1:
			return nil, &pgwire.Error{Code: "21000", Message: "more than one row returned by a subquery used as an expression"}
		}
		return rows[0][0], nil
	}}, nil
}
