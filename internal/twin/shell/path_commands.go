package shell

import (
	"context"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"syscall"
)

func dirnameCommand(_ context.Context, c *Call) int {
	a, ok := c.options("z", "zero=z")
	if !ok {
		return 2
	}
	if len(a.rest) == 0 {
		return c.usage("missing operand")
	}
	for _, name := range a.rest {
		d := strings.TrimRight(name, "/")
		switch i := strings.LastIndexByte(d, '/'); {
		case d == "" && name != "":
			d = "/"
		case i < 0:
			d = "."
		default:
			if d = strings.TrimRight(d[:i], "/"); d == "" {
				d = "/"
			}
		}
		fmt.Fprint(c.Stdout, d, map[bool]string{true: "\x00", false: "\n"}[a.has('z')])
	}
	return 0
}

func basenameCommand(_ context.Context, c *Call) int {
	a, ok := c.options("as:z", "multiple=a", "suffix:=s", "zero=z")
	if !ok {
		return 2
	}
	names := a.rest
	suffix, many := a.get('s')
	if len(names) == 0 {
		return c.usage("missing operand")
	}
	if !many && !a.has('a') {
		if len(names) > 2 {
			return c.usage("extra operand '%s'", names[2])
		}
		if len(names) == 2 {
			suffix = names[1]
		}
		names = names[:1]
	}
	for _, name := range names {
		b := path.Base(name)
		if name == "" {
			b = ""
		}
		if b != suffix {
			b = strings.TrimSuffix(b, suffix)
		}
		fmt.Fprint(c.Stdout, b, map[bool]string{true: "\x00", false: "\n"}[a.has('z')])
	}
	return 0
}

// canonical is a path without links; must is 'e' when all has to exist, 'f' all but the last part, 'm' nothing.
func (c *Call) canonical(name string, must byte) (string, error) {
	full := c.Path(name)
	f := c.Host.FS
	f.refresh(full)
	f.mu.Lock()
	at, errno := f.lookup(strings.TrimRight(full, "/")+map[bool]string{true: "/"}[strings.Trim(full, "/") == ""], true, c.proc.who)
	f.mu.Unlock()
	switch {
	case errno == 0 && (at.node != nil || must != 'e'):
		return at.path, nil
	case errno == 0:
		return "", syscall.ENOENT
	case must != 'm':
		return "", errno
	}
	up, err := c.canonical(path.Dir(full), 'm')
	return path.Join(up, path.Base(full)), err
}

func readlinkCommand(_ context.Context, c *Call) int {
	a, ok := c.options("femnqsvz", "canonicalize=f", "canonicalize-existing=e", "canonicalize-missing=m", "no-newline=n", "quiet=q", "silent=s", "verbose=v", "zero=z")
	if !ok {
		return 2
	}
	if len(a.rest) == 0 {
		return c.usage("missing operand")
	}
	status := 0
	end := "\n"
	switch {
	case a.has('z'):
		end = "\x00"
	case a.has('n') && len(a.rest) == 1:
		end = ""
	}
	for _, name := range a.rest {
		var to string
		var err error
		if how := a.last("fem"); how != 0 {
			to, err = c.canonical(name, how)
		} else {
			var i Info
			if i, err = c.lstat(name); err == nil && i.Mode&fs.ModeSymlink == 0 {
				err = syscall.EINVAL
			}
			to = i.Link
		}
		if err != nil {
			status = 1
			if a.has('v') {
				c.Fail(1, "%s: %s", name, Reason(err))
			}
			continue
		}
		fmt.Fprint(c.Stdout, to, end)
	}
	return status
}

func realpathCommand(_ context.Context, c *Call) int {
	a, ok := c.options("emsqz", "canonicalize-existing=e", "canonicalize-missing=m", "strip=s", "no-symlinks=s", "quiet=q", "zero=z")
	if !ok {
		return 2
	}
	if len(a.rest) == 0 {
		return c.usage("missing operand")
	}
	status := 0
	for _, name := range a.rest {
		how := a.last("em")
		if how == 0 {
			how = 'f'
		}
		to, err := clean(c.Path(name)), error(nil)
		if !a.has('s') {
			to, err = c.canonical(name, how)
		}
		if err != nil {
			status = 1
			if !a.has('q') {
				c.Fail(1, "%s: %s", name, Reason(err))
			}
			continue
		}
		fmt.Fprint(c.Stdout, to, map[bool]string{true: "\x00", false: "\n"}[a.has('z')])
	}
	return status
}
