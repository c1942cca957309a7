// Package resp serves the Redis protocol on a listener: RESP2, RESP3 for clients that say HELLO 3, and inline commands as
// they are typed by hand or sent by a load balancer's check.
//
// A Server reads commands, keeps who logged in, and answers what is the same for every Redis and Sentinel: AUTH, HELLO, QUIT,
// RESET and what clients say of themselves. Everything else is its Handle's, which answers with the methods of Conn in the
// protocol that the client chose. Topics adds publish and subscribe. The words of refusals are those of Redis 7.
//
// Commands of one connection are handled one after the other, those of several at the same time.
package resp

import (
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// Server is one Redis or Sentinel. Fill the fields before Serve and leave them alone afterwards.
type Server struct {
	// Handle answers one command with exactly one reply. args has one element at least, and may be kept.
	Handle func(c *Conn, args [][]byte)
	// Login says whether a user may come in with a password; nil is a server without passwords. "default" is whoever names
	// no user. It is asked again for each AUTH, so that a password may change.
	Login func(user, password string) bool
	// About is what HELLO tells; nil is a Redis 7 that stands alone.
	About func() About

	next atomic.Int64
	work sync.WaitGroup

	mu        sync.Mutex
	listeners map[net.Listener]bool
	conns     map[*Conn]bool
	closed    bool
}

// About is what a server tells of itself.
type About struct {
	Version string
	// Mode is standalone, cluster or sentinel; Role is master or replica, and left out for a Sentinel.
	Mode, Role string
}

// Serve serves a listener until it is closed. Its connections go on until they end.
func (s *Server) Serve(l net.Listener) {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		_ = l.Close() // Close would have done it
		return
	}
	if s.listeners == nil {
		s.listeners, s.conns = map[net.Listener]bool{}, map[*Conn]bool{}
	}
	s.listeners[l] = true
	s.mu.Unlock()
	for {
		conn, err := l.Accept()
		switch {
		case err == nil:
			s.enter(conn)
		case errors.Is(err, net.ErrClosed):
			s.mu.Lock()
			delete(s.listeners, l)
			s.mu.Unlock()
			return
		default:
			// Too many files are open, which passes.
			time.Sleep(10 * time.Millisecond)
		}
	}
}

func (s *Server) enter(conn net.Conn) {
	c := newConn(s, conn)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		_ = conn.Close()
		return
	}
	s.conns[c] = true
	s.work.Go(c.out.run)
	s.work.Go(func() {
		c.serve()
		c.out.finish()
		// Until then Close may have to end what is being sent.
		<-c.out.done
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.conns, c)
	})
}

// Conns are the open connections, in no order.
func (s *Server) Conns() []*Conn {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make([]*Conn, 0, len(s.conns))
	for c := range s.conns {
		all = append(all, c)
	}
	return all
}

// Close closes the listeners and all connections, and returns when no goroutine of the server is left.
func (s *Server) Close() {
	s.mu.Lock()
	s.closed = true
	for l := range s.listeners {
		_ = l.Close() // it may be closed already
	}
	for c := range s.conns {
		c.Close()
	}
	s.mu.Unlock()
	s.work.Wait()
}

func (s *Server) about() About {
	a := About{Version: "7.0.15", Mode: "standalone", Role: "master"}
	if s.About != nil {
		a = s.About()
	}
	return a
}
