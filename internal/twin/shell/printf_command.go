package shell

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"
)

// printfCommand is printf(1): the format is used again until the arguments are used up.
func printfCommand(_ context.Context, c *Call) int {
	args := c.Args[1:]
	if len(args) > 0 && args[0] == "--" {
		args = args[1:]
	}
	if len(args) == 0 {
		return c.Fail(2, "usage: printf format [arg ...]")
	}
	p := &printing{c: c, args: args[1:]}
	for {
		before := len(p.args)
		p.format(args[0])
		if p.stop || len(p.args) == 0 || len(p.args) == before {
			break
		}
	}
	if _, err := io.WriteString(c.Stdout, p.out.String()); err != nil {
		return c.Fail(1, "write error: %s", Reason(err))
	}
	return p.status
}

type printing struct {
	c      *Call
	args   []string
	out    strings.Builder
	status int
	stop   bool
}

func (p *printing) next() (string, bool) {
	if len(p.args) == 0 {
		return "", false
	}
	a := p.args[0]
	p.args = p.args[1:]
	return a, true
}

func (p *printing) format(f string) {
	for !p.stop {
		i := strings.IndexAny(f, `%\`)
		if i < 0 {
			p.out.WriteString(f)
			return
		}
		p.out.WriteString(f[:i])
		f = f[i:]
		if f[0] == '\\' {
			n := escapeLength(f)
			if f[:n] == `\c` {
				p.stop = true
				return
			}
			p.out.WriteString(escapes(f[:n], false))
			f = f[n:]
			continue
		}
		if strings.HasPrefix(f, "%%") {
			p.out.WriteByte('%')
			f = f[2:]
			continue
		}
		f = p.directive(f)
	}
}

// escapeLength is how long the backslash sequence at the start of f is.
func escapeLength(f string) int {
	if len(f) < 2 {
		return len(f)
	}
	most, base := 0, 8
	n := 2
	switch c := f[1]; {
	case c >= '0' && c <= '7':
		most = 2
	case c == 'x':
		most, base = 2, 16
	case c == 'u':
		most, base = 4, 16
	case c == 'U':
		most, base = 8, 16
	}
	for ; most > 0 && n < len(f); most-- {
		if _, err := strconv.ParseInt(f[n:n+1], base, 16); err != nil {
			break
		}
		n++
	}
	return n
}

// directive prints one conversion and returns what follows it.
func (p *printing) directive(f string) string {
	i := 1
	for i < len(f) && strings.IndexByte("-+ #0", f[i]) >= 0 {
		i++
	}
	spec := f[:i]
	star := func() {
		if i < len(f) && f[i] == '*' {
			a, _ := p.next()
			spec += strconv.FormatInt(number(a), 10)
			i++
			return
		}
		for i < len(f) && f[i] >= '0' && f[i] <= '9' {
			spec += f[i : i+1]
			i++
		}
	}
	star()
	if i < len(f) && f[i] == '.' {
		spec += "."
		i++
		star()
	}
	if i >= len(f) {
		p.fail("%s: missing format character", f)
		return ""
	}
	conv, rest := f[i], f[i+1:]
	a, has := p.next()
	switch conv {
	case 's':
		p.out.WriteString(padded(spec, a))
	case 'b':
		if before, _, stop := cutStop(a); stop {
			p.stop = true
			a = before
		}
		p.out.WriteString(padded(spec, escapes(a, true)))
	case 'c':
		if a != "" {
			_, n := utf8.DecodeRuneInString(a)
			p.out.WriteString(padded(spec, a[:n]))
		}
	case 'q':
		p.out.WriteString(padded(spec, quoted(a)))
	case 'd', 'i':
		fmt.Fprintf(&p.out, spec+"d", p.integer(a, has))
	case 'u':
		fmt.Fprintf(&p.out, spec+"d", uint64(p.integer(a, has)))
	case 'o', 'x', 'X':
		fmt.Fprintf(&p.out, spec+string(conv), uint64(p.integer(a, has)))
	case 'f', 'F', 'e', 'E', 'g', 'G':
		n, err := strconv.ParseFloat(a, 64)
		if err != nil && a != "" {
			p.fail("%s: expected numeric value", a)
		}
		fmt.Fprintf(&p.out, spec+string(conv), n)
	default:
		p.fail("%%%c: invalid directive", conv)
		p.stop = true
	}
	return rest
}

func (p *printing) fail(format string, args ...any) {
	p.status = p.c.Fail(1, format, args...)
}

func (p *printing) integer(a string, has bool) int64 {
	if !has || a == "" {
		return 0
	}
	if (a[0] == '\'' || a[0] == '"') && len(a) > 1 {
		r, _ := utf8.DecodeRuneInString(a[1:])
		return int64(r)
	}
	n, err := strconv.ParseInt(strings.TrimSpace(a), 0, 64)
	if err != nil {
		if u, err := strconv.ParseUint(strings.TrimSpace(a), 0, 64); err == nil {
			return int64(u)
		}
		n = number(a)
		p.fail("%s: expected numeric value", a)
	}
	return n
}

// padded prints text with a width and a precision, in bytes as C does.
func padded(spec, text string) string {
	spec = strings.TrimPrefix(spec, "%")
	left := strings.Contains(spec, "-")
	spec = strings.TrimLeft(spec, "-+ #0")
	w, prec, has := strings.Cut(spec, ".")
	if has {
		if n := int(number(prec)); n < len(text) {
			text = text[:max(n, 0)]
		}
	}
	width := int(number(w))
	if width < 0 {
		left, width = true, -width
	}
	if n := width - len(text); n > 0 {
		if left {
			return text + strings.Repeat(" ", n)
		}
		return strings.Repeat(" ", n) + text
	}
	return text
}
