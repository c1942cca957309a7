package ui

import (
	"fmt"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"recon/internal/inventory"
	"recon/probes"
	"recon/probes/probestest"
)

// many is the whole stack on so many nodes, each as the second one of the ready-made State.
func many(n int) (*inventory.Cluster, *probes.State) {
	c, s := probestest.StackInventory(), probestest.Stack()
	for i := 4; i <= n; i++ {
		name := fmt.Sprintf("netbox-node-%d", i)
		c.Nodes = append(c.Nodes, inventory.Node{Name: name, Address: name})
		node := s.Nodes[1]
		node.Name = name
		s.Nodes = append(s.Nodes, node)
		s.NetBox.Members = again(s.NetBox.Members, func(m *probes.NetBoxMember) { m.Node = name })
		s.Web.Members = again(s.Web.Members, func(m *probes.WebMember) { m.Node = name })
		s.PgBouncer.Members = again(s.PgBouncer.Members, func(m *probes.PgBouncerMember) { m.Node = name })
		s.HAProxy.Members = again(s.HAProxy.Members, func(m *probes.HAProxyMember) { m.Node = name })
		s.Keepalived.Members = again(s.Keepalived.Members, func(m *probes.KeepalivedMember) { m.Node = name })
		s.Postgres.Members = again(s.Postgres.Members, func(m *probes.Database) { m.Node = name })
		s.Patroni.Members = again(s.Patroni.Members, func(m *probes.Member) { m.Node, m.Name = name, name })
		s.Etcd.Members = again(s.Etcd.Members, func(m *probes.EtcdMember) { m.Name = name })
		s.Redis.Members = again(s.Redis.Members, func(m *probes.RedisMember) { m.Node = name })
		s.Sentinel.Members = again(s.Sentinel.Members, func(m *probes.SentinelMember) { m.Node = name })
		s.Reach.Nodes = append(s.Reach.Nodes, probes.NodeReach{Name: name, Verdict: "up"})
	}
	return c, s
}

func again[T any](all []T, change func(*T)) []T {
	x := all[1]
	change(&x)
	return append(all, x)
}

// BenchmarkState is one State from its arrival to the drawn screen. At 25 States a second, 4 ms of it would be a tenth of a
// processor.
func BenchmarkState(b *testing.B) {
	for _, n := range []int{3, 9, 64} {
		b.Run(fmt.Sprintf("%d-nodes-120x36", n), func(b *testing.B) {
			c, s := many(n)
			lib, err := loadStack()
			if err != nil {
				b.Fatal(err)
			}
			now := probestest.At()
			jobs := newJobs(b.Context())
			console, _ := assemble(Options{Cluster: c, Operator: "anna", Host: "bastion", Eyes: probestest.Static(s), Library: lib, Now: func() time.Time { return now }}, jobs)
			console.Update(tea.WindowSizeMsg{Width: 120, Height: 36})
			b.ReportAllocs()
			for b.Loop() {
				now = now.Add(40 * time.Millisecond)
				next := *s
				next.At = now
				console.Update(stateMsg{&next})
				if len(console.content()) < 1000 {
					b.Fatal("nothing is drawn")
				}
			}
		})
	}
}
