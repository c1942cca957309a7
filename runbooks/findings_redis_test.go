package runbooks

import (
	"time"

	"recon/probes"
	"recon/probes/probestest"
)

// redisDown makes the server of a node one whose process is gone.
func redisDown(s *probes.State, i int) {
	m := &s.Redis.Members[i]
	*m = probes.RedisMember{Node: m.Node, Seen: probestest.RefusedBy(m.Seen, 20*time.Second)}
	s.Nodes[i].Services["redis"] = "failed"
	s.Redis.Answered--
}

func sentinelDown(s *probes.State, i int) {
	m := &s.Sentinel.Members[i]
	*m = probes.SentinelMember{Node: m.Node, Seen: probestest.RefusedBy(m.Seen, 20*time.Second)}
	s.Nodes[i].Services["sentinel"] = "failed"
	s.Sentinel.Answered--
}

// redisFailures are the failures of Redis and Sentinel, one at a time.
func redisFailures() []recognised {
	return []recognised{
		{
			name: "the master died and nobody took over", book: "redis-no-master", because: "no Redis master; 2 of 3 answer; Sentinel names netbox-node-1",
			also: []string{"redis-server-down"},
			broken: func(s *probes.State) {
				redisDown(s, 0)
				s.Redis.Masters, s.Redis.Master = []string{}, nil
			},
		},
		{
			name: "a replica died", book: "redis-server-down", because: "Redis is down on netbox-node-2; master: netbox-node-1",
			broken: func(s *probes.State) { redisDown(s, 1) },
		},
		{
			name: "two masters", book: "redis-two-masters", because: "masters: netbox-node-1, netbox-node-2; the Sentinels name netbox-node-1",
			broken: func(s *probes.State) {
				s.Redis.Members[1].Role, s.Redis.Members[1].MasterNode, s.Redis.Members[1].LinkUp = "master", nil, false
				s.Redis.Masters, s.Redis.Master = []string{node1, node2}, nil
			},
		},
		{
			name: "a replica's link is down", book: "redis-replica-link", because: "no link to the master from netbox-node-3",
			broken: func(s *probes.State) { s.Redis.Members[2].LinkUp, s.Redis.Members[2].LinkDown = false, 40 },
		},
		{
			name: "another password", book: "redis-password", because: "the password is refused on netbox-node-2",
			broken: func(s *probes.State) {
				m := &s.Redis.Members[1]
				*m = probes.RedisMember{Node: m.Node, Seen: probestest.Silent(m.Seen, 20*time.Second)}
				m.Error = "Redis answered: WRONGPASS invalid username-password pair or user is disabled."
			},
		},
		{
			name: "a replica of a replica", book: "redis-wrong-upstream", because: "netbox-node-3 does not follow the master netbox-node-1",
			broken: func(s *probes.State) { s.Redis.Members[2].MasterNode = ptr(node2) },
		},
		{
			name: "nobody may be promoted", book: "redis-no-candidate", because: "all replicas have priority 0; master is netbox-node-1",
			broken: func(s *probes.State) { s.Redis.Members[1].Priority, s.Redis.Members[2].Priority = 0, 0 },
		},
		{
			name: "the append-only file fails", book: "redis-cannot-write", because: "the last write or save of Redis failed on netbox-node-1",
			broken: func(s *probes.State) { s.Redis.Members[0].AOFWriteOK = false; s.Redis.Master = &s.Redis.Members[0] },
		},
		{
			name: "bound to localhost", book: "redis-localhost", because: "Redis runs and its port refuses on netbox-node-3",
			broken: func(s *probes.State) {
				redisDown(s, 2)
				s.Nodes[2].Services["redis"] = "active"
			},
		},
		{
			name: "the master came up empty", book: "redis-master-empty", because: "the Redis master netbox-node-1 started 12 s ago and has no keys",
			broken: func(s *probes.State) {
				s.Redis.Members[0].Keys, s.Redis.Members[0].Uptime = 0, 12
				s.Redis.Master = &s.Redis.Members[0]
			},
		},
		{
			name: "no append-only file", book: "redis-aof-off", because: "no append-only file on netbox-node-2",
			broken: func(s *probes.State) { s.Redis.Members[1].AOF = false },
		},
		{
			name: "memory", book: "redis-memory", because: "over 90 % of maxmemory on netbox-node-1",
			broken: func(s *probes.State) { s.Redis.Members[0].MemoryLimit, s.Redis.Members[0].Memory = 1000, 950 },
		},
		{
			name: "two Sentinels died", book: "sentinel-no-quorum", because: "the Sentinels could not agree on a failover; 1 of 3 answer",
			also: []string{"sentinel-down"},
			broken: func(s *probes.State) {
				sentinelDown(s, 1)
				sentinelDown(s, 2)
				s.Sentinel.Members[0].QuorumOK, s.Sentinel.Members[0].OthersDown, s.Sentinel.Quorum = false, 2, ptr(false)
			},
		},
		{
			name: "a Sentinel died", book: "sentinel-down", because: "Sentinel is down on netbox-node-2; 2 of 3 answer",
			broken: func(s *probes.State) { sentinelDown(s, 1) },
		},
		{
			name: "a ghost", book: "sentinel-ghosts", because: "Sentinels that know another number of others than 2: netbox-node-1, netbox-node-2, netbox-node-3",
			broken: func(s *probes.State) {
				for i := range s.Sentinel.Members {
					s.Sentinel.Members[i].Others, s.Sentinel.Members[i].OthersDown = 3, 1
				}
			},
		},
		{
			name: "Sentinels name different masters", book: "sentinel-disagree", because: "netbox-node-3 names netbox-node-2, the others netbox-node-1",
			broken: func(s *probes.State) {
				s.Sentinel.Members[2].MasterNode = ptr(node2)
				s.Sentinel.Disputed, s.Sentinel.Master, s.Sentinel.MasterAddress = "netbox-node-3 names netbox-node-2, the others netbox-node-1", nil, nil
			},
		},
		{
			name: "a Sentinel watches another name", book: "sentinel-not-watching", because: "not watching myredisetcd: netbox-node-2",
			broken: func(s *probes.State) {
				s.Sentinel.Members[1].Watches, s.Sentinel.Members[1].Monitors = false, []string{"mymaster"}
			},
		},
		{
			name: "Sentinels watch a replica", book: "sentinel-wrong-master", because: "the Sentinels name netbox-node-2, and netbox-node-1 says that it is master",
			broken: func(s *probes.State) {
				for i := range s.Sentinel.Members {
					s.Sentinel.Members[i].MasterNode, s.Sentinel.Members[i].MasterAddress = ptr(node2), "172.16.113.202:6379"
				}
				s.Sentinel.Master, s.Sentinel.MasterAddress = ptr(node2), ptr("172.16.113.202:6379")
			},
		},
		{
			name: "TILT", book: "sentinel-tilt", because: "TILT on netbox-node-1",
			broken: func(s *probes.State) { s.Sentinel.Members[0].Tilt = true },
		},
	}
}
