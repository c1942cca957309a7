package contract

import "recon/probes"

func database() []Contract {
	leads := Change{
		Name: "another member leads", After: "the leader's agent refuses", Least: 15, Most: 35,
		Holds: func(was Roles, s *probes.State) bool { return leader(s) != "" && leader(s) != was.Leader },
	}
	promoted := Change{
		Name: "it is the synchronous standby", After: "another member leads", Most: 3,
		Holds: func(was Roles, s *probes.State) bool { return leader(s) == was.Sync },
	}
	next := Change{
		Name: "the timeline is the next one", After: "another member leads", Most: 6,
		Holds: func(was Roles, s *probes.State) bool {
			return s.Patroni.Timeline != nil && *s.Patroni.Timeline == was.Timeline+1
		},
	}
	synchronous := Change{
		Name: "the last replica is synchronous", After: "another member leads", Most: 25,
		Holds: func(was Roles, s *probes.State) bool {
			return len(s.Patroni.SyncStandbys) == 1 && s.Patroni.SyncStandbys[0] == was.Async
		},
	}
	arrives := Change{
		Name: "the database's address is with the leader", After: "another member leads", Most: 20,
		Holds: func(was Roles, s *probes.State) bool {
			return leader(s) != "" && leader(s) != was.Leader && holder(s, "db") == leader(s)
		},
	}
	follows := Change{Name: "all are in step again", Least: 2, Most: 60, Holds: inStep}
	return []Contract{
		{
			Fault: "kill-leader",
			Changes: []Change{
				{
					Name: "the leader's agent refuses", Most: 8,
					Holds: func(was Roles, s *probes.State) bool { return member(s, was.Leader).Refused },
				},
				leads, promoted, next, synchronous, arrives,
			},
			Back:   []Change{follows},
			Always: []Constant{onePrimary, hasQuorum, sameMaster},
		},
		{
			Fault: "stop-sync-standby",
			Changes: []Change{
				{
					Name: "the standby refuses", Most: 10,
					Holds: func(was Roles, s *probes.State) bool { return member(s, was.Sync).Refused },
				},
				{
					Name: "the other replica is synchronous", Most: 25,
					Holds: func(was Roles, s *probes.State) bool {
						return len(s.Patroni.SyncStandbys) == 1 && s.Patroni.SyncStandbys[0] == was.Async
					},
				},
			},
			Back:   []Change{{Name: "it streams again", Least: 1, Most: 40, Holds: inStep}},
			Always: []Constant{sameLeader, sameTimeline, onePrimary, hasQuorum, sameMaster},
		},
		{
			Fault: "stop-replicas",
			Changes: []Change{
				{
					Name: "both replicas refuse", Most: 15,
					Holds: func(was Roles, s *probes.State) bool {
						return member(s, was.Sync).Refused && member(s, was.Async).Refused
					},
				},
				{
					Name: "a commit waits", Most: 25,
					Holds: func(_ Roles, s *probes.State) bool { return s.Postgres.Waiting != nil && *s.Postgres.Waiting > 0 },
				},
				{
					Name: "no member is a synchronous standby", Most: 40,
					Holds: func(was Roles, s *probes.State) bool {
						return leader(s) == was.Leader && s.Patroni.UnseenDCS == "" && len(s.Patroni.SyncStandbys) == 0
					},
				},
			},
			Back: []Change{
				{
					Name: "no commit waits", Most: 45,
					Holds: func(_ Roles, s *probes.State) bool { return s.Postgres.Waiting != nil && *s.Postgres.Waiting == 0 },
				},
				{Name: "all are in step again", Least: 1, Most: 60, Holds: inStep},
			},
			Always: []Constant{sameLeader, sameTimeline, hasQuorum, sameMaster},
		},
		{
			Fault: "patroni-paused",
			Changes: []Change{{
				Name: "the cluster says that it is paused", Most: 15,
				Holds: func(_ Roles, s *probes.State) bool { return paused(s) },
			}},
			Back: []Change{{
				Name: "it no longer says so", Most: 15,
				Holds: func(_ Roles, s *probes.State) bool { return s.Patroni.Paused != nil && !paused(s) },
			}},
			Always: []Constant{sameLeader, sameTimeline, onePrimary, hasQuorum, sameMaster, vipsStay},
		},
		{
			Fault: "pending-restart",
			Changes: []Change{{
				Name: "every member waits for a restart", Most: 25,
				Holds: func(_ Roles, s *probes.State) bool {
					for _, m := range s.Patroni.Members {
						if !m.Pending {
							return false
						}
					}
					return true
				},
			}},
			Back: []Change{{
				Name: "none does", Most: 60,
				Holds: func(_ Roles, s *probes.State) bool {
					for _, m := range s.Patroni.Members {
						if !m.Reachable || m.Pending {
							return false
						}
					}
					return true
				},
			}},
			Always: []Constant{sameLeader, onePrimary, hasQuorum, sameMaster, vipsStay},
		},
	}
}

func store() []Contract {
	return []Contract{
		{
			Fault: "etcd-member",
			Changes: []Change{{
				Name: "one member refuses", Most: 8,
				Holds: func(_ Roles, s *probes.State) bool { return refusing(s) == 1 },
			}},
			Back: []Change{{
				Name: "all answer", Most: 15,
				Holds: func(_ Roles, s *probes.State) bool { return s.Etcd.Answered == len(s.Etcd.Members) && quorum(s) },
			}},
			Always: []Constant{sameLeader, sameTimeline, onePrimary, hasQuorum, sameMaster, vipsStay},
		},
		{
			Fault: "etcd-quorum",
			Changes: []Change{
				{
					Name: "two members refuse", Most: 8,
					Holds: func(_ Roles, s *probes.State) bool { return refusing(s) == 2 },
				},
				{
					Name: "there is no quorum", Most: 12,
					Holds: func(_ Roles, s *probes.State) bool { return noQuorum(s) },
				},
				{
					Name: "nobody leads", After: "two members refuse", Least: 6, Most: 25,
					Holds: func(_ Roles, s *probes.State) bool { return s.Patroni.Unseen == "" && s.Patroni.Leader == nil },
				},
				{
					Name: "no database takes writes", After: "two members refuse", Least: 6, Most: 35,
					Holds: func(_ Roles, s *probes.State) bool { return s.Postgres.Unseen == "" && len(s.Postgres.Primaries) == 0 },
				},
			},
			Back: []Change{
				{
					Name: "etcd has its quorum", Most: 15,
					Holds: func(_ Roles, s *probes.State) bool { return quorum(s) },
				},
				{
					Name: "somebody leads", After: "etcd has its quorum", Most: 45,
					Holds: func(_ Roles, s *probes.State) bool { return leader(s) != "" },
				},
				{Name: "all are in step again", After: "somebody leads", Most: 60, Holds: inStep},
			},
			Always: []Constant{onePrimary, sameMaster},
		},
	}
}

// refusing is how many members of etcd refuse.
func refusing(s *probes.State) (n int) {
	for _, m := range s.Etcd.Members {
		if m.Refused {
			n++
		}
	}
	return n
}
