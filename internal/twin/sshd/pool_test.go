package sshd

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"recon/internal/inventory"
	"recon/internal/remote"
)

func TestRun(t *testing.T) {
	p := start(t).pool(t)
	for _, c := range []struct {
		line   string
		kind   remote.ExitKind
		code   int
		signal string
		out    string
	}{
		{"true", remote.OK, 0, "", ""},
		{"exit 3", remote.Failed, 3, "", ""},
		{"exit 143", remote.Failed, 143, "", ""},
		{"exit -15", remote.Signalled, -1, "TERM", ""},
		{"exit -9", remote.Signalled, -1, "KILL", ""},
		{"exit -31", remote.Signalled, -1, "SIG@openssh.com", ""},
		{"echo words", remote.OK, 0, "", "words\n"},
		{"nothing", remote.Failed, 127, "", ""},
		{"cat", remote.OK, 0, "", "from stdin"},
		{"flood 5000000", remote.OK, 0, "", strings.Repeat("x", 5000000)},
	} {
		t.Run(c.line, func(t *testing.T) {
			var out, errs bytes.Buffer
			e := p.Run(within(t), "netbox-node-1", remote.Command{Line: c.line, Stdin: []byte("from stdin"), Stdout: &out, Stderr: &errs})
			if e.Kind != c.kind || e.Code != c.code || e.Signal != c.signal || out.String() != c.out {
				t.Fatalf("%+v, output %.60q", e, out.String())
			}
			if c.line == "echo words" && errs.String() != "said words\n" {
				t.Fatalf("stderr %q", errs.String())
			}
		})
	}
}

func TestBecome(t *testing.T) {
	const good = "Word 'a"
	for _, c := range []struct {
		name          string
		word, sent    string
		method        inventory.BecomeMethod
		kind          remote.ExitKind
		says, outputs string
	}{
		{"sudo without a password", "", "", "sudo", remote.Failed, "exit status 3", "out\n"},
		{"sudo with a password", good, good, "sudo", remote.Failed, "exit status 3", "out\n"},
		{"sudo with a wrong one", good, "wrong", "sudo", remote.NotStarted, "sudo refused the password", ""},
		{"sudo that wants one", good, "", "sudo", remote.NotStarted, "become.password", ""},
		{"su", good, good, "su", remote.Failed, "exit status 3", "out\n"},
		{"su with a wrong one", good, "wrong", "su", remote.NotStarted, "su refused the password", ""},
		{"su without one", good, "", "su", remote.NotStarted, "become.password", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := start(t)
			l.word = c.word
			p := l.pool(t, func(n *inventory.Node) {
				n.SSH.Become = inventory.Become{Method: c.method, User: "root"}
				if c.sent != "" {
					s, err := inventory.NewSecret("file:"+write(t, "secret", c.sent), "become.password")
					if err != nil {
						t.Fatal(err)
					}
					n.SSH.Become.Password = s
				}
			})
			line, _, err := p.Wire("netbox-node-1", "cat; exit 3", true)
			if err != nil {
				t.Fatal(err)
			}
			var out bytes.Buffer
			e := p.Run(within(t), "netbox-node-1", remote.Command{Line: line, Become: true, Stdin: []byte("out\n"), Stdout: &out})
			want(t, e, c.kind, c.says)
			if out.String() != c.outputs {
				t.Fatalf("output %q", out.String())
			}
		})
	}
}

func TestCancelIsProven(t *testing.T) {
	l := start(t)
	p := l.pool(t)
	ctx, cancel := context.WithCancel(within(t))
	out := &buffer{}
	got := make(chan remote.Exit, 1)
	go func() { got <- p.Run(ctx, "netbox-node-1", remote.Command{Line: "wait", Stdout: out}) }()
	until(t, "it waits", func() bool { return out.String() == "waiting\n" })
	cancel()
	e := <-got
	want(t, e, remote.Cancelled)
	if e.Signal != "TERM" {
		t.Fatalf("%+v", e)
	}
	if cause := <-l.ended; !errors.Is(cause, Signal("TERM")) {
		t.Fatal(cause)
	}
}

func TestDisconnectInTheMiddle(t *testing.T) {
	l := start(t)
	p := l.pool(t)
	out := &buffer{}
	got := make(chan remote.Exit, 1)
	go func() { got <- p.Run(within(t), "netbox-node-1", remote.Command{Line: "wait", Stdout: out}) }()
	until(t, "it waits", func() bool { return out.String() == "waiting\n" })
	l.server.Drop()
	want(t, <-got, remote.Unknown, "was lost", "may still be running")
	if cause := <-l.ended; !errors.Is(cause, ErrClosed) {
		t.Fatal(cause)
	}
	comesBack(t, p)
}

func TestClientThatGoes(t *testing.T) {
	l := start(t)
	p := l.pool(t)
	out := &buffer{}
	go p.Run(within(t), "netbox-node-1", remote.Command{Line: "wait", Stdout: out})
	until(t, "it waits", func() bool { return out.String() == "waiting\n" })
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	if cause := <-l.ended; !errors.Is(cause, ErrClosed) {
		t.Fatal(cause)
	}
}

func TestManyCommandsAtOnce(t *testing.T) {
	p := start(t).pool(t)
	var all sync.WaitGroup
	for range 60 {
		all.Go(func() {
			if _, e := said(t, p, "true"); e.Kind != remote.OK {
				t.Error(e.Reason)
			}
		})
	}
	all.Wait()
}

func TestTooManySessions(t *testing.T) {
	l := start(t, func(c *Config) { c.MaxSessions = 2 })
	p := l.pool(t)
	ctx, cancel := context.WithCancel(within(t))
	var all sync.WaitGroup
	out := &buffer{}
	for range 2 {
		all.Go(func() { p.Run(ctx, "netbox-node-1", remote.Command{Line: "wait", Stdout: out}) })
	}
	until(t, "two wait", func() bool { return out.String() == "waiting\nwaiting\n" })
	_, e := said(t, p, "true")
	want(t, e, remote.NotStarted, "opened no session: open failed")
	cancel()
	all.Wait()
	_, e = said(t, p, "true")
	want(t, e, remote.OK)
}

func TestLogin(t *testing.T) {
	l := start(t, func(c *Config) {
		c.Users["anna"] = User{Password: "her word"}
		c.Users["bert"] = User{}
	})
	for _, c := range []struct {
		user, word string
		kind       remote.ExitKind
	}{
		{"deploy", "", remote.OK},
		{"anna", "her word", remote.OK},
		{"anna", "wrong", remote.NotStarted},
		{"bert", "her word", remote.NotStarted},
		{"nobody", "her word", remote.NotStarted},
	} {
		t.Run(c.user+" "+c.word, func(t *testing.T) {
			p := l.pool(t, func(n *inventory.Node) {
				n.SSH.User = c.user
				if c.word != "" {
					s, err := inventory.NewSecret("file:"+write(t, "secret", c.word), "ssh.password")
					if err != nil {
						t.Fatal(err)
					}
					n.SSH.Password = s
				}
			})
			_, e := said(t, p, "true")
			want(t, e, c.kind)
			if c.kind != remote.OK && (e.Connect == nil || e.Connect.Stage != remote.StageLogin) {
				t.Fatalf("%+v", e.Connect)
			}
		})
	}
}

func TestEnvironment(t *testing.T) {
	out, e := said(t, start(t).pool(t), "env")
	want(t, e, remote.OK)
	for _, w := range []string{"SSH_CONNECTION=10.0.0.100 ", " 10.0.0.1 22\n", "SSH_CLIENT=10.0.0.100 "} {
		if !strings.Contains(out, w) {
			t.Fatalf("%q lacks %q", out, w)
		}
	}
}

func TestUnknownHostKey(t *testing.T) {
	l := start(t)
	p := l.pool(t, func(n *inventory.Node) { n.SSH.KnownHosts = []string{write(t, "known_hosts", "")} })
	_, e := said(t, p, "true")
	want(t, e, remote.NotStarted, "not in known_hosts")
}
