package probes

import (
	"cmp"
	"slices"
	"strings"

	"recon/internal/inventory"
)

// nodeView is one member's /cluster.
type nodeView struct {
	member string
	view   *view
	// outdated says that the member has not reached etcd for longer than the lock lives: what it lists is a memory.
	outdated bool
	// worth orders the views: 0 for the leader's, 1 for others, 2 for outdated ones.
	worth int
}

// viewsOf are the /cluster answers that count, the best first.
func viewsOf(agents []agent) []nodeView {
	var out []nodeView
	for _, a := range agents {
		f := a.answer.fact
		if !a.fresh || f.view == nil {
			continue
		}
		ttl := 30
		if f.config != nil {
			ttl = f.config.TTL
		}
		v := nodeView{member: either(f.report.Patroni.Name, a.node.Name), view: f.view, worth: 1}
		switch {
		case a.member.DCSAge != nil && *a.member.DCSAge > float64(ttl):
			v.outdated, v.worth = true, 2
		case f.primary:
			v.worth = 0
		}
		out = append(out, v)
	}
	slices.SortStableFunc(out, func(a, b nodeView) int { return cmp.Compare(a.worth, b.worth) })
	return out
}

// list adds to each member what /cluster says of it.
func (p *Patroni) list(agents []agent, views []nodeView) {
	for i := range agents {
		m := &agents[i].member
		switch {
		case len(views) > 0:
			for _, l := range views[0].view.Members {
				if l.Name == m.Name {
					m.ListedRole, m.ListedState = l.Role, l.State
				}
			}
		case p.Unseen != "":
			m.Unlisted = p.Unseen
		default:
			m.Unlisted = "no member answers /cluster"
		}
	}
}

// readDCS takes Patroni's keys from the endpoint with the newest revision.
func (p *Patroni) readDCS(c *inventory.Cluster, r raw, m moment) dcsKeys {
	if c.Etcd == nil {
		p.UnseenDCS = "the cluster file names no etcd"
		return dcsKeys{}
	}
	nodes := running(c, c.Etcd.On)
	_, p.UnseenDCS = census("etcd endpoint", names(nodes), r.etcd, m)
	if p.UnseenDCS != "" {
		return dcsKeys{}
	}
	var best dcsKeys
	for _, n := range nodes {
		a := r.etcd[n.Name]
		if !a.fresh(m) {
			continue
		}
		if k := a.fact.keys; k.read && (!best.read || k.revision > best.revision) {
			best = k
		}
		p.UnseenDCS = either(p.UnseenDCS, a.fact.keysErr)
	}
	if !best.read {
		p.UnseenDCS = either(p.UnseenDCS, "no etcd endpoint gave Patroni's keys")
		return best
	}
	p.UnseenDCS, p.Prefix = "", best.prefix
	p.LockHolder, p.Initialize, p.SyncStandbys = best.leader, best.initialize, best.syncStandbys
	if why := best.malformed["sync"]; why != "" {
		p.Unclear["sync_standbys"] = why
	}
	return best
}

// keysFit takes back what was read in etcd when it was read in the wrong place: "there is no leader key" must not be
// said of a cluster whose keys lie elsewhere.
func (p *Patroni) keysFit(k dcsKeys, agents []agent) {
	if !k.read {
		return
	}
	why := ""
	switch {
	case p.Scope != nil && p.Unseen == "" && !scopeIn(k.prefix, *p.Scope):
		why = "the keys at " + k.prefix + " were read, but the members' scope is " + *p.Scope
	case k.count > 0:
	case len(k.elsewhere) > 0 && (p.Scope == nil || scopeIn(k.elsewhere[0], *p.Scope)):
		why = "there is no key at " + k.prefix + ", but at " + k.elsewhere[0] + "; compare scope and namespace in the cluster file"
	case slices.ContainsFunc(agents, func(a agent) bool { return a.fresh && a.member.Primary }):
		why = "there is no key at " + k.prefix + ", although a member proves that it holds the lock; compare scope and namespace in the cluster file"
	}
	if why != "" {
		p.UnseenDCS, p.LockHolder, p.Initialize, p.SyncStandbys = why, nil, nil, nil
	}
}

// scopeIn says whether a prefix is one of a scope.
func scopeIn(prefix, scope string) bool {
	return strings.HasSuffix(prefix, "/"+strings.Trim(scope, "/")+"/")
}
