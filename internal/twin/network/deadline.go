package network

import (
	"net"
	"time"
)

// deadline is when reads or writes of an end stop waiting.
type deadline struct {
	over  bool
	timer *time.Timer
}

// set replaces the deadline; the zero time is none. The caller holds the connection's lock.
func (d *deadline) set(e *end, t time.Time) {
	if d.timer != nil {
		d.timer.Stop()
	}
	d.timer, d.over = nil, false
	if t.IsZero() {
		return
	}
	left := time.Until(t)
	if left <= 0 {
		d.over = true
		return
	}
	var timer *time.Timer
	timer = time.AfterFunc(left, func() {
		e.mu.Lock()
		defer e.mu.Unlock()
		// It may have been replaced while it came.
		if d.timer == timer {
			d.over = true
			e.moved.Broadcast()
		}
	})
	d.timer = timer
}

// SetDeadline sets both deadlines; one in the past ends what is waiting.
func (e *end) SetDeadline(t time.Time) error { return e.until(t, &e.reading, &e.writing) }

// SetReadDeadline is SetDeadline for Read.
func (e *end) SetReadDeadline(t time.Time) error { return e.until(t, &e.reading) }

// SetWriteDeadline is SetDeadline for Write.
func (e *end) SetWriteDeadline(t time.Time) error { return e.until(t, &e.writing) }

func (e *end) until(t time.Time, which ...*deadline) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return e.fail("set", net.ErrClosed)
	}
	for _, d := range which {
		d.set(e, t)
	}
	e.moved.Broadcast()
	return nil
}
