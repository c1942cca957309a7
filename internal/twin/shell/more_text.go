package shell

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"strings"
)

func yesCommand(_ context.Context, c *Call) int {
	word := "y"
	if len(c.Args) > 1 {
		word = strings.Join(c.Args[1:], " ")
	}
	block := []byte(strings.Repeat(word+"\n", 256))
	for {
		if _, err := c.Stdout.Write(block); err != nil {
			return 1
		}
	}
}

func ttyCommand(_ context.Context, c *Call) int {
	a, ok := c.options("s", "silent=s", "quiet=s")
	if !ok {
		return 2
	}
	name, status := "not a tty", 1
	if c.terminal(0) {
		name, status = "/dev/"+c.proc.session.tty, 0
	}
	if !a.has('s') {
		fmt.Fprintln(c.Stdout, name)
	}
	return status
}

// niceCommand is nice and ionice: priorities mean nothing here, so the command just runs.
func niceCommand(ctx context.Context, c *Call) int {
	a, ok := c.options("+n:c:tp:", "adjustment:=n", "class:=c", "classdata:=n", "ignore=t")
	if !ok {
		return 125
	}
	if a.has('p') || len(a.rest) == 0 {
		return c.unsupported("only running a command is known to a training host")
	}
	return c.become(ctx, a.rest)
}

func pasteCommand(_ context.Context, c *Call) int {
	a, ok := c.options("sd:", "serial=s", "delimiters:=d")
	if !ok {
		return 2
	}
	delims := "\t"
	if v, ok := a.get('d'); ok {
		delims = escapes(v, false)
	}
	between := func(n int) string {
		if delims == "" {
			return ""
		}
		r := []rune(delims)
		return string(r[n%len(r)])
	}
	if a.has('s') {
		return c.eachFile(a.rest, func(_ string, r io.Reader) error {
			n := 0
			err := eachLine(r, func(l []byte) error {
				if n > 0 {
					fmt.Fprint(c.Stdout, between(n-1))
				}
				n++
				_, err := c.Stdout.Write(chomp(l))
				return err
			})
			fmt.Fprintln(c.Stdout)
			return err
		})
	}
	var in []*bufio.Reader
	shared := bufio.NewReader(c.Stdin) // several dashes take turns
	for _, name := range orStdin(a.rest) {
		if name == "-" {
			in = append(in, shared)
			continue
		}
		r, err := c.open(name)
		if err != nil {
			return c.Fail(1, "%s: %s", name, Reason(err))
		}
		in = append(in, bufio.NewReader(r))
	}
	for {
		var row []string
		left := false
		for _, r := range in {
			line, err := r.ReadString('\n')
			left = left || err == nil || line != ""
			row = append(row, strings.TrimSuffix(line, "\n"))
		}
		if !left {
			return 0
		}
		for i, cell := range row {
			if i > 0 {
				fmt.Fprint(c.Stdout, between(i-1))
			}
			fmt.Fprint(c.Stdout, cell)
		}
		if _, err := fmt.Fprintln(c.Stdout); err != nil {
			return 1
		}
	}
}

func commCommand(_ context.Context, c *Call) int {
	a, ok := c.options("123", "check-order=x", "nocheck-order=y")
	if !ok {
		return 2
	}
	if len(a.rest) != 2 {
		return c.usage("missing operand")
	}
	var lines [2][]string
	for i, name := range a.rest {
		r, err := c.open(name)
		if err == nil {
			err = eachLine(r, func(l []byte) error { lines[i] = append(lines[i], string(chomp(l))); return nil })
		}
		if err != nil {
			return c.Fail(1, "%s: %s", name, Reason(err))
		}
	}
	out := c.buffered()
	put := func(col int, line string) {
		if a.has(byte('0' + col)) {
			return
		}
		for n := 1; n < col; n++ {
			if !a.has(byte('0' + n)) {
				_ = out.WriteByte('\t') // Flush says it
			}
		}
		fmt.Fprintln(out, line)
	}
	x, y := lines[0], lines[1]
	for len(x) > 0 || len(y) > 0 {
		switch {
		case len(y) == 0 || len(x) > 0 && x[0] < y[0]:
			put(1, x[0])
			x = x[1:]
		case len(x) == 0 || y[0] < x[0]:
			put(2, y[0])
			y = y[1:]
		default:
			put(3, x[0])
			x, y = x[1:], y[1:]
		}
	}
	return c.flushed(out, 0)
}
