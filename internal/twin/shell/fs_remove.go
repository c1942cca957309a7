package shell

import (
	"io/fs"
	"path"
	"strings"
	"syscall"
)

// what remove may remove.
type removal int

const (
	either removal = iota
	onlyFile
	onlyDir
)

func (f *FS) remove(name string, what removal, who identity) error {
	f.refresh(name)
	f.mu.Lock()
	defer f.mu.Unlock()
	at, err := f.lookup(name, false, who)
	if err == 0 {
		err = f.mayRemove(at, who)
	}
	switch {
	case err != 0:
	case what == onlyFile && at.node.mode.IsDir():
		err = syscall.EISDIR
	case what == onlyDir && !at.node.mode.IsDir():
		err = syscall.ENOTDIR
	case len(at.node.children) > 0:
		err = syscall.ENOTEMPTY
	}
	if err != 0 {
		return failed("remove", name, err)
	}
	f.unlink(at)
	return nil
}

func (f *FS) mayRemove(at place, who identity) syscall.Errno {
	switch {
	case at.node == nil:
		return syscall.ENOENT
	case at.dir == nil || at.node == at.node.mount.root:
		return syscall.EBUSY
	case at.dir.mount.readOnly():
		return syscall.EROFS
	case !at.dir.may(who, 2):
		return syscall.EACCES
	case at.dir.mode&fs.ModeSticky != 0 && !who.super && at.node.user != who.user && at.dir.user != who.user:
		return syscall.EPERM
	}
	return 0
}

// unlink takes a name away and what it held when it was the last. The lock is held.
func (f *FS) unlink(at place) {
	delete(at.dir.children, at.name)
	at.dir.mtime = f.now()
	if at.node.links--; at.node.links == 0 {
		at.node.mount.used -= at.node.blocks()
		at.node.mount.inodes--
	}
	f.touched()
}

func (f *FS) removeAll(name string, who identity) error {
	i, err := f.stat(name, false, who)
	if err != nil {
		if pe := err.(*fs.PathError); pe.Err == syscall.ENOENT {
			return nil
		}
		return err
	}
	if i.Dir {
		list, err := f.readDir(name, who)
		if err != nil {
			return err
		}
		for _, c := range list {
			if err := f.removeAll(path.Join(name, c.Name), who); err != nil {
				return err
			}
		}
		f.mu.Lock()
		at, no := f.lookup(name, false, who)
		busy := no == 0 && at.node != nil && at.node == at.node.mount.root
		f.mu.Unlock()
		if busy {
			return nil
		}
	}
	return f.remove(name, either, who)
}

func (f *FS) rename(from, to string, who identity) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	a, err := f.lookup(from, false, who)
	if err == 0 {
		err = f.mayRemove(a, who)
	}
	if err != 0 {
		return failed("rename", from, err)
	}
	b, err := f.lookup(to, false, who)
	switch {
	case err != 0:
	case b.dir == nil:
		err = syscall.EBUSY
	case b.node == a.node:
		return nil
	case a.node.mode.IsDir() && strings.HasPrefix(b.path+"/", a.path+"/"):
		err = syscall.EINVAL
	case b.dir.mount != a.node.mount:
		err = syscall.EXDEV
	case !b.dir.may(who, 2):
		err = syscall.EACCES
	case b.node != nil && b.node.mode.IsDir() && !a.node.mode.IsDir():
		err = syscall.EISDIR
	case b.node != nil && !b.node.mode.IsDir() && a.node.mode.IsDir():
		err = syscall.ENOTDIR
	case b.node != nil && len(b.node.children) > 0:
		err = syscall.ENOTEMPTY
	case b.node != nil:
		err = f.mayRemove(b, who)
	}
	if err != 0 {
		return failed("rename", to, err)
	}
	if b.node != nil {
		f.unlink(b)
	}
	delete(a.dir.children, a.name)
	b.dir.children[b.name] = a.node
	a.dir.mtime = f.now()
	b.dir.mtime = a.dir.mtime
	f.touched()
	return nil
}
