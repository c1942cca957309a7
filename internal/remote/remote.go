// Package remote keeps one ssh connection per host and shares it between probes, tunnels and steps.
//
// It guarantees that a host key is never accepted that known_hosts does not hold, on jump hosts neither; that connecting
// with its handshake ends within 10 s a hop; that a dead peer is noticed within 15 s; that what Wire returned is byte for
// byte what a host gets; that under sudo and su nothing of a command runs before both sides agreed that the other user was
// reached; and that an Exit says ok, failed or cancelled only when that is proven, otherwise unknown.
//
// Nothing is decided here: no retry of a command, no confirmation. A host that hangs holds no lock that another host
// needs. New is the place to start, then Wire to see what would be sent and Run to send it; Dial opens a service's port.
package remote

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"sync"

	"recon/internal/inventory"
)

// Options are what a Pool needs beside the cluster file. The zero value works where no secret has to be typed.
type Options struct {
	// Ask asks the operator for a password or passphrase; nil means that there is no terminal. It is called with a time
	// that the connection's deadline does not count, once per secret until that secret is refused.
	Ask func(ctx context.Context, what string) (string, error)
	// Mask is told every secret before its first use, so that it can be masked in output; scrub's Secrets.Add fits. A secret
	// that it refuses is not used.
	Mask func(name, value string) error
	// Log gets connects, losses and retries; nil drops them. No secret and no output of a command is logged.
	Log *slog.Logger
	// Eager leaves out the pauses between attempts to connect, for a cluster whose clock is not the wall's.
	Eager bool
}

// Pool is the connections of one cluster. It is safe for concurrent use.
type Pool struct {
	cluster *inventory.Cluster
	log     *slog.Logger
	timing  timing
	local   local
	vault   vault
	// seed makes the markers of sudo and su unknown to the hosts and the same for the same command in this process.
	seed  []byte
	eager bool
	nodes map[string]*link

	ctx    context.Context
	cancel context.CancelCauseFunc
	work   sync.WaitGroup

	mu     sync.Mutex
	jumps  map[string]*link
	closed bool
}

// New returns the pool of a cluster. Nothing is connected before its first use.
func New(c *inventory.Cluster, opt Options) *Pool { return newPool(c, opt, usual()) }

func newPool(c *inventory.Cluster, opt Options, t timing) *Pool {
	p := &Pool{
		cluster: c, log: opt.Log, timing: t, eager: opt.Eager, local: whoami(), seed: make([]byte, 32),
		vault: vault{ask: opt.Ask, mask: opt.Mask}, nodes: map[string]*link{}, jumps: map[string]*link{},
	}
	if p.log == nil {
		p.log = slog.New(slog.DiscardHandler)
	}
	// crypto/rand.Read never fails since Go 1.24.
	_, _ = rand.Read(p.seed)
	p.ctx, p.cancel = context.WithCancelCause(context.Background())
	if c.Console.Remote {
		p.nodes[c.Console.Host.Name] = &link{pool: p, node: c.Console.Host}
	}
	for _, n := range c.Nodes {
		p.nodes[n.Name] = &link{pool: p, node: n}
	}
	return p
}

// User is the user whom a node is reached as; empty for a node that does not exist or whose ssh settings cannot be read.
func (p *Pool) User(node string) string {
	l, err := p.link(node)
	if err != nil {
		return ""
	}
	ep, err := l.endpoint()
	if err != nil {
		return ""
	}
	return ep.user
}

// Address is the name or address that a node is connected to: the cluster file's, or what ssh_config makes of it. It is
// empty where User is.
func (p *Pool) Address(node string) string {
	l, err := p.link(node)
	if err != nil {
		return ""
	}
	ep, err := l.endpoint()
	if err != nil {
		return ""
	}
	return ep.host
}

// Close ends every connection, with the commands and tunnels on them, and returns when that has happened. Closing again
// does nothing.
func (p *Pool) Close() error {
	p.mu.Lock()
	p.closed = true
	links := make([]*link, 0, len(p.nodes)+len(p.jumps))
	for _, l := range p.nodes {
		links = append(links, l)
	}
	for _, l := range p.jumps {
		links = append(links, l)
	}
	p.mu.Unlock()
	p.cancel(errClosed)
	for _, l := range links {
		l.mu.Lock()
		c := l.current
		l.mu.Unlock()
		if c != nil {
			c.close(errClosed)
		}
	}
	p.work.Wait()
	return nil
}

func (p *Pool) link(node string) (*link, error) {
	l := p.nodes[node]
	if l == nil {
		return nil, fmt.Errorf("there is no node %q in the cluster file", node)
	}
	return l, nil
}

// spawn runs f in a goroutine that Close waits for; false when the pool is closed.
func (p *Pool) spawn(f func()) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return false
	}
	p.work.Go(f)
	return true
}
