package shell

import (
	"io/fs"
	"strings"
	"syscall"
)

func failed(op, name string, err syscall.Errno) error {
	return &fs.PathError{Op: op, Path: name, Err: err}
}

// open opens a file as open(2) does; perm is what a new file gets.
func (f *FS) open(name string, flag int, perm fs.FileMode, who identity) (*handle, error) {
	f.refresh(name)
	f.mu.Lock()
	n, err := f.openNode(name, flag, perm, who)
	f.mu.Unlock()
	if err != 0 {
		return nil, failed("open", name, err)
	}
	h := &handle{fs: f, node: n, name: name, flag: flag}
	if n.read != nil {
		// A callback may ask the tree something, so the lock is not held.
		h.snapshot = n.read()
	}
	return h, nil
}

func (f *FS) openNode(name string, flag int, perm fs.FileMode, who identity) (*node, syscall.Errno) {
	writes := flag&(syscall.O_WRONLY|syscall.O_RDWR) != 0
	at, err := f.lookup(name, true, who)
	if err != 0 {
		return nil, err
	}
	if at.node == nil {
		if flag&syscall.O_CREAT == 0 {
			return nil, syscall.ENOENT
		}
		if strings.HasSuffix(name, "/") {
			return nil, syscall.EISDIR
		}
		return f.add(at, &node{mode: perm & permBits}, who)
	}
	n := at.node
	if flag&syscall.O_CREAT != 0 && flag&syscall.O_EXCL != 0 {
		return nil, syscall.EEXIST
	}
	if n.mode.IsDir() && writes {
		return nil, syscall.EISDIR
	}
	if flag&syscall.O_WRONLY == 0 && !n.may(who, 4) || writes && !n.may(who, 2) {
		return nil, syscall.EACCES
	}
	if writes && n.mount.readOnly() && n.mode.IsRegular() {
		return nil, syscall.EROFS
	}
	if writes && n.read != nil && n.write == nil {
		return nil, syscall.EACCES
	}
	if writes && flag&syscall.O_TRUNC != 0 && n.mode.IsRegular() && n.read == nil {
		n.mount.used -= n.blocks()
		n.data, n.far, n.size, n.mtime = nil, nil, 0, f.now()
		f.touched()
	}
	return n, 0
}

// add puts a new file into a directory. The lock is held.
func (f *FS) add(at place, n *node, who identity) (*node, syscall.Errno) {
	if at.node != nil {
		return nil, syscall.EEXIST
	}
	if at.dir.mount.readOnly() {
		return nil, syscall.EROFS
	}
	if !at.dir.may(who, 2) {
		return nil, syscall.EACCES
	}
	n.mount, n.links, n.mtime = at.dir.mount, 1, f.now()
	if err := n.mount.take(n.blocks(), 1); err != 0 {
		return nil, err
	}
	f.inode++
	n.inode = f.inode
	n.user, n.group = who.user, who.user
	if len(who.groups) > 0 {
		n.group = who.groups[0]
	}
	if at.dir.mode&fs.ModeSetgid != 0 {
		n.group = at.dir.group
	}
	at.dir.children[at.name] = n
	at.dir.mtime = n.mtime
	f.touched()
	return n, 0
}

func (f *FS) mkdir(name string, perm fs.FileMode, who identity) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	at, err := f.lookup(name, false, who)
	if err == 0 {
		_, err = f.add(at, &node{mode: fs.ModeDir | perm&permBits, children: map[string]*node{}}, who)
	}
	if err != 0 {
		return failed("mkdir", name, err)
	}
	return nil
}

func (f *FS) symlink(target, name string, who identity) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	at, err := f.lookup(name, false, who)
	if err == 0 {
		_, err = f.add(at, &node{mode: fs.ModeSymlink | 0o777, target: target}, who)
	}
	if err != 0 {
		return failed("symlink", name, err)
	}
	return nil
}

func (f *FS) link(old, name string, who identity) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	from, err := f.lookup(old, false, who)
	if err == 0 && from.node == nil {
		err = syscall.ENOENT
	}
	if err == 0 && from.node.mode.IsDir() {
		err = syscall.EPERM
	}
	if err != 0 {
		return failed("link", old, err)
	}
	to, err := f.lookup(name, false, who)
	switch {
	case err != 0:
	case to.node != nil:
		err = syscall.EEXIST
	case to.dir.mount != from.node.mount:
		err = syscall.EXDEV
	case to.dir.mount.readOnly():
		err = syscall.EROFS
	case !to.dir.may(who, 2):
		err = syscall.EACCES
	}
	if err != 0 {
		return failed("link", name, err)
	}
	to.dir.children[to.name] = from.node
	from.node.links++
	f.touched()
	return nil
}
