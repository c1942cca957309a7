package fault

import (
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	for _, c := range []struct{ text, name, arg, err string }{
		{text: "kill-leader", name: KillLeader},
		{text: "  stop-node  n2 ", name: StopNode, arg: "n2"},
		{text: "stop-node", name: StopNode},
		{text: "kill-leader now", err: "write `kill-leader`"},
		{text: "stop-node a b", err: "write `stop-node [NODE]`"},
		{text: "kill-leeder", err: `no fault "kill-leeder"; the faults are kill-leader, stop-node`},
		{text: " ", err: "has no name"},
	} {
		got, err := Parse(c.text)
		if c.err != "" {
			if err == nil || !strings.Contains(err.Error(), c.err) {
				t.Errorf("%q: %v, expected %q", c.text, err, c.err)
			}
			continue
		}
		if err != nil || got.Fault.Name != c.name || got.Arg != c.arg {
			t.Errorf("%q: %+v, %v", c.text, got, err)
		}
	}
}

func TestEveryFaultIsDescribedOnce(t *testing.T) {
	seen := map[string]bool{}
	for _, f := range All() {
		if seen[f.Name] || f.Summary == "" || strings.ContainsAny(f.Name, " _") {
			t.Errorf("%+v", f)
		}
		seen[f.Name] = true
		if found, ok := Find(f.Name); !ok || found != f {
			t.Errorf("%s is not found", f.Name)
		}
	}
	if len(seen) != 5 || len(Names()) != 5 {
		t.Errorf("%d faults", len(seen))
	}
	if _, ok := Find(""); ok {
		t.Error("a fault without a name is found")
	}
}
