package tools

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

var errMoment = errors.New("not a time")

var spanUnits = map[string]time.Duration{
	"us": time.Microsecond, "ms": time.Millisecond, "": time.Second, "s": time.Second, "sec": time.Second, "second": time.Second, "seconds": time.Second,
	"m": time.Minute, "min": time.Minute, "minute": time.Minute, "minutes": time.Minute, "h": time.Hour, "hr": time.Hour, "hour": time.Hour, "hours": time.Hour,
	"d": 24 * time.Hour, "day": 24 * time.Hour, "days": 24 * time.Hour, "w": 7 * 24 * time.Hour, "week": 7 * 24 * time.Hour, "weeks": 7 * 24 * time.Hour,
	"month": 2629800 * time.Second, "months": 2629800 * time.Second, "y": 31557600 * time.Second, "year": 31557600 * time.Second, "years": 31557600 * time.Second,
}

// timeSpan reads a span in systemd's words: "1h 30min", "90", "2days".
func timeSpan(s string) (time.Duration, error) {
	s = strings.TrimSpace(s)
	if s == "" {
		return 0, errMoment
	}
	var total time.Duration
	for s != "" {
		n := strings.IndexFunc(s, func(r rune) bool { return (r < '0' || r > '9') && r != '.' })
		if n < 0 {
			n = len(s)
		}
		number, err := strconv.ParseFloat(s[:n], 64)
		if err != nil {
			return 0, errMoment
		}
		s = strings.TrimLeft(s[n:], " ")
		w := strings.IndexFunc(s, func(r rune) bool { return r >= '0' && r <= '9' || r == ' ' })
		if w < 0 {
			w = len(s)
		}
		unit, ok := spanUnits[s[:w]]
		if !ok {
			return 0, fmt.Errorf("%w: unknown unit %q", errMoment, s[:w])
		}
		total += time.Duration(number * float64(unit))
		s = strings.TrimLeft(s[w:], " ")
	}
	return total, nil
}

// moment reads a time as systemd does: "now", "today", "-1h", "1h ago", "@SECONDS", dates and times of day in UTC.
func moment(s string, clock time.Time) (time.Time, error) {
	clock = clock.UTC()
	midnight := time.Date(clock.Year(), clock.Month(), clock.Day(), 0, 0, 0, 0, time.UTC)
	switch s {
	case "now":
		return clock, nil
	case "today":
		return midnight, nil
	case "yesterday":
		return midnight.AddDate(0, 0, -1), nil
	case "tomorrow":
		return midnight.AddDate(0, 0, 1), nil
	case "":
		return time.Time{}, errMoment
	}
	if rest, ok := strings.CutSuffix(s, " ago"); ok {
		s = "-" + rest
	}
	switch s[0] {
	case '-', '+':
		d, err := timeSpan(s[1:])
		if s[0] == '-' {
			d = -d
		}
		return clock.Add(d), err
	case '@':
		sec, err := strconv.ParseFloat(s[1:], 64)
		if err != nil {
			return time.Time{}, errMoment
		}
		return time.UnixMicro(int64(sec * 1e6)), nil
	}
	s = strings.TrimSuffix(s, " UTC")
	for _, layout := range []string{"2006-01-02 15:04:05", "2006-01-02 15:04", "2006-01-02", "2006-01-02T15:04:05", "2006-01-02T15:04:05Z07:00", "2006-01-02T15:04:05.000000Z07:00", "Mon 2006-01-02 15:04:05"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t, nil
		}
	}
	for _, layout := range []string{"15:04:05", "15:04"} {
		if t, err := time.Parse(layout, s); err == nil {
			return midnight.Add(time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute + time.Duration(t.Second())*time.Second), nil
		}
	}
	return time.Time{}, errMoment
}
