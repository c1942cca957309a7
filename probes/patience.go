package probes

import (
	"context"
	"sync"
	"time"
)

// Where a clock stands still, an answer either comes at once or does not come before it goes on: a question is given up when
// nothing has moved in the cluster for a part of its limit, in ticks of calmTick that this process really had, so that a
// busy machine is not taken for a silent cluster.
const (
	calmTick = 20 * time.Millisecond
	calmPart = 15
)

// movesKey is the key of Options.Moves in the context of a probe.
type movesKey struct{}

// within is ctx with a limit, as context.WithTimeout, but for the cluster whose Options have Moves.
func within(ctx context.Context, limit time.Duration) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	moves, _ := ctx.Value(movesKey{}).(func() uint64)
	if moves == nil {
		return ctx, cancel
	}
	c := &calmed{Context: ctx, done: make(chan struct{})}
	stop := make(chan struct{})
	go c.watch(moves, max(int(limit/calmTick/calmPart), 4), stop)
	return c, sync.OnceFunc(func() {
		close(stop)
		cancel()
	})
}

// calmed is a context that ends with its limit, or sooner as if its limit had come.
type calmed struct {
	context.Context
	done chan struct{}

	mu  sync.Mutex
	err error
}

func (c *calmed) Done() <-chan struct{} { return c.done }

func (c *calmed) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}

func (c *calmed) end(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.err = err
	close(c.done)
}

// watch ends the context: with its limit, when it is cancelled, or after that many ticks without a move.
func (c *calmed) watch(moves func() uint64, ticks int, stop <-chan struct{}) {
	beat := time.NewTicker(calmTick)
	defer beat.Stop()
	last, calm := moves(), 0
	for {
		select {
		case <-stop:
			c.end(context.Canceled)
			return
		case <-c.Context.Done():
			c.end(c.Context.Err())
			return
		case <-beat.C:
		}
		if now := moves(); now != last {
			last, calm = now, 0
		} else if calm++; calm >= ticks {
			c.end(context.DeadlineExceeded)
			return
		}
	}
}
