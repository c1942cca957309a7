package network

import (
	"context"
	"net"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Dial connects from a host to IP:port, or to the path of one of its own unix sockets. Where a host answers and nothing
// listens the error is a *net.OpError with ECONNREFUSED; where nobody has the address it is EHOSTUNREACH after ARP; where
// nothing answers Dial waits, and goes on when the World changes, until ctx ends.
func (n *Net) Dial(ctx context.Context, from, address string) (net.Conn, error) {
	to, err := parse(address)
	if err != nil {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: err}
	}
	fail := func(err error) error { return &net.OpError{Op: "dial", Net: to.network(), Addr: to.addr(), Err: err} }
	var arp <-chan time.Time
	for {
		if err := ctx.Err(); err != nil {
			return nil, fail(err)
		}
		conn, nobody, news, err := n.attempt(from, to)
		switch {
		case conn != nil:
			return conn, nil
		case err != nil:
			return nil, fail(err)
		case !nobody:
			arp = nil
		case n.ARP <= 0:
			return nil, fail(os.NewSyscallError("connect", syscall.EHOSTUNREACH))
		case arp == nil:
			t := time.NewTimer(n.ARP)
			defer t.Stop()
			arp = t.C
		}
		select {
		case <-news:
		case <-arp:
			return nil, fail(os.NewSyscallError("connect", syscall.EHOSTUNREACH))
		case <-ctx.Done():
			return nil, fail(ctx.Err())
		}
	}
}

// Dialer is Dial of a host in the form that http.Transport and the database clients take; the network's name is ignored.
func (n *Net) Dialer(from string) func(ctx context.Context, network, address string) (net.Conn, error) {
	return func(ctx context.Context, _, address string) (net.Conn, error) { return n.Dial(ctx, from, address) }
}

// attempt sends one SYN, so to speak. Without a connection and an error there was no answer, and news says when to try
// again; nobody is true when no host has the address.
func (n *Net) attempt(from string, to target) (conn net.Conn, nobody bool, news <-chan struct{}, err error) {
	n.asking.Lock()
	defer n.asking.Unlock()
	holder, ok := from, true
	if to.path == "" {
		holder, ok = n.world.Holder(from, to.host)
	}
	reached := ok && n.world.Alive(from) && n.world.Alive(holder) && (holder == from || n.world.Reaches(from, holder))
	var client, server net.IP
	if reached && to.path == "" {
		client, server = n.addresses(from, holder, to)
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	switch {
	case n.closed:
		return nil, false, nil, net.ErrClosed
	case !reached:
		return nil, !ok && n.world.Alive(from), n.news, nil
	}
	l := n.find(holder, to)
	switch {
	case l == nil && to.path != "":
		return nil, false, nil, os.NewSyscallError("connect", syscall.ENOENT)
	case l == nil:
		return nil, false, nil, os.NewSyscallError("connect", syscall.ECONNREFUSED)
	case len(l.queue) >= backlog:
		return nil, false, n.news, nil
	}
	c := newConnection(n, l.port)
	c.client.host, c.server.host, c.asked = from, holder, to.host
	if to.path != "" {
		c.client.local, c.server.local = &net.UnixAddr{Net: "unix"}, to.addr()
	} else {
		c.client.local = &net.TCPAddr{IP: client, Port: n.ephemeral(from)}
		c.server.local = &net.TCPAddr{IP: server, Port: to.port}
	}
	c.client.remote, c.server.remote = c.server.local, c.client.local
	c.server.stopped = n.muted[l.port]
	n.conns[c] = struct{}{}
	n.moves.Add(1)
	l.queue = append(l.queue, c.server)
	l.ready.Signal()
	return c.client, false, nil, nil
}

// addresses are those of both ends. A host talks to itself from the address that it talks to.
func (n *Net) addresses(from, holder string, to target) (client, server net.IP) {
	if server = to.ip(); server == nil {
		server = net.ParseIP(n.world.Address(holder))
	}
	if from == holder {
		return server, server
	}
	return net.ParseIP(n.world.Address(from)), server
}

// ephemeral is the next port for a host's client, of Linux's range.
func (n *Net) ephemeral(host string) int {
	const first, last = 32768, 60999
	p := n.next[host] + 1
	if p < first || p > last {
		p = first
	}
	n.next[host] = p
	return p
}

// target is what somebody dials: host and port, or the path of a unix socket.
type target struct {
	host string
	port int
	path string
}

func parse(address string) (target, error) {
	if strings.HasPrefix(address, "/") {
		return target{path: address}, nil
	}
	host, word, err := net.SplitHostPort(address)
	if err != nil {
		return target{}, err
	}
	p, err := strconv.ParseUint(word, 10, 16)
	if err != nil || p == 0 {
		return target{}, &net.AddrError{Err: "invalid port", Addr: address}
	}
	return target{host: host, port: int(p)}, nil
}

func (t target) ip() net.IP {
	if t.host == "localhost" {
		return net.IPv4(127, 0, 0, 1)
	}
	return net.ParseIP(t.host)
}

func (t target) network() string {
	if t.path != "" {
		return "unix"
	}
	return "tcp"
}

func (t target) addr() net.Addr {
	if t.path != "" {
		return &net.UnixAddr{Name: t.path, Net: "unix"}
	}
	if ip := t.ip(); ip != nil {
		return &net.TCPAddr{IP: ip, Port: t.port}
	}
	return name(net.JoinHostPort(t.host, strconv.Itoa(t.port)))
}

// name is an address that is no IP address, for errors.
type name string

func (name) Network() string  { return "tcp" }
func (n name) String() string { return string(n) }
