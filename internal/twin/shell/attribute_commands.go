package shell

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"syscall"
	"time"
)

func touchCommand(_ context.Context, c *Call) int {
	a, ok := c.options("acd:mr:t:h", "no-create=c", "date:=d", "reference:=r")
	if !ok {
		return 2
	}
	if a.has('t') || a.has('h') {
		return c.unsupported("-t and -h are not known to a training host")
	}
	if len(a.rest) == 0 {
		return c.usage("missing file operand")
	}
	at := c.Host.now()
	if v, ok := a.get('d'); ok {
		t, err := c.parseDate(v)
		if err != nil {
			return c.Fail(1, "%s", err)
		}
		at = t
	}
	if v, ok := a.get('r'); ok {
		i, err := c.Stat(v)
		if err != nil {
			return c.Fail(1, "failed to get attributes of '%s': %s", v, Reason(err))
		}
		at = i.ModTime
	}
	status := 0
	for _, name := range a.rest {
		err := c.Host.FS.chtimes(c.Path(name), at, c.proc.who)
		if errors.Is(err, syscall.ENOENT) {
			if a.has('c') {
				continue
			}
			if _, err = c.create(name, true); err == nil {
				err = c.Host.FS.chtimes(c.Path(name), at, c.proc.who)
			}
		}
		if err != nil {
			status = c.Fail(1, "cannot touch '%s': %s", name, Reason(err))
		}
	}
	return status
}

// each gives a file, and with -R all below it, links not followed.
func (c *Call) each(name string, recursive bool, do func(name string, i Info) error) int {
	i, err := c.lstat(name)
	if err != nil {
		return c.Fail(1, "cannot access '%s': %s", name, Reason(err))
	}
	status := 0
	if err := do(name, i); err != nil {
		status = c.Fail(1, "%s", err)
	}
	if !recursive || !i.Dir {
		return status
	}
	list, err := c.Host.FS.readDir(c.Path(name), c.proc.who)
	if err != nil {
		return c.Fail(1, "cannot read directory '%s': %s", name, Reason(err))
	}
	for _, e := range list {
		status = max(status, c.each(join(name, e.Name), true, do))
	}
	return status
}

func chmodCommand(_ context.Context, c *Call) int {
	// A mode as -w or -x is no option.
	words := c.Args
	var mode string
	for i, w := range words {
		if i > 0 && len(w) > 1 && w[0] == '-' && strings.Trim(w[1:], "rwxXst,+-=ugoa") == "" && strings.ContainsAny(w[1:], "rwxXst") {
			mode = w
			c.Args = append(append([]string{}, words[:i]...), words[i+1:]...)
			break
		}
	}
	a, ok := c.options("Rvcf", "recursive=R", "verbose=v", "changes=c", "silent=f", "quiet=f", "reference:=1")
	if !ok {
		return 2
	}
	rest := a.rest
	if v, ok := a.get('1'); ok {
		i, err := c.Stat(v)
		if err != nil {
			return c.Fail(1, "failed to get attributes of '%s': %s", v, Reason(err))
		}
		mode = fmt.Sprintf("%o", toUnix(i.Mode))
	} else if mode == "" && len(rest) > 0 {
		mode, rest = rest[0], rest[1:]
	}
	if len(rest) == 0 {
		return c.usage("missing operand")
	}
	if _, err := parseMode(mode, 0, false, 0); err != nil {
		return c.usage("%s", err)
	}
	status := 0
	for _, name := range rest {
		status = max(status, c.each(name, a.has('R'), func(name string, i Info) error {
			if i.Mode&fs.ModeSymlink != 0 {
				if a.has('R') {
					return nil
				}
				s, err := c.Stat(name)
				if err != nil {
					return fmt.Errorf("cannot operate on dangling symlink '%s'", name)
				}
				i = s
			}
			m, err := parseMode(mode, i.Mode, i.Dir, c.umask)
			if err != nil {
				return err // it was good for the check
			}
			if err := c.Host.FS.chmod(c.Path(name), m, c.proc.who); err != nil {
				return fmt.Errorf("changing permissions of '%s': %s", name, Reason(err))
			}
			old, now := modeString(i.Mode)[1:], modeString(m)[1:]
			switch changed := old != now; {
			case changed && (a.has('v') || a.has('c')):
				fmt.Fprintf(c.Stdout, "mode of '%s' changed from %04o (%s) to %04o (%s)\n", name, toUnix(i.Mode), old, toUnix(m), now)
			case a.has('v'):
				fmt.Fprintf(c.Stdout, "mode of '%s' retained as %04o (%s)\n", name, toUnix(i.Mode), old)
			}
			return nil
		}))
	}
	return status
}

// chownCommand is chown and chgrp.
func chownCommand(_ context.Context, c *Call) int {
	a, ok := c.options("Rvhcf", "recursive=R", "verbose=v", "changes=c", "no-dereference=h", "silent=f", "quiet=f", "reference:=1")
	if !ok {
		return 2
	}
	rest := a.rest
	owner := ""
	if v, ok := a.get('1'); ok {
		i, err := c.Stat(v)
		if err != nil {
			return c.Fail(1, "failed to get attributes of '%s': %s", v, Reason(err))
		}
		owner = i.User + ":" + i.Group
	} else {
		if len(rest) < 2 {
			return c.usage("missing operand")
		}
		owner, rest = rest[0], rest[1:]
		if c.Name() == "chgrp" {
			owner = ":" + owner
		}
	}
	user, group, both := strings.Cut(owner, ":")
	if user != "" && !c.Host.userExists(user) {
		return c.Fail(1, "invalid user: '%s'", owner)
	}
	if group != "" && !c.Host.groupExists(group) {
		return c.Fail(1, "invalid group: '%s'", owner)
	}
	if both && group == "" && user != "" {
		account, _ := c.Host.account(user)
		owner += account.Groups[0]
	}
	status := 0
	for _, name := range rest {
		status = max(status, c.each(name, a.has('R'), func(name string, i Info) error {
			if err := c.Host.FS.chown(c.Path(name), owner, !a.has('h') && !a.has('R'), c.proc.who); err != nil {
				return fmt.Errorf("changing ownership of '%s': %s", name, Reason(err))
			}
			if a.has('v') {
				fmt.Fprintf(c.Stdout, "changed ownership of '%s' from %s:%s to %s\n", name, i.User, i.Group, owner)
			}
			return nil
		}))
	}
	return status
}

func syncCommand(_ context.Context, c *Call) int {
	a, ok := c.options("df", "data=d", "file-system=f")
	if !ok {
		return 2
	}
	status := 0
	for _, name := range a.rest {
		if _, err := c.Stat(name); err != nil {
			status = c.Fail(1, "error opening '%s': %s", name, Reason(err))
		}
	}
	return status
}

// stamp is a time as stat and ls --full-time print it.
func stamp(t time.Time) string { return t.Format("2006-01-02 15:04:05.000000000 -0700") }
