package runbooks

import (
	"testing"
	"time"

	"recon/internal/gate"
	"recon/probes"
)

func ptr[T any](v T) *T { return &v }

func seen() probes.Seen { return probes.Seen{Reachable: true, Began: time.Unix(1, 0)} }

func silent(refused bool) probes.Seen {
	return probes.Seen{Refused: refused, Error: "nothing listens on n:8008", Began: time.Unix(1, 0)}
}

// healthy is three nodes; n1 leads on timeline 7, n2 is its synchronous standby.
func healthy() *probes.State {
	s := &probes.State{Cluster: probes.Cluster{Name: "test", Environment: "training"}}
	for i, name := range []string{"n1", "n2", "n3"} {
		s.Nodes = append(s.Nodes, probes.Node{Name: name, Seen: seen(), Services: map[string]string{"patroni": "active", "etcd": "active"}, ServiceFiles: map[string]string{"patroni": "enabled", "etcd": "enabled"}, NeverRan: []string{}})
		s.Etcd.Members = append(s.Etcd.Members, probes.EtcdMember{Name: name, Seen: seen(), LeaderID: "1"})
		m := probes.Member{Name: name, Node: name, Seen: seen(), Role: "replica", State: "streaming", Timeline: ptr(7), Lag: ptr(int64(0)), Scope: "pg", Tags: map[string]string{}, Followers: []probes.Follower{}}
		if i == 0 {
			m.Role, m.State, m.Primary = "leader", "running", true
			m.Followers = []probes.Follower{{Name: "n2", State: "streaming", SyncState: "sync"}, {Name: "n3", State: "streaming", SyncState: "async"}}
		}
		s.Patroni.Members = append(s.Patroni.Members, m)
		s.Postgres.Members = append(s.Postgres.Members, probes.Database{Node: name, Seen: seen(), InRecovery: i > 0})
	}
	s.Patroni.Members[1].Role = "sync_standby"
	s.Etcd.Quorum, s.Etcd.Leader = ptr(true), ptr("n1")
	s.Patroni.Paused, s.Patroni.Config = ptr(false), &probes.Config{Sync: true, Strict: true, TTL: 30, LoopWait: 10}
	s.Patroni.SyncStandbys, s.Patroni.Scope, s.Patroni.FormerLeader = []string{"n2"}, ptr("pg"), ptr("n3")
	s.Patroni.History, s.Patroni.Initialize = []probes.Switch{{Timeline: 6, Leader: "n1"}}, ptr("1")
	lead(s, "n1")
	return s
}

// lead makes a member the leader, in what is derived from the members.
func lead(s *probes.State, name string) {
	s.Patroni.Leader, s.Patroni.LockHolder, s.Patroni.Replicas = nil, ptr(name), nil
	for i := range s.Patroni.Members {
		if m := &s.Patroni.Members[i]; m.Primary {
			s.Patroni.Leader, s.Patroni.Timeline = m, m.Timeline
		} else if m.Reachable {
			s.Patroni.Replicas = append(s.Patroni.Replicas, *m)
		}
	}
}

// killed is the first 20 seconds after Patroni and PostgreSQL of n1 were killed: the key is still there.
func killed() *probes.State {
	s := healthy()
	s.Patroni.Members[0] = probes.Member{Name: "n1", Node: "n1", Seen: silent(true), ListedRole: "leader", ListedState: "running"}
	s.Postgres.Members[0] = probes.Database{Node: "n1", Seen: silent(true)}
	s.Nodes[0].Services["patroni"] = "failed"
	lead(s, "n1")
	return s
}

// failedOver is later: n2 leads on timeline 8.
func failedOver() *probes.State {
	s := killed()
	m := &s.Patroni.Members[1]
	m.Role, m.State, m.Primary, m.Timeline = "leader", "running", true, ptr(8)
	m.Followers = []probes.Follower{{Name: "n3", State: "streaming", SyncState: "sync"}}
	s.Patroni.Members[2].Timeline, s.Patroni.Members[2].Role = ptr(8), "sync_standby"
	s.Patroni.FormerLeader, s.Patroni.SyncStandbys = ptr("n1"), []string{"n3"}
	s.Patroni.History = append(s.Patroni.History, probes.Switch{Timeline: 7, Leader: "n2"})
	lead(s, "n2")
	return s
}

// powerless is failedOver where n1's host is gone too.
func powerless() *probes.State {
	s := failedOver()
	s.Nodes[0] = probes.Node{Name: "n1", Seen: silent(false)}
	s.Etcd.Members[0].Seen = silent(false)
	return s
}

// masked is failedOver where somebody masked Patroni on n1.
func masked() *probes.State {
	s := failedOver()
	s.Nodes[0].Services["patroni"], s.Nodes[0].ServiceFiles["patroni"] = "inactive", "masked"
	return s
}

// behind is failedOver where n1's agent runs and its PostgreSQL is on the old timeline.
func behind(state string) *probes.State {
	s := failedOver()
	s.Nodes[0].Services["patroni"] = "active"
	s.Patroni.Members[0] = probes.Member{Name: "n1", Node: "n1", Seen: seen(), Role: "replica", State: state, Timeline: ptr(7), Tags: map[string]string{}}
	return s
}

// rejoined is failedOver with n1 streaming again.
func rejoined() *probes.State {
	s := behind("streaming")
	s.Patroni.Members[0].Timeline = ptr(8)
	s.Patroni.Leader.Followers = append(s.Patroni.Leader.Followers, probes.Follower{Name: "n1", State: "streaming"})
	return s
}

func TestSuggest(t *testing.T) {
	l, err := Load(probes.Scope(nil))
	if err != nil {
		t.Fatal(err)
	}
	noQuorum := killed()
	noQuorum.Etcd.Quorum = ptr(false)
	nobody := failedOver()
	nobody.Patroni.Members[1].Primary, nobody.Patroni.Leader, nobody.Patroni.LockHolder = false, nil, nil
	for name, c := range map[string]struct {
		state *probes.State
		want  map[string]string
	}{
		"healthy":                           {healthy(), nil},
		"the leader was killed":             {killed(), map[string]string{"patroni-leader-crash": "nobody leads; silent: n1", "patroni-no-leader": "nobody leads; lock: n1; may lead: n2"}},
		"another one leads":                 {failedOver(), map[string]string{"patroni-leader-crash": "n2 leads; silent: n1"}},
		"the host has no power":             {powerless(), map[string]string{"patroni-leader-crash": "n2 leads; silent: n1"}},
		"nobody leads":                      {nobody, map[string]string{"patroni-leader-crash": "nobody leads; silent: n1", "patroni-no-leader": "nobody leads; lock: none; may lead: n3"}},
		"without quorum it is another book": {noQuorum, map[string]string{"etcd-quorum-lost": "no quorum: 0 of 3 members of etcd answer", "etcd-quorum-still-lost": "for over 10 min 0 of 3 members of etcd answer"}},
		"the old leader is masked":          {masked(), map[string]string{"patroni-rejoin-old-leader": "n1 does not follow; n2 leads on timeline 8"}},
		"start failed":                      {behind("start failed"), map[string]string{"patroni-rejoin-old-leader": "n1 does not follow; n2 leads on timeline 8"}},
		"on the old timeline":               {behind("running"), map[string]string{"patroni-rejoin-old-leader": "n1 does not follow; n2 leads on timeline 8"}},
		"rejoined":                          {rejoined(), nil},
		"nothing was asked yet":             {&probes.State{Patroni: probes.Patroni{Unseen: "not asked yet"}}, nil},
	} {
		got := map[string]string{}
		for _, s := range l.Suggest(probes.Vars(c.state)) {
			got[s.Book.ID] = s.Because
			if s.Result.Answer != gate.Pass || len(s.Result.Parts) == 0 {
				t.Errorf("%s: %s is suggested with %+v", name, s.Book.ID, s.Result)
			}
		}
		if len(got) != len(c.want) {
			t.Errorf("%s: %v, expected %v", name, got, c.want)
		}
		for id, because := range c.want {
			if got[id] != because {
				t.Errorf("%s: %s because %q, expected %q", name, id, got[id], because)
			}
		}
	}
}

func TestSuggestOrderAndDrills(t *testing.T) {
	when := "because: 'it is so'\nwhen: 'etcd.quorum'"
	l := &Library{}
	for _, head := range []string{"id: planned\nseverity: 0", "id: degraded\nseverity: 3", "id: down\nseverity: 1", "id: also\nseverity: 1"} {
		l.Books = append(l.Books, mustParse(t, bookText(head+"\n"+when, "## By hand\n\nDo it.\n")))
	}
	l.Books = append(l.Books, mustParse(t, bookText("id: drill\nkind: drill\nfaults: [kill-leader]\ntime: 5m\nbook: down\n"+when, "## Go\n\n'''hint\nLook.\n'''\n\n'''check\netcd.quorum\n'''\n")))
	got := ""
	for _, s := range l.Suggest(probes.Vars(healthy())) {
		got += s.Book.ID + " "
	}
	if got != "also down degraded planned " {
		t.Errorf("order: %s", got)
	}
}
