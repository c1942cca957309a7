package probes

import (
	"maps"
	"slices"
	"strings"

	"recon/internal/inventory"
)

// Deployment is what of the cluster has never run yet. It tells hosts that wait for their cluster from a cluster that is
// down: what ran once leaves its unit, its data or the deployment's own mark behind, and then it is not missing.
type Deployment struct {
	// Missing are services of the cluster file (etcd, patroni, ...) that never ran on any of their hosts and that nobody
	// answers for, in the cluster file's order. It is a fact only when all hosts were seen.
	Missing []string `json:"missing" about:"services of the cluster file that never ran on any of their hosts"`
	// Nothing is that everything is missing. One trace on one host is enough to make it false.
	Nothing bool `json:"nothing" about:"none of the services ever ran on any host: there is no cluster yet"`
	// Unseen is why the rest is not a fact, or "".
	Unseen string `json:"unseen" gate:"-"`
}

// Blind says why a field is not a fact now.
func (d Deployment) Blind(string) string {
	if d.Missing == nil {
		return either(d.Unseen, neverAsked)
	}
	return d.Unseen
}

// marks is where the deployment of this repository remembers on each host what it began and what has run healthy.
const marks = "/var/lib/netbox-ha"

// tracesScript lists the marks of the deployment and, as SERVICE.data, the data folders that exist.
func tracesScript(data map[string]string) string {
	var b strings.Builder
	b.WriteString("for f in " + marks + "/*; do [ -e \"$f\" ] && echo \"${f##*/}\"; done\n")
	for _, service := range slices.Sorted(maps.Keys(data)) {
		b.WriteString("[ -e " + quote(data[service]) + " ] && echo " + service + ".data\n")
	}
	return b.String() + "echo " + complete
}

// neverRan are the services that have never run on a host. A unit that is active, or that has a file and neither a mask nor
// the mark of a deployment that was begun and not finished, is taken for one that has run: a doubt is never an empty host.
func neverRan(units, files map[string]string, traces []string) []string {
	if units == nil || files == nil {
		return nil
	}
	left := func(trace string) bool { return slices.Contains(traces, trace) }
	empty := traces != nil && !slices.ContainsFunc(traces, func(t string) bool { return strings.HasSuffix(t, ".data") || strings.HasSuffix(t, ".started") })
	out := []string{}
	for _, service := range slices.Sorted(maps.Keys(units)) {
		mark := service
		if service == "worker" {
			mark = "netbox"
		}
		data := left(mark + ".data")
		switch {
		case units[service] == "active" || left(mark+".started") || data:
		case units[service] == "not-found", left(mark + ".begun"), files[service] == "masked" && (empty || service == "patroni" && traces != nil):
			out = append(out, service)
		}
	}
	return out
}

// deployed sums up the hosts.
func deployed(c *inventory.Cluster, s *State) Deployment {
	d := Deployment{}
	missing, nothing := []string{}, true
	for _, r := range c.Roles() {
		if len(r.Units) == 0 {
			continue
		}
		never := true
		for _, name := range r.Nodes {
			n, _ := NodeByName(s, name)
			if why := n.Blind("never_ran"); why != "" || n.NeverRan == nil {
				d.Unseen = either(d.Unseen, name+": "+either(why, "it does not tell its units"))
				continue
			}
			never = never && slices.Contains(n.NeverRan, r.Name)
		}
		if never && !answers(s, r.Name) {
			missing = append(missing, r.Name)
		} else {
			nothing = false
		}
	}
	if d.Unseen == "" && len(s.Nodes) > 0 {
		d.Missing, d.Nothing = missing, nothing && len(missing) > 0
	}
	return d
}

// answers says that somebody answers for a service over the network, whatever its unit is called.
func answers(s *State, service string) bool {
	reached := func(seen []Seen) bool { return slices.ContainsFunc(seen, func(x Seen) bool { return x.Reachable }) }
	switch service {
	case "etcd":
		return reached(seens(s.Etcd.Members, func(m EtcdMember) Seen { return m.Seen }))
	case "patroni":
		return reached(seens(s.Patroni.Members, func(m Member) Seen { return m.Seen })) ||
			reached(seens(s.Postgres.Members, func(m Database) Seen { return m.Seen }))
	case "redis":
		return reached(seens(s.Redis.Members, func(m RedisMember) Seen { return m.Seen }))
	case "sentinel":
		return reached(seens(s.Sentinel.Members, func(m SentinelMember) Seen { return m.Seen }))
	case "haproxy":
		return reached(seens(s.HAProxy.Members, func(m HAProxyMember) Seen { return m.Seen }))
	case "pgbouncer":
		return reached(seens(s.PgBouncer.Members, func(m PgBouncerMember) Seen { return m.Seen }))
	case "web":
		return reached(seens(s.Web.Members, func(m WebMember) Seen { return m.Seen }))
	case "netbox":
		return reached(seens(s.NetBox.Members, func(m NetBoxMember) Seen { return m.Seen }))
	}
	return false
}

func seens[T any](members []T, seen func(T) Seen) []Seen {
	out := make([]Seen, len(members))
	for i, m := range members {
		out[i] = seen(m)
	}
	return out
}
