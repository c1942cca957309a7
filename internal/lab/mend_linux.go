package lab

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"recon/internal/fault"
)

// Mend undoes a fault, or every fault when name is empty; then it also boots the hosts that are down and starts what is
// stopped or masked. It says on w what it undid, and returns when the cluster is healthy, unless other faults remain. It is for
// tests and drills between two scenarios, and gives up what a diverged leader alone holds. It may be called at any time.
func (l *Lab) Mend(ctx context.Context, name string, w io.Writer) error {
	if name != "" {
		if err := checkFault(name, nil); err != nil {
			return err
		}
	}
	unlock, err := l.lock()
	if err != nil {
		return err
	}
	defer unlock()
	if err := l.hasCluster(ctx); err != nil {
		return err
	}
	p := l.progress(w)
	if name != "" {
		return l.mendOne(ctx, name, p)
	}
	return l.mendAll(ctx, p)
}

func (l *Lab) mendOne(ctx context.Context, name string, p *progress) error {
	r, _ := l.readRecord()
	if !slices.ContainsFunc(r.Faults, func(f ActiveFault) bool { return f.Name == name }) {
		// Nobody made it, or somebody else did: where is not known.
		r.Faults = append(r.Faults, ActiveFault{Name: name})
	}
	for _, f := range slices.Backward(r.Faults) {
		if f.Name != name {
			continue
		}
		if err := l.undo(ctx, f, p); err != nil {
			return err
		}
	}
	r.Faults = slices.DeleteFunc(r.Faults, func(f ActiveFault) bool { return f.Name == name })
	if err := l.writeRecord(r); err != nil {
		return &Error{What: "the lab's record", Err: err}
	}
	if len(r.Faults) > 0 {
		var names []string
		for _, f := range r.Faults {
			names = append(names, f.Name)
		}
		p.say("these faults remain: %s", strings.Join(names, ", "))
		return nil
	}
	return l.heal(ctx, p)
}

// undo undoes one fault. A fault that never got anywhere is undone on all nodes.
func (l *Lab) undo(ctx context.Context, f ActiveFault, p *progress) error {
	s := &scene{Lab: l, say: p.say, args: f.Args, hosts: f.Hosts, mark: func(...string) error { return nil }}
	if err := recipes()[f.Name].undo(ctx, s); err != nil {
		return &Error{What: "undoing " + f.Name, Err: err, Hint: "`recon lab mend` without a name repairs everything"}
	}
	p.say("undid %s", strings.Join(append([]string{f.Name}, f.Args...), " "))
	return nil
}

// mendAll goes from below: the network and the hosts, then the faults, the last one first, then everything that should run.
func (l *Lab) mendAll(ctx context.Context, p *progress) error {
	r, _ := l.readRecord()
	below, above := []ActiveFault{}, []ActiveFault{}
	for _, f := range slices.Backward(r.Faults) {
		if known, _ := fault.Find(f.Name); known.System == "network" {
			below = append(below, f)
		} else {
			above = append(above, f)
		}
	}
	err := l.each(plan(), func(g guest) error {
		if _, _, up := g.pids(); up {
			return nil
		}
		p.say("starting %s", g.name)
		return g.bootIfDown(ctx)
	})
	if err != nil {
		return err
	}
	for _, f := range below {
		if err := l.undo(ctx, f, p); err != nil {
			return err
		}
	}
	// A fault may need what another one took: those that cannot be undone yet have a second turn.
	var later []ActiveFault
	for _, f := range above {
		if err := l.undo(ctx, f, p); err != nil {
			p.say("%v; again afterwards", err)
			later = append(later, f)
		}
	}
	if err := l.startAll(ctx, p); err != nil {
		return err
	}
	for _, f := range later {
		if err := l.undo(ctx, f, p); err != nil {
			return err
		}
	}
	if err := l.heal(ctx, p); err != nil {
		return err
	}
	r.Faults = nil
	if err := l.writeRecord(r); err != nil {
		return &Error{What: "the lab's record", Err: err}
	}
	return nil
}

// startAll starts every unit of the plan that does not run, in the plan's order.
func (l *Lab) startAll(ctx context.Context, p *progress) error {
	for _, unit := range nodes()[0].units {
		err := l.each(nodes(), func(g guest) error {
			if g.unitStates(ctx)[unit] == "active" {
				return nil
			}
			p.say("starting %s on %s", unit, g.name)
			return g.start(ctx, unit)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// heal waits for a healthy cluster, and helps where it does not come back by itself: workers that lost their registration
// while Redis moved, and replicas whose way back is gone.
func (l *Lab) heal(ctx context.Context, p *progress) error {
	err := l.waitHealthy(ctx, 25*time.Second)
	for _, help := range []func(context.Context, *progress) error{l.restartWorkers, l.copyLost} {
		if err == nil {
			break
		}
		if e := help(ctx, p); e != nil {
			p.say("%v", e)
		}
		err = l.waitHealthy(ctx, 150*time.Second)
	}
	if err != nil {
		return err
	}
	p.say("the cluster is healthy")
	return nil
}

// restartWorkers restarts the workers that run without being known to Redis.
func (l *Lab) restartWorkers(ctx context.Context, p *progress) error {
	redis, err := l.secret(ctx, "redis")
	if err != nil {
		return err
	}
	lost, err := l.withoutWorker(ctx, redis)
	if err != nil {
		return err
	}
	return l.each(lost, func(g guest) error {
		p.say("the worker on %s is not registered: restarting it", g.name)
		_, err := g.run(ctx, "systemctl", "restart", "netbox-rq")
		return err
	})
}

// copyLost makes Patroni copy the replicas that do not stream.
func (l *Lab) copyLost(ctx context.Context, p *progress) error {
	v, err := l.cluster(ctx)
	if err != nil {
		return err
	}
	for _, m := range v.Members {
		if m.Role == "leader" || m.State == "streaming" {
			continue
		}
		g, err := l.guest(m.Name)
		if err != nil {
			return err
		}
		p.say("%s is %s: copying it anew", m.Name, m.State)
		if err := g.rest(ctx, "POST", "/reinitialize", `{"force": true}`, "200"); err != nil {
			return fmt.Errorf("copying %s: %w", m.Name, err)
		}
	}
	return nil
}
