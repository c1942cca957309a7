package shell

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"syscall"
)

// join is a name in a directory as it was given.
func join(dir, name string) string { return strings.TrimSuffix(dir, "/") + "/" + name }

// target finds where cp, mv and ln put things: the directory, or the one new name.
func (c *Call) target(a *arguments, names []string) (dir string, to string, from []string, ok bool) {
	if v, has := a.get('t'); has {
		if len(names) == 0 {
			c.usage("missing file operand")
			return "", "", nil, false
		}
		if i, err := c.Stat(v); err != nil || !i.Dir {
			c.Fail(1, "target directory '%s': %s", v, Reason(orErrno(err, syscall.ENOTDIR)))
			return "", "", nil, false
		}
		return v, "", names, true
	}
	switch len(names) {
	case 0:
		c.usage("missing file operand")
		return "", "", nil, false
	case 1:
		c.usage("missing destination file operand after '%s'", names[0])
		return "", "", nil, false
	}
	last := names[len(names)-1]
	from = names[:len(names)-1]
	i, err := c.Stat(last)
	if !a.has('T') && err == nil && i.Dir && !(c.Name() == "ln" && a.has('n') && c.isLink(last)) {
		return last, "", from, true
	}
	if len(from) > 1 {
		c.Fail(1, "target '%s': %s", last, Reason(orErrno(err, syscall.ENOTDIR)))
		return "", "", nil, false
	}
	return "", last, from, true
}

func (c *Call) isLink(name string) bool {
	i, err := c.lstat(name)
	return err == nil && i.Mode&fs.ModeSymlink != 0
}

func orErrno(err error, no syscall.Errno) error {
	if err != nil {
		return err
	}
	return no
}

func rmCommand(_ context.Context, c *Call) int {
	a, ok := c.options("rRfdvi", "recursive=r", "force=f", "dir=d", "verbose=v", "one-file-system=x", "no-preserve-root=N", "preserve-root=P")
	if !ok {
		return 2
	}
	if a.has('i') {
		return c.unsupported("-i is not known to a training host")
	}
	if len(a.rest) == 0 && !a.has('f') {
		return c.usage("missing operand")
	}
	status := 0
	for _, name := range a.rest {
		base := path.Base(name)
		if base == "." || base == ".." {
			status = c.Fail(1, "refusing to remove '.' or '..' directory: skipping '%s'", name)
			continue
		}
		if clean(c.Path(name)) == "/" && !a.has('N') {
			status = c.Fail(1, "it is dangerous to operate recursively on '/'\n%s: use --no-preserve-root to override this failsafe", c.Name())
			continue
		}
		if !c.erase(name, &a) {
			status = 1
		}
	}
	return status
}

// erase removes a file, and a tree with -r; what cannot be removed is said and the rest goes on.
func (c *Call) erase(name string, a *arguments) bool {
	f := c.Host.FS
	i, err := c.lstat(name)
	if err != nil {
		if a.has('f') && (errors.Is(err, syscall.ENOENT) || errors.Is(err, syscall.ENOTDIR)) {
			return true
		}
		c.Fail(1, "cannot remove '%s': %s", name, Reason(err))
		return false
	}
	good := true
	if i.Dir {
		if !a.has('r') && !a.has('R') {
			if !a.has('d') {
				c.Fail(1, "cannot remove '%s': Is a directory", name)
				return false
			}
		} else {
			list, err := f.readDir(c.Path(name), c.proc.who)
			if err != nil {
				c.Fail(1, "cannot remove '%s': %s", name, Reason(err))
				return false
			}
			for _, e := range list {
				good = c.erase(join(name, e.Name), a) && good
			}
			if !good {
				return false
			}
		}
	}
	if err := f.remove(c.Path(name), either, c.proc.who); err != nil {
		c.Fail(1, "cannot remove '%s': %s", name, Reason(err))
		return false
	}
	if a.has('v') {
		fmt.Fprintf(c.Stdout, "removed %s'%s'\n", map[bool]string{true: "directory "}[i.Dir], name)
	}
	return good
}

func lnCommand(_ context.Context, c *Call) int {
	a, ok := c.options("sfnTvt:r", "symbolic=s", "force=f", "no-dereference=n", "no-target-directory=T", "verbose=v", "target-directory:=t")
	if !ok {
		return 2
	}
	if a.has('r') {
		return c.unsupported("-r is not known to a training host")
	}
	names := a.rest
	if len(names) == 1 && !a.has('t') {
		names = append(names, ".")
	}
	dir, one, from, ok := c.target(&a, names)
	if !ok {
		return 1
	}
	f := c.Host.FS
	status := 0
	for _, name := range from {
		to := one
		if dir != "" {
			to = join(dir, path.Base(name))
		}
		if i, err := c.lstat(to); err == nil && a.has('f') && !i.Dir {
			if err := f.remove(c.Path(to), onlyFile, c.proc.who); err != nil {
				status = c.Fail(1, "cannot remove '%s': %s", to, Reason(err))
				continue
			}
		}
		var err error
		kind := "hard link"
		if a.has('s') {
			kind = "symbolic link"
			err = f.symlink(name, c.Path(to), c.proc.who)
		} else {
			if i, e := c.lstat(name); e != nil {
				status = c.Fail(1, "failed to access '%s': %s", name, Reason(e))
				continue
			} else if i.Dir {
				status = c.Fail(1, "%s: hard link not allowed for directory", name)
				continue
			}
			err = f.link(c.Path(name), c.Path(to), c.proc.who)
		}
		if err != nil {
			status = c.Fail(1, "failed to create %s '%s': %s", kind, to, Reason(err))
			continue
		}
		if a.has('v') {
			fmt.Fprintf(c.Stdout, "'%s' %s '%s'\n", to, map[bool]string{true: "->", false: "=>"}[a.has('s')], name)
		}
	}
	return status
}
