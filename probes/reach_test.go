package probes_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"recon/internal/inventory"
	"recon/probes"
	"recon/probes/probestest"
)

// told is how a node is reached, in words.
func told(s *probes.State, node string) string {
	i := slices.IndexFunc(s.Reach.Nodes, func(n probes.NodeReach) bool { return n.Name == node })
	if i < 0 {
		return "not listed"
	}
	n := s.Reach.Nodes[i]
	if why := n.Blind("verdict"); why != "" {
		return "unseen: " + why
	}
	return n.Verdict + ": " + n.Why
}

func TestReach(t *testing.T) {
	const n1, n2, n3 = probestest.Node1, probestest.Node2, probestest.Node3
	apart := func(c *probestest.Cluster, a, b string) {
		c.Hosts.Cut(a, b, true)
		c.Hosts.Cut(b, a, true)
	}
	off := func(c *probestest.Cluster, nodes ...string) {
		c.Change(func(w *probestest.World) {
			for _, n := range nodes {
				w.PowerOff(n)
			}
		})
	}
	tests := []struct {
		about  string
		dial   inventory.Dial
		change func(c *probestest.Cluster)
		want   []string // the beginning of what is told of each node
		broken string   // from>to of the broken ways
		blind  bool
	}{
		{"healthy", inventory.DialSSH, nil, []string{"up: it answers the console", "up: it answers the console", "up: it answers the console"}, "", false},
		{
			"a host without power", inventory.DialSSH, func(c *probestest.Cluster) { off(c, n3) },
			[]string{"up", "up", "dead: neither the console nor netbox-node-1, netbox-node-2 reach any of its ports"},
			"", false,
		},
		{"a host without power, dial direct", inventory.DialDirect, func(c *probestest.Cluster) { off(c, n3) }, []string{"up", "up", "dead: "}, "", false},
		{
			"cut off from the console only", inventory.DialSSH, func(c *probestest.Cluster) { c.Change(func(w *probestest.World) { w.Machines[n2].CutOff = true }) },
			[]string{"up", "cut off: netbox-node-1 reaches it, ssh included", "up"},
			"", false,
		},
		{
			"its sshd does not run", inventory.DialSSH, func(c *probestest.Cluster) {
				c.Change(func(w *probestest.World) { w.Machines[n2].SSH = probestest.Refused })
			},
			[]string{"up", "ssh down: its host answers that nothing listens", "up"},
			"", false,
		},
		{
			"its ssh port is silent, the rest works", inventory.DialDirect, func(c *probestest.Cluster) {
				c.Change(func(w *probestest.World) { w.Machines[n2].SSH = probestest.Off })
			},
			[]string{"up", "ssh down: the console reaches the port of", "up"},
			"", false,
		},
		{
			"its ssh port is silent for all, through ssh", inventory.DialSSH, func(c *probestest.Cluster) {
				c.Change(func(w *probestest.World) { w.Machines[n2].SSH = probestest.Off })
			},
			[]string{"up", "ssh down: netbox-node-1, netbox-node-3 reach its host, and its ssh port is silent", "up"},
			"", false,
		},
		{
			"two nodes cut from each other", inventory.DialSSH, func(c *probestest.Cluster) { apart(c, n1, n2) },
			[]string{"up: it answers the console and netbox-node-3; netbox-node-2 does not reach it", "up: it answers the console and netbox-node-3", "up"},
			n1 + ">" + n2 + " " + n2 + ">" + n1, false,
		},
		{
			"a way that works in one direction only", inventory.DialSSH, func(c *probestest.Cluster) { c.Hosts.Cut(n1, n3, true) },
			[]string{"up", "up", "up: it answers the console and netbox-node-2; netbox-node-1 does not reach it"},
			n1 + ">" + n3, false,
		},
		{
			"alone", inventory.DialSSH, func(c *probestest.Cluster) { apart(c, n1, n2); apart(c, n1, n3) },
			[]string{"alone: it answers the console, and neither does it reach netbox-node-2, netbox-node-3 nor do they reach it", "up", "up"},
			n1 + ">" + n2 + " " + n1 + ">" + n3 + " " + n2 + ">" + n1 + " " + n3 + ">" + n1, false,
		},
		{
			"nobody reaches it, and it may not try", inventory.DialSSH, func(c *probestest.Cluster) {
				apart(c, n1, n2)
				apart(c, n1, n3)
				c.Hosts.Forbid(n1, true)
			},
			[]string{"up: it answers the console; netbox-node-2, netbox-node-3 do not reach it, and whom it reaches is not known", "up", "up"},
			n2 + ">" + n1 + " " + n3 + ">" + n1, false,
		},
		{
			"a dead host, and one witness that may not try", inventory.DialSSH, func(c *probestest.Cluster) { off(c, n3); c.Hosts.Forbid(n2, true) },
			[]string{"up", "up", "dead: neither the console nor netbox-node-1 reaches"},
			"", false,
		},
		{
			"a dead host, and no witness that may try", inventory.DialSSH, func(c *probestest.Cluster) { off(c, n3); c.Hosts.Forbid(n1, true); c.Hosts.Forbid(n2, true) },
			[]string{"up", "up", "unseen: nobody can be asked about it: netbox-node-1: the sshd of netbox-node-1 does not let it try"},
			"?no node can be asked", false,
		},
		{
			"one node answers, which reaches nobody", inventory.DialSSH, func(c *probestest.Cluster) { off(c, n2, n3) },
			[]string{"up", "unseen: netbox-node-1 reaches no other node", "unseen: netbox-node-1 reaches no other node"},
			"", true,
		},
		{
			"nobody answers", inventory.DialSSH, func(c *probestest.Cluster) { off(c, n1, n2, n3) },
			[]string{"unseen: nobody can be asked", "unseen: nobody can be asked", "unseen: nobody can be asked"},
			"?no node can be asked", true,
		},
	}
	// What is silent takes its deadline: all clusters are watched at once.
	clusters, watches := make([]*probestest.Cluster, len(tests)), make([]*probes.Watch, len(tests))
	for i, tt := range tests {
		c := probestest.New(t)
		c.Inventory.Dial, c.Inventory.Interval = tt.dial, 500*time.Millisecond
		if tt.dial == inventory.DialSSH {
			c.Hosts.ThroughSSH()
		}
		if tt.change != nil {
			tt.change(c)
		}
		clusters[i], watches[i] = c, start(t, c)
	}
	for i, tt := range tests {
		t.Run(tt.about, func(t *testing.T) {
			c, w := clusters[i], watches[i]
			s := until(t, w, strings.Join(tt.want, " | "), func(s *probes.State) bool {
				for i, n := range c.Inventory.Nodes {
					if !strings.HasPrefix(told(s, n.Name), tt.want[i]) {
						return false
					}
				}
				return s.Reach.Blind("blind") == "" && (strings.HasPrefix(tt.broken, "?") || s.Reach.Blind("broken") == "")
			})
			if s.Reach.Few != tt.blind {
				t.Errorf("blind is %v", s.Reach.Few)
			}
			if why, unseen := strings.CutPrefix(tt.broken, "?"); unseen {
				if !strings.HasPrefix(s.Reach.Blind("broken"), why) {
					t.Errorf("broken is unseen because of %q, want %q", s.Reach.Blind("broken"), why)
				}
				return
			}
			var ways []string
			for _, l := range s.Reach.Broken {
				if way := l.From + ">" + l.To; !slices.Contains(ways, way) {
					ways = append(ways, way)
				}
				if l.Service == "" || l.Port == 0 || l.Error == "" {
					t.Errorf("a way without its port or cause: %+v", l)
				}
			}
			if got := strings.Join(ways, " "); got != tt.broken {
				t.Errorf("broken ways %q, want %q", got, tt.broken)
			}
			if tt.about == "healthy" {
				for _, n := range s.Reach.Nodes {
					for _, x := range n.Witnesses {
						if x.Service != "etcd" || x.Port != probestest.PeerPort || !x.Reached {
							t.Errorf("in peace %s tried %+v", n.Name, x)
						}
					}
					if n.Blinded != "" || n.Blind("blinded") != "" {
						t.Errorf("%s is blinded: %q %q", n.Name, n.Blinded, n.Blind("blinded"))
					}
				}
				if d := c.Hosts.Dials(n1, "22"); d != 0 {
					t.Errorf("the ssh port was tried %d times", d)
				}
			}
		})
	}
}

// A port that refuses the console is tried by the witnesses, and nothing else of that node.
func TestReachOfAStoppedService(t *testing.T) {
	t.Parallel()
	c := probestest.New(t)
	c.Change(func(w *probestest.World) { w.Machines[probestest.Node2].Patroni = probestest.Refused })
	w := start(t, c)
	s := until(t, w, "a witness that is refused", func(s *probes.State) bool {
		return len(s.Reach.Nodes) > 0 && slices.ContainsFunc(s.Reach.Nodes[1].Witnesses, func(x probes.Witness) bool { return x.Service == "patroni" && x.Refused })
	})
	if got := told(s, probestest.Node2); got != "up: it answers the console" {
		t.Error(got)
	}
	for _, x := range s.Reach.Nodes[1].Witnesses {
		if x.Service != "patroni" && x.Port != probestest.PeerPort {
			t.Errorf("also tried: %+v", x)
		}
	}
}
