package sshd

import (
	"fmt"
	"net"
	"os"
	"syscall"
	"time"
)

// port is a port on 127.0.0.1 that is open, or shut and kept: a socket that is bound and does not listen refuses clients,
// and the kernel gives its port to nobody who asks for any.
type port struct {
	number   int
	listener net.Listener
	// kept is the bound socket while the port is shut, -1 otherwise.
	kept int
}

func newPort() (*port, error) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	return &port{number: l.Addr().(*net.TCPAddr).Port, listener: l, kept: -1}, nil
}

// shut makes the port refuse.
func (p *port) shut() {
	if p.listener == nil {
		return
	}
	_ = p.listener.Close() // nothing is lost with it
	p.listener = nil
	again(func() (err error) {
		p.kept, err = bound(p.number)
		return err
	})
}

// open makes the port listen. It returns the listener when it was shut, nil when it was open or cannot be opened now.
func (p *port) open() net.Listener {
	if p.listener != nil {
		return nil
	}
	again(func() (err error) {
		if p.kept >= 0 {
			p.listener, err = listening(p.kept)
			p.kept = -1
			return err
		}
		p.listener, err = net.Listen("tcp4", fmt.Sprintf("127.0.0.1:%d", p.number))
		return err
	})
	return p.listener
}

func (p *port) close() error {
	if p.kept >= 0 {
		_ = syscall.Close(p.kept) // a socket that nobody uses
		p.kept = -1
	}
	if p.listener == nil {
		return nil
	}
	l := p.listener
	p.listener = nil
	return l.Close()
}

// again tries until it works, for a second: the kernel may still be ending what was there, or another program may have a
// connection from the port.
func again(f func() error) {
	for limit := time.Now().Add(time.Second); f() != nil && time.Now().Before(limit); {
		time.Sleep(5 * time.Millisecond)
	}
}

// bound is a socket that has the port and does not listen.
func bound(number int) (int, error) {
	syscall.ForkLock.RLock()
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	if err == nil {
		syscall.CloseOnExec(fd)
	}
	syscall.ForkLock.RUnlock()
	if err != nil {
		return -1, err
	}
	// As for every listener of Go: connections of the port may be left.
	if err = syscall.SetsockoptInt(fd, syscall.SOL_SOCKET, syscall.SO_REUSEADDR, 1); err == nil {
		err = syscall.Bind(fd, &syscall.SockaddrInet4{Port: number, Addr: [4]byte{127, 0, 0, 1}})
	}
	if err != nil {
		_ = syscall.Close(fd)
		return -1, err
	}
	return fd, nil
}

// listening makes a bound socket listen. The socket is used up.
func listening(fd int) (net.Listener, error) {
	f := os.NewFile(uintptr(fd), "port")
	defer f.Close() // the listener has a copy
	if err := syscall.Listen(fd, syscall.SOMAXCONN); err != nil {
		return nil, err
	}
	return net.FileListener(f)
}
