package remote

import (
	"io"
	"sync"
	"time"
)

// output hands what a command says to the caller's writers: one call at a time, and none after it was closed.
type output struct {
	mu             sync.Mutex
	stdout, stderr io.Writer
	last           time.Time
	closed         bool
}

func newOutput(cmd Command) *output {
	return &output{stdout: cmd.Stdout, stderr: cmd.Stderr, last: time.Now()}
}

// write gives p to a writer. What the writer answers is its own affair: the command must not stop for it.
func (o *output) write(w io.Writer, p []byte) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.last = time.Now()
	if o.closed || w == nil || len(p) == 0 {
		return
	}
	_, _ = w.Write(p)
}

// touch starts to count quiet anew.
func (o *output) touch() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.last = time.Now()
}

// quiet is how long nothing came.
func (o *output) quiet() time.Duration {
	o.mu.Lock()
	defer o.mu.Unlock()
	return time.Since(o.last)
}

func (o *output) close() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.closed = true
}

// drain reads r to its end. Each part goes through filter, if there is one, and then to w.
func (o *output) drain(r io.Reader, w io.Writer, filter func([]byte) []byte) {
	buf := make([]byte, 32<<10)
	for {
		n, err := r.Read(buf)
		if p := buf[:n]; n > 0 {
			if filter != nil {
				p = filter(p)
			}
			o.write(w, p)
		}
		if err != nil {
			return
		}
	}
}
