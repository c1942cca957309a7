package probes

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"recon/internal/inventory"
)

// The agents of Patroni 3.0.2 (Debian 12) say "running" of a healthy replica, "master" of the primary, and not what they
// are called. Their answers were recorded on a cluster of three.
func TestPatroni3(t *testing.T) {
	c := &inventory.Cluster{Name: "old", Patroni: &inventory.Patroni{RESTPort: 8009, Scheme: "http", Scope: "main", Namespace: "/db/"}}
	at := time.Unix(1795706338, 0)
	r := newRaw()
	for i, primary := range []int{200, 503, 503} {
		n := inventory.Node{Name: fmt.Sprint("host-", i+1), Address: fmt.Sprint("127.0.12.1", i+1)}
		c.Nodes = append(c.Nodes, n)
		answers := map[string]recorded{"/primary": {status: primary}}
		for _, path := range []string{"patroni", "cluster", "history", "config"} {
			b, err := os.ReadFile(filepath.Join("testdata", "debian12-patroni-3.0.2", fmt.Sprint("node", i+1), path+".json"))
			if err != nil {
				t.Fatal(err)
			}
			answers["/"+path] = recorded{200, b}
		}
		r.patroni[n.Name] = askAgent(t, at, answers)
	}
	s := assemble(c, r, moment{now: at.Add(500 * time.Millisecond)}, newMemory(c))
	want := []struct{ name, role, state string }{{"db-a", "leader", "running"}, {"db-b", "replica", "streaming"}, {"db-c", "replica", "streaming"}}
	for i, m := range s.Patroni.Members {
		if m.Name != want[i].name || m.Role != want[i].role || m.State != want[i].state || m.Version != "3.0.2" {
			t.Errorf("%s: %+v, want %+v", c.Nodes[i].Name, m, want[i])
		}
	}
	// A replica that the leader does not list does not stream, whatever it says of itself.
	leader := r.patroni["host-1"]
	leader.fact.report.Followers = nil
	r.patroni["host-1"] = leader
	s = assemble(c, r, moment{now: at.Add(500 * time.Millisecond)}, newMemory(c))
	if got := s.Patroni.Members[1].State; got != "running" {
		t.Errorf("a replica that nobody serves is %q", got)
	}
}

func TestBefore(t *testing.T) {
	for version, want := range map[string]bool{
		"3.0.2": true, "3.0": true, "2.1.4": true, "3.0.3rc1": true, "3.0.4": false, "3.0.10": false, "3.1.0": false, "4.0.7": false, "": false, "new": false,
	} {
		if got := before(version, 3, 0, 4); got != want {
			t.Errorf("before(%q) is %v", version, got)
		}
	}
}
