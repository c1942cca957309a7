package remote

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"recon/internal/inventory"
)

func echo(t *testing.T) string {
	t.Helper()
	port := listen(t, func(c net.Conn) { _, _ = io.Copy(c, c) })
	return net.JoinHostPort("127.0.0.1", itoa(port))
}

func TestTunnelCarriesBytesBothWays(t *testing.T) {
	_, p := healthy(t)
	addr := echo(t)
	c, err := p.Dial(within(t), "db1", "tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if c.RemoteAddr().String() != addr || c.RemoteAddr().Network() != "tcp" {
		t.Fatalf("remote address %v", c.RemoteAddr())
	}
	big := strings.Repeat("0123456789", 300000)
	go func() { _, _ = io.WriteString(c, big) }()
	got := make([]byte, len(big))
	if _, err := io.ReadFull(c, got); err != nil {
		t.Fatal(err)
	}
	if string(got) != big {
		t.Fatal("the bytes differ")
	}
}

func TestTunnelDeadlines(t *testing.T) {
	_, p := healthy(t)
	silent := net.JoinHostPort("127.0.0.1", itoa(deaf(t)))
	c, err := p.Dial(within(t), "db1", "tcp", silent)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	isTimeout := func(err error) bool {
		var n net.Error
		return errors.Is(err, os.ErrDeadlineExceeded) && errors.As(err, &n) && n.Timeout()
	}
	if err := c.SetReadDeadline(time.Now().Add(50 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	if _, err := c.Read(make([]byte, 1)); !isTimeout(err) {
		t.Fatalf("read: %v", err)
	}
	if d := time.Since(began); d < 40*time.Millisecond || d > 3*time.Second {
		t.Fatalf("the deadline came after %v", d)
	}
	// A deadline in the past ends a read that is under way: this is how pgx cancels.
	if err := c.SetReadDeadline(time.Time{}); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() {
		_, err := c.Read(make([]byte, 1))
		ended <- err
	}()
	if err := c.SetDeadline(time.Now().Add(-time.Second)); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; !isTimeout(err) {
		t.Fatalf("read: %v", err)
	}
	// And it may be lifted again.
	if err := c.SetDeadline(time.Time{}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Write([]byte("x")); err != nil {
		t.Fatal(err)
	}
}

func TestTunnelWriteDeadline(t *testing.T) {
	t.Parallel()
	_, p := healthy(t)
	stuck := make(chan struct{})
	port := listen(t, func(net.Conn) { <-stuck })
	t.Cleanup(func() { close(stuck) })
	c, err := p.Dial(within(t), "db1", "tcp", net.JoinHostPort("127.0.0.1", itoa(port)))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.SetWriteDeadline(time.Now().Add(300 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	// More than every buffer on the way takes.
	if n, err := c.Write(make([]byte, 64<<20)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("%d bytes were written: %v", n, err)
	}
}

func TestDialTellsRefusedFromSilent(t *testing.T) {
	s, p := healthy(t)
	direct := newPool(&inventory.Cluster{Dial: inventory.DialDirect}, Options{}, quick())
	defer direct.Close()
	for name, p := range map[string]*Pool{"ssh": p, "direct": direct} {
		t.Run(name, func(t *testing.T) {
			_, err := p.Dial(within(t), "db1", "tcp", net.JoinHostPort("127.0.0.1", itoa(closedPort(t))))
			var d *DialError
			if !errors.As(err, &d) || !d.Refused || d.Timeout || d.NoSSH || d.Host != "db1" {
				t.Fatalf("%#v", err)
			}
			if !refused(err) || timeout(err) || !strings.Contains(err.Error(), "on db1: refused") {
				t.Fatalf("%q", err)
			}
		})
	}
	t.Run("silent", func(t *testing.T) {
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		s.set(func() {
			s.refuse["direct-tcpip"] = ssh.OpenChannelError{Reason: ssh.ConnectionFailed, Message: "Connection timed out"}
		})
		_, err := p.Dial(ctx, "db1", "tcp", "127.0.0.1:1")
		var d *DialError
		if !errors.As(err, &d) || d.Refused || !d.Timeout || d.NoSSH {
			t.Fatalf("%#v", err)
		}
		if refused(err) || !timeout(err) {
			t.Fatalf("%q", err)
		}
	})
	t.Run("not allowed", func(t *testing.T) {
		s.set(func() {
			s.refuse["direct-tcpip"] = ssh.OpenChannelError{Reason: ssh.Prohibited, Message: "open failed"}
		})
		_, err := p.Dial(within(t), "db1", "tcp", "127.0.0.1:1")
		if err == nil || refused(err) || timeout(err) || !strings.Contains(err.Error(), "AllowTcpForwarding") {
			t.Fatalf("%v", err)
		}
	})
	t.Run("not an address", func(t *testing.T) {
		for _, c := range [][2]string{{"tcp", "nothing"}, {"tcp", "h:0"}, {"tcp", "h:70000"}, {"tcp", "h:http"}, {"udp", "h:1"}} {
			if _, err := p.Dial(within(t), "db1", c[0], c[1]); err == nil {
				t.Errorf("%v was dialled", c)
			}
		}
	})
}

func TestDialEndsWithItsContext(t *testing.T) {
	t.Parallel()
	// The host is busy connecting to a black hole and does not answer the request for a channel.
	key, _ := newKey(t)
	s := serve(t, key)
	p := pool(t, Options{}, quick(), s.node(t, "db1", key.PublicKey()))
	want(t, p.Run(within(t), "db1", Command{Line: "true"}), OK)
	h := blackHole(t, s.port())
	node := s.node(t, "db2", key.PublicKey())
	node.SSH.Port = h.port
	node.SSH.KnownHosts = []string{write(t, "known_hosts", strings.ReplaceAll(s.knownLine(key.PublicKey()), itoa(s.port()), itoa(h.port)))}
	p2 := pool(t, Options{}, quick(), node)
	want(t, p2.Run(within(t), "db2", Command{Line: "true"}), OK)
	h.shut.Store(true)
	ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
	defer cancel()
	_, err := p2.Dial(ctx, "db2", "tcp", "127.0.0.1:1")
	var d *DialError
	if !errors.As(err, &d) || !d.Timeout || d.Refused || d.NoSSH {
		t.Fatalf("%#v", err)
	}
	// Whoever cancels is told so, and not that the port is silent.
	ctx2, cancel2 := context.WithCancel(context.Background())
	cancel2()
	_, err = p2.Dial(ctx2, "db2", "tcp", "127.0.0.1:1")
	if !errors.Is(err, context.Canceled) || timeout(err) {
		t.Fatalf("%#v", err)
	}
}

func TestBrokenConnectionIsNotAClosedService(t *testing.T) {
	s, p := healthy(t)
	c, err := p.Dial(within(t), "db1", "tcp", echo(t))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	s.reset()
	_, err = c.Read(make([]byte, 1))
	var lost *ConnectError
	if !errors.As(err, &lost) || lost.Stage != StageLost {
		t.Fatalf("read: %v", err)
	}
	// A service that closes is end of file.
	closing := listen(t, func(net.Conn) {})
	c2, err := p.Dial(within(t), "db1", "tcp", net.JoinHostPort("127.0.0.1", itoa(closing)))
	if err != nil {
		t.Fatal(err)
	}
	defer c2.Close()
	if _, err := c2.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		t.Fatalf("read: %v", err)
	}
}

func TestForgottenTunnelDoesNotOutliveTheConnection(t *testing.T) {
	_, p := healthy(t)
	flood := listen(t, func(c net.Conn) {
		for {
			if _, err := c.Write(make([]byte, 64<<10)); err != nil {
				return
			}
		}
	})
	if _, err := p.Dial(within(t), "db1", "tcp", net.JoinHostPort("127.0.0.1", itoa(flood))); err != nil {
		t.Fatal(err)
	}
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	// goleak looks at what is left.
}

func TestTunnelsAreNotSessions(t *testing.T) {
	_, p := healthy(t)
	addr := echo(t)
	for range 3 * sessionsAtOnce {
		c, err := p.Dial(within(t), "db1", "tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
	}
	want(t, p.Run(within(t), "db1", Command{Line: "true"}), OK)
}
