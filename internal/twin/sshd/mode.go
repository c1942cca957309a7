package sshd

// Changed makes the server follow the host's mode, and has done so when it returns.
func (s *Server) Changed() {
	mode := s.cfg.Host.Mode()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	s.mode = mode
	if mode == Refused {
		s.port.shut()
	} else if l := s.port.open(); l != nil {
		s.work.Go(func() { s.accept(l, true) })
	}
	for l := range s.logins {
		s.follow(l)
	}
}

// follow does to a connection what the mode means for it. The caller holds the lock.
func (s *Server) follow(l *login) {
	switch {
	case s.mode == Off:
		if !l.waits {
			l.wire.kill(func() { l.cancel(ErrPower) })
		}
	case l.wire.dead():
		if s.mode != Cut {
			l.wire.release(true)
			delete(s.logins, l)
		}
	case !l.outside:
	case s.mode == Cut:
		l.wire.set(frozen)
	case s.mode == Refused && l.waits:
		l.wire.release(true)
	default:
		l.waits = false
		l.wire.set(flowing)
	}
}

// Drop resets every connection, as sshd does that is killed with all its sessions.
func (s *Server) Drop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for l := range s.logins {
		if !l.wire.dead() && !l.waits {
			l.wire.release(true)
		}
	}
}
