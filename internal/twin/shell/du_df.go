package shell

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// units are how du and df print sizes: in blocks of so many bytes, or for people.
type units struct {
	block int64
	human bool
}

func (u units) text(n int64) string {
	if u.human {
		return human(n)
	}
	return strconv.FormatInt((n+u.block-1)/u.block, 10)
}

// units reads -h, -k, -m, -b and -B.
func (a *arguments) units() (units, bool) {
	u := units{block: 1024}
	for _, f := range a.flags {
		switch f.letter {
		case 'h':
			u.human = true
		case 'k':
			u = units{block: 1024}
		case 'm':
			u = units{block: 1 << 20}
		case 'b':
			u = units{block: 1}
		case 'B':
			v := f.value
			if v != "" && v[0] > '9' {
				v = "1" + v
			}
			n, ok := bytesOf(v)
			if !ok || n == 0 {
				return u, false
			}
			u = units{block: n}
		}
	}
	return u, true
}

// du is one run of du(1).
type du struct {
	c              *Call
	units          units
	apparent       bool
	all, oneSystem bool
	depth          int
	follow         bool
	seen           map[uint64]bool
	exclude        []string
	status         int
}

func duCommand(_ context.Context, c *Call) int {
	a, ok := c.options("achkmsxbd:B:LDHS", "all=a", "total=c", "human-readable=h", "summarize=s", "one-file-system=x", "bytes=b", "max-depth:=d",
		"apparent-size=1", "block-size:=B", "exclude:=2", "dereference=L")
	if !ok {
		return 2
	}
	if a.has('S') || a.has('D') || a.has('H') {
		return c.unsupported("-S, -D and -H are not known to a training host")
	}
	d := &du{c: c, apparent: a.has('b') || a.has('1'), all: a.has('a'), oneSystem: a.has('x'), depth: 1 << 30, follow: a.has('L'), seen: map[uint64]bool{}, exclude: a.all('2')}
	if d.units, ok = a.units(); !ok {
		return c.usage("invalid -B argument")
	}
	if a.has('s') {
		d.depth = 0
	}
	if v, ok := a.get('d'); ok {
		n, err := strconv.Atoi(v)
		if err != nil {
			return c.usage("invalid maximum depth '%s'", v)
		}
		d.depth = n
	}
	names := a.rest
	if len(names) == 0 {
		names = []string{"."}
	}
	var total int64
	for _, name := range names {
		i, err := c.lstat(name)
		if err == nil && strings.HasSuffix(name, "/") || d.follow {
			i, err = c.Stat(name)
		}
		if err != nil {
			d.status = c.Fail(1, "cannot access '%s': %s", name, Reason(err))
			continue
		}
		total += d.walk(name, i, 0, d.point(name))
	}
	if a.has('c') {
		fmt.Fprintf(c.Stdout, "%s\ttotal\n", d.units.text(total))
	}
	return d.status
}

func (d *du) point(name string) string {
	u, err := d.c.Host.FS.usage(d.c.Path(name), root)
	if err != nil {
		return ""
	}
	return u.Point
}

func (d *du) walk(name string, i Info, depth int, point string) int64 {
	if !i.Dir && i.Links > 1 {
		if d.seen[i.Inode] {
			return 0
		}
		d.seen[i.Inode] = true
	}
	n := allocated(i)
	if d.apparent {
		n = i.Size
	}
	if i.Dir {
		list, err := d.c.Host.FS.readDir(d.c.Path(name), d.c.proc.who)
		if err != nil {
			d.status = d.c.Fail(1, "cannot read directory '%s': %s", name, Reason(err))
		}
		for _, e := range list {
			if matches(d.exclude, e.Name) {
				continue
			}
			child := join(name, e.Name)
			if d.follow {
				if s, err := d.c.Stat(child); err == nil {
					e = s
				}
			}
			if d.oneSystem && e.Dir && d.point(child) != point {
				continue
			}
			n += d.walk(child, e, depth+1, point)
		}
	}
	if depth == 0 || depth <= d.depth && (i.Dir || d.all) {
		fmt.Fprintf(d.c.Stdout, "%s\t%s\n", d.units.text(n), name)
	}
	return n
}

func dfCommand(_ context.Context, c *Call) int {
	a, ok := c.options("ahiklmPTt:x:B:", "all=a", "human-readable=h", "inodes=i", "local=l", "portability=P", "print-type=T", "type:=t", "exclude-type:=x",
		"block-size:=B", "output:=o", "total=1", "sync=2")
	if !ok {
		return 2
	}
	u, ok := a.units()
	if !ok {
		return c.usage("invalid -B argument")
	}
	if a.has('1') {
		return c.unsupported("--total is not known to a training host")
	}
	var list []Usage
	status := 0
	f := c.Host.FS
	for _, name := range a.rest {
		found, err := f.usage(c.Path(name), c.proc.who)
		if err != nil {
			status = c.Fail(1, "%s: %s", name, Reason(err))
			continue
		}
		list = append(list, found)
	}
	if len(a.rest) == 0 {
		for _, m := range f.Mounts() {
			if found, err := f.usage(m.Point, root); err == nil && (a.has('a') || m.Bytes > 0) {
				list = append(list, found)
			}
		}
	}
	list = slices.DeleteFunc(list, func(u Usage) bool {
		return slices.Contains(a.all('x'), u.Type) || a.has('t') && !slices.Contains(a.all('t'), u.Type)
	})
	if len(list) == 0 {
		if status == 0 {
			return c.Fail(1, "no file systems processed")
		}
		return status
	}
	fields := []string{"source", "size", "used", "avail", "pcent", "target"}
	switch {
	case a.has('i'):
		fields = []string{"source", "itotal", "iused", "iavail", "ipcent", "target"}
	case a.has('T'):
		fields = []string{"source", "fstype", "size", "used", "avail", "pcent", "target"}
	}
	avail := "Available"
	if v, ok := a.get('o'); ok {
		fields, avail = strings.Split(v, ","), "Avail"
	}
	text, err := dfTable(list, fields, avail, u, a.has('P'))
	if err != nil {
		return c.usage("%s", err)
	}
	fmt.Fprint(c.Stdout, text)
	return status
}

func dfTable(list []Usage, fields []string, avail string, u units, posix bool) (string, error) {
	size := "1K-blocks"
	switch {
	case u.human:
		size = "Size"
	case posix:
		size = "1024-blocks"
	case u.block == 1<<20:
		size = "1M-blocks"
	case u.block != 1024:
		size = strconv.FormatInt(u.block, 10) + "-blocks"
	}
	pcent := "Use%"
	if u.human {
		avail = "Avail"
	}
	if posix && !u.human {
		pcent = "Capacity"
	}
	known := map[string]column{
		"source": {"Filesystem", true, 14}, "fstype": {"Type", true, 4}, "size": {size, false, 5}, "used": {"Used", false, 5},
		"avail": {avail, false, 5}, "pcent": {pcent, false, 4}, "itotal": {"Inodes", false, 5}, "iused": {"IUsed", false, 5},
		"iavail": {"IFree", false, 5}, "ipcent": {"IUse%", false, 4}, "target": {"Mounted on", true, 0},
	}
	columns := make([]column, len(fields))
	for i, f := range fields {
		col, ok := known[f]
		if !ok {
			return "", fmt.Errorf("option --output: field '%s' unknown", f)
		}
		columns[i] = col
	}
	rows := make([][]string, len(list))
	for n, m := range list {
		value := map[string]string{
			"source": m.Source, "fstype": m.Type, "target": m.Point, "size": u.text(m.Bytes), "used": u.text(m.Used), "avail": u.text(m.Free),
			"pcent": percent(m.Used, m.Free), "itotal": "0", "iused": "0", "iavail": "0", "ipcent": "-",
		}
		if m.Bytes == 0 {
			value["size"], value["used"], value["avail"] = "0", "0", "0"
			value["pcent"] = "-"
		}
		if m.Inodes > 0 {
			left := max(m.Inodes-m.InodesUsed, 0)
			inode := func(n int64) string {
				if u.human {
					return human(n)
				}
				return strconv.FormatInt(n, 10)
			}
			value["itotal"], value["iused"], value["iavail"] = inode(m.Inodes), inode(m.InodesUsed), inode(left)
			value["ipcent"] = percent(m.InodesUsed, left)
		}
		for _, f := range fields {
			rows[n] = append(rows[n], value[f])
		}
	}
	return table(columns, rows, true), nil
}

// percent is used of all that is used or free, rounded up.
func percent(used, free int64) string {
	if used+free == 0 {
		return "-"
	}
	n := used * 100 / (used + free)
	if used*100%(used+free) != 0 {
		n++
	}
	return strconv.FormatInt(n, 10) + "%"
}
