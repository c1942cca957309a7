package shell

import (
	"context"
	"fmt"
	"io"
)

func cmpCommand(_ context.Context, c *Call) int {
	a, ok := c.options("slb", "quiet=s", "silent=s", "verbose=l", "print-bytes=b")
	if !ok {
		return 2
	}
	if a.has('l') || a.has('b') {
		return c.unsupported("-l and -b are not known to a training host")
	}
	if len(a.rest) == 1 {
		a.rest = append(a.rest, "-")
	}
	if len(a.rest) != 2 {
		return c.usage("missing operand")
	}
	var in [2]io.Reader
	for i, name := range a.rest {
		r, err := c.open(name)
		if err != nil {
			if !a.has('s') {
				c.Fail(2, "%s: %s", name, Reason(err))
			}
			return 2
		}
		in[i] = r
	}
	x, y := make([]byte, 32<<10), make([]byte, 32<<10)
	at, line := 0, 1
	for {
		n, errX := io.ReadFull(in[0], x)
		m, errY := io.ReadFull(in[1], y)
		for i := range min(n, m) {
			if x[i] != y[i] {
				if !a.has('s') {
					fmt.Fprintf(c.Stdout, "%s %s differ: byte %d, line %d\n", a.rest[0], a.rest[1], at+i+1, line)
				}
				return 1
			}
			if x[i] == '\n' {
				line++
			}
		}
		at += min(n, m)
		if n != m {
			short := a.rest[0]
			if m < n {
				short = a.rest[1]
			}
			if !a.has('s') {
				where := fmt.Sprintf("after byte %d, in line %d", at, line)
				if i := min(n, m); i > 0 && x[i-1] == '\n' {
					where = fmt.Sprintf("after byte %d, line %d", at, line-1)
				}
				if at == 0 {
					where = "which is empty"
				}
				c.Fail(1, "EOF on %s %s", quotedName(short)[1:len(short)+1], where)
			}
			return 1
		}
		if errX != nil || errY != nil {
			return 0
		}
	}
}
