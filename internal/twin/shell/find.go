package shell

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"
)

// find is one run of find(1).
type find struct {
	c          *Call
	ctx        context.Context
	follow     bool
	min, max   int
	oneSystem  bool
	depthFirst bool
	expr       predicate
	batches    []*batch
	status     int
	quit       bool
	acts       bool // an action stands in the expression, so that -print is not added
	words      []string
	now        time.Time
}

// found is what a predicate looks at.
type found struct {
	name  string // as it is printed
	start string // the starting point it was found under
	depth int
	Info
	prune bool
}

type predicate func(e *found) bool

func findCommand(ctx context.Context, c *Call) int {
	f := &find{c: c, ctx: ctx, max: 1 << 30, now: c.Host.now()}
	words := c.Args[1:]
	for len(words) > 0 && (words[0] == "-L" || words[0] == "-P" || words[0] == "-H") {
		f.follow = words[0] == "-L"
		words = words[1:]
	}
	var starts []string
	for len(words) > 0 && !strings.HasPrefix(words[0], "-") && words[0] != "(" && words[0] != "!" {
		starts = append(starts, words[0])
		words = words[1:]
	}
	if len(starts) == 0 {
		starts = []string{"."}
	}
	f.words = words
	expr, err := f.or()
	if err == nil && len(f.words) > 0 {
		err = fmt.Errorf("paths must precede expression: '%s'", f.words[0])
	}
	if err != nil {
		if errors.Is(err, errPredicate) {
			return c.Fail(2, "%s", err)
		}
		return c.Fail(1, "%s", err)
	}
	f.expr = expr
	if !f.acts {
		f.expr = func(e *found) bool { return expr(e) && f.print(e, "\n") }
	}
	for _, s := range starts {
		stat := c.lstat
		if f.follow {
			stat = c.Stat
		}
		i, err := stat(s)
		if err != nil && f.follow {
			i, err = c.lstat(s)
		}
		if err != nil {
			f.status = c.Fail(1, "'%s': %s", s, Reason(err))
			continue
		}
		f.walk(&found{name: s, start: s, Info: i}, f.point(s))
	}
	for _, b := range f.batches {
		f.flush(b)
	}
	return f.status
}

func (f *find) point(name string) string {
	u, err := f.c.Host.FS.usage(f.c.Path(name), root)
	if err != nil {
		return ""
	}
	return u.Point
}

func (f *find) walk(e *found, point string) {
	if f.quit || f.ctx.Err() != nil {
		return
	}
	if !f.depthFirst && e.depth >= f.min {
		f.expr(e)
	}
	if e.Dir && !e.prune && e.depth < f.max && !f.quit {
		list, err := f.c.Host.FS.readDir(f.c.Path(e.name), f.c.proc.who)
		if err != nil {
			f.status = f.c.Fail(1, "'%s': %s", e.name, Reason(err))
		}
		for _, i := range list {
			child := &found{name: join(e.name, i.Name), start: e.start, depth: e.depth + 1, Info: i}
			if f.follow && i.Mode&fs.ModeSymlink != 0 {
				if s, err := f.c.Stat(child.name); err == nil {
					child.Info = s
				}
			}
			if f.oneSystem && child.Dir && f.point(child.name) != point {
				if child.depth >= f.min {
					f.expr(child)
				}
				continue
			}
			f.walk(child, point)
		}
	}
	if f.depthFirst && e.depth >= f.min && !f.quit {
		f.expr(e)
	}
}

func (f *find) print(e *found, end string) bool {
	_, err := fmt.Fprint(f.c.Stdout, e.name, end)
	if err != nil {
		f.quit = true
	}
	return true
}

func (f *find) peek() string {
	if len(f.words) == 0 {
		return ""
	}
	return f.words[0]
}

func (f *find) next() string {
	w := f.words[0]
	f.words = f.words[1:]
	return w
}

func (f *find) or() (predicate, error) {
	a, err := f.and()
	for err == nil && (f.peek() == "-o" || f.peek() == "-or" || f.peek() == ",") {
		comma := f.next() == ","
		x := a
		var y predicate
		if y, err = f.and(); err == nil {
			a = func(e *found) bool { return x(e) && !comma || y(e) }
		}
	}
	return a, err
}

func (f *find) and() (predicate, error) {
	all := func(*found) bool { return true }
	first := true
	for len(f.words) > 0 {
		w := f.peek()
		if w == "-o" || w == "-or" || w == "," || w == ")" {
			break
		}
		if w == "-a" || w == "-and" {
			f.next()
			continue
		}
		y, err := f.not()
		if err != nil {
			return nil, err
		}
		x := all
		if first {
			all, first = y, false
			continue
		}
		all = func(e *found) bool { return x(e) && y(e) }
	}
	return all, nil
}

func (f *find) not() (predicate, error) {
	switch f.peek() {
	case "!", "-not":
		f.next()
		if len(f.words) == 0 {
			return nil, fmt.Errorf("expected an expression after '!'")
		}
		x, err := f.not()
		return func(e *found) bool { return !x(e) }, err
	case "(":
		f.next()
		x, err := f.or()
		if err != nil {
			return nil, err
		}
		if f.peek() != ")" {
			return nil, fmt.Errorf("invalid expression; I was expecting to find a ')' somewhere but did not see one")
		}
		f.next()
		return x, nil
	}
	return f.primary()
}

// value is the argument of a test.
func (f *find) value(name string) (string, error) {
	if len(f.words) == 0 {
		return "", fmt.Errorf("missing argument to `%s'", name)
	}
	return f.next(), nil
}
