package twin_test

import (
	"context"
	"testing"
	"time"

	"go.uber.org/goleak"

	"recon/internal/inventory"
	"recon/internal/remote"
	"recon/internal/scrub"
	"recon/internal/twin"
	"recon/probes"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// console is what recon itself makes of a cluster file.
type console struct {
	twin *twin.Twin
	pool *remote.Pool
}

func start(tb testing.TB, opt twin.Options) *console {
	tb.Helper()
	opt.Dir = tb.TempDir()
	t, err := twin.Start(opt)
	if err != nil {
		tb.Fatal(err)
	}
	masks := &scrub.Secrets{}
	c := &console{t, remote.New(t.Cluster, remote.Options{Mask: masks.Add})}
	tb.Cleanup(func() {
		if err := c.pool.Close(); err != nil {
			tb.Error(err)
		}
		if err := t.Close(); err != nil {
			tb.Error(err)
		}
	})
	return c
}

func (c *console) options() probes.Options {
	return probes.Options{
		Now:    c.twin.World.Now,
		Secret: func(ctx context.Context, ref inventory.Secret) (string, error) { return ref.Resolve(ctx, nil) },
	}
}

func (c *console) once(tb testing.TB) *probes.State {
	tb.Helper()
	ctx, cancel := context.WithTimeout(tb.Context(), 10*time.Second)
	defer cancel()
	s, err := probes.Once(ctx, c.twin.Cluster, probes.Through(c.pool), c.options())
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

// recon's own probes, over ssh, see a healthy cluster.
func TestTheProbesSeeAHealthyCluster(t *testing.T) {
	c := start(t, twin.Options{Driven: true})
	s := c.once(t)
	for _, n := range s.Nodes {
		if !n.Reachable {
			t.Errorf("%s: %s", n.Name, n.Error)
		}
	}
	for _, m := range s.Patroni.Members {
		t.Logf("%+v", m)
	}
}

// What is skipped passes for the cluster, and for no clock of it.
func TestSkip(t *testing.T) {
	c := start(t, twin.Options{})
	look := func() *probes.State {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		opt := c.options()
		opt.Now = time.Now
		s, err := probes.Once(ctx, c.twin.Cluster, probes.Through(c.pool), opt)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	if _, err := c.twin.Break("kill-leader"); err != nil {
		t.Fatal(err)
	}
	before := look()
	c.twin.Skip(45 * time.Second)
	after := look()
	if held := before.Patroni.LockHolder; held == nil || after.Patroni.Leader == nil || after.Patroni.Leader.Name == *held {
		t.Errorf("%v held the lock, and after 45 s leads %+v", held, after.Patroni.Leader)
	}
	for _, n := range after.Nodes {
		// A host whose answer was long on its way does not tell its clock.
		if n.ClockOffset != nil && max(*n.ClockOffset, -*n.ClockOffset) > 20 {
			t.Errorf("%s's clock went along: %v s", n.Name, *n.ClockOffset)
		}
	}
}
