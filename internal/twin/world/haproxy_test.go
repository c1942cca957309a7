package world

import (
	"strings"
	"testing"
	"time"

	"recon/internal/fault"
)

// said says whether a unit wrote a line with all of the words.
func said(h *Host, unit string, words ...string) bool {
	for _, e := range h.Journal {
		if e.Unit != unit {
			continue
		}
		all := true
		for _, word := range words {
			all = all && strings.Contains(e.Text, word)
		}
		if all {
			return true
		}
	}
	return false
}

func server(h *Host, backend, name string) *Server { return h.HAProxy.Backend(backend).Server(name) }

func TestHAProxyFollowsTheLeader(t *testing.T) {
	w := fresh()
	old, proxy := w.Leader(), w.Host("netbox-node-3")
	s := server(proxy, "pg_bkwrite", old.Name)
	cut := s.Cut
	breaks(t, w, fault.KillLeader)
	// Two checks that fail: one within 2 s, the next 1 s later.
	within(t, w, "the server is DOWN", time.Second, 3250*time.Millisecond, func() bool { return !s.Up })
	if s.Status != "L4CON" || s.Text != "Connection refused" || s.Cut != cut+1 {
		t.Errorf("%+v", s)
	}
	if !said(proxy, HAProxyUnit, "Server pg_bkwrite/netbox-node-1 is DOWN, reason: Layer4 connection problem, info: \"Connection refused\"", "0 active and 0 backup") ||
		!said(proxy, HAProxyUnit, "backend 'pg_bkwrite' has no server available!") {
		t.Error("the journal does not tell it")
	}
	if w.Route(proxy, "pg_bkwrite") != nil {
		t.Error("a connection goes somewhere")
	}
	within(t, w, "a new leader", 10*time.Second, 32*time.Second, func() bool { l := w.Leader(); return l != nil && l != old })
	within(t, w, "and clients reach it", 250*time.Millisecond, 3250*time.Millisecond, func() bool { return w.Route(proxy, "pg_bkwrite") == w.Leader() })
}

func TestHAProxyRedisChecksTakeTheirTimeout(t *testing.T) {
	w := fresh()
	proxy := w.Host("netbox-node-1")
	s := server(proxy, "be_redis_master", "netbox-node-2")
	if got := s.Status + s.Text; got != "L7TOUT at step 5 of tcp-check (expect string 'role:master')" || s.Took != 3*time.Second {
		t.Errorf("%q took %s", got, s.Took)
	}
	w.Change(func() { _ = proxy.Reload(HAProxyUnit) })
	w.Advance(w.Now().Add(time.Second))
	s = server(proxy, "be_redis_master", "netbox-node-2")
	if s.Shown() != "UP 1/2" || !s.Checking {
		t.Errorf("a second after the reload it is %s", s.Shown())
	}
	within(t, w, "the replica is DOWN", time.Second, 2500*time.Millisecond, func() bool { return s.Shown() == "DOWN" })
}

func TestHAProxyAndADeadHost(t *testing.T) {
	w := fresh()
	dead, proxy := w.Host("netbox-node-3"), w.Host("netbox-node-1")
	s := server(proxy, "pgbouncer_nodes", dead.Name)
	w.Change(dead.PowerOff)
	// Each check waits 2 s for a connection.
	within(t, w, "the server is DOWN", 3*time.Second, 8*time.Second, func() bool { return !s.Up })
	if s.Status != "L4TOUT" {
		t.Error(s.Status)
	}
	w.Change(dead.PowerOn)
	within(t, w, "it is UP again", 4*time.Second, 16*time.Second, func() bool { return s.Up })
}

func TestHAProxyLeavesAServerThatRefuses(t *testing.T) {
	w := fresh()
	proxy := w.Host("netbox-node-1")
	w.Change(func() { w.Host("netbox-node-2").Kill(BouncerUnit, true) })
	for range 6 {
		if to := w.Route(proxy, "pgbouncer_nodes"); to == nil || to.Name == "netbox-node-2" {
			t.Fatal("a client is led to a dead PgBouncer", to)
		}
	}
	b := proxy.HAProxy.Backend("pgbouncer_nodes")
	for _, s := range b.Servers {
		s.Current = 3
	}
	b.Server("netbox-node-3").Current = 1
	if to := w.Route(proxy, "pgbouncer_nodes"); to.Name != "netbox-node-3" {
		t.Errorf("leastconn chose %s", to.Name)
	}
}

func TestHAProxySessions(t *testing.T) {
	w := fresh()
	proxy := w.Host("netbox-node-1")
	s := server(proxy, "pg_bkwrite", "netbox-node-1")
	way := w.Enter(proxy, "pg_bkwrite")
	if way == nil || way.Host != "netbox-node-1" || way.Port != PostgresPort || s.Current != 1 || !way.Goes() {
		t.Fatalf("%+v", way)
	}
	breaks(t, w, fault.KillLeader)
	within(t, w, "it is cut off", time.Second, 3250*time.Millisecond, func() bool { return !way.Goes() })
	if way.Leave(); s.Current != 0 {
		t.Error(s.Current)
	}
	if w.Enter(proxy, "pg_bkwrite") != nil {
		t.Error("another one goes somewhere")
	}
}

func TestHAProxyMaintenance(t *testing.T) {
	w := fresh()
	proxy := w.Host("netbox-node-1")
	s := server(proxy, "pg_bkwrite", "netbox-node-1")
	cut := s.Cut
	do := func(state, want string) {
		t.Helper()
		w.Change(func() {
			if why := w.SetServer(proxy, "pg_bkwrite", "netbox-node-1", state); why != "" {
				t.Error(why)
			}
		})
		if got := s.Shown(); got != want {
			t.Errorf("after %s it is %s, want %s", state, got, want)
		}
	}
	do("maint", "MAINT")
	if w.Route(proxy, "pg_bkwrite") != nil || s.Cut != cut+1 {
		t.Error("clients stay, or come")
	}
	w.Advance(w.Now().Add(time.Minute))
	do("ready", "UP 1/2")
	do("drain", "DRAIN")
	w.Advance(w.Now().Add(3 * time.Second))
	if s.State() != "DRAIN" || w.Route(proxy, "pg_bkwrite") != nil || s.Cut != cut+1 {
		t.Errorf("%s, cut %d times", s.State(), s.Cut)
	}
	do("ready", "UP")
	for what, want := range map[[2]string]string{{"none", "x"}: "No such backend.", {"pg_bkwrite", "x"}: "No such server."} {
		if got := w.SetServer(proxy, what[0], what[1], "maint"); got != want {
			t.Errorf("%v: %q", what, got)
		}
	}
	if got := w.SetServer(proxy, "pg_bkwrite", "netbox-node-1", "gone"); !strings.Contains(got, "expects") {
		t.Error(got)
	}
}

func TestHAProxyCannotBind(t *testing.T) {
	w := fresh()
	breaks(t, w, fault.HAProxyNoBind+" netbox-node-2")
	h := w.Host("netbox-node-2")
	if h.Running(HAProxyUnit) || h.Unit(HAProxyUnit).State != Failed {
		t.Fatal("it runs")
	}
	if !said(h, HAProxyUnit, "[ALERT]", "for frontend pg_write: cannot bind socket (Cannot assign requested address) for [172.16.113.204:5432]") ||
		!said(h, HAProxyUnit, "Some protocols failed to start their listeners! Exiting.") {
		t.Error("the journal does not tell why")
	}
	w.Change(func() {
		h.StrictBind = false
		if err := h.Start(HAProxyUnit); err != nil {
			t.Error(err)
		}
	})
}

func TestHAProxyRefusesABadFile(t *testing.T) {
	w := fresh()
	h := w.Host("netbox-node-1")
	good := h.text(HAProxyFile)
	if err := w.CheckHAProxy(good); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ old, fresh, says string }{
		{"balance leastconn", "ballance leastconn", "unknown keyword 'ballance' in 'backend' section"},
		{"default_backend pg_bkwrite", "default_backend pg_writers", "unable to find required default_backend: 'pg_writers'"},
		{"frontend pg_write", "frontend", "'frontend' expects an <id> argument"},
		{"server netbox-node-1 172.16.113.201:5432", "server netbox-node-1 172.16.113.99:5432", "could not resolve address"},
		{"server netbox-node-1 172.16.113.201:5432 check port 8008", "server netbox-node-1", "expects <name> and <addr>"},
	} {
		err := w.CheckHAProxy(strings.Replace(good, c.old, c.fresh, 1))
		if err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", c.fresh, err)
		}
	}
	// A reload with a bad file keeps what runs.
	w.Change(func() {
		if err := h.edit(HAProxyFile, "balance leastconn", "ballance leastconn"); err != nil {
			t.Fatal(err)
		}
		if h.Reload(HAProxyUnit) == nil {
			t.Error("it took a bad file")
		}
	})
	if !h.Running(HAProxyUnit) || w.Route(h, "pg_bkwrite") == nil {
		t.Error("it does not serve any more")
	}
}
