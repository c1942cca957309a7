package shell

import (
	"io/fs"
	"path"
	"slices"
	"strings"
	"syscall"
	"time"
)

func (f *FS) stat(name string, follow bool, who identity) (Info, error) {
	f.refresh(name)
	f.mu.Lock()
	defer f.mu.Unlock()
	at, err := f.lookup(name, follow, who)
	if err == 0 && at.node == nil {
		err = syscall.ENOENT
	}
	if err != 0 {
		return Info{}, failed("stat", name, err)
	}
	return at.node.info(at.path), nil
}

func (f *FS) readDir(name string, who identity) ([]Info, error) {
	f.refresh(name)
	f.mu.Lock()
	defer f.mu.Unlock()
	at, err := f.lookup(name, true, who)
	switch {
	case err != 0:
	case at.node == nil:
		err = syscall.ENOENT
	case !at.node.mode.IsDir():
		err = syscall.ENOTDIR
	case !at.node.may(who, 4):
		err = syscall.EACCES
	}
	if err != 0 {
		return nil, failed("open", name, err)
	}
	list := make([]Info, 0, len(at.node.children))
	for n, c := range at.node.children {
		list = append(list, c.info(path.Join(at.path, n)))
	}
	slices.SortFunc(list, func(a, b Info) int { return strings.Compare(a.Name, b.Name) })
	return list, nil
}

// change looks a file up and lets edit change it, for its owner and root only when owned.
func (f *FS) change(op, name string, follow, owned bool, who identity, edit func(*node) syscall.Errno) error {
	f.refresh(name)
	f.mu.Lock()
	defer f.mu.Unlock()
	at, err := f.lookup(name, follow, who)
	switch {
	case err != 0:
	case at.node == nil:
		err = syscall.ENOENT
	case owned && !who.super && at.node.user != who.user:
		err = syscall.EPERM
	case at.node.mount.readOnly():
		err = syscall.EROFS
	default:
		err = edit(at.node)
	}
	if err != 0 {
		return failed(op, name, err)
	}
	f.touched()
	return nil
}

func (f *FS) chmod(name string, mode fs.FileMode, who identity) error {
	return f.change("chmod", name, true, true, who, func(n *node) syscall.Errno {
		n.mode = n.mode&^permBits | mode&permBits
		return 0
	})
}

func (f *FS) chown(name, owner string, follow bool, who identity) error {
	user, group, _ := strings.Cut(owner, ":")
	return f.change("chown", name, follow, true, who, func(n *node) syscall.Errno {
		if !who.super && (user != "" && user != n.user || group != "" && !slices.Contains(who.groups, group)) {
			return syscall.EPERM
		}
		if user != "" {
			n.user = user
		}
		if group != "" {
			n.group = group
		}
		return 0
	})
}

func (f *FS) chtimes(name string, at time.Time, who identity) error {
	return f.change("utimensat", name, true, false, who, func(n *node) syscall.Errno {
		if !who.super && n.user != who.user && !n.may(who, 2) {
			return syscall.EACCES
		}
		n.mtime = at
		return 0
	})
}

// access checks permissions as access(2) does, want as in 4 read, 2 write, 1 execute.
func (f *FS) access(name string, want fs.FileMode, who identity) error {
	f.refresh(name)
	f.mu.Lock()
	defer f.mu.Unlock()
	at, err := f.lookup(name, true, who)
	switch {
	case err != 0:
	case at.node == nil:
		err = syscall.ENOENT
	case !at.node.may(who, want):
		err = syscall.EACCES
	case want&2 != 0 && at.node.mount.readOnly():
		err = syscall.EROFS
	}
	if err != 0 {
		return failed("access", name, err)
	}
	return nil
}
