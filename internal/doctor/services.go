package doctor

import (
	"fmt"
	"slices"
	"strings"

	"recon/internal/inventory"
	"recon/probes"
)

// services examines what runs on a node, by what the probes saw.
func (e *examination) services(n inventory.Node, reached bool, s *probes.State) []Check {
	var out []Check
	var waiting []string
	for _, r := range e.cluster.Roles() {
		if !slices.Contains(r.Nodes, n.Name) {
			continue
		}
		if !reached && e.cluster.Dial != inventory.DialDirect {
			waiting = append(waiting, r.Name)
			continue
		}
		out = append(out, e.service(n.Name, r, reached, s)...)
	}
	if len(waiting) > 0 {
		out = append(out, Check{Node: n.Name, System: "services", What: strings.Join(waiting, ", "), Answer: Skipped, Why: "ssh fails, and they are reached through it"})
	}
	return append(out, e.facts(n.Name, reached, s)...)
}

func (e *examination) service(node string, r inventory.Role, reached bool, s *probes.State) []Check {
	var out []Check
	add := func(what string, a Answer, tried, why, hint string) {
		out = append(out, Check{Node: node, System: r.Name, What: what, Answer: a, Tried: tried, Why: why, Hint: hint})
	}
	runs := true
	host, _ := probes.NodeByName(s, node)
	for _, unit := range r.Units {
		state, told := host.Units[unit]
		switch why := host.Blind("units"); {
		case !reached:
			add("unit", Skipped, unit, "ssh fails", "")
		case why != "" || host.Units == nil || !told:
			add("unit", Unknown, unit, either(why, "the host does not tell its state"), "")
		case state == "not-found":
			add("unit", Fail, unit, "there is no such unit on the host", "it is not installed yet, or `unit` in the cluster file has another name")
			runs = false
		case state != "active":
			add("unit", Fail, unit, "it is "+state, "on the host: systemctl status "+unit)
			runs = false
		default:
			add("unit", OK, unit, "", "")
		}
	}
	t, asked := target(s, r.Name, node)
	if !asked && r.Name == "keepalived" {
		return out // it has no port
	}
	switch {
	case !runs && !t.Reachable:
		// Its unit says it all.
	case !asked || t.Began.IsZero():
		add("port", Unknown, t.Source, "not asked in time", "")
	case t.Reachable:
		add("port", OK, t.Source, "", "")
		if why := consoleRefused(s, r.Name, node); why != "" {
			add("login", Fail, t.Source, why, "mend `user` and `password` of "+r.Name+" in the cluster file")
		} else if credentials(e.cluster, r.Name) {
			add("login", OK, "", "", "")
		}
		version := versionOf(s, r.Name, node)
		switch {
		case version == "":
			add("version", Skipped, "", "it does not tell its version, as far as this user may see", "")
		case r.Name == "patroni" && !slices.Contains([]string{"3", "4"}, major(version)):
			add("version", Fail, version, "recon is tested with Patroni 3 and 4", "read what changed before you rely on the books")
		default:
			add("version", OK, version, "", "")
		}
	case t.Refused:
		add("port", Fail, t.Source, t.Error, "look whether it listens on this address, and whether the port in the cluster file is right")
	case rejected(t.Error):
		add("port", OK, t.Source, "", "")
		add("login", Fail, t.Source, t.Error, "mend `user` and `password` of "+r.Name+" in the cluster file")
	default:
		add("port", Fail, t.Source, t.Error, "")
	}
	return out
}

// credentials says whether the cluster file gives something that a look at a service shows: reading Patroni, the web proxy
// and NetBox's login page needs nothing.
func credentials(c *inventory.Cluster, service string) bool {
	switch service {
	case "etcd":
		return !c.Etcd.Password.IsZero()
	case "postgres":
		return !c.Postgres.Password.IsZero()
	case "redis":
		return !c.Redis.Password.IsZero()
	case "sentinel":
		return !c.Sentinel.Password.IsZero()
	case "haproxy":
		return !c.HAProxy.Password.IsZero()
	case "pgbouncer":
		return !c.PgBouncer.Password.IsZero()
	}
	return false
}

// consoleRefused is why PgBouncer's console did not let us in, although the instance answers.
func consoleRefused(s *probes.State, service, node string) string {
	if service != "pgbouncer" {
		return ""
	}
	for _, m := range s.PgBouncer.Members {
		if m.Node == node && m.Seen.Blind("version") == "" {
			return m.Unread["databases"]
		}
	}
	return ""
}

// rejected says of an error that a server answered and did not let us in.
func rejected(why string) bool {
	why = strings.ToLower(why)
	return slices.ContainsFunc([]string{"password", "authentication", "noauth", "wrongpass", "permission denied", "28p01", "28000", "401", "403", "noperm", "secret", "token"},
		func(word string) bool { return strings.Contains(why, word) })
}

func target(s *probes.State, system, node string) (probes.Target, bool) {
	all := s.Targets()
	i := slices.IndexFunc(all, func(t probes.Target) bool { return t.System == system && t.Node == node })
	if i < 0 {
		return probes.Target{}, false
	}
	return all[i], true
}

// facts compares the cluster file with what the host says of itself.
func (e *examination) facts(node string, reached bool, s *probes.State) []Check {
	var out []Check
	same := func(system, what, ours string, theirs *string, blind string) {
		c := Check{Node: node, System: system, What: what, Answer: OK, Tried: ours}
		switch {
		case ours == "" || !reached:
			return
		case blind != "" || theirs == nil:
			c.Answer, c.Why, c.Hint = Unknown, either(blind, "the ssh user may not read it on the host"), ""
		case strings.Trim(*theirs, "/") != strings.Trim(ours, "/"):
			c.Answer, c.Why = Fail, fmt.Sprintf("the cluster file says %q and the host %q", ours, *theirs)
			c.Hint = "commands that name the wrong " + what + " succeed and do nothing; mend the cluster file or the host"
		}
		out = append(out, c)
	}
	if p := e.cluster.Patroni; p != nil && slices.Contains(p.On.Nodes, node) {
		host, _ := probes.NodeByName(s, node)
		scope, namespace := host.PatroniScope, host.PatroniNamespace
		if scope == nil {
			scope = memberScope(s, node)
		}
		if namespace == nil {
			namespace = keysAt(s)
		}
		same("patroni", "scope", p.Scope, scope, host.Blind("patroni_scope"))
		same("patroni", "namespace", p.Namespace, namespace, host.Blind("patroni_namespace"))
	}
	for _, m := range s.Sentinel.Members {
		if e.cluster.Sentinel == nil || m.Node != node || m.Blind("monitors") != "" {
			continue
		}
		c := Check{Node: node, System: "sentinel", What: "master", Answer: OK, Tried: e.cluster.Sentinel.Master}
		if !m.Watches {
			c.Answer, c.Why = Fail, fmt.Sprintf("it watches %s", either(strings.Join(m.Monitors, ", "), "nothing"))
			c.Hint = "mend `master` of sentinel in the cluster file, or the Sentinel's configuration"
		}
		out = append(out, c)
	}
	return out
}

// memberScope is the scope that the agent of a node reports, for hosts whose configuration the ssh user may not read.
func memberScope(s *probes.State, node string) *string {
	m, ok := probes.MemberByName(s, node)
	if !ok || m.Blind("scope") != "" || m.Scope == "" {
		return nil
	}
	return &m.Scope
}

// keysAt is the namespace where the keys of the reported scope were found in etcd.
func keysAt(s *probes.State) *string {
	p := s.Patroni
	if p.Blind("initialize") != "" || p.Initialize == nil || p.Blind("scope") != "" || p.Scope == nil {
		return nil
	}
	namespace, ok := strings.CutSuffix(p.Prefix, *p.Scope+"/")
	if !ok {
		return nil
	}
	return &namespace
}

// together compares the nodes: every service runs one version.
func (e *examination) together(nodes []inventory.Node, s *probes.State) []Check {
	var out []Check
	for _, r := range e.cluster.Roles() {
		by := map[string][]string{}
		var versions []string
		for _, n := range nodes {
			if v := versionOf(s, r.Name, n.Name); v != "" && slices.Contains(r.Nodes, n.Name) {
				if by[v] == nil {
					versions = append(versions, v)
				}
				by[v] = append(by[v], n.Name)
			}
		}
		if len(versions) > 1 {
			var said []string
			for _, v := range versions {
				said = append(said, v+" on "+strings.Join(by[v], ", "))
			}
			out = append(out, Check{System: r.Name, What: "version", Answer: Fail, Tried: "all nodes", Why: strings.Join(said, "; "), Hint: "bring the nodes to one version"})
		}
	}
	return out
}

// versionOf is the version that a service on a node told, or "".
func versionOf(s *probes.State, system, node string) string {
	switch system {
	case "etcd":
		return told(s.Etcd.Members, func(m probes.EtcdMember) (string, string, string) { return m.Name, m.Version, m.Blind("version") }, node)
	case "patroni":
		return told(s.Patroni.Members, func(m probes.Member) (string, string, string) { return m.Node, m.Version, m.Blind("version") }, node)
	case "postgres":
		return told(s.Postgres.Members, func(d probes.Database) (string, string, string) {
			if d.Version == 0 {
				return d.Node, "", ""
			}
			return d.Node, fmt.Sprintf("%d.%d", d.Version/10000, d.Version%10000), d.Blind("version")
		}, node)
	case "redis":
		return told(s.Redis.Members, func(m probes.RedisMember) (string, string, string) { return m.Node, m.Version, m.Blind("version") }, node)
	case "sentinel":
		return told(s.Sentinel.Members, func(m probes.SentinelMember) (string, string, string) { return m.Node, m.Version, m.Blind("version") }, node)
	case "haproxy":
		return told(s.HAProxy.Members, func(m probes.HAProxyMember) (string, string, string) { return m.Node, m.Version, m.Blind("version") }, node)
	case "pgbouncer":
		return told(s.PgBouncer.Members, func(m probes.PgBouncerMember) (string, string, string) { return m.Node, m.Version, m.Blind("version") }, node)
	case "web":
		return told(s.Web.Members, func(m probes.WebMember) (string, string, string) { return m.Node, m.Server, m.Blind("server") }, node)
	case "netbox":
		return told(s.NetBox.Members, func(m probes.NetBoxMember) (string, string, string) { return m.Node, m.Version, m.Blind("version") }, node)
	}
	return ""
}

func told[T any](all []T, get func(T) (node, version, blind string), node string) string {
	for _, x := range all {
		if on, version, blind := get(x); on == node && blind == "" {
			return version
		}
	}
	return ""
}

func major(version string) string {
	v, _, _ := strings.Cut(version, ".")
	return v
}

func either(a, b string) string {
	if a != "" {
		return a
	}
	return b
}
