package twin_test

import (
	"fmt"
	"testing"
	"time"

	"recon/internal/twin"
	"recon/probes"
)

// A twin of any size starts, becomes healthy, and every member of it is seen.
func TestSizes(t *testing.T) {
	for _, nodes := range []int{1, 2, 5, 7} {
		t.Run(fmt.Sprint(nodes), func(t *testing.T) {
			c := start(t, twin.Options{Driven: true, Nodes: nodes})
			healthy(t, c)
			s := all(t, c)
			seen := map[string]int{
				"nodes": len(s.Nodes), "etcd": len(s.Etcd.Members), "patroni": len(s.Patroni.Members), "postgres": len(s.Postgres.Members), "redis": len(s.Redis.Members),
				"sentinel": len(s.Sentinel.Members), "haproxy": len(s.HAProxy.Members), "pgbouncer": len(s.PgBouncer.Members), "web": len(s.Web.Members), "netbox": len(s.NetBox.Members),
			}
			for system, n := range seen {
				if n != nodes {
					t.Errorf("%d members of %s are seen", n, system)
				}
			}
			if s.Patroni.Leader == nil || s.Etcd.Quorum == nil || !*s.Etcd.Quorum {
				t.Errorf("leader %v, quorum %v: %s %s", s.Patroni.Leader, s.Etcd.Quorum, s.Patroni.Unseen, s.Etcd.Unseen)
			}
		})
	}
}

// With five nodes another one leads after the leader crashed, and four follow once it is mended.
func TestFiveNodesElectAnother(t *testing.T) {
	c := start(t, twin.Options{Driven: true, Nodes: 5})
	healthy(t, c)
	was := leader(c)
	if _, err := c.twin.Break("kill-leader"); err != nil {
		t.Fatal(err)
	}
	if !c.twin.Await(time.Minute, func() bool { l := c.twin.World.Leader(); return l != nil && l.Name != was }) {
		t.Fatalf("a minute after %s crashed nobody else leads", was)
	}
	c.twin.World.Mend()
	healthy(t, c)
	s := all(t, c)
	if s.Patroni.Leader == nil || s.Patroni.Leader.Name == was {
		t.Errorf("the probes see the leader %+v", s.Patroni.Leader)
	}
}

// all is a look in which everything answers. The probes have the deadlines of real clusters, and a busy machine misses some
// of them while so many connections are made: it looks again.
func all(t *testing.T, c *console) *probes.State {
	t.Helper()
	for last := time.Now().Add(time.Minute); ; c.twin.Advance(time.Second) {
		s := c.once(t)
		var missing []string
		for _, target := range s.Targets() {
			// A login through the entry, which waits for the world, is not this test's business.
			if target.System != "service" && !target.Reachable {
				missing = append(missing, target.System+" of "+target.Node+": "+target.Error)
			}
		}
		if len(missing) == 0 || time.Now().After(last) {
			for _, m := range missing {
				t.Error(m)
			}
			return s
		}
	}
}

func healthy(t *testing.T, c *console) {
	t.Helper()
	for end := c.twin.World.Now().Add(4 * time.Minute); c.twin.World.Healthy() != ""; c.twin.Advance(time.Second) {
		if c.twin.World.Now().After(end) {
			t.Fatalf("it does not become healthy: %s", c.twin.World.Healthy())
		}
	}
}

func leader(c *console) (name string) {
	c.twin.World.Look(func() {
		if l := c.twin.World.Leader(); l != nil {
			name = l.Name
		}
	})
	return name
}
