package probes

import (
	"strings"

	"recon/internal/inventory"
)

// sayings is who says what of one thing.
type sayings map[string][]string

func (y sayings) add(what, who string) { y[what] = append(y[what], who) }

// agree speaks against an agreement when more than one thing is said.
func (y sayings) agree(v *verdict, about string) {
	if len(y) > 1 {
		v.no("%s: %s", about, parties(y))
	}
}

// scopesAgree compares Patroni's scope and namespace in the cluster file, in the hosts' own configuration and in the
// members' answers. A host tells them by its file, where that may be read, or by its agent.
func scopesAgree(c *inventory.Cluster, s *State, v *verdict) {
	if c.Patroni == nil {
		v.unknown("the cluster file names no Patroni")
		return
	}
	scopes, namespaces := sayings{}, sayings{}
	scopes.add(c.Patroni.Scope, "the cluster file")
	namespaces.add(trimmed(c.Patroni.Namespace), "the cluster file")
	told := map[string]bool{}
	for _, n := range s.Nodes {
		if n.Blind("patroni_scope") != "" || !runs(c, c.Patroni.On, n.Name) {
			continue
		}
		if n.PatroniScope != nil {
			scopes.add(*n.PatroniScope, "the configuration on "+n.Name)
			told[n.Name] = true
		}
		if n.PatroniNamespace != nil {
			namespaces.add(trimmed(*n.PatroniNamespace), "the configuration on "+n.Name)
		}
	}
	if len(s.Patroni.Members) == 0 {
		v.unknown(neverAsked)
	}
	for _, m := range s.Patroni.Members {
		switch why := m.Blind("scope"); {
		case why == "" && m.Scope != "":
			scopes.add(m.Scope, "the agent of "+m.Name)
		case !told[m.Node]:
			v.unknown(m.Name + ": " + either(why, "it does not tell its scope"))
		}
	}
	scopes.agree(v, "Patroni's scope differs")
	namespaces.agree(v, "Patroni's namespace differs")
}

// trimmed is a namespace without the slashes that Patroni adds by itself.
func trimmed(namespace string) string { return "/" + strings.Trim(namespace, "/") }

// systemIDsAgree compares the database system identifier of every member with the one that etcd keeps.
func systemIDsAgree(c *inventory.Cluster, s *State, v *verdict) {
	if c.Patroni == nil {
		v.unknown("the cluster file names no Patroni")
		return
	}
	ids := sayings{}
	switch why := s.Patroni.Blind("initialize"); {
	case why != "":
		v.unknown(why)
	case s.Patroni.Initialize == nil:
		v.unknown("etcd keeps no system identifier: the cluster is not initialised")
	default:
		ids.add(*s.Patroni.Initialize, "etcd")
	}
	for _, m := range s.Patroni.Members {
		switch why := m.Blind("system_id"); {
		case why != "":
			v.unknown(m.Name + ": " + why)
		case m.SystemID == "":
			v.unknown(m.Name + " has no database yet")
		default:
			ids.add(m.SystemID, m.Name)
		}
	}
	ids.agree(v, "the database system identifiers differ")
}

// versionsAgree compares NetBox's version on every node.
func versionsAgree(c *inventory.Cluster, s *State, v *verdict) {
	if c.NetBox == nil {
		v.unknown("the cluster file names no NetBox")
		return
	}
	versions := sayings{}
	for _, m := range s.NetBox.Members {
		switch why := m.Blind("version"); {
		case why != "":
			v.unknown("NetBox on " + m.Node + ": " + why)
		case m.Version == "":
			v.unknown("NetBox on " + m.Node + " does not tell its version")
		default:
			versions.add(m.Version, m.Node)
		}
	}
	if len(s.NetBox.Members) == 0 {
		v.unknown(neverAsked)
	}
	versions.agree(v, "NetBox runs in different versions")
}
