package world

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// How long PostgreSQL takes, as seen on small databases.
const (
	startTime    = 2 * time.Second
	recoveryTime = 5 * time.Second // after a crash
	promoteTime  = time.Second
	rewindTime   = 3 * time.Second
	copyTime     = 8 * time.Second
	stopTime     = time.Second
	// stuckStop is how long a fast shutdown waits for standbys that cannot confirm, until wal_sender_timeout.
	stuckStop = 31 * time.Second
)

// Segment is the size of a WAL file in bytes.
const Segment = 16 << 20

// LSN is a position in the WAL, in bytes.
type LSN uint64

// String is the position as PostgreSQL writes it.
func (l LSN) String() string { return fmt.Sprintf("%X/%X", uint64(l)>>32, uint32(l)) }

// Fork is where a timeline ended, for those who went on with the next.
type Fork struct {
	Timeline int
	At       LSN
	Reason   string
	When     time.Time
	// Leader is who began the next timeline.
	Leader string
}

// Instance is the PostgreSQL of one host, running or not: what its data directory holds.
type Instance struct {
	// Exists is false when there is no data directory.
	Exists   bool
	SystemID string
	Running  bool
	// Ready is when a start, a recovery or a copy will be over; before that it refuses clients.
	Ready time.Time
	// Stopping says that a shutdown is under way, until Ready.
	Stopping bool
	Started  time.Time
	PID      int
	Primary  bool
	// Clean says that it was shut down in order.
	Clean    bool
	Timeline int
	// WAL is the end of what it wrote or received, Replayed of what it applied (the same on a primary).
	WAL, Replayed LSN
	// Checkpoint is the position of the last checkpoint, At its time.
	Checkpoint   LSN
	CheckpointAt time.Time
	// History are the forks before Timeline, oldest first.
	History      []Fork
	ReplayPaused bool
	// Upstream is the host that it follows; Streaming whether WAL comes from there now.
	Upstream  string
	Streaming bool
	// Slots are its replication slots by name.
	Slots map[string]*Slot
	// SyncNames are synchronous_standby_names; "*" is any.
	SyncNames []string
	// Waiting are commits that wait for a synchronous standby.
	Waiting []Commit
	// Settings are the values in force that need a restart to change.
	Settings map[string]string
	// RejectsAgent says that pg_hba refuses Patroni's own user.
	RejectsAgent bool
	// ReadOnly is default_transaction_read_only.
	ReadOnly bool
	// ArchiveFails is since when the archiving of WAL fails; zero where nothing is archived.
	ArchiveFails  time.Time
	Subscriptions []Subscription
	// Sessions are open transactions of clients beyond the usual ones, such as those of an exhausted pool.
	Sessions []ClientBackend
	// Local are commits that only this data directory holds, in its log.
	Local int
}

// Slot is a replication slot.
type Slot struct {
	Name, Kind string // physical, logical
	Restart    LSN
	Active     bool
}

// ClientBackend is a client's connection as pg_stat_activity shows it.
type ClientBackend struct {
	PID                 int
	User, Database, App string
	Client              string
	State, Query, Wait  string
	XactStart           time.Time
}

// Accepts says whether it takes clients now.
func (p *Instance) Accepts(now time.Time) bool {
	return p.Running && !p.Stopping && !now.Before(p.Ready)
}

// Starting says whether it runs and is not yet ready.
func (p *Instance) Starting(now time.Time) bool {
	return p.Running && !p.Stopping && now.Before(p.Ready)
}

func (p *Instance) launch(h *Host, primary bool) {
	w := h.world
	took := startTime
	if !p.Clean {
		took = recoveryTime
	}
	w.pid += 7
	p.Running, p.Stopping, p.Primary, p.Started, p.Ready, p.PID = true, false, primary, w.now, w.now.Add(took), w.pid
	p.Clean, p.Streaming, p.Waiting, p.Sessions = false, false, nil, nil
	p.readHBA(h)
	h.write(PGData+"/postmaster.pid", fmt.Sprintf("%d\n%s\n%d\n5432\n", p.PID, PGData, w.now.Unix()))
	if primary {
		h.erase(PGData + "/standby.signal")
	} else {
		h.write(PGData+"/standby.signal", "")
	}
	h.Log(PatroniUnit, 6, "LOG:  starting PostgreSQL 17.6 (Debian 17.6-0+deb13u1) on x86_64-pc-linux-gnu")
	if took == recoveryTime {
		h.Log(PatroniUnit, 6, "LOG:  database system was interrupted; last known up at %s", p.CheckpointAt.UTC().Format("2006-01-02 15:04:05 UTC"))
	}
	if !primary {
		h.Log(PatroniUnit, 6, "LOG:  entering standby mode")
	}
}

// shutDown ends it in order: its last checkpoint is on disk.
func (p *Instance) shutDown(h *Host) {
	if p.Running && !h.world.now.Before(p.Ready) || p.Stopping {
		p.Clean, p.Checkpoint, p.CheckpointAt = true, p.WAL, h.world.now
		h.Log(PatroniUnit, 6, "LOG:  database system is shut down")
	}
	p.gone(h)
}

// die ends it at once.
func (p *Instance) die(h *Host) { p.gone(h) }

func (p *Instance) gone(h *Host) {
	p.Running, p.Stopping, p.Streaming, p.Waiting, p.Sessions = false, false, false, nil, nil
	for _, s := range p.Slots {
		s.Active = false
	}
	h.erase(PGData + "/postmaster.pid")
}

// readHBA looks for a line before all others that refuses Patroni's user.
func (p *Instance) readHBA(h *Host) {
	p.RejectsAgent = false
	for line := range strings.Lines(h.text(PGData + "/pg_hba.conf")) {
		f := strings.Fields(line)
		if len(f) >= 4 && f[0] == "local" && (f[1] == "all" || f[1] == "postgres") && (f[2] == "all" || f[2] == "postgres") {
			p.RejectsAgent = f[3] == "reject"
			return
		}
	}
}

// fork is where a timeline ended in the history of an instance.
func (p *Instance) fork(timeline int) (LSN, bool) {
	for _, f := range p.History {
		if f.Timeline == timeline {
			return f.At, true
		}
	}
	return 0, false
}

// Holds says whether a commit is part of what the instance holds.
func (p *Instance) Holds(c Commit) bool {
	if c.Timeline == p.Timeline {
		return c.At <= p.WAL
	}
	at, ok := p.fork(c.Timeline)
	return ok && c.At <= at
}

// diverged says whether an instance holds what the other does not have, so that it cannot follow it.
func (p *Instance) diverged(from *Instance) bool {
	switch {
	case p.SystemID != from.SystemID, p.Timeline > from.Timeline:
		return true
	case p.Timeline == from.Timeline:
		return p.WAL > from.WAL
	}
	at, ok := from.fork(p.Timeline)
	return !ok || p.WAL > at
}

// become makes an instance's content that of another, as pg_rewind and pg_basebackup do.
func (p *Instance) become(from *Instance) {
	p.Exists, p.SystemID, p.Timeline, p.History = true, from.SystemID, from.Timeline, slices.Clone(from.History)
	p.WAL, p.Replayed, p.Checkpoint, p.CheckpointAt = from.WAL, from.WAL, from.Checkpoint, from.CheckpointAt
	p.Local, p.Clean, p.Primary = 0, true, false
}

func (w *World) tickPostgres() {
	for _, h := range w.Hosts {
		p := h.Postgres
		if p == nil || !h.Up() || !p.Running {
			continue
		}
		if p.Stopping && !w.now.Before(p.Ready) {
			p.shutDown(h)
			continue
		}
		if !p.Accepts(w.now) {
			continue
		}
		if p.Primary {
			if w.every(time.Second, 0) {
				p.WAL += 56 // what PostgreSQL logs by itself
			}
			if w.every(5*time.Minute, 0) {
				p.Checkpoint, p.CheckpointAt = p.WAL, w.now
			}
			p.Replayed = p.WAL
			continue
		}
		w.follow(h)
	}
	for _, h := range w.Hosts {
		if h.Postgres != nil && h.Up() && h.Postgres.Accepts(w.now) && h.Postgres.Primary {
			w.confirm(h)
		}
	}
}

// follow lets a standby take what its upstream has.
func (w *World) follow(h *Host) {
	p, up := h.Postgres, w.Host(h.Postgres.Upstream)
	was := p.Streaming
	p.Streaming = up != nil && up.Postgres != nil && w.Reaches(h.Name, up.Name) && up.Postgres.Accepts(w.now) && !p.diverged(up.Postgres)
	switch {
	case p.Streaming:
		p.WAL, p.Timeline, p.History = up.Postgres.WAL, up.Postgres.Timeline, slices.Clone(up.Postgres.History)
		if !was {
			h.Log(PatroniUnit, 6, "LOG:  started streaming WAL from primary at %s on timeline %d", p.WAL, p.Timeline)
		}
	case was:
		h.Log(PatroniUnit, 3, "FATAL:  could not receive data from WAL stream: server closed the connection unexpectedly")
	}
	if !p.ReplayPaused {
		p.Replayed = p.WAL
	}
}

// Standbys are the hosts that stream from a host now.
func (w *World) Standbys(h *Host) []*Host {
	var out []*Host
	for _, o := range w.Hosts {
		if p := o.Postgres; p != nil && o.Up() && p.Running && p.Streaming && p.Upstream == h.Name {
			out = append(out, o)
		}
	}
	return out
}

// SyncState is a standby's in pg_stat_replication: sync, potential or async.
func (p *Instance) SyncState(standby string) string {
	switch i := slices.Index(p.SyncNames, standby); {
	case i == 0 || slices.Contains(p.SyncNames, "*"):
		return "sync"
	case i > 0:
		return "potential"
	}
	return "async"
}

// confirm acknowledges the commits that wait for a standby which has them, moves the members' slots, and lets slots
// nobody reads keep what they keep.
func (w *World) confirm(h *Host) {
	p := h.Postgres
	standbys := w.Standbys(h)
	for _, s := range p.Slots {
		s.Active = false
	}
	for _, o := range standbys {
		name := slotName(o.Name)
		if p.Slots == nil {
			p.Slots = map[string]*Slot{}
		}
		if p.Slots[name] == nil {
			p.Slots[name] = &Slot{Name: name, Kind: "physical"}
		}
		p.Slots[name].Active, p.Slots[name].Restart = true, o.Postgres.WAL
	}
	if len(p.Waiting) == 0 {
		return
	}
	ok := len(p.SyncNames) == 0 || slices.ContainsFunc(standbys, func(o *Host) bool { return p.SyncState(o.Name) == "sync" })
	if ok {
		for _, c := range p.Waiting {
			c.When = w.now
			w.Ledger.acknowledge(c)
		}
		p.Waiting = nil
	}
}

func slotName(member string) string { return strings.NewReplacer("-", "_", ".", "_").Replace(member) }

// Write commits one transaction of a client on a primary and says where it ends. Whether it is acknowledged is asked with
// Acknowledged: it may wait for a standby.
func (w *World) Write(h *Host, bytes int) (Commit, error) {
	p := h.Postgres
	switch {
	case p == nil || !p.Accepts(w.now):
		return Commit{}, fmt.Errorf("nothing takes connections on %s", h.Name)
	case !p.Primary || p.ReadOnly:
		return Commit{}, fmt.Errorf("cannot execute UPDATE in a read-only transaction")
	}
	p.WAL += LSN(bytes)
	p.Replayed = p.WAL
	w.Ledger.next++
	c := Commit{ID: w.Ledger.next, Timeline: p.Timeline, At: p.WAL, When: w.now}
	p.Waiting = append(p.Waiting, c)
	for _, o := range w.Standbys(h) {
		if w.Reaches(h.Name, o.Name) {
			w.follow(o) // a commit takes less than a tick where nothing is wrong
		}
	}
	w.confirm(h)
	return c, nil
}

// Retained is how much WAL the primary keeps for its slots, in bytes.
func (p *Instance) Retained() int64 {
	least := p.WAL
	for _, s := range p.Slots {
		if s.Restart < least {
			least = s.Restart
		}
	}
	return int64(p.WAL - least)
}

// ReloadPostgres lets a server read pg_hba.conf again, as pg_ctl reload does.
func (w *World) ReloadPostgres(h *Host) { h.Postgres.readHBA(h) }

// HBA is a host's pg_hba.conf.
func (w *World) HBA(h *Host) string { return h.text(PGData + "/pg_hba.conf") }
