package probes

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"recon/internal/inventory"
)

func value[T any](p *T) string {
	if p == nil {
		return "nil"
	}
	return fmt.Sprint(*p)
}

func roles(p Patroni) string {
	var out []string
	for _, m := range p.Members {
		out = append(out, m.Role+"/"+m.State)
	}
	return strings.Join(out, " ")
}

func leader(p Patroni) string {
	if why := p.Blind("leader"); why != "" {
		return "unseen: " + why
	}
	if p.Leader == nil {
		return "nil"
	}
	return p.Leader.Name
}

func see(t *testing.T, r raw, m moment) *State {
	t.Helper()
	c := threeNodes()
	return assemble(c, r, m, newMemory(c))
}

func TestCapturedStates(t *testing.T) {
	for _, tc := range []struct {
		name, roles, leader, lock, former, quorum, etcdLeader, paused string
		answered                                                      int
	}{
		{"healthy_final", "sync_standby/streaming replica/streaming leader/running", "netbox-node-3", "netbox-node-3", "netbox-node-2", "true", "netbox-node-3", "false", 3},
		{"g_patroni_paused", "leader/running replica/streaming sync_standby/streaming", "netbox-node-1", "netbox-node-1", "nil", "true", "netbox-node-1", "true", 3},
		{"h_pending_restart", "leader/running replica/streaming sync_standby/streaming", "netbox-node-1", "netbox-node-1", "nil", "true", "netbox-node-1", "false", 3},
		// /cluster said "leader, running" of node 1 all the time; no /primary said 200, and two of three etcd were killed.
		{"c2_quorum_lost_demoted", "replica/running replica/streaming sync_standby/streaming", "nil", "nil", "netbox-node-1", "false", "nil", "false", 3},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r, m := capture(t, tc.name)
			s := see(t, r, m)
			p := s.Patroni
			for what, pair := range map[string][2]string{
				"roles": {roles(p), tc.roles}, "leader": {leader(p), tc.leader}, "lock": {value(p.LockHolder), tc.lock},
				"former": {value(p.FormerLeader), tc.former}, "quorum": {value(s.Etcd.Quorum), tc.quorum},
				"etcd's leader": {value(s.Etcd.Leader), tc.etcdLeader}, "paused": {value(p.Paused), tc.paused},
				"answered": {fmt.Sprint(p.Answered), fmt.Sprint(tc.answered)}, "disputed": {p.Disputed, ""}, "unseen": {p.Unseen, ""},
				"scope": {value(p.Scope), "pgclusternetbox"}, "system": {value(p.SystemID), "7711276203485323398"},
			} {
				if pair[0] != pair[1] {
					t.Errorf("%s: %s, want %s", what, pair[0], pair[1])
				}
			}
		})
	}
}

func TestHealthyFacts(t *testing.T) {
	r, m := capture(t, "healthy_final")
	s := see(t, r, m)
	p := s.Patroni
	if value(p.Timeline) != "8" || len(p.Replicas) != 2 || len(p.History) != 7 || p.History[6].Leader != "netbox-node-3" || p.History[6].LSN != 100791800 {
		t.Errorf("timeline %s, %d replicas, history %+v", value(p.Timeline), len(p.Replicas), p.History)
	}
	if c := p.Config; c == nil || c.TTL != 30 || !c.Sync || !c.Strict || !c.Rewind || c.Failsafe || c.MaximumLag != 1<<20 || c.StartTimeout != 300 {
		t.Errorf("config %+v", c)
	}
	if len(p.SyncStandbys) != 1 || p.SyncStandbys[0] != "netbox-node-1" || value(p.Initialize) != "7711276203485323398" || p.UnseenDCS != "" {
		t.Errorf("sync %v, initialize %s, %q", p.SyncStandbys, value(p.Initialize), p.UnseenDCS)
	}
	for _, x := range p.Members {
		want := "0"
		if x.Role == "leader" {
			want = "nil"
		}
		if value(x.Lag) != want || value(x.Location) != "100810800" || x.Version != "4.0.7" || x.Server != 170012 {
			t.Errorf("%s: lag %s, want %s; location %s", x.Name, value(x.Lag), want, value(x.Location))
		}
		if x.DCSAge == nil || *x.DCSAge < 0 || *x.DCSAge > 10 {
			t.Errorf("%s reached etcd %s s ago; the captures say 0 to 6", x.Name, value(x.DCSAge))
		}
		if x.ListedRole == "" || x.ListedState == "" {
			t.Errorf("%s is not listed", x.Name)
		}
	}
	if f := p.Leader.Followers; len(f) != 2 || f[0].SyncState != "sync" {
		t.Errorf("followers %+v", f)
	}
	// The ids are above 2^63.
	if e := s.Etcd.Members[0]; e.ID != fmt.Sprintf("%x", uint64(15315719592556045757)) || e.LeaderID != fmt.Sprintf("%x", uint64(15645129179376806426)) || e.Leads {
		t.Errorf("etcd member %+v", e)
	}
	if value(s.Etcd.Term) != "15" || value(s.Etcd.Voters) != "3" || s.Etcd.Alarms == nil || len(s.Etcd.Alarms) != 0 {
		t.Errorf("etcd %+v", s.Etcd)
	}
}

// The dead leader is listed as running by everybody; only its silence and the lock say what is the matter.
func TestDeadLeaderIsRecognised(t *testing.T) {
	r, m := capture(t, "a_leader_killed_during")
	setKey(t, r, "leader", "netbox-node-3") // the keys were recorded half a minute later, after the failover
	p := see(t, r, m).Patroni
	if leader(p) != "nil" || value(p.LockHolder) != "netbox-node-3" {
		t.Fatalf("leader %s, lock %s", leader(p), value(p.LockHolder))
	}
	dead := p.Members[2]
	if dead.Name != "netbox-node-3" || dead.Reachable || !dead.Refused || dead.Error == "" {
		t.Errorf("the dead leader is %+v", dead)
	}
	if dead.ListedRole != "leader" || dead.ListedState != "running" || dead.Blind("listed_role") != "" {
		t.Errorf("/cluster lists it as %s, %s", dead.ListedRole, dead.ListedState)
	}
	if dead.Blind("role") == "" || dead.Blind("state") == "" || dead.Blind("reachable") != "" {
		t.Error("role and state of a silent member must be unseen, reachable must be a fact")
	}
	if len(p.Replicas) != 2 || p.Replicas[0].State != "running" {
		t.Errorf("replicas %+v", p.Replicas)
	}
}

// A host without power answers nothing, on no port: its member keeps its name, and the lock names it.
func TestLeaderWithoutPower(t *testing.T) {
	r, m := capture(t, "healthy_final")
	silent := "did not answer within 3 s"
	r.patroni["netbox-node-3"] = answer[patroniFacts]{began: m.now, ended: m.now, since: m.now, err: silent}
	r.etcd["netbox-node-3"] = answer[etcdFacts]{began: m.now, ended: m.now, since: m.now, err: silent}
	s := see(t, r, m)
	p := s.Patroni
	if leader(p) != "nil" || value(p.LockHolder) != "netbox-node-3" || value(s.Etcd.Quorum) != "true" {
		t.Fatalf("leader %s, lock %s, quorum %s", leader(p), value(p.LockHolder), value(s.Etcd.Quorum))
	}
	if d := p.Members[2]; d.Name != "netbox-node-3" || d.Reachable || d.Refused || d.Error != silent {
		t.Errorf("the member is %+v", d)
	}
	if value(p.Timeline) != "nil" || value(p.Members[0].Lag) != "nil" {
		t.Error("without a leader there is no timeline to follow and no lag")
	}
}

// Every half second of a planned switchover has one leader or none, never a dispute.
func TestSwitchover(t *testing.T) {
	f, err := os.Open("testdata/m_switchover-patroni-4.0.7/timeline.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	var got []string
	c := threeNodes()
	mem := newMemory(c)
	for lines.Scan() {
		var at map[string]json.RawMessage
		if err := json.Unmarshal(lines.Bytes(), &at); err != nil {
			t.Fatal(err)
		}
		now := time.Unix(1795423552, 0)
		r := newRaw()
		for i, n := range c.Nodes {
			answers := map[string]recorded{"/history": {200, []byte("[]")}, "/config": {502, []byte("<html>")}}
			for path, key := range map[string]string{"/patroni": "patroni", "/cluster": "cluster"} {
				var pair []json.RawMessage
				if err := json.Unmarshal(at[fmt.Sprint(key, i+1)], &pair); err != nil {
					t.Fatal(err)
				}
				answers[path] = recorded{200, pair[1]}
			}
			var code int
			if err := json.Unmarshal(at[fmt.Sprint("primary", i+1)], &code); err != nil {
				t.Fatal(err)
			}
			answers["/primary"] = recorded{code, []byte("{}")}
			r.patroni[n.Name] = askAgent(t, now, answers)
		}
		s := assemble(c, r, moment{now: now}, mem)
		mem = mem.after(s)
		got = append(got, leader(s.Patroni)+" after "+value(s.Patroni.FormerLeader)+": "+roles(s.Patroni))
	}
	want := []string{
		"netbox-node-2 after nil: replica/streaming leader/running sync_standby/streaming",
		"netbox-node-2 after nil: replica/running leader/stopping sync_standby/running",
		"netbox-node-3 after netbox-node-2: replica/running demoted/stopped leader/running",
		"netbox-node-3 after netbox-node-2: replica/running demoted/stopped leader/running",
		"netbox-node-3 after netbox-node-2: sync_standby/streaming replica/streaming leader/running",
	}
	for i := range max(len(got), len(want)) {
		if i >= len(got) || i >= len(want) || got[i] != want[i] {
			t.Fatalf("moment %d:\n got %q\nwant %q", i, got, want)
		}
	}
}

func TestOldAnswersAreNoFactsTogether(t *testing.T) {
	r, m := capture(t, "healthy_final")
	m.now = m.now.Add(StaleAfter)
	s := see(t, r, m)
	if why := s.Patroni.Blind("leader"); why != "what each agent answered is older than 10 s" || s.Patroni.Leader != nil {
		t.Errorf("leader %v: %q", s.Patroni.Leader, why)
	}
	if s.Etcd.Blind("quorum") == "" || s.Patroni.Blind("lock_holder") == "" {
		t.Error("old answers make facts of etcd")
	}
}

// Half an answer is none: while a member may still say that it leads, "nobody leads" is not known.
func TestPendingMembersKeepTheLeaderUnknown(t *testing.T) {
	r, m := capture(t, "healthy_final")
	m.notBefore = m.now.Add(-100 * time.Millisecond)
	for _, node := range []string{"netbox-node-1", "netbox-node-2"} {
		a := r.patroni[node]
		a.began = m.now
		r.patroni[node] = a
	}
	p := see(t, r, m).Patroni
	if why := p.Blind("leader"); p.Leader != nil || why != "agent of netbox-node-3 has not answered since it was asked again" {
		t.Errorf("leader %v: %q", p.Leader, why)
	}
	if p.Blind("lock_holder") == "" || p.Members[2].Blind("role") == "" || p.Members[0].Blind("role") != "" {
		t.Error("only what answered since may be told")
	}
}

func TestQuorum(t *testing.T) {
	for name, tc := range map[string]struct {
		votes votes
		nodes int
		want  string
	}{
		"all":                      {votes{naming: map[uint64][]string{7: {"a", "b", "c"}}}, 3, "true"},
		"two of three":             {votes{naming: map[uint64][]string{7: {"a", "b"}}, against: 1}, 3, "true"},
		"one, two refuse":          {votes{naming: map[uint64][]string{7: {"a"}}, against: 2}, 3, "false"},
		"one, one refuses":         {votes{naming: map[uint64][]string{7: {"a"}}, against: 1}, 3, "nil"},
		"one knows none, silence":  {votes{against: 1}, 3, "nil"},
		"two know none":            {votes{against: 2}, 3, "false"},
		"all silent":               {votes{}, 3, "nil"},
		"a half is no majority":    {votes{naming: map[uint64][]string{7: {"a", "b"}}, against: 2}, 4, "false"},
		"different leaders":        {votes{naming: map[uint64][]string{7: {"a"}, 8: {"b"}}}, 3, "nil"},
		"five voters, three asked": {votes{naming: map[uint64][]string{7: {"a", "b"}}, voters: whole(new(5.0))}, 3, "nil"},
		"one":                      {votes{naming: map[uint64][]string{7: {"a"}}}, 1, "true"},
		"two clusters":             {votes{naming: map[uint64][]string{7: {"a", "b"}}, clusters: map[uint64][]string{1: {"a"}, 2: {"b"}}}, 3, "nil"},
	} {
		if got := value(tc.votes.quorum(tc.nodes)); got != tc.want {
			t.Errorf("%s: %s, want %s", name, got, tc.want)
		}
	}
}

func TestPendingReasonsOfACapture(t *testing.T) {
	r, m := capture(t, "h_pending_restart")
	s := assemble(threeNodes(), r, m, newMemory(threeNodes()))
	for _, x := range s.Patroni.Members {
		if want := []string{"max_connections: 200 to 210", "shared_buffers: 2GB to 1GB"}; !slices.Equal(x.Reasons, want) {
			t.Errorf("%s: %q", x.Name, x.Reasons)
		}
	}
	if s.Patroni.Strangers == nil || len(s.Patroni.Strangers) > 0 {
		t.Errorf("strangers: %q", s.Patroni.Strangers)
	}
	// A cluster file that does not name the third member.
	two := threeNodes()
	two.Nodes = two.Nodes[:2]
	s = assemble(two, r, m, newMemory(two))
	if want := []string{"netbox-node-3"}; !slices.Equal(s.Patroni.Strangers, want) {
		t.Errorf("strangers: %q", s.Patroni.Strangers)
	}
}

func TestUnitsByService(t *testing.T) {
	c := threeNodes()
	c.Etcd.Unit, c.Etcd.Nodes, c.Patroni.Unit, c.Patroni.Nodes = "etcd-patroni", []string{"netbox-node-1"}, "patroni", []string{"netbox-node-1"}
	c.NetBox = &inventory.NetBox{Service: inventory.Service{On: inventory.On{Nodes: []string{"netbox-node-1"}}, Unit: "netbox"}, WorkerUnit: "netbox-rq"}
	units := map[string]string{"etcd-patroni": "active", "patroni": "failed", "netbox": "active", "netbox-rq": "inactive", "ssh": "active"}
	if got := fmt.Sprint(byService(c, "netbox-node-1", units)); got != "map[etcd:active netbox:active patroni:failed worker:inactive]" {
		t.Error(got)
	}
	if got := byService(c, "netbox-node-2", units); got == nil || len(got) > 0 {
		t.Errorf("a node that runs nothing: %v", got)
	}
	if byService(c, "netbox-node-1", nil) != nil {
		t.Error("nothing was seen and something is known")
	}
}
