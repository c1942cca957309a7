package shell

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

func mountCommand(_ context.Context, c *Call) int {
	a, ok := c.options("lt:o:", "types:=t", "options:=o")
	if !ok {
		return 2
	}
	if v, ok := a.get('o'); ok && len(a.rest) > 0 {
		return c.remount(v, a.rest[len(a.rest)-1])
	}
	if len(a.rest) > 0 {
		return c.Fail(32, "%s: file systems of a training host cannot be mounted, but mount -o remount,ro and rw can", a.rest[0])
	}
	types := strings.Split(strings.Join(a.all('t'), ","), ",")
	for _, m := range c.Host.FS.Mounts() {
		if !a.has('t') || slices.Contains(types, m.Type) {
			fmt.Fprintf(c.Stdout, "%s on %s type %s (%s)\n", m.Source, m.Point, m.Type, m.Options)
		}
	}
	return 0
}

// remount is mount -o remount,ro and rw.
func (c *Call) remount(options, point string) int {
	words := strings.Split(options, ",")
	if !slices.Contains(words, "remount") {
		return c.usage("only -o remount,ro and remount,rw are known to a training host")
	}
	if !c.proc.who.super {
		return c.Fail(1, "must be superuser to use mount")
	}
	for _, m := range c.Host.FS.Mounts() {
		if m.Point != clean(point) {
			continue
		}
		have := slices.DeleteFunc(strings.Split(m.Options, ","), func(o string) bool { return o == "ro" || o == "rw" })
		mode := "rw"
		if slices.Contains(words, "ro") {
			mode = "ro"
		}
		m.Options = strings.Join(append([]string{mode}, have...), ",")
		c.Host.FS.Mount(m)
		return 0
	}
	return c.Fail(32, "%s: mount point not mounted or bad option.", point)
}

func findmntCommand(_ context.Context, c *Call) int {
	a, ok := c.options("no:t:T:lrPSMO:", "noheadings=n", "output:=o", "types:=t", "target:=T", "list=l", "raw=r", "mountpoint=M")
	if !ok {
		return 2
	}
	for _, l := range "PSO" {
		if a.has(byte(l)) {
			return c.unsupported("-%c is not known to a training host", l)
		}
	}
	fields := []string{"TARGET", "SOURCE", "FSTYPE", "OPTIONS"}
	if v, ok := a.get('o'); ok {
		fields = strings.Split(strings.ToUpper(v), ",")
	}
	list := c.Host.FS.Mounts()
	if v, ok := a.get('T'); ok {
		u, err := c.Host.FS.usage(c.Path(v), c.proc.who)
		if err != nil {
			return 1
		}
		list = []Mount{u.Mount}
	}
	types := strings.Split(strings.Join(a.all('t'), ","), ",")
	list = slices.DeleteFunc(list, func(m Mount) bool {
		hit := slices.Contains(types, m.Type)
		for _, t := range types {
			if strings.HasPrefix(t, "no") && t[2:] == m.Type {
				return true
			}
		}
		if a.has('t') && !hit {
			return true
		}
		return len(a.rest) > 0 && !slices.Contains(a.rest, m.Point) && !slices.Contains(a.rest, m.Source)
	})
	if len(list) == 0 {
		return 1
	}
	columns := make([]column, len(fields))
	rows := make([][]string, len(list))
	for i, f := range fields {
		columns[i] = column{title: f, left: true, least: len(f)} // the title counts even when it is not shown
		for n, m := range list {
			value, ok := map[string]string{"TARGET": m.Point, "SOURCE": m.Source, "FSTYPE": m.Type, "OPTIONS": m.Options}[f]
			if !ok {
				return c.usage("unknown column: %s", f)
			}
			if f == "TARGET" && !a.has('l') && !a.has('r') && !a.has('t') && !a.has('T') && len(a.rest) == 0 && value != "/" {
				value = branch(list, n)
			}
			rows[n] = append(rows[n], value)
		}
	}
	if a.has('r') {
		for _, r := range rows {
			fmt.Fprintln(c.Stdout, strings.Join(r, " "))
		}
		return 0
	}
	fmt.Fprint(c.Stdout, table(columns, rows, !a.has('n')))
	return 0
}

// branch draws a mount point of findmnt's tree, of which / is the root.
func branch(list []Mount, n int) string {
	point := list[n].Point
	depth := 0
	for _, m := range list {
		if m.Point != "/" && strings.HasPrefix(point, m.Point+"/") {
			depth++
		}
	}
	mark := "└─"
	for _, m := range list[n+1:] {
		if depth == 0 && m.Point != "/" {
			mark = "├─"
		}
	}
	return strings.Repeat("│ ", depth) + mark + point
}
