// Package probestest is a cluster to look at without having one: three machines that speak the wire protocols of
// Patroni, etcd and PostgreSQL on loopback and can be broken in every way that a probe must survive, and ready-made
// States for tests that only need something to read.
//
// New starts such a cluster and says how to reach it (Cluster.Inventory, Cluster.Hosts); Cluster.Change breaks it.
// Healthy, LeaderDead, LeaderLost, Diverged and QuorumLost are States; Static shows them as a Watch would.
package probestest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"time"
)

// Mode is how a port behaves.
type Mode int

// The behaviours of a port. Off is a host without power: nothing answers, not even a refusal. Mute accepts and says
// nothing, Garbage accepts and answers what is no protocol.
const (
	Up Mode = iota
	Refused
	Off
	Mute
	Garbage
)

// Hosts reaches the ports of pretended hosts; it satisfies probes.Hosts. The zero value reaches nothing.
type Hosts struct {
	mu      sync.Mutex
	ports   map[string]net.Addr
	modes   map[string]Mode
	scripts func(ctx context.Context, node, script string) ([]byte, error)
	dials   map[string]int
}

func key(node, port string) string { return node + ":" + port }

// Serve lets a listener answer for a port of a node.
func (h *Hosts) Serve(node, port string, addr net.Addr) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.ports == nil {
		h.ports = map[string]net.Addr{}
	}
	h.ports[key(node, port)] = addr
}

// Set changes how a port of a node behaves for new connections.
func (h *Hosts) Set(node, port string, m Mode) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.modes == nil {
		h.modes = map[string]Mode{}
	}
	h.modes[key(node, port)] = m
}

// Scripts is what runs the scripts of Output.
func (h *Hosts) Scripts(run func(ctx context.Context, node, script string) ([]byte, error)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.scripts = run
}

// Dials is how often a port of a node was connected to.
func (h *Hosts) Dials(node, port string) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.dials[key(node, port)]
}

// Dial connects to whatever answers for the port of address on the node; the host in address is not looked at.
func (h *Hosts) Dial(ctx context.Context, node, network, address string) (net.Conn, error) {
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("connect to %s: %w", address, err)
	}
	h.mu.Lock()
	mode, addr := h.modes[key(node, port)], h.ports[key(node, port)]
	if h.dials == nil {
		h.dials = map[string]int{}
	}
	h.dials[key(node, port)]++
	h.mu.Unlock()
	fail := func(err error) error { return &net.OpError{Op: "dial", Net: network, Err: err} }
	switch {
	case mode == Off:
		<-ctx.Done()
		return nil, fail(ctx.Err())
	case mode == Mute, mode == Garbage:
		ours, theirs := net.Pipe()
		go talk(theirs, mode)
		return ours, nil
	case mode == Refused || addr == nil:
		return nil, fail(os.NewSyscallError("connect", syscall.ECONNREFUSED))
	}
	return (&net.Dialer{Timeout: 2 * time.Second}).DialContext(ctx, addr.Network(), addr.String())
}

// talk is the other end of a port that is open and wrong. It ends when the caller hangs up.
func talk(conn net.Conn, mode Mode) {
	defer conn.Close()
	b := make([]byte, 4096)
	for {
		if _, err := conn.Read(b); err != nil {
			return
		}
		if mode == Garbage {
			if _, err := io.WriteString(conn, "\x00\xff\x1b[2Jnobody speaks this here\r\n\r\n"); err != nil {
				return
			}
			return
		}
	}
}

// Output runs a script the way that Scripts said.
func (h *Hosts) Output(ctx context.Context, node, script string) ([]byte, error) {
	h.mu.Lock()
	run := h.scripts
	h.mu.Unlock()
	if run == nil {
		return nil, errors.New("no host answers here")
	}
	return run(ctx, node, script)
}
