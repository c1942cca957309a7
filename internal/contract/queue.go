package contract

import "recon/probes"

func queue() []Contract {
	return []Contract{
		{
			Fault: "kill-redis-master",
			Changes: []Change{
				{
					Name: "the master refuses", Most: 6,
					Holds: func(was Roles, s *probes.State) bool { return redis(s, was.RedisMaster).Refused },
				},
				{
					Name: "the Sentinels name another", After: "the master refuses", Least: 2, Most: 12,
					Holds: func(was Roles, s *probes.State) bool {
						return s.Sentinel.Master != nil && *s.Sentinel.Master != was.RedisMaster
					},
				},
				{
					Name: "another is the master", After: "the master refuses", Least: 2, Most: 12,
					Holds: func(was Roles, s *probes.State) bool { return master(s) != "" && master(s) != was.RedisMaster },
				},
				{
					Name: "HAProxy sends clients there", After: "another is the master", Most: 10,
					Holds: func(was Roles, s *probes.State) bool {
						return s.HAProxy.Redis != nil && *s.HAProxy.Redis == master(s) && master(s) != was.RedisMaster
					},
				},
			},
			Back: []Change{{
				Name: "the old master follows the new one", Most: 30,
				Holds: func(was Roles, s *probes.State) bool { return master(s) != was.RedisMaster && replicating(was, s) },
			}},
			Always: []Constant{sameLeader, sameTimeline, hasQuorum},
		},
		{
			Fault: "sentinel-quorum",
			Changes: []Change{
				{
					Name: "two Sentinels refuse", Most: 8,
					Holds: func(_ Roles, s *probes.State) bool {
						n := 0
						for _, m := range s.Sentinel.Members {
							if m.Refused {
								n++
							}
						}
						return n == 2
					},
				},
				{
					Name: "no failover could be agreed on", Most: 20,
					Holds: func(_ Roles, s *probes.State) bool { return s.Sentinel.Quorum != nil && !*s.Sentinel.Quorum },
				},
			},
			Back: []Change{{
				Name: "one could", Most: 20,
				Holds: func(_ Roles, s *probes.State) bool {
					return s.Sentinel.Quorum != nil && *s.Sentinel.Quorum && s.Sentinel.Answered == len(s.Sentinel.Members)
				},
			}},
			Always: []Constant{sameLeader, sameTimeline, sameMaster, hasQuorum, vipsStay},
		},
	}
}
