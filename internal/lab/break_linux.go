package lab

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"
)

// recipe is how the lab makes one fault and how it takes it back. Both return when it is so. An undo may be called again,
// and after somebody repaired the cluster by hand.
type recipe struct {
	inject, undo func(context.Context, *scene) error
}

// recipes are the lab's, by the name of the fault.
func recipes() map[string]recipe {
	all := map[string]recipe{}
	for _, some := range []map[string]recipe{
		patroniRecipes(), postgresRecipes(), etcdRecipes(), redisRecipes(), sentinelRecipes(), haproxyRecipes(),
		keepalivedRecipes(), pgbouncerRecipes(), netboxRecipes(), webRecipes(), hostRecipes(), networkRecipes(), fileRecipes(), stateRecipes(),
	} {
		maps.Copy(all, some)
	}
	return all
}

// scene is one fault while it is made or undone.
type scene struct {
	*Lab
	say  func(format string, args ...any)
	args []string
	// hosts are the names of those that the fault was made on; empty when that is not known.
	hosts []string
	// mark writes hosts down. It comes before the harm, so that an interrupted Break can be mended.
	mark func(hosts ...string) error
}

// Break injects a fault and returns when it is there. It says on w what it did.
func (l *Lab) Break(ctx context.Context, name string, args []string, w io.Writer) error {
	if err := checkFault(name, args); err != nil {
		return err
	}
	unlock, err := l.lock()
	if err != nil {
		return err
	}
	defer unlock()
	if err := l.hasCluster(ctx); err != nil {
		return err
	}
	r, _ := l.readRecord()
	r.Faults = append(r.Faults, ActiveFault{Name: name, Args: args, Since: time.Now().UTC().Truncate(time.Second)})
	mine := &r.Faults[len(r.Faults)-1]
	s := &scene{Lab: l, say: l.progress(w).say, args: args}
	s.mark = func(hosts ...string) error {
		s.hosts, mine.Hosts = hosts, hosts
		if err := l.writeRecord(r); err != nil {
			return &Error{What: "the lab's record", Err: err}
		}
		return nil
	}
	return recipes()[name].inject(ctx, s)
}

// hasCluster is nil when there is something to break or to mend. Hosts that came up bare may carry a cluster by now, and have
// one when every node has Patroni's file.
func (l *Lab) hasCluster(ctx context.Context) error {
	r, found := l.readRecord()
	switch {
	case !found:
		return &Error{What: "the lab is down", Hint: "`recon lab up` starts it"}
	case r.Phase != "up":
		return &Error{What: "the lab's start did not finish", Hint: "`recon lab up` starts it anew"}
	case r.Bare:
		err := l.each(nodes(), func(g guest) error { _, err := g.run(ctx, "test", "-s", "/etc/patroni/patroni.yml"); return err })
		if err != nil {
			return &Error{What: "the hosts are bare: there is no cluster", Hint: "deploy it (`recon walk bootstrap` on the console), or `recon lab down`, then `recon lab up`"}
		}
	}
	return nil
}

// choose is the host that the first argument names, or else the one that other says. It is written down.
func (s *scene) choose(ctx context.Context, other func(context.Context) (string, error)) (guest, error) {
	name := ""
	if len(s.args) > 0 {
		name = s.args[0]
	} else {
		var err error
		if name, err = other(ctx); err != nil {
			return guest{}, err
		}
	}
	g, err := s.guest(name)
	if err != nil {
		return g, err
	}
	if _, _, up := g.pids(); !up {
		return g, &Error{What: name + " is down already", Hint: "`recon lab status` shows the hosts"}
	}
	return g, s.mark(name)
}

// every is the host that the argument names, or else all nodes. It is written down.
func (s *scene) every() ([]host, error) {
	chosen := nodes()
	if len(s.args) > 0 {
		h, err := find(s.args[0])
		if err != nil {
			return nil, err
		}
		chosen = []host{h}
	}
	return chosen, s.mark(hostNames(chosen)...)
}

// where are the hosts that the fault was made on, or all nodes when that is not known.
func (s *scene) where() []host {
	if len(s.hosts) == 0 {
		return nodes()
	}
	return slices.DeleteFunc(plan(), func(h host) bool { return !slices.Contains(s.hosts, h.name) })
}

func hostNames(hosts []host) []string {
	var names []string
	for _, h := range hosts {
		names = append(names, h.name)
	}
	return names
}

// lastNode is the node that most faults choose: the one that begins as nobody's leader.
func lastNode(context.Context) (string, error) {
	all := nodes()
	return all[len(all)-1].name, nil
}

// oneOf gives the last node that is none of these.
func oneOf(not ...string) (string, error) {
	for _, h := range slices.Backward(nodes()) {
		if !slices.Contains(not, h.name) {
			return h.name, nil
		}
	}
	return "", &Error{What: "no other node is left", Hint: "name the host"}
}

// starts is an undo: these units run again where the fault was made.
func starts(units ...string) func(context.Context, *scene) error {
	return func(ctx context.Context, s *scene) error {
		return s.each(s.where(), func(g guest) error { return g.start(ctx, units...) })
	}
}

// start starts units that do not run, whatever keeps them from it.
func (g guest) start(ctx context.Context, units ...string) error {
	for _, unit := range units {
		_, err := g.sh(ctx, `systemctl is-active --quiet "$1" && exit; systemctl unmask --quiet "$1"; systemctl reset-failed --quiet "$1" || :; systemctl start "$1"`, unit)
		if err != nil {
			return err
		}
	}
	return nil
}

// kill kills all processes of units at once, as a crash does. The units stay stopped: the second command comes before
// their own restart, or ends it.
func (g guest) kill(ctx context.Context, units ...string) error {
	for _, unit := range units {
		_, err := g.sh(ctx, `systemctl kill --kill-whom=all --signal=KILL "$1" || :; systemctl stop "$1"; systemctl reset-failed --quiet "$1" || :`, unit)
		if err != nil {
			return err
		}
	}
	return nil
}

// sh runs a shell script in the guest; it ends at the first command that fails.
func (g guest) sh(ctx context.Context, script string, args ...string) (string, error) {
	out, err := g.run(ctx, append([]string{"bash", "-euc", "set -o pipefail; " + script, "bash"}, args...)...)
	return strings.TrimSpace(out), err
}

// refuses waits until nothing listens on the port at the guest's address.
func (g guest) refuses(ctx context.Context, port int) error {
	what := fmt.Sprintf("the end of port %d on %s", port, g.name)
	return g.lab.await(ctx, 20*time.Second, what, func(ctx context.Context) error {
		_, err := g.sh(ctx, `! timeout 1 bash -c '</dev/tcp/$0/$1' "$1" "$2" 2>/dev/null`, g.address, fmt.Sprint(port))
		return err
	})
}
