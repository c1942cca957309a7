package shell

import (
	"bytes"
	"context"
	"errors"
	"io"
	"sync"
	"syscall"
)

// stream is what an open file does. read and write end early when ctx ends, with its error. The end of input is io.EOF, a
// reader that is gone syscall.EPIPE.
type stream interface {
	read(ctx context.Context, p []byte) (int, error)
	write(ctx context.Context, p []byte) (int, error)
	close()
}

// descriptor is an open file that several file descriptors of several processes may share; the last release closes it.
type descriptor struct {
	stream
	mu     sync.Mutex
	refs   int
	closed chan struct{}
}

func opened(s stream) *descriptor {
	return &descriptor{stream: s, refs: 1, closed: make(chan struct{})}
}

func (d *descriptor) dup() *descriptor {
	d.mu.Lock()
	d.refs++
	d.mu.Unlock()
	return d
}

func (d *descriptor) release() {
	d.mu.Lock()
	d.refs--
	last := d.refs == 0
	d.mu.Unlock()
	if last {
		d.close()
		close(d.closed)
	}
}

// fdTable is a process's file descriptors.
type fdTable map[int]*descriptor

func (t fdTable) clone() fdTable {
	c := make(fdTable, len(t))
	for n, d := range t {
		c[n] = d.dup()
	}
	return c
}

func (t fdTable) release() {
	for n, d := range t {
		delete(t, n)
		d.release()
	}
}

// set gives a descriptor to a number; what was there is released.
func (t fdTable) set(n int, d *descriptor) {
	if old := t[n]; old != nil {
		old.release()
	}
	t[n] = d
}

func (t fdTable) drop(n int) {
	if old := t[n]; old != nil {
		delete(t, n)
		old.release()
	}
}

// pipe is a buffer in memory with a reading and a writing end.
type pipe struct {
	mu             sync.Mutex
	buf            []byte
	rClosed, wDone bool
	woken          chan struct{}
}

const pipeSize = 64 << 10

func newPipe() (r, w *descriptor) {
	p := &pipe{woken: make(chan struct{})}
	return opened(pipeReader{p}), opened(pipeWriter{p})
}

// wake lets all who wait look again. The lock is held.
func (p *pipe) wake() {
	close(p.woken)
	p.woken = make(chan struct{})
}

// until waits for ready, with the lock held before and after.
func (p *pipe) until(ctx context.Context, ready func() bool) error {
	for !ready() {
		if err := ctx.Err(); err != nil {
			return err
		}
		woken := p.woken
		p.mu.Unlock()
		select {
		case <-woken:
		case <-ctx.Done():
		}
		p.mu.Lock()
	}
	return nil
}

type pipeReader struct{ *pipe }

func (p pipeReader) read(ctx context.Context, b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.until(ctx, func() bool { return len(p.buf) > 0 || p.wDone }); err != nil {
		return 0, err
	}
	if len(p.buf) == 0 {
		return 0, io.EOF
	}
	n := copy(b, p.buf)
	p.buf = p.buf[n:]
	p.wake()
	return n, nil
}

func (p pipeReader) write(context.Context, []byte) (int, error) { return 0, syscall.EBADF }

func (p pipeReader) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.rClosed, p.buf = true, nil
	p.wake()
}

type pipeWriter struct{ *pipe }

func (p pipeWriter) read(context.Context, []byte) (int, error) { return 0, syscall.EBADF }

func (p pipeWriter) write(ctx context.Context, b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for n := 0; ; {
		if err := p.until(ctx, func() bool { return p.rClosed || len(p.buf) < pipeSize }); err != nil {
			return n, err
		}
		if p.rClosed {
			return n, syscall.EPIPE
		}
		part := b[n:min(len(b), n+pipeSize-len(p.buf))]
		p.buf = append(p.buf, part...)
		n += len(part)
		p.wake()
		if n == len(b) {
			return n, nil
		}
	}
}

func (p pipeWriter) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.wDone = true
	p.wake()
}

// feed is standard input from outside: a goroutine that reads only once somebody asks. It ends when the source does.
type feed struct {
	source io.Reader
	once   sync.Once
	r, w   *descriptor
}

func newFeed(source io.Reader) *descriptor {
	f := &feed{source: source}
	f.r, f.w = newPipe()
	return opened(f)
}

func (f *feed) read(ctx context.Context, p []byte) (int, error) {
	f.once.Do(func() {
		if f.source == nil {
			f.w.release()
			return
		}
		go func() {
			defer f.w.release()
			buf := make([]byte, 4096)
			for {
				n, err := f.source.Read(buf)
				if n > 0 {
					if _, err := f.w.write(context.Background(), buf[:n]); err != nil {
						return
					}
				}
				if err != nil {
					return
				}
			}
		}()
	})
	return f.r.read(ctx, p)
}

func (f *feed) write(context.Context, []byte) (int, error) { return 0, syscall.EBADF }
func (f *feed) close()                                     { f.r.release() }

// sink is standard output to outside. After cut nothing is written any more.
type sink struct {
	mu sync.Mutex
	w  io.Writer
}

func (s *sink) read(context.Context, []byte) (int, error) { return 0, syscall.EBADF }

func (s *sink) write(_ context.Context, p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.w == nil {
		return 0, syscall.EPIPE
	}
	n, err := s.w.Write(p)
	if err != nil {
		return n, syscall.EPIPE
	}
	return n, nil
}

func (s *sink) close() {}

func (s *sink) cut() {
	s.mu.Lock()
	s.w = nil
	s.mu.Unlock()
}

// capture keeps what is written, for $(...).
type capture struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (c *capture) read(context.Context, []byte) (int, error) { return 0, syscall.EBADF }

func (c *capture) write(_ context.Context, p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.buf.Write(p)
}

func (c *capture) close() {}

func (c *capture) String() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.buf.String()
}

// text is input that is known, as a here-document.
type text struct {
	mu sync.Mutex
	r  *bytes.Reader
}

func newText(s string) *descriptor { return opened(&text{r: bytes.NewReader([]byte(s))}) }

func (t *text) read(_ context.Context, p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.r.Read(p)
}

func (t *text) write(context.Context, []byte) (int, error) { return 0, syscall.EBADF }
func (t *text) close()                                     {}

// opened file of the tree.
type fileStream struct{ *handle }

func (f fileStream) read(_ context.Context, p []byte) (int, error) {
	if f.flag&syscall.O_WRONLY != 0 {
		return 0, syscall.EBADF
	}
	return f.handle.Read(p)
}

func (f fileStream) write(_ context.Context, p []byte) (int, error) {
	if f.flag&(syscall.O_WRONLY|syscall.O_RDWR) == 0 {
		return 0, syscall.EBADF
	}
	return f.handle.write(p)
}

func (f fileStream) close() {}

// through is a stream of another caller's reader or writer, as Call.Run is given them.
type through struct {
	r io.Reader
	w io.Writer
}

func (t through) read(ctx context.Context, p []byte) (int, error) {
	if t.r == nil {
		return 0, io.EOF
	}
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	return t.r.Read(p)
}

func (t through) write(_ context.Context, p []byte) (int, error) {
	if t.w == nil {
		return len(p), nil
	}
	return t.w.Write(p)
}

func (t through) close() {}

// end is one descriptor as a process sees it: its reads and writes end with the process, and writing to a pipe that nobody
// reads ends the process with SIGPIPE.
type end struct {
	proc *process
	d    *descriptor
}

func (e end) Read(p []byte) (int, error) {
	if e.d == nil {
		return 0, syscall.EBADF
	}
	return e.d.read(e.proc.ctx, p)
}

func (e end) Write(p []byte) (int, error) {
	if e.d == nil {
		return 0, syscall.EBADF
	}
	if err := e.proc.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := e.d.write(e.proc.ctx, p)
	if err == nil {
		return n, nil
	}
	if errors.Is(err, syscall.EPIPE) {
		e.proc.signal(syscall.SIGPIPE)
	}
	return n, &writeError{err}
}

// writeError tells what failed while writing from what failed while reading.
type writeError struct{ err error }

func (e *writeError) Error() string { return Reason(e.err) }
func (e *writeError) Unwrap() error { return e.err }
