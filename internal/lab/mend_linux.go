package lab

import (
	"context"
	"io"
	"time"
)

// Mend undoes every fault: it boots the hosts that are down, starts what is stopped or masked, and returns when the
// cluster is healthy. It is for tests between two scenarios, and gives up what a diverged leader alone holds.
func (l *Lab) Mend(ctx context.Context, w io.Writer) error {
	unlock, err := l.lock()
	if err != nil {
		return err
	}
	defer unlock()
	if err := l.hasCluster(); err != nil {
		return err
	}
	p := l.progress(w)
	err = l.each(plan(), func(g guest) error {
		if _, _, up := g.pids(); up {
			return nil
		}
		// Whatever is left of a guest that ended by itself is cleaned first.
		if err := g.off(ctx); err != nil {
			return err
		}
		p.say("starting %s", g.name)
		return g.boot(ctx)
	})
	if err != nil {
		return err
	}
	for _, unit := range []string{"etcd-patroni", "patroni"} {
		err := l.each(nodes(), func(g guest) error {
			if g.unitStates(ctx)[unit] == "active" {
				return nil
			}
			p.say("starting %s on %s", unit, g.name)
			if _, err := g.run(ctx, "systemctl", "unmask", unit); err != nil {
				return err
			}
			_, err := g.run(ctx, "systemctl", "start", unit)
			return err
		})
		if err != nil {
			return err
		}
	}
	if err := l.waitHealthy(ctx, 3*time.Minute); err != nil {
		return err
	}
	p.say("the cluster is healthy")
	return nil
}
