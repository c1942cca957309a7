package tools

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"recon/internal/twin/world"
)

// socket is one of TCP.
type socket struct {
	state string // LISTEN, ESTAB, SYN-SENT
	// backlog is what ss shows as Send-Q of a listener.
	backlog     int
	local, peer end
	program     string
	pid, fd     int
}

type end struct {
	ip   string
	port string
}

func at(ip string, port int) end { return end{ip, strconv.Itoa(port)} }

// sockets are those of a host, as they follow from what runs there and from whom it talks to. The lock is held.
func sockets(w *world.World, h *world.Host) []socket {
	s := &tableOfSockets{world: w, host: h}
	if !h.Up() {
		return nil
	}
	s.listeners()
	s.connections()
	return s.all
}

type tableOfSockets struct {
	world *world.World
	host  *world.Host
	all   []socket
}

func (s *tableOfSockets) listen(unit, program string, backlog, fd int, ends ...end) {
	pid := 0
	if u := s.host.Unit(unit); u != nil {
		pid = u.PID
	}
	for i, e := range ends {
		any := "0.0.0.0"
		if strings.HasPrefix(e.ip, "[") {
			any = "[::]"
		}
		s.all = append(s.all, socket{state: "LISTEN", backlog: backlog, local: e, peer: end{any, "*"}, program: program, pid: pid, fd: fd + i})
	}
}

func (s *tableOfSockets) listeners() {
	h := s.host
	if h.Running("ssh") {
		s.listen("ssh", "sshd", 128, 6, at("0.0.0.0", 22), at("[::]", 22))
	}
	if h.Etcd != nil && h.Etcd.Running {
		s.listen(world.EtcdUnit, "etcd", 4096, 3, at(h.IP, world.EtcdPeer))
		s.listen(world.EtcdUnit, "etcd", 4096, 6, at("127.0.0.1", world.EtcdClient), at(h.IP, world.EtcdClient))
	}
	if h.Patroni != nil && h.Patroni.Running {
		s.listen(world.PatroniUnit, "patroni", 5, 5, at(h.IP, world.PatroniPort))
	}
	if h.Postgres != nil && h.Postgres.Running {
		s.all = append(s.all, socket{state: "LISTEN", backlog: 200, local: at(h.IP, world.PostgresPort), peer: end{"0.0.0.0", "*"}, program: "postgres", pid: h.Postgres.PID, fd: 6})
	}
	if r := h.Redis; r != nil && r.Running {
		bind := r.Bind
		if len(bind) == 0 {
			bind = []string{"127.0.0.1", h.IP}
		}
		for i, ip := range bind {
			s.listen("redis-server", "redis-server", 511, 8+i, at(strings.TrimPrefix(ip, "-"), 6379))
		}
	}
	if h.Sentinel != nil && h.Sentinel.Running {
		s.listen("redis-sentinel", "redis-sentinel", 511, 8, at("127.0.0.1", 26379), at(h.IP, 26379))
	}
	if h.Bouncer != nil && h.Bouncer.Running {
		s.listen("pgbouncer", "pgbouncer", 128, 7, at(h.IP, 6432))
	}
	if h.HAProxy != nil && h.HAProxy.Running {
		s.listen("haproxy", "haproxy", 4096, 9, at(h.IP, 7000))
		for i, f := range h.HAProxy.Fronts {
			if f.Port != 0 && f.Backend != "" {
				s.listen("haproxy", "haproxy", 4096, 10+i, at(f.Bind, f.Port))
			}
		}
	}
	if n := h.NetBox; n != nil {
		if n.Proxy {
			s.listen("nginx", "nginx", 511, 5, at("0.0.0.0", 80), at("0.0.0.0", 443))
		}
		if n.App {
			s.listen("netbox", "gunicorn", 2048, 5, at("127.0.0.1", 8001))
		}
	}
}

// ephemeral is a port for the client's end of a connection, the same at both of its ends.
func ephemeral(from, to string, port, turn int) int {
	n := 0
	for _, c := range fmt.Sprintf("%s %s %d %d", from, to, port, turn) {
		n = n*31 + int(c)
		n %= 1 << 24
	}
	return 32768 + n%28232
}

// connected adds the connection of a host to a port of another, as this host sees it.
func (s *tableOfSockets) connected(from, to *world.Host, ip string, port, turn int) {
	if s.host != from && s.host != to {
		return
	}
	client := at(from.IP, ephemeral(from.Name, ip, port, turn))
	server := at(ip, port)
	reaches := s.world.Reaches(from.Name, to.Name)
	if s.host == from {
		state := "ESTAB"
		if !reaches {
			state = "SYN-SENT" // it tries again and again
		}
		s.all = append(s.all, socket{state: state, local: client, peer: server})
	}
	if s.host == to && reaches {
		s.all = append(s.all, socket{state: "ESTAB", local: server, peer: client})
	}
}

// connections are those that the stack keeps: between members, to the store, of replication and of pools.
func (s *tableOfSockets) connections() {
	w := s.world
	for _, from := range w.Nodes() {
		if !from.Up() {
			continue
		}
		for _, to := range w.Nodes() {
			if from == to {
				continue
			}
			if from.Etcd.Running && (!w.Reaches(from.Name, to.Name) || to.Etcd.Running) {
				s.connected(from, to, to.IP, world.EtcdPeer, 0)
				s.connected(from, to, to.IP, world.EtcdPeer, 1)
			}
			if from.Sentinel != nil && from.Sentinel.Running && to.Redis != nil && to.Redis.Running {
				s.connected(from, to, to.IP, 6379, 0)
			}
		}
		if p := from.Postgres; p.Running && p.Streaming {
			if up := w.Host(p.Upstream); up != nil {
				s.connected(from, up, up.IP, world.PostgresPort, 0)
			}
		}
		if from.Patroni.Running && from.Etcd.Running {
			s.connected(from, from, from.IP, world.EtcdClient, 0)
		}
		if r := from.Redis; r != nil && r.Running && !r.Master && r.Linked {
			if up := w.Host(r.Upstream); up != nil {
				s.connected(from, up, up.IP, 6379, 2)
			}
		}
		s.pooled(from)
	}
}

// pooled are PgBouncer's connections to its upstreams.
func (s *tableOfSockets) pooled(from *world.Host) {
	if from.Bouncer == nil || !from.Bouncer.Running {
		return
	}
	var names []string
	for name := range from.Bouncer.Databases {
		names = append(names, name)
	}
	slices.Sort(names)
	turn := 10
	for _, name := range names {
		pool := from.Bouncer.Databases[name]
		ip, port, ok := strings.Cut(pool.Upstream, ":")
		n, err := strconv.Atoi(port)
		if !ok || err != nil {
			continue
		}
		holder, found := s.world.Holder(from.Name, ip)
		to := s.world.Host(holder)
		if !found || to == nil {
			continue
		}
		for range pool.Used {
			turn++
			s.connected(from, to, ip, n, turn)
		}
	}
}
