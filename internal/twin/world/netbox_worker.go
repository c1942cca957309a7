package world

import "time"

const (
	// heartbeat is how often a worker says that it lives; lifetime is how long its registration lasts without.
	heartbeat = 30 * time.Second
	lifetime  = 8 * time.Minute
)

func (x worker) start(h *Host) error {
	s, err := readNetBox(h)
	if err != nil {
		return err
	}
	x.Worker, x.Registered, x.Born, x.Redis, x.workerSettings = true, false, h.world.now, "", s
	x.PID = h.world.pid
	return nil
}

// stop takes the registration back where the worker is connected.
func (x worker) stop(h *Host) {
	if x.Worker && h.world.connected(h) {
		delete(x.line.server.Redis.Data.Workers, x.name(h))
	}
	x.crash(h)
}
func (x worker) crash(*Host)        { x.Worker, x.Registered, x.Redis = false, false, "" }
func (x worker) reload(*Host) error { return nil }

// name is what the worker calls itself in Redis.
func (n *NetBox) name(h *Host) string {
	return runID(h.Name+" worker", n.Born)[:32]
}

// WorkerName is what the worker of a host calls itself in Redis.
func (w *World) WorkerName(h *Host) string { return h.NetBox.name(h) }

// connected says whether a worker's connection still stands: through the same HAProxy to the same Redis, which HAProxy did
// not take down in between.
func (w *World) connected(h *Host) bool {
	n := h.NetBox
	l := n.line
	if n.Redis == "" || l.proxy == nil || !w.Reaches(h.Name, l.proxy.Name) || !w.Reaches(l.proxy.Name, l.server.Name) {
		return false
	}
	p, r := l.proxy.HAProxy, l.server.Redis
	if !p.Running || p.PID != l.worker || !r.Running || r.RunID != n.Redis || !l.proxy.Has(w.Plan.DBVIP) {
		return false
	}
	s := w.serverOn(p, l.server)
	return s != nil && s.Cut == l.cut
}

// serverOn is the server of the Redis backend on a host.
func (w *World) serverOn(p *HAProxy, host *Host) *Server {
	if b := p.Backend("be_redis_master"); b != nil {
		for _, s := range b.Servers {
			if s.Host == host.Name {
				return s
			}
		}
	}
	return nil
}

// connect leads a worker to a Redis again. One that was registered elsewhere is not known here: RQ does not register a
// second time.
func (w *World) connectWorker(h *Host) bool {
	n := h.NetBox
	was := n.Redis
	server := w.redisAt(h, n.workerSettings.redis)
	name, ok := w.Holder(h.Name, n.workerSettings.redis.host)
	if server == nil || !ok {
		if was != "" {
			h.Log(WorkerUnit, 4, "Could not connect to Redis instance: Error 111 connecting to %s:%d. Connection refused. Retrying in 1 seconds...", n.workerSettings.redis.host, n.workerSettings.redis.port)
		}
		return false
	}
	p := w.Host(name)
	n.line = redisLineOf{proxy: p, server: server}
	if p.HAProxy != nil {
		n.line.worker = p.HAProxy.PID
		if s := w.serverOn(p.HAProxy, server); s != nil {
			n.line.cut = s.Cut
		}
	}
	if was != "" && was != server.Redis.RunID && n.Registered {
		delete(server.Redis.Data.Workers, n.name(h))
	}
	n.Redis = server.Redis.RunID
	return true
}

func (w *World) tickNetBox() {
	if !w.every(time.Second, 0) {
		return
	}
	for _, h := range w.Nodes() {
		if n := h.NetBox; n != nil && n.Worker && h.Up() && (w.connected(h) || w.connectWorker(h)) {
			w.work(h)
		}
	}
	for _, h := range w.Nodes() {
		if h.Redis == nil || !h.Redis.Running || !h.Redis.Master {
			continue
		}
		for name, reg := range h.Redis.Data.Workers {
			if w.now.Sub(reg.Heartbeat) > lifetime && w.now.After(reg.Until) {
				delete(h.Redis.Data.Workers, name)
			}
		}
	}
}

// work is a second of a worker's life: it registers once, says that it lives, and does a job.
func (w *World) work(h *Host) {
	n, server := h.NetBox, h.NetBox.line.server
	if w.RedisWrites(server) != "" {
		return
	}
	data := &server.Redis.Data
	name := n.name(h)
	reg, known := data.Workers[name]
	switch {
	case !n.Registered:
		n.Registered, data.Queues = true, true
		data.Workers[name] = Worker{Host: h.Name, Birth: w.now, Heartbeat: w.now, PID: n.PID}
		h.Log(WorkerUnit, 6, "Worker %s: started with PID %d, version 2.3.1", name, n.PID)
		h.Log(WorkerUnit, 6, "*** Listening on high, default, low...")
		server.Redis.Offset += 300
	case known && w.every(heartbeat, 0):
		reg.Heartbeat = w.now
		data.Workers[name] = reg
		server.Redis.Offset += 120
	}
	if len(data.Jobs) > 0 && w.reaches(h, n.workerSettings.database) != nil {
		h.Log(WorkerUnit, 6, "default: Job OK (%s)", data.Jobs[0])
		data.Jobs = data.Jobs[1:]
		server.Redis.Offset += 200
	}
}
