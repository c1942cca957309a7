package contract

import "recon/probes"

func hosts() []Contract {
	return []Contract{
		{
			Fault: "power-off-leader",
			Changes: []Change{
				{
					Name: "the host is silent", Most: 12,
					Holds: func(was Roles, s *probes.State) bool { return silent(node(s, was.Leader).Seen) },
				},
				{
					Name: "the addresses leave it", Most: 15,
					Holds: func(was Roles, s *probes.State) bool { return holder(s, "db") != "" && holder(s, "db") != was.Leader },
				},
				{
					Name: "another member leads", Least: 18, Most: 45,
					Holds: func(was Roles, s *probes.State) bool { return leader(s) == was.Sync },
				},
				{
					Name: "the last replica is synchronous", After: "another member leads", Most: 30,
					Holds: func(was Roles, s *probes.State) bool {
						return len(s.Patroni.SyncStandbys) == 1 && s.Patroni.SyncStandbys[0] == was.Async
					},
				},
			},
			Back: []Change{{Name: "all are in step again", Least: 3, Most: 90, Holds: inStep}},
			// That etcd elects another leader, if its own was there, shows for a moment as a lack of quorum.
			Always: []Constant{onePrimary},
		},
		{
			Name: "partition of the leader", Fault: "partition LEADER",
			Changes: []Change{
				{
					Name: "the host is silent", Most: 12,
					Holds: func(was Roles, s *probes.State) bool { return silent(node(s, was.Leader).Seen) },
				},
				{
					Name: "another member leads", Least: 18, Most: 50,
					Holds: func(was Roles, s *probes.State) bool { return leader(s) == was.Sync },
				},
			},
			Back: []Change{
				{
					Name: "each address is on one node", Most: 30,
					Holds: func(_ Roles, s *probes.State) bool { return holders(s, "db") == 1 && holders(s, "web") == 1 },
				},
				{Name: "all are in step again", Most: 90, Holds: inStep},
			},
		},
		{
			Fault: "partition",
			Changes: []Change{{
				Name: "the host is silent", Most: 12,
				Holds: func(was Roles, s *probes.State) bool {
					n := 0
					for _, h := range s.Nodes {
						if silent(h.Seen) {
							n++
						}
					}
					return n == 1 && silent(node(s, was.Async).Seen)
				},
			}},
			Back:   []Change{{Name: "all are in step again", Most: 45, Holds: inStep}},
			Always: []Constant{sameLeader, sameTimeline, onePrimary, hasQuorum},
		},
		{
			Fault: "cut-console",
			Changes: []Change{{
				Name: "the node is cut off, and alive as others say", Most: 40,
				Holds: func(_ Roles, s *probes.State) bool {
					for _, n := range s.Reach.Nodes {
						if n.Verdict == "cut off" {
							return true
						}
					}
					return false
				},
			}},
			Back: []Change{{
				Name: "every node is reached", Most: 25,
				Holds: func(_ Roles, s *probes.State) bool {
					for _, n := range s.Nodes {
						if !n.Reachable {
							return false
						}
					}
					return true
				},
			}},
			Always: []Constant{sameTimeline, onePrimary, hasQuorum},
		},
	}
}
