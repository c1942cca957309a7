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

func mkdirCommand(_ context.Context, c *Call) int {
	a, ok := c.options("pm:v", "parents=p", "mode:=m", "verbose=v")
	if !ok {
		return 2
	}
	if len(a.rest) == 0 {
		return c.usage("missing operand")
	}
	perm := fs.ModePerm &^ c.umask
	if v, ok := a.get('m'); ok {
		m, err := parseMode(v, fs.ModePerm, true, c.umask)
		if err != nil {
			return c.Fail(1, "%s", err)
		}
		perm = m
	}
	status := 0
	make := func(name string, perm fs.FileMode) error {
		err := c.Host.FS.mkdir(c.Path(name), perm, c.proc.who)
		if err == nil && a.has('v') {
			fmt.Fprintf(c.Stdout, "mkdir: created directory '%s'\n", name)
		}
		return err
	}
	for _, name := range a.rest {
		if a.has('p') {
			if i, err := c.Stat(name); err == nil && i.Dir {
				continue
			}
			at := 0
			for {
				i := strings.IndexByte(name[at+1:], '/')
				if i < 0 {
					break
				}
				at += 1 + i
				part := name[:at]
				if strings.Trim(part, "/") == "" {
					continue
				}
				if _, err := c.Stat(part); err != nil && strings.Trim(name[at:], "/") != "" {
					if err := make(part, fs.ModePerm&^c.umask|0o300); err != nil {
						break
					}
				}
			}
		}
		if err := make(name, perm); err != nil {
			status = c.Fail(1, "cannot create directory '%s': %s", name, Reason(err))
		}
	}
	return status
}

func rmdirCommand(_ context.Context, c *Call) int {
	a, ok := c.options("pv", "parents=p", "verbose=v", "ignore-fail-on-non-empty=i")
	if !ok {
		return 2
	}
	if len(a.rest) == 0 {
		return c.usage("missing operand")
	}
	status := 0
	for _, name := range a.rest {
		for {
			err := c.Host.FS.remove(c.Path(name), onlyDir, c.proc.who)
			if err != nil {
				if !(a.has('i') && errors.Is(err, syscall.ENOTEMPTY)) {
					status = c.Fail(1, "failed to remove '%s': %s", name, Reason(err))
				}
				break
			}
			up := path.Dir(name)
			if !a.has('p') || up == "." || up == "/" {
				break
			}
			name = up
		}
	}
	return status
}

func mktempCommand(_ context.Context, c *Call) int {
	a, ok := c.options("dp:qtu", "directory=d", "tmpdir?=p", "quiet=q", "dry-run=u", "suffix:=s")
	if !ok {
		return 2
	}
	template := "tmp.XXXXXXXXXX"
	dir, inDir := a.get('p')
	if len(a.rest) > 0 {
		template = a.rest[0]
	} else {
		inDir = true
	}
	if inDir || a.has('t') {
		if dir == "" {
			if dir = c.Env("TMPDIR"); dir == "" {
				dir = "/tmp"
			}
		}
		template = join(dir, template)
	}
	suffix, _ := a.get('s')
	stem := strings.TrimRight(template, "X")
	if len(template)-len(stem) < 3 {
		return c.Fail(1, "too few X's in template '%s'", template)
	}
	f := c.Host.FS
	for try := uint64(0); ; try++ {
		n := fnv(fmt.Sprint(c.PID, f.inodes(), try))
		var b strings.Builder
		for range len(template) - len(stem) {
			b.WriteByte("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"[n%62])
			n = n/62 + n<<58
		}
		name := stem + b.String() + suffix
		if _, err := c.lstat(name); err == nil && try < 100 {
			continue
		}
		var err error
		switch {
		case a.has('u'):
		case a.has('d'):
			err = f.mkdir(c.Path(name), 0o700, c.proc.who)
		default:
			_, err = f.open(c.Path(name), syscall.O_WRONLY|syscall.O_CREAT|syscall.O_EXCL, 0o600, c.proc.who)
		}
		if err != nil {
			if a.has('q') {
				return 1
			}
			what := "file"
			if a.has('d') {
				what = "directory"
			}
			return c.Fail(1, "failed to create %s via template '%s': %s", what, template+suffix, Reason(err))
		}
		fmt.Fprintln(c.Stdout, name)
		return 0
	}
}
