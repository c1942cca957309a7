package probes

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"recon/internal/inventory"
)

// agent is one member with the answer that it was made from.
type agent struct {
	node   inventory.Node
	answer answer[patroniFacts]
	fresh  bool
	member Member
}

func assemblePatroni(c *inventory.Cluster, r raw, m moment, mem memory) Patroni {
	p := Patroni{Members: []Member{}, Unclear: map[string]string{}}
	if c.Patroni == nil {
		p.Unseen = "the cluster file names no Patroni"
		p.UnseenDCS = p.Unseen
		return p
	}
	nodes := running(c, c.Patroni.On)
	p.Answered, p.Unseen = census("agent", names(nodes), r.patroni, m)

	keys := p.readDCS(c, r, m)
	agents := make([]agent, len(nodes))
	for i, n := range nodes {
		a := r.patroni[n.Name]
		agents[i] = agent{node: n, answer: a, fresh: a.fresh(m)}
		agents[i].member = member(n, a, m)
	}
	views := viewsOf(agents)
	for i := range agents {
		agents[i].name(views, keys, mem)
	}
	p.Disputed = dispute(agents, views)
	p.lead(agents)
	p.follow(agents)
	p.list(agents, views)
	p.common(agents, views, keys, m.now)
	p.strange(agents, views)
	p.keysFit(keys, agents)
	for i := range agents {
		agents[i].copied(r, m)
		p.Members = append(p.Members, agents[i].member)
		if agents[i].fresh && !agents[i].member.Primary {
			p.Replicas = append(p.Replicas, agents[i].member)
		}
	}
	for i := range p.Members {
		if p.Leader != nil && p.Members[i].Node == p.Leader.Node {
			leader := p.Members[i]
			p.Leader = &leader
		}
	}
	if p.Replicas == nil && p.Answered > 0 {
		p.Replicas = []Member{}
	}
	history := p.History
	if history == nil {
		history = keys.history
	}
	p.FormerLeader = mem.former(p.present(), history)
	return p
}

// member is what one agent says of itself.
func member(n inventory.Node, a answer[patroniFacts], m moment) Member {
	f, r := a.fact, a.fact.report
	out := Member{Node: n.Name, Name: n.Name, Seen: a.seen(m)}
	if a.err != "" || a.began.IsZero() {
		return out
	}
	out.Primary, out.ReportedRole, out.State, out.Timeline = f.primary, r.Role, r.State, r.Timeline
	out.Location, out.Replayed = r.XLog.Location, r.XLog.Replayed
	if out.Location == nil {
		out.Location = r.XLog.Received
	}
	out.Role = role(f.primary, r)
	if r.Replication != "" && r.State == "running" && !f.primary {
		out.State = r.Replication
	}
	out.Pending, out.Unlocked, out.Paused, out.Watchdog = r.Pending, r.Unlocked, r.Pause, r.Watchdog
	out.Reasons, out.FailsafeOn = r.reasons(), r.Failsafe
	if r.Restart != nil {
		at := line(r.Restart.At)
		out.Restart = &at
	}
	out.Tags, out.Scope, out.SystemID, out.Version, out.Server = tags(r.Tags), r.Patroni.Scope, r.SystemIdentifier, r.Patroni.Version, r.Server
	out.Followers = []Follower{}
	for _, x := range r.Followers {
		out.Followers = append(out.Followers, Follower{Name: x.Name, Address: x.Address, State: x.State, SyncState: x.SyncState})
	}
	if r.LastSeen != nil && *r.LastSeen > 0 {
		// Measured by the host's own clock where its answer says it, so that a clock that is wrong does not count.
		clock := f.asked
		if clock.IsZero() {
			clock = a.ended
		}
		age := max(0, clock.Sub(time.Unix(int64(*r.LastSeen), 0)).Seconds()) + max(0, m.now.Sub(a.ended).Seconds())
		out.DCSAge = &age
	}
	return out
}

// role is what a member proves. PostgreSQL's opinion that it is primary is no proof of the leader lock.
func role(primary bool, r report) string {
	switch {
	case primary:
		return "leader"
	case r.Role == "master", r.Role == "promoted":
		return "primary"
	case r.Role != "replica":
		return r.Role
	case r.SyncStandby:
		return "sync_standby"
	case r.QuorumStandby:
		return "quorum_standby"
	}
	return "replica"
}

// name finds out what Patroni calls the member: by its own word, else by what /cluster or etcd say of its address, else
// by what was seen before, else the node's name.
func (a *agent) name(views []nodeView, keys dcsKeys, mem memory) {
	if a.fresh && a.answer.fact.report.Patroni.Name != "" {
		a.member.Name = a.answer.fact.report.Patroni.Name
		return
	}
	if known := mem.names[a.node.Name]; known != "" && known != a.node.Name {
		a.member.Name = known
		return
	}
	for _, v := range views {
		for _, l := range v.view.Members {
			if l.Host == a.node.Address && l.Name != "" {
				a.member.Name = l.Name
				return
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(keys.members)) {
		if keys.members[name] == a.node.Address {
			a.member.Name = name
			return
		}
	}
}

// lead finds the leader: the one whose /primary answered 200, and only it. Lag is measured from its own position.
func (p *Patroni) lead(agents []agent) {
	var leader *agent
	for i := range agents {
		if agents[i].fresh && agents[i].member.Primary {
			if leader != nil {
				return // two of them: disputed
			}
			leader = &agents[i]
		}
	}
	if leader == nil {
		return
	}
	p.Leader, p.Timeline = &leader.member, leader.member.Timeline
	from := leader.member.Location
	for i := range agents {
		to := &agents[i].member
		// Positions of different timelines do not compare: a diverged member may even be "ahead".
		if from == nil || to.Replayed == nil || to.Timeline == nil || p.Timeline == nil || *to.Timeline != *p.Timeline {
			continue
		}
		lag := max(0, *from-*to.Replayed)
		to.Lag = &lag
	}
}

// copied adds the base backups that any database is sending to this member.
func (a *agent) copied(r raw, m moment) {
	for _, db := range r.postgres {
		if !db.fresh(m) {
			continue
		}
		for _, stream := range db.fact.lists.Copies {
			if stream.Name == a.member.Name || stream.Address == a.node.Address {
				sum := stream.Streamed
				if a.member.CopiedBytes != nil {
					sum += *a.member.CopiedBytes
				}
				a.member.CopiedBytes = &sum
			}
		}
	}
}

// common are the facts on which the members must agree, or which one of them is enough for.
func (p *Patroni) common(agents []agent, views []nodeView, keys dcsKeys, now time.Time) {
	var answered []agent
	for _, a := range agents {
		if a.fresh {
			answered = append(answered, a)
		}
	}
	if len(answered) == 0 {
		return
	}
	// The leader's word first, then the cluster file's order.
	slices.SortStableFunc(answered, func(a, b agent) int { return cmp.Compare(rank(a), rank(b)) })
	same := func(get func(Member) string) *string {
		said := get(answered[0].member)
		for _, a := range answered {
			switch v := get(a.member); {
			case said == "":
				said = v
			case v != "" && v != said:
				return nil
			}
		}
		if said == "" {
			return nil
		}
		return &said
	}
	p.Scope = same(func(m Member) string { return m.Scope })
	p.SystemID = same(func(m Member) string { return m.SystemID })

	unlocked := slices.ContainsFunc(answered, func(a agent) bool { return a.member.Unlocked })
	p.Unlocked = &unlocked
	p.pause(answered, keys)

	for _, a := range answered {
		if p.Config == nil {
			p.Config = a.answer.fact.config
		}
		if p.History == nil {
			p.History = a.answer.fact.history
		}
	}
	if p.Config == nil {
		p.Config = keys.config
	}
	if p.Config == nil {
		p.Unclear["config"] = answered[0].answer.fact.whyNot["/config"]
	}
	p.History = aged(p.History, now)
	if p.History == nil {
		p.Unclear["history"] = answered[0].answer.fact.whyNot["/history"]
	}
	if len(views) == 0 {
		p.Unclear["scheduled"] = answered[0].answer.fact.whyNot["/cluster"]
	} else if s := views[0].view.Scheduled; s != nil {
		p.Scheduled = &Scheduled{At: s.At, From: s.From, To: s.To}
	}
}

// aged adds to each switch how long ago it was, where it says when.
func aged(history []Switch, now time.Time) []Switch {
	if history == nil {
		return nil
	}
	out := slices.Clone(history)
	for i := range out {
		if at, err := time.Parse(time.RFC3339, out[i].At); err == nil {
			age := max(0, now.Sub(at).Seconds())
			out[i].Age = &age
		}
	}
	return out
}

// strange finds the members that the store lists and the cluster file does not name.
func (p *Patroni) strange(agents []agent, views []nodeView) {
	if len(views) == 0 || views[0].outdated {
		p.Unclear["strangers"] = "no member that reaches etcd gives its list"
		return
	}
	p.Strangers = []string{}
	for _, l := range views[0].view.Members {
		known := slices.ContainsFunc(agents, func(a agent) bool { return a.member.Name == l.Name || a.node.Address == l.Host })
		if !known {
			p.Strangers = append(p.Strangers, l.Name)
		}
	}
}

func rank(a agent) int {
	if a.member.Primary {
		return 0
	}
	return 1
}

// pause is a fact when all members say the same; while they differ, the store decides if it can be read.
func (p *Patroni) pause(answered []agent, keys dcsKeys) {
	paused := answered[0].member.Paused
	for _, a := range answered {
		if a.member.Paused != paused {
			p.Unclear["paused"] = "the members differ: " + a.member.Name + " and " + answered[0].member.Name
			if keys.pause != nil {
				p.Unclear["paused"] += "; etcd says " + map[bool]string{true: "paused", false: "not paused"}[*keys.pause]
			}
			return
		}
	}
	p.Paused = &paused
}

// dispute says how the members contradict each other about who leads, or "".
func dispute(agents []agent, views []nodeView) string {
	var primaries []string
	scopes, systems := map[string][]string{}, map[string][]string{}
	for _, a := range agents {
		if !a.fresh {
			continue
		}
		if a.member.Primary {
			primaries = append(primaries, a.member.Name)
		}
		if a.member.Scope != "" {
			scopes[a.member.Scope] = append(scopes[a.member.Scope], a.member.Name)
		}
		if a.member.SystemID != "" {
			systems[a.member.SystemID] = append(systems[a.member.SystemID], a.member.Name)
		}
	}
	switch {
	case len(primaries) > 1:
		return strings.Join(primaries, " and ") + " both answer as primary"
	case len(scopes) > 1:
		return "the members belong to different scopes: " + parties(scopes)
	case len(systems) > 1:
		return "the members have different system identifiers: " + parties(systems)
	}
	leaders := map[string][]string{}
	for _, v := range views {
		if v.outdated {
			continue
		}
		for _, l := range v.view.Members {
			if l.Role == "leader" || l.Role == "standby_leader" {
				leaders[l.Name] = append(leaders[l.Name], v.member)
			}
		}
	}
	if len(leaders) > 1 {
		return "the members list different leaders: " + parties(leaders)
	}
	return ""
}

// parties says who says what: "x (a, b), y (c)".
func parties(by map[string][]string) string {
	var out []string
	for _, what := range slices.Sorted(maps.Keys(by)) {
		out = append(out, what+" ("+strings.Join(by[what], ", ")+")")
	}
	return strings.Join(out, ", ")
}
