package scrub

import (
	"errors"
	"io"
	"sync"
)

// Writer cleans and masks a stream. What it writes below is always clean and masked UTF-8, and all of it together is
// Mask(Text(the whole stream)), however the stream was split. Each write below is made at once; held back is only half a
// character, half an escape sequence, a carriage return at the end, and what may be the beginning of a secret.
//
// It is safe for concurrent use, but two streams at once must have a Writer each.
type Writer struct {
	mu     sync.Mutex
	w      io.Writer
	clean  cleaner
	mask   masker
	a, b   []byte
	err    error
	closed bool
}

// errClosed is what a write after Close gets.
var errClosed = errors.New("write to a closed scrub.Writer")

// NewWriter returns a Writer that writes to w and masks what is in s, also what is added later. s may be nil.
func NewWriter(w io.Writer, s *Secrets) *Writer {
	return &Writer{w: w, mask: masker{set: s}}
}

// Write takes p and returns len(p), or the first error of the writer below, which then stays.
func (w *Writer) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return 0, errClosed
	}
	w.a = w.clean.feed(w.a[:0], p)
	if err := w.pass(false); err != nil {
		return 0, err
	}
	return len(p), nil
}

// Flush ends the line of a progress bar whose carriage return is still waiting for a newline. It never gives out what may
// be the beginning of a secret: the rest could come right behind it.
func (w *Writer) Flush() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return errClosed
	}
	w.a = w.clean.flush(w.a[:0])
	return w.pass(false)
}

// Close writes what is held back. It does not close the writer below. Closing again does nothing.
func (w *Writer) Close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return w.err
	}
	w.closed = true
	w.a = w.clean.finish(w.a[:0])
	return w.pass(true)
}

// pass masks what was cleaned and writes it.
func (w *Writer) pass(last bool) error {
	if w.err != nil {
		return w.err
	}
	w.b = w.mask.feed(w.b[:0], w.a)
	if last {
		w.b = w.mask.finish(w.b)
	}
	if len(w.b) == 0 {
		return nil
	}
	n, err := w.w.Write(w.b)
	if err == nil && n < len(w.b) {
		err = io.ErrShortWrite
	}
	w.err = err
	return err
}
