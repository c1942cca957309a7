package findings_test

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"recon/internal/findings"
	"recon/internal/gate"
	"recon/probes"
	"recon/probes/probestest"
	"recon/runbooks"
)

var load = sync.OnceValues(func() (*runbooks.Library, error) { return runbooks.Load(probes.Scope(probestest.Inventory())) })

func library(t testing.TB) *runbooks.Library {
	t.Helper()
	lib, err := load()
	if err != nil {
		t.Fatal(err)
	}
	return lib
}

func states() map[string]func() *probes.State {
	return map[string]func() *probes.State{
		"healthy": probestest.Healthy, "leader dead": probestest.LeaderDead, "leader lost": probestest.LeaderLost,
		"diverged": probestest.Diverged, "quorum lost": probestest.QuorumLost,
	}
}

func TestLookTellsOverFromUnseen(t *testing.T) {
	lib := library(t)
	const id = "patroni-leader-crash"
	look := func(s *probes.State, followed ...string) (findings.Sighting, bool) {
		all := findings.Look(lib, s, followed)
		i := slices.IndexFunc(all, func(x findings.Sighting) bool { return x.Book.ID == id })
		if i < 0 {
			return findings.Sighting{}, false
		}
		return all[i], true
	}
	if x, ok := look(probestest.LeaderDead()); !ok || x.Result.Answer != gate.Pass || x.Because == "" || len(x.Result.Parts) == 0 {
		t.Fatalf("the leader is dead: %v %+v", ok, x)
	}
	if x, ok := look(probestest.Healthy()); ok {
		t.Errorf("a healthy cluster: %+v", x)
	}
	if x, ok := look(probestest.Healthy(), id); !ok || x.Result.Answer != gate.Fail {
		t.Errorf("a healthy cluster where it is followed: %v %+v", ok, x)
	}
	blind := probestest.LeaderDead()
	blind.Etcd = probes.Etcd{}
	if x, ok := look(blind, id); !ok || x.Result.Answer != gate.Unknown || x.Result.Unseen == "" {
		t.Errorf("a blind console: %v %+v", ok, x)
	}
	if x, ok := look(blind); ok {
		t.Errorf("a blind console where it is not followed: %+v", x)
	}
}

// A State in which nothing answered yet finds nothing, whatever the library holds.
func TestNothingIsFoundBeforeAnAnswer(t *testing.T) {
	w, err := probes.New(probestest.Inventory(), nil, probes.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for name, s := range map[string]*probes.State{"zero": {}, "not asked yet": w.State()} {
		for _, x := range findings.Look(library(t), s, nil) {
			t.Errorf("%s: %s: %s", name, x.Book.ID, x.Because)
		}
	}
}

// A finding never rests on a section that did not answer: what is found with a section taken away is found whatever that
// section says.
func TestAFindingRestsOnAnswers(t *testing.T) {
	lib := library(t)
	found := func(s *probes.State) map[string]bool {
		out := map[string]bool{}
		for _, x := range findings.Look(lib, s, nil) {
			out[x.Book.ID] = true
		}
		return out
	}
	lost := 0
	for name, state := range states() {
		whole := found(state())
		for _, section := range sections() {
			blind := with(state(), &probes.State{}, section)
			after := found(blind)
			for id := range whole {
				if !after[id] {
					lost++
				}
			}
			for id := range after {
				for other, put := range states() {
					if !found(with(state(), put(), section))[id] {
						t.Errorf("%s without %s: %s is found, and is not when %s is as in %q", name, section, id, section, other)
					}
				}
			}
		}
	}
	if lost == 0 {
		t.Error("no finding was lost with its section: the test takes nothing away")
	}
}

// sections are the sections of State that are asked of the cluster.
func sections() []string {
	all := slices.Sorted(maps.Keys(probes.Words()))
	return slices.DeleteFunc(all, func(s string) bool { return s == "cluster" })
}

// with is a State with one section of another one.
func with(s, other *probes.State, section string) *probes.State {
	to, from := reflect.ValueOf(s).Elem(), reflect.ValueOf(other).Elem()
	for i := range to.NumField() {
		if name, _, _ := strings.Cut(to.Type().Field(i).Tag.Get("json"), ","); name == section {
			to.Field(i).Set(from.Field(i))
			return s
		}
	}
	panic(fmt.Sprintf("State has no section %s", section))
}

// eighty is a library of eighty books: the built-in ones again and again.
func eighty(t testing.TB) *runbooks.Library {
	lib := &runbooks.Library{}
	for len(lib.Books) < 80 {
		for _, b := range library(t).Books {
			more := *b
			more.ID = fmt.Sprintf("%s-%d", b.ID, len(lib.Books))
			lib.Books = append(lib.Books, &more)
		}
	}
	lib.Books = lib.Books[:80]
	return lib
}

// One look of eighty books at one State, which comes at most every 40 ms and usually once a second.
func BenchmarkLook(b *testing.B) {
	lib := eighty(b)
	for name, state := range states() {
		b.Run(name, func(b *testing.B) {
			s := state()
			var set findings.Set
			for b.Loop() {
				set = set.After(s.At, findings.Look(lib, s, set.Followed()))
			}
		})
	}
}

// Hosts that wait for their cluster are one calm finding, and so is a cluster of which a part was deployed.
func TestBareHostsAreOneFinding(t *testing.T) {
	lib := library(t)
	ids := func(s *probes.State) string {
		var out []string
		for _, x := range findings.Look(lib, s, nil) {
			out = append(out, x.Book.ID)
		}
		return strings.Join(out, " ")
	}
	if got := ids(probestest.Bare()); got != "nothing-deployed" {
		t.Errorf("bare hosts: %s", got)
	}
	s := probestest.Bare()
	whole := probestest.Stack()
	s.Etcd = whole.Etcd
	for i := range s.Nodes {
		n := &s.Nodes[i]
		n.Services["etcd"], n.ServiceFiles["etcd"], n.Units["etcd-patroni"] = "active", "enabled", "active"
		n.NeverRan = slices.DeleteFunc(n.NeverRan, func(x string) bool { return x == "etcd" })
		*n.Uptime = 3600
	}
	probestest.Settle(s)
	if got := ids(s); got != "nothing-deployed" {
		t.Errorf("the store alone: %s", got)
	}
}

// A cluster that is down everywhere has left traces: it is no empty cluster, and it shouts.
func TestADeadClusterIsNotABareOne(t *testing.T) {
	lib := library(t)
	s := probestest.Bare()
	for i := range s.Nodes {
		n := &s.Nodes[i]
		for service := range n.Services {
			n.Services[service], n.ServiceFiles[service] = "inactive", "enabled"
		}
		n.NeverRan = []string{}
	}
	probestest.Settle(s)
	var out []string
	for _, x := range findings.Look(lib, s, nil) {
		out = append(out, x.Book.ID)
	}
	for _, id := range []string{"cold-start", "etcd-quorum-lost", "service-stopped-everywhere", "vip-nowhere"} {
		if !slices.Contains(out, id) {
			t.Errorf("%s does not apply: %v", id, out)
		}
	}
	if slices.Contains(out, "nothing-deployed") {
		t.Errorf("a dead cluster was never deployed: %v", out)
	}
}
