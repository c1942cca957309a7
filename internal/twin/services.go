package twin

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
	"time"

	"recon/internal/twin/servers"
	"recon/internal/twin/world"
)

// endpoint is a port of a host and the address that it is bound to.
type endpoint struct {
	bind string
	port int
}

// service is one program of a host that listens. Its methods are called with the machine's lock held.
type service struct {
	machine *machine
	name    string
	// listens are where it should listen now; nil while it does not run. It is called with the world's lock held. The
	// second value changes when a new process runs.
	listens func(h *world.Host) ([]endpoint, time.Time)
	// serve serves a listener until stop is called; it returns at once.
	serve func(l net.Listener) (stop func())

	open  map[endpoint]listening
	since time.Time
}

type listening struct {
	net.Listener
	stop func()
}

// follow makes the ports be as the world wants them.
func (s *service) follow() {
	var want []endpoint
	var since time.Time
	w := s.machine.twin.World
	w.Look(func() {
		if h := w.Host(s.machine.name); h.Up() {
			want, since = s.listens(h)
		}
	})
	if !since.Equal(s.since) {
		s.shut()
		s.since = since
	}
	keep := map[endpoint]bool{}
	for _, e := range want {
		keep[e] = true
		if _, ok := s.open[e]; ok {
			continue
		}
		l, err := s.machine.twin.net.Listen(s.machine.name, e.port, e.bind)
		if err != nil {
			continue // another has the port: the next look tries again
		}
		if s.open == nil {
			s.open = map[endpoint]listening{}
		}
		s.open[e] = listening{l, s.serve(l)}
	}
	for e, l := range s.open {
		if !keep[e] {
			s.end(e, l)
		}
	}
}

func (s *service) shut() {
	for e, l := range s.open {
		s.end(e, l)
	}
}

func (s *service) end(e endpoint, l listening) {
	_ = l.Close() // in memory
	s.machine.twin.net.CloseConns(s.machine.name, e.port, true)
	l.stop()
	delete(s.open, e)
}

// offer are the services of a node.
func (m *machine) offer(plan world.Plan, ip string) []*service {
	t, w, host := m.twin, m.twin.World, m.name
	own := func(port int) []endpoint { return []endpoint{{ip, port}} }
	unit := func(name string, ends ...endpoint) func(*world.Host) ([]endpoint, time.Time) {
		return func(h *world.Host) ([]endpoint, time.Time) {
			if !h.Running(name) {
				return nil, time.Time{}
			}
			return ends, h.Unit(name).Since
		}
	}
	wait := func(r *http.Request, most time.Duration, done func() bool) bool {
		return t.wait(r.Context(), most, done)
	}
	all := []*service{
		{name: "ssh", listens: unit("ssh", endpoint{"*", 22}), serve: m.serveSSH},
		{name: "etcd", listens: unit(world.EtcdUnit, endpoint{ip, world.EtcdClient}, endpoint{"127.0.0.1", world.EtcdClient}), serve: m.serveEtcd},
		{name: "etcd-peer", listens: unit(world.EtcdUnit, endpoint{ip, world.EtcdPeer}), serve: m.serveNothing},
		{name: "patroni", listens: func(h *world.Host) ([]endpoint, time.Time) {
			if !h.Patroni.Running {
				return nil, time.Time{}
			}
			return own(world.PatroniPort), h.Patroni.Started
		}, serve: m.serveHTTP(servers.Patroni(w, host, wait), false)},
		{name: "haproxy-stats", listens: unit(world.HAProxyUnit, endpoint{ip, world.StatsPort}), serve: m.serveHTTP(servers.HAProxyStats(w, host), true)},
		{name: "web", listens: unit(world.WebUnit, endpoint{"*", 80}), serve: m.serveHTTP(servers.WebPlain(), true)},
		{name: "web-tls", listens: unit(world.WebUnit, endpoint{"*", 443}), serve: m.serveTLS(servers.Web(w, host))},
		{name: "netbox", listens: unit(world.NetBoxUnit, endpoint{"127.0.0.1", world.NetBoxPort}), serve: m.serveHTTP(servers.NetBoxApp(w, host), true)},
		{name: "redis", listens: func(h *world.Host) ([]endpoint, time.Time) {
			if !h.Redis.Running {
				return nil, time.Time{}
			}
			var ends []endpoint
			for _, bind := range h.Redis.Bind {
				ends = append(ends, endpoint{bind, world.RedisPort})
			}
			return ends, h.Redis.Started
		}, serve: m.serveRedis},
		{name: "sentinel", listens: unit(world.SentinelUnit, endpoint{ip, world.SentinelPort}, endpoint{"127.0.0.1", world.SentinelPort}), serve: m.serveSentinel},
		{name: "postgres", listens: func(h *world.Host) ([]endpoint, time.Time) {
			if !h.Postgres.Running {
				return nil, time.Time{}
			}
			return []endpoint{{ip, world.PostgresPort}, {"/var/run/postgresql/.s.PGSQL.5432", 0}}, h.Postgres.Started
		}, serve: m.servePostgres()},
		{name: "pgbouncer", listens: unit(world.BouncerUnit, endpoint{ip, world.BouncerPort}, endpoint{"/var/run/postgresql/.s.PGSQL.6432", 0}), serve: m.serveBouncer()},
	}
	for _, f := range []struct {
		port    int
		backend string
	}{{5432, "pg_bkwrite"}, {5433, "pg_bkread"}, {6379, "be_redis_master"}, {6432, "pgbouncer_nodes"}} {
		all = append(all, &service{name: "haproxy-" + f.backend, listens: unit(world.HAProxyUnit, endpoint{plan.DBVIP, f.port}), serve: m.serveProxy(f.backend)})
	}
	for _, s := range all {
		s.machine = m
	}
	return all
}

// accept calls handle for each connection, and returns what ends that.
func (m *machine) accept(l net.Listener, handle func(ctx context.Context, c net.Conn)) (stop func()) {
	ctx, cancel := context.WithCancel(m.twin.ctx)
	m.served.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			m.served.Go(func() {
				stop := context.AfterFunc(ctx, func() { _ = c.Close() })
				defer stop()
				defer c.Close()
				handle(ctx, c)
			})
		}
	})
	return func() {
		_ = l.Close() // in memory
		cancel()
	}
}

// serveNothing takes connections and says nothing, as a peer port does to a stranger.
func (m *machine) serveNothing(l net.Listener) func() {
	return m.accept(l, func(_ context.Context, c net.Conn) {
		_, _ = io.Copy(io.Discard, c) // until the other side goes
	})
}

// serveSSH is port 22 inside the cluster.
func (m *machine) serveSSH(l net.Listener) func() {
	m.served.Go(func() { m.ssh.Serve(l) })
	return func() {}
}

func (m *machine) serveHTTP(h http.Handler, keep bool) func(net.Listener) func() {
	return func(l net.Listener) func() {
		srv := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second, ErrorLog: log.New(io.Discard, "", 0)}
		srv.SetKeepAlivesEnabled(keep)
		m.served.Go(func() { _ = srv.Serve(l) }) // it ends by Close
		return func() { _ = srv.Close() }
	}
}

func (m *machine) serveTLS(h http.Handler) func(net.Listener) func() {
	plain := m.serveHTTP(h, true)
	var mu sync.Mutex
	var read string
	var shown tls.Certificate
	certificate := func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
		var pair []byte
		m.twin.World.Look(func() { pair = m.twin.World.Host(m.name).NetBox.Pair })
		mu.Lock()
		defer mu.Unlock()
		if read == string(pair) && read != "" {
			c := shown
			return &c, nil
		}
		c, err := tls.X509KeyPair(pair, pair)
		if err == nil {
			read, shown = string(pair), c
		}
		return &c, err
	}
	return func(l net.Listener) func() {
		// One curve is enough, and the cheapest: every look at the web is a handshake.
		conf := &tls.Config{MinVersion: tls.VersionTLS12, CurvePreferences: []tls.CurveID{tls.X25519}, GetCertificate: certificate}
		return plain(tls.NewListener(l, conf))
	}
}

func (m *machine) serveEtcd(l net.Listener) func() {
	srv := servers.Etcd(m.twin.World, m.name)
	m.served.Go(func() { _ = srv.Serve(l) }) // it ends by Stop
	return srv.Stop
}

// serveProxy is HAProxy's way to a backend: a new connection goes to a server that its checks hold for good, and ends when
// that changes (on-marked-down shutdown-sessions).
func (m *machine) serveProxy(backend string) func(net.Listener) func() {
	return func(l net.Listener) func() {
		return m.accept(l, func(ctx context.Context, c net.Conn) {
			w := m.twin.World
			var way *world.Session
			address := ""
			w.Look(func() {
				if way = w.Enter(w.Host(m.name), backend); way != nil {
					address = fmt.Sprintf("%s:%d", w.Host(way.Host).IP, way.Port)
				}
			})
			if way == nil {
				return
			}
			defer w.Look(way.Leave)
			dial, cancel := context.WithTimeout(ctx, 4*time.Second)
			up, err := m.twin.net.Dial(dial, m.name, address)
			cancel()
			if err != nil {
				return
			}
			defer up.Close()
			m.twin.relays.Store(up.LocalAddr().String(), c.RemoteAddr().String())
			defer m.twin.relays.Delete(up.LocalAddr().String())
			m.join(ctx, c, up, func() (goes bool) {
				w.Look(func() { goes = way.Goes() })
				return goes
			})
		})
	}
}

// join copies between two connections until one ends, or HAProxy ends them.
func (m *machine) join(ctx context.Context, a, b net.Conn, usable func() bool) {
	ended := make(chan struct{}, 2)
	var both sync.WaitGroup
	pipe := func(to, from net.Conn) {
		_, _ = io.Copy(to, from) // its end is the end of the session, whichever side it came from
		ended <- struct{}{}
	}
	both.Go(func() { pipe(a, b) })
	both.Go(func() { pipe(b, a) })
	look := time.NewTicker(250 * time.Millisecond)
	defer look.Stop()
	for on := true; on; {
		select {
		case <-ctx.Done():
			on = false
		case <-ended:
			on = false
		case <-look.C:
			on = usable()
		}
	}
	_ = a.Close() // both are in memory
	_ = b.Close()
	both.Wait()
}
