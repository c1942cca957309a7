package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"recon/internal/drill"
	"recon/internal/fault"
	"recon/internal/inventory"
	"recon/internal/lab"
	"recon/internal/twin"
	"recon/runbooks"
)

func (a *app) drillCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "drill", Short: "Training: a cluster is broken, you mend it, and a debrief says how it went",
		Long: "A drill breaks a training cluster, shows you the page that woke you, and measures how you bring it back: the time, the\n" +
			"hints, what was skipped, what was lost. It runs on a training cluster inside this program, or on the lab.",
	}
	list := &cobra.Command{
		Use: "list", Short: "The drills with your best times", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { return a.listDrills() },
	}
	list.Flags().BoolVar(&a.json, "json", false, "as JSON")
	var o drillOptions
	run := &cobra.Command{
		Use: "run [NAME]", Short: "Run a drill; without a name the console shows the list", Args: cobra.MaximumNArgs(1),
		Example: "  recon drill run leader-crash\n  sudo recon drill run leader-crash --on lab",
		RunE:    func(_ *cobra.Command, args []string) error { return a.runDrill(strings.Join(args, ""), o) },
	}
	run.Flags().StringVar(&o.on, "on", "twin", "twin: the cluster inside this program; lab: the three hosts of `recon lab up` (needs root)")
	run.Flags().BoolVar(&o.plain, "plain", false, "line by line, for a serial line or a screen reader")
	run.Flags().StringVar(&o.lab, "dir", lab.DefaultDir, "where the lab keeps its images and state")
	run.Flags().StringVar(&o.cluster, "cluster", "", "the socket of what breaks the cluster; `--on lab` uses it on the lab's console")
	if err := run.Flags().MarkHidden("cluster"); err != nil {
		panic(err) // the flag was made a line above
	}
	var session string
	var faults bool
	inject := &cobra.Command{
		Use: "inject FAULT [NODE...]", Short: "The game master: one more fault for the drill that runs in another terminal",
		Example: "  recon drill inject etcd-member netbox-node-3\n  recon drill inject --list",
		RunE: func(_ *cobra.Command, args []string) error {
			if faults {
				return a.listFaults()
			}
			return a.inject(session, strings.Join(args, " "))
		},
	}
	inject.Flags().BoolVar(&faults, "list", false, "list the faults")
	inject.Flags().BoolVar(&a.json, "json", false, "the list as JSON")
	inject.Flags().StringVar(&session, "session", "", "which drill, when several run: the number that the error names")
	c.AddCommand(list, run, inject)
	return c
}

// drillFiles are where the best times and the doors of sessions are.
func (a *app) drillFiles() (records, doors string, err error) {
	dir, err := a.stateHome()
	return filepath.Join(dir, "drills.json"), filepath.Join(dir, "drill"), err
}

func (a *app) listDrills() error {
	lib, err := a.optionalLibrary()
	if err != nil {
		return err
	}
	records, _, err := a.drillFiles()
	if err != nil {
		return err
	}
	all, err := drill.List(lib, records)
	if err != nil {
		a.warn(err)
	}
	if a.json {
		return a.printJSON(all)
	}
	t := tabwriter.NewWriter(a.out, 0, 4, 2, ' ', 0)
	fmt.Fprintln(t, "DRILL\tSYSTEMS\tTIME\tBEST\tTHE PAGE")
	for _, e := range all {
		best := "-"
		if e.Best != nil {
			best = fmt.Sprintf("%s, %d points", drill.Clock(e.Best.Time), e.Best.Score)
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\n", e.ID, strings.Join(e.Systems, " "), drill.Clock(e.Par), best, e.Title)
	}
	return t.Flush()
}

func (a *app) inject(session, text string) error {
	call, err := fault.Parse(text)
	if err != nil {
		return coded{exitUsage, err}
	}
	_, doors, err := a.drillFiles()
	if err != nil {
		return err
	}
	said, err := drill.Knock(a.ctx, doors, session, call.String())
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(a.out, said)
	return err
}

// drillOptions are the flags of `drill run`.
type drillOptions struct {
	on, lab, cluster string
	plain            bool
}

func (a *app) runDrill(id string, o drillOptions) error {
	switch {
	case o.on != "twin" && o.on != "lab":
		return exit(exitUsage, "a drill runs on twin or on lab, not on %q", o.on)
	case o.plain && id == "":
		return exit(exitUsage, "which drill? `recon drill list` names them")
	case o.plain && !term.IsTerminal(int(a.in.Fd())) || !o.plain && !a.onTerminal():
		return exit(exitUsage, "a drill needs a person at a terminal")
	}
	if id != "" {
		// A mistyped name is said before a cluster is started for it.
		lib, err := a.loadLibrary(nil)
		if err != nil {
			return err
		}
		if _, ok := lib.Drill(id); !ok {
			return exit(exitUsage, "there is no drill %q; `recon drill list` names them", id)
		}
	}
	switch {
	case o.cluster != "":
		return a.drillSession(id, o, drill.Elsewhere(o.cluster))
	case o.on == "lab":
		return a.drillOnLab(id, o)
	}
	return a.drillOnTwin(id, o)
}

// drillOnTwin starts a training cluster for as long as the drill lasts.
func (a *app) drillOnTwin(id string, o drillOptions) (err error) {
	dir, err := os.MkdirTemp("", "recon-drill-")
	if err != nil {
		return fmt.Errorf("a folder for the training cluster: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	t, err := twin.Start(twin.Options{Dir: dir})
	if err != nil {
		return fmt.Errorf("start the training cluster: %w", err)
	}
	defer func() { err = errors.Join(err, t.Close()) }()
	a.inventoryPath = t.File()
	return a.drillSession(id, o, onTwin{t})
}

// drillSession opens the console, or the line mode, on a cluster that can be broken.
func (a *app) drillSession(id string, o drillOptions, on drill.Cluster) (err error) {
	s, err := a.open()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	if s.cluster.Environment != inventory.Training {
		return exit(exitUsage, "drills break the cluster, and %s is not for training: its cluster file does not say `environment: training`", s.cluster.Name)
	}
	room, err := a.room(s, on)
	if err != nil {
		return err
	}
	_, doors, err := a.drillFiles()
	if err != nil {
		return err
	}
	door, err := drill.OpenDoor(doors, room.Inject)
	if err != nil {
		return err
	}
	defer func() {
		room.Close()
		err = errors.Join(err, door.Close())
	}()
	if id != "" {
		if err := room.Start(id); err != nil {
			return err
		}
	}
	if o.plain {
		err = a.drillPlain(s, room)
	} else {
		err = a.drillScreen(s, room)
	}
	return errors.Join(err, a.debrief(room))
}

// drillScreen is the ordinary console, whose training screen can break the cluster.
func (a *app) drillScreen(s *session, room *drill.Room) error {
	o, err := a.options(s, "", nil)
	if err != nil {
		return err
	}
	o.Training = room
	return a.show(s, o)
}

// debrief prints what the screen showed last, so that it is still there when the screen has closed.
func (a *app) debrief(room *drill.Room) error {
	room.Review()
	v, ok := room.View()
	switch {
	case !ok:
		return nil
	case v.Phase == drill.Failed:
		return fmt.Errorf("the drill %s: %s", v.ID, v.Doing)
	case v.Debrief == nil:
		_, err := fmt.Fprintf(a.out, "The drill %s was left before its end and is not counted.\n", v.ID)
		return err
	}
	return v.Debrief.Print(a.out)
}

// room is where the drills of a session's cluster are run; on is nil where they are only listed.
func (a *app) room(s *session, on drill.Cluster) (*drill.Room, error) {
	records, _, err := a.drillFiles()
	if err != nil {
		return nil, err
	}
	return drill.NewRoom(drill.Config{
		Library: func() (*runbooks.Library, error) { return a.loadLibrary(s.cluster) },
		Cluster: on, Name: s.cluster.Name, Trails: s.trails, Eyes: s.watch, Records: records,
	}), nil
}

// onTwin is the training cluster inside this program.
type onTwin struct{ *twin.Twin }

func (t onTwin) Break(_ context.Context, fault string) (string, error) { return t.Twin.Break(fault) }
func (t onTwin) Settled() bool                                         { return t.World.Settled() }
func (t onTwin) Healthy(context.Context) string                        { return t.World.Healthy() }

func (t onTwin) Mend(context.Context) error {
	t.World.Mend()
	return nil
}

func (t onTwin) Lost() (commits int, known bool) {
	n := t.World.Lost()
	return n, n >= 0
}
