package sshd

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"strconv"
	"sync"
	"syscall"
	"time"

	"golang.org/x/crypto/ssh"
)

// synTime is how long Linux waits for an answer to a SYN: tcp_syn_retries is 6.
const synTime = 127 * time.Second

// tcpAddress is the address in the request for a channel, RFC 4254 section 7.2.
func tcpAddress(payload []byte) (string, bool) {
	var m struct {
		Host   string
		Port   uint32
		Origin string
		From   uint32
	}
	if ssh.Unmarshal(payload, &m) != nil || m.Port > 65535 {
		return "", false
	}
	return net.JoinHostPort(m.Host, strconv.Itoa(int(m.Port))), true
}

// unixAddress is that of OpenSSH's PROTOCOL section 2.4.
func unixAddress(payload []byte) (string, bool) {
	var m struct {
		Path, Reserved string
		Zero           uint32
	}
	return m.Path, ssh.Unmarshal(payload, &m) == nil && len(m.Path) > 0 && m.Path[0] == '/'
}

// forward connects a channel to an address of the simulation.
func (l *login) forward(c ssh.NewChannel, read func([]byte) (string, bool)) {
	address, ok := read(c.ExtraData())
	if !ok {
		_ = c.Reject(ssh.Prohibited, "open failed") // the client may be gone
		return
	}
	ctx, cancel := context.WithTimeout(l.ctx, synTime)
	conn, err := l.server.cfg.Host.Dial(ctx, address)
	cancel()
	if err != nil {
		_ = c.Reject(ssh.ConnectionFailed, words(err)) // the client may be gone
		return
	}
	ch, requests, err := c.Accept()
	if err != nil {
		_ = conn.Close()
		return
	}
	l.work.Go(func() {
		// They end when the client closed the channel, or is gone.
		ssh.DiscardRequests(requests)
		_ = conn.Close()
	})
	l.pump(ch, conn)
}

// pump carries bytes both ways until both sides have ended. An end of one side is passed on as that.
func (l *login) pump(ch ssh.Channel, conn net.Conn) {
	var out sync.WaitGroup
	out.Go(func() {
		if l.copy(conn, ch) != nil {
			return // the service is gone, which reading from it says as well
		}
		if half, ok := conn.(interface{ CloseWrite() error }); ok {
			_ = half.CloseWrite() // it may be closed
		} else {
			_ = conn.Close()
		}
	})
	if l.copy(ch, conn) == nil {
		_ = ch.CloseWrite() // the client may be gone
		out.Wait()
	}
	_ = ch.Close()
	_ = conn.Close()
	out.Wait()
}

func (l *login) copy(to io.Writer, from io.Reader) error {
	b := l.server.buffers.Get().(*[]byte)
	defer l.server.buffers.Put(b)
	// Only Read and Write: nothing here copies by itself.
	_, err := io.CopyBuffer(struct{ io.Writer }{to}, struct{ io.Reader }{from}, *b)
	return err
}

// words is what OpenSSH tells of a connection that failed: strerror(3) or gai_strerror(3) of Debian, or nothing.
func words(err error) string {
	var errno syscall.Errno
	var dns *net.DNSError
	switch {
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded):
		return "Connection timed out"
	case errors.As(err, &dns):
		return "Name or service not known"
	case !errors.As(err, &errno):
		return "open failed"
	}
	switch errno {
	case syscall.ECONNREFUSED:
		return "Connection refused"
	case syscall.EHOSTUNREACH:
		return "No route to host"
	case syscall.ENETUNREACH:
		return "Network is unreachable"
	case syscall.ETIMEDOUT:
		return "Connection timed out"
	case syscall.ECONNRESET:
		return "Connection reset by peer"
	}
	return "open failed"
}
