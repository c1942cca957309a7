package network

import (
	"context"
	"io"
	"testing"
)

func BenchmarkDialAndRoundTrip(b *testing.B) {
	_, n := made(b)
	l := listen(b, n, "b", 80, "*")
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() { _, _ = io.Copy(c, c); _ = c.Close() }()
		}
	}()
	p := make([]byte, 1<<10)
	for b.Loop() {
		c, err := n.Dial(context.Background(), "a", "10.0.0.2:80")
		if err != nil {
			b.Fatal(err)
		}
		if _, err := c.Write(p); err != nil {
			b.Fatal(err)
		}
		if _, err := io.ReadFull(c, p); err != nil {
			b.Fatal(err)
		}
		_ = c.Close()
	}
}

func BenchmarkThroughput(b *testing.B) {
	_, n := made(b)
	client, server := joined(b, n, "10.0.0.2")
	go func() { _, _ = io.Copy(io.Discard, server) }()
	p := make([]byte, 32<<10)
	b.SetBytes(int64(len(p)))
	for b.Loop() {
		if _, err := client.Write(p); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkSettle is one tick of a world in which nothing happens, with 200 connections.
func BenchmarkSettle(b *testing.B) {
	_, n := made(b)
	l := listen(b, n, "b", 80, "*")
	for range 200 {
		c := dial(b, n, "a", "10.0.0.2:80")
		s, err := l.Accept()
		if err != nil {
			b.Fatal(err)
		}
		defer s.Close()
		go func() { _, _ = io.Copy(io.Discard, c) }()
	}
	for b.Loop() {
		n.Settle()
	}
}
