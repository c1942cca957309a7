package pgwire

import (
	"context"
	"crypto/rand"
	"errors"
	"net"
	"sync"

	"github.com/jackc/pgx/v5/pgproto3"
	"github.com/jackc/pgx/v5/pgtype"
)

// conn is one connection: its goroutine runs the statements, a second one reads ahead, so that a client that hangs up is
// noticed while a statement runs.
type conn struct {
	*wire
	raw     net.Conn // below TLS
	server  *Server
	session *Session
	auth    Auth
	secret  []byte
	// loggedIn and id, the session's id, are guarded by the server's lock.
	loggedIn bool
	id       int32

	// ctx ends with the connection; its cause is the *Error that the client is still told, or errDropped.
	ctx  context.Context
	stop context.CancelCauseFunc

	mu      sync.Mutex
	running context.CancelCauseFunc // of the present statement

	statements map[string]*statement
	portals    map[string]*portal
	skipping   bool // until the next Sync
	types      *pgtype.Map
}

func newConn(s *Server, nc net.Conn) *conn {
	c := &conn{wire: newWire(nc), raw: nc, server: s, statements: map[string]*statement{}, portals: map[string]*portal{}}
	c.ctx, c.stop = background()
	c.session = &Session{Remote: nc.RemoteAddr(), Local: nc.LocalAddr(), Started: s.now(), Values: map[string]string{}, now: s.now, status: Idle}
	return c
}

// drop ends the connection without a word.
func (c *conn) drop() {
	c.stop(errDropped)
	_ = c.hangUp()
}

// end lets the connection say why it ends. What runs is canceled.
func (c *conn) end(reason *Error) { c.stop(reason) }

// cancel ends the present statement, if one runs.
func (c *conn) cancel(cause error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.running != nil {
		c.running(cause)
	}
}

// statementContext is the context of one statement, which cancel ends.
func (c *conn) statementContext() (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(c.ctx)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.running = cancel
	return ctx, func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.running = nil
		cancel(nil)
	}
}

// serve is the life of the connection.
func (c *conn) serve() {
	defer func() {
		c.stop(errDropped)
		c.server.leave(c)
		_ = c.hangUp()
	}()
	if !c.start() {
		return
	}
	defer c.server.Backend.Ended(c.session)
	if !c.authenticate() || !c.welcome() {
		return
	}
	messages := make(chan pgproto3.FrontendMessage, readAhead)
	var reading sync.WaitGroup
	reading.Go(func() {
		defer close(messages)
		c.read(messages)
	})
	c.converse(messages)
	c.stop(errDropped)
	_ = c.hangUp()
	reading.Wait()
}

// readAhead is how many messages are read while a statement runs. A client that has sent more and hangs up is noticed
// later.
const readAhead = 256

// read hands on what the client says, until it says goodbye or is gone.
func (c *conn) read(to chan<- pgproto3.FrontendMessage) {
	for {
		m, err := c.receive()
		if err != nil {
			break
		}
		if _, ok := m.(*pgproto3.Terminate); ok {
			break
		}
		select {
		case to <- m:
		case <-c.ctx.Done():
			return
		}
	}
	c.session.gone()
	if c.server.NoticesHangup {
		c.cancel(errHungUp)
	}
}

// converse answers messages until the connection ends.
func (c *conn) converse(messages <-chan pgproto3.FrontendMessage) {
	for {
		select {
		case <-c.ctx.Done():
			c.farewell()
			return
		case m, ok := <-messages:
			if !ok {
				return
			}
			if err := c.handle(m); err != nil {
				return
			}
		}
		if c.ctx.Err() != nil {
			c.farewell()
			return
		}
	}
}

// farewell tells the client why the connection ends, when there is something to tell.
func (c *conn) farewell() {
	var reason *Error
	if errors.As(context.Cause(c.ctx), &reason) {
		c.fatal(reason)
	}
}

// fatal is the last word of a connection.
func (c *conn) fatal(e *Error) {
	_ = c.send(e.response()) // the connection ends anyway
	_ = c.flush()
}

var errFatal = errors.New("the connection ends with a FATAL error")

// fail tells an error of a statement. It is fatal when the error is.
func (c *conn) fail(e *Error) error {
	if err := c.send(e.response()); err != nil {
		return err
	}
	if e.severity() == "FATAL" || e.severity() == "PANIC" {
		_ = c.flush()
		return errFatal
	}
	return nil
}

func (c *conn) handle(m pgproto3.FrontendMessage) error {
	if q, ok := m.(*pgproto3.Query); ok && !c.skipping {
		return c.simple(q.String)
	}
	switch m := m.(type) {
	case *pgproto3.Sync:
		c.skipping = false
		if c.session.Transaction() == Idle {
			clear(c.portals)
		}
		return c.ready()
	case *pgproto3.Flush:
		if c.skipping {
			return nil
		}
		return c.flush()
	case *pgproto3.CopyData, *pgproto3.CopyDone, *pgproto3.CopyFail:
		return nil // as PostgreSQL does: left over from a copy that failed
	case *pgproto3.FunctionCall:
		if err := c.fail(&Error{Code: "0A000", Message: "function calls of the protocol are not supported"}); err != nil {
			return err
		}
		return c.ready()
	default:
		if c.skipping {
			return nil
		}
		return c.extended(m)
	}
}

// ready says that the next statement may come.
func (c *conn) ready() error {
	c.session.rest()
	if err := c.send(&pgproto3.ReadyForQuery{TxStatus: c.session.Transaction()}); err != nil {
		return err
	}
	return c.flush()
}

// welcome tells a client that it is in.
func (c *conn) welcome() bool {
	parameters, err := c.server.Backend.Started(c.session)
	if err != nil {
		c.fatal(asFatal(err))
		return false
	}
	for _, name := range sorted(parameters) {
		_ = c.send(&pgproto3.ParameterStatus{Name: name, Value: parameters[name]})
	}
	c.secret = make([]byte, 4)
	_, _ = rand.Read(c.secret) // never fails
	_ = c.send(&pgproto3.BackendKeyData{ProcessID: uint32(c.session.ID), SecretKey: c.secret})
	c.session.rest()
	c.server.mu.Lock()
	c.loggedIn, c.id = true, c.session.ID
	c.server.mu.Unlock()
	return c.ready() == nil
}
