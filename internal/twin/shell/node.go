package shell

import (
	"bytes"
	"io/fs"
	"path"
	"slices"
	"strings"
	"syscall"
	"time"
)

const (
	blockSize = 4096
	// permBits are what chmod(2) sets.
	permBits = fs.ModePerm | fs.ModeSetuid | fs.ModeSetgid | fs.ModeSticky
	// mostLinks is how many symbolic links Linux follows in one path.
	mostLinks = 40
)

// node is one file. A regular file holds data and is size bytes long; the rest reads as zeros.
type node struct {
	inode       uint64
	mode        fs.FileMode
	user, group string
	mtime       time.Time
	links       int
	data        []byte
	size        int64
	far         []patch // what is held beyond data, in order
	target      string
	children    map[string]*node
	mount       *mounted
	// read and write make a dynamic file, stream an endless one as /dev/zero.
	read   func() []byte
	write  func([]byte) error
	stream func(p []byte)
	// process marks the directories of /proc that come and go with processes.
	process bool
}

// patch is text at a place behind zeros that are not held.
type patch struct {
	at   int64
	text []byte
}

// put holds text at a place; the size is the caller's business.
func (n *node) put(at int64, text []byte) {
	held := int64(len(n.data))
	if at <= held {
		head := copy(n.data[at:], text)
		if len(n.far) == 0 {
			n.data = append(n.data, text[head:]...)
			return
		}
		at, text = at+int64(head), text[head:]
	}
	if last := len(n.far) - 1; last >= 0 && n.far[last].at+int64(len(n.far[last].text)) == at {
		n.far[last].text = append(n.far[last].text, text...)
		return
	}
	if len(text) > 0 {
		n.far = append(n.far, patch{at, bytes.Clone(text)})
	}
}

// fill reads what is there at a place; n.size is behind it.
func (n *node) fill(p []byte, at int64) {
	clear(p)
	if at < int64(len(n.data)) {
		copy(p, n.data[at:])
	}
	for _, e := range n.far {
		switch from := e.at - at; {
		case from >= 0 && from < int64(len(p)):
			copy(p[from:], e.text)
		case from < 0 && -from < int64(len(e.text)):
			copy(p, e.text[-from:])
		}
	}
}

// cut forgets what is held behind a size.
func (n *node) cut(size int64) {
	n.data = n.data[:min(int64(len(n.data)), size)]
	for i, e := range n.far {
		if e.at+int64(len(e.text)) > size {
			n.far[i].text = e.text[:max(size-e.at, 0)]
		}
	}
	n.size = size
}

func (n *node) blocks() int64 {
	switch {
	case n.mode.IsDir():
		return blockSize
	case n.mode.IsRegular() && n.read == nil:
		return (n.size + blockSize - 1) / blockSize * blockSize
	}
	return 0
}

func (n *node) info(p string) Info {
	i := Info{
		Path: p, Name: path.Base(p), Size: n.size, Mode: n.mode, User: n.user, Group: n.group, ModTime: n.mtime,
		Dir: n.mode.IsDir(), Link: n.target, Links: n.links, Inode: n.inode,
	}
	switch {
	case n.mode.IsDir():
		i.Size, i.Links = blockSize, 2
		for _, c := range n.children {
			if c.mode.IsDir() {
				i.Links++
			}
		}
		if n.mount.pseudo() {
			i.Size = 0
		}
	case n.mode&fs.ModeSymlink != 0:
		i.Size = int64(len(n.target))
	}
	return i
}

// identity is who asks for a file.
type identity struct {
	user   string
	groups []string
	super  bool
}

var root = identity{user: "root", groups: []string{"root"}, super: true}

// creator is root's power with another owner for what is made.
func creator(user, group string) identity {
	return identity{user: user, groups: []string{group}, super: true}
}

// may checks the permission bits, want as in 4 read, 2 write, 1 execute.
func (n *node) may(who identity, want fs.FileMode) bool {
	if who.super {
		return want&1 == 0 || n.mode.IsDir() || n.mode&0o111 != 0
	}
	bits := n.mode.Perm()
	switch {
	case n.user == who.user:
		bits >>= 6
	case slices.Contains(who.groups, n.group):
		bits >>= 3
	}
	return bits&want == want
}

// place is where a path leads: the directory, the name in it, and the file, nil when there is none of that name.
type place struct {
	dir  *node
	name string
	node *node
	path string // without links, dots and double slashes
}

// lookup walks a path. The lock is held.
func (f *FS) lookup(name string, follow bool, who identity) (place, syscall.Errno) {
	if name == "" {
		return place{}, syscall.ENOENT
	}
	must := strings.HasSuffix(name, "/") || strings.HasSuffix(name, "/.")
	rest := strings.Split(name, "/")
	nodes, names := []*node{f.root}, []string{}
	for links := 0; len(rest) > 0; {
		part := rest[0]
		rest = rest[1:]
		dir := nodes[len(nodes)-1]
		if part == "" {
			continue
		}
		if !dir.mode.IsDir() {
			return place{}, syscall.ENOTDIR
		}
		if !dir.may(who, 1) {
			return place{}, syscall.EACCES
		}
		if part == "." {
			continue
		}
		if part == ".." {
			if len(names) > 0 {
				nodes, names = nodes[:len(nodes)-1], names[:len(names)-1]
			}
			continue
		}
		child := dir.children[part]
		last := !slices.ContainsFunc(rest, func(s string) bool { return s != "" && s != "." })
		if child == nil {
			if last {
				return place{dir: dir, name: part, path: "/" + strings.Join(append(slices.Clone(names), part), "/")}, 0
			}
			return place{}, syscall.ENOENT
		}
		if child.mode&fs.ModeSymlink != 0 && (!last || follow || must) {
			if links++; links > mostLinks {
				return place{}, syscall.ELOOP
			}
			if strings.HasPrefix(child.target, "/") {
				nodes, names = nodes[:1], names[:0]
			}
			rest = append(strings.Split(child.target, "/"), rest...)
			continue
		}
		nodes, names = append(nodes, child), append(slices.Clone(names), part)
	}
	p := place{node: nodes[len(nodes)-1], path: "/" + strings.Join(names, "/")}
	if len(names) > 0 {
		p.dir, p.name = nodes[len(nodes)-2], names[len(names)-1]
	}
	if must && !p.node.mode.IsDir() {
		return place{}, syscall.ENOTDIR
	}
	return p, 0
}

// splitOwner reads "user:group", "user" and ":group"; a user alone has a group of the same name unless group says another.
func splitOwner(owner, group string) (string, string) {
	user, g, both := strings.Cut(owner, ":")
	if both && g != "" {
		return user, g
	}
	if group != "" {
		return user, group
	}
	return user, user
}

func clean(name string) string { return path.Clean("/" + name) }
