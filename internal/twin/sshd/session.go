package sshd

import (
	"context"
	"fmt"
	"net"
	"strings"

	"golang.org/x/crypto/ssh"
)

// session is one session channel; its methods run in the goroutine that takes the requests.
type session struct {
	*login
	ch  ssh.Channel
	ctx context.Context
	end context.CancelCauseFunc

	env []string
	// tty is the terminal's number, -1 without one; size is how large it is, and resized tells Exec of another.
	tty     int
	size    Size
	resized chan Size
	started bool
	// signal is what the client sent and the command has not got yet, or has.
	signal error
}

// session accepts a session, if there may be another one.
func (l *login) session(c ssh.NewChannel) {
	if !l.enter() {
		l.refuse(c)
		return
	}
	ch, requests, err := c.Accept()
	if err != nil {
		l.leave()
		return // the client is gone
	}
	s := &session{login: l, ch: ch, tty: -1, resized: make(chan Size, 1)}
	s.ctx, s.end = context.WithCancelCause(l.ctx)
	l.work.Go(func() { s.hear(requests) })
}

// hear takes the requests of the session to its end.
func (s *session) hear(requests <-chan *ssh.Request) {
	defer s.end(ErrClosed)
	for r := range requests {
		_ = r.Reply(s.request(r.Type, r.Payload), nil) // the client may be gone
		if s.signal != nil {
			// Only now: what ends of it closes the channel, and the answer has to come before.
			s.end(s.signal)
		}
		if s.started {
			continue
		}
		if run := s.starts(r); run != nil {
			s.started = true
			s.work.Go(func() { s.run(*run) })
		}
	}
	if !s.started {
		s.leave()
		s.server.giveTTY(s.tty)
	}
}

// request does what a request wants, and says whether it is granted; session.c, session_input_channel_req.
func (s *session) request(kind string, payload []byte) bool {
	switch kind {
	case "exec", "shell":
		_, ok := line(kind, payload)
		return ok && !s.started
	case "env":
		var m struct{ Name, Value string }
		if s.started || ssh.Unmarshal(payload, &m) != nil || !mayCome(m.Name) {
			return false
		}
		s.env = append(s.env, m.Name+"="+m.Value)
		return true
	case "pty-req":
		return s.terminal(payload)
	case "window-change":
		var m struct{ Columns, Rows, Width, Height uint32 }
		if ssh.Unmarshal(payload, &m) != nil {
			return false
		}
		if s.tty >= 0 {
			s.resize(Size{int(m.Rows), int(m.Columns)})
		}
		return true
	case "signal":
		var m struct{ Name string }
		// For root sshd keeps no process apart that could send it, and refuses.
		if ssh.Unmarshal(payload, &m) != nil || numbers[m.Name] == 0 || !s.started || s.user == "root" {
			return false
		}
		s.signal = Signal(m.Name)
		return true
	}
	// Agent, X11, subsystems and what nobody knows.
	return false
}

// starts is the session that a request starts, nil when it starts none.
func (s *session) starts(r *ssh.Request) *Session {
	l, ok := line(r.Type, r.Payload)
	if !ok {
		return nil
	}
	client, here := s.addresses()
	run := &Session{
		User: s.user, Line: l, Shell: r.Type == "shell", PTY: s.tty >= 0, Rows: s.size.Rows, Cols: s.size.Cols,
		Resized: s.resized, Client: client,
	}
	run.Env = append(s.env,
		fmt.Sprintf("SSH_CLIENT=%s %d %d", client.IP, client.Port, here.Port),
		fmt.Sprintf("SSH_CONNECTION=%s %d %s %d", client.IP, client.Port, here.IP, here.Port))
	if run.PTY {
		run.Env = append(run.Env, fmt.Sprintf("SSH_TTY=/dev/pts/%d", s.tty))
	}
	return run
}

// line is what an exec or shell request runs; RFC 4254 section 6.5.
func line(kind string, payload []byte) (string, bool) {
	var m struct{ Line string }
	switch kind {
	case "shell":
		return "", true
	case "exec":
		err := ssh.Unmarshal(payload, &m)
		return m.Line, err == nil
	}
	return "", false
}

// mayCome is AcceptEnv of Debian's sshd_config.
func mayCome(name string) bool {
	return name == "LANG" || strings.HasPrefix(name, "LC_") || name == "COLORTERM" || name == "NO_COLOR"
}

// addresses are the client's and the host's, as the simulation has them.
func (l *login) addresses() (client, here *net.TCPAddr) {
	client, here = &net.TCPAddr{}, &net.TCPAddr{}
	if a, ok := l.wire.RemoteAddr().(*net.TCPAddr); ok {
		*client = *a
	}
	if a, ok := l.wire.LocalAddr().(*net.TCPAddr); ok {
		*here = *a
	}
	if l.outside {
		here.Port = 22
		if c := l.server.cfg.Client; c != nil {
			client.IP = c
		}
		if a := l.server.cfg.Address; a != nil {
			here.IP = a
		}
	}
	return client, here
}

// run runs the session and tells the client how it ended.
func (s *session) run(what Session) {
	out := newOutput(s.ch, what.PTY)
	what.Stdin, what.Stdout, what.Stderr = s.ch, out.stdout, out.stderr
	status := s.server.cfg.Host.Exec(s.ctx, what)
	cause := context.Cause(s.ctx)
	s.server.giveTTY(s.tty)
	// The slot is free before the client can know that the session ended.
	s.leave()
	out.end()
	if kind, payload := ending(status, cause); kind != "" {
		_, _ = s.ch.SendRequest(kind, false, payload) // the client may be gone
	}
	_ = s.ch.Close()
}
