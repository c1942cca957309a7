package probes

import (
	"slices"

	"recon/internal/inventory"
)

func assembleHAProxy(c *inventory.Cluster, r raw, m moment) HAProxy {
	out := HAProxy{Members: []HAProxyMember{}, Unclear: map[string]string{}}
	if c.HAProxy == nil {
		out.Unseen = "the cluster file names no HAProxy"
		return out
	}
	nodes := running(c, c.HAProxy.On)
	out.Answered, out.Unseen = census("HAProxy", names(nodes), r.haproxy, m)
	var seen []HAProxyMember
	for _, n := range nodes {
		a := r.haproxy[n.Name]
		member := haproxyMember(c, n, a, m)
		out.Members = append(out.Members, member)
		if a.fresh(m) {
			seen = append(seen, member)
		}
	}
	if out.Unseen != "" {
		return out
	}
	out.Writer, out.Writers = sendsTo(seen, func(m HAProxyMember) *HAProxyBackend { return m.Write })
	out.Redis, _ = sendsTo(seen, func(m HAProxyMember) *HAProxyBackend { return m.Redis })
	for _, s := range seen {
		out.Unclear["writer"] = either(out.Unclear["writer"], s.Unread["write"])
		out.Unclear["redis"] = either(out.Unclear["redis"], s.Unread["redis"])
	}
	out.Unclear["writers"] = out.Unclear["writer"]
	return out
}

// sendsTo is the one node that every instance with such a backend sends clients to, and all the nodes that any does.
func sendsTo(members []HAProxyMember, backend func(HAProxyMember) *HAProxyBackend) (one *string, all []string) {
	all = []string{}
	agreed := true
	for _, m := range members {
		b := backend(m)
		if b == nil {
			continue
		}
		agreed = agreed && len(b.UpNodes) == 1
		for _, node := range b.UpNodes {
			if !slices.Contains(all, node) {
				all = append(all, node)
			}
		}
	}
	if agreed && len(all) == 1 {
		one = &all[0]
	}
	return one, all
}

func haproxyMember(c *inventory.Cluster, n inventory.Node, a answer[haproxyFacts], m moment) HAProxyMember {
	out := HAProxyMember{Node: n.Name, Seen: a.seen(m), Unread: map[string]string{}}
	if a.err != "" || a.began.IsZero() {
		return out
	}
	out.Version, out.Maintenance, out.Backends = a.fact.version, []string{}, []HAProxyBackend{}
	if out.Version == "" {
		out.Unread["version"] = "the statistics page does not tell it"
	}
	for _, b := range a.fact.backends {
		b.Servers = slices.Clone(b.Servers)
		b.UpNodes = []string{}
		for i := range b.Servers {
			s := &b.Servers[i]
			if s.Node = nodeNamed(c, s.Name); s.Node == nil {
				s.Node = nodeAt(c, s.address)
			}
			if s.Up {
				name := s.Name
				if s.Node != nil {
					name = *s.Node
				}
				b.UpNodes = append(b.UpNodes, name)
			}
			if s.Maintenance {
				out.Maintenance = append(out.Maintenance, b.Name+"/"+s.Name)
			}
		}
		out.Backends = append(out.Backends, b)
	}
	for _, known := range []struct {
		field, name string
		to          **HAProxyBackend
	}{
		{"write", c.HAProxy.Backends.Write, &out.Write},
		{"read", c.HAProxy.Backends.Read, &out.Read},
		{"redis", c.HAProxy.Backends.Redis, &out.Redis},
		{"pgbouncer", c.HAProxy.Backends.PgBouncer, &out.PgBouncer},
	} {
		if i := slices.IndexFunc(out.Backends, func(b HAProxyBackend) bool { return b.Name == known.name }); i >= 0 {
			*known.to = &out.Backends[i]
			if why := stranger(out.Backends[i]); why != "" {
				out.Unread[known.field] = why
			}
		}
	}
	return out
}

// stranger says that clients are sent to a server of which no node is known: where they end up then cannot be compared with
// anything.
func stranger(b HAProxyBackend) string {
	for _, s := range b.Servers {
		if s.Up && s.Node == nil {
			return "the server " + b.Name + "/" + s.Name + " is none of the nodes: give its node `aliases: [" + s.Name + "]` in the cluster file"
		}
	}
	return ""
}

// nodeNamed is the node that is called so, or that the cluster file gives this name as an alias; nil when there is none.
func nodeNamed(c *inventory.Cluster, name string) *string {
	for _, n := range c.Nodes {
		if n.Name == name || slices.Contains(n.Aliases, name) {
			return &n.Name
		}
	}
	return nil
}
