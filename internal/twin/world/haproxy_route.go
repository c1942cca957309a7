package world

import "slices"

// Backend is the backend of that name, nil when there is none.
func (p *HAProxy) Backend(name string) *Backend {
	for _, b := range p.Backends {
		if b.Name == name {
			return b
		}
	}
	return nil
}

// Server is the server of that name, nil when there is none.
func (b *Backend) Server(name string) *Server {
	for _, s := range b.Servers {
		if s.Name == name {
			return s
		}
	}
	return nil
}

// Route is the host to which a HAProxy leads a new connection; nil when it leads nowhere. A server that refuses although
// its checks have not seen it yet is left for another one, as `option redispatch` says.
func (w *World) Route(proxy *Host, backend string) *Host {
	if s := w.route(proxy, backend); s != nil {
		return w.Host(s.Host)
	}
	return nil
}

// Session is an open connection through a HAProxy. Its methods need the world's lock, as everything here.
type Session struct {
	// Host and Port are where it leads.
	Host string
	Port int

	server *Server
	cut    int
}

// Enter is Route for a connection that stays: it counts among the server's until Leave. It is nil where it leads nowhere.
func (w *World) Enter(proxy *Host, backend string) *Session {
	s := w.route(proxy, backend)
	if s == nil {
		return nil
	}
	s.Current++
	return &Session{Host: s.Host, Port: s.Port, server: s, cut: s.Cut}
}

// Goes says whether the connection may go on: HAProxy has not ended it.
func (s *Session) Goes() bool { return s.server.Cut == s.cut }

// Leave ends the connection.
func (s *Session) Leave() { s.server.Current-- }

func (w *World) route(proxy *Host, backend string) *Server {
	b := proxy.HAProxy.Backend(backend)
	if b == nil {
		return nil
	}
	var tried []*Server
	for {
		s := b.choose(tried)
		if s == nil {
			b.Failed++
			return nil
		}
		if w.listens(proxy, w.Host(s.Host), s.Port) {
			s.Total++
			s.Last = w.now
			return s
		}
		if !b.redispatch {
			b.Failed++
			return nil
		}
		tried = append(tried, s)
	}
}

// choose is the next server by the backend's way to balance, but for those that were tried.
func (b *Backend) choose(tried []*Server) *Server {
	var best *Server
	at := 0
	for i := range b.Servers {
		s := b.Servers[(b.turn+i)%len(b.Servers)]
		if !s.Usable() || slices.Contains(tried, s) {
			continue
		}
		if best == nil || b.Balance == "leastconn" && s.Current < best.Current {
			best, at = s, i
		}
		if b.Balance != "leastconn" {
			break
		}
	}
	if best != nil && b.Balance != "first" {
		b.turn = (b.turn + at + 1) % len(b.Servers)
	}
	return best
}

// SetServer is `set server BACKEND/SERVER state STATE` of the admin socket; the answer is its error.
func (w *World) SetServer(h *Host, backend, server, state string) string {
	b := h.HAProxy.Backend(backend)
	if b == nil {
		return "No such backend."
	}
	s := b.Server(server)
	if s == nil {
		return "No such server."
	}
	switch state {
	case "ready":
		w.setReady(h, b, s)
	case "maint":
		w.setMaint(h, b, s)
	case "drain":
		if s.Maint {
			w.setReady(h, b, s)
		}
		if !s.Drain {
			s.Drain, s.Since = true, w.now
			h.Log(HAProxyUnit, 6, "[WARNING]  (%d) : Server %s/%s enters drain state. %d active and 0 backup servers left. %d sessions active, 0 requeued, 0 remaining in queue.",
				h.HAProxy.PID, b.Name, s.Name, b.Active(), s.Current)
			w.emptied(h, b)
		}
	default:
		return "'set server <srv> state' expects 'ready', 'drain' and 'maint'."
	}
	return ""
}

func (w *World) setMaint(h *Host, b *Backend, s *Server) {
	if s.Maint {
		return
	}
	was := s.Usable()
	if !s.Up {
		s.Downtime += w.now.Sub(s.Since)
	}
	s.Maint, s.Checking, s.Since = true, false, w.now
	s.Status, s.Text, s.Code = "", "", 0
	s.Cut++
	if !was {
		h.Log(HAProxyUnit, 6, "[WARNING]  (%d) : Server %s/%s was DOWN and now enters maintenance.", h.HAProxy.PID, b.Name, s.Name)
		return
	}
	h.Log(HAProxyUnit, 6, "[WARNING]  (%d) : Server %s/%s is going DOWN for maintenance. %d active and 0 backup servers left. %d sessions active, 0 requeued, 0 remaining in queue.",
		h.HAProxy.PID, b.Name, s.Name, b.Active(), s.Current)
	w.emptied(h, b)
}

// setReady ends maintenance and drain. After maintenance a server is up, and its first check that fails takes it down.
func (w *World) setReady(h *Host, b *Backend, s *Server) {
	empty := b.Active() == 0
	switch {
	case s.Maint:
		s.Downtime += w.now.Sub(s.Since)
		s.Maint, s.Drain, s.Up, s.Since, s.next, s.Health, s.Status = false, false, true, w.now, w.now, s.Rise, "INI"
		if !s.checked {
			s.Health, s.Status = s.Rise+s.Fall-1, ""
		}
		h.Log(HAProxyUnit, 6, "[WARNING]  (%d) : Server %s/%s is UP/READY (leaving forced maintenance).", h.HAProxy.PID, b.Name, s.Name)
	case s.Drain:
		s.Drain, s.Since = false, w.now
		h.Log(HAProxyUnit, 6, "[WARNING]  (%d) : Server %s/%s is UP (leaving forced drain).", h.HAProxy.PID, b.Name, s.Name)
	}
	if empty && b.Active() > 0 {
		b.Downtime += w.now.Sub(b.Since)
		b.Since = w.now
	}
}

// ForceHealth is `set server BACKEND/SERVER health up|stopping|down`: the next checks decide again. The answer is its error.
func (w *World) ForceHealth(h *Host, b *Backend, s *Server, health string) string {
	switch health {
	case "up":
		if s.Health = s.Rise + s.Fall - 1; !s.Up {
			w.turnUp(h, b, s)
		}
	case "down", "stopping":
		if s.Health = 0; s.Up {
			w.turnDown(h, b, s)
		}
	default:
		return "'set server <srv> health' expects 'up', 'stopping', or 'down'."
	}
	return ""
}
