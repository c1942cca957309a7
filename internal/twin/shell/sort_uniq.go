package shell

import (
	"bytes"
	"context"
	"io"
	"slices"
	"strconv"
	"strings"
)

// sortKey is one -k POS1[,POS2] with its own letters, or the whole line.
type sortKey struct {
	from, fromChar, to, toChar int // from 1; to is 0 for the end of the line
	letters                    string
}

type sorter struct {
	keys    []sortKey
	letters string
	tab     string
	stable  bool
	unique  bool
}

func sortCommand(_ context.Context, c *Call) int {
	a, ok := c.options("bcCdfghik:Mnmo:rst:uVzR", "ignore-leading-blanks=b", "check?=c", "dictionary-order=d", "ignore-case=f", "general-numeric-sort=g",
		"human-numeric-sort=h", "key:=k", "numeric-sort=n", "output:=o", "reverse=r", "stable=s", "field-separator:=t", "unique=u", "version-sort=V",
		"zero-terminated=z", "merge=m")
	if !ok {
		return 2
	}
	s := &sorter{stable: a.has('s'), unique: a.has('u')}
	for _, f := range a.flags {
		switch f.letter {
		case 'M', 'R', 'z', 'C':
			return c.unsupported("option -%c is not known to a training host", f.letter)
		case 'b', 'd', 'f', 'g', 'h', 'i', 'n', 'r', 'V':
			s.letters += string(f.letter)
		case 't':
			if s.tab = f.value; s.tab == `\0` {
				s.tab = "\x00"
			}
			if len(s.tab) != 1 {
				return c.usage("multi-character tab '%s'", f.value)
			}
		case 'k':
			k, ok := parseKey(f.value)
			if !ok {
				return c.usage("invalid key specification: '%s'", f.value)
			}
			s.keys = append(s.keys, k)
		}
	}
	var lines []string
	status := 0
	names := a.rest
	if len(names) == 0 {
		names = []string{"-"}
	}
	for _, name := range names {
		r, err := c.open(name)
		if err != nil {
			return c.Fail(2, "cannot read: %s: %s", name, Reason(err))
		}
		if err := eachLine(r, func(l []byte) error { lines = append(lines, string(chomp(l))); return nil }); err != nil {
			return c.Fail(2, "read failed: %s: %s", name, Reason(err))
		}
	}
	if a.has('c') {
		for i := 1; i < len(lines); i++ {
			if n := s.compare(lines[i-1], lines[i]); n > 0 || n == 0 && s.unique {
				return c.Fail(1, "%s:%d: disorder: %s", names[0], i+1, lines[i])
			}
		}
		return 0
	}
	slices.SortStableFunc(lines, s.compare)
	if s.unique {
		lines = slices.CompactFunc(lines, func(a, b string) bool { return s.compare(a, b) == 0 })
	}
	var out io.Writer = c.Stdout
	if v, ok := a.get('o'); ok {
		h, err := c.create(v, false)
		if err != nil {
			return c.Fail(2, "open failed: %s: %s", v, Reason(err))
		}
		out = h
	}
	var b bytes.Buffer
	for _, l := range lines {
		b.WriteString(l)
		b.WriteByte('\n')
	}
	if _, err := out.Write(b.Bytes()); err != nil {
		status = c.Fail(2, "write failed: %s", Reason(err))
	}
	return status
}

func parseKey(word string) (sortKey, bool) {
	var k sortKey
	pos := func(w string) (field, char int, letters string, ok bool) {
		digits := func() int {
			i := 0
			for i < len(w) && w[i] >= '0' && w[i] <= '9' {
				i++
			}
			n, _ := strconv.Atoi(w[:i]) // none is 0
			w = w[i:]
			return n
		}
		field = digits()
		if strings.HasPrefix(w, ".") {
			w = w[1:]
			char = digits()
		}
		return field, char, w, field > 0 && strings.Trim(w, "bdfghinrV") == ""
	}
	first, second, both := strings.Cut(word, ",")
	var more string
	var ok bool
	if k.from, k.fromChar, k.letters, ok = pos(first); !ok {
		return k, false
	}
	if both {
		if k.to, k.toChar, more, ok = pos(second); !ok {
			return k, false
		}
		k.letters += more
	}
	return k, true
}

func (s *sorter) compare(a, b string) int {
	keys := s.keys
	if len(keys) == 0 {
		keys = []sortKey{{from: 1}}
	}
	for _, k := range keys {
		letters := k.letters
		if letters == "" {
			letters = s.letters
		}
		x, y := a, b
		if len(s.keys) > 0 {
			x, y = s.part(a, k, letters), s.part(b, k, letters)
		}
		n := compareKeys(x, y, letters)
		if strings.Contains(letters, "r") {
			n = -n
		}
		if n != 0 {
			return n
		}
	}
	if s.stable || s.unique {
		return 0
	}
	n := strings.Compare(a, b)
	if strings.Contains(s.letters, "r") {
		n = -n
	}
	return n
}

// part cuts a key out of a line.
func (s *sorter) part(line string, k sortKey, letters string) string {
	blank := func(i int) bool { return i < len(line) && (line[i] == ' ' || line[i] == '\t') }
	// start and end of a field; without a separator a field begins with the blanks before it.
	field := func(n int) (int, int) {
		at := 0
		for i := 1; ; i++ {
			end := at
			if s.tab != "" {
				if j := strings.Index(line[at:], s.tab); j >= 0 {
					end = at + j
				} else {
					end = len(line)
				}
			} else {
				for blank(end) {
					end++
				}
				for end < len(line) && !blank(end) {
					end++
				}
			}
			if i == n {
				return at, end
			}
			if end >= len(line) {
				return len(line), len(line)
			}
			at = end
			if s.tab != "" {
				at++
			}
		}
	}
	from, _ := field(k.from)
	if strings.Contains(letters, "b") {
		for blank(from) {
			from++
		}
	}
	if k.fromChar > 1 {
		from = min(from+k.fromChar-1, len(line))
	}
	to := len(line)
	if k.to > 0 {
		start, end := field(k.to)
		to = end
		if k.toChar > 0 {
			if strings.Contains(letters, "b") {
				for blank(start) {
					start++
				}
			}
			to = min(start+k.toChar, len(line))
		}
	}
	if to < from {
		return ""
	}
	return line[from:to]
}
