package shell

import (
	"cmp"
	"context"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"time"
)

// ls is one run of ls(1).
type ls struct {
	c         *Call
	a         *arguments
	long      bool
	failed    int
	recursive bool
}

// entry is a line of ls: a file and the name that is printed.
type entry struct {
	name string
	Info
}

func lsCommand(_ context.Context, c *Call) int {
	a, ok := c.options("laAdhrtSR1inFpLHgGsUvCxNQqk", "all=a", "almost-all=A", "directory=d", "human-readable=h", "reverse=r", "recursive=R",
		"inode=i", "numeric-uid-gid=n", "classify=F", "dereference=L", "no-group=G", "size=s", "full-time=6", "time-style:=2", "color?=3",
		"group-directories-first=4", "sort:=5", "literal=N")
	if !ok {
		return 2
	}
	for _, f := range a.flags {
		switch {
		case strings.IndexByte("gQqkx", f.letter) >= 0,
			f.letter == '3' && f.value != "" && f.value != "auto" && f.value != "never":
			return c.unsupported("option -%c %s is not known to a training host", f.letter, f.value)
		case f.letter == '2' && f.value != "full-iso" && f.value != "long-iso" && f.value != "iso":
			return c.usage("invalid argument '%s' for 'time style'", f.value)
		}
	}
	if a.has('6') {
		a.flags = append(a.flags, flag{letter: '2', value: "full-iso"})
	}
	l := &ls{c: c, a: &a, long: a.has('l') || a.has('n') || a.has('6'), recursive: a.has('R')}
	names := a.rest
	if len(names) == 0 {
		names = []string{"."}
	}
	var files []entry
	var dirs []string
	for _, name := range names {
		stat := c.Stat
		if l.long && !a.has('L') && !a.has('H') && !strings.HasSuffix(name, "/") || a.has('d') && !a.has('L') {
			stat = c.lstat
		}
		i, err := stat(name)
		if err != nil {
			if i, err = c.lstat(name); err != nil {
				l.failed = c.Fail(2, "cannot access '%s': %s", name, Reason(err))
				continue
			}
		}
		if i.Dir && !a.has('d') {
			dirs = append(dirs, name)
		} else {
			files = append(files, entry{name, i})
		}
	}
	l.sort(files)
	l.print(files, false)
	slices.Sort(dirs)
	for n, d := range dirs {
		if n > 0 || len(files) > 0 {
			fmt.Fprintln(c.Stdout)
		}
		l.dir(d, len(names) > 1 || l.recursive)
	}
	return l.failed
}

func (l *ls) dir(name string, titled bool) {
	list, err := l.c.Host.FS.readDir(l.c.Path(name), l.c.proc.who)
	if err != nil {
		l.failed = l.c.Fail(2, "cannot open directory '%s': %s", name, Reason(err))
		return
	}
	if titled {
		fmt.Fprintf(l.c.Stdout, "%s:\n", name)
	}
	var files []entry
	if l.a.last("aA") == 'a' {
		for _, dot := range []string{".", ".."} {
			if i, err := l.c.lstat(join(name, dot)); err == nil {
				files = append(files, entry{dot, i})
			}
		}
	}
	for _, i := range list {
		if strings.HasPrefix(i.Name, ".") && l.a.last("aA") == 0 {
			continue
		}
		if l.a.has('L') {
			if s, err := l.c.Stat(join(name, i.Name)); err == nil {
				s.Name = i.Name
				i = s
			}
		}
		files = append(files, entry{i.Name, i})
	}
	l.sort(files)
	l.print(files, true)
	if !l.recursive {
		return
	}
	for _, f := range files {
		if f.Dir && f.name != "." && f.name != ".." {
			fmt.Fprintln(l.c.Stdout)
			l.dir(join(name, f.name), true)
		}
	}
}

func (l *ls) sort(files []entry) {
	how := l.a.last("tSUv")
	if v, ok := l.a.get('5'); ok {
		how = map[string]byte{"time": 't', "size": 'S', "none": 'U', "version": 'v'}[v]
	}
	slices.SortStableFunc(files, func(x, y entry) int {
		n := strings.Compare(x.name, y.name)
		switch how {
		case 't':
			n = cmp.Or(y.ModTime.Compare(x.ModTime), n)
		case 'S':
			n = cmp.Or(cmp.Compare(y.Size, x.Size), n)
		case 'v':
			n = compareVersions(x.name, y.name)
		case 'U':
			n = 0
		}
		if l.a.has('r') {
			n = -n
		}
		if l.a.has('4') && x.Dir != y.Dir {
			n = 1
			if x.Dir {
				n = -1
			}
		}
		return n
	})
}

func (l *ls) print(files []entry, total bool) {
	out := l.c.Stdout
	if total && (l.long || l.a.has('s')) {
		var blocks int64
		for _, f := range files {
			blocks += allocated(f.Info)
		}
		if l.a.has('h') {
			fmt.Fprintf(out, "total %s\n", human(blocks))
		} else {
			fmt.Fprintf(out, "total %d\n", blocks/1024)
		}
	}
	if l.long {
		l.longList(files)
		return
	}
	names := make([]string, len(files))
	for i, f := range files {
		names[i] = l.shown(f)
		if l.a.has('s') {
			names[i] = fmt.Sprintf("%4d %s", allocated(f.Info)/1024, names[i])
		}
		if l.a.has('i') {
			names[i] = fmt.Sprintf("%d %s", f.Inode, names[i])
		}
	}
	if l.a.last("1C") != '1' && (l.c.terminal(1) || l.a.has('C')) {
		fmt.Fprint(out, inColumns(names, 80))
		return
	}
	for _, n := range names {
		fmt.Fprintln(out, n)
	}
}

// inColumns lays names out in columns as ls does on a terminal.
func inColumns(names []string, width int) string {
	if len(names) == 0 {
		return ""
	}
	var b strings.Builder
	for rows := 1; ; rows++ {
		cols := (len(names) + rows - 1) / rows
		widths := make([]int, cols)
		sum := 0
		for i, n := range names {
			widths[i/rows] = max(widths[i/rows], runeCount(n)+2)
		}
		for _, w := range widths {
			sum += w
		}
		if sum-2 > width && rows < len(names) {
			continue
		}
		for r := range rows {
			for col := range cols {
				i := col*rows + r
				if i >= len(names) {
					continue
				}
				b.WriteString(names[i])
				if (col+1)*rows+r < len(names) {
					b.WriteString(strings.Repeat(" ", widths[col]-runeCount(names[i])))
				}
			}
			b.WriteByte('\n')
		}
		return b.String()
	}
}

func (l *ls) shown(f entry) string {
	name := f.name
	switch {
	case l.a.has('F') && f.Mode&fs.ModeSymlink != 0 && !l.long:
		name += "@"
	case (l.a.has('F') || l.a.has('p')) && f.Dir:
		name += "/"
	case l.a.has('F') && f.Mode.IsRegular() && f.Mode&0o111 != 0:
		name += "*"
	}
	return name
}

func (l *ls) longList(files []entry) {
	columns := []column{{left: true}, {}, {left: true}, {left: true}, {}, {}, {left: true}}
	rows := make([][]string, len(files))
	for n, f := range files {
		user, group := f.User, f.Group
		if l.a.has('n') {
			user, group = strconv.Itoa(l.c.Host.uid(user)), strconv.Itoa(l.c.Host.gid(group))
		}
		size := strconv.FormatInt(f.Size, 10)
		if l.a.has('h') {
			size = human(f.Size)
		}
		if f.Mode&fs.ModeCharDevice != 0 {
			size = "1, 3"
		}
		name := l.shown(f)
		if f.Mode&fs.ModeSymlink != 0 {
			name += " -> " + f.Link
		}
		rows[n] = []string{modeString(f.Mode), strconv.Itoa(f.Links), user, group, size, l.when(f.ModTime), name}
		if l.a.has('i') {
			rows[n][0] = strconv.FormatUint(f.Inode, 10) + " " + rows[n][0]
		}
	}
	if l.a.has('G') {
		for i := range rows {
			rows[i] = slices.Delete(rows[i], 3, 4)
		}
		columns = slices.Delete(columns, 3, 4)
	}
	fmt.Fprint(l.c.Stdout, table(columns, rows, false))
}

// when is a time as ls prints it: with the year instead of the hour when it is more than half a year away.
func (l *ls) when(t time.Time) string {
	t = t.In(l.c.zone())
	style, _ := l.a.get('2')
	switch {
	case style == "full-iso":
		return stamp(t)
	case style == "long-iso":
		return t.Format("2006-01-02 15:04")
	case style == "iso":
		return t.Format("01-02 15:04")
	}
	now := l.c.Host.now()
	if age := now.Sub(t); age > 182*24*time.Hour || age < -time.Hour {
		return t.Format("Jan _2  2006")
	}
	return t.Format("Jan _2 15:04")
}
