package shell

import (
	"io/fs"
	"math"
	"path"
	"slices"
	"strings"
	"syscall"
)

// Mount is a mounted file system. Bytes and Inodes are its size, 0 for one without limit; Base are bytes in use by what is
// not in the tree.
type Mount struct {
	Point, Source, Type, Options string
	Bytes, Inodes                int64
	Base                         int64
}

// Usage is how full a mounted file system is, in bytes and inodes.
type Usage struct {
	Mount
	Used, Free, InodesUsed int64
}

type mounted struct {
	Mount
	root         *node
	used, inodes int64
}

func (m *mounted) readOnly() bool {
	return slices.Contains(strings.Split(m.Options, ","), "ro")
}

// pseudo says whether it is one of the kernel's file systems without blocks.
func (m *mounted) pseudo() bool {
	return slices.Contains([]string{"proc", "sysfs", "cgroup2", "devpts", "securityfs"}, m.Type)
}

func (m *mounted) room() int64 {
	if m.Bytes == 0 {
		return math.MaxInt64
	}
	return max(m.Bytes-m.Base-m.used, 0)
}

func (m *mounted) take(bytes, inodes int64) syscall.Errno {
	if bytes > m.room() || m.Inodes > 0 && m.inodes+inodes > m.Inodes {
		return syscall.ENOSPC
	}
	m.used += bytes
	m.inodes += inodes
	return 0
}

// Mount mounts a file system on a directory, which is made when it is not there; what is in the directory already becomes
// its content. On a point that is one already it changes what is given there: size, options, base. An ro option makes
// writing fail with EROFS, writing past the end fails with ENOSPC.
func (f *FS) Mount(m Mount) {
	m.Point = clean(m.Point)
	if m.Options == "" {
		m.Options = "rw,relatime"
	}
	_ = f.MkdirAll(m.Point, 0o755, "root:root") // a file in the way is found below
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, old := range f.mounts {
		if old.Point == m.Point {
			old.Mount = m
			f.touched()
			return
		}
	}
	at, err := f.lookup(m.Point, true, root)
	if err != 0 || at.node == nil || !at.node.mode.IsDir() {
		return
	}
	mt := &mounted{Mount: m, root: at.node}
	at.node.move(mt, at.node.mount)
	f.mounts = append(f.mounts, mt)
	f.touched()
}

// Unmount makes the content of a mount part of the file system below it.
func (f *FS) Unmount(point string) error {
	point = clean(point)
	f.mu.Lock()
	defer f.mu.Unlock()
	for i, m := range f.mounts {
		if m.Point != point || i == 0 {
			continue
		}
		at, err := f.lookup(path.Dir(point), true, root)
		if err != 0 || at.node == nil {
			return failed("umount", point, syscall.EINVAL)
		}
		m.root.move(at.node.mount, m)
		f.mounts = slices.Delete(f.mounts, i, i+1)
		f.touched()
		return nil
	}
	return failed("umount", point, syscall.EINVAL)
}

// move books a tree on another mount, as far as it was on from.
func (n *node) move(to, from *mounted) {
	if n.mount != from {
		return
	}
	from.used -= n.blocks()
	from.inodes--
	to.used += n.blocks()
	to.inodes++
	n.mount = to
	for _, c := range n.children {
		c.move(to, from)
	}
}

// Mounts lists what is mounted, in the order of mounting.
func (f *FS) Mounts() []Mount {
	f.mu.Lock()
	defer f.mu.Unlock()
	list := make([]Mount, len(f.mounts))
	for i, m := range f.mounts {
		list[i] = m.Mount
	}
	return list
}

// Usage tells of the file system that a path lies on.
func (f *FS) Usage(name string) (Usage, error) { return f.usage(name, root) }

func (f *FS) usage(name string, who identity) (Usage, error) {
	f.refresh(name)
	f.mu.Lock()
	defer f.mu.Unlock()
	at, err := f.lookup(name, true, who)
	if err == 0 && at.node == nil {
		err = syscall.ENOENT
	}
	if err != 0 {
		return Usage{}, failed("statfs", name, err)
	}
	m := at.node.mount
	u := Usage{Mount: m.Mount, InodesUsed: m.inodes}
	if !m.pseudo() {
		u.Used = m.Base + m.used
	}
	if m.Bytes > 0 {
		u.Free = m.room()
		u.Used = min(u.Used, m.Bytes)
	}
	return u, nil
}

// CopyTree copies a file or a tree with modes, owners, times and links, as cp -a does. The target must not exist.
func (f *FS) CopyTree(from, to string) error {
	i, err := f.Lstat(from)
	if err != nil {
		return err
	}
	switch {
	case i.Dir:
		if err := f.mkdir(to, i.Mode, creator(i.User, i.Group)); err != nil {
			return err
		}
		list, err := f.ReadDir(from)
		if err != nil {
			return err
		}
		for _, c := range list {
			if err := f.CopyTree(path.Join(from, c.Name), path.Join(to, c.Name)); err != nil {
				return err
			}
		}
		return f.Chtimes(to, i.ModTime)
	case i.Mode&fs.ModeSymlink != 0:
		return f.symlink(i.Link, to, creator(i.User, i.Group))
	}
	if err := f.clone(from, to, i.Mode, creator(i.User, i.Group)); err != nil {
		return err
	}
	return f.Chtimes(to, i.ModTime)
}

// clone copies a regular file's content, the zeros of SetSize too; an existing target is replaced.
func (f *FS) clone(from, to string, perm fs.FileMode, who identity) error {
	src, err := f.open(from, syscall.O_RDONLY, 0, who)
	if err != nil {
		return err
	}
	data, size := src.held(), src.size()
	far := src.far()
	dst, err := f.open(to, syscall.O_WRONLY|syscall.O_CREAT|syscall.O_TRUNC, perm, who)
	if err != nil {
		return err
	}
	if _, err := dst.Write(data); err != nil {
		return err
	}
	if size <= int64(len(data)) || !dst.node.mode.IsRegular() {
		return nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	n := dst.node
	grow := (size+blockSize-1)/blockSize*blockSize - n.blocks()
	room := n.mount.room()
	if grow > room {
		size = n.blocks() + room/blockSize*blockSize
	}
	before := n.blocks()
	n.size = max(size, n.size)
	n.far = far
	n.mount.used += n.blocks() - before
	if grow > room {
		return failed("write", to, syscall.ENOSPC)
	}
	return nil
}
