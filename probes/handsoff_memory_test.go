package probes

import (
	"testing"
	"time"

	"recon/internal/inventory"
)

// A history of States, one a second, through which the watch remembers since when something is so.
func TestHandsOffOverTime(t *testing.T) {
	c := &inventory.Cluster{
		Patroni: &inventory.Patroni{Scope: "s"}, Sentinel: &inventory.Sentinel{Master: "m"}, Redis: &inventory.Service{},
		Nodes: []inventory.Node{{Name: "a"}, {Name: "b"}, {Name: "c"}},
	}
	began := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	mem := newMemory(c)
	at := 0
	look := func(seconds int, change func(s *State)) HandsOff {
		t.Helper()
		var h HandsOff
		for end := at + seconds; at < end; at++ {
			now := began.Add(time.Duration(at) * time.Second)
			seen := Seen{Began: now, Reachable: true}
			s := &State{At: now, Patroni: Patroni{Members: []Member{}, Initialize: text([]byte("1"))}, Sentinel: Sentinel{Members: []SentinelMember{}}}
			for _, n := range c.Nodes {
				s.Patroni.Members = append(s.Patroni.Members, Member{Name: n.Name, Node: n.Name, Seen: seen})
				s.Redis.Members = append(s.Redis.Members, RedisMember{Node: n.Name, Seen: seen})
				s.Sentinel.Members = append(s.Sentinel.Members, SentinelMember{
					Node: n.Name, Seen: seen, Watches: true, QuorumOK: true, Quorum: 2, Replicas: 2, DownAfter: 5, Failover: 60,
				})
			}
			s.Patroni.Config, s.Patroni.LockHolder = &Config{TTL: 20, LoopWait: 7}, text([]byte("a"))
			s.Patroni.Leader = &s.Patroni.Members[0]
			if change != nil {
				change(s)
			}
			h = handsOff(c, s, mem)
			mem = mem.after(s)
		}
		return h
	}
	is := func(about string, h HandsOff, by string, left float64) {
		t.Helper()
		if h.Blind("active") != "" || h.Active != (by != "") || h.By != by || h.Left-h.Overdue != left {
			t.Errorf("%s: %+v, want %q %g", about, h, by, left)
		}
	}
	is("healthy", look(5, nil), "", 0)

	free := func(s *State) { s.Patroni.Leader, s.Patroni.LockHolder, s.Patroni.Config = nil, nil, nil }
	is("the lock is free", look(1, free), "patroni", 7) // by the loop_wait that was seen before
	is("4 s later", look(4, free), "patroni", 3)
	is("10 s later", look(10, free), "patroni", -7)
	unread := func(s *State) { free(s); s.Patroni.UnseenDCS = "no etcd endpoint answered" }
	if h := look(2, unread); h.Blind("active") == "" {
		t.Errorf("the lock is not seen, and %+v", h)
	}
	is("seen again, and free all the time", look(1, free), "patroni", -10)
	is("there is a leader", look(1, nil), "", 0)
	is("the lock is free once more", look(1, free), "patroni", 7)
	look(3, nil)

	down := func(s *State) {
		for i := range s.Sentinel.Members {
			s.Sentinel.Members[i].SDown = true
		}
	}
	failing := func(s *State) { down(s); s.Sentinel.Members[1].FailingOver = true }
	is("the master is down", look(1, down), "sentinel", 10)
	is("and down", look(1, down), "sentinel", 9)
	is("a failover begins", look(1, failing), "sentinel", 60)
	is("and goes on", look(30, failing), "sentinel", 30)
	is("it ended without a master", look(1, down), "sentinel", 120+10-31) // counted from the beginning of the attempt
	is("no second attempt came", look(130, down), "sentinel", -31)
	is("the second attempt", look(1, failing), "sentinel", 60)
	is("a new master", look(1, nil), "", 0)
	is("down again", look(1, down), "sentinel", 10)
	is("no attempt was seen in time", look(11, down), "sentinel", 130-11)
}
