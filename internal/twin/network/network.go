// Package network is the network between the simulated hosts of the training cluster: TCP in memory, with addresses, ports
// and cables, and without a single socket of the machine that it runs on.
//
// Listen opens a port of a host, Dial connects from a host to an address. Who has an address and who reaches whom is asked
// of a World at each Dial and each Settle, so that a cut cable, a host without power and a floating address that moves look
// to servers and clients as they do on real hosts: refused, silent, frozen, reset. Connections keep 64 KiB a direction, know
// deadlines and half-closing, and say their simulated addresses, which is all that net/http, gRPC, pgx, go-redis and
// crypto/tls ask for. No goroutine is started here.
//
// The World is asked only by Dial and Settle, which must not be called by whoever holds the World's own lock; everything
// else may be.
package network

import (
	"sync"
	"sync/atomic"
	"time"
)

// World knows which hosts there are. What it says may change at any time; Settle is called afterwards.
type World interface {
	// Holder is the host that has an IP address as seen from a host; false when nobody there has it. 127.0.0.1, ::1 and
	// localhost are from itself, a floating address is whoever holds it there.
	Holder(from, address string) (host string, ok bool)
	// Reaches says whether packets of one host come to another and answers come back: both have power, nothing is cut.
	Reaches(from, to string) bool
	// Alive says whether a host has power.
	Alive(host string) bool
	// Address is a host's own IP address, from which its connections come.
	Address(host string) string
}

// Net is the network. It is safe for concurrent use.
type Net struct {
	// ARP is how long a Dial waits for somebody to have the address before it fails with EHOSTUNREACH; 3 s as on Linux, 0 is
	// at once. It may be changed before the first Dial.
	ARP time.Duration

	world World
	moves atomic.Uint64
	// asking is held while the World is asked and its answer is applied, so that an older answer never comes last. It is
	// taken before mu, and mu before the lock of a connection.
	asking sync.Mutex

	mu        sync.Mutex
	listeners map[port][]*listener
	muted     map[port]bool
	conns     map[*connection]struct{}
	// next is the last port that a host's clients got.
	next   map[string]int
	closed bool
	// news is closed, and made anew, when a waiting Dial should try again.
	news chan struct{}
}

// port is a port of a host, or one of its unix sockets by path.
type port struct {
	host   string
	number int
	path   string
}

// New returns a network without listeners.
func New(w World) *Net {
	return &Net{
		ARP: 3 * time.Second, world: w, listeners: map[port][]*listener{}, muted: map[port]bool{},
		conns: map[*connection]struct{}{}, next: map[string]int{}, news: make(chan struct{}),
	}
}

// Moves counts connections that were made or ended and bytes that were sent or read, each time by some: while it stays the
// same nothing moves.
func (n *Net) Moves() uint64 { return n.moves.Load() }

// Settle makes the open connections and the waiting dials follow the World, after it changed. Ends that do not reach each
// other freeze: bytes are kept, and come when they do again. The ends of a host without power are dead for that host at
// once; the other side is reset when it reaches the host again. Where a floating address went to another host, the client is
// reset at its next byte.
func (n *Net) Settle() {
	n.asking.Lock()
	defer n.asking.Unlock()
	n.mu.Lock()
	all := make([]*connection, 0, len(n.conns))
	for c := range n.conns {
		all = append(all, c)
	}
	n.wake()
	n.mu.Unlock()
	ask := newQuestions(n.world)
	for _, c := range all {
		c.follow(ask.path(c.client.host, c.server.host, c.asked), ask.alive(c.client.host), ask.alive(c.server.host))
	}
}

// CloseConns ends the connections to a port of a host, as the kernel does when their process ends: in order, or with reset.
func (n *Net) CloseConns(host string, number int, reset bool) {
	for _, c := range n.to(port{host: host, number: number}) {
		if reset {
			c.change(func() { c.server.reset = true })
		} else {
			_ = c.server.Close() // it may be closed already
		}
	}
}

// Mute stops the process behind a port, or lets it go on: meanwhile its kernel accepts connections and takes bytes, and
// nothing answers. It holds for later listeners on the port, too.
func (n *Net) Mute(host string, number int, on bool) {
	p := port{host: host, number: number}
	n.mu.Lock()
	if on {
		n.muted[p] = true
	} else {
		delete(n.muted, p)
	}
	for _, l := range n.listeners[p] {
		l.ready.Broadcast()
	}
	n.mu.Unlock()
	for _, c := range n.to(p) {
		c.change(func() { c.server.stopped = on })
	}
}

// Close ends everything: listeners, connections and dials.
func (n *Net) Close() {
	n.mu.Lock()
	n.closed = true
	var open []*listener
	for _, l := range n.listeners {
		open = append(open, l...)
	}
	conns := make([]*connection, 0, len(n.conns))
	for c := range n.conns {
		conns = append(conns, c)
	}
	n.wake()
	n.mu.Unlock()
	for _, l := range open {
		_ = l.Close() // it never fails
	}
	for _, c := range conns {
		c.change(func() { c.client.reset, c.server.reset = true, true })
	}
}

// to are the connections to a port, those that were not accepted yet among them.
func (n *Net) to(p port) []*connection {
	n.mu.Lock()
	defer n.mu.Unlock()
	var found []*connection
	for c := range n.conns {
		if c.port == p {
			found = append(found, c)
		}
	}
	return found
}

func (n *Net) forget(c *connection) {
	n.mu.Lock()
	defer n.mu.Unlock()
	delete(n.conns, c)
}

// wake lets every waiting Dial try again. The caller holds mu.
func (n *Net) wake() {
	close(n.news)
	n.news = make(chan struct{})
}
