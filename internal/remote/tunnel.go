package remote

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/crypto/ssh"

	"recon/internal/inventory"
	"recon/internal/scrub"
)

// Dial connects to a service's port: with `dial: ssh` through the ssh connection of the node, where address is what the
// node sees (network may be unix there), with `dial: direct` from here. It ends with ctx, after 10 s at the latest. Deadlines
// work on what it returns. Every error is a *DialError; while a node cannot be reached the last error comes back at once
// until it is time for the next attempt.
func (p *Pool) Dial(ctx context.Context, node, network, address string) (net.Conn, error) {
	if p.cluster.Dial == inventory.DialDirect {
		ctx, cancel := context.WithTimeout(ctx, p.timing.connect)
		defer cancel()
		conn, err := new(net.Dialer).DialContext(ctx, network, address)
		if err != nil {
			return nil, &DialError{Host: node, Addr: address, Refused: refused(err), Timeout: timeout(err), Err: err}
		}
		return conn, nil
	}
	return p.From(ctx, node, network, address)
}

// From is Dial through the ssh connection of a node, whatever the cluster file says of the way to services: it is how the
// node itself reaches an address.
func (p *Pool) From(ctx context.Context, node, network, address string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, p.timing.connect)
	defer cancel()
	l, err := p.link(node)
	if err != nil {
		return nil, &DialError{Host: node, Addr: address, NoSSH: true, Err: err}
	}
	c, err := l.get(ctx, false)
	if err != nil {
		return nil, &DialError{Host: node, Addr: address, NoSSH: true, Err: err}
	}
	conn, err := c.tunnel(ctx, network, address, c.release)
	if err != nil {
		c.release()
		return nil, err
	}
	return conn, nil
}

// tunnel opens a connection from the host to an address. closed is called once when it has ended, not when tunnel fails.
func (c *connection) tunnel(ctx context.Context, network, address string, closed func()) (net.Conn, error) {
	kind, payload, err := forward(network, address)
	if err != nil {
		return nil, &DialError{Host: c.ep.name, Addr: address, Err: err}
	}
	ch, requests, err := c.open(ctx, kind, payload)
	if err != nil {
		return nil, c.tunnelError(address, err)
	}
	near, far := net.Pipe()
	t := &tunnel{Conn: near, c: c, remote: place{network, address}}
	var pumps sync.WaitGroup
	over := make(chan struct{})
	pumps.Go(func() { ssh.DiscardRequests(requests) })
	pumps.Go(func() { _, _ = io.Copy(io.Discard, ch.Stderr()) })
	pumps.Go(func() {
		// Either end closing ends both: no protocol here uses half-closed connections.
		_, _ = io.Copy(far, ch)
		_ = far.Close()
		_ = ch.Close()
		close(over)
	})
	pumps.Go(func() {
		// Whoever does not read must not keep the pumps of a dead connection.
		select {
		case <-c.done:
			_ = far.Close()
		case <-over:
		}
	})
	pumps.Go(func() {
		_, _ = io.Copy(ch, far)
		_ = far.Close()
		_ = ch.Close()
	})
	go func() {
		pumps.Wait()
		closed()
	}()
	return t, nil
}

// forward is the ssh channel that reaches an address; RFC 4254 section 7.2 and OpenSSH's PROTOCOL section 2.4.
func forward(network, address string) (kind string, payload []byte, err error) {
	switch network {
	case "unix":
		return "direct-streamlocal@openssh.com", ssh.Marshal(struct {
			Path, Reserved string
			Zero           uint32
		}{Path: address}), nil
	case "tcp", "tcp4", "tcp6":
	default:
		return "", nil, fmt.Errorf("ssh carries tcp and unix, not %s", network)
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return "", nil, fmt.Errorf("the address is not host:port: %w", err)
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil || n == 0 {
		return "", nil, fmt.Errorf("%s is not a port", port)
	}
	return "direct-tcpip", ssh.Marshal(struct {
		Host   string
		Port   uint32
		Origin string
		From   uint32
	}{host, uint32(n), "127.0.0.1", 0}), nil
}

func (c *connection) tunnelError(address string, err error) error {
	d := &DialError{Host: c.ep.name, Addr: address, Timeout: timeout(err), Err: err}
	var o *ssh.OpenChannelError
	switch {
	case c.cause() != nil || errors.Is(err, io.EOF):
		// The connection broke meanwhile: nothing is known about the port.
		return &DialError{Host: c.ep.name, Addr: address, NoSSH: true, Err: c.broken(err)}
	case !errors.As(err, &o):
	case o.Reason == ssh.Prohibited:
		d.Forbidden = true
		d.Err = errors.New("sshd does not allow it: allow it with AllowTcpForwarding and PermitOpen, or set `dial: direct`")
	default:
		// sshd sends strerror(3) of its own connect(2).
		words := strings.ToLower(o.Message)
		d.Refused = o.Reason == ssh.ConnectionFailed && strings.Contains(words, "refused")
		d.Timeout = o.Reason == ssh.ConnectionFailed && strings.Contains(words, "timed out")
		d.Err = errors.New(scrub.Line(o.Message))
	}
	return d
}

// tunnel is a connection through ssh. The channels of the ssh library know no deadlines; net.Pipe does.
type tunnel struct {
	net.Conn
	c      *connection
	remote place
}

// Read says that the ssh connection broke, where the pipe would say that the service closed.
func (t *tunnel) Read(p []byte) (int, error) {
	n, err := t.Conn.Read(p)
	return n, t.explain(err)
}

func (t *tunnel) Write(p []byte) (int, error) {
	n, err := t.Conn.Write(p)
	return n, t.explain(err)
}

func (t *tunnel) explain(err error) error {
	if !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrClosedPipe) {
		return err
	}
	// The channel ends a moment before the connection does.
	if t.c.stream.ended.Load() {
		select {
		case <-t.c.done:
		case <-time.After(time.Second):
		}
	}
	if t.c.cause() != nil {
		return t.c.broken(err)
	}
	return err
}

func (t *tunnel) LocalAddr() net.Addr  { return place{"tcp", "127.0.0.1:0"} }
func (t *tunnel) RemoteAddr() net.Addr { return t.remote }

// place is an address that was not looked up here.
type place struct{ network, address string }

func (p place) Network() string { return p.network }
func (p place) String() string  { return p.address }
