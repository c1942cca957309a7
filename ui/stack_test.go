package ui

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"recon/internal/inventory"
	"recon/probes"
	"recon/probes/probestest"
	"recon/runbooks"
)

// atStack is at, with the cluster file of the whole stack and books for it.
func atStack(t *testing.T, width, height int, s *probes.State, change func(*inventory.Cluster), f func(d *desk)) {
	t.Helper()
	lib, err := loadStack()
	if err != nil {
		t.Fatal(err)
	}
	atOptions(t, width, height, s, func(o *Options) {
		name, env := o.Cluster.Name, o.Cluster.Environment
		o.Cluster, o.Library = probestest.StackInventory(), lib
		o.Cluster.Name, o.Cluster.Environment = name, env
		if change != nil {
			change(o.Cluster)
			o.Cluster.Name, o.Cluster.Environment = name, env
		}
	}, f)
}

// stackScenes are States of the whole stack, each from the healthy one.
func stackScenes() map[string]func(*probes.State) {
	return map[string]func(*probes.State){
		"healthy":           func(*probes.State) {},
		"redis-master-dead": redisMasterDead,
		"vip-twice":         vipTwice,
		"netbox-502": func(s *probes.State) {
			for _, code := range []*int{&s.NetBox.Members[2].Code, &s.NetBox.Entry.Code, &s.Web.Members[2].Code} {
				*code = 502
			}
			s.Service.Login.Seen = probestest.Silent(s.Service.Login.Seen, 130*time.Second)
			s.Service.Login.Error = "the login page answers 502"
		},
		"all-unseen":   allUnseen,
		"host-dead":    hostDead,
		"many-at-once": func(s *probes.State) { manyAtOnce(s) },
	}
}

func redisMasterDead(s *probes.State) {
	dead := &s.Redis.Members[0]
	*dead = probes.RedisMember{Node: dead.Node, Seen: probestest.RefusedBy(dead.Seen, 4*time.Second)}
	for i := range s.Redis.Members[1:] {
		m := &s.Redis.Members[i+1]
		m.LinkUp, m.LinkDown = false, 4
	}
	s.Redis.Master, s.Redis.Masters, s.Redis.Answered = nil, []string{}, 2
	for i := range s.Sentinel.Members {
		s.Sentinel.Members[i].SDown, s.Sentinel.Members[i].Flags = true, []string{"master", "s_down"}
	}
	for i := range s.HAProxy.Members {
		b := s.HAProxy.Members[i].Redis
		b.Up, b.UpNodes, b.Status = false, []string{}, "DOWN"
	}
	s.HAProxy.Redis = nil
	s.Nodes[0].Units["redis-server"], s.Nodes[0].Services["redis"] = "failed", "failed"
	s.HandsOff = probes.HandsOff{Known: true, Active: true, By: "sentinel", Left: 11, Why: "the Redis master does not answer"}
}

func vipTwice(s *probes.State) {
	for _, name := range []string{"db", "web"} {
		v := s.VIPs[name]
		v.Holders, v.Holder = []string{"netbox-node-1", "netbox-node-3"}, nil
		s.VIPs[name] = v
	}
	s.Keepalived.Members[0].Holds = []string{"db", "web"}
	no := false
	s.Cross.OneHolder, s.Cross.EntryWorks = &no, nil
	s.Cross.Unclear["entry_works"] = "the db address has no single holder"
	s.Cross.Disagreements = []string{"db is on netbox-node-1 and netbox-node-3", "web is on netbox-node-1 and netbox-node-3"}
}

func hostDead(s *probes.State) {
	silent := func(seen *probes.Seen) { *seen = probestest.Silent(*seen, 42*time.Second) }
	every(s, func(seen *probes.Seen) {
		if strings.Contains(seen.Source, "172.16.113.202") || strings.HasSuffix(seen.Source, "node-2") {
			silent(seen)
		}
	})
	for name, v := range s.VIPs {
		v.Holder, v.Unseen = nil, "netbox-node-2: did not answer within 3 s"
		s.VIPs[name] = v
	}
	r := &s.Reach.Nodes[1]
	r.Verdict, r.Why = "dead", "neither the console nor netbox-node-1 nor netbox-node-3 reaches any of its ports"
	for _, by := range []string{"netbox-node-1", "netbox-node-3"} {
		r.Witnesses = append(r.Witnesses,
			probes.Witness{By: by, Service: "ssh", Port: 22, Error: "no answer within 2 s", Age: 3}, probes.Witness{By: by, Service: "patroni", Port: 8008, Error: "no answer within 2 s", Age: 3})
	}
	for i := range s.Sentinel.Members {
		s.Sentinel.Members[i].OthersDown = 1
	}
}

func allUnseen(s *probes.State) {
	every(s, func(seen *probes.Seen) { *seen = probestest.Silent(*seen, 31*time.Second) })
	for name, v := range s.VIPs {
		v.Holders, v.Holder, v.Unseen = []string{}, nil, "no node answers"
		s.VIPs[name] = v
	}
	s.Reach.Few, s.Reach.Unseen = true, ""
	s.Patroni.Unseen, s.Patroni.UnseenDCS, s.Postgres.Unseen, s.Etcd.Unseen = "no member answered", "no member answered", "no member answered", "no member answered"
	for _, unseen := range []*string{&s.Redis.Unseen, &s.Sentinel.Unseen, &s.HAProxy.Unseen, &s.PgBouncer.Unseen, &s.Web.Unseen, &s.NetBox.Unseen} {
		*unseen = "none answered"
	}
	s.HandsOff.Known = false
}

// manyAtOnce breaks nearly everything: more findings than there is room, and only rows that are sick.
func manyAtOnce(s *probes.State) {
	vipTwice(s)
	redisMasterDead(s)
	s.NetBox.Members[2].Code = 502
	s.NetBox.Queues[1].Waiting = 40
	s.Service.Reads.Seen = probestest.Silent(s.Service.Reads.Seen, 40*time.Second)
	s.Service.Reads.Error = "the server closed the connection unexpectedly: this probably means that it ended abnormally"
	s.Web.Members[1].CertificateDays = 5
	s.Nodes[2].Disks[0].Percent = 91
	s.Patroni.Members[2].Primary, s.Patroni.Members[2].State = false, "stopped"
	s.Patroni.Leader, s.Patroni.LockHolder = nil, nil
}

// fiveNodes is a cluster of five, the fourth of which is sick.
func fiveNodes(c *inventory.Cluster, s *probes.State) {
	for i := 4; i <= 5; i++ {
		name, address := fmt.Sprintf("netbox-node-%d", i), fmt.Sprintf("172.16.113.20%d", i+2)
		c.Nodes = append(c.Nodes, inventory.Node{Name: name, Address: address})
		n := s.Nodes[1]
		n.Name, n.Address = name, address
		n.Addresses = []string{address}
		s.Nodes = append(s.Nodes, n)
		m := s.Redis.Members[1]
		m.Node = name
		s.Redis.Members = append(s.Redis.Members, m)
		h := s.HAProxy.Members[1]
		h.Node = name
		s.HAProxy.Members = append(s.HAProxy.Members, h)
	}
	s.Redis.Members[3].LinkUp, s.Redis.Members[3].LinkDown = false, 90
	c.Redis.Nodes = append(c.Redis.Nodes[:3:3], "netbox-node-4", "netbox-node-5")
	c.HAProxy.Nodes = append(c.HAProxy.Nodes[:3:3], "netbox-node-4", "netbox-node-5")
}

// alone is the whole stack on one node, which leads everything.
func alone() (*inventory.Cluster, *probes.State) {
	c, s := probestest.StackInventory(), probestest.Stack()
	c.Nodes = c.Nodes[2:]
	only := []string{c.Nodes[0].Name}
	for _, on := range []*inventory.On{
		&c.Etcd.On, &c.Patroni.On, &c.Postgres.On, &c.Redis.On, &c.Sentinel.On, &c.HAProxy.On, &c.Keepalived.On, &c.PgBouncer.On, &c.Web.On, &c.NetBox.On,
	} {
		on.Nodes = only
	}
	s.Nodes, s.Etcd.Members, s.Patroni.Members, s.Postgres.Members = s.Nodes[2:], s.Etcd.Members[2:], s.Patroni.Members[2:], s.Postgres.Members[2:]
	s.Redis.Members, s.Sentinel.Members, s.HAProxy.Members, s.Keepalived.Members = s.Redis.Members[:1], s.Sentinel.Members[2:], s.HAProxy.Members[2:], s.Keepalived.Members[2:]
	s.PgBouncer.Members, s.Web.Members, s.NetBox.Members, s.Reach.Nodes = s.PgBouncer.Members[2:], s.Web.Members[2:], s.NetBox.Members[2:], s.Reach.Nodes[2:]
	r, w := &s.Redis.Members[0], &s.Sentinel.Members[0]
	r.Node, r.Replicas, r.Online = only[0], nil, 0
	w.MasterNode, w.Others = &only[0], 0
	s.Redis.Master, s.Redis.Masters, s.Sentinel.Master = r, only, &only[0]
	s.HAProxy.Members[0].Redis.UpNodes, s.HAProxy.Members[0].Read.UpNodes = only, only
	s.Patroni.SyncStandbys = nil
	return c, s
}

func TestStackScreens(t *testing.T) {
	for name, change := range stackScenes() {
		each(t, name, func(t *testing.T, w, h int) (text string) {
			atStack(t, w, h, probestest.Stack(), nil, func(d *desk) {
				d.wait(2 * time.Second)
				for range 2 {
					s := probestest.Stack()
					change(s)
					d.see(s)
					d.wait(6 * time.Second)
				}
				d.fits()
				text = d.text()
			})
			return text
		})
	}
	each(t, "half-built", func(t *testing.T, w, h int) (text string) {
		s := probestest.Stack()
		s.NetBox, s.Web, s.Redis, s.Sentinel, s.Service = probes.NetBox{}, probes.Web{}, probes.Redis{}, probes.Sentinel{}, probes.Service{}
		s.PgBouncer.Members[2].Seen = probestest.RefusedBy(s.PgBouncer.Members[2].Seen, 3000*time.Second)
		atStack(t, w, h, s, func(c *inventory.Cluster) { c.NetBox, c.Web, c.Redis, c.Sentinel = nil, nil, nil, nil }, func(d *desk) {
			d.fits()
			text = d.text()
		})
		return text
	})
	each(t, "five-nodes", func(t *testing.T, w, h int) (text string) {
		s := probestest.Stack()
		atStack(t, w, h, s, func(c *inventory.Cluster) { fiveNodes(c, s) }, func(d *desk) {
			d.fits()
			text = d.text()
		})
		return text
	})
	each(t, "one-node", func(t *testing.T, w, h int) (text string) {
		c, s := alone()
		atStack(t, w, h, s, func(have *inventory.Cluster) { *have = *c }, func(d *desk) {
			d.fits()
			text = d.text()
		})
		return text
	})
	each(t, "findings", func(t *testing.T, w, h int) (text string) {
		s := probestest.Stack()
		s.NetBox.Members[2].Code = 502
		manyAtOnce(s)
		s.HandsOff = probes.HandsOff{Known: true}
		atStack(t, w, h, s, nil, func(d *desk) {
			d.key("tab", "down", "down")
			d.fits()
			text = d.text()
		})
		return text
	})
}

// loadStack are the books for the whole stack, without the library's own.
var loadStack = sync.OnceValues(func() (*runbooks.Library, error) {
	lib, err := runbooks.Load(probes.Scope(probestest.StackInventory()), "testdata/stackbooks")
	if err != nil {
		return nil, err
	}
	return ownOf(lib), nil
})
