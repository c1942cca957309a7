package pgwire

import (
	"cmp"
	"context"
	"crypto/subtle"
	"crypto/tls"
	"errors"
	"net"
	"slices"
	"sync"
	"syscall"
	"time"
)

// Server serves one Backend. The zero values of its settings are those of a server without TLS. It must not be copied.
type Server struct {
	Backend Backend
	// TLS is nil when SSLRequest is answered with 'N'.
	TLS *tls.Config
	// Now is the clock; nil stands for time.Now.
	Now func() time.Time
	// NoticesHangup makes a running statement end when its client is gone, as PgBouncer does; PostgreSQL notices only
	// when the statement is over.
	NoticesHangup bool
	// Rounds are those of SCRAM, 4096 when 0 as in PostgreSQL. Fewer spare both sides work where no password is worth any.
	Rounds int

	mu        sync.Mutex
	closed    bool
	listeners map[net.Listener]bool
	conns     map[*conn]bool
	lastID    int32
	verifiers map[string]verifier
	all       sync.WaitGroup
}

// The causes with which contexts of statements end.
var (
	errCanceled = errors.New("the statement was canceled")
	errHungUp   = errors.New("the client has hung up")
	errDropped  = errors.New("the connection was dropped")
)

func (s *Server) now() time.Time {
	if s.Now != nil {
		return s.Now()
	}
	return time.Now()
}

// Serve accepts connections until the listener or the server is closed. It returns nil after Close.
func (s *Server) Serve(l net.Listener) error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return l.Close()
	}
	if s.listeners == nil {
		s.listeners = map[net.Listener]bool{}
	}
	s.listeners[l] = true
	s.mu.Unlock()
	for {
		nc, err := l.Accept()
		if errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE) || errors.Is(err, syscall.ECONNABORTED) {
			time.Sleep(10 * time.Millisecond) // too many files are open, which passes
			continue
		}
		if err != nil {
			s.mu.Lock()
			defer s.mu.Unlock()
			delete(s.listeners, l)
			if s.closed {
				return nil
			}
			return err
		}
		if c := s.join(nc); c != nil {
			go func() {
				defer s.all.Done()
				c.serve()
			}()
		}
	}
}

// ServeConn serves one connection and returns when it is over.
func (s *Server) ServeConn(nc net.Conn) {
	if c := s.join(nc); c != nil {
		defer s.all.Done()
		c.serve()
	}
}

// join makes a connection one of the server's; nil when the server is closed. The caller owes s.all a Done.
func (s *Server) join(nc net.Conn) *conn {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		_ = nc.Close()
		return nil
	}
	if s.conns == nil {
		s.conns = map[*conn]bool{}
	}
	c := newConn(s, nc)
	s.conns[c] = true
	s.all.Add(1)
	return c
}

func (s *Server) leave(c *conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.conns, c)
}

// nextID gives a connection a process id that no other one has.
func (s *Server) nextID(of *conn) int32 {
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		s.lastID++
		id := firstID + s.lastID%mostIDs
		taken := false
		for c := range s.conns {
			taken = taken || c.id == id
		}
		if !taken {
			of.id = id
			return id
		}
	}
}

// Process ids are between these two, like those of a host that has been up for some time.
const (
	firstID = 2000
	mostIDs = 30000
)

// Close ends the listeners and all connections without a word, and waits for their ends.
func (s *Server) Close() error {
	s.mu.Lock()
	s.closed = true
	var err error
	for l := range s.listeners {
		err = errors.Join(err, l.Close())
	}
	s.mu.Unlock()
	s.Reset()
	s.all.Wait()
	return err
}

// Reset drops all connections without a word, as a crash does. The listeners stay.
func (s *Server) Reset() {
	for _, c := range s.chosen(func(*conn) bool { return true }) {
		c.drop()
	}
}

// CloseConns ends the sessions that filter chooses (nil chooses all) with a FATAL error, as an administrator's shutdown
// does: 57P01 and "terminating connection due to administrator command".
func (s *Server) CloseConns(filter func(*Session) bool, code, message string) {
	reason := &Error{Severity: "FATAL", Code: code, Message: message}
	for _, c := range s.chosen(func(c *conn) bool { return c.loggedIn && (filter == nil || filter(c.session)) }) {
		c.end(reason)
	}
}

// Cancel cancels the running statement of a session, as pg_cancel_backend does; false when there is no such session.
func (s *Server) Cancel(id int32) bool {
	chosen := s.chosen(func(c *conn) bool { return c.loggedIn && c.session.ID == id })
	for _, c := range chosen {
		c.cancel(errCanceled)
	}
	return len(chosen) > 0
}

// cancelRequest cancels by process id and secret, as clients do.
func (s *Server) cancelRequest(id int32, secret []byte) {
	for _, c := range s.chosen(func(c *conn) bool {
		return c.loggedIn && c.session.ID == id && subtle.ConstantTimeCompare(c.secret, secret) == 1
	}) {
		c.cancel(errCanceled)
	}
}

// Sessions are those that are logged in, in the order of their ids.
func (s *Server) Sessions() []*Session {
	var out []*Session
	for _, c := range s.chosen(func(c *conn) bool { return c.loggedIn }) {
		out = append(out, c.session)
	}
	slices.SortFunc(out, func(a, b *Session) int { return cmp.Compare(a.ID, b.ID) })
	return out
}

func (s *Server) chosen(which func(*conn) bool) []*conn {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []*conn
	for c := range s.conns {
		if which(c) {
			out = append(out, c)
		}
	}
	return out
}

// background is where the contexts of connections begin; they end with the connection, never with a caller.
func background() (context.Context, context.CancelCauseFunc) {
	return context.WithCancelCause(context.Background())
}
