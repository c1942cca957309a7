package pgwire

import (
	"encoding/binary"
	"fmt"
	"math"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgtype"
)

// LSN is a place in the write-ahead log, in bytes. It is printed as PostgreSQL does, such as 0/6024030.
type LSN uint64

func (l LSN) String() string { return fmt.Sprintf("%X/%X", uint64(l)>>32, uint64(l)&math.MaxUint32) }

// ParseLSN reads what String writes.
func ParseLSN(s string) (LSN, error) {
	high, low, ok := strings.Cut(s, "/")
	h, err := strconv.ParseUint(high, 16, 32)
	l, err2 := strconv.ParseUint(low, 16, 32)
	if !ok || err != nil || err2 != nil {
		return 0, fmt.Errorf("%q is no place in the write-ahead log, such as 0/6024030", s)
	}
	return LSN(h<<32 | l), nil
}

// LSNOID is the number of the type pg_lsn, which pgtype does not name.
const LSNOID = 3220

const (
	textFormat   = pgtype.TextFormatCode
	binaryFormat = pgtype.BinaryFormatCode
)

// encode writes a value; nil is NULL.
func (c *conn) encode(oid uint32, format int16, v any) ([]byte, error) {
	if v == nil {
		return nil, nil
	}
	if format == textFormat {
		text, err := Text(oid, v)
		return []byte(text), err
	}
	if c.types == nil {
		c.types = pgtype.NewMap()
	}
	if text, ok := v.(string); ok && oid == LSNOID {
		lsn, err := ParseLSN(text)
		if err != nil {
			return nil, err
		}
		v = lsn
	}
	switch x := v.(type) {
	case LSN:
		return binary.BigEndian.AppendUint64([]byte{}, uint64(x)), nil
	case time.Duration:
		days := int32(x / (24 * time.Hour))
		v = pgtype.Interval{Days: days, Microseconds: (x % (24 * time.Hour)).Microseconds(), Valid: true}
	case string:
		typ, ok := c.types.TypeForOID(oid)
		if !ok {
			return []byte(x), nil
		}
		var err error
		if v, err = typ.Codec.DecodeValue(c.types, oid, textFormat, []byte(x)); err != nil {
			return nil, err
		}
		if s, ok := v.(string); ok {
			return c.types.Encode(oid, binaryFormat, s, []byte{})
		}
		if oid == pgtype.JSONOID || oid == pgtype.JSONBOID {
			v = []byte(x) // as it was written
		}
	}
	return c.types.Encode(oid, binaryFormat, v, []byte{})
}

// sizeOf is what a row description says of a type's size, in bytes; -1 is any.
func sizeOf(oid uint32) int16 {
	switch oid {
	case pgtype.BoolOID, pgtype.QCharOID:
		return 1
	case pgtype.Int2OID:
		return 2
	case pgtype.Int4OID, pgtype.OIDOID, pgtype.XIDOID, pgtype.Float4OID, pgtype.DateOID:
		return 4
	case pgtype.Int8OID, pgtype.Float8OID, pgtype.TimestamptzOID, pgtype.TimestampOID, LSNOID:
		return 8
	case pgtype.IntervalOID:
		return 16
	case pgtype.NameOID:
		return 64
	}
	return -1
}

// Text is a value as PostgreSQL writes it; oid tells timestamps, dates and numbers apart.
func Text(oid uint32, v any) (string, error) {
	switch x := v.(type) {
	case string:
		return x, nil
	case bool:
		if x {
			return "t", nil
		}
		return "f", nil
	case int, int16, int32, int64, uint32, uint64:
		return fmt.Sprint(x), nil
	case float64:
		return floatText(oid, x), nil
	case time.Time:
		return timeText(oid, x), nil
	case time.Duration:
		return intervalText(x), nil
	case netip.Addr:
		return x.WithZone("").String(), nil
	case LSN:
		return x.String(), nil
	case []string:
		return arrayText(x), nil
	}
	return "", fmt.Errorf("the training cluster cannot write a %T", v)
}

// floatText is the shortest text that is read back as the same number.
func floatText(oid uint32, x float64) string {
	switch {
	case math.IsNaN(x):
		return "NaN"
	case math.IsInf(x, 1):
		return "Infinity"
	case math.IsInf(x, -1):
		return "-Infinity"
	case oid == pgtype.NumericOID:
		return strconv.FormatFloat(x, 'f', -1, 64)
	}
	text := strconv.FormatFloat(x, 'e', -1, 64)
	if exponent, err := strconv.Atoi(text[strings.IndexByte(text, 'e')+1:]); err == nil && exponent >= -4 && exponent < 15 {
		return strconv.FormatFloat(x, 'f', -1, 64)
	}
	return text
}

func timeText(oid uint32, t time.Time) string {
	switch t = t.UTC().Truncate(time.Microsecond); oid {
	case pgtype.DateOID:
		return t.Format(time.DateOnly)
	case pgtype.TimestampOID:
		return t.Format("2006-01-02 15:04:05.999999")
	}
	return t.Format("2006-01-02 15:04:05.999999") + "+00"
}

// intervalText is the difference of two timestamps: days and a time, each with its sign.
func intervalText(d time.Duration) string {
	var b strings.Builder
	days, d := d/(24*time.Hour), (d % (24 * time.Hour)).Truncate(time.Microsecond)
	if days != 0 {
		fmt.Fprintf(&b, "%d day", days)
		if days != 1 {
			b.WriteByte('s')
		}
		if d == 0 {
			return b.String()
		}
		b.WriteByte(' ')
	}
	if d < 0 {
		b.WriteByte('-')
		d = -d
	}
	fmt.Fprintf(&b, "%02d:%02d:%02d", d/time.Hour, d/time.Minute%60, d/time.Second%60)
	if micro := d % time.Second / time.Microsecond; micro > 0 {
		b.WriteString(strings.TrimRight(fmt.Sprintf(".%06d", micro), "0"))
	}
	return b.String()
}

func arrayText(values []string) string {
	var b strings.Builder
	b.WriteByte('{')
	for i, v := range values {
		if i > 0 {
			b.WriteByte(',')
		}
		if v == "" || strings.EqualFold(v, "null") || strings.ContainsAny(v, "{},\"\\ \t\n\r\v\f") {
			b.WriteString(`"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(v) + `"`)
		} else {
			b.WriteString(v)
		}
	}
	b.WriteByte('}')
	return b.String()
}
