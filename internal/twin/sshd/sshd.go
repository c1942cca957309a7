// Package sshd is the ssh server of a simulated host: a real server on a loopback port of this machine that answers as
// OpenSSH does, and behind which there is nothing but a Host, which runs lines and dials addresses in the simulation.
//
// It serves exec and shell sessions, with a terminal where the client wants one, and connections from the host
// (direct-tcpip and unix sockets); agent, X11, sftp and every other forwarding are refused. The Host's mode decides what the
// console sees of it: a login, "connection refused", or silence. The port stays the server's own in every mode.
//
// Listen starts a server and Changed makes it follow its host; Files writes what a console needs to reach a set of servers
// by their simulated names and addresses, with the key of ClientKey.
package sshd

import (
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"time"

	"golang.org/x/crypto/ssh"
)

// Mode is what the console sees of a host.
type Mode int

const (
	// Up is a host that lets its users in.
	Up Mode = iota
	// Refused is a host whose sshd does not run: its port refuses. Sessions that are open go on, as Debian's sshd leaves them
	// when it stops; Drop ends them.
	Refused
	// Off is a host without power: nothing answers. What was connected dies, and is reset when the host is back.
	Off
	// Cut is a host that the console does not reach: nothing answers. What was connected freezes, and goes on afterwards.
	Cut
)

// Host is the simulated host behind a server. Its methods are called by many goroutines.
type Host interface {
	// Exec runs a session's line, or its shell, and returns the exit status: 0 to 255, or the negative number (Linux's) of
	// the signal that ended it. ctx ends with the session; context.Cause says why: ErrClosed, ErrPower or a Signal. After a
	// Signal a status above 128 is told as that signal; after the others nobody is told anything. Exec returns soon after
	// ctx ended; until then the session counts against MaxSessions, and Close waits.
	Exec(ctx context.Context, s Session) (status int)
	// Dial connects as from this host to IP:port, or to a unix socket for an address that begins with /. A syscall.Errno in
	// the error is told to the client in OpenSSH's words. ctx ends when the client goes.
	Dial(ctx context.Context, address string) (net.Conn, error)
	// Mode is asked by Listen and by Changed.
	Mode() Mode
}

// Session is what Exec gets of one session.
type Session struct {
	// User logged in; Line is what to run, empty for a login shell, for which Shell is true.
	User, Line string
	Shell      bool
	// Stdin ends when the client closed its side; a Read of it may outlast ctx, but not Exec for long. Writers fail with EPIPE
	// when the client is gone.
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	// PTY says that the client has a terminal of Rows and Cols; Resized gets its later sizes, at least the last. Stdin is
	// what is typed, byte by byte: echo and editing are Exec's affair. Stderr is Stdout then, and a newline becomes CR LF.
	PTY        bool
	Rows, Cols int
	Resized    <-chan Size
	// Env is NAME=value: what the client may set (LANG, LC_*, COLORTERM, NO_COLOR), TERM with a terminal, SSH_CONNECTION,
	// SSH_CLIENT and SSH_TTY.
	Env []string
	// Client is where the client comes from.
	Client net.Addr
}

// Size is a terminal's, in characters.
type Size struct{ Rows, Cols int }

// Why a session's context ended.
var (
	// ErrClosed is a client that went. On a real host a command without a terminal goes on then, until it wants to write.
	ErrClosed = errors.New("the session was closed")
	// ErrPower is a host that lost power, or a server that was closed.
	ErrPower = errors.New("the host has no power")
)

// User is an account that may log in.
type User struct {
	Keys []ssh.PublicKey
	// Password is empty for a user who has none.
	Password string
}

// Config is what a server needs.
type Config struct {
	HostKey ssh.Signer
	Users   map[string]User
	// MaxSessions is how many sessions one connection may have; 0 is OpenSSH's 10.
	MaxSessions int
	// Banner is shown before the login.
	Banner string
	// Client replaces the loopback address from which the console comes, and Address is the host's own; nil leaves the
	// loopback. They show in Session.Client, SSH_CONNECTION and SSH_CLIENT.
	Client, Address net.IP
	Host            Host
}

// Server is one host's ssh server. It is safe for concurrent use.
type Server struct {
	cfg  Config
	conf *ssh.ServerConfig
	work sync.WaitGroup
	// buffers are those of tunnels, used again.
	buffers sync.Pool

	mu     sync.Mutex
	mode   Mode
	port   *port
	logins map[*login]bool
	// ttys are the numbers of the terminals in use.
	ttys   map[int]bool
	closed bool
}

// Listen starts a server on a free port of 127.0.0.1.
func Listen(cfg Config) (*Server, error) {
	if cfg.MaxSessions == 0 {
		cfg.MaxSessions = 10
	}
	s := &Server{cfg: cfg, conf: settings(cfg), logins: map[*login]bool{}, ttys: map[int]bool{}}
	s.buffers.New = func() any { b := make([]byte, 16<<10); return &b }
	p, err := newPort()
	if err != nil {
		return nil, err
	}
	s.port = p
	first := p.listener
	s.work.Go(func() { s.accept(first, true) })
	s.Changed()
	return s, nil
}

// Port is the port on 127.0.0.1, the same for the server's whole life.
func (s *Server) Port() int { return s.port.number }

// Serve lets the server answer on a further listener, such as port 22 of the simulated network, until l is closed. Of the
// modes only Off concerns what comes from there: the network itself knows of cuts.
func (s *Server) Serve(l net.Listener) { s.accept(l, false) }

// Close ends the server with all connections, and returns when no goroutine of it is left.
func (s *Server) Close() error {
	s.mu.Lock()
	s.closed = true
	err := s.port.close()
	for l := range s.logins {
		l.wire.kill(func() { l.cancel(ErrPower) })
		l.wire.release(false)
	}
	s.mu.Unlock()
	s.work.Wait()
	return err
}

// accept takes connections until the listener is closed. outside says that they come from the console.
func (s *Server) accept(l net.Listener, outside bool) {
	for {
		conn, err := l.Accept()
		switch {
		case err == nil:
			s.enter(conn, outside)
		case errors.Is(err, net.ErrClosed):
			return
		default:
			// Too many files are open, which passes.
			time.Sleep(10 * time.Millisecond)
		}
	}
}

// enter begins to serve a connection, or keeps it waiting while the host is silent.
func (s *Server) enter(conn net.Conn, outside bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || outside && s.mode == Refused {
		abort(conn)
		return
	}
	l := newLogin(s, conn, outside)
	if outside && s.mode != Up {
		l.wire.set(frozen)
		l.waits = true
	}
	s.logins[l] = true
	s.work.Go(func() {
		l.serve()
		s.mu.Lock()
		defer s.mu.Unlock()
		if !l.wire.dead() {
			delete(s.logins, l)
		}
	})
}
