package stack_test

import (
	"testing"
	"time"

	"recon/internal/inventory"
	"recon/internal/stack"
	"recon/probes"
	"recon/probes/probestest"
)

func ptr[T any](v T) *T { return &v }

// What each cell of the whole stack says of a healthy cluster, and of one thing that is wrong on node 1.
func TestStackCells(t *testing.T) {
	backend := func(s *probes.State) *probes.HAProxyMember { return &s.HAProxy.Members[0] }
	tests := map[string][]struct {
		change func(*probes.State)
		want   string
	}{
		"NetBox": {
			{nil, "✓ 4.4.1  3 workers"},
			{func(s *probes.State) { s.NetBox.Members[0].Code = 502 }, "✗ answers 502"},
			{func(s *probes.State) { s.NetBox.Members[0].Code = 302 }, "! answers 302"},
			{func(s *probes.State) { s.NetBox.Members[0].Workers = 0 }, "! no workers  4.4.1"},
			{func(s *probes.State) { s.NetBox.Workers[0].Heartbeat = 421 }, "! workers silent"},
			{func(s *probes.State) { s.Nodes[0].Services["worker"] = "failed" }, "! worker failed"},
			{func(s *probes.State) { s.Cross.VersionsAgree = ptr(false) }, "! 4.4.1 differs"},
			{func(s *probes.State) { s.NetBox.Members[0].Unread["version"] = "LOGIN_REQUIRED" }, "✓ answers  3 workers"},
			{func(s *probes.State) { s.NetBox.Members = nil }, "· not asked yet"},
		},
		"Web proxy": {
			{nil, "✓ cert 61 d"},
			{func(s *probes.State) { s.Web.Members[0].Code = 502 }, "✗ NetBox 502"},
			{func(s *probes.State) { s.Web.Members[0].Code = 404 }, "! NetBox 404"},
			{func(s *probes.State) { s.Web.Members[0].CertificateDays = 29.9 }, "! cert 29 d"},
			{func(s *probes.State) { s.Web.Members[0].CertificateDays = 6.9 }, "✗ cert 6 d"},
			{func(s *probes.State) { s.Web.Members[0].CertificateDays = -2.5 }, "✗ cert has ended  3 days ago"},
			{func(s *probes.State) { s.Web.Members[0].CertificateMatches = false }, "! cert: other name"},
			{func(s *probes.State) { s.Web.Members[0].FileServed = false }, "! cert not loaded"},
			{func(s *probes.State) { delete(s.Web.Members[0].Unread, "file_key_matches") }, "! cert: other key"},
			{func(s *probes.State) { s.Web.Members[0].Unread["certificate_days"] = "plain HTTP" }, "✓ answers  200"},
		},
		"PgBouncer": {
			{nil, "✓ 3 active"},
			{func(s *probes.State) { s.PgBouncer.Members[0].State = "paused" }, "✗ paused"},
			{func(s *probes.State) { s.PgBouncer.Members[0].Paused = []string{"netbox"} }, "✗ netbox paused"},
			{func(s *probes.State) { s.PgBouncer.Members[0].Works = false }, "✗ no query passes"},
			{func(s *probes.State) { m := &s.PgBouncer.Members[0]; m.Waiting, m.MaxWait = 14, 3.2 }, "! 14 wait  3.2s"},
			{func(s *probes.State) { m := &s.PgBouncer.Members[0]; m.Waiting, m.MaxWait = 1, 0.2 }, "✓ 3 active"},
		},
		"HAProxy": {
			{nil, "✓ write 1 read 2"},
			{func(s *probes.State) { backend(s).Write.Up = false }, "✗ write down"},
			{func(s *probes.State) { backend(s).Write.UpNodes = []string{"netbox-node-1", "netbox-node-3"} }, "✗ writes to 2 nodes"},
			{func(s *probes.State) { backend(s).Write.UpNodes = []string{"netbox-node-2"} }, "✗ write not leader  netbox-node-2"},
			{func(s *probes.State) { backend(s).Write = nil }, "! no write backend"},
			{func(s *probes.State) { backend(s).Redis.UpNodes = nil }, "✗ redis down"},
			{func(s *probes.State) { backend(s).Redis.UpNodes = []string{"netbox-node-2"} }, "✗ redis not master  netbox-node-2"},
			{func(s *probes.State) { backend(s).Redis.UpNodes = []string{"netbox-node-1", "netbox-node-2"} }, "✗ redis to 2 nodes"},
			{func(s *probes.State) { backend(s).PgBouncer.Up = false }, "✗ pgbouncer down"},
			{func(s *probes.State) { backend(s).Read.Up = false }, "! read down"},
			{func(s *probes.State) { backend(s).Maintenance = []string{"pg_bkread/netbox-node-2"} }, "! 1 in maintenance"},
			{func(s *probes.State) { backend(s).Backends[0].Queued = 4 }, "! 4 queued"},
			{func(s *probes.State) { m := backend(s); m.Redis, m.PgBouncer, m.Read = nil, nil, nil }, "✓ write 1"},
		},
		"Keepalived": {
			{nil, "✓ backup"},
			{func(s *probes.State) { s.Keepalived.Members[0].Active = false }, "✗ not active"},
			{func(s *probes.State) { s.Keepalived.Members[0].Holds = []string{"db", "web"} }, "◆ db web"},
			{func(s *probes.State) {
				s.Keepalived.Members[0].Holds = []string{"db"}
				s.VIPs["db"] = probes.VIP{Name: "db", Holders: []string{"netbox-node-1", "netbox-node-3"}}
			}, "✗ db is held twice"},
			{func(s *probes.State) { m := &s.Keepalived.Members[0]; m.Active, m.Holds = false, []string{"db"} }, "✗ stopped, holds db"},
		},
		"PostgreSQL": {
			{func(s *probes.State) { s.Patroni.Members[0].Lag = ptr(int64(20 << 20)) }, "! sync  lag 21 MB"},
			{func(s *probes.State) { s.Patroni.Members[0].Lag = ptr(int64(2 << 20)) }, "✓ sync  lag 2 MB"},
		},
		"Redis": {
			{nil, "★ master  2 replicas"},
			{func(s *probes.State) { s.Redis.Masters = []string{"netbox-node-1", "netbox-node-2"} }, "✗ one of 2 masters"},
			{func(s *probes.State) { s.Sentinel.Master = ptr("netbox-node-2") }, "✗ master, unwatched"},
			{func(s *probes.State) { s.Redis.Members[0].AOFWriteOK = false }, "✗ AOF write fails  master"},
			{func(s *probes.State) { s.Redis.Members[0].SaveOK = false }, "! save fails  master"},
			{func(s *probes.State) { s.Redis.Members[0].Loading = true }, "! loading"},
			{func(s *probes.State) { s.Redis.Members[0].Online = 0 }, "! master, no replica"},
			{func(s *probes.State) { s.Redis.Members[0].MemoryLimit = 1 << 20 }, "! memory 100%  master"},
			{replica(func(m *probes.RedisMember) {}), "✓ replica"},
			{replica(func(m *probes.RedisMember) {}, 1<<20), "✓ replica  lag 1 MB"},
			{replica(func(m *probes.RedisMember) { m.LinkUp, m.LinkDown = false, 75 }), "✗ link down  1m15s"},
			{replica(func(m *probes.RedisMember) { m.LinkUp, m.Syncing = false, true }), "! syncing"},
			{replica(func(m *probes.RedisMember) { m.MasterNode, m.MasterAddress = nil, "10.0.0.9:6379" }), "! follows another  10.0.0.9:6379"},
		},
		"Sentinel": {
			{nil, "✓ 3 of 3"},
			{func(s *probes.State) { s.Sentinel.Members[0].Watches = false }, "✗ watches another"},
			{func(s *probes.State) { s.Sentinel.Members[0].ODown = true }, "✗ master o_down"},
			{func(s *probes.State) { s.Sentinel.Members[0].SDown = true }, "! master s_down"},
			{func(s *probes.State) { s.Sentinel.Members[0].QuorumOK = false }, "✗ no quorum  3 of 3"},
			{func(s *probes.State) { s.Sentinel.Members[0].OthersDown = 1 }, "! 2 of 3"},
			{func(s *probes.State) { s.Sentinel.Members[0].Others = 3 }, "! knows 4 of 3"},
			{func(s *probes.State) { s.Sentinel.Members[0].FailingOver = true }, "! failing over"},
			{func(s *probes.State) { s.Sentinel.Members[0].Tilt = true }, "! tilt  does nothing"},
			{func(s *probes.State) { s.Sentinel.Members[0].MasterNode = ptr("netbox-node-2") }, "✗ names another  172.16.113.201:6379"},
		},
		"Host": {
			{nil, "✓ disk 42%  +3 ms"},
			{reach("dead", true), "✗ dead  12s"},
			{reach("cut off", true), "✗ cut off  12s"},
			{reach("ssh down", true), "✗ ssh down  12s"},
			{reach("alone", false), "✗ alone  reaches no other"},
			{func(s *probes.State) { s.Nodes[0].Seen = probestest.Silent(s.Nodes[0].Seen, 12*time.Second) }, "? no answer  12s"},
			{func(s *probes.State) { s.Nodes[0].Disks[1].ReadOnly = ptr(true) }, "✗ / read-only"},
			{func(s *probes.State) { s.Nodes[0].Disks[1].InodesPercent = ptr(97.0) }, "✗ inodes 97%"},
			{func(s *probes.State) { s.Nodes[0].Disks[1].FullIn = ptr(18240.0) }, "! disk 42%  full in 5h04m"},
			{func(s *probes.State) { s.Nodes[0].FailedUnits = []string{"certbot"} }, "! certbot failed"},
			{func(s *probes.State) { s.Nodes[0].MemoryMB = ptr(480) }, "! memory 3% left"},
			{func(s *probes.State) { s.Nodes[0].RebootPending = ptr(true) }, "✓ disk 42%  +3 ms  reboot due"},
			{func(s *probes.State) {
				s.Reach.Broken = []probes.Link{{From: "netbox-node-1", To: "netbox-node-2", Service: "etcd"}, {From: "netbox-node-1", To: "netbox-node-2", Service: "redis"}}
			}, "! 1 broken way"},
		},
	}
	for row, cases := range tests {
		for _, tt := range cases {
			t.Run(row+" "+tt.want, func(t *testing.T) {
				s := probestest.Stack()
				if tt.change != nil {
					tt.change(s)
				}
				_, rows := stack.Sight{State: s}.Matrix(probestest.StackInventory())
				for _, r := range rows {
					if r.Name != row {
						continue
					}
					if got := r.Cells[0].Text(60); got != tt.want {
						t.Errorf("%q, want %q", got, tt.want)
					}
					// In 20 cells, which is what three nodes have on 80 columns, its word is whole.
					if got := []rune(r.Cells[0].Text(20)); r.Cells[0].Sick() && got[len(got)-1] == '…' && len([]rune(r.Cells[0].Say())) > 20 {
						t.Errorf("%q loses its word", string(got))
					}
				}
			})
		}
	}
}

// replica makes node 1 a replica of node 2, and changes it.
func replica(change func(*probes.RedisMember), behind ...int64) func(*probes.State) {
	return func(s *probes.State) {
		m, other := &s.Redis.Members[0], &s.Redis.Members[1]
		lag := append(behind, 1000)[0]
		m.Role, m.LinkUp, m.MasterNode = "replica", true, ptr("netbox-node-2")
		other.Role, other.Replicas = "master", []probes.RedisReplica{{Node: ptr("netbox-node-1"), Offset: other.Offset - lag}}
		s.Redis.Masters, s.Redis.Master, s.Sentinel.Master = []string{"netbox-node-2"}, other, ptr("netbox-node-2")
		change(m)
	}
}

// reach gives node 1 a verdict, with or without silence over ssh.
func reach(verdict string, silent bool) func(*probes.State) {
	return func(s *probes.State) {
		s.Reach.Nodes[0].Verdict = verdict
		if silent {
			s.Nodes[0].Seen = probestest.Silent(s.Nodes[0].Seen, 12*time.Second)
		}
	}
}

func TestServiceRow(t *testing.T) {
	tests := []struct {
		about  string
		change func(*probes.State)
		want   [3]string
	}{
		{"all work", func(*probes.State) {}, [3]string{"✓ reads  20 ms", "✓ writes  20 ms (canary)", "✓ login  20 ms"}},
		{"no canary", func(s *probes.State) { s.Service.Writes = probes.Try{} }, [3]string{"✓ reads  20 ms", "· writes not tried", "✓ login  20 ms"}},
		{"writes fail", func(s *probes.State) {
			s.Service.Writes.Seen = probestest.Silent(s.Service.Writes.Seen, 130*time.Second)
		}, [3]string{"✓ reads  20 ms", "✗ writes fail  2m10s", "✓ login  20 ms"}},
		{"slow", func(s *probes.State) { s.Service.Reads.Latency, s.Service.Login.Latency = 1.2, 12 }, [3]string{"! reads slow  1200 ms", "✓ writes  20 ms (canary)", "! login slow  12s"}},
		{"a standby answers", func(s *probes.State) { s.Service.Reads.Note = "a standby answers where writes should go" }, [3]string{"! reads: standby  20 ms", "✓ writes  20 ms (canary)", "✓ login  20 ms"}},
		{"not asked", func(s *probes.State) { s.Service.Reads.Seen = probes.Seen{} }, [3]string{"· reads not asked yet", "✓ writes  20 ms (canary)", "✓ login  20 ms"}},
		{"blind", func(s *probes.State) {
			s.Reach.Few = true
			s.Service.Login.Seen = probestest.Silent(s.Service.Login.Seen, 5*time.Second)
		}, [3]string{"✓ reads  20 ms", "✓ writes  20 ms (canary)", "? login fails from here  5.0s"}},
	}
	for _, tt := range tests {
		t.Run(tt.about, func(t *testing.T) {
			s := probestest.Stack()
			tt.change(s)
			for i, c := range (stack.Sight{State: s}).Service(probestest.StackInventory()).Cells {
				if got := c.Text(40); got != tt.want[i] {
					t.Errorf("%q, want %q", got, tt.want[i])
				}
			}
		})
	}
	if row := (stack.Sight{State: probestest.Healthy()}).Service(probestest.Inventory()); len(row.Cells) != 0 {
		t.Errorf("a cluster without an entry has the paths %+v", row.Cells)
	}
}

func TestTheEntry(t *testing.T) {
	tests := map[string]func(*probes.State){
		"✓ db → netbox-node-3  172.16.113.204": func(*probes.State) {},
		"✗ db → netbox-node-3  write down":     func(s *probes.State) { s.HAProxy.Members[2].Write.Up = false },
		"✗ db → netbox-node-3  no HAProxy": func(s *probes.State) {
			s.HAProxy.Members[2].Seen = probestest.RefusedBy(s.HAProxy.Members[2].Seen, 3*time.Second)
		},
		"? db → not known  172.16.113.204":     func(s *probes.State) { s.VIPs["db"] = probes.VIP{Unseen: "silent"} },
		"? db → a and ?  172.16.113.204":       func(s *probes.State) { s.VIPs["db"] = probes.VIP{Holders: []string{"a"}, Unseen: "silent"} },
		"· db → not asked yet  172.16.113.204": func(s *probes.State) { s.VIPs["db"] = probes.VIP{Unseen: "a: not asked yet"} },
		"✗ db → nobody  172.16.113.204":        func(s *probes.State) { s.VIPs["db"] = probes.VIP{Holders: []string{}} },
		"✗ db → a and b  172.16.113.204":       func(s *probes.State) { s.VIPs["db"] = probes.VIP{Holders: []string{"a", "b"}, Unseen: "c is silent"} },
	}
	for want, change := range tests {
		s := probestest.Stack()
		change(s)
		entry, _ := stack.Sight{State: s}.Matrix(probestest.StackInventory())
		if got := entry.Cells[0].Text(60); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// A cluster has the rows of what it has; a node that does not run a service has an empty cell, and one that was not asked
// says so.
func TestRowsOfWhatThereIs(t *testing.T) {
	c := probestest.StackInventory()
	c.NetBox, c.Web = nil, nil
	c.PgBouncer.On = inventory.On{Nodes: []string{"netbox-node-2"}}
	s := probestest.Stack()
	s.PgBouncer.Members = s.PgBouncer.Members[1:2]
	s.HAProxy = probes.HAProxy{}
	_, rows := stack.Sight{State: s}.Matrix(c)
	if len(rows) != 9 || rows[0].Name != "PgBouncer" || rows[8].Name != "Host" {
		t.Fatalf("%+v", rows)
	}
	if got := [3]string{rows[0].Cells[0].Text(40), rows[0].Cells[1].Text(40), rows[1].Cells[0].Text(40)}; got != [3]string{"", "✓ 3 active", "· not asked yet"} {
		t.Errorf("%q", got)
	}
}

// Numbers that move are no change of state.
func TestNumbersAreNoChange(t *testing.T) {
	before, after := probestest.Stack(), probestest.Stack()
	for i := range after.Nodes {
		after.Nodes[i].Disks[0].Percent = 50
		after.Web.Members[i].CertificateDays = 60
		after.PgBouncer.Members[i].Active = 12
		after.Redis.Members[i].Offset += 100_000
		after.Etcd.Members[i].DBSize *= 2
	}
	after.Service.Reads.Latency = 0.4
	inv := probestest.StackInventory()
	_, a := stack.Sight{State: before}.Matrix(inv)
	_, b := stack.Sight{State: after}.Matrix(inv)
	a, b = append(a, stack.Sight{State: before}.Service(inv)), append(b, stack.Sight{State: after}.Service(inv))
	moved := 0
	for r := range a {
		for i := range a[r].Cells {
			x, y := a[r].Cells[i], b[r].Cells[i]
			if !x.Same(y) {
				t.Errorf("%s: %q is told as a change from %q", a[r].Name, y.Text(40), x.Text(40))
			}
			if x.Text(40) != y.Text(40) {
				moved++
			}
		}
	}
	if moved < 12 {
		t.Errorf("only %d cells moved", moved)
	}
	after.Web.Members[0].CertificateDays = 5
	_, b = stack.Sight{State: after}.Matrix(inv)
	if a[1].Cells[0].Same(b[1].Cells[0]) {
		t.Error("a certificate about to end is no change")
	}
}
