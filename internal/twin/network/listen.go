package network

import (
	"net"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"
)

// backlog is how many connections wait for Accept; further ones get no answer, as on Linux.
const backlog = 128

// Listen opens a port of a host, any free one for port 0. bind is the address to listen on: "*" (or "" or "::") for all,
// "0.0.0.0" for those of IPv4, otherwise one address, which the host need not have (net.ipv4.ip_nonlocal_bind). A bind that
// begins with / is the path of a unix socket; port is 0 then. The error is a *net.OpError with EADDRINUSE.
func (n *Net) Listen(host string, number int, bind string) (net.Listener, error) {
	p := port{host: host, number: number}
	var addr net.Addr
	if strings.HasPrefix(bind, "/") {
		p = port{host: host, path: bind}
		addr = &net.UnixAddr{Name: bind, Net: "unix"}
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if addr == nil {
		for p.number == 0 || number == 0 && len(n.listeners[p]) > 0 {
			p.number = n.ephemeral(host)
		}
		addr = &net.TCPAddr{IP: net.ParseIP(wildcard(bind)), Port: p.number}
	}
	fail := func(err error) error { return &net.OpError{Op: "listen", Net: addr.Network(), Addr: addr, Err: err} }
	if n.closed {
		return nil, fail(net.ErrClosed)
	}
	if slices.ContainsFunc(n.listeners[p], func(l *listener) bool { return overlap(l.bind, bind) }) {
		return nil, fail(os.NewSyscallError("bind", syscall.EADDRINUSE))
	}
	l := &listener{net: n, port: p, bind: bind, addr: addr}
	l.ready.L = &n.mu
	n.listeners[p] = append(n.listeners[p], l)
	return l, nil
}

// wildcard is the address that a bind stands for.
func wildcard(bind string) string {
	if bind == "*" || bind == "" {
		return "::"
	}
	if bind == "localhost" {
		return "127.0.0.1"
	}
	return bind
}

// overlap says whether two binds of one port take a connection from each other.
func overlap(a, b string) bool {
	a, b = wildcard(a), wildcard(b)
	wide := func(s string) bool { return s == "::" || s == "0.0.0.0" }
	return a == b || wide(a) || wide(b)
}

// find is the listener that takes a connection, the one with the narrowest bind; nil when none does. The caller holds mu.
func (n *Net) find(host string, to target) *listener {
	if to.path != "" {
		for _, l := range n.listeners[port{host: host, path: to.path}] {
			return l
		}
		return nil
	}
	var wide *listener
	ip := to.ip()
	for _, l := range n.listeners[port{host: host, number: to.port}] {
		switch bind := wildcard(l.bind); {
		case bind == "::":
			wide = l
		case bind == "0.0.0.0":
			if ip == nil || ip.To4() != nil {
				wide = l
			}
		case bind == to.host || ip != nil && ip.Equal(net.ParseIP(bind)):
			return l
		case to.host == "localhost" && bind == "::1":
			return l
		}
	}
	return wide
}

// listener is an open port.
type listener struct {
	net  *Net
	port port
	bind string
	addr net.Addr
	// The rest is under the network's lock; ready is signalled when it changes.
	queue  []*end
	closed bool
	ready  sync.Cond
}

// Accept waits for the next connection.
func (l *listener) Accept() (net.Conn, error) {
	n := l.net
	n.mu.Lock()
	defer n.mu.Unlock()
	for !l.closed && (len(l.queue) == 0 || n.muted[l.port]) {
		l.ready.Wait()
	}
	if l.closed {
		return nil, &net.OpError{Op: "accept", Net: l.addr.Network(), Addr: l.addr, Err: net.ErrClosed}
	}
	if len(l.queue) == backlog {
		n.wake()
	}
	e := l.queue[0]
	l.queue = slices.Delete(l.queue, 0, 1)
	return e, nil
}

// Close closes the port and resets what was not accepted yet; accepted connections stay. Closing again does nothing.
func (l *listener) Close() error {
	n := l.net
	n.mu.Lock()
	left := l.queue
	l.queue, l.closed = nil, true
	n.listeners[l.port] = slices.DeleteFunc(n.listeners[l.port], func(o *listener) bool { return o == l })
	if len(n.listeners[l.port]) == 0 {
		delete(n.listeners, l.port)
	}
	l.ready.Broadcast()
	// A full queue made somebody wait, who is refused now.
	n.wake()
	n.mu.Unlock()
	for _, e := range left {
		e.change(func() { e.reset = true })
	}
	return nil
}

// Addr is where it listens.
func (l *listener) Addr() net.Addr { return l.addr }
