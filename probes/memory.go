package probes

import (
	"maps"
	"slices"
	"time"

	"recon/internal/inventory"
)

// memory is what the watch keeps beyond the last answers: what cannot be asked any more when a member is silent. It is
// replaced, never changed.
type memory struct {
	// names maps a node to Patroni's name of its member.
	names map[string]string
	// path is where Patroni keeps its keys, as the members and the hosts said last; the cluster file's word before that.
	path dcsPath
	// led are the leaders in the order in which they were seen, no two equal ones in a row.
	led []string
	// config is the newest configuration of Patroni that was seen.
	config *Config
	// free is when the leader lock was first seen free, down when the Sentinels were first seen to hold the Redis master for
	// down, and failing when a failover of theirs was first seen under way; zero while that is not so. failing outlives its
	// failover until the master is up again, because the next attempt is counted from it.
	free, down, failing time.Time
	// attempting is whether a failover of Sentinel was under way last.
	attempting bool
	// term is etcd's highest term, elections when it grew; moves are the floating addresses' by name.
	term      uint64
	elections changes
	moves     map[string]changes
	// disks is how full the file systems were.
	disks map[diskKey][]sample
}

func newMemory(c *inventory.Cluster) memory {
	m := memory{names: map[string]string{}}
	if c.Patroni != nil {
		m.path = dcsPath{namespace: c.Patroni.Namespace, scope: c.Patroni.Scope}
	}
	return m
}

// after is the memory after a State was seen.
func (m memory) after(s *State) memory {
	next := m
	next.names = maps.Clone(m.names)
	next.disks = sampled(m.disks, s.Nodes)
	for _, member := range s.Patroni.Members {
		next.names[member.Node] = member.Name
	}
	if scope := agreed(s.Nodes, func(n Node) *string { return n.PatroniScope }); scope != "" {
		next.path.scope = scope
	}
	if namespace := agreed(s.Nodes, func(n Node) *string { return n.PatroniNamespace }); namespace != "" {
		next.path.namespace = namespace
	}
	// The members' own word wins over a configuration file that may not have been loaded.
	if s.Patroni.Scope != nil && s.Patroni.Blind("scope") == "" {
		next.path.scope = *s.Patroni.Scope
	}
	leader := s.Patroni.present()
	if leader != "" && (len(m.led) == 0 || m.led[len(m.led)-1] != leader) {
		const most = 20
		next.led = append(slices.Clone(m.led[max(0, len(m.led)-most):]), leader)
	}
	next.timed(s)
	next.changed(s)
	return next
}

// timed keeps since when what Patroni and Sentinel wait for is so. What is not seen leaves it as it was.
func (m *memory) timed(s *State) {
	if p := &s.Patroni; p.Config != nil && p.Blind("config") == "" {
		m.config = p.Config
	}
	if p := &s.Patroni; p.Blind("lock_holder") == "" {
		m.free = since(p.LockHolder == nil, m.free, s.At)
	}
	watching, _ := s.Sentinel.watching()
	if len(watching) == 0 {
		return
	}
	w := watchers(watching)
	down := w.any(func(x SentinelMember) bool { return x.SDown || x.ODown })
	attempting := w.any(func(x SentinelMember) bool { return x.FailingOver })
	switch {
	case attempting && !m.attempting:
		m.failing = s.At
	case !attempting && !down:
		m.failing = time.Time{}
	}
	m.down, m.attempting = since(down, m.down, s.At), attempting
}

// since is when something began that is so, or the zero time.
func since(so bool, began, now time.Time) time.Time {
	switch {
	case !so:
		return time.Time{}
	case began.IsZero():
		return now
	}
	return began
}

// lockFree is since when the lock is free, in a State in which it is. masterDown and attempt are the same of the Redis
// master and of Sentinel's failover.
func (m memory) lockFree(s *State) time.Time { return since(true, m.free, s.At) }

func (m memory) masterDown(s *State) time.Time { return since(true, m.down, s.At) }

func (m memory) attempt(s *State) time.Time {
	if !m.attempting {
		return s.At
	}
	return since(true, m.failing, s.At)
}

// agreed is what all nodes that say something say, or "".
func agreed(nodes []Node, get func(Node) *string) string {
	said := ""
	for _, n := range nodes {
		v := get(n)
		switch {
		case v == nil:
		case said == "":
			said = *v
		case said != *v:
			return ""
		}
	}
	return said
}

// present is who leads now, by proof or else by the lock; "" when neither is seen or there.
func (p *Patroni) present() string {
	switch {
	case p.Blind("leader") == "" && p.Leader != nil:
		return p.Leader.Name
	case p.Blind("lock_holder") == "" && p.LockHolder != nil:
		return *p.LockHolder
	}
	return ""
}

// former is the member that led before the present one: the last other one that this console saw leading, else the last
// other one in the history; nil when neither knows one.
func (m memory) former(present string, history []Switch) *string {
	for _, name := range slices.Backward(m.led) {
		if name != present {
			return &name
		}
	}
	for _, s := range slices.Backward(history) {
		if s.Leader != "" && s.Leader != present {
			return &s.Leader
		}
	}
	return nil
}

// dcsPath is where Patroni's keys are looked for now.
func (w *Watch) dcsPath() dcsPath {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.memory.path
}
