package world

import (
	"strings"
	"testing"
	"time"

	"recon/internal/fault"
)

func (w *World) registered() int {
	m := w.redisMaster()
	if m == nil {
		return -1
	}
	return len(m.Redis.Data.Workers)
}

func TestPages(t *testing.T) {
	h := func(w *World) *Host { return w.Host("netbox-node-1") }
	for _, c := range []struct {
		what string
		do   func(w *World)
		want int
	}{
		{"all is well", func(*World) {}, 200},
		{"the application is dead", func(w *World) { breaks(t, w, fault.NetBoxDead+" netbox-node-1") }, 502},
		{"the proxy is stopped", func(w *World) { _ = h(w).Stop(WebUnit) }, 0},
		{"nobody leads", func(w *World) { breaks(t, w, fault.KillLeader) }, 500},
		{"the pools are paused", func(w *World) { breaks(t, w, fault.PgBouncerPaused) }, 500},
		{"the pools are full", func(w *World) { breaks(t, w, fault.PoolExhausted) }, 500},
		{"one pool has no database", func(w *World) { breaks(t, w, fault.PgBouncerDatabase) }, 500},
		{"Redis has no master", func(w *World) { breaks(t, w, fault.KillRedisMaster) }, 500},
		{"no address", func(w *World) { breaks(t, w, fault.VIPNowhere) }, 500},
		{"a wrong password of the database", func(w *World) {
			_ = h(w).edit(NetBoxFile, w.Plan.Secret["netbox"], "other")
			_ = h(w).Restart(NetBoxUnit)
		}, 500},
		{"a wrong password of Redis", func(w *World) {
			_ = h(w).edit(NetBoxFile, w.Plan.Secret["redis"], "other")
			_ = h(w).Reload(NetBoxUnit)
		}, 500},
		{"a wrong port, not read yet", func(w *World) { _ = h(w).edit(NetBoxFile, `"6432"`, `"6433"`) }, 200},
		{"a wrong port", func(w *World) { _ = h(w).edit(NetBoxFile, `"6432"`, `"6433"`); _ = h(w).Restart(NetBoxUnit) }, 500},
		{"past the pools", func(w *World) { _ = h(w).edit(NetBoxFile, `"6432"`, `"5432"`); _ = h(w).Restart(NetBoxUnit) }, 200},
	} {
		w := fresh()
		w.Change(func() {})
		c.do(w)
		w.Advance(w.Now().Add(4 * time.Second))
		if got := w.Page(h(w)); got != c.want {
			t.Errorf("%s: %d, want %d", c.what, got, c.want)
		}
	}
}

func TestPagesAfterTheFailovers(t *testing.T) {
	for _, name := range []string{fault.KillRedisMaster, fault.KillLeader, fault.HAProxyDead, fault.PowerOffLeader} {
		w := fresh()
		breaks(t, w, name)
		within(t, w, "after "+name+" pages are back", 0, 45*time.Second, func() bool {
			return w.Page(w.Host("netbox-node-2")) == 200 && w.now.Sub(began) > 10*time.Second
		})
	}
}

// A worker works on after a failover of Redis, but nobody there knows it until it starts again.
func TestWorkersAndAFailover(t *testing.T) {
	w := fresh()
	if w.registered() != 3 {
		t.Fatalf("%d workers", w.registered())
	}
	breaks(t, w, fault.KillRedisMaster)
	w.Advance(w.Now().Add(30 * time.Second))
	if w.registered() != 0 || len(w.lostWorkers()) != 3 {
		t.Errorf("%d are registered, %d lost", w.registered(), len(w.lostWorkers()))
	}
	m := w.redisMaster().Redis
	if !m.Data.Queues {
		t.Error("the new master lost more than the workers")
	}
	w.Change(func() { m.Data.Jobs = append(m.Data.Jobs, "a", "b") })
	w.Advance(w.Now().Add(3 * time.Second))
	if len(m.Data.Jobs) != 0 {
		t.Errorf("%v is not done", m.Data.Jobs)
	}
	w.Change(func() { _ = w.Host("netbox-node-2").Restart(WorkerUnit) })
	within(t, w, "one that starts again is known", 0, 2*time.Second, func() bool { return w.registered() == 1 })
	w.Mend()
	within(t, w, "mending starts the others", 0, 60*time.Second, func() bool { return w.registered() == 3 && w.missing() == "" })
}

// The move of the address, or a restart of HAProxy, costs a worker its connection and nothing else.
func TestWorkersAndTheEntry(t *testing.T) {
	w := fresh()
	before := w.WorkerName(w.Host("netbox-node-3"))
	breaks(t, w, fault.HAProxyDead)
	w.Advance(w.Now().Add(30 * time.Second))
	if _, known := w.redisMaster().Redis.Data.Workers[before]; !known || w.registered() != 3 || len(w.lostWorkers()) != 0 {
		t.Errorf("%d are registered", w.registered())
	}
}

func TestDeadWorkers(t *testing.T) {
	w := fresh()
	breaks(t, w, fault.WorkerDead)
	w.Advance(w.Now().Add(time.Minute))
	m := w.redisMaster().Redis
	if len(m.Data.Jobs) != 1 || w.registered() != 3 {
		t.Errorf("%d jobs, %d registrations", len(m.Data.Jobs), w.registered())
	}
	w.Advance(w.Now().Add(8 * time.Minute))
	if w.registered() != 0 {
		t.Errorf("%d registrations outlive their time", w.registered())
	}
	w.Change(func() { _ = w.Host("netbox-node-1").Start(WorkerUnit) })
	within(t, w, "the job is done", 0, 3*time.Second, func() bool { return len(m.Data.Jobs) == 0 && w.registered() == 1 })
}

func TestLeak(t *testing.T) {
	w := fresh()
	breaks(t, w, fault.PoolExhausted)
	p := w.Host("netbox-node-2").Bouncer.Databases["netbox"]
	if p.Used != 25 || len(w.Leader().Postgres.Sessions) != 75 {
		t.Errorf("%d used, %d sessions", p.Used, len(w.Leader().Postgres.Sessions))
	}
	within(t, w, "clients wait", 0, 10*time.Second, func() bool { return p.Waiting > 1 })
	w.Change(func() { w.Leader().Postgres.Sessions = nil })
	w.Advance(w.Now().Add(2 * time.Second))
	if len(w.Leader().Postgres.Sessions) != 75 {
		t.Error("those that are turned away do not come again")
	}
	w.Change(func() { _ = w.Host("netbox-node-3").Stop(leakUnit) })
	w.Advance(w.Now().Add(2 * time.Second))
	if p.Used != 0 || p.Waiting != 0 || len(w.Leader().Postgres.Sessions) != 0 || w.Page(w.Host("netbox-node-1")) != 200 {
		t.Errorf("after the end of the leak: %d used, %d wait", p.Used, p.Waiting)
	}
}

func TestLoginsThroughPgBouncer(t *testing.T) {
	w := fresh()
	h := w.Host("netbox-node-2")
	right := w.Plan.Secret["netbox"]
	for _, c := range []struct {
		what                     string
		do                       func()
		database, user, password string
		want                     string
	}{
		{"right", func() {}, "netbox", "netbox", right, ""},
		{"another password", func() {}, "netbox", "netbox", "other", WrongPassword},
		{"a user who is not listed", func() {}, "netbox", "anna", right, WrongPassword},
		{"a database that is not listed", func() {}, "other", "netbox", right, NoSuchDatabase},
		{"recon", func() {}, "postgres", "recon", w.Plan.Secret["postgres"], ""},
		{"a list that differs", func() { breaks(t, w, fault.PgBouncerPass) }, "netbox", "netbox", right, WrongPassword},
		{"and a client that has it from there", func() {}, "netbox", "netbox", "not-the-password", ServerRefuses},
		{"mended", w.Mend, "netbox", "netbox", right, ""},
		{"nobody leads", func() { breaks(t, w, fault.KillLeader); w.Advance(w.Now().Add(5 * time.Second)) }, "netbox", "netbox", right, NoServer},
		{"stopped", func() { _ = h.Stop(BouncerUnit) }, "netbox", "netbox", right, NotRunning},
	} {
		c.do()
		if got := w.BouncerPath(h, c.database, c.user, c.password); got != c.want {
			t.Errorf("%s: %q, want %q", c.what, got, c.want)
		}
	}
}

func TestPgBouncerSaysWhy(t *testing.T) {
	for name, line := range map[string]string{
		fault.PgBouncerDatabase: "WARNING C-0x55c76b4cc780: (nodb)/netbox@", fault.PgBouncerPass: "closing because: SASL authentication failed (age=0s)",
		fault.KillLeader: "pooler error: server login has been failing", fault.PgBouncerPaused: "pooler error: query_wait_timeout",
	} {
		w := fresh()
		breaks(t, w, name)
		w.Advance(w.Now().Add(10 * time.Second))
		if name == fault.PgBouncerPaused {
			w.Advance(w.Now().Add(time.Minute))
		}
		found := false
		for _, h := range w.Nodes() {
			found = found || said(h, BouncerUnit, line)
		}
		if !found {
			t.Errorf("after %s no PgBouncer says %q", name, line)
		}
	}
}

func TestReloadOfPgBouncer(t *testing.T) {
	w := fresh()
	h := w.Host("netbox-node-1")
	breaks(t, w, fault.PgBouncerPaused+" netbox-node-1")
	w.Change(func() {
		_ = h.edit(BouncerFile, "netbox = host=172.16.113.204 port=5432", "netbox = host=172.16.113.202 port=5432 pool_size=7")
		_ = h.Reload(BouncerUnit)
	})
	p := h.Bouncer.Databases["netbox"]
	if p.Upstream != "172.16.113.202:5432" || p.Size != 7 || !p.Paused {
		t.Errorf("%+v", p)
	}
}

func TestTheProxyKeepsItsCertificate(t *testing.T) {
	w := fresh()
	h := w.Host("netbox-node-1")
	good := string(h.NetBox.Pair)
	for what, c := range map[string]struct{ path, text, says string }{
		"no certificate": {Certificate, "nothing", "PEM_read_bio_X509_AUX() failed"},
		"no key":         {certificateKey, "nothing", "PEM_read_bio_PrivateKey() failed"},
	} {
		was := h.text(c.path)
		w.Change(func() {
			_ = h.Files.WriteFile(c.path, []byte(c.text), 0, "")
			err := h.Reload(WebUnit)
			if err == nil || !strings.Contains(err.Error(), "nginx: [emerg]") || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%s: %v", what, err)
			}
			if string(h.NetBox.Pair) != good || w.Page(h) != 200 {
				t.Errorf("%s: it does not serve the old one", what)
			}
			if h.Restart(WebUnit) == nil {
				t.Errorf("%s: it starts", what)
			}
			_ = h.Files.WriteFile(c.path, []byte(was), 0, "")
			if err := h.Start(WebUnit); err != nil {
				t.Error(err)
			}
		})
	}
	breaks(t, w, fault.CertExpired)
	if string(h.NetBox.Pair) == good {
		t.Error("the expired one is not served")
	}
}
