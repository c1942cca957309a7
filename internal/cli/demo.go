package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"

	"recon/internal/audit"
	"recon/internal/fault"
	"recon/internal/inventory"
	"recon/internal/twin"
	"recon/probes"
	"recon/runbooks"
)

// strikesAfter is how long a newcomer sees a healthy cluster.
const strikesAfter = 8 * time.Second

// selfHelp is the time in which the cluster has done what it can by itself: Patroni's ttl, and what follows from it.
const selfHelp = 45 * time.Second

// pace is how fast the story goes.
type pace struct {
	after time.Duration
	hurry bool
}

func (a *app) demoCommand() *cobra.Command {
	var list bool
	var pace pace
	c := &cobra.Command{
		Use: "demo [SCENARIO]", Short: "The console on a training cluster inside this program, with a fault waiting",
		Long: "demo starts a simulated cluster of three hosts, opens the console on it and breaks it after some seconds; a line above the\n" +
			"keys says what you see and which key to press. It needs no root, no network and nothing installed, and writes only to a\n" +
			"temporary folder. SCENARIO is a fault with its hosts, or a runbook, whose first fault it then is; kill-leader when it\n" +
			"is left out.",
		Example: "  recon demo\n  recon demo vip-nowhere\n  recon demo patroni-rejoin-old-leader",
		RunE: func(_ *cobra.Command, args []string) error {
			if list {
				return a.listScenes()
			}
			return a.demo(args, pace)
		},
	}
	c.Flags().BoolVar(&list, "list", false, "list the faults: what each does, and the runbook that solves it")
	c.Flags().BoolVar(&a.json, "json", false, "the list as JSON")
	c.Flags().DurationVar(&pace.after, "after", strikesAfter, "how long the cluster is healthy")
	c.Flags().BoolVar(&pace.hurry, "hurry", false, "what the cluster does about the fault by itself takes no time")
	return c
}

// scene is what goes wrong in a demo: faults one after the other, of which the last is what it is about, and the files that
// the console's user may read for it.
type scene struct {
	faults   []fault.Call
	readable []string
}

func (s scene) about() fault.Call { return s.faults[len(s.faults)-1] }

// sceneOf is the scene that a book's rehearsal begins with.
func sceneOf(b *runbooks.Runbook) (scene, error) {
	out := scene{readable: b.Test.Readable}
	for _, text := range append(slices.Clone(b.Test.With), b.Faults[0]) {
		call, err := fault.Parse(text)
		if err != nil {
			return out, err
		}
		out.faults = append(out.faults, call)
	}
	return out, nil
}

// scene is what was asked for: a fault by its name, or what a book is for by the book's name.
func (a *app) scene(words []string) (scene, error) {
	if len(words) == 0 {
		words = []string{fault.KillLeader}
	}
	names := fault.Names()
	if _, ok := fault.Find(words[0]); !ok {
		lib, err := a.loadLibrary(nil)
		if err != nil {
			return scene{}, err
		}
		for _, b := range lib.Books {
			switch {
			case b.ID != words[0] && len(b.Faults) > 0:
				names = append(names, b.ID)
			case b.ID == words[0] && len(b.Faults) == 0:
				return scene{}, exit(exitUsage, "no fault makes what %s is for; `recon demo --list` names those that there are", b.ID)
			case b.ID == words[0] && len(words) == 1:
				return sceneOf(b)
			}
		}
		hint := "`recon demo --list` names all"
		if near := meant(words[0], names); near != "" {
			hint = fmt.Sprintf("did you mean %q? %s", near, hint)
		}
		return scene{}, exit(exitUsage, "there is no fault and no runbook %q to begin with; %s", words[0], hint)
	}
	call, err := fault.Parse(strings.Join(words, " "))
	if err != nil {
		return scene{}, coded{exitUsage, err}
	}
	return scene{faults: []fault.Call{call}}, nil
}

// meant is the name that was probably meant: it begins so, or is a few letters away.
func meant(written string, names []string) string {
	for _, n := range names {
		if len(written) > 2 && strings.HasPrefix(n, written) {
			return n
		}
	}
	return inventory.Nearest(written, names)
}

func (a *app) demo(words []string, pace pace) error {
	scene, err := a.scene(words)
	if err != nil {
		return err
	}
	if a.inventoryPath != "" {
		return exit(exitUsage, "the demo has a cluster of its own: -i has no place here")
	}
	if !a.onTerminal() {
		return exit(exitUsage, "the demo needs a terminal, as the console does; `recon demo --list` does not")
	}
	dir, err := os.MkdirTemp("", "recon-demo-")
	if err != nil {
		return fmt.Errorf("make a folder for the demo: %w; set TMPDIR to one that can be written", err)
	}
	a.state = dir
	return errors.Join(a.stage(dir, scene, pace), a.sweep(dir))
}

// stage runs the cluster and the console on it.
func (a *app) stage(dir string, scene scene, pace pace) error {
	t, err := twin.Start(twin.Options{Dir: filepath.Join(dir, "cluster"), Name: "netbox-demo"})
	if err != nil {
		return err
	}
	err = t.Publish(scene.readable...)
	for _, call := range scene.faults {
		err = errors.Join(err, onNodes(t.Cluster, call))
	}
	if err == nil {
		a.inventoryPath = t.File()
		err = a.play(t, scene, pace)
	}
	return errors.Join(err, t.Close())
}

// onNodes says whether a fault's hosts are nodes of the cluster.
func onNodes(c *inventory.Cluster, call fault.Call) error {
	for _, name := range call.Args {
		if _, ok := c.Node(name); !ok {
			return exit(exitUsage, "there is no node %q; the nodes are %s", name, strings.Join(nodeNames(c), ", "))
		}
	}
	return nil
}

// play is the ordinary console on the cluster file, and the faults that strike while it is shown.
func (a *app) play(t *twin.Twin, scene scene, pace pace) error {
	ctx, stop := context.WithCancelCause(a.ctx)
	defer stop(nil)
	a.ctx = ctx
	s, err := a.open()
	if err != nil {
		return err
	}
	o, err := a.options(s, "", nil)
	if err != nil {
		return errors.Join(err, s.close())
	}
	var struck atomic.Bool
	o.Guide = tour(s.cluster, scene.about().Fault, struck.Load)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		healthy(ctx, s)
		if err := strike(ctx, t, scene, pace); err != nil {
			stop(err)
		}
		struck.Store(true)
	}()
	err = a.show(s, o)
	if cause := context.Cause(ctx); cause != nil && a.ctx.Err() != nil && !errors.Is(cause, context.Canceled) {
		err = cause
	}
	stop(nil)
	<-ended
	return errors.Join(err, s.close())
}

// seenWithin is how long a machine that is busy with other things may take until its console sees a healthy cluster. A story
// that began before would be about two things at once: the fault, and a machine too slow for its probes.
const seenWithin = time.Minute

// healthy waits until the console sees a healthy cluster, on a slow machine not for ever.
func healthy(ctx context.Context, s *session) {
	ctx, seen := context.WithTimeout(ctx, seenWithin)
	defer seen()
	s.watch.Subscribe(ctx, func(state *probes.State) {
		if blind, sick := health(s.cluster, state); !blind && !sick {
			seen()
		}
	})
}

// between two faults of a scene the cluster has time to take notice of the first.
const between = 2 * time.Second

// strike makes the faults, some time from now.
func strike(ctx context.Context, t *twin.Twin, scene scene, pace pace) error {
	for wait, faults := pace.after, scene.faults; len(faults) > 0; wait, faults = between, faults[1:] {
		clock := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			clock.Stop()
			return nil
		case <-clock.C:
		}
		if _, err := t.Break(faults[0].String()); err != nil {
			return fmt.Errorf("make the fault %s: %w", faults[0], err)
		}
	}
	if pace.hurry {
		t.Skip(selfHelp)
	}
	return nil
}

// sweep removes what nobody needs any more, secrets and keys above all, and says what is left.
func (a *app) sweep(dir string) error {
	err := os.RemoveAll(filepath.Join(dir, "cluster"))
	walks, listed := audit.List(filepath.Join(dir, "trails"))
	if err = errors.Join(err, listed); err != nil {
		return err
	}
	if len(walks) == 0 {
		fmt.Fprintln(a.out, "The training cluster is gone. No walk was begun, so there is no trail, and nothing else stays.")
		return os.RemoveAll(dir)
	}
	fmt.Fprintf(a.out, "The training cluster is gone, with its keys and passwords. What stays is in\n%s:\n\n", dir)
	fmt.Fprintln(a.out, "  recon.log  what recon logged")
	for _, w := range walks {
		fmt.Fprintf(a.out, "  trails     the walk of %s, %s\n", w.Book, w.Status)
	}
	fmt.Fprintln(a.out)
	for _, w := range walks {
		fmt.Fprintf(a.out, "trail %s\n", w.Path)
	}
	fmt.Fprintln(a.out, "`recon audit verify TRAIL` checks a trail; `show` prints and `report` tells it.")
	return nil
}
