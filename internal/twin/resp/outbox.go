package resp

import (
	"net"
	"sync"
)

const (
	// replyLimit is how many bytes of answers wait for a client before its commands do.
	replyLimit = 1 << 20
	// pushLimit is how many bytes may wait in all: Redis gives up a subscriber that does not read (client-output-buffer-limit).
	pushLimit = 8 << 20
)

// outbox sends to a client in the order in which it was given, without making whoever publishes wait.
type outbox struct {
	conn net.Conn
	// done is closed when nothing is sent any more.
	done chan struct{}

	mu      sync.Mutex
	changed sync.Cond
	waiting []byte
	// over is set when nothing more will be given, failed when nothing more can be sent.
	over   bool
	failed error
}

func newOutbox(conn net.Conn) *outbox {
	o := &outbox{conn: conn, done: make(chan struct{})}
	o.changed.L = &o.mu
	return o
}

// run sends until finish or stop, and closes the connection.
func (o *outbox) run() {
	defer close(o.done)
	defer o.conn.Close()
	o.mu.Lock()
	defer o.mu.Unlock()
	var sent []byte
	for {
		for len(o.waiting) == 0 && !o.over && o.failed == nil {
			o.changed.Wait()
		}
		if o.failed != nil || len(o.waiting) == 0 {
			return
		}
		now := o.waiting
		o.waiting = sent[:0]
		o.changed.Broadcast()
		o.mu.Unlock()
		_, err := o.conn.Write(now)
		o.mu.Lock()
		if err != nil && o.failed == nil {
			o.failed = err
			o.changed.Broadcast()
		}
		if sent = now; cap(sent) > 64<<10 {
			sent = nil
		}
	}
}

// send gives bytes to the client; with wait it lets a slow one slow down the caller.
func (o *outbox) send(p []byte, wait bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for wait && len(o.waiting) > replyLimit && o.failed == nil {
		o.changed.Wait()
	}
	if o.failed != nil || o.over {
		return
	}
	if !wait && len(o.waiting) > pushLimit {
		o.failed = errSlow
		o.changed.Broadcast()
		_ = o.conn.Close() // which ends the write that takes so long
		return
	}
	o.waiting = append(o.waiting, p...)
	o.changed.Broadcast()
}

// finish lets what waits be sent, and no more.
func (o *outbox) finish() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.over = true
	o.changed.Broadcast()
}

// stop drops what waits.
func (o *outbox) stop(why error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.failed == nil {
		o.failed = why
	}
	o.changed.Broadcast()
}
