package shell

import (
	"bytes"
	"context"
	"io"
	"math"
	"strconv"
	"strings"
)

// span is one of the ranges of cut's lists, from 1.
type span struct{ from, to int }

func spans(list string) ([]span, bool) {
	var out []span
	for _, w := range strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' }) {
		from, to, isRange := strings.Cut(w, "-")
		s := span{1, math.MaxInt}
		var err error
		if from != "" {
			if s.from, err = strconv.Atoi(from); err != nil || s.from < 1 {
				return nil, false
			}
		}
		switch {
		case !isRange:
			s.to = s.from
		case to != "":
			if s.to, err = strconv.Atoi(to); err != nil || s.to < s.from {
				return nil, false
			}
		case from == "":
			return nil, false
		}
		out = append(out, s)
	}
	return out, len(out) > 0
}

func cutCommand(_ context.Context, c *Call) int {
	a, ok := c.options("b:c:f:d:sn", "bytes:=b", "characters:=c", "fields:=f", "delimiter:=d", "only-delimited=s", "complement=C", "output-delimiter:=o")
	if !ok {
		return 2
	}
	kind := a.last("bcf")
	if kind == 0 {
		return c.usage("you must specify a list of bytes, characters, or fields")
	}
	v, _ := a.get(kind)
	list, ok := spans(v)
	if !ok {
		if kind == 'f' && strings.HasPrefix(v, "0") {
			return c.usage("fields are numbered from 1")
		}
		return c.usage("invalid %s '%s'", map[bool]string{true: "field range", false: "byte or character range"}[kind == 'f'], v)
	}
	delim := "\t"
	if v, ok := a.get('d'); ok {
		if delim = v; runeCount(delim) != 1 {
			return c.usage("the delimiter must be a single character")
		}
	}
	wanted := func(i int) bool {
		for _, s := range list {
			if i >= s.from && i <= s.to {
				return !a.has('C')
			}
		}
		return a.has('C')
	}
	outDelim, given := a.get('o')
	if !given {
		outDelim = delim
	}
	out := c.buffered()
	status := c.eachFile(a.rest, func(_ string, r io.Reader) error {
		return eachLine(r, func(l []byte) error {
			l = chomp(l)
			if kind != 'f' {
				for i, b := range l {
					if wanted(i + 1) {
						_ = out.WriteByte(b) // Flush says it
					}
				}
				return out.WriteByte('\n')
			}
			parts := bytes.Split(l, []byte(delim))
			if len(parts) == 1 {
				if a.has('s') {
					return nil
				}
				_, _ = out.Write(l) // as above
				return out.WriteByte('\n')
			}
			first := true
			for i, p := range parts {
				if !wanted(i + 1) {
					continue
				}
				if !first {
					_, _ = out.WriteString(outDelim) // as above
				}
				first = false
				_, _ = out.Write(p) // as above
			}
			return out.WriteByte('\n')
		})
	})
	return c.flushed(out, status)
}

// trSet reads one of tr's sets: characters, ranges, classes, escapes. fill is [c*] and [c*n] of the second set.
func trSet(word string, size int) ([]byte, bool) {
	var out []byte
	next := func(i int) (byte, int) {
		if word[i] != '\\' || i+1 >= len(word) {
			return word[i], 1
		}
		n := escapeLength(word[i:])
		if e := escapes(word[i:i+n], false); len(e) == 1 {
			return e[0], n
		}
		return word[i+1], 2
	}
	for i := 0; i < len(word); {
		if rest := word[i:]; strings.HasPrefix(rest, "[:") {
			if name, _, ok := strings.Cut(rest[2:], ":]"); ok {
				before := len(out)
				for b := range 256 {
					if b < 128 && inClass(name, rune(b)) {
						out = append(out, byte(b))
					}
				}
				if len(out) == before {
					return nil, false
				}
				i += len(name) + 4
				continue
			}
		}
		if word[i] == '[' && i+3 < len(word) {
			if c, n := next(i + 1); i+1+n < len(word) && word[i+1+n] == '*' {
				if count, _, ok := strings.Cut(word[i+2+n:], "]"); ok && strings.Trim(count, "0123456789") == "" {
					times := int(number(count))
					if times == 0 {
						times = max(size-len(out), 0)
					}
					out = append(out, bytes.Repeat([]byte{c}, times)...)
					i += n + 3 + len(count)
					continue
				}
			}
		}
		c, n := next(i)
		i += n
		if i+1 < len(word) && word[i] == '-' {
			to, m := next(i + 1)
			if to < c {
				return nil, false
			}
			for b := int(c); b <= int(to); b++ {
				out = append(out, byte(b))
			}
			i += 1 + m
			continue
		}
		out = append(out, c)
	}
	return out, true
}

func trCommand(_ context.Context, c *Call) int {
	a, ok := c.options("+cCdst", "complement=c", "delete=d", "squeeze-repeats=s", "truncate-set1=t")
	if !ok {
		return 2
	}
	del, squeeze, complement := a.has('d'), a.has('s'), a.has('c') || a.has('C')
	least, most := 2, 2
	if del != squeeze {
		least = 1
	}
	if del && !squeeze {
		most = 1
	}
	if len(a.rest) < least {
		if len(a.rest) == 0 {
			return c.usage("missing operand")
		}
		return c.usage("missing operand after '%s'", a.rest[len(a.rest)-1])
	}
	if len(a.rest) > most {
		return c.usage("extra operand '%s'", a.rest[most])
	}
	set1, ok := trSet(a.rest[0], 0)
	if !ok {
		return c.Fail(1, "range-endpoints or class of '%s' are invalid", a.rest[0])
	}
	if complement {
		var rest []byte
		for b := range 256 {
			if bytes.IndexByte(set1, byte(b)) < 0 {
				rest = append(rest, byte(b))
			}
		}
		set1 = rest
	}
	var set2 []byte
	if len(a.rest) > 1 {
		if set2, ok = trSet(a.rest[1], len(set1)); !ok {
			return c.Fail(1, "range-endpoints or class of '%s' are invalid", a.rest[1])
		}
	}
	var to [256]byte
	var gone, squeezed [256]bool
	for b := range to {
		to[b] = byte(b)
	}
	switch {
	case del:
		for _, b := range set1 {
			gone[b] = true
		}
		for _, b := range set2 {
			squeezed[b] = squeeze
		}
	case len(a.rest) > 1:
		if len(set2) == 0 {
			return c.usage("when not truncating set1, string2 must be non-empty")
		}
		for i, b := range set1 {
			if i < len(set2) {
				to[b] = set2[i]
			} else if !a.has('t') {
				to[b] = set2[len(set2)-1]
			}
		}
		for _, b := range set2 {
			squeezed[b] = squeeze
		}
	default:
		for _, b := range set1 {
			squeezed[b] = true
		}
	}
	return c.translate(&to, &gone, &squeezed)
}

func (c *Call) translate(to *[256]byte, gone, squeezed *[256]bool) int {
	buf := make([]byte, 32<<10)
	last, had := byte(0), false
	for {
		n, err := c.Stdin.Read(buf)
		out := buf[:0:0]
		for _, b := range buf[:n] {
			if gone[b] {
				continue
			}
			b = to[b]
			if squeezed[b] && had && last == b {
				continue
			}
			last, had = b, true
			out = append(out, b)
		}
		if len(out) > 0 {
			if _, err := c.Stdout.Write(out); err != nil {
				return 1
			}
		}
		if err == io.EOF {
			return 0
		}
		if err != nil {
			return c.Fail(1, "read error: %s", Reason(err))
		}
	}
}
