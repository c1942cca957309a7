package probes

import (
	"maps"
	"slices"

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
	next := memory{names: maps.Clone(m.names), path: m.path, led: m.led}
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
	return next
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
