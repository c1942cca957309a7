package probes

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"recon/internal/inventory"
)

func assembleEtcd(c *inventory.Cluster, r raw, m moment) Etcd {
	e := Etcd{Members: []EtcdMember{}}
	if c.Etcd == nil {
		e.Unseen = "the cluster file names no etcd"
		return e
	}
	nodes := running(c, c.Etcd.On)
	e.Answered, e.Unseen = census("etcd endpoint", names(nodes), r.etcd, m)
	known := memberNames(nodes, r, m)
	var v votes
	for _, n := range nodes {
		a := r.etcd[n.Name]
		e.Members = append(e.Members, endpoint(n, c.Etcd.ClientPort, a, m))
		switch {
		case a.pending(m):
		case a.fresh(m):
			v.count(n.Name, a.fact)
		case a.refused:
			v.against++
		}
	}
	if e.Answered == 0 {
		// So many refusals leave no majority, even when nothing more is known.
		e.Quorum = v.quorum(len(nodes))
		return e
	}
	e.Term, e.Voters, e.Disputed = &v.term, v.voters, v.disputed
	e.Alarms = v.alarms(known)
	if v.leader != 0 {
		name := known[v.leader]
		if name == "" {
			name = id(v.leader)
		}
		e.Leader = &name
	}
	e.Quorum = v.quorum(len(nodes))
	return e
}

func endpoint(n inventory.Node, port int, a answer[etcdFacts], m moment) EtcdMember {
	out := EtcdMember{Name: n.Name, Endpoint: hostPort(n, port), Seen: a.seen(m)}
	s := a.fact.status
	if s == nil {
		return out
	}
	out.ID, out.Version, out.DBSize, out.DBInUse = id(s.Header.GetMemberId()), line(s.Version), s.DbSize, s.DbSizeInUse
	out.LeaderID, out.Leads = id(s.Leader), s.Leader != 0 && s.Leader == s.Header.GetMemberId()
	out.Term, out.Index, out.Applied, out.Learner = s.RaftTerm, s.RaftIndex, s.RaftAppliedIndex, s.IsLearner
	out.Errors = []string{}
	for _, text := range s.Errors {
		out.Errors = append(out.Errors, strings.TrimSpace(line(text)))
	}
	return out
}

// id is a member id as etcdctl prints it. Ids are unsigned and often above 2^63.
func id(n uint64) string { return strconv.FormatUint(n, 16) }

// memberNames maps member ids to names: those of the cluster file for endpoints that answered, else those of etcd's own
// member list.
func memberNames(nodes []inventory.Node, r raw, m moment) map[uint64]string {
	out := map[uint64]string{}
	for _, n := range nodes {
		if a := r.etcd[n.Name]; a.fresh(m) {
			for _, member := range a.fact.members {
				if out[member.ID] == "" {
					out[member.ID] = line(member.Name)
				}
			}
		}
	}
	for _, n := range nodes {
		if a := r.etcd[n.Name]; a.fresh(m) {
			out[a.fact.status.Header.GetMemberId()] = n.Name
		}
	}
	return out
}

// votes is what the endpoints that answered say together.
type votes struct {
	term     uint64
	leader   uint64 // as the answer of the highest term names it, 0 for none
	naming   map[uint64][]string
	against  int // endpoints that refuse, or know no leader
	clusters map[uint64][]string
	voters   *int
	errors   []string
	disputed string
}

func (v *votes) count(node string, f etcdFacts) {
	s := f.status
	if v.naming == nil {
		v.naming, v.clusters = map[uint64][]string{}, map[uint64][]string{}
	}
	if s.Leader == 0 {
		v.against++
	} else if !s.IsLearner {
		v.naming[s.Leader] = append(v.naming[s.Leader], node)
	}
	if s.RaftTerm > v.term || v.leader == 0 && s.RaftTerm == v.term {
		v.term, v.leader = s.RaftTerm, s.Leader
	}
	cluster := s.Header.GetClusterId()
	v.clusters[cluster] = append(v.clusters[cluster], node)
	if f.members != nil {
		voting := 0
		for _, member := range f.members {
			if !member.IsLearner {
				voting++
			}
		}
		if v.voters == nil || voting > *v.voters {
			v.voters = &voting
		}
	}
	v.errors = append(v.errors, s.Errors...)
	switch {
	case len(v.clusters) > 1:
		v.disputed = "the endpoints belong to different etcd clusters: " + camps(v.clusters)
	case len(v.naming) > 1:
		v.disputed = "the endpoints name different leaders: " + camps(v.naming)
	}
}

// camps says who stands with whom: "a, b / c".
func camps(by map[uint64][]string) string {
	var out []string
	for _, nodes := range by {
		out = append(out, strings.Join(nodes, ", "))
	}
	slices.Sort(out)
	return strings.Join(out, " / ")
}

// quorum is true when a majority names the same leader, false when no majority is left that could, else unknown. What
// refuses or knows no leader counts against; what is silent counts neither way.
func (v *votes) quorum(endpoints int) *bool {
	all := endpoints
	if v.voters != nil {
		all = max(all, *v.voters)
	}
	majority := all/2 + 1
	most := 0
	for _, nodes := range v.naming {
		most = max(most, len(nodes))
	}
	yes, no := true, false
	switch {
	case len(v.clusters) > 1:
		return nil
	case most >= majority:
		return &yes
	case all-v.against < majority:
		return &no
	}
	return nil
}

// alarms are the raised alarms that any endpoint's Status mentions: "memberID:15315719592556045757 alarm:NOSPACE ". Some
// members know of an alarm before others.
func (v *votes) alarms(known map[uint64]string) []string {
	out := []string{}
	for _, text := range v.errors {
		member, kind, ok := parseAlarm(text)
		if !ok {
			continue
		}
		name := known[member]
		if name == "" {
			name = id(member)
		}
		if alarm := fmt.Sprintf("%s %s", kind, name); !slices.Contains(out, alarm) {
			out = append(out, alarm)
		}
	}
	slices.Sort(out)
	return out
}

func parseAlarm(text string) (member uint64, kind string, ok bool) {
	for word := range strings.FieldsSeq(text) {
		if s, found := strings.CutPrefix(word, "memberID:"); found {
			n, err := strconv.ParseUint(s, 10, 64)
			if err != nil {
				return 0, "", false
			}
			member = n
		}
		if s, found := strings.CutPrefix(word, "alarm:"); found {
			kind = line(s)
		}
	}
	return member, kind, kind != ""
}
