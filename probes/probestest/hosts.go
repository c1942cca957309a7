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

	"recon/probes"
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
	// floor is how ports behave that nothing else is said of. cuts are the ways between two nodes on which nothing comes
	// through, hidden the nodes that the console does not reach, forbidden those whose sshd forwards nothing.
	floor                   map[string]Mode
	cuts, hidden, forbidden map[string]bool
	// holder says which node has an address; nil leaves every address with the node that is asked for.
	holder func(address string) (string, bool)
	ssh    bool
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

// Floor is how the ports of a node behave that Serve and Set say nothing of; they refuse otherwise.
func (h *Hosts) Floor(node string, m Mode) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.floor == nil {
		h.floor = map[string]Mode{}
	}
	h.floor[node] = m
}

// Cut says whether nothing comes through from one node to another. The way back is another way.
func (h *Hosts) Cut(from, to string, cut bool) { h.note(&h.cuts, from+" to "+to, cut) }

// Hide says whether the console does not reach a node at all, while the other nodes do.
func (h *Hosts) Hide(node string, hidden bool) { h.note(&h.hidden, node, hidden) }

// Forbid says whether the sshd of a node forwards nothing.
func (h *Hosts) Forbid(node string, forbidden bool) { h.note(&h.forbidden, node, forbidden) }

func (h *Hosts) note(to *map[string]bool, what string, so bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if *to == nil {
		*to = map[string]bool{}
	}
	(*to)[what] = so
}

// Holders says which node has an address, the floating ones included.
func (h *Hosts) Holders(holder func(address string) (string, bool)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.holder = holder
}

// ThroughSSH makes Dial go through the ssh connection of its node, as `dial: ssh` does.
func (h *Hosts) ThroughSSH() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ssh = true
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

// Dial connects to whatever answers for the port of address on the node that has it, or on the node itself.
func (h *Hosts) Dial(ctx context.Context, node, network, address string) (net.Conn, error) {
	h.mu.Lock()
	ssh := h.ssh
	h.mu.Unlock()
	if ssh {
		return h.From(ctx, node, network, address)
	}
	return h.connect(ctx, node, network, address, func(to string) bool { return h.hidden[to] })
}

// From connects like Dial, as the node does.
func (h *Hosts) From(ctx context.Context, node, network, address string) (net.Conn, error) {
	h.mu.Lock()
	blind, forbidden := h.hidden[node] || h.modes[key(node, "22")] != Up || h.floor[node] == Off, h.forbidden[node]
	h.mu.Unlock()
	switch {
	case blind:
		return nil, &probes.BlindError{Node: node, Why: node + " is not reached over ssh"}
	case forbidden:
		return nil, &probes.BlindError{Node: node, Why: "the sshd of " + node + " does not let it try"}
	}
	return h.connect(ctx, node, network, address, func(to string) bool { return h.cuts[node+" to "+to] })
}

// connect makes the connection, unless lost, which is called with h.mu held, says that nothing comes through to the node.
func (h *Hosts) connect(ctx context.Context, node, network, address string, lost func(to string) bool) (net.Conn, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("connect to %s: %w", address, err)
	}
	h.mu.Lock()
	holder := h.holder
	h.mu.Unlock()
	nowhere := false
	if holder != nil && host != "127.0.0.1" {
		to, ok := holder(host)
		node, nowhere = to, !ok
	}
	h.mu.Lock()
	mode, said := h.modes[key(node, port)]
	addr := h.ports[key(node, port)]
	if !said && (addr == nil || h.floor[node] == Off) {
		mode = h.floor[node]
	}
	if nowhere || lost(node) {
		mode = Off
	}
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
