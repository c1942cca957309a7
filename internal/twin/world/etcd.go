package world

import (
	"cmp"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"
)

// electionTime is how long a majority goes without a leader before it has one again: election-timeout and a vote.
const electionTime = 1500 * time.Millisecond

// The errors of the store, in etcd's words.
var (
	ErrNoLeader = errors.New("etcdserver: no leader")
	ErrNoSpace  = errors.New("etcdserver: mvcc: database space exceeded")
	ErrNoLease  = errors.New("etcdserver: requested lease not found")
)

// Store is what the etcd cluster agreed on. It changes only while a majority of members hears each other.
type Store struct {
	Rev  int64
	Term uint64
	// Compacted is the newest revision whose history is forgotten.
	Compacted int64
	Index     uint64
	Keys      map[string]*Key
	Leases    map[int64]*Lease
	// Leader is the host of the raft leader, empty while there is none.
	Leader string
	// Alarms are the members with a NOSPACE alarm, by host.
	Alarms map[string]bool
	// Corrupt is the host of the member with a CORRUPT alarm: the store refuses everything but alarms.
	Corrupt string
	// Unstarted counts the members beside the hosts' own that were added and never started: they count for a majority.
	Unstarted int
	// leaderless is since when there is a majority without a leader, or when there was none last.
	leaderless time.Time
	lastLease  int64
}

// Key is one pair; Lease is 0 when it lives for ever.
type Key struct {
	Value                string
	Lease                int64
	Create, Mod, Version int64
}

// Lease is a time to live that its owner renews.
type Lease struct {
	TTL     time.Duration
	Expires time.Time
}

// EtcdMember is one member. While it is not with the majority it answers serializable reads from Stale.
type EtcdMember struct {
	ID      uint64
	Running bool
	Started time.Time
	// Quota and DBSize are in bytes; Use is what would be left after a defragmentation.
	Quota, DBSize, Use int64
	// Stalled is until when its disk keeps it from answering and voting.
	Stalled time.Time
	// Behind is how many entries it has not applied yet.
	Behind uint64
	// Majority says whether it hears a leader.
	Majority bool
	// Stale is the store as it was when the member lost the majority; nil while it is with it.
	Stale *Store
}

func newStore() Store {
	return Store{Rev: 1, Term: 2, Index: 8, Keys: map[string]*Key{}, Leases: map[int64]*Lease{}, Alarms: map[string]bool{}, lastLease: 7587869283847216640}
}

func (s *Store) clone() *Store {
	c := *s
	c.Keys, c.Leases, c.Alarms = map[string]*Key{}, map[int64]*Lease{}, maps.Clone(s.Alarms)
	for k, v := range s.Keys {
		copied := *v
		c.Keys[k] = &copied
	}
	for k, v := range s.Leases {
		copied := *v
		c.Leases[k] = &copied
	}
	return &c
}

func (m *EtcdMember) start(h *Host) error {
	if h.Files != nil && !h.Files.Exists(EtcdData+"/member") {
		return errors.New(`{"level":"fatal","msg":"discovery failed","error":"member ` + h.Name + ` has already been bootstrapped"}`)
	}
	if h.Sealed == EtcdData {
		return errors.New(`{"level":"fatal","msg":"failed to open WAL","error":"open ` + EtcdData + `/member/wal: read-only file system"}`)
	}
	m.Running, m.Started = true, h.world.now
	return nil
}

func (m *EtcdMember) stop(h *Host)             { m.crash(h) }
func (m *EtcdMember) reload(*Host) error       { return nil }
func (m *EtcdMember) crash(*Host)              { m.Running, m.Majority = false, false }
func (m *EtcdMember) votes(now time.Time) bool { return m.Running && !now.Before(m.Stalled) }

// EtcdMembers are the hosts with a member of the cluster, in order.
func (w *World) EtcdMembers() []*Host {
	var out []*Host
	for _, h := range w.Hosts {
		if h.Etcd != nil {
			out = append(out, h)
		}
	}
	return out
}

// majority are the members of a group that hears itself and is more than half of all; nil when there is none.
func (w *World) majority() []*Host {
	all := w.EtcdMembers()
	for _, first := range all {
		if !first.Up() || !first.Etcd.votes(w.now) {
			continue
		}
		group := []*Host{first}
		for _, h := range all {
			if h != first && h.Up() && h.Etcd.votes(w.now) && w.Reaches(first.Name, h.Name) {
				group = append(group, h)
			}
		}
		if len(group) > (len(all)+w.Etcd.Unstarted)/2 {
			return group
		}
	}
	return nil
}

func (w *World) tickEtcd() {
	s := &w.Etcd
	group := w.majority()
	has := func(name string) bool {
		return slices.ContainsFunc(group, func(h *Host) bool { return h.Name == name })
	}
	if !has(s.Leader) {
		if s.Leader != "" || s.leaderless.IsZero() || group == nil {
			s.Leader, s.leaderless = "", w.now
		}
		if group != nil && w.now.Sub(s.leaderless) >= electionTime {
			w.elect(group)
		}
	}
	for _, h := range w.EtcdMembers() {
		m := h.Etcd
		m.Majority = s.Leader != "" && has(h.Name)
		switch {
		case m.Majority:
			m.Stale = nil
		case m.Stale == nil:
			m.Stale = s.clone()
			m.Stale.Leader = ""
			if m.Running && h.Up() {
				h.Log(EtcdUnit, 4, `{"level":"warn","msg":"lost leader","local-member-id":"%x","error":"etcdserver: no leader"}`, m.ID)
			}
		}
		if m.Quota > 0 && m.DBSize > m.Quota && m.Majority && !s.Alarms[h.Name] {
			s.Alarms[h.Name] = true
			h.Log(EtcdUnit, 4, `{"level":"warn","msg":"alarm raised","alarm":"NOSPACE","from":"%x"}`, m.ID)
		}
	}
	if s.Leader == "" {
		return
	}
	for id, l := range s.Leases {
		if w.now.After(l.Expires) {
			w.Revoke(id)
		}
	}
}

// elect makes the member with the longest log the leader, and gives every lease its full time again, as etcd does.
func (w *World) elect(group []*Host) {
	s := &w.Etcd
	best := slices.MinFunc(group, func(a, b *Host) int { return cmp.Compare(a.Name, b.Name) })
	s.Leader, s.leaderless = best.Name, time.Time{}
	s.Term++
	s.Index++
	for _, l := range s.Leases {
		l.Expires = w.now.Add(l.TTL)
	}
	for _, h := range group {
		h.Log(EtcdUnit, 6, `{"level":"info","logger":"raft","msg":"raft.node: %x elected leader %x at term %d"}`, h.Etcd.ID, best.Etcd.ID, s.Term)
	}
}

// serves says whether a client on a host reaches a member that hears a leader.
func (w *World) serves(from *Host) bool {
	if w.Etcd.Corrupt != "" {
		return false
	}
	for _, h := range w.EtcdMembers() {
		if h.Up() && h.Etcd.Majority && h.Etcd.votes(w.now) && w.Reaches(from.Name, h.Name) {
			return true
		}
	}
	return false
}

// Put writes a key. The caller has made sure that it reaches a majority.
func (w *World) Put(key, value string, lease int64) error {
	s := &w.Etcd
	if s.Leader == "" {
		return ErrNoLeader
	}
	if len(s.Alarms) > 0 {
		return ErrNoSpace
	}
	if lease != 0 && s.Leases[lease] == nil {
		return ErrNoLease
	}
	s.Rev++
	s.Index++
	k := s.Keys[key]
	if k == nil {
		k = &Key{Create: s.Rev}
		s.Keys[key] = k
	}
	k.Value, k.Lease, k.Mod, k.Version = value, lease, s.Rev, k.Version+1
	for _, h := range w.EtcdMembers() {
		h.Etcd.DBSize += int64(len(key)+len(value)) / 16
	}
	w.wake(key)
	return nil
}

// Delete removes the keys of a range: one key when end is empty, those from key to before end otherwise.
func (w *World) Delete(key, end string) int {
	s, n := &w.Etcd, 0
	for _, k := range s.Range(key, end) {
		delete(s.Keys, k)
		n++
		w.wake(k)
	}
	if n > 0 {
		s.Rev++
		s.Index++
	}
	return n
}

// Range are the names of the keys of a range, in order. An end of "\x00" means all from key on.
func (s *Store) Range(key, end string) []string {
	var out []string
	for k := range s.Keys {
		if k == key && end == "" || end != "" && k >= key && (k < end || end == "\x00") {
			out = append(out, k)
		}
	}
	slices.Sort(out)
	return out
}

// Grant makes a lease.
func (w *World) Grant(ttl time.Duration) (int64, error) {
	s := &w.Etcd
	switch {
	case s.Leader == "":
		return 0, ErrNoLeader
	case len(s.Alarms) > 0:
		return 0, ErrNoSpace
	}
	s.lastLease += 257
	s.Leases[s.lastLease] = &Lease{TTL: ttl, Expires: w.now.Add(ttl)}
	s.Index++
	return s.lastLease, nil
}

// Renew gives a lease its full time again. It works while an alarm is up: nothing is written.
func (w *World) Renew(id int64) error {
	l := w.Etcd.Leases[id]
	switch {
	case w.Etcd.Leader == "":
		return ErrNoLeader
	case l == nil:
		return ErrNoLease
	}
	l.Expires = w.now.Add(l.TTL)
	return nil
}

// Revoke ends a lease and deletes its keys.
func (w *World) Revoke(id int64) {
	delete(w.Etcd.Leases, id)
	for name, k := range w.Etcd.Keys {
		if k.Lease == id {
			w.Delete(name, "")
		}
	}
}

// Defrag gives a member's unused bytes back.
func (m *EtcdMember) Defrag() { m.DBSize = m.Use }

// Compact forgets the old revisions of all members; a defragmentation gives their bytes back.
func (w *World) Compact() {
	w.Etcd.Compacted = w.Etcd.Rev
	var size int64 = 20 << 10
	for k, v := range w.Etcd.Keys {
		size += int64(len(k) + len(v.Value))
	}
	for _, h := range w.EtcdMembers() {
		h.Etcd.Use = size
	}
}

// Disarm ends the alarms.
func (w *World) Disarm() { clear(w.Etcd.Alarms) }

// View is the store as a member sees it.
func (w *World) View(h *Host) *Store {
	if h.Etcd.Stale != nil {
		return h.Etcd.Stale
	}
	return &w.Etcd
}

// wake lets the agents that wait for a key act at once: Patroni watches the leader key.
func (w *World) wake(key string) {
	if !strings.HasSuffix(key, "/leader") && !strings.HasSuffix(key, "/failover") && !strings.HasSuffix(key, "/config") {
		return
	}
	for _, h := range w.Hosts {
		if a := h.Patroni; a != nil && a.Running && a.Doing == "" && w.serves(h) {
			a.NextLoop = w.now
		}
	}
}
