package shell

import (
	"context"
	"errors"
	"fmt"
	"path"
	"syscall"
)

func mvCommand(_ context.Context, c *Call) int {
	a, ok := c.options("fnvTt:iu", "force=f", "no-clobber=n", "verbose=v", "no-target-directory=T", "target-directory:=t")
	if !ok {
		return 2
	}
	if a.has('i') || a.has('u') {
		return c.unsupported("-i and -u are not known to a training host")
	}
	dir, one, from, ok := c.target(&a, a.rest)
	if !ok {
		return 1
	}
	status := 0
	for _, name := range from {
		to := one
		if dir != "" {
			to = join(dir, path.Base(clean(name)))
		}
		if _, err := c.lstat(to); err == nil && a.last("nf") == 'n' {
			continue
		}
		if err := c.move(name, to); err != nil {
			status = c.Fail(1, "%s", err)
			continue
		}
		if a.has('v') {
			fmt.Fprintf(c.Stdout, "renamed '%s' -> '%s'\n", name, to)
		}
	}
	return status
}

// move renames; across two file systems it copies and removes.
func (c *Call) move(name, to string) error {
	f := c.Host.FS
	i, err := c.lstat(name)
	if err != nil {
		return fmt.Errorf("cannot stat '%s': %s", name, Reason(err))
	}
	if t, err := c.lstat(to); err == nil {
		switch {
		case t.Inode == i.Inode:
			return fmt.Errorf("'%s' and '%s' are the same file", name, to)
		case t.Dir && !i.Dir:
			return fmt.Errorf("cannot overwrite directory '%s' with non-directory", to)
		case !t.Dir && i.Dir:
			return fmt.Errorf("cannot overwrite non-directory '%s' with directory '%s'", to, name)
		}
	}
	err = f.rename(c.Path(name), c.Path(to), c.proc.who)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, syscall.EINVAL):
		return fmt.Errorf("cannot move '%s' to a subdirectory of itself, '%s'", name, to)
	case !errors.Is(err, syscall.EXDEV):
		return fmt.Errorf("cannot move '%s' to '%s': %s", name, to, Reason(err))
	}
	cp := &copier{c: c, recursive: true, preserve: true, links: true, verb: "move"}
	if !cp.copy(name, to, true) {
		return fmt.Errorf("cannot move '%s' to '%s'", name, to)
	}
	if err := f.removeAll(c.Path(name), c.proc.who); err != nil {
		return fmt.Errorf("cannot remove '%s': %s", name, Reason(err))
	}
	return nil
}
