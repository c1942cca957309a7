package sshd

import (
	"context"
	"fmt"
	"io"
	"net"
	"testing"

	"golang.org/x/crypto/ssh"

	"recon/internal/remote"
	"recon/internal/twin/network"
)

// BenchmarkStart is a host's server from Listen to Close; the keys are there.
func BenchmarkStart(b *testing.B) {
	key, client := newKey(b), newKey(b)
	h := &host{net: network.New(&world{}), began: make(chan Session), ended: make(chan error)}
	for b.Loop() {
		s, err := Listen(Config{HostKey: key, Users: map[string]User{"deploy": {Keys: []ssh.PublicKey{client.PublicKey()}}}, Host: h})
		if err != nil {
			b.Fatal(err)
		}
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkConnectAndExec is a new connection with one command, with both ends' work.
func BenchmarkConnectAndExec(b *testing.B) {
	l := start(b)
	key, err := ClientKey(l.dir)
	if err != nil {
		b.Fatal(err)
	}
	conf := &ssh.ClientConfig{User: "deploy", Auth: []ssh.AuthMethod{ssh.PublicKeys(key)}, HostKeyCallback: ssh.FixedHostKey(l.key.PublicKey())}
	for b.Loop() {
		c, err := ssh.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", l.server.Port()), conf)
		if err != nil {
			b.Fatal(err)
		}
		s, err := c.NewSession()
		if err != nil {
			b.Fatal(err)
		}
		if err := s.Run("true"); err != nil {
			b.Fatal(err)
		}
		_ = c.Close()
	}
}

// BenchmarkExec is one command over recon's open connection.
func BenchmarkExec(b *testing.B) {
	l := start(b)
	p := l.pool(b)
	for b.Loop() {
		if e := p.Run(context.Background(), "netbox-node-1", remote.Command{Line: "true"}); e.Kind != remote.OK {
			b.Fatal(e.Reason)
		}
	}
}

// BenchmarkDialAndRoundTrip is a tunnel through recon's open connection, with 1 KiB there and back.
func BenchmarkDialAndRoundTrip(b *testing.B) {
	l := start(b)
	p := l.pool(b)
	address := l.service(b, "other", 8008, echo)
	buf := make([]byte, 1<<10)
	for b.Loop() {
		c, err := p.Dial(context.Background(), "netbox-node-1", "tcp", address)
		if err != nil {
			b.Fatal(err)
		}
		roundTrip(b, c, buf)
		_ = c.Close()
	}
}

// BenchmarkRoundTrip is 1 KiB there and back on an open tunnel.
func BenchmarkRoundTrip(b *testing.B) {
	l := start(b)
	c := tunnel(b, l.pool(b), "tcp", l.service(b, "other", 8008, echo))
	buf := make([]byte, 1<<10)
	for b.Loop() {
		roundTrip(b, c, buf)
	}
}

func roundTrip(b *testing.B, c net.Conn, buf []byte) {
	if _, err := c.Write(buf); err != nil {
		b.Fatal(err)
	}
	if _, err := io.ReadFull(c, buf); err != nil {
		b.Fatal(err)
	}
}
