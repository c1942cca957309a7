package probes_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"go.uber.org/goleak"

	"recon/probes"
	"recon/probes/probestest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// start runs a watch over a pretended cluster until the test ends.
func start(t *testing.T, c *probestest.Cluster) *probes.Watch {
	t.Helper()
	w, err := probes.New(c.Inventory, c.Hosts, probes.Options{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- w.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("Run ended with %v", err)
		}
	})
	return w
}

// fresh is a State from answers to questions that were asked now.
func fresh(t *testing.T, w *probes.Watch, reads ...string) *probes.State {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 9*time.Second)
	defer cancel()
	s, err := w.Fresh(ctx, reads)
	if err != nil {
		t.Fatalf("Fresh: %v", err)
	}
	return s
}

// until waits for a State that holds, and fails with the last one's view of what is missing.
func until(t *testing.T, w *probes.Watch, what string, holds func(s *probes.State) bool) *probes.State {
	t.Helper()
	updates, stop := w.Updates()
	defer stop()
	limit := time.NewTimer(10 * time.Second)
	defer limit.Stop()
	for {
		if s := w.State(); holds(s) {
			return s
		}
		select {
		case <-updates:
		case <-limit.C:
			t.Fatalf("never seen: %s; patroni is %+v; reach is %+v", what, w.State().Patroni, w.State().Reach)
		}
	}
}

func TestAllSystemsOfAHealthyCluster(t *testing.T) {
	w := start(t, probestest.New(t))
	begin := time.Now()
	s := fresh(t, w)
	t.Logf("first view after %s", time.Since(begin))
	for _, m := range s.Patroni.Members {
		if !m.Reachable {
			t.Errorf("%s: %s", m.Name, m.Error)
		}
	}
	for _, m := range s.Etcd.Members {
		if !m.Reachable {
			t.Errorf("etcd %s: %s", m.Name, m.Error)
		}
	}
	for _, m := range s.Postgres.Members {
		if !m.Reachable || len(m.Unread) > 0 {
			t.Errorf("postgres %s: %s %v", m.Node, m.Error, m.Unread)
		}
	}
	for _, n := range s.Nodes {
		if !n.Reachable {
			t.Errorf("host %s: %s", n.Name, n.Error)
		}
	}
	p := s.Patroni
	if p.Unseen != "" || p.UnseenDCS != "" || p.Disputed != "" {
		t.Fatalf("unseen %q, %q, disputed %q", p.Unseen, p.UnseenDCS, p.Disputed)
	}
	if p.Leader == nil || p.Leader.Name != probestest.Node3 || *p.LockHolder != probestest.Node3 || *p.Timeline != 8 {
		t.Errorf("leader %v, lock %v", p.Leader, p.LockHolder)
	}
	if p.FormerLeader == nil || *p.FormerLeader != probestest.Node2 {
		t.Errorf("former leader %v", p.FormerLeader)
	}
	if s.Etcd.Quorum == nil || !*s.Etcd.Quorum || *s.Etcd.Leader != probestest.Node3 || *s.Etcd.Voters != 3 {
		t.Errorf("etcd %+v", s.Etcd)
	}
	if len(s.Postgres.Primaries) != 1 || s.Postgres.Waiting == nil || *s.Postgres.Waiting != 0 {
		t.Errorf("postgres %+v", s.Postgres)
	}
	if v := s.VIPs["db"]; v.Unseen != "" || v.Holder == nil || *v.Holder != probestest.Node3 {
		t.Errorf("db address %+v", v)
	}
	if o := s.Nodes[0].ClockOffset; o == nil || *o > 0.5 || *o < -0.5 {
		t.Errorf("clock offset %v", o)
	}
}

// BenchmarkFresh is a whole new view of three machines over kept connections.
func BenchmarkFresh(b *testing.B) {
	c := probestest.New(b)
	c.Inventory.Interval = time.Minute
	w, err := probes.New(c.Inventory, c.Hosts, probes.Options{})
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- w.Run(ctx) }()
	for b.Loop() {
		if _, err := w.Fresh(ctx, nil); err != nil {
			b.Fatal(err)
		}
	}
	cancel()
	<-done
}
