package sshd

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"recon/internal/remote"
)

func tunnel(t testing.TB, p *remote.Pool, network, address string) net.Conn {
	t.Helper()
	c, err := p.Dial(within(t), "netbox-node-1", network, address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func TestTunnel(t *testing.T) {
	l := start(t)
	p := l.pool(t)
	for _, where := range []string{"node", "other"} {
		c := tunnel(t, p, "tcp", l.service(t, where, 8008, echo))
		big := strings.Repeat("0123456789", 300000)
		go func() { _, _ = io.WriteString(c, big) }()
		got := make([]byte, len(big))
		if _, err := io.ReadFull(c, got); err != nil || string(got) != big {
			t.Fatalf("%v, or the bytes differ", err)
		}
	}
}

func TestTunnelFailures(t *testing.T) {
	l := start(t)
	l.net.ARP = 0
	p := l.pool(t)
	t.Run("refused", func(t *testing.T) {
		_, err := p.Dial(within(t), "netbox-node-1", "tcp", "10.0.0.2:1")
		var d *remote.DialError
		if !errors.As(err, &d) || !d.Refused || d.NoSSH || !errors.Is(err, syscall.ECONNREFUSED) {
			t.Fatalf("%#v", err)
		}
	})
	t.Run("nobody has the address", func(t *testing.T) {
		_, err := p.Dial(within(t), "netbox-node-1", "tcp", "10.0.0.77:1")
		var d *remote.DialError
		if !errors.As(err, &d) || d.Refused || d.Timeout || d.NoSSH || !strings.Contains(err.Error(), "No route to host") {
			t.Fatalf("%#v", err)
		}
	})
	t.Run("silent", func(t *testing.T) {
		l.world.mu.Lock()
		l.world.cut = true
		l.world.mu.Unlock()
		_, err := p.Dial(after(t, 50*time.Millisecond), "netbox-node-1", "tcp", "10.0.0.2:1")
		var d *remote.DialError
		if !errors.As(err, &d) || !d.Timeout || d.Refused || d.NoSSH {
			t.Fatalf("%#v", err)
		}
		l.world.mu.Lock()
		l.world.cut = false
		l.world.mu.Unlock()
		l.net.Settle()
	})
	t.Run("no socket", func(t *testing.T) {
		_, err := p.Dial(within(t), "netbox-node-1", "unix", "/run/none.sock")
		var d *remote.DialError
		if !errors.As(err, &d) || d.Refused || d.Timeout || d.NoSSH || !strings.Contains(err.Error(), "open failed") {
			t.Fatalf("%#v", err)
		}
	})
	// None of it harmed the connection.
	_, e := said(t, p, "true")
	want(t, e, remote.OK)
}

func TestUnixSocket(t *testing.T) {
	l := start(t)
	ln, err := l.net.Listen("node", 0, "/run/haproxy/admin.sock")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	var serving sync.WaitGroup
	serving.Go(func() {
		c, err := ln.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		if line, ok := oneLine(c); ok {
			_, _ = io.WriteString(c, "answer to "+line)
		}
	})
	c := tunnel(t, l.pool(t), "unix", "/run/haproxy/admin.sock")
	if _, err := io.WriteString(c, "show info\n"); err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(c)
	if err != nil || string(got) != "answer to show info" {
		t.Fatalf("%q, %v", got, err)
	}
	serving.Wait()
}

func TestServiceThatResets(t *testing.T) {
	l := start(t)
	read := make(chan struct{})
	address := l.service(t, "other", 5432, func(c net.Conn) {
		_, _ = io.WriteString(c, "last words")
		close(read)
		_, _ = io.Copy(io.Discard, c)
	})
	c := tunnel(t, l.pool(t), "tcp", address)
	<-read
	l.net.CloseConns("other", 5432, true)
	got, err := io.ReadAll(c)
	if err != nil || string(got) != "last words" {
		t.Fatalf("%q, %v", got, err)
	}
}

// TestClosedTunnelReachesTheService is a client that goes: the service, which only waits, must learn it.
func TestClosedTunnelReachesTheService(t *testing.T) {
	l := start(t)
	gone := make(chan error, 1)
	address := l.service(t, "other", 5432, func(c net.Conn) {
		_, err := c.Read(make([]byte, 1))
		gone <- err
	})
	c := tunnel(t, l.pool(t), "tcp", address)
	_ = c.Close()
	if err := <-gone; !errors.Is(err, io.EOF) {
		t.Fatal(err)
	}
}

func TestHundredTunnels(t *testing.T) {
	l := start(t)
	p := l.pool(t)
	address := l.service(t, "other", 8008, echo)
	var all sync.WaitGroup
	for i := range 100 {
		all.Go(func() {
			c, err := p.Dial(within(t), "netbox-node-1", "tcp", address)
			if err != nil {
				t.Error(err)
				return
			}
			defer c.Close()
			sent := bytes.Repeat([]byte{byte(i)}, 200_000)
			go func() { _, _ = c.Write(sent) }()
			got := make([]byte, len(sent))
			if _, err := io.ReadFull(c, got); err != nil || !bytes.Equal(got, sent) {
				t.Errorf("tunnel %d: %v, or the bytes differ", i, err)
			}
		})
	}
	all.Wait()
}

func TestServiceThatDoesNotRead(t *testing.T) {
	l := start(t)
	p := l.pool(t)
	stuck := make(chan struct{})
	c := tunnel(t, p, "tcp", l.service(t, "other", 1, func(net.Conn) { <-stuck }))
	defer close(stuck)
	if err := c.SetWriteDeadline(time.Now().Add(300 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	if n, err := c.Write(make([]byte, 64<<20)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("%d bytes were written: %v", n, err)
	}
	// The others go on.
	_, e := said(t, p, "true")
	want(t, e, remote.OK)
}

func TestDialEndsWithItsClient(t *testing.T) {
	l := start(t)
	l.world.cut = true
	p := l.pool(t)
	ctx, cancel := context.WithCancel(within(t))
	got := make(chan error, 1)
	go func() {
		_, err := p.Dial(ctx, "netbox-node-1", "tcp", "10.0.0.2:1")
		got <- err
	}()
	_, e := said(t, p, "true")
	want(t, e, remote.OK)
	cancel()
	<-got
	// The server's own dial ends with the connection; Close and goleak look at that.
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
}
