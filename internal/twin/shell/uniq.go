package shell

import (
	"context"
	"fmt"
	"io"
	"math"
	"strings"
)

func uniqCommand(_ context.Context, c *Call) int {
	a, ok := c.options("cduif:s:w:", "count=c", "repeated=d", "unique=u", "ignore-case=i", "skip-fields:=f", "skip-chars:=s", "check-chars:=w")
	if !ok {
		return 2
	}
	value := func(l byte, none int) int {
		if v, ok := a.get(l); ok {
			return int(number(v))
		}
		return none
	}
	fields, chars, width := value('f', 0), value('s', 0), value('w', math.MaxInt)
	key := func(s string) string {
		for range fields {
			s = strings.TrimLeft(s, " \t")
			if i := strings.IndexAny(s, " \t"); i >= 0 {
				s = s[i:]
			} else {
				s = ""
			}
		}
		s = s[min(chars, len(s)):]
		s = s[:min(width, len(s))]
		if a.has('i') {
			s = strings.ToLower(s)
		}
		return s
	}
	if len(a.rest) > 1 {
		return c.usage("extra operand '%s'", a.rest[1])
	}
	out := c.buffered()
	var last string
	n := 0
	flush := func() {
		if n == 0 || a.has('d') && n < 2 || a.has('u') && n > 1 {
			return
		}
		if a.has('c') {
			fmt.Fprintf(out, "%7d ", n)
		}
		fmt.Fprintln(out, last)
	}
	status := c.eachFile(a.rest, func(_ string, r io.Reader) error {
		return eachLine(r, func(l []byte) error {
			line := string(chomp(l))
			if n > 0 && key(line) == key(last) {
				n++
				return nil
			}
			flush()
			last, n = line, 1
			return nil
		})
	})
	flush()
	return c.flushed(out, status)
}
