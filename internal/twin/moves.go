package twin

import (
	"context"
	"math"
	"time"
)

// Moves counts what moves in the cluster: the clock, connections and their bytes, processes. While it stays the same, and
// nobody moves the clock on, nothing will come of what is still waited for.
func (t *Twin) Moves() uint64 {
	n := t.net.Moves() + uint64(t.World.Now().UnixNano())
	for _, m := range t.machines {
		n += m.shell.Moves()
	}
	return n
}

// beat is how often a limit looks whether anything moved.
const beat = 30 * time.Millisecond

// beats are those in which nothing moves before a limit comes early: more for a longer one, so that of two limits around
// the same command the shorter still comes first.
func beats(limit time.Duration) int { return 4 + int(6*math.Sqrt(limit.Seconds())) }

// limit waits for the limit of a timeout(1). It must not move a driven clock: what it guards may be waiting for the clock.
func (t *Twin) limit(ctx context.Context, d time.Duration) error {
	if !t.opt.Driven {
		return really(ctx, d)
	}
	tick := time.NewTicker(beat)
	defer tick.Stop()
	last, calm := t.Moves(), 0
	for end := time.Now().Add(d); calm < beats(d) && time.Now().Before(end); {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
		if now := t.Moves(); now != last {
			last, calm = now, 0
			continue
		}
		calm++
	}
	return nil
}
