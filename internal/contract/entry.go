package contract

import "recon/probes"

func entry() []Contract {
	twice := Change{
		Name: "both addresses are on two nodes", Most: 12,
		Holds: func(_ Roles, s *probes.State) bool { return holders(s, "db") == 2 && holders(s, "web") == 2 },
	}
	once := Change{
		Name: "each is on one node", Most: 20,
		Holds: func(_ Roles, s *probes.State) bool { return holders(s, "db") == 1 && holders(s, "web") == 1 },
	}
	database := []Constant{sameLeader, sameTimeline, onePrimary, hasQuorum, sameMaster}
	return []Contract{
		{
			Fault: "haproxy-dead",
			Changes: []Change{
				{
					Name: "HAProxy refuses", Most: 8,
					Holds: func(was Roles, s *probes.State) bool { return haproxy(s, was.Database).Refused },
				},
				{
					Name: "the database's address moves", Most: 12,
					Holds: func(was Roles, s *probes.State) bool { return holder(s, "db") != "" && holder(s, "db") != was.Database },
				},
			},
			Back: []Change{
				{
					Name: "HAProxy answers", Most: 15,
					Holds: func(was Roles, s *probes.State) bool { return haproxy(s, was.Database).Reachable },
				},
				{
					Name: "the address is back with the leader", Most: 25,
					Holds: func(_ Roles, s *probes.State) bool { return holder(s, "db") != "" && holder(s, "db") == leader(s) },
				},
			},
			Always: database,
		},
		{
			Fault: "haproxy-maintenance",
			Changes: []Change{{
				Name: "the holder's HAProxy has nowhere to send writes", Most: 10,
				Holds: func(was Roles, s *probes.State) bool {
					h := haproxy(s, was.Database)
					return h.Reachable && h.Write != nil && !h.Write.Up && len(h.Maintenance) == 1
				},
			}},
			Back: []Change{{
				Name: "it has", Most: 15,
				Holds: func(was Roles, s *probes.State) bool {
					h := haproxy(s, was.Database)
					return h.Reachable && h.Write != nil && h.Write.Up && len(h.Maintenance) == 0
				},
			}},
			Always: append(database, vipsStay),
		},
		{Fault: "vrrp-blocked", Changes: []Change{twice}, Back: []Change{once}, Always: database},
		{
			Fault: "vip-nowhere",
			Changes: []Change{{
				Name: "no node has an address", Most: 12,
				Holds: func(_ Roles, s *probes.State) bool { return holders(s, "db") == 0 && holders(s, "web") == 0 },
			}},
			Back:   []Change{once},
			Always: database,
		},
		{
			Fault: "pgbouncer-paused",
			Changes: []Change{
				{
					Name: "every pool says that it is paused", Most: 10,
					Holds: func(_ Roles, s *probes.State) bool {
						for _, m := range s.PgBouncer.Members {
							if len(m.Paused) == 0 {
								return false
							}
						}
						return s.PgBouncer.Answered == len(s.PgBouncer.Members)
					},
				},
				{
					Name: "no query gets through", Most: 25,
					Holds: func(_ Roles, s *probes.State) bool {
						for _, m := range s.PgBouncer.Members {
							if m.Works || m.WorksError == "" {
								return false
							}
						}
						return true
					},
				},
			},
			Back: []Change{{
				Name: "queries get through", Most: 20,
				Holds: func(_ Roles, s *probes.State) bool {
					for _, m := range s.PgBouncer.Members {
						if !m.Works {
							return false
						}
					}
					return true
				},
			}},
			Always: append(database, vipsStay),
		},
	}
}

func application() []Contract {
	return []Contract{{
		Fault: "netbox-dead",
		Changes: []Change{
			{
				Name: "NetBox refuses on every node", Most: 10,
				Holds: func(_ Roles, s *probes.State) bool {
					for _, m := range s.NetBox.Members {
						if !m.Refused {
							return false
						}
					}
					return true
				},
			},
			{
				Name: "the web proxies answer 502", Most: 15,
				Holds: func(_ Roles, s *probes.State) bool {
					for _, m := range s.Web.Members {
						if m.Code != 502 {
							return false
						}
					}
					return true
				},
			},
		},
		Back: []Change{{
			Name: "all answer", Most: 30,
			Holds: func(_ Roles, s *probes.State) bool {
				for _, m := range s.NetBox.Members {
					if m.Code != 200 {
						return false
					}
				}
				return true
			},
		}},
		Always: []Constant{sameLeader, sameTimeline, onePrimary, hasQuorum, sameMaster},
	}}
}
