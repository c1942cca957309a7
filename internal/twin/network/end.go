package network

import (
	"io"
	"net"
	"os"
	"syscall"
	"time"
)

// end is one end of a connection, as its process has it. Everything but the addresses is under the connection's lock.
type end struct {
	*connection
	peer          *end
	host          string
	local, remote net.Addr

	// in is what comes for this end.
	in half
	// closed is set when its process closed it, reset when its kernel knows it no more, stopped while its process is stopped.
	closed, reset, stopped bool
	reading, writing       deadline
}

// ended says whether the end is of no more use.
func (e *end) ended() bool { return e.closed || e.reset }

// refuses says whether the end's kernel answers the other side with a reset.
func (e *end) refuses() bool { return e.reset || e.closed && e.in.waiting() > 0 }

// die is losing power: what had not left the host or was not read is lost.
func (e *end) die() {
	if e.reset {
		return
	}
	e.reset, e.in = true, half{}
	e.peer.in.lose()
}

// Read reads what has come. At the end of the other side it returns io.EOF.
func (e *end) Read(p []byte) (n int, err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for {
		switch {
		case e.closed:
			return 0, e.fail("read", net.ErrClosed)
		case e.stopped:
		case e.reading.over:
			return 0, e.fail("read", os.ErrDeadlineExceeded)
		case len(p) == 0:
			return 0, nil
		case e.in.waiting() > 0:
			n := e.in.take(p)
			e.net.moves.Add(1)
			e.moved.Broadcast()
			return n, nil
		case e.reset:
			return 0, e.fail("read", os.NewSyscallError("read", syscall.ECONNRESET))
		case e.in.over:
			return 0, io.EOF
		}
		e.moved.Wait()
	}
}

// Write returns when everything is under way, which does not mean that it arrived.
func (e *end) Write(p []byte) (n int, err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for {
		switch {
		case e.closed:
			return n, e.fail("write", net.ErrClosed)
		case e.stopped:
		case e.writing.over:
			return n, e.fail("write", os.ErrDeadlineExceeded)
		case e.reset:
			return n, e.fail("write", os.NewSyscallError("write", syscall.ECONNRESET))
		case e.peer.in.fin:
			return n, e.fail("write", os.NewSyscallError("write", syscall.EPIPE))
		default:
			sent := e.send(p[n:])
			if n += sent; n == len(p) {
				return n, nil
			}
			if sent > 0 {
				continue // sending may have changed everything above
			}
		}
		e.moved.Wait()
	}
}

// send puts on the way what there is room for.
func (e *end) send(p []byte) int {
	n := e.peer.in.write(p)
	if n == 0 {
		return 0
	}
	e.net.moves.Add(1)
	e.deliver()
	e.moved.Broadcast()
	return n
}

// Close ends the connection for this side. Bytes that were written arrive; where bytes came that nobody read, the other side
// is reset.
func (e *end) Close() error {
	err := net.ErrClosed
	e.change(func() {
		if e.closed {
			return
		}
		err = nil
		e.closed = true
		if !e.reset {
			e.peer.in.fin = true
		}
		e.reading.set(e, time.Time{})
		e.writing.set(e, time.Time{})
	})
	if err != nil {
		return e.fail("close", err)
	}
	return nil
}

// CloseWrite tells the other side that nothing more comes; reading goes on.
func (e *end) CloseWrite() error {
	var err error
	e.change(func() {
		switch {
		case e.closed:
			err = e.fail("close", net.ErrClosed)
		case e.reset:
			err = e.fail("close", os.NewSyscallError("shutdown", syscall.ENOTCONN))
		default:
			e.peer.in.fin = true
		}
	})
	return err
}

// LocalAddr is a *net.TCPAddr, or a *net.UnixAddr.
func (e *end) LocalAddr() net.Addr { return e.local }

// RemoteAddr is a *net.TCPAddr, or a *net.UnixAddr.
func (e *end) RemoteAddr() net.Addr { return e.remote }

func (e *end) fail(op string, err error) error {
	return &net.OpError{Op: op, Net: e.local.Network(), Source: e.local, Addr: e.remote, Err: err}
}
