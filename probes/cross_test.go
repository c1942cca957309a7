package probes_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"recon/probes"
	"recon/probes/probestest"
)

// crossed is one field of Cross in words: true, false, or why it is not known.
func crossed(c probes.Cross, field string) string {
	if why := c.Blind(field); why != "" {
		return "unclear: " + why
	}
	p := map[string]*bool{
		"leader_is_writer": c.LeaderIsWriter, "master_is_watched": c.MasterIsWatched, "master_is_entry": c.MasterIsEntry, "entry_works": c.EntryWorks,
		"one_primary": c.OnePrimary, "one_master": c.OneMaster, "one_holder": c.OneHolder, "scopes_agree": c.ScopesAgree,
		"system_ids_agree": c.SystemIDsAgree, "versions_agree": c.VersionsAgree,
	}[field]
	switch {
	case p == nil:
		return "nil without a reason"
	case *p:
		return "true"
	}
	return "false"
}

// sends makes every HAProxy send the clients of a backend to these nodes.
func sends(s *probes.State, get func(*probes.HAProxyMember) *probes.HAProxyBackend, nodes ...string) {
	for i := range s.HAProxy.Members {
		b := get(&s.HAProxy.Members[i])
		b.Up = len(nodes) > 0
		for j := range b.Servers {
			b.Servers[j].Up = slices.Contains(nodes, *b.Servers[j].Node)
		}
	}
}

func write(m *probes.HAProxyMember) *probes.HAProxyBackend { return m.Write }
func redis(m *probes.HAProxyMember) *probes.HAProxyBackend { return m.Redis }

func TestCross(t *testing.T) {
	const n1, n2, n3 = probestest.Node1, probestest.Node2, probestest.Node3
	silent := func(s probes.Seen) probes.Seen { return probestest.Silent(s, 12*time.Second) }
	refused := func(s probes.Seen) probes.Seen { return probestest.RefusedBy(s, 12*time.Second) }
	for _, tt := range []struct {
		about, field string
		change       func(s *probes.State)
		want         string // the answer, or the beginning of why there is none
		says         string // part of the only disagreement
	}{
		{"healthy", "leader_is_writer", func(*probes.State) {}, "true", ""},
		{"writes go elsewhere", "leader_is_writer", func(s *probes.State) { sends(s, write, n1) }, "false", "HAProxy on netbox-node-1 sends writes to netbox-node-1, Patroni's leader is netbox-node-3"},
		{"writes go to two", "leader_is_writer", func(s *probes.State) { sends(s, write, n1, n3) }, "false", "sends writes to netbox-node-1 and netbox-node-3"},
		{"writes go nowhere", "leader_is_writer", func(s *probes.State) { sends(s, write) }, "false", "sends writes nowhere, Patroni's leader is"},
		{"one HAProxy is silent", "leader_is_writer", func(s *probes.State) { s.HAProxy.Members[1].Seen = silent(s.HAProxy.Members[1].Seen) }, "unclear: HAProxy on netbox-node-2: did not answer", ""},
		{"one HAProxy does not run", "leader_is_writer", func(s *probes.State) { s.HAProxy.Members[1].Seen = refused(s.HAProxy.Members[1].Seen) }, "true", ""},
		{"no HAProxy runs", "leader_is_writer", func(s *probes.State) {
			for i := range s.HAProxy.Members {
				s.HAProxy.Members[i].Seen = refused(s.HAProxy.Members[i].Seen)
			}
		}, "unclear: no HAProxy runs", ""},
		{"one is silent, another wrong", "leader_is_writer", func(s *probes.State) {
			sends(s, write, n2)
			s.HAProxy.Members[1].Seen = silent(s.HAProxy.Members[1].Seen)
		}, "false", "HAProxy on netbox-node-1 sends writes to netbox-node-2"},
		{"no such backend", "leader_is_writer", func(s *probes.State) { s.HAProxy.Members[0].Write = nil }, "unclear: HAProxy on netbox-node-1 has no backend pg_bkwrite", ""},
		{"nobody leads, writes go nowhere", "leader_is_writer", func(s *probes.State) {
			s.Patroni.Members[2].Primary = false
			sends(s, write)
		}, "false", "nobody proves to lead"},
		{"nobody leads that is seen", "leader_is_writer", func(s *probes.State) {
			s.Patroni.Members[2].Seen = silent(s.Patroni.Members[2].Seen)
			sends(s, write)
		}, "unclear: netbox-node-3: did not answer", ""},
		{"two leaders", "leader_is_writer", func(s *probes.State) { s.Patroni.Disputed = "two answer as primary" }, "unclear: two answer as primary", ""},

		{"healthy", "master_is_entry", func(*probes.State) {}, "true", ""},
		{"clients go to the old master", "master_is_entry", func(s *probes.State) { sends(s, redis, n2) }, "false", "sends Redis clients to netbox-node-2, the master is netbox-node-1"},
		{"two masters", "master_is_entry", func(s *probes.State) { s.Redis.Members[1].Role = "master" }, "unclear: netbox-node-1 and netbox-node-2 both say", ""},
		{"one Redis is silent", "master_is_entry", func(s *probes.State) { s.Redis.Members[1].Seen = silent(s.Redis.Members[1].Seen) }, "unclear: Redis on netbox-node-2", ""},

		{"healthy", "master_is_watched", func(*probes.State) {}, "true", ""},
		{"the named one is a replica", "master_is_watched", func(s *probes.State) { s.Redis.Members[0].Role = "replica" }, "false", "name netbox-node-1 as master, which says that it is replica"},
		{"the named one does not run", "master_is_watched", func(s *probes.State) { s.Redis.Members[0].Seen = refused(s.Redis.Members[0].Seen) }, "false", "where no Redis listens"},
		{"the named one is silent", "master_is_watched", func(s *probes.State) { s.Redis.Members[0].Seen = silent(s.Redis.Members[0].Seen) }, "unclear: Redis on netbox-node-1", ""},
		{"an address of nobody", "master_is_watched", func(s *probes.State) {
			for i := range s.Sentinel.Members {
				s.Sentinel.Members[i].MasterNode, s.Sentinel.Members[i].MasterAddress = nil, "10.9.9.9:6379"
			}
		}, "false", "10.9.9.9:6379, which is no node's"},
		{"a Sentinel is silent", "master_is_watched", func(s *probes.State) { s.Sentinel.Members[2].Seen = silent(s.Sentinel.Members[2].Seen) }, "unclear: Sentinel of netbox-node-3", ""},
		{"the Sentinels differ", "master_is_watched", func(s *probes.State) {
			two := n2
			s.Sentinel.Members[2].MasterNode, s.Redis.Members[1].Role = &two, "master"
		}, "false", "the Sentinels name different masters: netbox-node-1 (netbox-node-1, netbox-node-2), netbox-node-2 (netbox-node-3)"},

		{"healthy", "entry_works", func(*probes.State) {}, "true", ""},
		{"the holder sends nowhere", "entry_works", func(s *probes.State) { s.HAProxy.Members[2].Write.Up = false }, "false", "netbox-node-3 has the db address, and its HAProxy sends writes nowhere"},
		{"another sends nowhere", "entry_works", func(s *probes.State) { s.HAProxy.Members[1].Write.Up = false }, "true", ""},
		{"no HAProxy on the holder", "entry_works", func(s *probes.State) { s.HAProxy.Members[2].Seen = refused(s.HAProxy.Members[2].Seen) }, "false", "no HAProxy runs there"},
		{"nobody has the address", "entry_works", func(s *probes.State) { held(s, "db") }, "false", "no node has the db address 172.16.113.204"},
		{"a host is silent", "entry_works", func(s *probes.State) { unseenVIP(s, "db") }, "unclear: netbox-node-2: did not answer", ""},

		{"healthy", "one_primary", func(*probes.State) {}, "true", ""},
		{"two", "one_primary", func(s *probes.State) { s.Postgres.Members[0].InRecovery = false }, "false", "netbox-node-1 and netbox-node-3 are not in recovery"},
		{"two, and one silent", "one_primary", func(s *probes.State) {
			s.Postgres.Members[0].InRecovery, s.Postgres.Members[1].Seen = false, silent(s.Postgres.Members[1].Seen)
		}, "false", "netbox-node-1 and netbox-node-3"},
		{"one, and one silent", "one_primary", func(s *probes.State) { s.Postgres.Members[1].Seen = silent(s.Postgres.Members[1].Seen) }, "unclear: database on netbox-node-2", ""},
		{"none, and one does not run", "one_primary", func(s *probes.State) { s.Postgres.Members[2].Seen = refused(s.Postgres.Members[2].Seen) }, "false", "no database is primary"},
		{"none, and one silent", "one_primary", func(s *probes.State) { s.Postgres.Members[2].Seen = silent(s.Postgres.Members[2].Seen) }, "unclear: database on netbox-node-3", ""},

		{"healthy", "one_master", func(*probes.State) {}, "true", ""},
		{"two", "one_master", func(s *probes.State) { s.Redis.Members[2].Role = "master" }, "false", "netbox-node-1 and netbox-node-3 say that they are Redis master"},
		{"none", "one_master", func(s *probes.State) { s.Redis.Members[0].Role = "replica" }, "false", "no Redis says that it is master"},

		{"healthy", "one_holder", func(*probes.State) {}, "true", ""},
		{"on two", "one_holder", func(s *probes.State) { held(s, "web", n1, n2) }, "false", "the web address 172.16.113.205 is on netbox-node-1 and netbox-node-2 at once"},
		{"on two, and a silent host", "one_holder", func(s *probes.State) {
			held(s, "web", n1, n2)
			unseenVIP(s, "web")
		}, "false", "at once"},
		{"on none", "one_holder", func(s *probes.State) { held(s, "db") }, "false", "no node has the db address"},
		{"a silent host", "one_holder", func(s *probes.State) { unseenVIP(s, "db") }, "unclear: netbox-node-2: did not answer", ""},

		{"healthy", "scopes_agree", func(*probes.State) {}, "true", ""},
		{"a member differs", "scopes_agree", func(s *probes.State) { s.Patroni.Members[1].Scope = "pgcluster" }, "false", "Patroni's scope differs: pgcluster (the agent of netbox-node-2), pgclusternetbox (the cluster file,"},
		{"a host's file differs", "scopes_agree", func(s *probes.State) { other := "/db/"; s.Nodes[0].PatroniNamespace = &other }, "false", "Patroni's namespace differs: /db (the configuration on netbox-node-1)"},
		{"a file is not readable", "scopes_agree", func(s *probes.State) { s.Nodes[0].PatroniScope, s.Nodes[0].PatroniNamespace = nil, nil }, "true", ""},
		{"a member is down, its file tells", "scopes_agree", func(s *probes.State) { s.Patroni.Members[1].Seen = refused(s.Patroni.Members[1].Seen) }, "true", ""},
		{"a member is down, its file does not tell", "scopes_agree", func(s *probes.State) {
			s.Nodes[1].PatroniScope = nil
			s.Patroni.Members[1].Seen = refused(s.Patroni.Members[1].Seen)
		}, "unclear: netbox-node-2: nothing listens", ""},

		{"healthy", "system_ids_agree", func(*probes.State) {}, "true", ""},
		{"another database", "system_ids_agree", func(s *probes.State) { s.Patroni.Members[0].SystemID = "42" }, "false", "the database system identifiers differ: 42 (netbox-node-1), 7711276203485323398 (etcd,"},
		{"etcd has none", "system_ids_agree", func(s *probes.State) { s.Patroni.Initialize = nil }, "unclear: etcd keeps no system identifier", ""},
		{"a member is down", "system_ids_agree", func(s *probes.State) { s.Patroni.Members[0].Seen = refused(s.Patroni.Members[0].Seen) }, "unclear: netbox-node-1: nothing listens", ""},

		{"healthy", "versions_agree", func(*probes.State) {}, "true", ""},
		{"another version", "versions_agree", func(s *probes.State) { s.NetBox.Members[1].Version = "4.3.0" }, "false", "4.3.0 (netbox-node-2), 4.4.1 (netbox-node-1, netbox-node-3)"},
		{"one does not tell", "versions_agree", func(s *probes.State) { s.NetBox.Members[1].Unread = map[string]string{"version": "it wants a token"} }, "unclear: NetBox on netbox-node-2: it wants a token", ""},
	} {
		t.Run(tt.field+"/"+tt.about, func(t *testing.T) {
			s := probestest.Stack()
			tt.change(s)
			probestest.Settle(s)
			if got := crossed(s.Cross, tt.field); got != tt.want && (!strings.HasPrefix(tt.want, "unclear") || !strings.HasPrefix(got, tt.want)) {
				t.Errorf("%s, want %s", got, tt.want)
			}
			said := strings.Join(s.Cross.Disagreements, "\n")
			if (tt.want == "false") != (tt.says != "") || !strings.Contains(said, tt.says) {
				t.Errorf("disagreements %q, want %q", said, tt.says)
			}
			if tt.about == "healthy" && said != "" {
				t.Errorf("a healthy cluster disagrees: %q", said)
			}
		})
	}
}

func held(s *probes.State, vip string, nodes ...string) {
	v := s.VIPs[vip]
	v.Holders, v.Holder = append([]string{}, nodes...), nil
	if len(nodes) == 1 {
		v.Holder = &nodes[0]
	}
	s.VIPs[vip] = v
}

func unseenVIP(s *probes.State, vip string) {
	v := s.VIPs[vip]
	v.Unseen = "netbox-node-2: did not answer within 4 s"
	s.VIPs[vip] = v
}

// A cluster without a system says so, and nothing of it is false.
func TestCrossWithoutTheSystems(t *testing.T) {
	s := probestest.Healthy()
	for field, want := range map[string]string{
		"leader_is_writer": "unclear: the cluster file names no HAProxy", "master_is_watched": "unclear: the cluster file names no Redis",
		"master_is_entry": "unclear: the cluster file names no Redis", "entry_works": "unclear: the cluster file names no HAProxy",
		"one_master": "unclear: the cluster file names no Redis", "versions_agree": "unclear: the cluster file names no NetBox",
		"one_primary": "true", "one_holder": "true",
	} {
		if got := crossed(s.Cross, field); got != want {
			t.Errorf("%s: %s, want %s", field, got, want)
		}
	}
	// Before anything was asked nothing is a fact, whatever the cluster file names.
	w, err := probes.New(probestest.StackInventory(), &probestest.Hosts{}, probes.Options{})
	if err != nil {
		t.Fatal(err)
	}
	early := w.State().Cross
	for _, field := range []string{
		"leader_is_writer", "master_is_watched", "master_is_entry", "entry_works", "one_primary", "one_master", "one_holder", "scopes_agree",
		"system_ids_agree", "versions_agree", "clock_spread",
	} {
		if early.Blind(field) == "" {
			t.Errorf("%s is a fact although nothing was asked", field)
		}
	}
	if len(early.Disagreements) > 0 {
		t.Errorf("disagreements of nothing: %q", early.Disagreements)
	}
}

func TestClockSpread(t *testing.T) {
	s := probestest.Stack()
	for i, offset := range []float64{-0.25, 0.5, 0.125} {
		s.Nodes[i].ClockOffset = &offset
	}
	probestest.Settle(s)
	if got := s.Cross.ClockSpread; got == nil || *got != 0.75 {
		t.Errorf("spread %v, want 0.75", got)
	}
	s.Nodes[1].Seen = probestest.Silent(s.Nodes[1].Seen, time.Minute)
	probestest.Settle(s)
	if why := s.Cross.Blind("clock_spread"); s.Cross.ClockSpread != nil || !strings.Contains(why, "netbox-node-2: did not answer") {
		t.Errorf("with a silent host %v, %q", s.Cross.ClockSpread, why)
	}
}
