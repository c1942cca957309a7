package status_test

import (
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/exp/golden"

	"recon/internal/findings"
	"recon/internal/gate"
	"recon/internal/inventory"
	"recon/internal/status"
	"recon/probes"
	"recon/probes/probestest"
	"recon/runbooks"
)

// book is a book of these tests, so that their findings do not change with the library.
const book = `---
format: 1
id: no-leader
title: Nobody leads
kind: recovery
severity: 1
systems: [patroni]
scenarios: [PG-02]
when: 'etcd.quorum && patroni.leader == nil && patroni.lock_holder != nil && !member(patroni.lock_holder).reachable'
because: '{patroni.lock_holder} holds the lock and is silent'
for: 5s
---

# Nobody leads

Text.

## By hand

Do it.
`

// looked is the findings after somebody looked at a State for so many seconds.
func looked(t testing.TB, s *probes.State, seconds int) findings.Set {
	t.Helper()
	b, problems := runbooks.Parse("book.md", []byte(book), probes.Scope(nil))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	planned := *b
	planned.ID, planned.Severity = "planned", 0
	if planned.When.Expr.Answer(probes.Vars(s)) != gate.Pass {
		planned.When = &runbooks.Condition{Expr: always(t)}
	}
	lib := &runbooks.Library{Books: []*runbooks.Runbook{b, &planned}}
	var set findings.Set
	for i := range seconds + 1 {
		set = set.After(s.At.Add(time.Duration(i-seconds)*time.Second), findings.Look(lib, s, set.Followed()))
	}
	return set
}

// always holds wherever a leader is proven.
func always(t testing.TB) *gate.Expr {
	t.Helper()
	e, err := gate.Compile("patroni.leader != nil", probes.Scope(nil))
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// core is the cluster file of the ready-made States without Redis and what stands before it.
func core() *inventory.Cluster {
	c := probestest.Inventory()
	c.Keepalived = nil
	return c
}

// report is what is said of a State of the core cluster, watched for so many seconds.
func report(t testing.TB, s *probes.State, seconds int) *status.Report {
	t.Helper()
	return status.New(core(), s, s.At, looked(t, s, seconds), "")
}

func TestVerdict(t *testing.T) {
	change := func(f func(s *probes.State)) *probes.State {
		s := probestest.Healthy()
		f(s)
		return s
	}
	for name, tt := range map[string]struct {
		state   *probes.State
		seconds int
		want    status.Verdict
		reasons []string
	}{
		"healthy":                 {probestest.Healthy(), 20, status.Fine, nil},
		"the leader is dead":      {probestest.LeaderDead(), 20, status.Wrong, []string{"no-leader: ", "nobody proves to lead", "patroni on netbox-node-3: nothing listens", "Host on netbox-node-3: patroni failed"}},
		"a finding of one look":   {probestest.LeaderDead(), 0, status.Wrong, []string{"no-leader: "}},
		"a host is silent":        {change(func(s *probes.State) { s.Nodes[1].Seen = probes.Seen{Began: s.At, Error: "no answer in time"} }), 0, status.Wrong, []string{"nodes on netbox-node-2: no answer in time"}},
		"a disk is full":          {change(func(s *probes.State) { s.Nodes[1].Disks[0].Percent = 97 }), 0, status.Wrong, []string{"Host on netbox-node-2: disk 97%"}},
		"nobody holds an address": {change(func(s *probes.State) { s.VIPs["db"] = probes.VIP{Name: "db", Holders: []string{}} }), 0, status.Wrong, []string{"db → nobody"}},
		"one was not asked":       {change(func(s *probes.State) { s.Etcd.Members[0].Seen = probes.Seen{} }), 0, status.Unknown, []string{"etcd on netbox-node-1: not asked yet"}},
		"a section was not asked": {change(func(s *probes.State) { s.Postgres = probes.Postgres{} }), 0, status.Unknown, []string{"PostgreSQL on netbox-node-1: not asked yet"}},
		"nothing was asked":       {&probes.State{At: probestest.At()}, 0, status.Unknown, []string{"who leads is not known"}},
		"an old answer":           {change(func(s *probes.State) { s.Etcd.Members[0].Age = 11 }), 0, status.Unknown, []string{"etcd on netbox-node-1: the answer is 11s old"}},
		"nothing answers, not refused": {change(func(s *probes.State) {
			for i := range 3 {
				gone := probes.Seen{Began: s.At, Error: "no answer in time"}
				s.Nodes[i].Seen, s.Etcd.Members[i].Seen, s.Patroni.Members[i].Seen, s.Postgres.Members[i].Seen = gone, gone, gone, gone
			}
			s.Patroni.Unseen, s.Patroni.UnseenDCS = "no member answered", "no endpoint answered"
		}), 0, status.Unknown, []string{"nodes on netbox-node-1: no answer in time"}},
	} {
		t.Run(name, func(t *testing.T) {
			r := report(t, tt.state, tt.seconds)
			if r.Verdict != tt.want || r.Verdict == status.Fine != (len(r.Reasons) == 0) {
				t.Errorf("%s because of %q, want %s", r.Verdict, r.Reasons, tt.want)
			}
			all := strings.Join(r.Reasons, "\n")
			for _, want := range tt.reasons {
				if !strings.Contains(all, want) {
					t.Errorf("%q is not among the reasons:\n%s", want, all)
				}
			}
		})
	}
}

// A book of severity 0 is planned work and nothing wrong; without the library nothing is fine.
func TestPlannedWorkAndNoLibrary(t *testing.T) {
	s := probestest.Healthy()
	planned := looked(t, s, 0)
	if r := status.New(core(), s, s.At, planned, ""); r.Verdict != status.Fine || len(r.Findings) != 1 {
		t.Errorf("%s: %q, %d findings", r.Verdict, r.Reasons, len(r.Findings))
	}
	r := status.New(core(), s, s.At, findings.Set{}, "the runbooks cannot be read")
	if r.Verdict != status.Unknown || len(r.Reasons) != 1 {
		t.Errorf("%s: %q", r.Verdict, r.Reasons)
	}
	if text := strings.Join(r.Lines(status.Look{}), "\n"); !strings.Contains(text, "not known: the runbooks cannot be read") {
		t.Error(text)
	}
}

// What moves all the time is no change; what a person would notice is.
func TestChanged(t *testing.T) {
	first := report(t, probestest.Healthy(), 0)
	if !first.Changed(nil) {
		t.Error("the first report is no change")
	}
	later := probestest.Healthy()
	later.At = later.At.Add(time.Minute)
	for i := range later.Etcd.Members {
		later.Etcd.Members[i].DBSize += 5000
		later.Etcd.Members[i].Since += 60
		later.Nodes[i].Seen.Latency *= 3
		offset := 0.004
		later.Nodes[i].ClockOffset = &offset
	}
	if report(t, later, 0).Changed(first) {
		t.Error("numbers that move are told as a change")
	}
	for name, s := range map[string]*probes.State{"leader dead": probestest.LeaderDead(), "diverged": probestest.Diverged(), "quorum lost": probestest.QuorumLost()} {
		if !report(t, s, 0).Changed(first) {
			t.Errorf("%s is no change", name)
		}
	}
	for name, change := range map[string]func(*probes.State){
		"a restart is pending":      func(s *probes.State) { s.Patroni.Members[2].Pending = true },
		"a member is never to lead": func(s *probes.State) { s.Patroni.Members[1].Tags = map[string]string{"nofailover": "true"} },
		"a host waits for a reboot": func(s *probes.State) { yes := true; s.Nodes[1].RebootPending = &yes },
	} {
		s := probestest.Healthy()
		if change(s); !report(t, s, 0).Changed(first) {
			t.Errorf("%s: that is no change", name)
		}
	}
	if a, b := report(t, probestest.LeaderDead(), 0), report(t, probestest.LeaderDead(), 20); !b.Changed(a) {
		t.Error("a finding that became certain is no change")
	}
}

func TestTable(t *testing.T) {
	for name, tt := range map[string]struct {
		r    *status.Report
		look status.Look
	}{
		"leader-dead":         {report(t, probestest.LeaderDead(), 20), status.Look{}},
		"leader-dead-once":    {report(t, probestest.LeaderDead(), 0), status.Look{}},
		"leader-dead-80":      {report(t, probestest.LeaderDead(), 20), status.Look{Width: 80}},
		"leader-dead-colours": {report(t, probestest.LeaderDead(), 20), status.Look{Width: 120, Colour: true}},
		"diverged-40":         {report(t, probestest.Diverged(), 20), status.Look{Width: 40}},
	} {
		t.Run(name, func(t *testing.T) {
			var b strings.Builder
			if err := tt.r.Table(&b, tt.look); err != nil {
				t.Fatal(err)
			}
			golden.RequireEqual(t, b.String())
			if !tt.look.Colour && strings.Contains(b.String(), "\x1b") {
				t.Error("a sequence without a terminal")
			}
		})
	}
}

// The whole stack has a line for every layer, whatever its cells say; who does not answer is named with the reason.
func TestTableOfTheStack(t *testing.T) {
	s := probestest.Stack()
	s.Redis.Members[1].Seen = probes.Seen{Began: s.At, Since: 75, Error: "no answer in time"}
	text := strings.Join(status.New(probestest.StackInventory(), s, s.At, looked(t, s, 0), "").Lines(status.Look{Width: 100}), "\n")
	for _, want := range []string{
		"29/30 answer  wrong", "ENTRY ", "SERVICE ", "NetBox ", "Web proxy ", "PgBouncer ", "HAProxy ", "Keepalived ", "PostgreSQL ", "Patroni ", "etcd ",
		"Redis ", "Sentinel ", "Host ", "\nNO ANSWER\nredis       netbox-node-2  no answer in time",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in\n%s", want, text)
		}
	}
}

// No line is wider than the terminal, however narrow, whatever is drawn.
func TestTableFits(t *testing.T) {
	many := probestest.StackInventory()
	s := probestest.Stack()
	for i := range 6 {
		many.Nodes = append(many.Nodes, inventory.Node{Name: "netbox-node-with-a-long-name-" + string(rune('a'+i))})
	}
	for width := 20; width < 220; width += 7 {
		for _, r := range []*status.Report{status.New(many, s, s.At, looked(t, s, 0), ""), report(t, probestest.Diverged(), 30)} {
			for _, line := range r.Lines(status.Look{Width: width}) {
				if n := len([]rune(line)); n > width {
					t.Errorf("%d cells for %d: %q", n, width, line)
				}
			}
		}
	}
}
