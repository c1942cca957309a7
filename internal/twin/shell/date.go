package shell

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// dateCommand is date(1) without setting the clock.
func dateCommand(_ context.Context, c *Call) int {
	a, ok := c.options("ud:r:RI::s:", "utc=u", "universal=u", "date:=d", "reference:=r", "rfc-email=R", "iso-8601?=I", "rfc-3339:=3")
	if !ok {
		return 2
	}
	if a.has('s') {
		return c.Fail(1, "cannot set date: Operation not permitted")
	}
	at := c.Host.now()
	if v, ok := a.get('d'); ok {
		t, err := c.parseDate(v)
		if err != nil {
			return c.Fail(1, "%s", err)
		}
		at = t
	}
	if v, ok := a.get('r'); ok {
		i, err := c.Stat(v)
		if err != nil {
			return c.Fail(1, "%s: %s", v, Reason(err))
		}
		at = i.ModTime
	}
	at = at.In(c.zone())
	if a.has('u') {
		at = at.UTC()
	}
	format := "%a %b %e %H:%M:%S %Z %Y"
	switch v, _ := a.get('I'); {
	case a.has('R'):
		format = "%a, %d %b %Y %H:%M:%S %z"
	case a.has('3'):
		format = "%Y-%m-%d %H:%M:%S%:z"
	case a.has('I'):
		f, ok := map[string]string{
			"": "%Y-%m-%d", "date": "%Y-%m-%d", "hours": "%Y-%m-%dT%H%:z", "minutes": "%Y-%m-%dT%H:%M%:z",
			"seconds": "%Y-%m-%dT%H:%M:%S%:z", "ns": "%Y-%m-%dT%H:%M:%S,%N%:z",
		}[v]
		if !ok {
			return c.usage("invalid argument '%s' for '--iso-8601'", v)
		}
		format = f
	}
	for _, w := range a.rest {
		if !strings.HasPrefix(w, "+") {
			return c.Fail(1, "invalid date '%s'", w)
		}
		format = w[1:]
	}
	text, err := strftime(format, at)
	if err != nil {
		return c.usage("%s", err)
	}
	fmt.Fprintln(c.Stdout, text)
	return 0
}

// strftime formats a time as date(1) does.
func strftime(format string, t time.Time) (string, error) {
	var b strings.Builder
	for i := 0; i < len(format); i++ {
		if format[i] != '%' || i+1 >= len(format) {
			b.WriteByte(format[i])
			continue
		}
		i++
		pad := byte(0)
		colons := 0
		width := ""
		for i < len(format)-1 && strings.IndexByte("-_0^:123456789", format[i]) >= 0 {
			switch f := format[i]; {
			case f == ':':
				colons++
			case f >= '1' && f <= '9':
				width += string(f)
			default:
				pad = f
			}
			i++
		}
		num := func(n, digits int, fill byte) string {
			switch pad {
			case '-':
				return strconv.Itoa(n)
			case '_':
				fill = ' '
			case '0':
				fill = '0'
			}
			s := strconv.Itoa(n)
			return strings.Repeat(string(fill), max(digits-len(s), 0)) + s
		}
		hour12 := (t.Hour()+11)%12 + 1
		switch format[i] {
		case '%':
			b.WriteByte('%')
		case 'n':
			b.WriteByte('\n')
		case 't':
			b.WriteByte('\t')
		case 'Y':
			b.WriteString(num(t.Year(), 4, '0'))
		case 'y':
			b.WriteString(num(t.Year()%100, 2, '0'))
		case 'C':
			b.WriteString(num(t.Year()/100, 2, '0'))
		case 'm':
			b.WriteString(num(int(t.Month()), 2, '0'))
		case 'd':
			b.WriteString(num(t.Day(), 2, '0'))
		case 'e':
			b.WriteString(num(t.Day(), 2, ' '))
		case 'H':
			b.WriteString(num(t.Hour(), 2, '0'))
		case 'k':
			b.WriteString(num(t.Hour(), 2, ' '))
		case 'I':
			b.WriteString(num(hour12, 2, '0'))
		case 'M':
			b.WriteString(num(t.Minute(), 2, '0'))
		case 'S':
			b.WriteString(num(t.Second(), 2, '0'))
		case 's':
			b.WriteString(strconv.FormatInt(t.Unix(), 10))
		case 'N':
			n := fmt.Sprintf("%09d", t.Nanosecond())
			if w, err := strconv.Atoi(width); err == nil && w < 9 {
				n = n[:w]
			}
			b.WriteString(n)
		case 'j':
			b.WriteString(num(t.YearDay(), 3, '0'))
		case 'a':
			b.WriteString(t.Format("Mon"))
		case 'A':
			b.WriteString(t.Format("Monday"))
		case 'b', 'h':
			b.WriteString(t.Format("Jan"))
		case 'B':
			b.WriteString(t.Format("January"))
		case 'p':
			b.WriteString(t.Format("PM"))
		case 'P':
			b.WriteString(t.Format("pm"))
		case 'u':
			b.WriteString(strconv.Itoa((int(t.Weekday())+6)%7 + 1))
		case 'w':
			b.WriteString(strconv.Itoa(int(t.Weekday())))
		case 'G':
			y, _ := t.ISOWeek()
			b.WriteString(num(y, 4, '0'))
		case 'V':
			_, w := t.ISOWeek()
			b.WriteString(num(w, 2, '0'))
		case 'F':
			b.WriteString(t.Format("2006-01-02"))
		case 'T', 'X':
			b.WriteString(t.Format("15:04:05"))
		case 'R':
			b.WriteString(t.Format("15:04"))
		case 'D', 'x':
			b.WriteString(t.Format("01/02/06"))
		case 'r':
			b.WriteString(t.Format("03:04:05 PM"))
		case 'c':
			b.WriteString(t.Format("Mon Jan _2 15:04:05 2006"))
		case 'z':
			b.WriteString(t.Format(map[int]string{0: "-0700", 1: "-07:00", 2: "-07:00:00"}[colons]))
		case 'Z':
			b.WriteString(t.Format("MST"))
		case '@':
			fmt.Fprintf(&b, "%d.%09d0", t.Unix(), t.Nanosecond())
		default:
			return "", fmt.Errorf("the directive %%%c is not known to a training host", format[i])
		}
	}
	return b.String(), nil
}

// parseDate reads what date -d and touch -d get: @SECONDS, dates, times, now, today, yesterday, tomorrow, and
// "N units ago", "+N units".
func (c *Call) parseDate(word string) (time.Time, error) {
	bad := fmt.Errorf("invalid date '%s'", word)
	now := c.Host.now().In(c.zone())
	if rest, ok := strings.CutPrefix(word, "@"); ok {
		whole, frac, _ := strings.Cut(rest, ".")
		s, err := strconv.ParseInt(whole, 10, 64)
		if err != nil {
			return now, bad
		}
		n, _ := strconv.ParseInt((frac + "000000000")[:9], 10, 64) // digits or nothing
		return time.Unix(s, n), nil
	}
	trimmed := strings.TrimSpace(word)
	for _, layout := range []string{
		time.RFC3339Nano, "2006-01-02 15:04:05.999999999 -0700", "2006-01-02 15:04:05 MST", "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02 15:04",
		"2006-01-02", "20060102", "Jan _2 15:04:05 2006 MST", "Mon Jan _2 15:04:05 MST 2006", "Jan 2 15:04:05 2006", "Jan 2 2006", "Mon, 02 Jan 2006 15:04:05 -0700",
	} {
		if t, err := time.ParseInLocation(layout, trimmed, c.zone()); err == nil {
			return t, nil
		}
	}
	t := now
	words := strings.Fields(strings.ToLower(trimmed))
	for len(words) > 0 {
		w := words[0]
		words = words[1:]
		midnight := time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, t.Location())
		if day, err := time.ParseInLocation("2006-01-02", w, t.Location()); err == nil {
			t = day
			continue
		}
		if clock, err := time.Parse("15:04:05", w+map[bool]string{true: ":00"}[strings.Count(w, ":") == 1]); err == nil {
			t = midnight.Add(clock.Sub(time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC)))
			continue
		}
		if w == "utc" || w == "z" || w == "gmt" {
			t = time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), time.UTC)
			continue
		}
		switch w {
		case "now", "today":
			continue
		case "yesterday":
			t = t.AddDate(0, 0, -1)
			continue
		case "tomorrow":
			t = t.AddDate(0, 0, 1)
			continue
		case "midnight":
			t = midnight
			continue
		}
		digits := strings.TrimRight(w, "abcdefghijklmnopqrstuvwxyz")
		unit := w[len(digits):]
		n, err := strconv.Atoi(strings.TrimPrefix(digits, "+"))
		if digits == "" && (w == "last" || w == "next") {
			n, err = map[string]int{"last": -1, "next": 1}[w], nil
			unit = ""
		}
		if err != nil {
			return now, bad
		}
		if unit == "" {
			if len(words) == 0 {
				return now, bad
			}
			unit, words = words[0], words[1:]
		}
		if len(words) > 0 && words[0] == "ago" {
			n, words = -n, words[1:]
		}
		switch strings.TrimSuffix(unit, "s") {
		case "sec", "second":
			t = t.Add(time.Duration(n) * time.Second)
		case "min", "minute":
			t = t.Add(time.Duration(n) * time.Minute)
		case "hour":
			t = t.Add(time.Duration(n) * time.Hour)
		case "day":
			t = t.AddDate(0, 0, n)
		case "week":
			t = t.AddDate(0, 0, 7*n)
		case "month":
			t = t.AddDate(0, n, 0)
		case "year":
			t = t.AddDate(n, 0, 0)
		default:
			return now, bad
		}
	}
	if trimmed == "" {
		return time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, now.Location()), nil
	}
	return t, nil
}
