package probes_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"recon/internal/inventory"
	"recon/probes"
	"recon/probes/probestest"
)

// Every service is refused, silent, mute or full of garbage on some machine, all at once; each target tells its own tale.
func TestBrokenPortsTellWhatTheyAre(t *testing.T) {
	t.Parallel()
	c := probestest.New(t)
	modes := map[string]probestest.Mode{probestest.Node1: probestest.Refused, probestest.Node2: probestest.Mute, probestest.Node3: probestest.Garbage}
	c.Change(func(w *probestest.World) {
		for node, mode := range modes {
			m := w.Machines[node]
			m.SSH, m.Etcd, m.Patroni, m.Postgres = mode, mode, mode, mode
		}
	})
	w := start(t, c)
	begin := time.Now()
	s := fresh(t, w)
	if took := time.Since(begin); took > 6*time.Second {
		t.Errorf("broken ports took %s; each has its deadline of 3 s, a host 4 s", took)
	}
	for i := range 3 {
		node := s.Nodes[i].Name
		for what, seen := range map[string]probes.Seen{"etcd": s.Etcd.Members[i].Seen, "patroni": s.Patroni.Members[i].Seen, "postgres": s.Postgres.Members[i].Seen} {
			if seen.Reachable || seen.Error == "" || seen.Blind("error") != "" || seen.Blind("version") != seen.Error {
				t.Errorf("%s on %s: %+v", what, node, seen)
			}
			if strings.ContainsAny(seen.Error, "\x1b\x00\n") {
				t.Errorf("%s on %s: the error is not safe to show: %q", what, node, seen.Error)
			}
			switch node {
			case probestest.Node1:
				if !seen.Refused || !strings.HasPrefix(seen.Error, "nothing listens on 172.16.113.201:") {
					t.Errorf("%s refused: %+v", what, seen)
				}
			case probestest.Node2:
				if seen.Refused || seen.Error != "did not answer within 3 s" {
					t.Errorf("%s mute: %+v", what, seen)
				}
			case probestest.Node3:
				if seen.Refused || seen.Latency > 2.5 {
					t.Errorf("%s garbage: %+v", what, seen)
				}
			}
		}
	}
	p := s.Patroni
	if p.Unseen != "no agent answered" || p.Blind("leader") == "" || p.Blind("lock_holder") == "" || s.Etcd.Blind("alarms") == "" || s.Postgres.Blind("primaries") == "" {
		t.Errorf("nothing answered, and yet: %q %q", p.Unseen, p.UnseenDCS)
	}
	if s.Etcd.Quorum != nil {
		t.Error("one refusal of three says nothing about the quorum")
	}
}

// A host without power takes its deadline and harms nobody else.
func TestLeaderLosesPower(t *testing.T) {
	t.Parallel()
	c := probestest.New(t)
	w := start(t, c)
	fresh(t, w)
	c.Change(func(w *probestest.World) {
		w.PowerOff(probestest.Node3)
		w.EtcdLeader, w.Term = probestest.Node1, 16
	})
	s := fresh(t, w)
	p := s.Patroni
	if p.Blind("leader") != "" || p.Leader != nil || p.LockHolder == nil || *p.LockHolder != probestest.Node3 {
		t.Errorf("leader %v (%s), lock %v", p.Leader, p.Blind("leader"), p.LockHolder)
	}
	m, _ := probes.MemberByName(s, probestest.Node3)
	if m.Reachable || m.Refused || m.ListedRole != "leader" {
		t.Errorf("the dead member: %+v", m)
	}
	if s.Etcd.Quorum == nil || !*s.Etcd.Quorum || *s.Etcd.Leader != probestest.Node1 {
		t.Errorf("etcd %+v", s.Etcd)
	}
	if v := s.VIPs["db"]; v.Blind("holder") == "" {
		t.Errorf("the silent host may still hold the address: %+v", v)
	}
	c.Change(func(w *probestest.World) { w.Promote(probestest.Node1) })
	until(t, w, "the failover", func(s *probes.State) bool {
		p := s.Patroni
		return p.Leader != nil && p.Leader.Name == probestest.Node1 && p.FormerLeader != nil && *p.FormerLeader == probestest.Node3
	})
}

// Without quorum everything that is asked still answers: Status and serializable reads.
func TestQuorumLost(t *testing.T) {
	t.Parallel()
	c := probestest.New(t)
	w := start(t, c)
	c.Change(func(w *probestest.World) {
		w.EtcdLeader = ""
		w.Machines[probestest.Node1].Etcd, w.Machines[probestest.Node2].Etcd = probestest.Refused, probestest.Refused
		leader := w.Machines[probestest.Node3]
		leader.Role = "replica"
	})
	begin := time.Now()
	s := fresh(t, w, "patroni")
	if took := time.Since(begin); took > 2*time.Second {
		t.Errorf("without quorum the answers took %s: something was asked that needs it", took)
	}
	if q := s.Etcd.Quorum; q == nil || *q || s.Etcd.Blind("leader") != "" || s.Etcd.Leader != nil {
		t.Errorf("etcd %+v", s.Etcd)
	}
	if p := s.Patroni; p.LockHolder == nil || *p.LockHolder != probestest.Node3 || p.Leader != nil || p.Blind("leader") != "" {
		t.Errorf("lock %v, leader %v", p.LockHolder, p.Leader)
	}
	if e := s.Etcd.Members[2]; len(e.Errors) != 1 || e.LeaderID != "0" {
		t.Errorf("the member that is left: %+v", e)
	}
}

func TestMalformedAnswersOfPatroni(t *testing.T) {
	t.Parallel()
	const jsonType = "application/json"
	for name, tc := range map[string]struct {
		path, want string
		answer     probestest.Answer
	}{
		"html":        {"/patroni", "HTML instead of JSON (Bad gateway", probestest.Answer{Status: 200, Type: "text/html", Body: "<html><h1>Bad gateway</h1></html>"}},
		"text":        {"/patroni", "(Service unavailable)", probestest.Answer{Status: 200, Body: "Service unavailable"}},
		"empty":       {"/patroni", "empty", probestest.Answer{Status: 200}},
		"cut":         {"/patroni", "JSON", probestest.Answer{Status: 200, Type: jsonType, Body: `{"state": "running", "role": "repl`}},
		"wrong type":  {"/patroni", "JSON", probestest.Answer{Status: 200, Type: jsonType, Body: `{"state": 7, "role": "replica"}`}},
		"array":       {"/patroni", "something else", probestest.Answer{Status: 200, Type: jsonType, Body: `[1, 2]`}},
		"deep":        {"/patroni", "JSON", probestest.Answer{Status: 200, Type: jsonType, Body: `{"tags":` + strings.Repeat(`{"a":`, 20000) + `1` + strings.Repeat(`}`, 20000) + `}`}},
		"other":       {"/patroni", "is it Patroni", probestest.Answer{Status: 200, Type: jsonType, Body: `{"status": "ok"}`}},
		"huge":        {"/patroni", "8 MiB", probestest.Answer{Status: 200, Type: jsonType, Body: `{"state": "` + strings.Repeat("x", 9<<20) + `"}`}},
		"401":         {"/patroni", "status 401", probestest.Answer{Status: 401, Body: "no"}},
		"redirect":    {"/patroni", "status 302", probestest.Answer{Status: 302, Header: map[string]string{"Location": "http://192.0.2.1/patroni"}}},
		"primary 404": {"/primary", "/primary: answered with status 404", probestest.Answer{Status: 404, Body: "nothing here"}},
		"primary 301": {"/primary", "status 301", probestest.Answer{Status: 301, Header: map[string]string{"Location": "/elsewhere"}}},
		"escape":      {"/patroni", "Bad", probestest.Answer{Status: 200, Body: "\x1b]0;owned\aBad \x1b[31m\u202egateway"}},
	} {
		t.Run(name, func(t *testing.T) {
			c := probestest.New(t)
			c.Change(func(w *probestest.World) {
				w.Machines[probestest.Node3].Answers = map[string]probestest.Answer{tc.path: tc.answer}
			})
			s := fresh(t, start(t, c), "patroni")
			m := s.Patroni.Members[2]
			if m.Reachable || m.Refused || !strings.Contains(m.Error, tc.want) {
				t.Errorf("reachable %v, error %q, want %q", m.Reachable, m.Error, tc.want)
			}
			if strings.ContainsAny(m.Error, "\x1b\a\u202e\n") || len(m.Error) > 500 {
				t.Errorf("the error is not fit to be shown: %q", m.Error)
			}
			if s.Patroni.Leader != nil || s.Patroni.Answered != 2 || m.Blind("role") == "" {
				t.Errorf("what cannot be read must not lead: %v", s.Patroni.Leader)
			}
		})
	}
}

// What only some answers lack takes no more than those facts away.
func TestPartsOfPatroniThatFail(t *testing.T) {
	t.Parallel()
	c := probestest.New(t)
	bad := probestest.Answer{Status: http.StatusBadGateway, Type: "text/html", Body: "<html>no</html>"}
	c.Change(func(w *probestest.World) {
		w.Keys = map[string]string{"/service/pgcluster/pgclusternetbox/leader": probestest.Node3}
		for _, m := range w.Machines {
			m.Answers = map[string]probestest.Answer{"/cluster": bad, "/history": bad, "/config": bad}
		}
	})
	s := fresh(t, start(t, c), "patroni")
	p := s.Patroni
	if p.Leader == nil || p.Disputed != "" {
		t.Fatalf("the leader is proven by /primary alone: %+v", p)
	}
	for _, field := range []string{"config", "history", "scheduled"} {
		if why := p.Blind(field); !strings.Contains(why, "502") {
			t.Errorf("%s: %q", field, why)
		}
	}
	if m := p.Members[0]; m.Blind("listed_role") == "" || m.Blind("role") != "" {
		t.Errorf("listed: %q, role: %q", m.Blind("listed_role"), m.Blind("role"))
	}
}

func TestDisputes(t *testing.T) {
	t.Parallel()
	proof := probestest.Answer{Status: 200, Type: "application/json", Body: "{}"}
	for name, tc := range map[string]struct {
		change func(w *probestest.World)
		want   string
	}{
		"two primaries": {func(w *probestest.World) {
			w.Machines[probestest.Node1].Answers = map[string]probestest.Answer{"/primary": proof}
		}, "netbox-node-1 and netbox-node-3 both answer as primary"},
		"two scopes": {func(w *probestest.World) {
			w.Machines[probestest.Node2].Answers = map[string]probestest.Answer{"/patroni": {Status: 200, Body: `{"state":"running","role":"replica","patroni":{"name":"netbox-node-2","scope":"other"}}`}}
		}, "different scopes: other (netbox-node-2), pgclusternetbox"},
		"two systems": {func(w *probestest.World) {
			w.Machines[probestest.Node2].Answers = map[string]probestest.Answer{"/patroni": {Status: 200, Body: `{"state":"running","role":"replica","database_system_identifier":"7","patroni":{"name":"netbox-node-2","scope":"pgclusternetbox"}}`}}
		}, "different system identifiers: 7 (netbox-node-2)"},
		"two views": {func(w *probestest.World) {
			w.Machines[probestest.Node1].Answers = map[string]probestest.Answer{"/cluster": {Status: 200, Body: `{"members":[{"name":"netbox-node-2","role":"leader","state":"running","lag":"unknown"}],"scope":"pgclusternetbox"}`}}
		}, "list different leaders: netbox-node-2 (netbox-node-1), netbox-node-3"},
	} {
		t.Run(name, func(t *testing.T) {
			c := probestest.New(t)
			c.Change(tc.change)
			p := fresh(t, start(t, c), "patroni").Patroni
			if !strings.Contains(p.Disputed, tc.want) || p.Blind("leader") != p.Disputed || p.Blind("timeline") == "" {
				t.Errorf("disputed %q, leader %q", p.Disputed, p.Blind("leader"))
			}
			if p.Blind("disputed") != "" || p.Blind("members") != "" || p.Blind("lock_holder") != "" {
				t.Error("a dispute takes away only who leads")
			}
		})
	}
}

// A member that lost etcd long ago goes on listing the leader of that time: that is a memory, no contradiction.
func TestOutdatedViewIsNoDispute(t *testing.T) {
	t.Parallel()
	c := probestest.New(t)
	c.Change(func(w *probestest.World) {
		old := time.Now().Add(-2 * time.Minute).Unix()
		w.Machines[probestest.Node1].Answers = map[string]probestest.Answer{
			"/patroni": {Status: 200, Body: fmt.Sprintf(`{"state":"running","role":"replica","timeline":7,"dcs_last_seen":%d,"patroni":{"name":"netbox-node-1","scope":"pgclusternetbox"}}`, old)},
			"/cluster": {Status: 200, Body: `{"members":[{"name":"netbox-node-2","role":"leader","state":"running"}],"scope":"pgclusternetbox"}`},
		}
	})
	p := fresh(t, start(t, c), "patroni").Patroni
	if p.Disputed != "" || p.Leader == nil || p.Leader.Name != probestest.Node3 {
		t.Errorf("disputed %q, leader %v", p.Disputed, p.Leader)
	}
	if m := p.Members[0]; m.DCSAge == nil || *m.DCSAge < 115 || m.Lag != nil || m.ListedRole != "sync_standby" {
		t.Errorf("the isolated member: %+v", m)
	}
}

func TestPauseIsAFactWhenAllAgree(t *testing.T) {
	t.Parallel()
	c := probestest.New(t)
	w := start(t, c)
	if p := fresh(t, w, "patroni").Patroni; p.Paused == nil || *p.Paused {
		t.Errorf("paused %v", p.Paused)
	}
	c.Change(func(w *probestest.World) {
		w.Paused = true
		w.Machines[probestest.Node2].Answers = map[string]probestest.Answer{"/patroni": {Status: 200, Body: `{"state":"running","role":"replica","patroni":{"name":"netbox-node-2","scope":"pgclusternetbox"}}`}}
	})
	if p := fresh(t, w, "patroni").Patroni; p.Paused != nil || !strings.Contains(p.Blind("paused"), "differ") || !strings.Contains(p.Blind("paused"), "etcd says paused") {
		t.Errorf("paused %v, %q", p.Paused, p.Blind("paused"))
	}
	c.Change(func(w *probestest.World) { w.Machines[probestest.Node2].Answers = nil })
	if p := fresh(t, w, "patroni").Patroni; p.Paused == nil || !*p.Paused {
		t.Errorf("paused %v", p.Paused)
	}
}

// "There is no leader key" must not be said when it was looked for in the wrong place.
func TestWrongPlaceInEtcd(t *testing.T) {
	t.Parallel()
	t.Run("scope", func(t *testing.T) {
		c := probestest.New(t)
		c.Inventory.Patroni.Scope = "pgclusteretcd"
		w := start(t, c)
		s := until(t, w, "the lock under the members' scope", func(s *probes.State) bool { return s.Patroni.LockHolder != nil })
		if p := s.Patroni; p.Prefix != "/service/pgcluster/pgclusternetbox/" || *p.Scope != "pgclusternetbox" {
			t.Errorf("read at %s", p.Prefix)
		}
	})
	t.Run("namespace", func(t *testing.T) {
		c := probestest.New(t)
		c.Inventory.Patroni.Namespace = "/service/"
		p := fresh(t, start(t, c), "patroni").Patroni
		if why := p.Blind("lock_holder"); p.LockHolder != nil || !strings.Contains(why, "but at /service/pgcluster/pgclusternetbox/") {
			t.Errorf("lock %v, %q", p.LockHolder, why)
		}
	})
	t.Run("empty although somebody leads", func(t *testing.T) {
		c := probestest.New(t)
		c.Change(func(w *probestest.World) { w.Keys = map[string]string{"/other/key": "1"} })
		if why := fresh(t, start(t, c), "patroni").Patroni.Blind("lock_holder"); !strings.Contains(why, "proves that it holds the lock") {
			t.Errorf("%q", why)
		}
	})
	t.Run("really empty", func(t *testing.T) {
		c := probestest.New(t)
		c.Change(func(w *probestest.World) {
			w.Keys = map[string]string{"/service/pgcluster/another/initialize": "1"}
			w.LockHolder = ""
			w.Machines[probestest.Node3].Role = "replica"
		})
		p := fresh(t, start(t, c), "patroni").Patroni
		if p.Blind("lock_holder") != "" || p.LockHolder != nil || p.Initialize != nil || p.Leader != nil || p.Blind("leader") != "" {
			t.Errorf("lock %v, %q", p.LockHolder, p.Blind("lock_holder"))
		}
		if p.Unlocked == nil || !*p.Unlocked || p.SyncStandbys == nil {
			t.Errorf("unlocked %v, sync %v", p.Unlocked, p.SyncStandbys)
		}
	})
}

func TestDatabases(t *testing.T) {
	t.Parallel()
	c := probestest.New(t)
	c.Change(func(w *probestest.World) {
		w.Machines[probestest.Node3].Waiting = 4
		w.Machines[probestest.Node3].Copies = []probes.CopyStream{{Name: "pg_basebackup", Address: "172.16.113.202", Streamed: 3136512}}
		w.Machines[probestest.Node1].Unprivileged = true
		w.Machines[probestest.Node2].Lists = `{"followers": "none"`
	})
	w := start(t, c)
	s := fresh(t, w)
	if s.Postgres.Waiting == nil || *s.Postgres.Waiting != 4 || len(s.Postgres.Primaries) != 1 {
		t.Errorf("postgres %+v", s.Postgres)
	}
	primary := s.Postgres.Members[2]
	if len(primary.Followers) != 2 || len(primary.Slots) != 2 || primary.Oldest == nil || *primary.Oldest != 9.5 || primary.Version != 170012 {
		t.Errorf("primary %+v", primary)
	}
	if got := s.Patroni.Members[1].CopiedBytes; got == nil || *got != 3136512 || s.Patroni.Members[0].CopiedBytes != nil {
		t.Errorf("copied %v", got)
	}
	// What the user may not see would look like peace.
	lowly := s.Postgres.Members[0]
	for _, field := range []string{"syncrep_waiting", "oldest_transaction", "followers", "copies", "receiver", "timeline"} {
		if !strings.Contains(lowly.Blind(field), "pg_monitor") {
			t.Errorf("%s without pg_monitor: %q", field, lowly.Blind(field))
		}
	}
	if lowly.Blind("in_recovery") != "" || !lowly.InRecovery || lowly.Blind("slots") != "" {
		t.Errorf("lowly %+v", lowly)
	}
	if cut := s.Postgres.Members[1]; cut.Blind("slots") == "" || cut.Blind("in_recovery") != "" || !cut.Reachable {
		t.Errorf("cut lists: %+v", cut)
	}
}

// Connections are kept, and a service that was restarted is seen again soon.
func TestConnectionsAreKept(t *testing.T) {
	t.Parallel()
	c := probestest.New(t)
	w := start(t, c)
	for range 20 {
		fresh(t, w, "etcd", "postgres")
	}
	for _, port := range []string{"22379", "5432"} {
		if n := c.Hosts.Dials(probestest.Node1, port); n != 1 {
			t.Errorf("port %s was connected to %d times for 20 questions", port, n)
		}
	}
	c.Change(func(w *probestest.World) {
		m := w.Machines[probestest.Node1]
		m.Etcd, m.Postgres = probestest.Refused, probestest.Refused
	})
	until(t, w, "etcd refuses", func(s *probes.State) bool { return s.Etcd.Members[0].Refused })
	c.Change(func(w *probestest.World) {
		m := w.Machines[probestest.Node1]
		m.Etcd, m.Postgres = probestest.Up, probestest.Up
	})
	until(t, w, "both are back", func(s *probes.State) bool {
		return s.Etcd.Members[0].Reachable && s.Postgres.Members[0].Reachable
	})
}

func TestAlarms(t *testing.T) {
	t.Parallel()
	c := probestest.New(t)
	c.Change(func(w *probestest.World) { w.Alarms = []string{probestest.Node2} })
	e := fresh(t, start(t, c), "etcd").Etcd
	if len(e.Alarms) != 1 || e.Alarms[0] != "NOSPACE netbox-node-2" || e.Quorum == nil || !*e.Quorum {
		t.Errorf("etcd %+v", e)
	}
}

func TestOnceIsFast(t *testing.T) {
	t.Parallel()
	c := probestest.New(t)
	s, err := probes.Once(t.Context(), c.Inventory, c.Hosts, probes.Options{})
	if err != nil || s.Patroni.Leader == nil {
		t.Fatalf("%v, %+v", err, s)
	}
}

func TestServicesThatTheFileDoesNotName(t *testing.T) {
	t.Parallel()
	c := probestest.New(t)
	inv := &inventory.Cluster{Name: "bare", Nodes: c.Inventory.Nodes, Interval: c.Inventory.Interval}
	w, err := probes.New(inv, c.Hosts, probes.Options{})
	if err != nil {
		t.Fatal(err)
	}
	s := w.State()
	for what, why := range map[string]string{
		"quorum": s.Etcd.Blind("alarms"), "leader": s.Patroni.Blind("leader"), "lock": s.Patroni.Blind("lock_holder"), "primaries": s.Postgres.Blind("primaries"),
	} {
		if !strings.Contains(why, "the cluster file names no") {
			t.Errorf("%s: %q", what, why)
		}
	}
}
