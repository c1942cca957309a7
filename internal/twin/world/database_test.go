package world

import (
	"testing"
	"time"

	"recon/internal/fault"
)

var began = time.Date(2026, 11, 1, 3, 0, 0, 0, time.UTC)

func fresh() *World {
	return New(Plan{
		Nodes:   []Address{{"netbox-node-1", "172.16.113.201"}, {"netbox-node-2", "172.16.113.202"}, {"netbox-node-3", "172.16.113.203"}},
		Console: Address{Console, "172.16.113.200"}, DBVIP: "172.16.113.204", WebVIP: "172.16.113.205", Began: began, Secret: secrets(),
	}, files)
}

// breaks makes a fault and fails the test when it cannot be made.
func breaks(t *testing.T, w *World, text string) {
	t.Helper()
	call, err := fault.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Break(call); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
}

// within lets time pass until cond holds, and fails the test unless that takes between least and most.
func within(t *testing.T, w *World, what string, least, most time.Duration, cond func() bool) {
	t.Helper()
	from := w.Now()
	for {
		held := false
		w.Look(func() { held = cond() })
		if took := w.Now().Sub(from); held {
			if took < least {
				t.Errorf("%s after %s, not before %s", what, took, least)
			}
			t.Logf("%s after %s", what, took)
			return
		} else if took > most {
			t.Fatalf("%s: not within %s", what, most)
		}
		w.Advance(w.Now().Add(Step))
	}
}

func TestTheClusterBeginsHealthy(t *testing.T) {
	w := fresh()
	if missing := w.Healthy(); missing != "" {
		t.Fatal(missing)
	}
	w.Advance(w.Now().Add(time.Hour))
	if missing := w.Healthy(); missing != "" {
		t.Fatal(missing, "after an hour")
	}
	if l := w.Leader(); l.Name != "netbox-node-1" {
		t.Errorf("%s leads", l.Name)
	}
}

// The times are those that three real hosts needed.
func TestLeaderKilled(t *testing.T) {
	w := fresh()
	old := w.Leader()
	breaks(t, w, fault.KillLeader)
	within(t, w, "a new leader", 18*time.Second, 32*time.Second, func() bool { l := w.Leader(); return l != nil && l != old })
	within(t, w, "a synchronous standby", 0, 12*time.Second, func() bool { return len(w.SyncStandbys()) == 1 })
	w.Change(func() {
		if err := old.Start(PatroniUnit); err != nil {
			t.Error(err)
		}
	})
	within(t, w, "the old leader follows", 3*time.Second, 15*time.Second, func() bool { return old.Postgres.Streaming })
	if w.Lost() != 0 {
		t.Errorf("%d commits lost", w.Lost())
	}
}

func TestDivergedLeader(t *testing.T) {
	w := fresh()
	old := w.Leader()
	breaks(t, w, fault.DivergeOldLeader)
	within(t, w, "the divergence", 18*time.Second, 40*time.Second, func() bool { return len(w.after) == 0 })
	if !old.Postgres.diverged(w.Leader().Postgres) {
		t.Fatal("it did not diverge")
	}
	w.Change(func() {
		old.Unmask(PatroniUnit)
		_ = old.Restart(PatroniUnit)
	})
	within(t, w, "rewound and streaming", 3*time.Second, 15*time.Second, func() bool { return old.Postgres.Streaming })
	if old.Postgres.Local != 0 {
		t.Error("the rewind kept what it should have dropped")
	}
}

func TestQuorumLost(t *testing.T) {
	w := fresh()
	leader := w.Leader()
	breaks(t, w, fault.EtcdQuorum)
	within(t, w, "the demotion", 9*time.Second, 22*time.Second, func() bool { return !leader.Postgres.Primary })
	within(t, w, "read-only", 0, 5*time.Second, func() bool { return leader.Postgres.Accepts(w.now) })
	w.Change(func() {
		for _, h := range w.Nodes() {
			_ = h.Start(EtcdUnit)
		}
	})
	within(t, w, "a leader again", 2*time.Second, 20*time.Second, func() bool { return w.Leader() != nil })
}

func TestStrictWithoutReplicas(t *testing.T) {
	w := fresh()
	breaks(t, w, fault.StopReplicas)
	leader := w.Leader()
	w.Change(func() {
		if _, err := w.Write(leader, 100); err != nil {
			t.Error(err)
		}
	})
	w.Advance(w.Now().Add(time.Minute))
	if len(leader.Postgres.Waiting) == 0 || w.PatroniStatus(leader, "/primary") != 200 {
		t.Error("nothing waits, or nobody leads")
	}
	w.Change(func() { _ = w.replicas()[0].Start(PatroniUnit) })
	within(t, w, "the commits are acknowledged", 2*time.Second, 20*time.Second, func() bool { return len(leader.Postgres.Waiting) == 0 })
}

func TestSyncStandbyStopped(t *testing.T) {
	w := fresh()
	was := w.SyncStandbys()[0]
	breaks(t, w, fault.StopSyncStandby)
	within(t, w, "another synchronous standby", 0, 12*time.Second, func() bool { s := w.SyncStandbys(); return len(s) == 1 && s[0] != was })
}

func TestNoSpaceKeepsTheLeader(t *testing.T) {
	w := fresh()
	breaks(t, w, fault.EtcdNoSpace)
	within(t, w, "the alarm", 0, 2*time.Second, func() bool { return len(w.Etcd.Alarms) == 1 })
	w.Advance(w.Now().Add(5 * time.Minute))
	leader := w.Leader()
	if leader == nil {
		t.Fatal("the leader lost its lock")
	}
	w.Change(func() { leader.Kill(PatroniUnit, true) })
	w.Advance(w.Now().Add(3 * time.Minute))
	if l := w.Leader(); l != nil {
		t.Fatalf("%s took a lock that cannot be written", l.Name)
	}
	w.Change(func() { w.Compact(); w.EtcdMembers()[2].Etcd.Defrag(); w.Disarm() })
	within(t, w, "a leader again", 0, 62*time.Second, func() bool { return w.Leader() != nil })
}

func TestPartitionedLeader(t *testing.T) {
	w := fresh()
	old := w.Leader()
	w.Change(func() { w.Isolate(old.Name) })
	within(t, w, "the demotion begins", 9*time.Second, 22*time.Second, func() bool { return old.Postgres.Stopping })
	within(t, w, "a new leader", 5*time.Second, 30*time.Second, func() bool { l := w.Leader(); return l != nil && l != old })
	within(t, w, "the old one is down", 5*time.Second, 40*time.Second, func() bool { return !old.Postgres.Primary })
	w.Change(w.JoinAll)
	within(t, w, "it streams again", 0, 20*time.Second, func() bool { return old.Postgres.Streaming })
}

func TestSwitchover(t *testing.T) {
	w := fresh()
	to := w.SyncStandbys()[0]
	w.Change(func() {
		if err := w.Switchover(Failover{Leader: w.Leader().Name, Candidate: to}); err != nil {
			t.Error(err)
		}
	})
	within(t, w, "the candidate leads", time.Second, 5*time.Second, func() bool { l := w.Leader(); return l != nil && l.Name == to })
	within(t, w, "the old leader follows", 0, 16*time.Second, func() bool { return w.Host("netbox-node-1").Postgres.Streaming })
	within(t, w, "and is in step", 0, 16*time.Second, func() bool { return len(w.SyncStandbys()) == 1 })
	if w.Lost() != 0 {
		t.Error(w.Lost())
	}
}

func TestColdStart(t *testing.T) {
	w := fresh()
	w.Change(func() {
		for _, h := range w.Nodes() {
			h.PowerOff()
		}
	})
	w.Advance(w.Now().Add(time.Minute))
	w.Change(func() {
		for _, h := range w.Nodes() {
			h.PowerOn()
		}
	})
	within(t, w, "a leader", 6*time.Second, 40*time.Second, func() bool { return w.Leader() != nil })
	within(t, w, "everybody follows", 0, 40*time.Second, func() bool { return len(w.Standbys(w.Leader())) == 2 && len(w.SyncStandbys()) == 1 })
}

func TestEveryFaultIsMended(t *testing.T) {
	for _, name := range fault.Names() {
		t.Run(name, func(t *testing.T) {
			w := fresh()
			breaks(t, w, name)
			w.Advance(w.Now().Add(90 * time.Second))
			if !w.Settled() {
				t.Fatal("the fault is not through")
			}
			w.Mend()
			within(t, w, "healthy", 0, 2*time.Minute, func() bool { return w.missing() == "" })
		})
	}
}

func BenchmarkTick(b *testing.B) {
	w := fresh()
	for b.Loop() {
		w.Advance(w.Now().Add(Step))
	}
}
