package remote

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"recon/internal/inventory"
)

// deaf is a port that accepts and says nothing.
func deaf(t *testing.T) int {
	t.Helper()
	return listen(t, func(c net.Conn) { _, _ = io.Copy(io.Discard, c) })
}

func listen(t *testing.T, handle func(net.Conn)) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var work sync.WaitGroup
	var mu sync.Mutex
	var conns []net.Conn
	work.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			conns = append(conns, c)
			mu.Unlock()
			work.Go(func() { handle(c); _ = c.Close() })
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		mu.Lock()
		for _, c := range conns {
			_ = c.Close()
		}
		mu.Unlock()
		work.Wait()
	})
	return l.Addr().(*net.TCPAddr).Port
}

func closedPort(t testing.TB) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	return l.Addr().(*net.TCPAddr).Port
}

func someNode(t *testing.T, port int) inventory.Node {
	return inventory.Node{Name: "db1", Address: "127.0.0.1", SSH: inventory.SSH{
		User: "deploy", Port: port, Keys: []string{clientKey(t)}, KnownHosts: []string{write(t, "known_hosts", "")},
	}}
}

func TestOneDeadlineOverConnectAndHandshake(t *testing.T) {
	t.Parallel()
	if usual().connect > 10*time.Second {
		t.Fatal("the deadline is longer than 10 s")
	}
	drip := func(c net.Conn) {
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for range tick.C {
			if _, err := c.Write([]byte("S")); err != nil {
				return
			}
		}
	}
	key, _ := newKey(t)
	stalled := serve(t, key)
	block := make(chan struct{})
	t.Cleanup(func() { close(block) })
	stalled.set(func() {
		stalled.conf.PublicKeyCallback = func(ssh.ConnMetadata, ssh.PublicKey) (*ssh.Permissions, error) { <-block; return nil, nil }
	})
	login := stalled.node(t, "db1", key.PublicKey())
	for name, node := range map[string]inventory.Node{
		"silent listener":     someNode(t, deaf(t)),
		"banner byte by byte": someNode(t, listen(t, drip)),
		"silent at the login": login,
	} {
		t.Run(name, func(t *testing.T) {
			tm := quick()
			tm.connect = 300 * time.Millisecond
			p := pool(t, Options{}, tm, node)
			began := time.Now()
			e := p.Run(within(t), "db1", Command{Line: "true"})
			want(t, e, NotStarted, "no answer in time", "handshake")
			if d := time.Since(began); d > 3*time.Second || d < 250*time.Millisecond {
				t.Fatalf("it took %v", d)
			}
		})
	}
}

func TestConnectErrorsSayWhatAndWhere(t *testing.T) {
	port := closedPort(t)
	p := pool(t, Options{}, quick(), someNode(t, port))
	_, err := p.Dial(within(t), "db1", "tcp", "127.0.0.1:5432")
	var d *DialError
	if !errors.As(err, &d) || !d.NoSSH || d.Refused || d.Timeout {
		t.Fatalf("%#v", err)
	}
	var c *ConnectError
	if !errors.As(err, &c) || c.Stage != StageConnect || !c.Refused {
		t.Fatalf("%#v", err)
	}
	if refused(err) || timeout(err) {
		t.Fatal("that port 22 refuses is taken for the service refusing")
	}
	if !strings.Contains(err.Error(), "db1 (127.0.0.1:") || !strings.Contains(err.Error(), "refused") {
		t.Fatalf("%q", err)
	}
}

func TestPatientWaitsAndHurryDoesNot(t *testing.T) {
	var tries atomic.Int32
	port := listen(t, func(net.Conn) { tries.Add(1) })
	p := pool(t, Options{}, quick(), someNode(t, port))
	first := p.Run(within(t), "db1", Command{Line: "true", Patient: true})
	want(t, first, NotStarted)
	again := p.Run(within(t), "db1", Command{Line: "true", Patient: true})
	want(t, again, NotStarted)
	if n := tries.Load(); n != 1 || again.Reason != first.Reason {
		t.Fatalf("%d attempts, then %q", n, again.Reason)
	}
	if _, err := p.Dial(within(t), "db1", "tcp", "127.0.0.1:1"); err == nil || tries.Load() != 1 {
		t.Fatalf("a tunnel did not wait: %v", err)
	}
	want(t, p.Run(within(t), "db1", Command{Line: "true"}), NotStarted)
	if n := tries.Load(); n != 2 {
		t.Fatalf("%d attempts", n)
	}
}

func TestPauseGrowsToItsLimit(t *testing.T) {
	tm := usual()
	port := listen(t, func(net.Conn) {})
	p := pool(t, Options{}, tm, someNode(t, port))
	var got []time.Duration
	for range 6 {
		want(t, p.Run(within(t), "db1", Command{Line: "true"}), NotStarted)
		l := p.nodes["db1"]
		l.mu.Lock()
		got = append(got, l.pause/time.Second)
		l.mu.Unlock()
	}
	if len(got) != 6 || got[0] != 1 || got[1] != 2 || got[2] != 4 || got[3] != 8 || got[4] != 10 || got[5] != 10 {
		t.Fatalf("pauses of %v seconds", got)
	}
}

func TestManyWaitForOneAttempt(t *testing.T) {
	key, _ := newKey(t)
	s := serve(t, key)
	p := pool(t, Options{}, quick(), s.node(t, "db1", key.PublicKey()))
	var all sync.WaitGroup
	for range 30 {
		all.Go(func() { want(t, p.Run(within(t), "db1", Command{Line: "true"}), OK) })
	}
	all.Wait()
	if n := s.connections(); n != 1 {
		t.Fatalf("%d connections", n)
	}
}

// hole is a proxy that swallows everything in both directions once it is shut, and keeps the connections.
type hole struct {
	port int
	shut atomic.Bool
}

func blackHole(t *testing.T, to int) *hole {
	t.Helper()
	h := &hole{}
	h.port = listen(t, func(c net.Conn) {
		up, err := net.Dial("tcp", (&net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: to}).String())
		if err != nil {
			return
		}
		defer up.Close()
		pass := func(to, from net.Conn) {
			buf := make([]byte, 32<<10)
			for {
				n, err := from.Read(buf)
				if err != nil {
					return
				}
				if h.shut.Load() {
					continue
				}
				if _, err := to.Write(buf[:n]); err != nil {
					return
				}
			}
		}
		var both sync.WaitGroup
		both.Go(func() { pass(up, c); _ = up.Close() })
		both.Go(func() { pass(c, up); _ = c.Close() })
		both.Wait()
	})
	return h
}

func TestDeadPeerIsNoticed(t *testing.T) {
	t.Parallel()
	if u := usual(); u.keepEvery+u.keepWait > 15*time.Second {
		t.Fatalf("a dead peer is noticed after %v only", u.keepEvery+u.keepWait)
	}
	key, _ := newKey(t)
	s := serve(t, key)
	h := blackHole(t, s.port())
	node := s.node(t, "db1", key.PublicKey())
	node.SSH.Port = h.port
	node.SSH.KnownHosts = []string{write(t, "known_hosts", strings.ReplaceAll(s.knownLine(key.PublicKey()), itoa(s.port()), itoa(h.port)))}
	tm := quick()
	tm.keepEvery, tm.keepWait = 50*time.Millisecond, 300*time.Millisecond
	p := pool(t, Options{}, tm, node)
	started, release := make(chan struct{}), make(chan struct{})
	s.set(func() { s.exec = func(string, ssh.Channel) { close(started); <-release } })
	defer close(release)
	done := make(chan Exit, 1)
	go func() { done <- p.Run(context.Background(), "db1", Command{Line: "x"}) }()
	<-started
	h.shut.Store(true)
	shut := time.Now()
	e := <-done
	want(t, e, Unknown, "keepalives", "may still be running")
	if d := time.Since(shut); d > 3*time.Second {
		t.Fatalf("it took %v", d)
	}
}

func TestSlowAnswerIsNoDeadPeer(t *testing.T) {
	t.Parallel()
	// The keepalive's answer waits behind output on a slow line: what is heard counts.
	c := &connection{timing: timing{keepEvery: time.Millisecond, keepWait: 150 * time.Millisecond}, done: make(chan struct{})}
	near, far := net.Pipe()
	c.stream = &stream{Conn: near, began: time.Now()}
	conn := &deafConn{answer: make(chan struct{})}
	c.client = &ssh.Client{Conn: conn}
	var work sync.WaitGroup
	work.Go(c.keepalive)
	work.Go(func() { _, _ = io.Copy(io.Discard, c.stream) })
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for range 60 {
		<-tick.C
		if _, err := far.Write([]byte("x")); err != nil {
			t.Fatalf("the connection was given up while the peer was heard: %v", err)
		}
	}
	// From now on nothing is heard.
	until(t, "silence is noticed", func() bool { c.mu.Lock(); defer c.mu.Unlock(); return c.lost != nil })
	if !errors.Is(c.lost, errSilence) {
		t.Fatal(c.lost)
	}
	close(conn.answer)
	close(c.done)
	_ = far.Close()
	work.Wait()
}

// deafConn never answers a request.
type deafConn struct {
	ssh.Conn
	answer chan struct{}
}

func (d *deafConn) SendRequest(string, bool, []byte) (bool, []byte, error) {
	<-d.answer
	return false, nil, io.EOF
}
func (d *deafConn) Close() error { return nil }

func itoa(n int) string { return (&net.TCPAddr{Port: n}).String()[1:] }
