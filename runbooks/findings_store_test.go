package runbooks

import (
	"time"

	"recon/probes"
	"recon/probes/probestest"
)

// storeFailures are the failures of etcd, one at a time.
func storeFailures() []recognised {
	return []recognised{
		{
			name: "one member's process is dead", book: "etcd-member-down", because: "etcd is silent on netbox-node-2; 2 of 3 answer",
			broken: func(s *probes.State) {
				m := &s.Etcd.Members[1]
				*m = probes.EtcdMember{Name: m.Name, Endpoint: m.Endpoint, Seen: probestest.RefusedBy(m.Seen, 20*time.Second)}
				s.Etcd.Answered = 2
				s.Nodes[1].Services["etcd"] = "failed"
			},
		},
		{
			name: "two members are dead", book: "etcd-quorum-lost", because: "no quorum: 1 of 3 members of etcd answer", also: []string{"etcd-quorum-still-lost"},
			broken: func(s *probes.State) {
				for i := range s.Etcd.Members[:2] {
					m := &s.Etcd.Members[i]
					*m = probes.EtcdMember{Name: m.Name, Endpoint: m.Endpoint, Seen: probestest.RefusedBy(m.Seen, 20*time.Second)}
					s.Nodes[i].Services["etcd"] = "inactive"
				}
				s.Etcd.Members[2].LeaderID, s.Etcd.Members[2].Leads = "0", false
				s.Etcd.Quorum, s.Etcd.Leader, s.Etcd.Answered = ptr(false), nil, 1
				for i := range s.Patroni.Members { // the leader gave up, nobody can take the lock
					m := &s.Patroni.Members[i]
					m.Primary, m.Role, m.State, m.Unlocked = false, "replica", "running", true
				}
				s.Patroni.Unlocked, s.Postgres.Primaries, s.Postgres.Waiting = ptr(true), []string{}, nil
			},
		},
		{
			name: "no member at all", book: "etcd-quorum-still-lost", because: "for over 10 min 0 of 3 members of etcd answer", also: []string{"etcd-quorum-lost"},
			broken: func(s *probes.State) {
				for i := range s.Etcd.Members {
					m := &s.Etcd.Members[i]
					*m = probes.EtcdMember{Name: m.Name, Endpoint: m.Endpoint, Seen: probestest.RefusedBy(m.Seen, 700*time.Second)}
				}
				s.Etcd.Quorum, s.Etcd.Leader, s.Etcd.Answered, s.Etcd.Unseen = ptr(false), nil, 0, "no etcd endpoint answered"
				s.Patroni.UnseenDCS = "no etcd endpoint answered"
			},
		},
		{
			name: "the database is full", book: "etcd-nospace", because: "etcd takes no new keys: NOSPACE netbox-node-2",
			broken: func(s *probes.State) { s.Etcd.Alarms = []string{"NOSPACE netbox-node-2"} },
		},
		{
			name: "a member is corrupt", book: "etcd-corrupt", because: "etcd says that data is corrupt: CORRUPT netbox-node-1",
			broken: func(s *probes.State) { s.Etcd.Alarms = []string{"CORRUPT netbox-node-1"} },
		},
		{
			name: "the database grew", book: "etcd-database-large", because: "etcd: netbox-node-2, netbox-node-3 above 1.6 GiB of the usual 2",
			broken: func(s *probes.State) { s.Etcd.Members[1].DBSize, s.Etcd.Members[2].DBSize = 1800<<20, 1900<<20 },
		},
		{
			name: "two etcd clusters", book: "etcd-clusters-differ",
			because: "the endpoints belong to different etcd clusters: netbox-node-1 / netbox-node-2, netbox-node-3",
			broken: func(s *probes.State) {
				s.Etcd.Disputed = "the endpoints belong to different etcd clusters: netbox-node-1 / netbox-node-2, netbox-node-3"
				s.Etcd.Quorum = nil
			},
		},
		{
			name: "a member was removed and not added again", book: "etcd-membership", because: "etcd counts 2 voters; the cluster file names 3 members",
			broken: func(s *probes.State) { s.Etcd.Voters = ptr(2) },
		},
		{
			name: "elections without end", book: "etcd-elections", because: "4 elections of etcd within 10 min, now term 15",
			broken: func(s *probes.State) { s.Etcd.Elections = ptr(4) },
		},
		{
			name: "a member answers slowly", book: "etcd-slow", because: "etcd answers slowly on netbox-node-1",
			broken: func(s *probes.State) { s.Etcd.Members[0].Latency = 1.4 },
		},
	}
}
