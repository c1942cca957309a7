// Package rehearsal proves runbooks by execution: it starts a training cluster, makes the fault that a book is about, waits
// for the book's finding, walks the book as an operator would, measures every proof, and looks whether the cluster is
// healthy afterwards and what was lost. `recon runbooks test` and the tests of the library are its callers.
//
// It confirms by itself, and therefore runs on nothing but a training cluster of its own. Time is the cluster's, which it
// drives: a rehearsal of minutes takes about a second, and ends the same way every time.
package rehearsal

import (
	"context"
	"sync"
	"time"

	"recon/actions"
	"recon/internal/inventory"
	"recon/internal/remote"
	"recon/internal/scrub"
	"recon/internal/twin"
	"recon/internal/twin/world"
	"recon/probes"
)

// Console is a recon of its own at a training cluster of its own, whose clock it drives. Its methods may be called from
// several goroutines.
type Console struct {
	twin  *twin.Twin
	pool  *remote.Pool
	watch *probes.Watch
	hands *actions.Hands
	masks scrub.Secrets
	stop  context.CancelFunc
	done  chan struct{}

	mu   sync.Mutex
	last *probes.State
}

// Open starts a training cluster in a folder, and asks nothing yet; Close ends it. The watch runs until ctx ends.
func Open(ctx context.Context, dir string) (*Console, error) {
	t, err := twin.Start(twin.Options{Dir: dir, Driven: true, Name: "rehearsal"})
	if err != nil {
		return nil, err
	}
	c := &Console{twin: t, done: make(chan struct{})}
	cluster := *t.Cluster
	// Nothing is asked but what is asked for: the clock stands still between two looks.
	cluster.Interval = time.Hour
	c.pool = remote.New(&cluster, remote.Options{Mask: c.masks.Add, Eager: true})
	secret := func(ctx context.Context, ref inventory.Secret) (string, error) {
		v, err := ref.Resolve(ctx, nil)
		if err == nil {
			err = c.masks.Add(ref.Name(), v)
		}
		return v, err
	}
	c.hands = actions.New(&cluster, c.pool, secret, &c.masks)
	c.watch, err = probes.New(&cluster, shortcut{probes.Through(c.pool), c.pool, t}, probes.Options{Now: t.World.Now, Moves: t.Moves, Secret: secret})
	if err != nil {
		_ = c.pool.Close() // it was never used
		_ = t.Close()      // nor was the cluster
		return nil, err
	}
	c.last = c.watch.State()
	running, stop := context.WithCancel(ctx)
	c.stop = stop
	go func() {
		defer close(c.done)
		_ = c.watch.Run(running) // it ends because it is stopped
	}()
	return c, nil
}

// Twin is the training cluster.
func (c *Console) Twin() *twin.Twin { return c.twin }

// Close ends the cluster and everything that was opened with it.
func (c *Console) Close() error {
	c.stop()
	<-c.done
	err := c.pool.Close()
	if e := c.twin.Close(); err == nil {
		err = e
	}
	return err
}

// State is the newest view that was asked for.
func (c *Console) State() *probes.State {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.last
}

// Fresh lets a moment pass and asks, as Watch.Fresh does.
func (c *Console) Fresh(ctx context.Context, sections []string) (*probes.State, error) {
	c.twin.Advance(world.Step)
	s, err := c.watch.Fresh(ctx, sections)
	if len(sections) == 0 && s != nil {
		c.mu.Lock()
		c.last = s
		c.mu.Unlock()
	}
	return s, err
}
