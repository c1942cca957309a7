package shell

import (
	"io/fs"
	"path"
	"sync"
	"syscall"
	"time"
)

// FS is the file tree of one host in memory. Paths are absolute; relative ones are taken from the root. Its methods are
// root's: permissions are checked where the shell and the commands open files for a user. Errors are *fs.PathError with
// the errno of Linux; Reason says them in the C library's words. All methods may be called from several goroutines.
type FS struct {
	now func() time.Time

	mu     sync.Mutex
	root   *node
	mounts []*mounted // in the order of mounting; mounts[0] is the root's
	inode  uint64
	// changed is closed at the next change; nil while nobody waits.
	changed chan struct{}
	// processes lists what /proc shows of processes; it is called without the lock.
	processes func() []Process
}

// Info is what is known of a file. Link is the target of a symbolic link.
type Info struct {
	Path, Name  string
	Size        int64
	Mode        fs.FileMode
	User, Group string
	ModTime     time.Time
	Dir         bool
	Link        string
	Links       int    // hard links; for a directory two and its subdirectories
	Inode       uint64 // unique in the tree
}

// NewFS returns an empty tree with a root directory; now stamps the files, nil is time.Now. now is called while the tree is
// locked: it must not use the tree, nor wait for a lock that is held by who does.
func NewFS(now func() time.Time) *FS {
	if now == nil {
		now = time.Now
	}
	f := &FS{now: now}
	m := &mounted{Mount: Mount{Point: "/", Source: "/dev/vda1", Type: "ext4", Options: "rw,relatime"}}
	f.root = &node{mode: fs.ModeDir | 0o755, user: "root", group: "root", mtime: now(), children: map[string]*node{}, mount: m, links: 1}
	f.inode = 2
	f.root.inode = f.inode
	m.root = f.root
	m.used, m.inodes = blockSize, 1
	f.mounts = []*mounted{m}
	return f
}

// ReadFile returns the content that a file holds; the zeros that SetSize adds are left out.
func (f *FS) ReadFile(name string) ([]byte, error) {
	h, err := f.open(name, syscall.O_RDONLY, 0, root)
	if err != nil {
		return nil, err
	}
	return h.held(), nil
}

// WriteFile replaces a file, or makes it with mode and owner ("user:group" or "user"). An existing file keeps its own mode
// and owner unless they are given as something else than 0 and "". Parent directories must exist.
func (f *FS) WriteFile(name string, data []byte, mode fs.FileMode, owner string) error {
	perm := mode
	if perm == 0 {
		perm = 0o644
	}
	h, err := f.open(name, syscall.O_WRONLY|syscall.O_CREAT|syscall.O_TRUNC, perm, root)
	if err != nil {
		return err
	}
	if _, err := h.write(data); err != nil {
		return &fs.PathError{Op: "write", Path: name, Err: err}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if mode != 0 {
		h.node.mode = h.node.mode&fs.ModeType | mode&permBits
	}
	if owner != "" {
		h.node.user, h.node.group = splitOwner(owner, h.node.group)
	}
	return nil
}

// Append adds data to a file, which is made with mode 0644 when it is not there.
func (f *FS) Append(name string, data []byte) error {
	h, err := f.open(name, syscall.O_WRONLY|syscall.O_CREAT|syscall.O_APPEND, 0o644, root)
	if err != nil {
		return err
	}
	if _, err := h.write(data); err != nil {
		return &fs.PathError{Op: "write", Path: name, Err: err}
	}
	return nil
}

// MkdirAll makes a directory and those above it; existing ones stay as they are.
func (f *FS) MkdirAll(name string, mode fs.FileMode, owner string) error {
	name = clean(name)
	if name == "/" {
		return nil
	}
	i, err := f.Stat(name)
	if err == nil {
		if i.Dir {
			return nil
		}
		return &fs.PathError{Op: "mkdir", Path: name, Err: syscall.ENOTDIR}
	}
	if err := f.MkdirAll(path.Dir(name), mode, owner); err != nil {
		return err
	}
	who := root
	if owner != "" {
		user, group := splitOwner(owner, "")
		who = creator(user, group)
	}
	return f.mkdir(name, mode, who)
}

// Remove removes a file or an empty directory.
func (f *FS) Remove(name string) error { return f.remove(name, either, root) }

// RemoveAll removes a file or a tree; what is not there is no error. Mount points stay, empty.
func (f *FS) RemoveAll(name string) error { return f.removeAll(name, root) }

// Rename moves a file or a tree within one mounted file system; across two it is EXDEV.
func (f *FS) Rename(from, to string) error { return f.rename(from, to, root) }

// Chown sets "user:group", "user" or ":group" of a file, following links.
func (f *FS) Chown(name, owner string) error { return f.chown(name, owner, true, root) }

// Chmod sets the permission bits.
func (f *FS) Chmod(name string, mode fs.FileMode) error { return f.chmod(name, mode, root) }

// Chtimes sets the time of the last change.
func (f *FS) Chtimes(name string, at time.Time) error { return f.chtimes(name, at, root) }

// Symlink makes name a symbolic link to target.
func (f *FS) Symlink(target, name string) error { return f.symlink(target, name, root) }

// Readlink is a link's target.
func (f *FS) Readlink(name string) (string, error) {
	i, err := f.Lstat(name)
	if err != nil {
		return "", err
	}
	if i.Mode&fs.ModeSymlink == 0 {
		return "", &fs.PathError{Op: "readlink", Path: name, Err: syscall.EINVAL}
	}
	return i.Link, nil
}

// Stat follows symbolic links, Lstat does not follow the last one.
func (f *FS) Stat(name string) (Info, error)  { return f.stat(name, true, root) }
func (f *FS) Lstat(name string) (Info, error) { return f.stat(name, false, root) }

// ReadDir lists a directory, sorted by name.
func (f *FS) ReadDir(name string) ([]Info, error) { return f.readDir(name, root) }

// Exists says whether there is a file, following links.
func (f *FS) Exists(name string) bool {
	_, err := f.Stat(name)
	return err == nil
}

// SetSize makes a regular file as large as bytes without holding them: what it holds is followed by zeros. A file that is
// not there is made, with its directories. It goes past the end of a file system, so that the model can fill a disk; bytes
// below what is held cut it.
func (f *FS) SetSize(name string, bytes int64) {
	if !f.Exists(name) {
		if f.MkdirAll(path.Dir(clean(name)), 0o755, "") != nil || f.Append(name, nil) != nil {
			return
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	at, err := f.lookup(name, true, root)
	if err != 0 || at.node == nil || !at.node.mode.IsRegular() {
		return
	}
	n := at.node
	before := n.blocks()
	n.cut(max(bytes, 0))
	n.mtime = f.now()
	n.mount.used += n.blocks() - before
	f.touched()
}

// Watch is closed at the next change of any file.
func (f *FS) Watch() <-chan struct{} {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.changed == nil {
		f.changed = make(chan struct{})
	}
	return f.changed
}

// touched wakes those who wait for a change. The lock is held.
func (f *FS) touched() {
	if f.changed != nil {
		close(f.changed)
		f.changed = nil
	}
}

// inodes is how many files the tree has made so far.
func (f *FS) inodes() uint64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.inode
}
