package shell

import (
	"context"
	"io"
	"strconv"
	"strings"
)

func echoCommand(_ context.Context, c *Call) int {
	if _, err := io.WriteString(c.Stdout, echoed(c.Args[1:], false)); err != nil {
		return c.Fail(1, "write error: %s", Reason(err))
	}
	return 0
}

// echoed is what echo prints. dash's reads backslashes and knows -n alone; the others want -e for them.
func echoed(args []string, dash bool) string {
	newline, slashes := true, dash
	for len(args) > 0 {
		a := args[0]
		if dash && a != "-n" || len(a) < 2 || a[0] != '-' || strings.Trim(a[1:], "neE") != "" {
			break
		}
		for _, l := range a[1:] {
			switch l {
			case 'n':
				newline = false
			case 'e':
				slashes = true
			case 'E':
				slashes = false
			}
		}
		args = args[1:]
		if dash {
			break
		}
	}
	text := strings.Join(args, " ")
	if slashes {
		if before, _, stop := cutStop(text); stop {
			return escapes(before, true)
		}
		text = escapes(text, true)
	}
	if newline {
		text += "\n"
	}
	return text
}

// cutStop finds \c, which ends all output.
func cutStop(text string) (before, after string, found bool) {
	for i := 0; i+1 < len(text); i++ {
		if text[i] == '\\' {
			if text[i+1] == 'c' {
				return text[:i], text[i+2:], true
			}
			i++
		}
	}
	return text, "", false
}

// escapes reads backslash sequences. zero is for echo and %b, whose octal numbers begin with 0.
func escapes(v string, zero bool) string {
	if !strings.Contains(v, `\`) {
		return v
	}
	var b strings.Builder
	for i := 0; i < len(v); i++ {
		if v[i] != '\\' || i+1 >= len(v) {
			b.WriteByte(v[i])
			continue
		}
		i++
		digits := func(base, most int) (int, int) {
			n, used := 0, 0
			for used < most && i+1+used < len(v) {
				d, err := strconv.ParseInt(v[i+1+used:i+2+used], base, 16)
				if err != nil {
					break
				}
				n, used = n*base+int(d), used+1
			}
			return n, used
		}
		if at := strings.IndexByte(`abfnrtv\"'?e`, v[i]); at >= 0 {
			b.WriteByte("\a\b\f\n\r\t\v\\\"'?\x1b"[at])
			continue
		}
		switch c := v[i]; {
		case c == '0' && zero:
			n, used := digits(8, 3)
			b.WriteByte(byte(n))
			i += used
		case c >= '0' && c <= '7' && !zero:
			i--
			n, used := digits(8, 3)
			b.WriteByte(byte(n))
			i += used
		case c == 'x':
			n, used := digits(16, 2)
			if used == 0 {
				b.WriteString(`\x`)
				continue
			}
			b.WriteByte(byte(n))
			i += used
		case c == 'u' || c == 'U':
			n, used := digits(16, map[byte]int{'u': 4, 'U': 8}[c])
			if used == 0 {
				b.WriteByte('\\')
				b.WriteByte(c)
				continue
			}
			b.WriteRune(rune(n))
			i += used
		default:
			b.WriteByte('\\')
			b.WriteByte(c)
		}
	}
	return b.String()
}
