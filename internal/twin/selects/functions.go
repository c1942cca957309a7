package selects

import (
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgtype"

	"recon/internal/twin/pgwire"
)

func (k *compiler) call(n call) (expr, error) {
	if a, ok := aggregateOf(n); ok {
		return k.aggregate(n, a)
	}
	var args []expr
	for _, x := range n.args {
		e, err := k.expr(x)
		if err != nil {
			return expr{}, err
		}
		args = append(args, e)
	}
	switch n.name {
	case "coalesce", "greatest", "least", "nullif":
		return several(n.name, args)
	case "json_build_object", "jsonb_build_object":
		return object(n.name, args)
	}
	f, ok := k.catalog.Function(n.name)
	if !ok {
		f, ok = pure(n.name)
	}
	if !ok || len(args) < f.Least || len(args) > len(f.Args) {
		return expr{}, &pgwire.Error{Code: "42883", Message: fmt.Sprintf("function %s does not exist with %d arguments", n.name, len(args))}
	}
	return expr{oid: f.Result, name: n.name, eval: func(e *env) (any, error) {
		values := make([]any, len(args))
		for i, a := range args {
			v, err := a.eval(e)
			if err != nil {
				return nil, err
			}
			if v == nil {
				if !f.Nulls {
					return nil, nil
				}
				continue
			}
			if f.Args[i] != pgtype.UnknownOID {
				if v, err = convert(f.Args[i], a.oid, v); err != nil {
					return nil, err
				}
			}
			values[i] = v
		}
		v, err := f.Call(values)
		return normal(v), err
	}}, nil
}

// several are the functions whose result has the type of their arguments.
func several(name string, args []expr) (expr, error) {
	if len(args) == 0 || name == "nullif" && len(args) != 2 {
		return expr{}, &Unknown{name + " with so many arguments"}
	}
	out := expr{oid: pgtype.UnknownOID, name: name}
	for _, a := range args {
		if out.oid == pgtype.UnknownOID || out.oid == pgtype.Int4OID && a.oid == pgtype.Int8OID {
			out.oid = a.oid
		}
	}
	out.eval = func(e *env) (any, error) {
		var best any
		for i, a := range args {
			v, err := a.eval(e)
			if err != nil {
				return nil, err
			}
			if s, ok := v.(string); ok && a.oid == pgtype.UnknownOID && out.oid != pgtype.UnknownOID {
				if v, err = convert(out.oid, a.oid, s); err != nil {
					return nil, err
				}
			}
			switch {
			case name == "nullif" && i == 1:
				if best == nil || v == nil {
					return best, nil
				}
				c, err := compare(best, v)
				if c == 0 {
					best = nil
				}
				return best, err
			case v == nil:
				continue
			case name == "coalesce":
				return v, nil
			case best == nil:
				best = v
				continue
			}
			c, err := compare(v, best)
			if err != nil {
				return nil, err
			}
			if (c > 0) == (name == "greatest") && c != 0 {
				best = v
			}
		}
		return best, nil
	}
	return out, nil
}

// object is json_build_object.
func object(name string, args []expr) (expr, error) {
	if len(args)%2 != 0 {
		return expr{}, &pgwire.Error{Code: "22023", Message: "argument list must have even number of elements"}
	}
	return expr{oid: pgtype.JSONOID, name: name, eval: func(e *env) (any, error) {
		var b strings.Builder
		b.WriteByte('{')
		for i, a := range args {
			v, err := a.eval(e)
			if err != nil {
				return nil, err
			}
			switch {
			case i%2 == 1:
				b.WriteString(" : " + toJSON(a.oid, v))
				continue
			case v == nil:
				return nil, &pgwire.Error{Code: "22004", Message: fmt.Sprintf("argument %d cannot be null", i+1)}
			case i > 0:
				b.WriteString(", ")
			}
			b.WriteString(toJSON(pgtype.TextOID, Text(a.oid, v)))
		}
		b.WriteByte('}')
		return JSON(b.String()), nil
	}}, nil
}

// toJSON is a value inside of JSON.
func toJSON(oid uint32, v any) string {
	switch x := v.(type) {
	case nil:
		return "null"
	case JSON:
		return string(x)
	case bool, int64:
		return fmt.Sprint(x)
	case float64:
		return Text(oid, x)
	case string:
		if oid == pgtype.JSONOID {
			return x
		}
	case []string:
		b, _ := json.Marshal(x) // texts alone
		return string(b)
	case time.Time:
		v = x.UTC().Format("2006-01-02T15:04:05.999999+00:00")
	}
	b, _ := json.Marshal(Text(oid, v)) // a text
	return string(b)
}

// pure are functions that need no server.
func pure(name string) (Function, bool) {
	text := func(result uint32, f func(s string) any) Function {
		return Function{Args: []uint32{pgtype.TextOID}, Least: 1, Result: result, Call: func(a []any) (any, error) { return f(a[0].(string)), nil }}
	}
	cut := func(f func(r []rune, n int) []rune) Function {
		return Function{Args: []uint32{pgtype.TextOID, pgtype.Int4OID}, Least: 2, Result: pgtype.TextOID, Call: func(a []any) (any, error) {
			return string(f([]rune(a[0].(string)), int(a[1].(int64)))), nil
		}}
	}
	switch name {
	case "lower":
		return text(pgtype.TextOID, func(s string) any { return strings.ToLower(s) }), true
	case "upper":
		return text(pgtype.TextOID, func(s string) any { return strings.ToUpper(s) }), true
	case "length":
		return text(pgtype.Int4OID, func(s string) any { return len([]rune(s)) }), true
	case "quote_ident":
		return text(pgtype.TextOID, func(s string) any { return s }), true
	case "left":
		return cut(func(r []rune, n int) []rune {
			if n < 0 {
				n += len(r)
			}
			return r[:min(max(n, 0), len(r))]
		}), true
	case "right":
		return cut(func(r []rune, n int) []rune {
			if n < 0 {
				n += len(r)
			}
			return r[len(r)-min(max(n, 0), len(r)):]
		}), true
	case "substr", "substring":
		return Function{Args: []uint32{pgtype.TextOID, pgtype.Int4OID, pgtype.Int4OID}, Least: 2, Result: pgtype.TextOID, Call: func(a []any) (any, error) {
			r := []rune(a[0].(string))
			from, to := int(a[1].(int64))-1, len(r)
			if len(a) == 3 {
				to = from + int(a[2].(int64))
			}
			from = min(max(from, 0), len(r))
			return string(r[from:min(max(to, from), len(r))]), nil
		}}, true
	case "round":
		return Function{Args: []uint32{pgtype.NumericOID, pgtype.Int4OID}, Least: 1, Result: pgtype.NumericOID, Call: func(a []any) (any, error) {
			digits := 0
			if len(a) == 2 {
				digits = int(min(max(a[1].(int64), 0), 20))
			}
			return rounded(a[0].(float64), digits), nil
		}}, true
	case "abs":
		return Function{Args: []uint32{pgtype.NumericOID}, Least: 1, Result: pgtype.NumericOID, Call: func(a []any) (any, error) { return math.Abs(a[0].(float64)), nil }}, true
	case "host":
		return Function{Args: []uint32{pgtype.InetOID}, Least: 1, Result: pgtype.TextOID, Call: func(a []any) (any, error) { return a[0].(netip.Addr).String(), nil }}, true
	case "pg_wal_lsn_diff":
		return Function{Args: []uint32{pgwire.LSNOID, pgwire.LSNOID}, Least: 2, Result: pgtype.NumericOID, Call: func(a []any) (any, error) {
			return float64(int64(a[0].(pgwire.LSN)) - int64(a[1].(pgwire.LSN))), nil
		}}, true
	case "pg_size_pretty":
		return Function{Args: []uint32{pgtype.Int8OID}, Least: 1, Result: pgtype.TextOID, Call: func(a []any) (any, error) { return prettySize(a[0].(int64)), nil }}, true
	case "date_trunc":
		return Function{Args: []uint32{pgtype.TextOID, pgtype.TimestamptzOID}, Least: 2, Result: pgtype.TimestamptzOID, Call: func(a []any) (any, error) {
			length, ok := unitLength(a[0].(string))
			if !ok || length > 24*time.Hour {
				return nil, &Unknown{"date_trunc to " + a[0].(string)}
			}
			return a[1].(time.Time).Truncate(length), nil
		}}, true
	}
	return Function{}, false
}

// rounded rounds the decimal number that x is written as, half away from zero.
func rounded(x float64, digits int) any {
	r, ok := new(big.Rat).SetString(strconv.FormatFloat(x, 'f', -1, 64))
	if !ok {
		return x // no number
	}
	f, _ := strconv.ParseFloat(r.FloatString(digits), 64) // it was written as one
	return f
}

// prettySize is a number of bytes as the server writes it: half rounded up, and the next unit from 10,240 on.
func prettySize(n int64) string {
	units := []string{"bytes", "kB", "MB", "GB", "TB", "PB"}
	sign := int64(1)
	if n < 0 {
		sign, n = -1, -n
	}
	i := 0
	if n >= 10*1024 {
		n >>= 9 // one bit is kept to round with
		i = 1
		for ; n >= 20*1024-1 && i < len(units)-1; i++ {
			n >>= 10
		}
		n = (n + 1) / 2
	}
	return fmt.Sprintf("%d %s", sign*n, units[i])
}
