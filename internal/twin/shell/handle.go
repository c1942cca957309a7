package shell

import (
	"bytes"
	"io"
	"io/fs"
	"sync"
	"syscall"
)

// handle is an open file of the tree with its own offset.
type handle struct {
	fs   *FS
	node *node
	name string
	flag int
	// snapshot is what a dynamic file said when it was opened.
	snapshot []byte

	mu  sync.Mutex
	off int64
}

// held is the content without the zeros of SetSize.
func (h *handle) held() []byte {
	if h.node.read != nil {
		return h.snapshot
	}
	h.fs.mu.Lock()
	defer h.fs.mu.Unlock()
	return append([]byte(nil), h.node.data...)
}

// far is what is held behind the zeros.
func (h *handle) far() []patch {
	h.fs.mu.Lock()
	defer h.fs.mu.Unlock()
	out := make([]patch, len(h.node.far))
	for i, e := range h.node.far {
		out[i] = patch{e.at, bytes.Clone(e.text)}
	}
	return out
}

func (h *handle) size() int64 {
	if h.node.read != nil {
		return int64(len(h.snapshot))
	}
	h.fs.mu.Lock()
	defer h.fs.mu.Unlock()
	return h.node.size
}

func (h *handle) Read(p []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	n, err := h.readAt(p, h.off)
	h.off += int64(n)
	return n, err
}

// readAt reads what is there; at the end it is io.EOF.
func (h *handle) readAt(p []byte, off int64) (int, error) {
	if h.node.mode.IsDir() {
		return 0, syscall.EISDIR
	}
	if h.node.stream != nil {
		h.node.stream(p)
		return len(p), nil
	}
	if h.node.read != nil {
		if off >= int64(len(h.snapshot)) {
			return 0, io.EOF
		}
		return copy(p, h.snapshot[off:]), nil
	}
	h.fs.mu.Lock()
	defer h.fs.mu.Unlock()
	if off >= h.node.size {
		return 0, io.EOF
	}
	n := int(min(int64(len(p)), h.node.size-off))
	h.node.fill(p[:n], off)
	return n, nil
}

var zeroPage [blockSize]byte

func zeros(p []byte) bool {
	for len(p) > 0 {
		k := min(len(p), len(zeroPage))
		if !bytes.Equal(p[:k], zeroPage[:k]) {
			return false
		}
		p = p[k:]
	}
	return true
}

func (h *handle) Write(p []byte) (int, error) {
	n, err := h.write(p)
	if err != nil {
		return n, &fs.PathError{Op: "write", Path: h.name, Err: err}
	}
	return n, nil
}

// write returns an errno, nil or what a dynamic file's function said.
func (h *handle) write(p []byte) (int, error) {
	if h.node.read != nil || h.node.write != nil {
		if h.node.write == nil {
			return 0, syscall.EACCES
		}
		if err := h.node.write(p); err != nil {
			return 0, err
		}
		return len(p), nil
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.fs.mu.Lock()
	defer h.fs.mu.Unlock()
	n := h.node
	if h.flag&syscall.O_APPEND != 0 {
		h.off = n.size
	}
	want := p
	end := h.off + int64(len(p))
	if end > n.size {
		grow := (end+blockSize-1)/blockSize*blockSize - n.blocks()
		if room := n.mount.room(); grow > room {
			// As much as fits is written, as on a real disk.
			fits := max(n.blocks()+room/blockSize*blockSize-h.off, 0)
			if fits == 0 && len(p) > 0 {
				return 0, syscall.ENOSPC
			}
			p = p[:min(int64(len(p)), fits)]
			end = h.off + int64(len(p))
		}
	}
	before := n.blocks()
	// Zeros at the end are not held, so that a file as large as a disk costs nothing.
	if h.off < n.size || !zeros(p) {
		n.put(h.off, p)
	}
	n.size = max(n.size, end)
	n.mount.used += n.blocks() - before
	n.mtime = h.fs.now()
	h.off = end
	h.fs.touched()
	if len(p) < len(want) {
		return len(p), syscall.ENOSPC
	}
	return len(p), nil
}
