package selects

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"recon/internal/twin/pgwire"
)

func number(b bool) int {
	if b {
		return 1
	}
	return 0
}

func invalid(typ, s string) error {
	code := "22P02"
	if strings.HasPrefix(typ, "timestamp") || typ == "interval" {
		code = "22007"
	}
	return &pgwire.Error{Code: code, Message: fmt.Sprintf("invalid input syntax for type %s: %q", typ, s)}
}

func toBool(s string) (bool, error) {
	switch strings.ToLower(strings.TrimSpace(s)) {
	case "t", "true", "yes", "on", "1", "y":
		return true, nil
	case "f", "false", "no", "off", "0", "n":
		return false, nil
	}
	return false, invalid("boolean", s)
}

func toInt(s string) (int64, error) {
	n, err := strconv.ParseInt(strings.TrimSpace(s), 10, 64)
	if err != nil {
		return 0, invalid("bigint", s)
	}
	return n, nil
}

func toFloat(s string) (float64, error) {
	f, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
	if err != nil {
		return 0, invalid("double precision", s)
	}
	return f, nil
}

func toTime(s string) (time.Time, error) {
	for _, layout := range []string{"2006-01-02 15:04:05.999999Z07", "2006-01-02 15:04:05.999999", time.RFC3339Nano, "2006-01-02 15:04", time.DateOnly} {
		if t, err := time.Parse(layout, strings.TrimSpace(s)); err == nil {
			return t, nil
		}
	}
	return time.Time{}, invalid("timestamp with time zone", s)
}

func toLSN(s string) (pgwire.LSN, error) {
	l, err := pgwire.ParseLSN(s)
	if err != nil {
		return 0, invalid("pg_lsn", s)
	}
	return l, nil
}

func toAddr(s string) (netip.Addr, error) {
	a, err := netip.ParseAddr(s)
	if err != nil {
		return a, invalid("inet", s)
	}
	return a, nil
}

// toInterval reads such as '5 min', '1 day 02:00:00', '1h 30m' and '00:05'.
func toInterval(s string) (time.Duration, error) {
	var out time.Duration
	fields := strings.Fields(s)
	if len(fields) == 0 {
		return 0, invalid("interval", s)
	}
	for i := 0; i < len(fields); i++ {
		f := fields[i]
		if strings.Contains(f, ":") {
			var h, m int
			var sec float64
			sign := time.Duration(1)
			if t, ok := strings.CutPrefix(f, "-"); ok {
				f, sign = t, -1
			}
			if n, err := fmt.Sscanf(f, "%d:%d:%g", &h, &m, &sec); n < 2 && err != nil {
				return 0, invalid("interval", s)
			}
			out += sign * (time.Duration(h)*time.Hour + time.Duration(m)*time.Minute + time.Duration(sec*float64(time.Second)))
			continue
		}
		end := strings.IndexFunc(f, func(r rune) bool { return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' })
		value, unit := f, ""
		switch {
		case end > 0:
			value, unit = f[:end], f[end:]
		case end < 0 && i+1 < len(fields):
			i++
			unit = fields[i]
		}
		n, err := strconv.ParseFloat(value, 64)
		length, ok := unitLength(unit)
		if err != nil || !ok {
			return 0, invalid("interval", s)
		}
		out += time.Duration(n * float64(length))
	}
	return out, nil
}

func unitLength(unit string) (time.Duration, bool) {
	switch strings.TrimSuffix(strings.ToLower(unit), "s") {
	case "", "sec", "second":
		return time.Second, true
	case "m":
		if strings.EqualFold(unit, "ms") {
			return time.Millisecond, true
		}
		return time.Minute, true
	case "min", "minute":
		return time.Minute, true
	case "h", "hour", "hr":
		return time.Hour, true
	case "d", "day":
		return 24 * time.Hour, true
	case "w", "week":
		return 7 * 24 * time.Hour, true
	case "msec", "millisecond":
		return time.Millisecond, true
	case "us", "microsecond", "u":
		return time.Microsecond, true
	}
	return 0, false
}
