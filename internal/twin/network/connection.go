package network

import "sync"

// connection is two ends and what lies between them.
type connection struct {
	net *Net
	// port is the listener's; asked is the address that the client dialled, empty for a unix socket.
	port  port
	asked string

	mu sync.Mutex
	// moved is signalled whenever an end may be able to go on.
	moved          sync.Cond
	client, server *end
	path           path
}

func newConnection(n *Net, p port) *connection {
	c := &connection{net: n, port: p}
	c.moved.L = &c.mu
	c.client, c.server = &end{connection: c}, &end{connection: c}
	c.client.peer, c.server.peer = c.server, c.client
	return c
}

// follow makes the connection what the World makes of it.
func (c *connection) follow(p path, clientLives, serverLives bool) {
	c.mu.Lock()
	same := c.path == p && (clientLives || c.client.reset) && (serverLives || c.server.reset)
	c.mu.Unlock()
	if same {
		return // and nobody is woken for nothing
	}
	c.change(func() {
		c.path = p
		if !clientLives {
			c.client.die()
		}
		if !serverLives {
			c.server.die()
		}
	})
}

// change lets f change the connection, and brings what follows from it to both ends.
func (c *connection) change(f func()) {
	c.net.moves.Add(1)
	c.mu.Lock()
	f()
	c.deliver()
	c.moved.Broadcast()
	over := c.client.ended() && c.server.ended()
	c.mu.Unlock()
	if over {
		c.net.forget(c)
	}
}

// deliver lets everything arrive that was sent, when packets pass.
func (c *connection) deliver() {
	if c.path == strays && c.server.in.travels() {
		// The host that has the address now knows nothing of the connection.
		c.client.reset = true
		c.server.in.lose()
	}
	if c.path != flows {
		return
	}
	c.client.in.arrive()
	c.server.in.arrive()
	// A kernel answers with a reset what comes for a connection that it does not know, or for a process that reads no more.
	c.client.reset = c.client.reset || c.server.refuses()
	c.server.reset = c.server.reset || c.client.refuses()
}
