package shell

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
)

// extent is what head and tail print: lines or bytes, from the start or from the end.
type extent struct {
	n     int64
	bytes bool
	other bool // -n -3 of head, -n +3 of tail
}

// extentOf reads -n, -c and -N of head and tail; sign is what turns the meaning around.
func (c *Call) extentOf(a *arguments, sign byte) (e extent, ok bool) {
	e.n = 10
	for _, f := range a.flags {
		if f.letter != 'n' && f.letter != 'c' {
			continue
		}
		v := f.value
		e.bytes, e.other = f.letter == 'c', strings.HasPrefix(v, string(sign))
		if e.n, ok = bytesOf(strings.TrimLeft(v, "+-")); !ok {
			c.Fail(1, "invalid number of %s: '%s'", map[bool]string{true: "bytes", false: "lines"}[e.bytes], v)
			return e, false
		}
	}
	return e, true
}

// oldStyle turns -5 into -n 5.
func oldStyle(args []string) []string {
	out := make([]string, 0, len(args)+1)
	for i, w := range args {
		if i == 1 && len(w) > 1 && (w[0] == '-' || w[0] == '+') && strings.Trim(w[1:], "0123456789") == "" {
			if w[0] == '+' {
				out = append(out, "-n", w)
			} else {
				out = append(out, "-n", w[1:])
			}
			continue
		}
		out = append(out, w)
	}
	return out
}

// header prints "==> NAME <==" between several files.
func header(w io.Writer, name string, first bool) {
	if name == "-" {
		name = "standard input"
	}
	if !first {
		fmt.Fprintln(w)
	}
	fmt.Fprintf(w, "==> %s <==\n", name)
}

func headCommand(_ context.Context, c *Call) int {
	c.Args = oldStyle(c.Args)
	a, ok := c.options("n:c:qv", "lines:=n", "bytes:=c", "quiet=q", "silent=q", "verbose=v")
	if !ok {
		return 2
	}
	e, ok := c.extentOf(&a, '-')
	if !ok {
		return 1
	}
	show := len(a.rest) > 1 && !a.has('q') || a.has('v')
	first := true
	return c.eachNamed(a.rest, func(name string, r io.Reader) error {
		if show {
			header(c.Stdout, name, first)
		}
		first = false
		return e.head(c.Stdout, r)
	})
}

// eachNamed is eachFile with the words of head and tail.
func (c *Call) eachNamed(names []string, do func(name string, r io.Reader) error) int {
	if len(names) == 0 {
		names = []string{"-"}
	}
	status := 0
	for _, name := range names {
		r, err := c.open(name)
		if err != nil {
			status = c.Fail(1, "cannot open '%s' for reading: %s", name, Reason(err))
			continue
		}
		err = do(name, r)
		var failed *writeError
		if errors.As(err, &failed) {
			return c.Fail(1, "error writing 'standard output': %s", Reason(failed))
		}
		if err != nil && err != errStop {
			status = c.Fail(1, "error reading '%s': %s", name, Reason(err))
		}
	}
	return status
}

func (e extent) head(w io.Writer, r io.Reader) error {
	if e.other {
		b, err := io.ReadAll(io.LimitReader(r, 1<<30))
		if err != nil {
			return err
		}
		_, err = w.Write(b[:e.fromEnd(b)])
		return err
	}
	if e.bytes {
		_, err := io.CopyN(w, r, e.n)
		if err == io.EOF {
			return nil
		}
		return err
	}
	left := e.n
	if left == 0 {
		return nil
	}
	return eachLine(r, func(line []byte) error {
		if _, err := w.Write(line); err != nil {
			return err
		}
		if left--; left == 0 {
			return errStop
		}
		return nil
	})
}

// fromEnd is where the last n lines or bytes begin.
func (e extent) fromEnd(b []byte) int {
	if e.bytes {
		return max(len(b)-int(e.n), 0)
	}
	at := len(b)
	if e.n == 0 {
		return at
	}
	if at > 0 && b[at-1] == '\n' {
		at--
	}
	for n := e.n; n > 0; n-- {
		i := bytes.LastIndexByte(b[:at], '\n')
		if i < 0 {
			return 0
		}
		at = i
	}
	return at + 1
}

// tailCommand is tail(1). Its -f waits for changes of the file and ends with its process.
func tailCommand(ctx context.Context, c *Call) int {
	c.Args = oldStyle(c.Args)
	a, ok := c.options("n:c:qvfFs:", "lines:=n", "bytes:=c", "quiet=q", "silent=q", "verbose=v", "follow?=f", "retry=R", "sleep-interval:=s")
	if !ok {
		return 2
	}
	e, ok := c.extentOf(&a, '+')
	if !ok {
		return 1
	}
	names := a.rest
	if len(names) == 0 {
		names = []string{"-"}
	}
	show := len(names) > 1 && !a.has('q') || a.has('v')
	var follow []*followed
	status := 0
	for i, name := range names {
		r, err := c.open(name)
		if err != nil {
			status = c.Fail(1, "cannot open '%s' for reading: %s", name, Reason(err))
			if a.has('F') {
				follow = append(follow, &followed{name: name})
			}
			continue
		}
		if show {
			header(c.Stdout, name, i == 0)
		}
		at, err := e.tail(c.Stdout, r)
		var failed *writeError
		if errors.As(err, &failed) {
			return c.Fail(1, "error writing 'standard output': %s", Reason(failed))
		}
		if err != nil {
			status = c.Fail(1, "error reading '%s': %s", name, Reason(err))
			continue
		}
		if h := handleOf(r); h != nil {
			follow = append(follow, &followed{name: name, h: h, at: at})
		}
	}
	if !a.has('f') && !a.has('F') || len(follow) == 0 {
		return status
	}
	return c.follow(ctx, follow, a.has('F'), show)
}

// tail prints the end of a reader and returns how much it has read.
func (e extent) tail(w io.Writer, r io.Reader) (int64, error) {
	if e.other {
		read := &counted{r: r}
		skip := max(e.n-1, 0)
		if e.bytes {
			if _, err := io.CopyN(io.Discard, read, skip); err != nil && err != io.EOF {
				return read.n, err
			}
			_, err := io.Copy(w, read)
			return read.n, err
		}
		err := eachLine(read, func(line []byte) error {
			if skip > 0 {
				skip--
				return nil
			}
			_, err := w.Write(line)
			return err
		})
		return read.n, err
	}
	// The last bytes are enough: what a large file holds is at its beginning, the rest are zeros.
	var skipped int64
	if h := handleOf(r); h != nil && h.node.stream == nil {
		if size, most := h.size(), max(int64(longestLine), e.n); size > most {
			skipped = size - most
			h.off = skipped
		}
	}
	b, err := io.ReadAll(r)
	if err != nil {
		return 0, err
	}
	_, err = w.Write(b[e.fromEnd(b):])
	return skipped + int64(len(b)), err
}

type counted struct {
	r io.Reader
	n int64
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}
