package world

import "time"

// Commit is one write of a client.
type Commit struct {
	ID       int64
	Timeline int
	At       LSN
	When     time.Time
}

// Ledger keeps what clients were told. An acknowledged commit that the primary does not hold is lost.
type Ledger struct {
	Acknowledged []Commit
	// Refused counts writes that failed.
	Refused int
	next    int64
	known   map[int64]bool
}

func (l *Ledger) acknowledge(c Commit) {
	if l.known == nil {
		l.known = map[int64]bool{}
	}
	l.known[c.ID] = true
	l.Acknowledged = append(l.Acknowledged, c)
}

// Told says whether a client was told that its commit is safe.
func (w *World) Told(c Commit) bool { return w.Ledger.known[c.ID] }

// Lost counts the acknowledged commits that the primary does not hold; -1 while there is no primary to ask.
func (w *World) Lost() int {
	h := w.Leader()
	if h == nil {
		return -1
	}
	n := 0
	for _, c := range w.Ledger.Acknowledged {
		if !h.Postgres.Holds(c) {
			n++
		}
	}
	return n
}

// Leader is the host whose Patroni holds the lock and whose PostgreSQL is a primary that takes clients; nil when nobody is.
func (w *World) Leader() *Host {
	for _, h := range w.Hosts {
		if h.Patroni != nil && w.PatroniStatus(h, "/primary") == 200 {
			return h
		}
	}
	return nil
}

// tickClients lets NetBox's users write once a second, on the way that users go: the db address, HAProxy, PgBouncer.
func (w *World) tickClients() {
	if !w.Clients || !w.every(time.Second, 500*time.Millisecond) {
		return
	}
	for _, h := range w.Nodes() {
		if !h.Up() || !h.Has(w.Plan.WebVIP) {
			continue
		}
		to := w.writable(h)
		if to == nil {
			w.Ledger.Refused++
			continue
		}
		if _, err := w.Write(to, 512); err != nil {
			w.Ledger.Refused++
		}
	}
}

// writable is the database that a client on a host reaches through the whole entry, nil when the way is broken.
func (w *World) writable(from *Host) *Host {
	bouncer := w.ThroughEntry(from, "pgbouncer_nodes")
	if bouncer == nil || w.BouncerPath(bouncer, "netbox", "netbox", w.Plan.Secret["netbox"]) != "" {
		return nil
	}
	return w.ThroughEntry(bouncer, "pg_bkwrite")
}

// ThroughEntry is the server to which the HAProxy at the db address leads a client on a host.
func (w *World) ThroughEntry(from *Host, backend string) *Host {
	name, ok := w.Holder(from.Name, w.Plan.DBVIP)
	if !ok {
		return nil
	}
	proxy := w.Host(name)
	if !w.Reaches(from.Name, name) || proxy.HAProxy == nil || !proxy.HAProxy.Running {
		return nil
	}
	return w.Route(proxy, backend)
}
