package probes

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"recon/internal/inventory"
)

// Conclude fills in what follows from the rest of a State: cross, deployment and hands_off. A Watch does that for every State, with
// what it remembers of earlier ones; tests that change a ready-made State do it again.
func Conclude(c *inventory.Cluster, s *State) {
	s.Cross = crossChecks(c, s)
	s.Deployment = deployed(c, s)
	s.HandsOff = handsOff(c, s, newMemory(c))
}

// crossChecks compares the systems. One that contradicts makes a field false, whatever is known of the rest; true needs
// everything that is compared, where a port that refuses counts as a service that does nothing; otherwise it is unknown.
func crossChecks(c *inventory.Cluster, s *State) Cross {
	out := Cross{Disagreements: []string{}, Unclear: map[string]string{}}
	for _, check := range []struct {
		field string
		to    **bool
		f     func(*inventory.Cluster, *State, *verdict)
	}{
		{"leader_is_writer", &out.LeaderIsWriter, leaderIsWriter},
		{"master_is_watched", &out.MasterIsWatched, masterIsWatched},
		{"master_is_entry", &out.MasterIsEntry, masterIsEntry},
		{"entry_works", &out.EntryWorks, entryWorks},
		{"one_primary", &out.OnePrimary, onePrimary},
		{"one_master", &out.OneMaster, oneMaster},
		{"one_holder", &out.OneHolder, oneHolder},
		{"scopes_agree", &out.ScopesAgree, scopesAgree},
		{"system_ids_agree", &out.SystemIDsAgree, systemIDsAgree},
		{"versions_agree", &out.VersionsAgree, versionsAgree},
	} {
		var v verdict
		check.f(c, s, &v)
		*check.to = v.answer()
		out.Disagreements = append(out.Disagreements, v.against...)
		if *check.to == nil {
			out.Unclear[check.field] = v.unclear
		}
	}
	if out.ClockSpread = clockSpread(s, out.Unclear); out.ClockSpread == nil {
		out.Unclear["clock_spread"] = either(out.Unclear["clock_spread"], neverAsked)
	}
	return out
}

// verdict collects what speaks against an agreement, and what is not known.
type verdict struct {
	against []string
	unclear string
}

func (v *verdict) no(format string, args ...any) {
	v.against = append(v.against, fmt.Sprintf(format, args...))
}

// unknown notes why a part is not known; "" is a part that is.
func (v *verdict) unknown(why string) bool {
	v.unclear = either(v.unclear, why)
	return why != ""
}

func (v *verdict) answer() *bool {
	yes := len(v.against) == 0
	if yes && v.unclear != "" {
		return nil
	}
	return &yes
}

// silent says why a field of one thing is not known, with its name; a refusing port is known to do nothing.
func silent(what string, s Seen, why string) (known bool, unclear string) {
	switch {
	case why == "":
		return true, ""
	case s.Blind("refused") == "" && s.Refused:
		return false, ""
	}
	return false, what + ": " + why
}

// leaderIsWriter compares where each HAProxy sends writes with the member that proves to lead.
func leaderIsWriter(c *inventory.Cluster, s *State, v *verdict) {
	if c.HAProxy == nil || c.Patroni == nil {
		v.unknown("the cluster file names no " + missing(c.Patroni == nil, "Patroni", "HAProxy"))
		return
	}
	if v.unknown(s.Patroni.Blind("leader")) {
		return
	}
	leads, node := "nobody proves to lead", ""
	if l := s.Patroni.Leader; l != nil {
		leads, node = "Patroni's leader is "+l.Node, l.Node
	} else if why := unseenMember(s.Patroni.Members); why != "" {
		v.unknown(why) // the silent one may lead
		return
	}
	entries(s, v, "writes", node, leads, func(m HAProxyMember) *HAProxyBackend { return m.Write }, "write", c.HAProxy.Backends.Write)
}

// masterIsEntry compares where each HAProxy sends Redis clients with the server that says that it is master.
func masterIsEntry(c *inventory.Cluster, s *State, v *verdict) {
	if c.HAProxy == nil || c.Redis == nil {
		v.unknown("the cluster file names no " + missing(c.Redis == nil, "Redis", "HAProxy"))
		return
	}
	masters, why := s.masters()
	if len(masters) > 1 || v.unknown(why) {
		if len(masters) > 1 {
			v.unknown(strings.Join(masters, " and ") + " both say that they are master")
		}
		return
	}
	is, node := "no Redis says that it is master", ""
	if len(masters) == 1 {
		is, node = "the master is "+masters[0], masters[0]
	}
	entries(s, v, "Redis clients", node, is, func(m HAProxyMember) *HAProxyBackend { return m.Redis }, "redis", c.HAProxy.Backends.Redis)
}

// entries compares one backend of every HAProxy with the node that its clients belong to; node is empty when there is
// none.
func entries(s *State, v *verdict, clients, node, is string, backend func(HAProxyMember) *HAProxyBackend, field, name string) {
	if len(s.HAProxy.Members) == 0 {
		v.unknown(neverAsked)
	}
	sends := 0
	for _, m := range s.HAProxy.Members {
		known, unclear := silent("HAProxy on "+m.Node, m.Seen, m.Blind(field))
		v.unknown(unclear)
		if !known {
			continue
		}
		sends++
		b := backend(m)
		if b == nil {
			v.unknown("HAProxy on " + m.Node + " has no backend " + name)
			continue
		}
		if to := b.nodesUp(); len(to) != 1 || to[0] != node {
			v.no("HAProxy on %s sends %s %s, %s", m.Node, clients, where(to), is)
		}
	}
	if sends == 0 && v.unclear == "" {
		v.unknown("no HAProxy runs")
	}
}

// nodesUp are the nodes that a backend sends clients to, each once; a server that is no node's goes by its own name.
func (b *HAProxyBackend) nodesUp() []string {
	out := []string{}
	for _, x := range b.Servers {
		name := x.Name
		if x.Node != nil {
			name = *x.Node
		}
		if x.Up && !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	return out
}

func where(nodes []string) string {
	if len(nodes) == 0 {
		return "nowhere"
	}
	return "to " + strings.Join(nodes, " and ")
}

func missing(first bool, a, b string) string {
	if first {
		return a
	}
	return b
}

func unseenMember(members []Member) string {
	for _, m := range members {
		if _, unclear := silent(m.Name, m.Seen, m.Blind("primary")); unclear != "" {
			return unclear
		}
	}
	return ""
}

// masters are the nodes whose Redis says that it is master, and why there may be more of them.
func (s *State) masters() (nodes []string, unclear string) {
	if s.Redis.Members == nil {
		return nil, neverAsked
	}
	for _, m := range s.Redis.Members {
		known, why := silent("Redis on "+m.Node, m.Seen, m.Blind("role"))
		unclear = either(unclear, why)
		if known && m.Role == "master" {
			nodes = append(nodes, m.Node)
		}
	}
	return nodes, unclear
}

// masterIsWatched compares the master that each Sentinel names with what that server says of itself.
func masterIsWatched(c *inventory.Cluster, s *State, v *verdict) {
	if c.Sentinel == nil || c.Redis == nil {
		v.unknown("the cluster file names no " + missing(c.Redis == nil, "Redis", "Sentinel"))
		return
	}
	if len(s.Sentinel.Members) == 0 {
		v.unknown(neverAsked)
	}
	named := map[string][]string{}
	for _, x := range s.Sentinel.Members {
		known, unclear := silent("Sentinel of "+x.Node, x.Seen, x.Blind("master_address"))
		v.unknown(unclear)
		switch {
		case !known:
		case x.MasterNode == nil:
			v.no("the Sentinel of %s names the master %s, which is no node's", x.Node, x.MasterAddress)
		default:
			named[*x.MasterNode] = append(named[*x.MasterNode], x.Node)
		}
	}
	for _, node := range slices.Sorted(maps.Keys(named)) {
		by := strings.Join(named[node], ", ")
		i := slices.IndexFunc(s.Redis.Members, func(m RedisMember) bool { return m.Node == node })
		if i < 0 {
			v.no("the Sentinels of %s name %s as master, which runs no Redis by the cluster file", by, node)
			continue
		}
		m := s.Redis.Members[i]
		known, unclear := silent("Redis on "+node, m.Seen, m.Blind("role"))
		v.unknown(unclear)
		switch {
		case !known && unclear == "":
			v.no("the Sentinels of %s name %s as master, where no Redis listens", by, node)
		case known && m.Role != "master":
			v.no("the Sentinels of %s name %s as master, which says that it is %s", by, node, m.Role)
		}
	}
	if len(named) == 0 && v.unclear == "" && len(v.against) == 0 {
		v.unknown("no Sentinel runs")
	}
	if len(named) > 1 {
		v.no("the Sentinels name different masters: %s", parties(named))
	}
}

// entryWorks asks whether the holder of the db address has somewhere to send writes.
func entryWorks(c *inventory.Cluster, s *State, v *verdict) {
	vip, ok := s.VIPs["db"]
	switch {
	case !ok:
		v.unknown("the cluster file names no db address")
		return
	case c.HAProxy == nil:
		v.unknown("the cluster file names no HAProxy")
		return
	}
	v.unknown(vip.Unseen)
	if vip.Unseen == "" && len(vip.Holders) == 0 {
		v.no("no node has the db address %s", vip.Address)
	}
	for _, node := range vip.Holders {
		i := slices.IndexFunc(s.HAProxy.Members, func(m HAProxyMember) bool { return m.Node == node })
		if i < 0 {
			v.no("%s has the db address and runs no HAProxy by the cluster file", node)
			continue
		}
		m := s.HAProxy.Members[i]
		known, unclear := silent("HAProxy on "+node, m.Seen, m.Blind("write"))
		v.unknown(unclear)
		switch {
		case !known && unclear == "":
			v.no("%s has the db address, and no HAProxy runs there", node)
		case !known:
		case m.Write == nil:
			v.unknown("HAProxy on " + node + " has no backend " + c.HAProxy.Backends.Write)
		case !m.Write.Up:
			v.no("%s has the db address, and its HAProxy sends writes nowhere", node)
		}
	}
}

func onePrimary(c *inventory.Cluster, s *State, v *verdict) {
	if c.Postgres == nil || s.Postgres.Members == nil {
		v.unknown(missing(c.Postgres == nil, "the cluster file names no databases", neverAsked))
		return
	}
	var primaries []string
	for _, d := range s.Postgres.Members {
		known, unclear := silent("database on "+d.Node, d.Seen, d.Blind("in_recovery"))
		v.unknown(unclear)
		if known && !d.InRecovery {
			primaries = append(primaries, d.Node)
		}
	}
	v.count(primaries, "no database is primary", "%s are not in recovery: more than one database takes writes")
}

func oneMaster(c *inventory.Cluster, s *State, v *verdict) {
	if c.Redis == nil {
		v.unknown("the cluster file names no Redis")
		return
	}
	masters, unclear := s.masters()
	v.unknown(unclear)
	v.count(masters, "no Redis says that it is master", "%s say that they are Redis master: more than one takes writes")
}

// count wants exactly one. None is a fact only when nobody is left to ask.
func (v *verdict) count(nodes []string, none, several string) {
	switch {
	case len(nodes) > 1:
		v.no(several, strings.Join(nodes, " and "))
	case len(nodes) == 0 && v.unclear == "":
		v.no("%s", none)
	}
}

func oneHolder(c *inventory.Cluster, s *State, v *verdict) {
	if len(c.VIPs) == 0 {
		v.unknown("the cluster file names no floating address")
	}
	for _, x := range c.VIPs {
		vip := s.VIPs[x.Name]
		var own verdict
		own.unknown(either(vip.Unseen, missing(vip.Holders == nil, neverAsked, "")))
		own.count(vip.Holders, "no node has the "+x.Name+" address "+x.Address, "the "+x.Name+" address "+x.Address+" is on %s at once")
		v.against = append(v.against, own.against...)
		v.unknown(own.unclear)
	}
}

// clockSpread is known when every host told its clock.
func clockSpread(s *State, unclear map[string]string) *float64 {
	least, most := math.Inf(1), math.Inf(-1)
	for _, n := range s.Nodes {
		if why := either(n.Blind("clock_offset"), missing(n.ClockOffset == nil, "its clock was not read", "")); why != "" {
			unclear["clock_spread"] = n.Name + ": " + why
			return nil
		}
		least, most = min(least, *n.ClockOffset), max(most, *n.ClockOffset)
	}
	if len(s.Nodes) == 0 {
		return nil
	}
	spread := most - least
	return &spread
}
