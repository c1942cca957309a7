package selects

import (
	"cmp"
	"fmt"
	"net/netip"
	"reflect"
	"strings"
	"time"

	"recon/internal/twin/pgwire"
)

// normal makes one Go type of all that stand for the same: integers are int64, pointers what they point to.
func normal(v any) any {
	switch x := v.(type) {
	case nil, string, bool, int64, float64, time.Duration, pgwire.LSN, []string, JSON:
		return v
	case time.Time:
		if x.IsZero() {
			return nil
		}
		return x
	case netip.Addr:
		if !x.IsValid() {
			return nil
		}
		return x
	}
	switch r := reflect.ValueOf(v); {
	case r.Kind() == reflect.Pointer && r.IsNil():
		return nil
	case r.Kind() == reflect.Pointer:
		return normal(r.Elem().Interface())
	case r.CanInt():
		return r.Int()
	case r.CanUint():
		return int64(r.Uint())
	}
	return v
}

// Text is a value as the server writes it.
func Text(oid uint32, v any) string {
	if j, ok := v.(JSON); ok {
		return string(j)
	}
	text, err := pgwire.Text(oid, v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return text
}

// compare orders two values that are not NULL. A text beside another type is read as that type.
func compare(a, b any) (int, error) {
	if s, ok := a.(string); ok {
		if _, both := b.(string); !both {
			c, err := compare(b, s)
			return -c, err
		}
	}
	switch x := a.(type) {
	case string:
		return strings.Compare(x, b.(string)), nil
	case bool:
		if y, ok, err := as(b, toBool); ok || err != nil {
			return cmp.Compare(number(x), number(y)), err
		}
	case int64:
		if y, ok := b.(float64); ok {
			return cmp.Compare(float64(x), y), nil
		}
		if y, ok, err := as(b, toInt); ok || err != nil {
			return cmp.Compare(x, y), err
		}
	case float64:
		if y, ok, err := as(b, toFloat); ok || err != nil {
			return cmp.Compare(x, y), err
		}
	case time.Time:
		if y, ok, err := as(b, toTime); ok || err != nil {
			return x.Compare(y), err
		}
	case time.Duration:
		if y, ok, err := as(b, toInterval); ok || err != nil {
			return cmp.Compare(x, y), err
		}
	case pgwire.LSN:
		if y, ok, err := as(b, toLSN); ok || err != nil {
			return cmp.Compare(x, y), err
		}
	case netip.Addr:
		if y, ok, err := as(b, toAddr); ok || err != nil {
			return x.Compare(y), err
		}
	case []string:
		if y, ok := b.([]string); ok {
			return strings.Compare(strings.Join(x, "\x00"), strings.Join(y, "\x00")), nil
		}
	}
	return 0, &pgwire.Error{Code: "42883", Message: fmt.Sprintf("operator does not exist: %T and %T", a, b)}
}

// as is a value of a type, read from text when it is one.
func as[T any](v any, read func(string) (T, error)) (x T, ok bool, err error) {
	switch y := v.(type) {
	case T:
		return y, true, nil
	case string:
		x, err = read(y)
		return x, err == nil, err
	}
	return x, false, nil
}
