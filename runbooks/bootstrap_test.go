package runbooks

import (
	"slices"
	"testing"

	"recon/internal/gate"
	"recon/probes"
	"recon/probes/probestest"
)

// playbooks are the steps of the deployment books that change something with a playbook.
func playbooks(t *testing.T) map[*Runbook][]Step {
	t.Helper()
	l, err := Load(probes.Scope(probestest.StackInventory()))
	if err != nil {
		t.Fatal(err)
	}
	out := map[*Runbook][]Step{}
	for _, b := range l.Books {
		for _, s := range b.Steps {
			if b.Kind == Deployment && slices.ContainsFunc(s.Commands, func(c Command) bool { return c.Play != nil && c.Risk != Read }) {
				out[b] = append(out[b], s)
			}
		}
	}
	if len(out) < 6 {
		t.Fatalf("%d books deploy something", len(out))
	}
	return out
}

func firstHost() map[string]any { return map[string]any{"first": node1} }

func made(vars map[string]any, word string) map[string]any {
	of := map[string]string{node1: word, node2: word, node3: word}
	vars["captures"] = map[string]any{"made": of, "names": of}
	return vars
}

// Walked again on a cluster that works, no book deploys anything.
func TestNothingIsDeployedTwice(t *testing.T) {
	for b, steps := range playbooks(t) {
		vars := made(varsOf(whole(), firstHost(), nil), "there")
		for _, s := range steps {
			if got, why := answer(s.When, vars); got != gate.Fail {
				t.Errorf("%s, %q applies on a live cluster: %s %s", b.ID, s.Title, got, why)
			}
		}
	}
}

// A cluster that is down, whole or in one layer, is never deployed over.
func TestNothingIsDeployedOverABrokenCluster(t *testing.T) {
	dead := probestest.Bare()
	for i := range dead.Nodes {
		n := &dead.Nodes[i]
		for service := range n.Services {
			n.Services[service], n.ServiceFiles[service] = "inactive", "enabled"
		}
		n.NeverRan = []string{}
	}
	lost := probestest.Bare() // one host of a dead cluster is seen, the others are not
	for i := range lost.Nodes[1:] {
		lost.Nodes[i+1].Seen = probes.Seen{}
	}
	for name, s := range map[string]*probes.State{"dead": dead, "not seen": lost} {
		probestest.Settle(s)
		for b, steps := range playbooks(t) {
			vars := made(varsOf(s, firstHost(), nil), "missing")
			for _, step := range steps {
				applies, _ := answer(step.When, vars)
				may, _ := answer(step.Before, vars)
				if applies != gate.Fail && may == gate.Pass {
					t.Errorf("%s: %s, %q would run", name, b.ID, step.Title)
				}
			}
		}
	}
}

// On bare hosts the store, and only the store, may be deployed: everything else waits for it.
func TestBareHostsBeginWithTheStore(t *testing.T) {
	s := probestest.Bare()
	var may []string
	for b, steps := range playbooks(t) {
		vars := made(varsOf(s, firstHost(), nil), "missing")
		for _, step := range steps {
			applies, _ := answer(step.When, vars)
			if ok, _ := answer(step.Before, vars); applies == gate.Pass && ok == gate.Pass {
				may = append(may, b.ID+": "+step.Title)
			}
		}
	}
	slices.Sort(may)
	want := []string{
		"bootstrap-etcd: Form the store, all members at once", "bootstrap-etcd: The hosts know each other", "bootstrap-redis: Install and start Redis",
	}
	if !slices.Equal(may, want) {
		t.Errorf("%q may run, expected %q", may, want)
	}
}
