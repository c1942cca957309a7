package selects

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgtype"

	"recon/internal/twin/pgwire"
)

// typeOf knows the names of types that a statement may cast to.
func typeOf(name string) (oid uint32, ok bool) {
	switch name {
	case "int", "int4", "integer":
		return pgtype.Int4OID, true
	case "int8", "bigint":
		return pgtype.Int8OID, true
	case "int2", "smallint":
		return pgtype.Int2OID, true
	case "oid":
		return pgtype.OIDOID, true
	case "xid":
		return pgtype.XIDOID, true
	case "text", "regclass":
		return pgtype.TextOID, true
	case "varchar":
		return pgtype.VarcharOID, true
	case "name":
		return pgtype.NameOID, true
	case "bool", "boolean":
		return pgtype.BoolOID, true
	case "float8", "float", "double":
		return pgtype.Float8OID, true
	case "numeric", "decimal":
		return pgtype.NumericOID, true
	case "timestamptz", "timestamp":
		return pgtype.TimestamptzOID, true
	case "date":
		return pgtype.DateOID, true
	case "interval":
		return pgtype.IntervalOID, true
	case "inet":
		return pgtype.InetOID, true
	case "pg_lsn":
		return pgwire.LSNOID, true
	case "json", "jsonb":
		return pgtype.JSONOID, true
	case "bit":
		return pgtype.BitOID, true
	}
	return 0, false
}

// typeName is how the server names the column of a cast.
func typeName(name string) string {
	switch name {
	case "int", "integer":
		return "int4"
	case "bigint":
		return "int8"
	case "smallint":
		return "int2"
	case "boolean":
		return "bool"
	case "double", "float":
		return "float8"
	case "decimal":
		return "numeric"
	}
	return name
}

// convert is a value as another type.
func convert(oid, from uint32, v any) (any, error) {
	s, isText := v.(string)
	switch oid {
	case pgtype.TextOID, pgtype.NameOID, pgtype.VarcharOID:
		if b, ok := v.(bool); ok {
			return strconv.FormatBool(b), nil
		}
		return Text(from, v), nil
	case pgtype.JSONOID:
		return JSON(Text(from, v)), nil
	case pgtype.Int4OID, pgtype.Int8OID, pgtype.Int2OID, pgtype.OIDOID, pgtype.XIDOID:
		switch x := v.(type) {
		case int64:
			return x, nil
		case float64:
			return int64(x + half(x)), nil
		case bool:
			return int64(number(x)), nil
		case string:
			if from == pgtype.BitOID {
				n, err := strconv.ParseUint(x, 2, 64)
				return int64(int32(n)), err
			}
			return toInt(x)
		}
	case pgtype.Float8OID, pgtype.NumericOID:
		switch x := v.(type) {
		case int64:
			return float64(x), nil
		case float64:
			return x, nil
		case string:
			return toFloat(x)
		}
	case pgtype.BitOID:
		if hex, ok := strings.CutPrefix(s, "x"); ok && isText {
			n, err := strconv.ParseUint(hex, 16, 32)
			if err != nil {
				return nil, invalid("bit", s)
			}
			return fmt.Sprintf("%032b", n), nil
		}
	case pgtype.BoolOID:
		if n, ok := v.(int64); ok {
			return n != 0, nil
		}
		if x, ok, err := as(v, toBool); ok || err != nil {
			return x, err
		}
	case pgtype.TimestamptzOID, pgtype.DateOID:
		if x, ok, err := as(v, toTime); ok || err != nil {
			return x, err
		}
	case pgtype.IntervalOID:
		if x, ok, err := as(v, toInterval); ok || err != nil {
			return x, err
		}
	case pgtype.InetOID:
		if x, ok, err := as(v, toAddr); ok || err != nil {
			return x, err
		}
	case pgwire.LSNOID:
		if x, ok, err := as(v, toLSN); ok || err != nil {
			return x, err
		}
	}
	return nil, &pgwire.Error{Code: "42846", Message: fmt.Sprintf("cannot cast %s to type %d", Text(from, v), oid)}
}

func half(x float64) float64 {
	if x < 0 {
		return -0.5
	}
	return 0.5
}
