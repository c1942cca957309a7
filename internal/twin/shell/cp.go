package shell

import (
	"context"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"syscall"
)

// copier is one run of cp(1).
type copier struct {
	c                  *Call
	recursive          bool
	preserve           bool // mode, owner and time
	links              bool // copy symbolic links as links
	follow             bool // -L
	force, keep        bool
	verbose, oneSystem bool
	update             bool
	verb               string
}

func cpCommand(_ context.Context, c *Call) int {
	a, ok := c.options("arRpfnvTt:dPLuxi", "archive=a", "recursive=r", "preserve?=p", "force=f", "no-clobber=n", "verbose=v", "no-target-directory=T",
		"target-directory:=t", "no-dereference=P", "dereference=L", "update=u", "one-file-system=x", "reflink?=1", "sparse:=2")
	if !ok {
		return 2
	}
	if a.has('i') {
		return c.unsupported("-i is not known to a training host")
	}
	if v, ok := a.get('1'); ok && v != "auto" && v != "never" && v != "always" && v != "" {
		return c.usage("invalid argument '%s' for '--reflink'", v)
	}
	cp := &copier{
		c: c, recursive: a.has('r') || a.has('R') || a.has('a'), preserve: a.has('p') || a.has('a'), force: a.has('f'),
		keep: a.has('n'), verbose: a.has('v'), oneSystem: a.has('x'), update: a.has('u'), verb: "copy",
	}
	cp.follow = a.last("LPda") == 'L'
	cp.links = !cp.follow && (cp.recursive || a.has('d') || a.has('P'))
	dir, one, from, ok := c.target(&a, a.rest)
	if !ok {
		return 1
	}
	status := 0
	for _, name := range from {
		to := one
		if dir != "" {
			to = join(dir, path.Base(clean(c.Path(name))))
		}
		if !cp.copy(name, to, true) {
			status = 1
		}
	}
	return status
}

// copy copies one thing; what goes wrong is said, and the rest goes on.
func (cp *copier) copy(name, to string, named bool) bool {
	c, f := cp.c, cp.c.Host.FS
	stat := c.Stat
	if cp.links {
		stat = c.lstat
	}
	i, err := stat(name)
	if err != nil {
		c.Fail(1, "cannot stat '%s': %s", name, Reason(err))
		return false
	}
	if i.Dir && !cp.recursive {
		c.Fail(1, "-r not specified; omitting directory '%s'", name)
		return false
	}
	t, terr := c.lstat(to)
	if terr == nil {
		switch {
		case t.Inode == i.Inode:
			c.Fail(1, "'%s' and '%s' are the same file", name, to)
			return false
		case i.Dir && !t.Dir:
			if s, err := c.Stat(to); err != nil || !s.Dir {
				c.Fail(1, "cannot overwrite non-directory '%s' with directory '%s'", to, name)
				return false
			}
		case !i.Dir && t.Dir:
			c.Fail(1, "cannot overwrite directory '%s' with non-directory", to)
			return false
		case cp.keep && !i.Dir, cp.update && !i.ModTime.After(t.ModTime) && !i.Dir:
			return true
		}
	}
	if cp.verbose {
		fmt.Fprintf(c.Stdout, "'%s' -> '%s'\n", name, to)
	}
	switch {
	case i.Dir:
		return cp.dir(name, to, i, terr == nil)
	case i.Mode&fs.ModeSymlink != 0:
		if terr == nil {
			err = f.remove(c.Path(to), onlyFile, c.proc.who)
		}
		if err == nil {
			err = f.symlink(i.Link, c.Path(to), c.proc.who)
		}
		if err != nil {
			c.Fail(1, "cannot create symbolic link '%s': %s", to, Reason(err))
			return false
		}
		if cp.preserve {
			_ = f.chown(c.Path(to), i.User+":"+i.Group, false, c.proc.who) // cp -a keeps what it may
		}
		return true
	}
	return cp.file(name, to, i)
}

func (cp *copier) file(name, to string, i Info) bool {
	c, f := cp.c, cp.c.Host.FS
	perm := i.Mode.Perm() &^ c.umask
	if cp.preserve {
		perm = i.Mode & permBits
	}
	if _, err := f.open(c.Path(name), syscall.O_RDONLY, 0, c.proc.who); err != nil {
		c.Fail(1, "cannot open '%s' for reading: %s", name, Reason(err))
		return false
	}
	err := f.clone(c.Path(name), c.Path(to), perm, c.proc.who)
	if err != nil && cp.force {
		if f.remove(c.Path(to), onlyFile, c.proc.who) == nil {
			err = f.clone(c.Path(name), c.Path(to), perm, c.proc.who)
		}
	}
	if err != nil {
		if pe, ok := err.(*fs.PathError); ok && pe.Op == "write" {
			c.Fail(1, "error writing '%s': %s", to, Reason(err))
		} else {
			c.Fail(1, "cannot create regular file '%s': %s", to, Reason(err))
		}
		return false
	}
	cp.attributes(to, i)
	return true
}

func (cp *copier) dir(name, to string, i Info, exists bool) bool {
	c, f := cp.c, cp.c.Host.FS
	if from := clean(c.Path(name)); strings.HasPrefix(clean(c.Path(to))+"/", from+"/") {
		c.Fail(1, "cannot %s a directory, '%s', into itself, '%s'", cp.verb, name, to)
		return false
	}
	if !exists {
		if err := f.mkdir(c.Path(to), i.Mode.Perm()&^c.umask|0o700, c.proc.who); err != nil {
			c.Fail(1, "cannot create directory '%s': %s", to, Reason(err))
			return false
		}
	}
	list, err := f.readDir(c.Path(name), c.proc.who)
	if err != nil {
		c.Fail(1, "cannot access '%s': %s", name, Reason(err))
		return false
	}
	good := true
	for _, e := range list {
		if cp.oneSystem && cp.otherSystem(name, e.Name) {
			continue
		}
		good = cp.copy(join(name, e.Name), join(to, e.Name), false) && good
	}
	if !exists {
		if !cp.preserve {
			_ = f.chmod(c.Path(to), i.Mode.Perm()&^c.umask, c.proc.who) // it was just made
		}
		cp.attributes(to, i)
	}
	return good
}

func (cp *copier) otherSystem(dir, name string) bool {
	a, err1 := cp.c.Host.FS.usage(cp.c.Path(dir), root)
	b, err2 := cp.c.Host.FS.usage(cp.c.Path(join(dir, name)), root)
	return err1 == nil && err2 == nil && a.Point != b.Point
}

// attributes keeps what -p and -a keep, as far as the user may: only root gives files away.
func (cp *copier) attributes(to string, i Info) {
	if !cp.preserve {
		return
	}
	c, f := cp.c, cp.c.Host.FS
	_ = f.chown(c.Path(to), i.User+":"+i.Group, true, c.proc.who)
	_ = f.chmod(c.Path(to), i.Mode, c.proc.who)
	_ = f.chtimes(c.Path(to), i.ModTime, c.proc.who)
}
