package remote

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"time"

	"recon/internal/inventory"
)

// link is the way to one host: the connection that is there, the attempt that is being made, or the pause after one that
// failed. Its lock is never held while anything waits.
type link struct {
	pool *Pool
	node inventory.Node
	// jump is true for a host that is only passed through; depth is how many links stand before the first one.
	jump  bool
	depth int

	mu      sync.Mutex
	ep      *endpoint
	current *connection
	try     *attempt
	failed  error
	pause   time.Duration
	next    time.Time
}

// attempt is one attempt to connect, shared by everybody who waits for it.
type attempt struct {
	done  chan struct{}
	again bool
	err   error
}

var errClosed = errors.New("the connections are closed")

// get returns the connection, held for the caller, who must release it. With again the next attempt is made at once, and
// secrets that were refused are asked for again; without it the last error comes back until the pause is over.
func (l *link) get(ctx context.Context, again bool) (*connection, error) {
	for {
		t, c, err := l.join(again)
		if c != nil || err != nil {
			return c, err
		}
		select {
		case <-t.done:
		case <-ctx.Done():
			err := context.Cause(ctx)
			return nil, &ConnectError{Place: l.place(), Stage: StageWait, Timeout: timeout(err), Err: err}
		}
		// Whoever is in a hurry does not take the failure of an attempt that was not allowed to ask.
		if t.err != nil && (!again || t.again) {
			return nil, t.err
		}
	}
}

// join returns the connection, or the attempt to wait for, or why there is none.
func (l *link) join(again bool) (*attempt, *connection, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.current != nil && l.current.hold() {
		return nil, l.current, nil
	}
	if l.try != nil {
		return l.try, nil, nil
	}
	if !again && !l.pool.eager && time.Now().Before(l.next) {
		return nil, nil, l.failed
	}
	t := &attempt{done: make(chan struct{}), again: again}
	if !l.pool.spawn(func() { l.run(t) }) {
		return nil, nil, &ConnectError{Place: l.node.Name, Stage: StageConnect, Err: errClosed}
	}
	l.try = t
	return t, nil, nil
}

// run makes one attempt. It belongs to the pool, not to the caller who happened to come first.
func (l *link) run(t *attempt) {
	began := time.Now()
	c, err := l.connect(l.pool.ctx, t.again)
	l.mu.Lock()
	defer l.mu.Unlock()
	if err == nil && !l.pool.spawn(func() { l.watch(c) }) {
		c.close(errClosed)
		c.watch()
		err = &ConnectError{Place: l.node.Name, Stage: StageConnect, Err: errClosed}
	}
	t.err, l.try, l.failed = err, nil, err
	if err == nil {
		l.current, l.ep, l.pause = c, c.ep, 0
		l.pool.spawn(c.keepalive)
		l.pool.log.Info("connected", "host", l.node.Name, "address", c.ep.addr(), "took", time.Since(began))
	} else {
		l.pause = min(max(2*l.pause, l.pool.timing.firstPause), l.pool.timing.lastPause)
		l.next = time.Now().Add(l.pause)
		l.pool.log.Warn("not connected", "host", l.node.Name, "error", err, "next", l.pause)
	}
	close(t.done)
}

// watch waits for a connection's end. The next use makes a new one at once.
func (l *link) watch(c *connection) {
	c.watch()
	l.mu.Lock()
	if l.current == c {
		l.current = nil
	}
	l.mu.Unlock()
	l.pool.log.Warn("connection ended", "host", l.node.Name, "why", c.cause())
}

func (l *link) connect(ctx context.Context, again bool) (*connection, error) {
	ep, err := l.pool.local.resolve(l.node, l.jump)
	if err != nil {
		return nil, &ConnectError{Place: l.node.Name, Stage: StageSettings, Err: err}
	}
	transport, via, err := l.transport(ctx, ep, again)
	if err != nil {
		return nil, err
	}
	client, s, err := l.pool.connect(ctx, ep, transport, again)
	if err != nil {
		if via != nil {
			via.release()
		}
		return nil, err
	}
	return &connection{
		ep: ep, client: client, stream: s, timing: l.pool.timing, via: via,
		sessions: make(chan struct{}, sessionsAtOnce), done: make(chan struct{}),
	}, nil
}

// transport reaches the ssh port: directly, or through the jump hosts, whose connections are shared as well.
func (l *link) transport(ctx context.Context, ep *endpoint, again bool) (net.Conn, *connection, error) {
	fail := func(err error, hint string) (net.Conn, *connection, error) {
		return nil, nil, &ConnectError{
			Place: ep.place(), Stage: StageConnect, Refused: refused(err), Timeout: timeout(err), Err: err, Hint: hint,
		}
	}
	var via *connection
	if len(ep.jumps) > 0 {
		jump, err := l.pool.jump(ep, l.depth+1)
		if err != nil {
			return nil, nil, &ConnectError{Place: ep.place(), Stage: StageSettings, Err: err}
		}
		// The jump host has a deadline of its own, and may have to wait for a person.
		if via, err = jump.get(ctx, again); err != nil {
			return nil, nil, err
		}
	}
	limited, cancel := context.WithTimeout(ctx, l.pool.timing.connect)
	defer cancel()
	if via == nil {
		conn, err := new(net.Dialer).DialContext(limited, "tcp", ep.addr())
		if err != nil {
			return fail(err, "")
		}
		return conn, nil, nil
	}
	conn, err := via.tunnel(limited, "tcp", ep.addr(), func() {})
	if err != nil {
		via.release()
		return fail(err, "seen from "+via.ep.place())
	}
	return conn, via, nil
}

func (l *link) place() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ep != nil {
		return l.ep.place()
	}
	return l.node.Name
}

// endpoint is the one that is connected, or else what the settings say now.
func (l *link) endpoint() (*endpoint, error) {
	l.mu.Lock()
	ep, c := l.ep, l.current
	l.mu.Unlock()
	if ep != nil && c != nil && c.cause() == nil {
		return ep, nil
	}
	return l.pool.local.resolve(l.node, l.jump)
}

// jump is the link to the last of an endpoint's jump hosts. Hosts with the same chain and the same settings share it.
func (p *Pool) jump(ep *endpoint, depth int) (*link, error) {
	if depth > jumpDepth {
		return nil, fmt.Errorf("more than %d jump hosts, or a circle: %s", jumpDepth, strings.Join(ep.jumps, ", "))
	}
	node, err := jumpNode(ep.ssh, ep.jumps)
	if err != nil {
		return nil, err
	}
	key := fmt.Sprintf("%d %q %q %q %q %v", depth, ep.jumps, ep.ssh.Config, ep.ssh.Keys, ep.ssh.KnownHosts, ep.ssh.Agent)
	p.mu.Lock()
	defer p.mu.Unlock()
	j := p.jumps[key]
	if j == nil {
		j = &link{pool: p, node: node, jump: true, depth: depth}
		p.jumps[key] = j
	}
	return j, nil
}
