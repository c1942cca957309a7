package probes_test

import (
	"strings"
	"testing"
	"time"

	"recon/probes"
	"recon/probes/probestest"
)

func TestHandsOff(t *testing.T) {
	const n1, n3 = probestest.Node1, probestest.Node3
	yes, no := true, false
	// redisDown is the whole stack with a Redis master that has been silent for d; the Sentinels do not know it yet.
	redisDown := func(d time.Duration) func() *probes.State {
		return func() *probes.State {
			s := probestest.Stack()
			s.Redis.Members[0].Seen = probestest.RefusedBy(s.Redis.Members[0].Seen, d)
			return s
		}
	}
	sdown := func(s *probes.State, which ...int) {
		for _, i := range which {
			s.Sentinel.Members[i].SDown, s.Sentinel.Members[i].Flags = true, []string{"master", "s_down"}
		}
	}
	for _, tt := range []struct {
		about  string
		state  func() *probes.State
		change func(s *probes.State)
		by     string  // who acts; empty when nobody does
		left   float64 // seconds; negative when overdue
		why    string  // part of the reason, or of why it is not known when unseen
		unseen bool
	}{
		{"healthy", probestest.Healthy, nil, "", 0, "", false},
		{"the whole stack, healthy", probestest.Stack, nil, "", 0, "", false},

		// The holder was silent 12 s before: ttl 30 and loop_wait 10 leave 28 s.
		{"the leader is dead", probestest.LeaderDead, nil, "patroni", 28, "the lock lives ttl longer", false},
		{"its host is dead", probestest.LeaderLost, nil, "patroni", 28, "netbox-node-3, does not answer", false},
		{"its time is over", probestest.LeaderDead, func(s *probes.State) { s.Patroni.Members[2].Since = 55 }, "patroni", -15, "", false},
		{"a shorter ttl", probestest.LeaderDead, func(s *probes.State) { s.Patroni.Config.TTL, s.Patroni.Config.LoopWait = 20, 5 }, "patroni", 13, "", false},
		{"no configuration seen", probestest.LeaderDead, func(s *probes.State) { s.Patroni.Config = nil }, "patroni", 28, "by Patroni's defaults", false},
		{"paused", probestest.LeaderDead, func(s *probes.State) { s.Patroni.Paused = &yes }, "", 0, "Patroni is paused and decides nothing", false},
		{"no quorum", probestest.LeaderDead, func(s *probes.State) { s.Etcd.Quorum = &no }, "", 0, "etcd has no quorum", false},
		{"quorum lost and demoted", probestest.QuorumLost, nil, "", 0, "etcd has no quorum", false},
		{"the keys of etcd are not seen", probestest.LeaderDead, func(s *probes.State) { s.Patroni.UnseenDCS = "no etcd endpoint answered" }, "", 0, "no etcd endpoint answered", true},
		{"the holder is nobody's", probestest.LeaderDead, func(s *probes.State) { other := "pg-9"; s.Patroni.LockHolder = &other }, "", 0, "which the cluster file does not have", true},
		{"a witness reaches the holder", probestest.LeaderLost, func(s *probes.State) {
			s.Reach.Nodes = []probes.NodeReach{{Name: n3, Witnesses: []probes.Witness{{By: n1, Service: "patroni", Reached: true, Age: 4}}}}
		}, "", 0, "netbox-node-1 reaches the agent of netbox-node-3", false},
		{"a witness reached the holder long ago", probestest.LeaderLost, func(s *probes.State) {
			s.Reach.Nodes = []probes.NodeReach{{Name: n3, Witnesses: []probes.Witness{{By: n1, Service: "patroni", Reached: true, Age: 31}}}}
		}, "patroni", 28, "", false},
		{"nobody else runs", probestest.LeaderDead, func(s *probes.State) {
			for i := range s.Patroni.Members[:2] {
				s.Patroni.Members[i].Seen = probestest.RefusedBy(s.Patroni.Members[i].Seen, time.Minute)
			}
		}, "", 0, "no other agent runs", false},
		{"nobody else is seen", probestest.LeaderDead, func(s *probes.State) {
			for i := range s.Patroni.Members[:2] {
				s.Patroni.Members[i].Seen = probestest.Silent(s.Patroni.Members[i].Seen, time.Minute)
			}
		}, "patroni", 28, "", false},
		{"the synchronous standby does not run", probestest.LeaderDead, func(s *probes.State) {
			s.Patroni.Members[0].Seen = probestest.RefusedBy(s.Patroni.Members[0].Seen, time.Minute)
		}, "", 0, "no synchronous standby runs", false},
		{"the same, asynchronous", probestest.LeaderDead, func(s *probes.State) {
			s.Patroni.Config.Sync = false
			s.Patroni.Members[0].Seen = probestest.RefusedBy(s.Patroni.Members[0].Seen, time.Minute)
		}, "patroni", 28, "", false},
		{"the lock is free", probestest.LeaderDead, func(s *probes.State) { s.Patroni.LockHolder = nil }, "patroni", 10, "the leader lock is free", false},
		{"the lock is free in a cluster that was never made", probestest.LeaderDead, func(s *probes.State) { s.Patroni.LockHolder, s.Patroni.Initialize = nil, nil }, "", 0, "", false},
		{"the leader's PostgreSQL crashed", probestest.Healthy, func(s *probes.State) {
			s.Patroni.Members[2].Primary, s.Patroni.Members[2].State = false, "crashed"
			s.Postgres.Members[2].Seen = probestest.RefusedBy(s.Postgres.Members[2].Seen, 40*time.Second)
		}, "patroni", 270, "primary_start_timeout", false},
		{"the holder is being promoted", probestest.Healthy, func(s *probes.State) { s.Patroni.Members[2].Primary = false }, "", 0, "", false},

		// Sentinel: down-after 5 s, two seconds of notice, ten for the vote.
		{"Redis is silent for 3 s", redisDown(3 * time.Second), nil, "sentinel", 14, "the Redis master on netbox-node-1 does not answer", false},
		{"Redis is silent, and the Sentinels reach it", redisDown(20 * time.Second), nil, "", 0, "", false},
		{"a replica is silent", probestest.Stack, func(s *probes.State) {
			s.Redis.Members[1].Seen = probestest.Silent(s.Redis.Members[1].Seen, 3*time.Second)
		}, "", 0, "", false},
		{"two of three hold it for down", redisDown(6 * time.Second), func(s *probes.State) { sdown(s, 0, 1) }, "sentinel", 10, "hold the Redis master for down and vote", false},
		{"one alone holds it for down", probestest.Stack, func(s *probes.State) { sdown(s, 1) }, "", 0, "only the Sentinel of netbox-node-2", false},
		{"one holds it for down, another is not seen", probestest.Stack, func(s *probes.State) {
			sdown(s, 1)
			s.Sentinel.Members[2].Seen = probestest.Silent(s.Sentinel.Members[2].Seen, time.Minute)
		}, "sentinel", 10, "", false},
		{"a failover is under way", redisDown(7 * time.Second), func(s *probes.State) {
			sdown(s, 0, 1, 2)
			s.Sentinel.Members[0].FailingOver = true
		}, "sentinel", 60, "failing over", false},
		{"no quorum of Sentinels", redisDown(7 * time.Second), func(s *probes.State) {
			sdown(s, 0, 1, 2)
			for i := range s.Sentinel.Members {
				s.Sentinel.Members[i].QuorumOK, s.Sentinel.Members[i].QuorumError = false, "NOQUORUM 1 usable Sentinels"
			}
		}, "", 0, "Sentinel can not decide: NOQUORUM", false},
		{"no replica left", redisDown(7 * time.Second), func(s *probes.State) {
			sdown(s, 0, 1, 2)
			for i := range s.Sentinel.Members {
				s.Sentinel.Members[i].ReplicasDown = 2
			}
		}, "", 0, "no replica is left", false},
		{"all in TILT", redisDown(7 * time.Second), func(s *probes.State) {
			sdown(s, 0, 1, 2)
			for i := range s.Sentinel.Members {
				s.Sentinel.Members[i].Tilt = true
			}
		}, "", 0, "TILT", false},
		{"no Sentinel runs", redisDown(7 * time.Second), func(s *probes.State) {
			for i := range s.Sentinel.Members {
				s.Sentinel.Members[i].Seen = probestest.RefusedBy(s.Sentinel.Members[i].Seen, time.Minute)
			}
		}, "", 0, "", false},
		{"no Sentinel is seen", probestest.Stack, func(s *probes.State) {
			s.Sentinel.Unseen = "no Sentinel answered"
			for i := range s.Sentinel.Members {
				s.Sentinel.Members[i].Seen = probestest.Silent(s.Sentinel.Members[i].Seen, time.Minute)
			}
		}, "", 0, "no Sentinel answered", true},
		{"both act: the longer one counts", redisDown(3 * time.Second), func(s *probes.State) {
			dead := &s.Patroni.Members[2]
			dead.Seen, dead.Primary = probestest.Silent(dead.Seen, 10*time.Second), false
		}, "patroni", 30, "; the Redis master on", false},
		{"Patroni acts, and Sentinel is not seen", probestest.LeaderDead, func(s *probes.State) { s.Sentinel.Unseen = "no Sentinel answered" }, "patroni", 28, "", false},
		{"Patroni is hindered, and Sentinel acts", redisDown(3 * time.Second), func(s *probes.State) {
			s.Patroni.Paused = &yes
			s.Patroni.Members[2].Primary = false
		}, "sentinel", 14, "the Redis master on", false},
	} {
		t.Run(tt.about, func(t *testing.T) {
			s := tt.state()
			if tt.change != nil {
				tt.change(s)
			}
			probestest.Settle(s)
			h := s.HandsOff
			if tt.unseen {
				if why := h.Blind("active"); !strings.Contains(why, tt.why) {
					t.Fatalf("unseen because of %q, want %q; %+v", why, tt.why, h)
				}
				return
			}
			if why := h.Blind("active"); why != "" {
				t.Fatalf("unseen: %s", why)
			}
			if h.Active != (tt.by != "") || h.By != tt.by || h.Left-h.Overdue != tt.left || !strings.Contains(h.Why, tt.why) || tt.by == "" && tt.why == "" && h.Why != "" {
				t.Errorf("got %+v, want %q %g %q", h, tt.by, tt.left, tt.why)
			}
			if tt.by != "" && strings.Contains(h.Why, "paused") {
				t.Errorf("what will not happen is said beside what will: %q", h.Why)
			}
		})
	}
}
