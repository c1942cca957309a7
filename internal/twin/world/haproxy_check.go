package world

import (
	"fmt"
	"net/http"
	"time"
)

// verdict is the result of one check.
type verdict struct {
	good         bool
	status, text string
	code         int
	took         time.Duration
}

// statusText says what a check's status means, in HAProxy's words.
var statusText = map[string]string{
	"INI": "Initializing", "L4OK": "Layer4 check passed", "L4TOUT": "Layer4 timeout", "L4CON": "Layer4 connection problem",
	"L7OK": "Layer7 check passed", "L7TOUT": "Layer7 timeout", "L7RSP": "Layer7 invalid response", "L7STS": "Layer7 wrong status",
}

// CheckText is what a check's status means.
func (s *Server) CheckText() string { return statusText[s.Status] }

// Checks says whether anything checks it.
func (s *Server) Checks() bool { return s.checked }

func (w *World) tickHAProxy() {
	for _, h := range w.Nodes() {
		p := h.HAProxy
		if p == nil || !p.Running || !h.Up() {
			continue
		}
		for _, b := range p.Backends {
			for _, s := range b.Servers {
				if !s.Maint && s.checked {
					w.checkServer(h, b, s)
				}
			}
		}
	}
}

// checkServer begins a check, or ends one: what waits for an answer that does not come takes its timeout.
func (w *World) checkServer(h *Host, b *Backend, s *Server) {
	if !s.Checking {
		if w.now.Before(s.next) {
			return
		}
		s.pending = w.healthy(h, b, s)
		s.Checking, s.ends = true, w.now.Add(s.pending.took.Truncate(Step))
	}
	if w.now.Before(s.ends) {
		return
	}
	v := s.pending
	s.Checking = false
	s.Status, s.Text, s.Code, s.Took = v.status, v.text, v.code, v.took
	full := s.Rise + s.Fall - 1
	switch {
	case !v.good && s.Health > s.Rise:
		s.Failed++
		s.Health--
	case !v.good:
		if s.Up {
			s.Failed++
			w.turnDown(h, b, s)
		}
		s.Health = 0
	case s.Health < full:
		if s.Health++; s.Health >= s.Rise {
			s.Health = full
			if !s.Up {
				w.turnUp(h, b, s)
			}
		}
	}
	s.next = w.now.Add(s.inter)
	if s.Health > 0 && s.Health < full {
		s.next = w.now.Add(s.fastInter)
	}
}

// reason is the last check in the words of a journal line.
func (s *Server) reason() string {
	out := "reason: " + s.CheckText()
	if s.Code != 0 {
		out += fmt.Sprintf(", code: %d", s.Code)
	}
	if s.Text != "" {
		out += fmt.Sprintf(", info: %q", s.Text)
	}
	return out + fmt.Sprintf(", check duration: %dms", s.Took.Milliseconds())
}

func (w *World) turnDown(h *Host, b *Backend, s *Server) {
	sessions := s.Current
	s.Up, s.Since = false, w.now
	s.Downs++
	s.Cut++
	h.Log(HAProxyUnit, 6, "[WARNING]  (%d) : Server %s/%s is DOWN, %s. %d active and 0 backup servers left. %d sessions active, 0 requeued, 0 remaining in queue.",
		h.HAProxy.PID, b.Name, s.Name, s.reason(), b.Active(), sessions)
	w.emptied(h, b)
}

// emptied notes that a backend lost its last server, if it did.
func (w *World) emptied(h *Host, b *Backend) {
	if b.Active() > 0 {
		return
	}
	b.Since = w.now
	b.Downs++
	h.Log(HAProxyUnit, 6, "[ALERT]    (%d) : backend '%s' has no server available!", h.HAProxy.PID, b.Name)
}

func (w *World) turnUp(h *Host, b *Backend, s *Server) {
	if b.Active() == 0 {
		b.Downtime += w.now.Sub(b.Since)
		b.Since = w.now
	}
	s.Downtime += w.now.Sub(s.Since)
	s.Up, s.Since = true, w.now
	h.Log(HAProxyUnit, 6, "[WARNING]  (%d) : Server %s/%s is UP, %s. %d active and 0 backup servers online. 0 sessions requeued, 0 total in queue.",
		h.HAProxy.PID, b.Name, s.Name, s.reason(), b.Active())
}

// quick is how long an answer takes that comes.
const quick = 2 * time.Millisecond

// healthy is one check of a server.
func (w *World) healthy(h *Host, b *Backend, s *Server) verdict {
	o := w.Host(s.Host)
	step := ""
	if b.Check == "redis" || b.Check == "pgbouncer" || b.Check == "tcp" {
		if step = " at step 1 of tcp-check (connect)"; s.checkPort != 0 {
			step = fmt.Sprintf(" at step 1 of tcp-check (connect port %d)", s.checkPort)
		}
	}
	if o == nil || !w.Reaches(h.Name, o.Name) {
		return verdict{status: "L4TOUT", text: step, took: s.connectTimeout}
	}
	refused := verdict{status: "L4CON", text: "Connection refused" + step}
	silent := func(step int, expected string) verdict {
		return verdict{status: "L7TOUT", text: fmt.Sprintf(" at step %d of tcp-check (expect string '%s')", step, expected), took: s.readTimeout}
	}
	passed := verdict{good: true, status: "L7OK", text: "(tcp-check)", took: quick}
	switch b.Check {
	case "redis":
		switch {
		case !w.RedisAnswers(h.Name, o):
			return refused
		case !o.Redis.Accepts(b.User, b.Password):
			return silent(3, "+OK")
		case !o.Redis.Master:
			return silent(5, "role:master")
		}
		return passed
	case "pgbouncer":
		if o.Bouncer == nil || !o.Bouncer.Running {
			return refused
		}
		return passed
	case "tcp":
		if !w.listens(h, o, s.Port) {
			return refused
		}
		return verdict{good: true, status: "L4OK", took: quick}
	}
	code := w.PatroniStatus(o, b.Check)
	switch code {
	case 0:
		return refused
	case http.StatusOK:
		return verdict{good: true, status: "L7OK", code: code, took: quick}
	}
	return verdict{status: "L7STS", code: code, text: http.StatusText(code), took: quick}
}

// listens says whether a host's port takes connections from another host, as far as the ports behind an entry go.
func (w *World) listens(from, to *Host, port int) bool {
	if !w.Reaches(from.Name, to.Name) {
		return false
	}
	switch port {
	case PostgresPort:
		return to.Postgres != nil && to.Postgres.Running
	case RedisPort:
		return w.RedisAnswers(from.Name, to)
	case BouncerPort:
		return to.Bouncer != nil && to.Bouncer.Running
	case PatroniPort:
		return to.Patroni != nil && to.Patroni.Running
	}
	return false
}
