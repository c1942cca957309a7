package sshd

import (
	"errors"
	"net"
	"sync"
	"time"
)

// state is what happens to the bytes of a connection.
type state int

const (
	flowing state = iota
	// frozen keeps bytes back, both ways.
	frozen
	// dead gives the host's side an error and the client nothing, until the connection is released.
	dead
)

var errDead = errors.New("the host is gone")

// wire is a client's connection that can fall silent.
type wire struct {
	net.Conn

	mu       sync.Mutex
	changed  sync.Cond
	state    state
	released bool
}

func newWire(c net.Conn) *wire {
	w := &wire{Conn: c}
	w.changed.L = &w.mu
	return w
}

// set freezes or thaws. A dead wire stays dead.
func (w *wire) set(to state) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.state == dead {
		return
	}
	w.state = to
	w.changed.Broadcast()
}

// kill makes the wire dead. then is called when nothing is written any more, and before the host's side knows.
func (w *wire) kill(then func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.state == dead {
		return
	}
	w.state = dead
	then()
	// Whoever reads or writes now comes back. The connection may have ended meanwhile, which does the same.
	_ = w.SetDeadline(time.Unix(1, 0))
	w.changed.Broadcast()
}

func (w *wire) dead() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.state == dead
}

// pass waits until bytes flow.
func (w *wire) pass() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	for {
		switch {
		case w.state == dead:
			return errDead
		case w.released:
			return net.ErrClosed
		case w.state == flowing:
			return nil
		}
		w.changed.Wait()
	}
}

// Read keeps back what comes while the wire is frozen.
func (w *wire) Read(p []byte) (int, error) {
	n, err := w.Conn.Read(p)
	if silent := w.pass(); silent != nil {
		return 0, silent
	}
	return n, err
}

func (w *wire) Write(p []byte) (int, error) {
	if err := w.pass(); err != nil {
		return 0, err
	}
	return w.Conn.Write(p)
}

// Close is the host's side of it: the client of a dead host learns nothing.
func (w *wire) Close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.state == dead {
		return nil
	}
	w.released = true
	w.changed.Broadcast()
	return w.Conn.Close()
}

// release ends the connection in every state, for the client with a reset or in order.
func (w *wire) release(reset bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.released = true
	w.changed.Broadcast()
	if reset {
		abort(w.Conn)
	} else {
		_ = w.Conn.Close() // it may be closed already
	}
}

// abort closes a connection with a reset.
func abort(c net.Conn) {
	if tcp, ok := c.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // it may be closed already
	}
	_ = c.Close()
}
