package twin

import (
	"bytes"
	"context"
	"net"
	"os"
	"sync"

	"recon/internal/twin/shell"
	"recon/internal/twin/sshd"
)

// An Inside is the way to a host that goes through no ssh: the same shell as the same user, the same network, without the
// keys, ciphers and sockets in between. It is for whoever looks at a twin so often that ssh would be most of the work; what
// changes a host goes through its ssh server, as on every cluster.
//
// It leads where ssh would: Open says whether the console gets in now, and when that ends, what was opened this way ends.
type Inside struct{ *machine }

// Inside is the way into a node; false when there is no such host.
func (t *Twin) Inside(node string) (Inside, bool) {
	for _, m := range t.machines {
		if m.name == node {
			return Inside{m}, true
		}
	}
	return Inside{}, false
}

// Open says whether the console would get in over ssh now.
func (i Inside) Open() bool { return (*seat)(i.machine).Mode() == sshd.Up }

// Run runs a line in the login shell of the operator and returns what it wrote to standard output, and its exit status.
func (i Inside) Run(ctx context.Context, line string) (output []byte, status int) {
	var out bytes.Buffer
	status = i.shell.Run(ctx, shell.Spec{Line: line, User: operator, Stdout: &out})
	return out.Bytes(), status
}

// Dial connects from the host to an address; see network.Net.Dial for the errors. Where the console is kept out of the host
// later, reading and writing fail with os.ErrDeadlineExceeded, because nothing comes back any more.
func (i Inside) Dial(ctx context.Context, address string) (net.Conn, error) {
	conn, err := i.twin.net.Dial(ctx, i.name, address)
	if err != nil {
		return nil, err
	}
	c := &guest{Conn: conn, of: &i.guests}
	i.guests.add(c)
	return c, nil
}

// guests are the connections that the console has through a host.
type guests struct {
	mu  sync.Mutex
	all map[*guest]bool
}

func (g *guests) add(c *guest) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.all == nil {
		g.all = map[*guest]bool{}
	}
	g.all[c] = true
}

// leave ends all of them.
func (g *guests) leave() {
	g.mu.Lock()
	defer g.mu.Unlock()
	for c := range g.all {
		c.mu.Lock()
		c.out = true
		c.mu.Unlock()
		_ = c.Conn.Close() // in memory
	}
	clear(g.all)
}

// stalls ends a connection of the console for whose answer the clock would have to move, where nobody moves the clock while
// the console waits: what would be its deadline is now. It says whether there was such a connection.
func (t *Twin) stalls(remote net.Addr) bool {
	if !t.opt.Driven || remote == nil {
		return false
	}
	from := remote.String()
	if client, ok := t.relays.Load(from); ok {
		from = client.(string)
	}
	for _, m := range t.machines {
		if m.guests.leaves(from) {
			return true
		}
	}
	return false
}

// leaves ends the one that comes from an address.
func (g *guests) leaves(address string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	for c := range g.all {
		if c.LocalAddr().String() == address {
			c.mu.Lock()
			c.out = true
			c.mu.Unlock()
			_ = c.Conn.Close() // in memory
			delete(g.all, c)
			return true
		}
	}
	return false
}

// guest is one of them.
type guest struct {
	net.Conn
	of *guests

	mu  sync.Mutex
	out bool
}

func (c *guest) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	return n, c.why(err)
}

func (c *guest) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	return n, c.why(err)
}

func (c *guest) why(err error) error {
	if err == nil {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.out {
		return os.ErrDeadlineExceeded
	}
	return err
}

func (c *guest) Close() error {
	c.of.mu.Lock()
	delete(c.of.all, c)
	c.of.mu.Unlock()
	return c.Conn.Close()
}
