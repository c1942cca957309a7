package network

import (
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

	"go.uber.org/goleak"
	"golang.org/x/net/nettest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// lan is a World of hosts a, b and c with the addresses 10.0.0.1 to 3, and one floating address, 10.0.0.9.
type lan struct {
	mu     sync.Mutex
	off    map[string]bool
	cut    map[string]bool
	holder string
}

const floating = "10.0.0.9"

func (l *lan) Address(host string) string {
	return map[string]string{"a": "10.0.0.1", "b": "10.0.0.2", "c": "10.0.0.3"}[host]
}

func (l *lan) Holder(from, address string) (string, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch address {
	case "127.0.0.1", "::1", "localhost":
		return from, true
	case floating:
		return l.holder, l.holder != ""
	}
	for _, h := range []string{"a", "b", "c"} {
		if address == l.Address(h) || address == h {
			return h, true
		}
	}
	return "", false
}

func (l *lan) Reaches(from, to string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return !l.off[from] && !l.off[to] && !l.cut[from+to] && !l.cut[to+from]
}

func (l *lan) Alive(host string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return !l.off[host]
}

// change changes the world and settles the network.
func (l *lan) change(n *Net, f func()) {
	l.mu.Lock()
	f()
	l.mu.Unlock()
	n.Settle()
}

func made(t testing.TB) (*lan, *Net) {
	t.Helper()
	l := &lan{off: map[string]bool{}, cut: map[string]bool{}, holder: "b"}
	n := New(l)
	t.Cleanup(n.Close)
	return l, n
}

func within(t testing.TB) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func listen(t testing.TB, n *Net, host string, port int, bind string) net.Listener {
	t.Helper()
	l, err := n.Listen(host, port, bind)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

func dial(t testing.TB, n *Net, from, address string) net.Conn {
	t.Helper()
	c, err := n.Dial(within(t), from, address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// joined is a connection from a to port 80 of b, at an address.
func joined(t testing.TB, n *Net, address string) (client, server net.Conn) {
	t.Helper()
	l := listen(t, n, "b", 80, "*")
	client = dial(t, n, "a", address+":80")
	server, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	return client, server
}

func send(t testing.TB, c net.Conn, text string) {
	t.Helper()
	if n, err := io.WriteString(c, text); err != nil || n != len(text) {
		t.Fatal(n, err)
	}
}

// reads fails unless exactly this text comes.
func reads(t testing.TB, c net.Conn, text string) {
	t.Helper()
	if err := c.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, len(text))
	if n, err := io.ReadFull(c, got); err != nil || string(got) != text {
		t.Fatalf("%q came, %v; want %q", got[:n], err, text)
	}
}

// ends fails unless the next read ends with that error at once.
func ends(t testing.TB, c net.Conn, want error) {
	t.Helper()
	if err := c.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if n, err := c.Read(make([]byte, 1)); n != 0 || !errors.Is(err, want) {
		t.Fatalf("%d bytes, %v; want %v", n, err, want)
	}
}

// nothing fails when something comes, or an end.
func nothing(t testing.TB, c net.Conn) {
	t.Helper()
	if err := c.SetReadDeadline(time.Now().Add(20 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	if n, err := c.Read(make([]byte, 100)); n != 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("%d bytes, %v; want silence", n, err)
	}
}

func TestConnectionsAreWhatNetWants(t *testing.T) {
	_, n := made(t)
	nettest.TestConn(t, func() (c1, c2 net.Conn, stop func(), err error) {
		l, err := n.Listen("b", 0, "*")
		if err != nil {
			return nil, nil, nil, err
		}
		defer l.Close()
		if c1, err = n.Dial(context.Background(), "a", strings.Replace(l.Addr().String(), "[::]", "10.0.0.2", 1)); err != nil {
			return nil, nil, nil, err
		}
		if c2, err = l.Accept(); err != nil {
			return nil, nil, nil, err
		}
		return c1, c2, func() { _, _ = c1.Close(), c2.Close() }, nil
	})
	n.mu.Lock()
	defer n.mu.Unlock()
	if len(n.conns) != 0 || len(n.listeners) != 0 {
		t.Fatalf("%d connections and %d listeners are remembered", len(n.conns), len(n.listeners))
	}
}

func TestAddresses(t *testing.T) {
	_, n := made(t)
	for _, c := range []struct{ from, address, client string }{
		{"a", "10.0.0.2:80", "10.0.0.1"},
		{"a", "b:80", "10.0.0.1"},
		{"a", floating + ":80", "10.0.0.1"},
		{"b", "10.0.0.2:80", "10.0.0.2"},
		{"b", "localhost:80", "127.0.0.1"},
		{"b", "[::1]:80", "::1"},
		{"b", floating + ":80", floating},
	} {
		t.Run(c.from+" to "+c.address, func(t *testing.T) {
			l := listen(t, n, "b", 80, "*")
			client := dial(t, n, c.from, c.address)
			server, err := l.Accept()
			if err != nil {
				t.Fatal(err)
			}
			defer server.Close()
			if server.RemoteAddr().String() != client.LocalAddr().String() || server.LocalAddr().String() != client.RemoteAddr().String() {
				t.Fatal(server.RemoteAddr(), client.LocalAddr(), server.LocalAddr(), client.RemoteAddr())
			}
			from, ok := server.RemoteAddr().(*net.TCPAddr)
			if !ok || from.IP.String() != c.client || from.Port < 32768 {
				t.Fatal(from)
			}
			if to, ok := client.RemoteAddr().(*net.TCPAddr); !ok || to.IP == nil || to.Port != 80 {
				t.Fatal(to)
			}
		})
	}
}

func TestBinds(t *testing.T) {
	_, n := made(t)
	listen(t, n, "b", 1, "127.0.0.1")
	listen(t, n, "b", 2, floating)
	listen(t, n, "b", 3, "0.0.0.0")
	listen(t, n, "b", 4, "*")
	listen(t, n, "b", 5, "10.0.0.2")
	for _, c := range []struct {
		from, address string
		ok            bool
	}{
		{"b", "127.0.0.1:1", true},
		{"b", "localhost:1", true},
		{"b", "10.0.0.2:1", false},
		{"a", "10.0.0.2:1", false},
		{"a", "127.0.0.1:1", false},
		{"a", floating + ":2", true},
		{"b", floating + ":2", true},
		{"a", "10.0.0.2:2", false},
		{"a", "10.0.0.2:3", true},
		{"b", "127.0.0.1:3", true},
		{"b", "[::1]:3", false},
		{"a", floating + ":4", true},
		{"b", "[::1]:4", true},
		{"a", "10.0.0.2:5", true},
		{"b", "127.0.0.1:5", false},
		{"a", floating + ":5", false},
		{"a", "10.0.0.2:6", false},
	} {
		conn, err := n.Dial(within(t), c.from, c.address)
		if conn != nil {
			_ = conn.Close()
		}
		if c.ok != (err == nil) || !c.ok && !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("%s to %s: %v", c.from, c.address, err)
		}
	}
	for _, c := range []struct {
		port int
		bind string
		ok   bool
	}{{1, "127.0.0.1", false}, {1, "*", false}, {1, "10.0.0.2", true}, {4, "10.0.0.2", false}, {7, "10.0.0.2", true}} {
		l, err := n.Listen("b", c.port, c.bind)
		if c.ok != (err == nil) || !c.ok && (!errors.Is(err, syscall.EADDRINUSE) || !strings.Contains(err.Error(), "address already in use")) {
			t.Errorf("%s:%d: %v", c.bind, c.port, err)
		}
		if l != nil {
			_ = l.Close()
		}
	}
}

func TestUnixSockets(t *testing.T) {
	l, n := made(t)
	const path = "/run/haproxy/admin.sock"
	listener := listen(t, n, "b", 0, path)
	if _, err := n.Listen("b", 0, path); !errors.Is(err, syscall.EADDRINUSE) {
		t.Fatal(err)
	}
	if _, err := n.Dial(within(t), "a", path); !errors.Is(err, syscall.ENOENT) {
		t.Fatal(err)
	}
	client := dial(t, n, "b", path)
	server, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	send(t, client, "show stat\n")
	reads(t, server, "show stat\n")
	if server.LocalAddr().String() != path || server.LocalAddr().Network() != "unix" {
		t.Fatal(server.LocalAddr())
	}
	// Cables do not matter; power does.
	l.change(n, func() { l.cut["ab"] = true })
	send(t, server, "x")
	reads(t, client, "x")
	l.change(n, func() { l.off["b"] = true })
	ends(t, client, syscall.ECONNRESET)
}

func TestDialFails(t *testing.T) {
	l, n := made(t)
	n.ARP = 30 * time.Millisecond
	t.Run("nobody has the address", func(t *testing.T) {
		began := time.Now()
		_, err := n.Dial(within(t), "a", "10.0.0.77:80")
		var op *net.OpError
		if !errors.Is(err, syscall.EHOSTUNREACH) || !errors.As(err, &op) || op.Timeout() || time.Since(began) < n.ARP {
			t.Fatal(err)
		}
		if err.Error() != "dial tcp 10.0.0.77:80: connect: no route to host" {
			t.Fatal(err)
		}
	})
	t.Run("silence until the deadline", func(t *testing.T) {
		l.change(n, func() { l.off["b"] = true })
		ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
		defer cancel()
		_, err := n.Dial(ctx, "a", "10.0.0.2:80")
		var op net.Error
		if !errors.Is(err, context.DeadlineExceeded) || !errors.As(err, &op) || !op.Timeout() {
			t.Fatal(err)
		}
		l.change(n, func() { l.off["b"] = false })
	})
	t.Run("refused in words", func(t *testing.T) {
		_, err := n.Dial(within(t), "a", "10.0.0.2:80")
		if err == nil || err.Error() != "dial tcp 10.0.0.2:80: connect: connection refused" {
			t.Fatal(err)
		}
	})
	t.Run("no address", func(t *testing.T) {
		for _, a := range []string{"", "b", "b:0", "b:http", "b:70000"} {
			if _, err := n.Dial(within(t), "a", a); err == nil {
				t.Errorf("%q was dialled", a)
			}
		}
	})
}

// TestDialGoesOn is a dial that waits while the world changes.
func TestDialGoesOn(t *testing.T) {
	l, n := made(t)
	n.ARP = time.Hour
	for name, c := range map[string]struct {
		address      string
		broke, mends func()
		want         error
	}{
		"the cable":            {"10.0.0.2:80", func() { l.cut["ab"] = true }, func() { clear(l.cut) }, nil},
		"power":                {"10.0.0.2:80", func() { l.off["b"] = true }, func() { clear(l.off) }, nil},
		"the floating address": {floating + ":80", func() { l.holder = "" }, func() { l.holder = "b" }, nil},
		"a host that refuses":  {floating + ":80", func() { l.holder = "" }, func() { l.holder = "c" }, syscall.ECONNREFUSED},
	} {
		t.Run(name, func(t *testing.T) {
			listen(t, n, "b", 80, "*")
			l.change(n, c.broke)
			got := make(chan error, 1)
			go func() {
				conn, err := n.Dial(within(t), "a", c.address)
				if err == nil {
					_ = conn.Close()
				}
				got <- err
			}()
			select {
			case err := <-got:
				t.Fatal(err)
			case <-time.After(20 * time.Millisecond):
			}
			l.change(n, c.mends)
			if err := <-got; !errors.Is(err, c.want) {
				t.Fatal(err)
			}
		})
	}
}

func TestCutFreezesAndThaws(t *testing.T) {
	l, n := made(t)
	client, server := joined(t, n, "10.0.0.2")
	send(t, client, "before ")
	l.change(n, func() { l.cut["ba"] = true })
	// What had arrived is there, what is sent now is not, and neither is an end.
	reads(t, server, "before ")
	send(t, client, "behind the cut")
	send(t, server, "answer")
	if err := client.(*end).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	nothing(t, server)
	nothing(t, client)
	l.change(n, func() { clear(l.cut) })
	reads(t, server, "behind the cut")
	ends(t, server, io.EOF)
	reads(t, client, "answer")
}

func TestCutFillsTheWindow(t *testing.T) {
	l, n := made(t)
	client, server := joined(t, n, "10.0.0.2")
	l.change(n, func() { l.cut["ab"] = true })
	if err := client.SetWriteDeadline(time.Now().Add(20 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	sent, err := client.Write(make([]byte, 3*window))
	if sent != window || !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatal(sent, err)
	}
	l.change(n, func() { clear(l.cut) })
	if _, err := io.ReadFull(server, make([]byte, window)); err != nil {
		t.Fatal(err)
	}
}

func TestCloseBehindACut(t *testing.T) {
	l, n := made(t)
	client, server := joined(t, n, "10.0.0.2")
	l.change(n, func() { l.cut["ab"] = true })
	send(t, client, "last words")
	_ = client.Close()
	nothing(t, server)
	l.change(n, func() { clear(l.cut) })
	reads(t, server, "last words")
	ends(t, server, io.EOF)
}

func TestPowerLoss(t *testing.T) {
	l, n := made(t)
	client, server := joined(t, n, "10.0.0.2")
	send(t, server, "arrived")
	l.change(n, func() { l.off["b"] = true })
	// On the host itself it is over, whatever its processes do; the other side sees nothing of it.
	ends(t, server, syscall.ECONNRESET)
	_ = server.Close()
	reads(t, client, "arrived")
	nothing(t, client)
	send(t, client, "lost")
	nothing(t, client)
	l.change(n, func() { l.off["b"] = false })
	ends(t, client, syscall.ECONNRESET)
	if _, err := client.Write([]byte("x")); !errors.Is(err, syscall.ECONNRESET) {
		t.Fatal(err)
	}
	if len(n.conns) != 0 {
		t.Fatal("it is remembered")
	}
}

func TestPowerLossBehindACut(t *testing.T) {
	l, n := made(t)
	client, server := joined(t, n, "10.0.0.2")
	l.change(n, func() { l.cut["ab"] = true })
	send(t, server, "never leaves")
	l.change(n, func() { l.off["b"] = true })
	l.change(n, func() { l.off["b"] = false })
	nothing(t, client)
	l.change(n, func() { clear(l.cut) })
	ends(t, client, syscall.ECONNRESET)
}

func TestPowerLossOfTheClient(t *testing.T) {
	l, n := made(t)
	client, server := joined(t, n, "10.0.0.2")
	l.change(n, func() { l.off["a"] = true })
	ends(t, client, syscall.ECONNRESET)
	nothing(t, server)
	l.change(n, func() { l.off["a"] = false })
	ends(t, server, syscall.ECONNRESET)
}

func TestFloatingAddressMoves(t *testing.T) {
	l, n := made(t)
	client, server := joined(t, n, floating)
	l.change(n, func() { l.holder = "" })
	send(t, client, "nobody answers")
	nothing(t, server)
	l.change(n, func() { l.holder = "b" })
	reads(t, server, "nobody answers")
	l.change(n, func() { l.holder = "c" })
	// Whoever only listens learns nothing.
	nothing(t, client)
	send(t, client, "what is that to me")
	ends(t, client, syscall.ECONNRESET)
	nothing(t, server)
	l.change(n, func() { l.holder = "b" })
	ends(t, server, syscall.ECONNRESET)
}

func TestEndsOfAProcess(t *testing.T) {
	_, n := made(t)
	t.Run("in order", func(t *testing.T) {
		client, server := joined(t, n, "10.0.0.2")
		send(t, server, "bye")
		n.CloseConns("b", 80, false)
		reads(t, client, "bye")
		ends(t, client, io.EOF)
		ends(t, client, io.EOF)
		send(t, client, "to nobody")
		ends(t, client, syscall.ECONNRESET)
		if _, err := server.Read(make([]byte, 1)); !errors.Is(err, net.ErrClosed) {
			t.Fatal(err)
		}
	})
	t.Run("with a request that nobody read", func(t *testing.T) {
		client, _ := joined(t, n, "10.0.0.2")
		send(t, client, "GET /")
		n.CloseConns("b", 80, false)
		ends(t, client, syscall.ECONNRESET)
	})
	t.Run("with reset", func(t *testing.T) {
		client, server := joined(t, n, "10.0.0.2")
		send(t, server, "bye")
		n.CloseConns("b", 80, true)
		reads(t, client, "bye")
		ends(t, client, syscall.ECONNRESET)
		ends(t, server, syscall.ECONNRESET)
	})
	t.Run("other ports stay", func(t *testing.T) {
		client, server := joined(t, n, "10.0.0.2")
		n.CloseConns("b", 81, true)
		n.CloseConns("a", 80, true)
		send(t, client, "x")
		reads(t, server, "x")
	})
	t.Run("the listener alone", func(t *testing.T) {
		l := listen(t, n, "b", 82, "*")
		waiting := dial(t, n, "a", "10.0.0.2:82")
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		ends(t, waiting, syscall.ECONNRESET)
		if _, err := l.Accept(); !errors.Is(err, net.ErrClosed) {
			t.Fatal(err)
		}
	})
}

// TestMoreThanTheWindowToNobody is a write that meets the end of the other side in its middle.
func TestMoreThanTheWindowToNobody(t *testing.T) {
	_, n := made(t)
	client, server := joined(t, n, "10.0.0.2")
	_ = server.Close()
	if _, err := client.Write(make([]byte, 3*window)); !errors.Is(err, syscall.ECONNRESET) {
		t.Fatal(err)
	}
}

func TestStoppedProcess(t *testing.T) {
	_, n := made(t)
	l := listen(t, n, "b", 80, "*")
	old := dial(t, n, "a", "10.0.0.2:80")
	server, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	echo := func(c net.Conn) { _, _ = io.Copy(c, c); _ = c.Close() }
	go echo(server)
	n.Mute("b", 80, true)
	// The kernel goes on: it connects, and takes bytes; what the process wanted by a deadline does not happen either.
	if err := server.SetReadDeadline(time.Now().Add(time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	fresh := dial(t, n, "a", "10.0.0.2:80")
	accepted := make(chan net.Conn, 1)
	go func() {
		c, err := l.Accept()
		if err == nil {
			accepted <- c
			echo(c)
		}
	}()
	send(t, old, "old")
	send(t, fresh, "new")
	nothing(t, old)
	nothing(t, fresh)
	if len(accepted) != 0 {
		t.Fatal("a stopped process accepted")
	}
	if err := server.SetReadDeadline(time.Time{}); err != nil {
		t.Fatal(err)
	}
	n.Mute("b", 80, false)
	reads(t, old, "old")
	reads(t, fresh, "new")
	_, _ = old.Close(), fresh.Close()
}

func TestBacklog(t *testing.T) {
	_, n := made(t)
	l := listen(t, n, "b", 80, "*")
	for range backlog {
		dial(t, n, "a", "10.0.0.2:80")
	}
	got := make(chan error, 1)
	go func() {
		c, err := n.Dial(within(t), "a", "10.0.0.2:80")
		if err == nil {
			_ = c.Close()
		}
		got <- err
	}()
	select {
	case err := <-got:
		t.Fatal(err)
	case <-time.After(20 * time.Millisecond):
	}
	if _, err := l.Accept(); err != nil {
		t.Fatal(err)
	}
	if err := <-got; err != nil {
		t.Fatal(err)
	}
}

func TestCloseEndsEverything(t *testing.T) {
	l, n := made(t)
	client, server := joined(t, n, "10.0.0.2")
	l.change(n, func() { l.cut["ac"] = true })
	var all sync.WaitGroup
	all.Go(func() {
		if _, err := n.Dial(context.Background(), "a", "10.0.0.3:1"); !errors.Is(err, net.ErrClosed) {
			t.Error(err)
		}
	})
	all.Go(func() { _, _ = io.Copy(io.Discard, client) })
	all.Go(func() { _, _ = io.Copy(io.Discard, server) })
	n.Close()
	all.Wait()
	if _, err := n.Listen("b", 1, "*"); !errors.Is(err, net.ErrClosed) {
		t.Fatal(err)
	}
}
