package selects

import (
	"regexp"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgtype"

	"recon/internal/twin/pgwire"
)

// operatorType is the type of a result.
func operatorType(op string, l, r uint32) uint32 {
	isTime := func(oid uint32) bool { return oid == pgtype.TimestamptzOID || oid == pgtype.DateOID }
	switch op {
	case "+", "-", "*", "/", "%", ">>", "<<", "&":
		switch {
		case isTime(l) && isTime(r):
			return pgtype.IntervalOID
		case isTime(l) || isTime(r):
			return pgtype.TimestamptzOID
		case l == pgwire.LSNOID && r == pgwire.LSNOID:
			return pgtype.NumericOID
		case l == pgwire.LSNOID, l == pgtype.IntervalOID:
			return l
		case r == pgtype.IntervalOID:
			return r
		case l == pgtype.UnknownOID:
			return r
		case r == pgtype.UnknownOID:
			return l
		}
		for _, wide := range []uint32{pgtype.Float8OID, pgtype.NumericOID, pgtype.Int8OID} {
			if l == wide || r == wide {
				return wide
			}
		}
		return pgtype.Int4OID
	case "||":
		return pgtype.TextOID
	}
	return pgtype.BoolOID
}

// operate works on two values that are not NULL.
func operate(op string, l, r uint32, a, b any) (any, error) {
	switch op {
	case "=", "<>", "<", "<=", ">", ">=":
		c, err := compare(a, b)
		if err != nil {
			return nil, err
		}
		return map[string]bool{"=": c == 0, "<>": c != 0, "<": c < 0, "<=": c <= 0, ">": c > 0, ">=": c >= 0}[op], nil
	case "||":
		return Text(l, a) + Text(r, b), nil
	case "like", "ilike", "~":
		return match(op, Text(l, a), Text(r, b))
	}
	switch x := a.(type) {
	case time.Time:
		switch y := b.(type) {
		case time.Time:
			return x.Sub(y), nil
		case time.Duration:
			if op == "-" {
				y = -y
			}
			return x.Add(y), nil
		}
	case pgwire.LSN:
		switch y := b.(type) {
		case pgwire.LSN:
			return float64(int64(x) - int64(y)), nil
		case int64:
			if op == "-" {
				y = -y
			}
			return pgwire.LSN(int64(x) + y), nil
		}
	case time.Duration:
		switch y := b.(type) {
		case time.Duration:
			if op == "-" {
				y = -y
			}
			return x + y, nil
		case time.Time:
			return y.Add(x), nil
		case int64:
			return calculate(op, int64(x), y, func(n int64) any { return time.Duration(n) })
		}
	case int64:
		switch y := b.(type) {
		case int64:
			return calculate(op, x, y, func(n int64) any { return n })
		case float64:
			return calculateFloat(op, float64(x), y)
		case time.Duration:
			return calculate(op, x, int64(y), func(n int64) any { return time.Duration(n) })
		}
	case float64:
		switch y := b.(type) {
		case int64:
			return calculateFloat(op, x, float64(y))
		case float64:
			return calculateFloat(op, x, y)
		}
	}
	return nil, noOperator(op, a, b)
}

var errZero = &pgwire.Error{Code: "22012", Message: "division by zero"}

func calculate(op string, x, y int64, wrap func(int64) any) (any, error) {
	switch op {
	case "+":
		return wrap(x + y), nil
	case "-":
		return wrap(x - y), nil
	case "*":
		return wrap(x * y), nil
	case ">>":
		return wrap(x >> uint64(y&63)), nil
	case "<<":
		return wrap(x << uint64(y&63)), nil
	case "&":
		return wrap(x & y), nil
	}
	switch {
	case y == 0:
		return nil, errZero
	case op == "%":
		return wrap(x % y), nil
	}
	return wrap(x / y), nil
}

func calculateFloat(op string, x, y float64) (any, error) {
	switch op {
	case "+":
		return x + y, nil
	case "-":
		return x - y, nil
	case "*":
		return x * y, nil
	case "/":
		if y == 0 {
			return nil, errZero
		}
		return x / y, nil
	}
	return nil, noOperator(op, x, y)
}

// match is LIKE, ILIKE and ~.
func match(op, text, pattern string) (any, error) {
	if op != "~" {
		var b strings.Builder
		b.WriteString(`\A`)
		for _, r := range pattern {
			switch r {
			case '%':
				b.WriteString(`.*`)
			case '_':
				b.WriteString(`.`)
			default:
				b.WriteString(regexp.QuoteMeta(string(r)))
			}
		}
		pattern = `(?s)` + b.String() + `\z`
		if op == "ilike" {
			pattern = `(?i)` + pattern
		}
	}
	re, err := regexp.Compile(pattern)
	if err != nil {
		return nil, &pgwire.Error{Code: "2201B", Message: "invalid regular expression: " + err.Error()}
	}
	return re.MatchString(text), nil
}
