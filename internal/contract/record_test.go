package contract

import (
	"strings"
	"testing"
	"time"

	"recon/internal/fault"
	"recon/probes"
	"recon/probes/probestest"
)

var began = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func at(seconds float64, leader string, paused bool) *probes.State {
	s := &probes.State{At: began.Add(time.Duration(seconds * float64(time.Second)))}
	if leader != "" {
		s.Patroni.Leader = &probes.Member{Name: leader}
	}
	s.Patroni.Paused = &paused
	return s
}

func sample() Contract {
	return Contract{
		Fault: "patroni-paused",
		Changes: []Change{
			{Name: "pauses", Least: 2, Most: 5, Holds: func(_ Roles, s *probes.State) bool { return paused(s) }},
			{Name: "moves", After: "pauses", Most: 3, Holds: func(was Roles, s *probes.State) bool { return leader(s) == "b" }},
		},
		Back:   []Change{{Name: "goes on", Most: 2, Holds: func(_ Roles, s *probes.State) bool { return !paused(s) }}},
		Always: []Constant{{"somebody leads", func(_ Roles, s *probes.State) bool { return leader(s) != "" }}},
	}
}

// feed gives a record its States; the fault is mended where mended says, in seconds.
func feed(mended float64, states ...*probes.State) []string {
	r := New(sample(), Roles{Leader: "a"}, Slack{Early: 0.5, Late: 0.5}, began)
	back := began.Add(time.Duration(mended * float64(time.Second)))
	for _, s := range states {
		if s.At.After(back) && r.mended.IsZero() {
			r.End()
			r.Mended(back)
		}
		r.Feed(s)
	}
	r.End()
	return r.Differences()
}

func TestRecordJudges(t *testing.T) {
	for name, c := range map[string]struct {
		states []*probes.State
		want   string
	}{
		"kept":             {[]*probes.State{at(1, "a", false), at(3, "a", true), at(5, "b", true), at(11, "b", false)}, ""},
		"just within":      {[]*probes.State{at(5.4, "a", true), at(8.8, "b", true), at(12.4, "b", false)}, ""},
		"too early":        {[]*probes.State{at(1, "a", true), at(2, "b", true), at(11, "b", false)}, `"pauses" came 1.0 s after the fault; a real cluster takes 2 to 5 s`},
		"too late":         {[]*probes.State{at(6, "a", true), at(7, "b", true), at(11, "b", false)}, `"pauses" came 6.0 s after the fault`},
		"in another order": {[]*probes.State{at(2, "b", false), at(3, "b", true), at(11, "b", false)}, `"moves" was seen before "pauses"`},
		"never":            {[]*probes.State{at(3, "a", true), at(9, "a", true), at(11, "b", false)}, `"moves" was never seen`},
		"not constant":     {[]*probes.State{at(3, "a", true), at(4, "", true), at(5, "b", true), at(11, "b", false)}, `"somebody leads" did not stay true: it ended 4.0 s after the fault`},
		"not back":         {[]*probes.State{at(3, "a", true), at(5, "b", true), at(14, "b", false)}, `"goes on" came 4.0 s after the mending`},
	} {
		got := strings.Join(feed(10, c.states...), "; ")
		if c.want == "" && got != "" || !strings.Contains(got, c.want) {
			t.Errorf("%s: %q, expected %q", name, got, c.want)
		}
	}
}

func TestOverWaitsForTheLast(t *testing.T) {
	r := New(sample(), Roles{Leader: "a"}, Slack{Late: 0.5}, began)
	for _, c := range []struct {
		seconds float64
		late    bool
	}{{5, false}, {8.9, false}, {9.1, true}} {
		if got := r.Over(began.Add(time.Duration(c.seconds*float64(time.Second))), time.Second); got != c.late {
			t.Errorf("after %g s it is over: %v", c.seconds, got)
		}
	}
	r.Feed(at(3, "a", true))
	if !r.Over(began.Add(6600*time.Millisecond), time.Second) {
		t.Error("the second change may come 3.5 s after the first")
	}
}

// What has to stay as it is is looked at for a while, though every change was seen at once.
func TestOverLooksOnWhenAllWasSeen(t *testing.T) {
	r := New(sample(), Roles{Leader: "a"}, Slack{}, began)
	r.Feed(at(3, "a", true))
	r.Feed(at(5, "b", true))
	if !r.Complete() {
		t.Fatal("not all was seen")
	}
	if r.Over(began.Add(9*time.Second), 10*time.Second) || !r.Over(began.Add(10*time.Second), 10*time.Second) {
		t.Error("it has to be looked at for ten seconds")
	}
	r.Feed(at(7, "", true))
	if said := strings.Join(r.Differences(), ""); !strings.Contains(said, "somebody leads") {
		t.Errorf("what ended after the last change: %q", said)
	}
}

// Every contract is about a known fault, its names are unique and refer to each other, and nothing of it is true before.
func TestContractsMakeSense(t *testing.T) {
	s := probestest.Stack()
	was, ok := RolesOf(s)
	if !ok {
		t.Fatal("the healthy stack has no roles")
	}
	names := map[string]bool{}
	for _, c := range All() {
		if names[c.String()] {
			t.Errorf("two contracts are called %s", c)
		}
		names[c.String()] = true
		if _, err := fault.Parse(c.Call(was)); err != nil {
			t.Errorf("%s: %v", c, err)
		}
		for _, half := range [][]Change{c.Changes, c.Back} {
			known := map[string]bool{"": true}
			for _, ch := range half {
				if !known[ch.After] || known[ch.Name] || ch.Least > ch.Most || ch.Most == 0 {
					t.Errorf("%s: %q is not well said", c, ch.Name)
				}
				known[ch.Name] = true
			}
		}
		for _, ch := range c.Changes {
			if ch.Holds(was, s) {
				t.Errorf("%s: %q is true of the healthy cluster", c, ch.Name)
			}
		}
		for _, ch := range c.Back {
			if !ch.Holds(was, s) && !strings.Contains(ch.Name, "follows the new one") {
				t.Errorf("%s: %q is not true of the healthy cluster", c, ch.Name)
			}
		}
		for _, ch := range c.Always {
			if !ch.Holds(was, s) {
				t.Errorf("%s: %q is not true of the healthy cluster", c, ch.Name)
			}
		}
	}
}
