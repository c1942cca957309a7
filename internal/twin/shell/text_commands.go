package shell

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

func tacCommand(_ context.Context, c *Call) int {
	a, ok := c.options("")
	if !ok {
		return 2
	}
	return c.eachFile(a.rest, func(_ string, r io.Reader) error {
		var lines [][]byte
		if err := eachLine(r, func(l []byte) error { lines = append(lines, bytes.Clone(l)); return nil }); err != nil {
			return err
		}
		out := c.buffered()
		for _, l := range slices.Backward(lines) {
			_, _ = out.Write(l) // Flush says it
		}
		return out.Flush()
	})
}

func revCommand(_ context.Context, c *Call) int {
	a, ok := c.options("")
	if !ok {
		return 2
	}
	return c.eachFile(a.rest, func(_ string, r io.Reader) error {
		return eachLine(r, func(l []byte) error {
			runes := []rune(string(chomp(l)))
			slices.Reverse(runes)
			_, err := io.WriteString(c.Stdout, string(runes)+string(l[len(chomp(l)):]))
			return err
		})
	})
}

func nlCommand(_ context.Context, c *Call) int {
	a, ok := c.options("b:w:s:v:", "body-numbering:=b", "number-width:=w", "number-separator:=s", "starting-line-number:=v")
	if !ok {
		return 2
	}
	style, width, sep, n := "t", 6, "\t", 1
	for _, f := range a.flags {
		v, err := strconv.Atoi(f.value)
		switch f.letter {
		case 'b':
			if style = f.value; style != "a" && style != "t" && style != "n" {
				return c.usage("invalid body numbering style: '%s'", style)
			}
			err = nil
		case 's':
			sep, err = f.value, nil
		case 'w':
			width = v
		case 'v':
			n = v
		}
		if err != nil {
			return c.usage("invalid number: '%s'", f.value)
		}
	}
	return c.eachFile(a.rest, func(_ string, r io.Reader) error {
		return eachLine(r, func(l []byte) error {
			var err error
			if style == "a" || style == "t" && len(chomp(l)) > 0 {
				_, err = fmt.Fprintf(c.Stdout, "%*d%s%s", width, n, sep, l)
				n++
			} else {
				_, err = fmt.Fprintf(c.Stdout, "%s%s", strings.Repeat(" ", width+len(sep)), l)
			}
			return err
		})
	})
}

func teeCommand(_ context.Context, c *Call) int {
	a, ok := c.options("ai", "append=a", "ignore-interrupts=i")
	if !ok {
		return 2
	}
	outs := []io.Writer{c.Stdout}
	status := 0
	for _, name := range a.rest {
		h, err := c.create(name, a.has('a'))
		if err != nil {
			status = c.Fail(1, "%s: %s", name, Reason(err))
			continue
		}
		outs = append(outs, h)
	}
	buf := make([]byte, 32<<10)
	for {
		n, err := c.Stdin.Read(buf)
		for i, w := range outs {
			if _, err := w.Write(buf[:n]); err != nil && n > 0 {
				name := "standard output"
				if i > 0 {
					name = a.rest[i-1]
				}
				status = c.Fail(1, "%s: %s", name, Reason(err))
			}
		}
		if err != nil {
			return status
		}
	}
}

// runeCount is the number of characters of a text.
func runeCount(s string) int { return utf8.RuneCountInString(s) }
