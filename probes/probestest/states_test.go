package probestest_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"testing"

	"go.uber.org/goleak"

	"recon/probes"
	"recon/probes/probestest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// The ready-made States are what a Watch makes of the same situation, but for times and for what only a real host has.
func TestStatesAreWhatAWatchSees(t *testing.T) {
	for name, tc := range map[string]struct {
		state  *probes.State
		change func(w *probestest.World)
	}{
		"healthy": {probestest.Healthy(), func(*probestest.World) {}},
		"leader dead": {probestest.LeaderDead(), func(w *probestest.World) {
			for _, name := range []string{probestest.Node1, probestest.Node2} {
				w.Machines[name].Replication = ""
			}
			m := w.Machines[probestest.Node3]
			m.Patroni, m.Postgres, m.Units["patroni"] = probestest.Refused, probestest.Refused, "failed"
		}},
		"quorum lost": {probestest.QuorumLost(), func(w *probestest.World) {
			w.EtcdLeader = ""
			w.Machines[probestest.Node3].Role = "replica"
			for _, name := range []string{probestest.Node2, probestest.Node3} {
				w.Machines[name].Etcd, w.Machines[name].Units["etcd-patroni"] = probestest.Refused, "failed"
			}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			c := probestest.New(t)
			c.Change(tc.change)
			seen, err := probes.Once(t.Context(), c.Inventory, c.Hosts, probes.Options{})
			if err != nil {
				t.Fatal(err)
			}
			want, got := flat(t, tc.state), flat(t, seen)
			paths := map[string]bool{}
			for p := range want {
				paths[p] = true
			}
			for p := range got {
				paths[p] = true
			}
			for _, p := range slices.Sorted(maps.Keys(paths)) {
				if want[p] != got[p] {
					t.Errorf("%s: ready-made %q, seen %q", p, want[p], got[p])
				}
			}
		})
	}
}

// flat is a State as paths and values, without what differs by nature.
func flat(t *testing.T, s *probes.State) map[string]string {
	t.Helper()
	b, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	var tree any
	if err := json.Unmarshal(b, &tree); err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	var walk func(path string, v any)
	walk = func(path string, v any) {
		switch v := v.(type) {
		case map[string]any:
			for k, x := range v {
				switch k {
				case "at", "seq", "age", "since", "latency", "began", "dcs_age", "clock_offset", "disks", "patroni_scope", "patroni_namespace", "slots",
					"clock_spread", "scopes_agree", "left", "witnesses":
					continue
				}
				walk(path+"."+k, x)
			}
		case []any:
			for i, x := range v {
				walk(fmt.Sprintf("%s[%d]", path, i), x)
			}
			out[path] = fmt.Sprint(len(v), " items")
		default:
			out[path] = fmt.Sprint(v)
		}
	}
	walk("", tree)
	return out
}

func TestStatesAreIndependent(t *testing.T) {
	a := probestest.Healthy()
	a.Patroni.Members[0].State, a.Nodes[0].Units["patroni"] = "changed", "changed"
	*a.Patroni.Timeline = 99
	if b := probestest.Healthy(); b.Patroni.Members[0].State == "changed" || b.Nodes[0].Units["patroni"] == "changed" || *b.Patroni.Timeline == 99 {
		t.Error("a State changed under the hands of another test")
	}
}

func TestEveryStateHasItsFacts(t *testing.T) {
	for name, s := range map[string]*probes.State{
		"healthy": probestest.Healthy(), "dead": probestest.LeaderDead(), "lost": probestest.LeaderLost(),
		"diverged": probestest.Diverged(), "quorum": probestest.QuorumLost(),
	} {
		for what, why := range map[string]string{
			"leader": s.Patroni.Blind("leader"), "lock": s.Patroni.Blind("lock_holder"), "quorum": s.Etcd.Blind("quorum"), "primaries": s.Postgres.Blind("primaries"),
		} {
			if why != "" {
				t.Errorf("%s: %s is unseen: %s", name, what, why)
			}
		}
		if (s.Patroni.Leader != nil) != (name == "healthy" || name == "diverged") {
			t.Errorf("%s: leader %v", name, s.Patroni.Leader)
		}
	}
	if s := probestest.Diverged(); s.Patroni.Leader.Name != probestest.Node1 || *s.Patroni.FormerLeader != probestest.Node3 || *s.VIPs["db"].Holder != probestest.Node1 {
		t.Errorf("diverged: %+v", s.Patroni)
	}
}

func TestEyes(t *testing.T) {
	e := probestest.Static(probestest.Healthy())
	updates, stop := e.Updates()
	defer stop()
	before := e.State().Seq
	e.Set(probestest.LeaderDead())
	<-updates
	s, err := e.Fresh(t.Context(), []string{"patroni"})
	if err != nil || s.Seq != before+1 || s.Patroni.Leader != nil || e.Asked() != 1 {
		t.Errorf("%v, %d, asked %d", err, s.Seq, e.Asked())
	}
}
