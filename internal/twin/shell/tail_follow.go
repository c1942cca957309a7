package shell

import (
	"context"
	"fmt"
	"io"
	"time"
)

func handleOf(r io.Reader) *handle {
	if c, ok := r.(cancelled); ok {
		h, _ := c.Reader.(*handle)
		return h
	}
	return nil
}

// sizeOf is how much is left of a regular file, without reading it.
func sizeOf(r io.Reader) (int64, bool) {
	h := handleOf(r)
	if e, ok := r.(end); ok && e.d != nil {
		if f, ok := e.d.stream.(fileStream); ok {
			h = f.handle
		}
	}
	if h == nil || !h.node.mode.IsRegular() || h.node.read != nil {
		return 0, false
	}
	return max(h.size()-h.off, 0), true
}

// followed is a file that tail -f follows; h is nil while it is not there.
type followed struct {
	name string
	h    *handle
	at   int64
}

func (c *Call) follow(ctx context.Context, files []*followed, byName, show bool) int {
	buf := make([]byte, 32<<10)
	last := files[len(files)-1]
	for {
		changed := c.Host.FS.Watch()
		for _, f := range files {
			if byName {
				c.reopen(f)
			}
			if f.h == nil {
				continue
			}
			if f.h.size() < f.at {
				fmt.Fprintf(c.Stderr, "tail: %s: file truncated\n", f.name)
				f.at = 0
			}
			for {
				n, err := f.h.readAt(buf, f.at)
				if n > 0 {
					if show && f != last {
						header(c.Stdout, f.name, false)
					}
					last = f
					f.at += int64(n)
					if _, err := c.Stdout.Write(buf[:n]); err != nil {
						return 1
					}
				}
				if err != nil || n == 0 {
					break
				}
			}
		}
		// A dynamic file changes without the tree's knowing.
		again, stop := context.WithTimeout(ctx, time.Second)
		select {
		case <-changed:
		case <-again.Done():
		}
		stop()
		if ctx.Err() != nil {
			return 0
		}
	}
}

// reopen takes a file of the same name that has replaced the one that is followed.
func (c *Call) reopen(f *followed) {
	r, err := c.open(f.name)
	if err != nil {
		return
	}
	h := handleOf(r)
	if h == nil || f.h != nil && h.node == f.h.node {
		return
	}
	if f.h != nil {
		fmt.Fprintf(c.Stderr, "tail: '%s' has been replaced;  following new file\n", f.name)
	}
	f.h, f.at = h, 0
}
