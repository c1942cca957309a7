package shell

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"
	"syscall"
)

// Dynamic makes a file whose content is asked for when it is opened, as those of /proc. Directories above it are made. read
// and write are called without the tree's lock; write gets what one write(2) wrote, and nil makes the file read-only.
func (f *FS) Dynamic(name string, read func() []byte, write func([]byte) error) {
	name = clean(name)
	_ = f.MkdirAll(path.Dir(name), 0o755, "root:root") // a file in the way is found below
	mode := fs.FileMode(0o444)
	if write != nil {
		mode = 0o644
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	at, err := f.lookup(name, true, root)
	if err != 0 {
		return
	}
	if at.node != nil {
		if at.node.mode.IsRegular() {
			at.node.mount.used -= at.node.blocks()
			at.node.data, at.node.far, at.node.size = nil, nil, 0
			at.node.read, at.node.write, at.node.mode = read, write, mode
		}
		return
	}
	_, _ = f.add(at, &node{mode: mode, read: read, write: write}, root) // a full or closed file system has no such files
}

// device makes a character device.
func (f *FS) device(name string, mode fs.FileMode, read func() []byte, write func([]byte) error) {
	f.Dynamic(name, read, write)
	f.mu.Lock()
	defer f.mu.Unlock()
	if at, err := f.lookup(name, false, root); err == 0 && at.node != nil {
		at.node.mode = fs.ModeDevice | fs.ModeCharDevice | mode
	}
}

// refresh brings the directories of processes up to date before a path in /proc is walked.
func (f *FS) refresh(name string) {
	if f.processes == nil || !strings.HasPrefix(name, "/proc") {
		return
	}
	// The kernel's own files, such as /proc/mounts, need no list of the processes.
	if below := strings.TrimLeft(name[len("/proc"):], "/"); below != "" && below[0] >= 'a' && below[0] <= 'z' && !strings.Contains(below, "..") {
		return
	}
	list := f.processes()
	f.mu.Lock()
	defer f.mu.Unlock()
	proc := f.root.children["proc"]
	if proc == nil || !proc.mode.IsDir() {
		return
	}
	alive := make(map[string]bool, len(list))
	for _, p := range list {
		pid := strconv.Itoa(p.PID)
		alive[pid] = true
		if old := proc.children[pid]; old == nil || old.user != p.User || !old.mtime.Equal(p.Started) {
			proc.children[pid] = f.processDir(proc.mount, p)
		}
	}
	for name, n := range proc.children {
		if n.process && !alive[name] {
			delete(proc.children, name)
		}
	}
}

func (f *FS) processDir(m *mounted, p Process) *node {
	make := func(n *node) *node {
		n.inode = uint64(1)<<40 + uint64(p.PID)
		n.user, n.group, n.mtime, n.mount, n.links = p.User, p.User, p.Started, m, 1
		return n
	}
	file := func(text string) *node {
		return make(&node{mode: 0o444, read: func() []byte { return []byte(text) }})
	}
	children := map[string]*node{
		"comm":    file(p.comm() + "\n"),
		"cmdline": file(strings.Join(p.Args, "\x00") + "\x00"),
		"status": file(fmt.Sprintf("Name:\t%s\nState:\tS (sleeping)\nTgid:\t%d\nPid:\t%d\nPPid:\t%d\n",
			p.comm(), p.PID, p.PID, p.PPID)),
	}
	if p.Exe != "" {
		children["exe"] = make(&node{mode: fs.ModeSymlink | 0o777, target: p.Exe})
	}
	return make(&node{mode: fs.ModeDir | 0o555, children: children, process: true})
}

// Reason is an error in the words of the C library: "No such file or directory".
func Reason(err error) string {
	var no syscall.Errno
	if !errors.As(err, &no) {
		return err.Error()
	}
	switch no {
	case syscall.ENOENT:
		return "No such file or directory"
	case syscall.EACCES:
		return "Permission denied"
	case syscall.EPERM:
		return "Operation not permitted"
	case syscall.EEXIST:
		return "File exists"
	case syscall.ENOTDIR:
		return "Not a directory"
	case syscall.EISDIR:
		return "Is a directory"
	case syscall.ENOTEMPTY:
		return "Directory not empty"
	case syscall.ENOSPC:
		return "No space left on device"
	case syscall.EROFS:
		return "Read-only file system"
	case syscall.EXDEV:
		return "Invalid cross-device link"
	case syscall.ELOOP:
		return "Too many levels of symbolic links"
	case syscall.EINVAL:
		return "Invalid argument"
	case syscall.EBUSY:
		return "Device or resource busy"
	case syscall.ESRCH:
		return "No such process"
	case syscall.EPIPE:
		return "Broken pipe"
	case syscall.ENOEXEC:
		return "Exec format error"
	case syscall.EBADF:
		return "Bad file descriptor"
	case syscall.EIO:
		return "Input/output error"
	}
	return no.Error()
}
