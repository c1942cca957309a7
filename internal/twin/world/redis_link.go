package world

import (
	"fmt"
	"time"
)

const (
	// syncPause is how long a replica needs from the loss of its link to a synchronization with a master in reach.
	syncPause = time.Second
	// replTimeout is how long the two sides of a link wait in silence.
	replTimeout = time.Minute
)

// ReplicaOf makes a Redis a replica of another host, or a master when none is named. Its file stays as it is: RewriteRedis
// writes it.
func (w *World) ReplicaOf(h *Host, master string) {
	r := h.Redis
	if master == "" {
		if r.Master {
			return
		}
		r.log(h, notice, "Discarding previously cached master state.")
		r.PriorID, r.PriorEnd = r.ReplID, r.Offset+1
		r.ReplID = runID("history "+h.Name, w.now)
		r.log(h, notice, "Setting secondary replication ID to %s, valid up to offset: %d. New replication ID is %s", r.PriorID, r.PriorEnd, r.ReplID)
		r.Master, r.Upstream, r.Linked, r.LinkError, r.Heard = true, "", false, "", time.Time{}
		r.log(h, notice, "MASTER MODE enabled (user request from 'id=%d addr=%s:%d name=')", w.pid, h.IP, 40000+w.pid%20000)
		return
	}
	if !r.Master && r.Upstream == master {
		r.log(h, notice, "REPLICAOF would result into synchronization with the master we are already connected with. No operation performed.")
		return
	}
	if r.Master {
		r.log(h, notice, "Before turning into a replica, using my own master parameters to synthesize a cached master: I may be able to synchronize with the new master with just a partial transfer.")
	}
	r.Master, r.Upstream, r.Linked, r.LinkSince, r.LinkError, r.Heard = false, master, false, w.now, "", time.Time{}
	r.retry = w.now.Add(syncPause)
	ip := w.Host(master).IP
	r.log(h, notice, "Connecting to MASTER %s:%d", ip, RedisPort)
	r.log(h, notice, "MASTER <-> REPLICA sync started")
	r.log(h, notice, "REPLICAOF %s:%d enabled (user request from 'id=%d addr=%s:%d name=')", ip, RedisPort, w.pid, h.IP, 40000+w.pid%20000)
}

// DropLink ends a replica's connection to its master, as CLIENT KILL TYPE master does. It is made again at once, with the
// settings of now.
func (w *World) DropLink(h *Host) {
	if r := h.Redis; r.Linked {
		w.lose(h, "")
		r.retry = w.now.Add(syncPause)
	}
}

func (w *World) tickRedis() {
	for _, h := range w.Nodes() {
		r := h.Redis
		if r == nil || !r.Running || !h.Up() {
			continue
		}
		if r.Master {
			w.grow(h)
		} else {
			w.link(h)
		}
		w.attend(h)
	}
}

// grow is what a master's stream gets when nobody writes: pings for its replicas, and the Sentinels' greetings.
func (w *World) grow(h *Host) {
	if w.every(10*time.Second, 0) && len(h.Redis.Attached) > 0 {
		h.Redis.Offset += 14
	}
	if !w.every(2*time.Second, 0) {
		return
	}
	for _, o := range w.Nodes() {
		if s := o.Sentinel; s != nil && s.Running && s.Watched == h.Name && w.RedisAnswers(o.Name, h) {
			h.Redis.Offset += 146
		}
	}
}

// attend keeps a server's list of those who follow it.
func (w *World) attend(h *Host) {
	r := h.Redis
	for name, a := range r.Attached {
		o := w.Host(name)
		follows := o.Redis.Running && !o.Redis.Master && o.Redis.Upstream == h.Name && o.Redis.Linked
		switch reached := w.Reaches(h.Name, name); {
		case reached && !follows:
			delete(r.Attached, name)
			r.log(h, notice, "Connection with replica %s:%d lost.", o.IP, RedisPort)
		case !reached && w.now.Sub(a.Heard) >= replTimeout:
			delete(r.Attached, name)
			r.log(h, warning, "Disconnecting timedout replica (streaming sync): %s:%d", o.IP, RedisPort)
		case reached && w.every(time.Second, 0):
			a.Heard, a.Offset = w.now, o.Redis.Offset
		}
	}
}

// link keeps a replica in step with its master, or says why it is not.
func (w *World) link(h *Host) {
	r := h.Redis
	up := w.Host(r.Upstream)
	switch {
	case r.Linked && (up == nil || w.Reaches(h.Name, up.Name) && (!up.Redis.Running || up.Redis.RunID != r.upstreamRun)):
		w.lose(h, "Connection with master lost.")
		w.connect(h, up)
	case r.Linked && !w.Reaches(h.Name, up.Name):
		// Nobody says that it is over.
		if w.now.Sub(r.Heard) >= replTimeout {
			w.lose(h, "MASTER timeout: no data nor PING received...")
		}
	case r.Linked:
		r.Heard, r.Offset, r.ReplID, r.PriorID, r.PriorEnd = w.now, up.Redis.Offset, up.Redis.ReplID, up.Redis.PriorID, up.Redis.PriorEnd
		r.Data = up.Redis.Data.clone()
	case !w.now.Before(r.retry):
		w.connect(h, up)
	}
}

func (w *World) lose(h *Host, why string) {
	r := h.Redis
	if why == "" {
		why = "Connection with master lost."
	}
	r.log(h, map[bool]string{true: warning, false: notice}[why[0] == 'M'], "%s", why)
	r.log(h, notice, "Caching the disconnected master state.")
	r.Linked, r.LinkSince, r.LinkError = false, w.now, why
}

// connect tries to make a link.
func (w *World) connect(h, up *Host) {
	r := h.Redis
	r.retry = w.now.Add(time.Second)
	fail := func(level, format string, args ...any) {
		r.LinkError = fmt.Sprintf(format, args...)
		r.log(h, level, "%s", r.LinkError)
	}
	if up == nil {
		r.LinkError = "Unable to connect to MASTER: Invalid argument"
		return
	}
	r.log(h, notice, "Connecting to MASTER %s:%d", up.IP, RedisPort)
	r.log(h, notice, "MASTER <-> REPLICA sync started")
	u := up.Redis
	switch {
	case !w.Reaches(h.Name, up.Name):
		r.retry = w.now.Add(3 * time.Second)
		fail(warning, "Error condition on socket for SYNC: No route to host")
		return
	case !w.RedisAnswers(h.Name, up):
		fail(warning, "Error condition on socket for SYNC: Connection refused")
		return
	}
	r.log(h, notice, "Non blocking connect for SYNC fired the event.")
	r.log(h, notice, "Master replied to PING, replication can continue...")
	switch {
	case !u.Open() && r.MasterAuth == "":
		fail(warning, "Unexpected reply to PSYNC from master: -NOAUTH Authentication required.")
		return
	case !u.Open() && !u.Accepts("default", r.MasterAuth):
		fail(warning, "Unable to AUTH to MASTER: -WRONGPASS invalid username-password pair or user is disabled.")
		return
	case !u.Master && !u.Linked:
		fail(notice, "MASTER aborted replication with an error: NOMASTERLINK Can't SYNC while not connected with my master")
		return
	}
	r.log(h, notice, "Trying a partial resynchronization (request %s:%d).", r.ReplID, r.Offset+1)
	if partial := r.ReplID == u.ReplID && r.Offset <= u.Offset || r.ReplID == u.PriorID && r.Offset < u.PriorEnd; partial {
		r.log(h, notice, "Successful partial resynchronization with master.")
		r.log(h, notice, "MASTER <-> REPLICA sync: Master accepted a Partial Resynchronization.")
		u.PartialSyncs++
	} else {
		r.log(h, notice, "Full resync from master: %s:%d", u.ReplID, u.Offset)
		r.log(h, notice, "MASTER <-> REPLICA sync: receiving streamed RDB from master with EOF to disk")
		r.log(h, notice, "MASTER <-> REPLICA sync: Flushing old data")
		r.log(h, notice, "MASTER <-> REPLICA sync: Loading DB in memory")
		r.log(h, notice, "MASTER <-> REPLICA sync: Finished with success")
		u.FullSyncs++
	}
	u.log(up, notice, "Synchronization with replica %s:%d succeeded", h.IP, RedisPort)
	r.Linked, r.LinkError, r.LinkSince, r.Heard, r.upstreamRun = true, "", w.now, w.now, u.RunID
	r.Offset, r.ReplID, r.PriorID, r.PriorEnd, r.Data = u.Offset, u.ReplID, u.PriorID, u.PriorEnd, u.Data.clone()
	u.Attached[h.Name] = &Attached{Since: w.now, Heard: w.now, Offset: u.Offset}
}
