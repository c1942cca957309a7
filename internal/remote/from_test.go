package remote

import (
	"errors"
	"io"
	"testing"

	"golang.org/x/crypto/ssh"

	"recon/internal/inventory"
)

// From goes through the node's ssh connection although the services are dialled directly.
func TestFromIgnoresDial(t *testing.T) {
	s, p := healthy(t)
	p.cluster.Dial = inventory.DialDirect
	addr := echo(t)
	c, err := p.From(within(t), "db1", "tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := io.WriteString(c, "x"); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(c, make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	s.set(func() {
		s.refuse["direct-tcpip"] = ssh.OpenChannelError{Reason: ssh.Prohibited, Message: "open failed"}
	})
	var d *DialError
	if _, err := p.From(within(t), "db1", "tcp", addr); !errors.As(err, &d) || !d.Forbidden || d.NoSSH || d.Refused || d.Timeout {
		t.Fatalf("%#v", err)
	}
	// The console itself is not hindered by that.
	c2, err := p.Dial(within(t), "db1", "tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	_ = c2.Close()
	if _, err := p.From(within(t), "nobody", "tcp", addr); !errors.As(err, &d) || !d.NoSSH {
		t.Fatalf("%#v", err)
	}
}

// An Exit says how far the connection came, so that a closed ssh port differs from a closed door.
func TestExitSaysWhyThereWasNoConnection(t *testing.T) {
	key, _ := newKey(t)
	s := serve(t, key)
	node := s.node(t, "db1", key.PublicKey())
	node.SSH.Port = closedPort(t)
	p := pool(t, Options{}, quick(), node)
	e := p.Run(within(t), "db1", Command{Line: "true"})
	if e.Kind != NotStarted || e.Connect == nil || !e.Connect.Refused || e.Connect.Stage != StageConnect {
		t.Fatalf("%+v", e)
	}
	other, _ := newKey(t)
	stranger := s.node(t, "db2", other.PublicKey())
	p = pool(t, Options{}, quick(), stranger)
	if e := p.Run(within(t), "db2", Command{Line: "true"}); e.Kind != NotStarted || e.Connect == nil || e.Connect.Stage != StageHostKey || e.Connect.Refused {
		t.Fatalf("%+v", e)
	}
	_, healthy := healthy(t)
	if e := healthy.Run(within(t), "db1", Command{Line: "true"}); e.Connect != nil {
		t.Fatalf("%+v", e)
	}
}
