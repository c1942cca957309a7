package sshd

import (
	"golang.org/x/crypto/ssh"
)

// terminal gives the session a terminal; RFC 4254 section 6.2. There is one at most, before anything runs.
func (s *session) terminal(payload []byte) bool {
	var m struct {
		Term                         string
		Columns, Rows, Width, Height uint32
		Modes                        string
	}
	if s.started || s.tty >= 0 || ssh.Unmarshal(payload, &m) != nil {
		return false
	}
	s.tty = s.server.takeTTY()
	s.size = Size{int(m.Rows), int(m.Columns)}
	if m.Term != "" {
		s.env = append(s.env, "TERM="+m.Term)
	}
	return true
}

// resize tells Exec the last size, whether or not it heard of the one before.
func (s *session) resize(to Size) {
	s.size = to
	for {
		select {
		case s.resized <- to:
			return
		default:
		}
		select {
		case <-s.resized:
		default:
		}
	}
}

// takeTTY is the number of a free terminal.
func (s *Server) takeTTY() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for s.ttys[n] {
		n++
	}
	s.ttys[n] = true
	return n
}

func (s *Server) giveTTY(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.ttys, n)
}
