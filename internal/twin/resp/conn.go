package resp

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
)

// Conn is one client. Its methods that answer are for Handle alone; the others may be called by everybody.
type Conn struct {
	// ID is the client's number, from 1.
	ID int64
	// Value is the handler's own.
	Value any

	server *Server
	conn   net.Conn
	in     *bufio.Reader
	out    *outbox
	// reply is what Handle answered and was not sent yet.
	reply []byte
	// last is set when the connection ends after the reply.
	last bool

	mu     sync.Mutex
	proto  int
	user   string // empty before the login
	name   string
	topics *subscriptions
}

func newConn(s *Server, conn net.Conn) *Conn {
	c := &Conn{ID: s.next.Add(1), server: s, conn: conn, out: newOutbox(conn), proto: 2}
	c.in = bufio.NewReader(patient{c})
	c.enterAs(s.first())
	return c
}

// first is who a client is before it says so.
func (s *Server) first() string {
	if s.Login == nil {
		return "default"
	}
	return ""
}

// User is who logged in, empty before that.
func (c *Conn) User() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.user
}

// Name is what the client calls itself.
func (c *Conn) Name() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.name
}

// Protocol is 2 or 3.
func (c *Conn) Protocol() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.proto
}

// RemoteAddr is where the client comes from.
func (c *Conn) RemoteAddr() net.Addr { return c.conn.RemoteAddr() }

// LocalAddr is where it connected to.
func (c *Conn) LocalAddr() net.Addr { return c.conn.LocalAddr() }

// Close ends the connection at once.
func (c *Conn) Close() {
	c.out.stop(errors.New("closed"))
	_ = c.conn.Close() // it may be closed already
}

// CloseAfterReply ends the connection when what was answered has been sent.
func (c *Conn) CloseAfterReply() { c.last = true }

func (c *Conn) enterAs(user string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.user = user
}

// serve handles commands to the end of the connection.
func (c *Conn) serve() {
	defer c.leaveTopics()
	for !c.last {
		args, err := readCommand(c.in, c.User() == "")
		var wrong protocolError
		switch {
		case errors.As(err, &wrong):
			c.Error("ERR Protocol error: " + string(wrong))
			c.last = true
		case err != nil:
			return
		case len(args) > 0:
			c.handle(args)
		}
	}
	c.flush()
}

// patient reads from a client, to whom everything is sent before it is waited for: so the answers to commands that came
// together go together.
type patient struct{ c *Conn }

func (p patient) Read(b []byte) (int, error) {
	p.c.flush()
	return p.c.conn.Read(b)
}

func (c *Conn) flush() {
	if len(c.reply) > 0 {
		c.out.send(c.reply, true)
		c.reply = c.reply[:0]
	}
}

// handle answers what every server answers, and leaves the rest to the handler.
func (c *Conn) handle(args [][]byte) {
	if c.listens() {
		// A message that this command publishes comes behind the answers to those before.
		c.flush()
	}
	switch verb := strings.ToUpper(string(args[0])); {
	case verb == "AUTH":
		c.auth(args)
	case verb == "HELLO":
		c.hello(args)
	case verb == "QUIT":
		c.Status("OK")
		c.last = true
	case verb == "RESET":
		c.leaveTopics()
		c.mu.Lock()
		c.proto, c.name, c.user = 2, "", c.server.first()
		c.mu.Unlock()
		c.Status("RESET")
	case c.User() == "":
		c.Error("NOAUTH Authentication required.")
	case verb == "CLIENT" && c.client(args):
	default:
		c.server.Handle(c, args)
	}
}

// Unknown answers a command that the server does not have.
func (c *Conn) Unknown(args [][]byte) {
	var rest strings.Builder
	for _, a := range args[1:] {
		if rest.Len() >= 128 {
			break
		}
		fmt.Fprintf(&rest, "'%.*s' ", 128-rest.Len(), a)
	}
	c.Error(fmt.Sprintf("ERR unknown command '%.128s', with args beginning with: %s", args[0], rest.String()))
}

// Arity answers a command with too many or too few arguments; name is such as get or config|get.
func (c *Conn) Arity(name string) {
	c.Error("ERR wrong number of arguments for '" + name + "' command")
}
