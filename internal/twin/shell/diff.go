package shell

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"
)

// diffCommand is diff(1) with -u, -q, -r, -N, -w, -b, -i and the plain format.
func diffCommand(_ context.Context, c *Call) int {
	a, ok := c.options("uqrNwbisU:", "unified?=u", "brief=q", "recursive=r", "new-file=N", "ignore-all-space=w", "ignore-space-change=b", "ignore-case=i", "report-identical-files=s")
	if !ok {
		return 2
	}
	if len(a.rest) != 2 {
		return c.usage("missing operand after '%s'", c.Args[len(c.Args)-1])
	}
	d := &diff{c: c, a: &a, context: 3}
	if v, ok := a.get('U'); ok {
		d.context = int(number(v))
	}
	return d.pair(a.rest[0], a.rest[1])
}

type diff struct {
	c       *Call
	a       *arguments
	context int
}

func (d *diff) pair(x, y string) int {
	i, errX := d.c.Stat(x)
	j, errY := d.c.Stat(y)
	if errX == nil && errY == nil {
		switch {
		case i.Dir && j.Dir:
			return d.dirs(x, y)
		case i.Dir:
			x = join(x, path.Base(y))
		case j.Dir:
			y = join(y, path.Base(x))
		}
	}
	return d.files(x, y)
}

func (d *diff) dirs(x, y string) int {
	names := map[string]int{}
	for n, dir := range []string{x, y} {
		list, err := d.c.Host.FS.readDir(d.c.Path(dir), d.c.proc.who)
		if err != nil {
			return d.c.Fail(2, "%s: %s", dir, Reason(err))
		}
		for _, e := range list {
			names[e.Name] |= 1 << n
		}
	}
	status := 0
	keys := make([]string, 0, len(names))
	for n := range names {
		keys = append(keys, n)
	}
	slices.Sort(keys)
	for _, n := range keys {
		switch names[n] {
		case 1, 2:
			fmt.Fprintf(d.c.Stdout, "Only in %s: %s\n", []string{x, y}[names[n]-1], n)
			status = max(status, 1)
			continue
		}
		i, _ := d.c.Stat(join(x, n)) // it was just listed
		if i.Dir && !d.a.has('r') {
			fmt.Fprintf(d.c.Stdout, "Common subdirectories: %s and %s\n", join(x, n), join(y, n))
			continue
		}
		if d.a.has('r') && !d.a.has('q') && !i.Dir && d.differ(join(x, n), join(y, n)) {
			fmt.Fprintf(d.c.Stdout, "diff -r %s %s\n", join(x, n), join(y, n))
		}
		status = max(status, d.pair(join(x, n), join(y, n)))
	}
	return status
}

func (d *diff) differ(x, y string) bool {
	a, _ := d.c.ReadFile(x) // what cannot be read is said by files
	b, _ := d.c.ReadFile(y)
	return string(a) != string(b)
}

func (d *diff) lines(name string) ([]string, error) {
	if name == "-" {
		b, err := readAll(d.c.Stdin)
		return splitLines(string(b)), err
	}
	b, err := d.c.ReadFile(name)
	if err != nil && d.a.has('N') {
		return nil, nil
	}
	return splitLines(string(b)), err
}

func splitLines(text string) []string {
	if text == "" {
		return nil
	}
	lines := strings.SplitAfter(text, "\n")
	if lines[len(lines)-1] == "" {
		lines = lines[:len(lines)-1]
	}
	return lines
}

func (d *diff) key(line string) string {
	if d.a.has('w') {
		line = strings.Join(strings.Fields(line), "")
	} else if d.a.has('b') {
		line = strings.TrimRight(strings.Join(strings.Fields(" "+line), " "), " ")
	}
	if d.a.has('i') {
		line = strings.ToLower(line)
	}
	return line
}

// hunk says that lines [a1,a2) of the first file become [b1,b2) of the second.
type hunk struct{ a1, a2, b1, b2 int }

func (d *diff) files(x, y string) int {
	a, err := d.lines(x)
	if err != nil {
		return d.c.Fail(2, "%s: %s", x, Reason(err))
	}
	b, err := d.lines(y)
	if err != nil {
		return d.c.Fail(2, "%s: %s", y, Reason(err))
	}
	if len(a)*len(b) > 64<<20 {
		return d.c.Fail(2, "memory exhausted")
	}
	hunks := d.compare(a, b)
	if len(hunks) == 0 {
		if d.a.has('s') {
			fmt.Fprintf(d.c.Stdout, "Files %s and %s are identical\n", x, y)
		}
		return 0
	}
	switch {
	case d.a.has('q'):
		fmt.Fprintf(d.c.Stdout, "Files %s and %s differ\n", x, y)
	case d.a.has('u') || d.a.has('U'):
		d.unified(x, y, a, b, hunks)
	default:
		d.plain(a, b, hunks)
	}
	return 1
}

// compare finds the hunks by the longest common subsequence.
func (d *diff) compare(a, b []string) []hunk {
	ka, kb := make([]string, len(a)), make([]string, len(b))
	for i, l := range a {
		ka[i] = d.key(l)
	}
	for i, l := range b {
		kb[i] = d.key(l)
	}
	start := 0
	for start < len(a) && start < len(b) && ka[start] == kb[start] {
		start++
	}
	endA, endB := len(a), len(b)
	for endA > start && endB > start && ka[endA-1] == kb[endB-1] {
		endA, endB = endA-1, endB-1
	}
	n, m := endA-start, endB-start
	long := make([][]int32, n+1)
	for i := range long {
		long[i] = make([]int32, m+1)
	}
	for i := n - 1; i >= 0; i-- {
		for j := m - 1; j >= 0; j-- {
			if ka[start+i] == kb[start+j] {
				long[i][j] = long[i+1][j+1] + 1
			} else {
				long[i][j] = max(long[i+1][j], long[i][j+1])
			}
		}
	}
	var out []hunk
	for i, j := 0, 0; i < n || j < m; {
		if i < n && j < m && ka[start+i] == kb[start+j] {
			i, j = i+1, j+1
			continue
		}
		h := hunk{a1: start + i, b1: start + j}
		for (i < n || j < m) && (i >= n || j >= m || ka[start+i] != kb[start+j]) {
			if j >= m || i < n && long[i+1][j] >= long[i][j+1] {
				i++
			} else {
				j++
			}
		}
		h.a2, h.b2 = start+i, start+j
		out = append(out, h)
	}
	return out
}

func (d *diff) write(mark, line string) {
	fmt.Fprint(d.c.Stdout, mark, line)
	if !strings.HasSuffix(line, "\n") {
		fmt.Fprint(d.c.Stdout, "\n\\ No newline at end of file\n")
	}
}

func (d *diff) plain(a, b []string, hunks []hunk) {
	place := func(from, to int) string {
		if to-from <= 1 {
			return fmt.Sprint(max(from+1, to))
		}
		return fmt.Sprintf("%d,%d", from+1, to)
	}
	for _, h := range hunks {
		switch {
		case h.a1 == h.a2:
			fmt.Fprintf(d.c.Stdout, "%da%s\n", h.a1, place(h.b1, h.b2))
		case h.b1 == h.b2:
			fmt.Fprintf(d.c.Stdout, "%sd%d\n", place(h.a1, h.a2), h.b1)
		default:
			fmt.Fprintf(d.c.Stdout, "%sc%s\n", place(h.a1, h.a2), place(h.b1, h.b2))
		}
		for _, l := range a[h.a1:h.a2] {
			d.write("< ", l)
		}
		if h.a1 < h.a2 && h.b1 < h.b2 {
			fmt.Fprintln(d.c.Stdout, "---")
		}
		for _, l := range b[h.b1:h.b2] {
			d.write("> ", l)
		}
	}
}

func (d *diff) unified(x, y string, a, b []string, hunks []hunk) {
	for n, name := range []string{x, y} {
		at := d.c.Host.now()
		if i, err := d.c.Stat(name); err == nil {
			at = i.ModTime
		}
		fmt.Fprintf(d.c.Stdout, "%s %s\t%s\n", []string{"---", "+++"}[n], name, stamp(at.In(d.c.zone())))
	}
	for len(hunks) > 0 {
		// Hunks whose context touches are printed as one.
		n := 1
		for n < len(hunks) && hunks[n].a1-hunks[n-1].a2 <= 2*d.context {
			n++
		}
		first, last := hunks[0], hunks[n-1]
		a1, a2 := max(first.a1-d.context, 0), min(last.a2+d.context, len(a))
		b1, b2 := first.b1-(first.a1-a1), last.b2+(a2-last.a2)
		place := func(from, to int) string {
			switch to - from {
			case 0:
				return fmt.Sprintf("%d,0", from)
			case 1:
				return fmt.Sprint(from + 1)
			}
			return fmt.Sprintf("%d,%d", from+1, to-from)
		}
		fmt.Fprintf(d.c.Stdout, "@@ -%s +%s @@\n", place(a1, a2), place(b1, b2))
		at := a1
		for _, h := range hunks[:n] {
			for ; at < h.a1; at++ {
				d.write(" ", a[at])
			}
			for ; at < h.a2; at++ {
				d.write("-", a[at])
			}
			for _, l := range b[h.b1:h.b2] {
				d.write("+", l)
			}
		}
		for ; at < a2; at++ {
			d.write(" ", a[at])
		}
		hunks = hunks[n:]
	}
}
