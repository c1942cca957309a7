package shell

import (
	"context"
	"errors"
	"fmt"
	"io"
)

func catCommand(_ context.Context, c *Call) int {
	a, ok := c.options("nbsEuATv", "number=n", "number-nonblank=b", "squeeze-blank=s", "show-ends=E", "show-all=A", "show-tabs=T", "show-nonprinting=v")
	if !ok {
		return 2
	}
	names := a.rest
	if len(names) == 0 {
		names = []string{"-"}
	}
	status, line, blank := 0, 0, false
	plain := !a.has('n') && !a.has('b') && !a.has('s') && !a.has('E') && !a.has('A') && !a.has('T') && !a.has('v')
	for _, name := range names {
		r, err := c.open(name)
		if err == nil && plain {
			_, err = io.Copy(c.Stdout, r)
		} else if err == nil {
			err = eachLine(r, func(l []byte) error {
				empty := len(l) == 1 && l[0] == '\n'
				if empty && blank && a.has('s') {
					return nil
				}
				blank = empty
				if a.has('n') && !a.has('b') || a.has('b') && !empty {
					line++
					fmt.Fprintf(c.Stdout, "%6d\t", line)
				}
				if l[len(l)-1] == '\n' && (a.has('E') || a.has('A')) {
					l = append(append([]byte{}, l[:len(l)-1]...), '$', '\n')
				}
				if a.has('A') || a.has('T') || a.has('v') {
					l = visible(l, !a.has('v'))
				}
				_, err := c.Stdout.Write(l)
				return err
			})
		}
		var failed *writeError
		if errors.As(err, &failed) {
			return c.Fail(1, "write error: %s", Reason(failed))
		}
		if err != nil {
			status = c.Fail(1, "%s: %s", name, Reason(err))
		}
	}
	return status
}

// visible shows control characters as ^X and bytes above 127 as M-x.
func visible(line []byte, tabs bool) []byte {
	out := make([]byte, 0, len(line))
	for _, b := range line {
		if b == '\n' || b == '\t' && !tabs {
			out = append(out, b)
			continue
		}
		if b >= 0x80 {
			out = append(out, "M-"...)
			b -= 0x80
		}
		switch {
		case b < ' ':
			out = append(out, '^', b+'@')
		case b == 0x7f:
			out = append(out, "^?"...)
		default:
			out = append(out, b)
		}
	}
	return out
}
