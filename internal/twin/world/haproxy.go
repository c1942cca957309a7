package world

import (
	"fmt"
	"time"
)

// The unit, file and port of HAProxy.
const (
	HAProxyUnit = "haproxy"
	HAProxyFile = "/etc/haproxy/haproxy.cfg"
	StatsPort   = 7000
)

// HAProxy is one load balancer with its own view of the servers.
type HAProxy struct {
	Running bool
	Started time.Time
	// PID is the worker's; the unit's is the master process's.
	PID int
	// Backends in the order of the configuration, as it was read at the start or reload; Fronts likewise.
	Backends []*Backend
	Fronts   []*Front
}

// Front is one frontend.
type Front struct {
	Name, Bind string
	Port       int
	// Backend is where its connections go; empty for the statistics.
	Backend string
	// ID is its number among all proxies, Line that of its bind in the file.
	ID, Line int
	// Total counts the connections.
	Total int
}

// Backend is one backend and its servers.
type Backend struct {
	Name string
	// Check is what its health check asks: a path of Patroni's REST API, "redis" for the role, "pgbouncer" for TLS's question,
	// "tcp" for a connection. User and Password are those with which it asks a Redis.
	Check          string
	User, Password string
	Balance        string
	Servers        []*Server
	// Port is the one at the floating address that leads here, 0 when none does.
	Port int
	ID   int
	// Since is when it last got its first or lost its last server; Downs counts the losses, Downtime what it was without.
	Since    time.Time
	Downs    int
	Downtime time.Duration
	// Failed counts the connections that found no server.
	Failed int

	redispatch bool
	turn       int
}

// Server is one server as this HAProxy sees it.
type Server struct {
	Name, Host string
	Port       int
	// Up is the check's verdict; Maint an administrator's; Drain lets no new clients in.
	Up, Maint, Drain bool
	// Health counts from 0, down, over Rise, just up, to Rise+Fall-1.
	Health     int
	Rise, Fall int
	// Since is the last change of status, Downtime what was down before it.
	Since    time.Time
	Downtime time.Duration
	// Downs counts the falls, Failed the checks that failed while it was up.
	Downs, Failed int
	// Code, Status and Text are of the last check: 503, "L7STS", "Service Unavailable"; Took is how long it took. Checking
	// says that one runs.
	Code         int
	Status, Text string
	Took         time.Duration
	Checking     bool
	// Total counts the connections, Last is the last one. Current are open; whoever carries one counts it up and down.
	Total, Current int
	Last           time.Time
	// Cut counts how often its connections were ended: by a fall, by maintenance, by order. Who carries one ends it when this
	// grows.
	Cut int

	checked                     bool
	checkPort                   int
	inter, fastInter            time.Duration
	connectTimeout, readTimeout time.Duration
	next, ends                  time.Time
	pending                     verdict
}

// State is the server's status in HAProxy's words.
func (s *Server) State() string {
	switch {
	case s.Maint:
		return "MAINT"
	case s.Drain && s.Up:
		return "DRAIN"
	case s.Up:
		return "UP"
	}
	return "DOWN"
}

// Shown is the status with the checks that it is away from another one: "UP 1/2" goes down, "DOWN 1/2" comes up.
func (s *Server) Shown() string {
	switch state := s.State(); {
	case state == "UP" && !s.checked:
		return "no check"
	case state == "UP" && s.Health < s.Rise+s.Fall-1:
		return fmt.Sprintf("UP %d/%d", s.Health-s.Rise+1, s.Fall)
	case state == "DOWN" && s.Health > 0:
		return fmt.Sprintf("DOWN %d/%d", s.Health, s.Rise)
	default:
		return state
	}
}

// Usable says whether a new connection may go there.
func (s *Server) Usable() bool { return s.Up && !s.Maint && !s.Drain }

// Active counts the servers that take new connections.
func (b *Backend) Active() int {
	n := 0
	for _, s := range b.Servers {
		if s.Usable() {
			n++
		}
	}
	return n
}

func (p *HAProxy) start(h *Host) error {
	master := 0
	if u := h.Unit(HAProxyUnit); u != nil {
		master = u.PID
	}
	fronts, backends, err := readHAProxy(h.world, h.text(HAProxyFile), master)
	if err != nil {
		return err
	}
	bound := true
	for _, f := range fronts {
		if h.StrictBind && f.Bind != "" && f.Bind != "*" && f.Bind != "0.0.0.0" && f.Bind != "127.0.0.1" && !h.Has(f.Bind) {
			bound = false
			h.Log(HAProxyUnit, 6, "[ALERT]    (%d) : Binding [%s:%d] for frontend %s: cannot bind socket (Cannot assign requested address) for [%s:%d]",
				master, HAProxyFile, f.Line, f.Name, f.Bind, f.Port)
		}
	}
	if !bound {
		return words("[ALERT]    (%d) : [/usr/sbin/haproxy.main()] Some protocols failed to start their listeners! Exiting.", master)
	}
	h.world.pid += 3
	*p = HAProxy{Running: true, Started: h.world.now, PID: h.world.pid, Fronts: fronts, Backends: backends}
	for _, b := range backends {
		b.Since = h.world.now
		for _, s := range b.Servers {
			// A server is up until its checks say otherwise: the first one that fails takes it down.
			s.Up, s.Since, s.Health, s.Status = true, h.world.now, s.Rise, "INI"
			if !s.checked {
				s.Health, s.Status = s.Rise+s.Fall-1, ""
			}
		}
	}
	h.Log(HAProxyUnit, 6, "[NOTICE]   (%d) : New worker (%d) forked", master, p.PID)
	h.Log(HAProxyUnit, 6, "[NOTICE]   (%d) : Loading success.", master)
	return nil
}

func (p *HAProxy) stop(h *Host) {
	master := h.Unit(HAProxyUnit).PID
	h.Log(HAProxyUnit, 6, "[WARNING]  (%d) : Exiting Master process...", master)
	h.Log(HAProxyUnit, 6, "[ALERT]    (%d) : Current worker (%d) exited with code 143 (Terminated)", master, p.PID)
	h.Log(HAProxyUnit, 6, "[WARNING]  (%d) : All workers exited. Exiting... (0)", master)
	p.crash(h)
}

func (p *HAProxy) crash(*Host) { p.Running = false }

// reload starts a new worker, which knows nothing of the old one's checks and maintenance.
func (p *HAProxy) reload(h *Host) error {
	fresh := &HAProxy{}
	if err := fresh.start(h); err != nil {
		return err
	}
	*p = *fresh
	return nil
}

// CheckHAProxy is `haproxy -c`: what is wrong with a configuration.
func (w *World) CheckHAProxy(conf string) error {
	_, _, err := readHAProxy(w, conf, 1)
	return err
}
