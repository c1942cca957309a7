package sshd

import (
	"errors"
	"io"
	"net"
	"os"
	"strconv"
	"syscall"
	"testing"
	"time"

	"recon/internal/remote"
)

func (l *lab) address() string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(l.server.Port())) }

func TestRefusedAndBack(t *testing.T) {
	l := start(t)
	p := l.pool(t)
	_, e := said(t, p, "true")
	want(t, e, remote.OK)
	for range 3 {
		l.set(l.server, Refused)
		// Who is in stays in; who comes is refused.
		_, e = said(t, p, "true")
		want(t, e, remote.OK)
		if _, err := net.Dial("tcp", l.address()); !errors.Is(err, syscall.ECONNREFUSED) {
			t.Fatal(err)
		}
		_, e = said(t, l.pool(t), "true")
		want(t, e, remote.NotStarted, "refused")
		l.set(l.server, Up)
		_, e = said(t, l.pool(t), "true")
		want(t, e, remote.OK)
	}
	l.server.Drop()
	comesBack(t, p)
}

// comesBack waits until commands run again: the first may meet the connection that ended.
func comesBack(t testing.TB, p *remote.Pool) {
	t.Helper()
	until(t, "commands run again", func() bool {
		_, e := said(t, p, "true")
		return e.Kind == remote.OK
	})
}

func TestStartsRefused(t *testing.T) {
	l := start(t, func(c *Config) { c.Host.(*host).mode = Refused })
	if _, err := net.Dial("tcp", l.address()); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Fatal(err)
	}
	l.set(l.server, Up)
	_, e := said(t, l.pool(t), "true")
	want(t, e, remote.OK)
}

// plain is a connection to the server's port without ssh, which heard the server introduce itself.
func (l *lab) plain(t testing.TB) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", l.address())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func introduces(t testing.TB, c net.Conn) {
	t.Helper()
	if err := c.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, len(version))
	if _, err := io.ReadFull(c, got); err != nil || string(got) != version {
		t.Fatalf("%q, %v", got, err)
	}
}

func silent(t testing.TB, c net.Conn) {
	t.Helper()
	if err := c.SetDeadline(time.Now().Add(30 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 4096)
	for {
		// The rest of the key exchange may have been under way.
		if _, err := c.Read(buf); errors.Is(err, os.ErrDeadlineExceeded) {
			return
		} else if err != nil {
			t.Fatal(err)
		}
	}
}

func TestPowerLoss(t *testing.T) {
	l := start(t)
	p := l.pool(t)
	out := &buffer{}
	got := make(chan remote.Exit, 1)
	go func() { got <- p.Run(within(t), "netbox-node-1", remote.Command{Line: "wait", Stdout: out}) }()
	until(t, "it waits", func() bool { return out.String() == "waiting\n" })
	service := tunnel(t, p, "tcp", l.service(t, "other", 1, echo))
	old := l.plain(t)
	introduces(t, old)

	l.set(l.server, Off)
	if cause := <-l.ended; !errors.Is(cause, ErrPower) {
		t.Fatal(cause)
	}
	silent(t, old)
	// Everything is accepted and nothing answered.
	late := l.plain(t)
	silent(t, late)
	if err := service.SetDeadline(time.Now().Add(30 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(service, "x"); err != nil {
		t.Fatal(err)
	}
	if _, err := service.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatal(err)
	}
	select {
	case e := <-got:
		t.Fatalf("%+v", e)
	default:
	}

	l.set(l.server, Up)
	want(t, <-got, remote.Unknown, "was lost")
	if err := old.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := old.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
		t.Fatal(err)
	}
	// A client that was still trying is let in, as with TCP's next attempt.
	introduces(t, late)
	comesBack(t, p)
}

func TestHostThatComesBackWithoutSSHD(t *testing.T) {
	l := start(t)
	p := l.pool(t)
	_, e := said(t, p, "true")
	want(t, e, remote.OK)
	l.set(l.server, Off)
	late := l.plain(t)
	l.set(l.server, Refused)
	if err := late.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := late.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
		t.Fatal(err)
	}
	_, e = said(t, p, "true")
	want(t, e, remote.NotStarted)
	l.set(l.server, Up)
	comesBack(t, p)
}

func TestCutAndJoined(t *testing.T) {
	l := start(t)
	p := l.pool(t)
	service := tunnel(t, p, "tcp", l.service(t, "other", 1, echo))
	l.set(l.server, Cut)
	got := make(chan remote.Exit, 1)
	go func() { got <- p.Run(within(t), "netbox-node-1", remote.Command{Line: "exit 3"}) }()
	if _, err := io.WriteString(service, "kept"); err != nil {
		t.Fatal(err)
	}
	if err := service.SetDeadline(time.Now().Add(30 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	if _, err := service.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatal(err)
	}
	if len(l.began) != 0 || len(got) != 0 {
		t.Fatal("a command came through a cut")
	}
	l.set(l.server, Up)
	want(t, <-got, remote.Failed, "exit status 3")
	if err := service.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	echoed := make([]byte, 4)
	if _, err := io.ReadFull(service, echoed); err != nil || string(echoed) != "kept" {
		t.Fatalf("%q, %v", echoed, err)
	}
}

// TestSilenceForWhoeverComes is what recon says of a host that accepts and does not answer.
func TestSilenceForWhoeverComes(t *testing.T) {
	for name, mode := range map[string]Mode{"off": Off, "cut": Cut} {
		t.Run(name, func(t *testing.T) {
			l := start(t)
			l.set(l.server, mode)
			e := l.pool(t).Run(after(t, 100*time.Millisecond), "netbox-node-1", remote.Command{Line: "true"})
			if e.Kind != remote.NotStarted || e.Connect == nil || !e.Connect.Timeout || e.Connect.Refused {
				t.Fatalf("%+v", e)
			}
		})
	}
}

func TestCloseInEveryMode(t *testing.T) {
	for name, mode := range map[string]Mode{"up": Up, "refused": Refused, "off": Off, "cut": Cut} {
		t.Run(name, func(t *testing.T) {
			l := start(t)
			p := l.pool(t)
			out := &buffer{}
			go p.Run(within(t), "netbox-node-1", remote.Command{Line: "wait", Stdout: out})
			until(t, "it waits", func() bool { return out.String() == "waiting\n" })
			tunnel(t, p, "tcp", l.service(t, "other", 1, echo))
			l.set(l.server, mode)
			if mode != Refused {
				l.plain(t)
			}
			if err := l.server.Close(); err != nil {
				t.Fatal(err)
			}
			if cause := <-l.ended; !errors.Is(cause, ErrPower) {
				t.Fatal(cause)
			}
			if _, err := net.Dial("tcp", l.address()); !errors.Is(err, syscall.ECONNREFUSED) {
				t.Fatal(err)
			}
		})
	}
}

// TestPortOfTheSimulation is a login from another host of the simulation, as through a jump host.
func TestPortOfTheSimulation(t *testing.T) {
	l := start(t)
	ln, err := l.net.Listen("other", 22, "*")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan struct{})
	go func() { l.server.Serve(ln); close(served) }()
	c := tunnel(t, l.pool(t), "tcp", "10.0.0.2:22")
	introduces(t, c)
	l.set(l.server, Cut)
	l.set(l.server, Up)
	_ = ln.Close()
	<-served
}
