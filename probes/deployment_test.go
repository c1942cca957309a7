package probes

import (
	"slices"
	"strings"
	"testing"
	"time"

	"recon/internal/inventory"
)

func TestNeverRan(t *testing.T) {
	for _, c := range []struct{ name, units, traces, want string }{
		{"bare host", "etcd=not-found/not-found patroni=not-found/not-found redis=not-found/not-found", "", "etcd patroni redis"},
		{"installed and masked", "etcd=not-found/not-found patroni=inactive/masked redis=inactive/masked", "", "etcd patroni redis"},
		{"installed and left as the package starts it", "redis=active/enabled patroni=activating/enabled", "", ""},
		{"the store is there", "etcd=active/enabled patroni=inactive/masked redis=inactive/masked", "etcd.data redis.begun", "patroni redis"},
		{"the store is down", "etcd=inactive/enabled patroni=inactive/masked", "etcd.data", "patroni"},
		{"first start failed", "netbox=failed/enabled worker=inactive/enabled", "netbox.begun", "netbox worker"},
		{"first start worked", "netbox=failed/enabled worker=inactive/enabled", "netbox.begun netbox.started", ""},
		{"stopped", "etcd=inactive/enabled patroni=inactive/enabled redis=inactive/disabled", "etcd.data patroni.data redis.begun redis.started", ""},
		{"masked by hand", "patroni=inactive/masked redis=inactive/masked", "patroni.data redis.begun redis.started", ""},
		{"deployed by others, masked by hand", "etcd=inactive/masked patroni=inactive/masked redis=inactive/masked", "etcd.data patroni.data", ""},
		{"after a power loss", "etcd=activating/enabled patroni=inactive/disabled redis=failed/enabled", "etcd.data patroni.data", ""},
		{"a host that does not tell what lies on it", "etcd=inactive/masked redis=not-found/not-found", "?", "redis"},
	} {
		units, files, traces := map[string]string{}, map[string]string{}, strings.Fields(c.traces)
		for w := range strings.FieldsSeq(c.units) {
			name, said, _ := strings.Cut(w, "=")
			units[name], files[name], _ = strings.Cut(said, "/")
		}
		if c.traces == "?" {
			traces = nil
		} else if traces == nil {
			traces = []string{}
		}
		if got := strings.Join(neverRan(units, files, traces), " "); got != c.want {
			t.Errorf("%s: %q, expected %q", c.name, got, c.want)
		}
	}
	if neverRan(nil, nil, []string{}) != nil {
		t.Error("a host that tells no units says what never ran")
	}
}

// One host that is not seen, one trace on one host, or one answer over the network is enough for no empty cluster.
func TestDeployed(t *testing.T) {
	on := inventory.On{Nodes: []string{"n1", "n2"}}
	c := &inventory.Cluster{
		Nodes: []inventory.Node{{Name: "n1"}, {Name: "n2"}},
		Etcd:  &inventory.Etcd{On: on, Unit: "etcd"}, Patroni: &inventory.Patroni{On: on, Unit: "patroni"},
	}
	seen := Seen{Reachable: true, Began: time.Unix(1, 0), Age: 1}
	look := func(first, second []string, change func(s *State)) string {
		s := &State{Nodes: []Node{{Name: "n1", Seen: seen, NeverRan: first}, {Name: "n2", Seen: seen, NeverRan: second}}}
		if change != nil {
			change(s)
		}
		d := deployed(c, s)
		if why := d.Blind("missing"); why != "" {
			return "? " + why
		}
		return strings.Join(d.Missing, " ") + map[bool]string{true: ": nothing"}[d.Nothing]
	}
	both := []string{"etcd", "patroni"}
	for _, x := range []struct{ got, want string }{
		{look(both, both, nil), "etcd patroni: nothing"},
		{look(both, []string{"patroni"}, nil), "patroni"},
		{look([]string{}, []string{}, nil), ""},
		{look(both, nil, nil), "? n2: it does not tell its units"},
		{look(both, both, func(s *State) { s.Nodes[1].Reachable, s.Nodes[1].Error = false, "timed out" }), "? n2: timed out"},
		{look(both, both, func(s *State) { s.Postgres.Members = []Database{{Node: "n2", Seen: seen}} }), "etcd"},
	} {
		if x.got != x.want {
			t.Errorf("%q, expected %q", x.got, x.want)
		}
	}
	if (Deployment{}).Blind("nothing") == "" {
		t.Error("what was never asked is a fact")
	}
}

// The script tells marks and data folders, and a list that was not finished is none.
func TestTracesScript(t *testing.T) {
	folder := t.TempDir()
	out := run(t, tracesScript(map[string]string{"etcd": folder, "patroni": folder + "/not there"}))
	if got := parseList(out); !slices.Contains(got, "etcd.data") || slices.Contains(got, "patroni.data") {
		t.Errorf("%q: %v", out, got)
	}
	if parseList("etcd.data\n") != nil {
		t.Error("a list without its end is taken for whole")
	}
}
