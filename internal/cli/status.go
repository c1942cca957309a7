package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"recon/internal/findings"
	"recon/internal/inventory"
	"recon/internal/status"
	"recon/probes"
	"recon/runbooks"
)

// statusFor bounds one look at the cluster: longer than any probe's own deadline.
const statusFor = 8 * time.Second

// The least pause between two outputs of --watch.
const leastInterval = 200 * time.Millisecond

type statusOptions struct {
	json, watch      bool
	interval, settle time.Duration
	metrics          string
}

func (a *app) statusCommand() *cobra.Command {
	var o statusOptions
	c := &cobra.Command{
		Use: "status", Short: "The cluster's state: a table, JSON or metrics, once or again and again", Args: cobra.NoArgs,
		Long: "status asks every target once and says what came back: the whole stack, what is wrong with it, and why.\n\n" +
			"It exits with 0 when all is fine, 3 when something is wrong (a finding of severity 1 to 3 applies, something does not\n" +
			"answer, or an answer is bad), 4 when that cannot be said. docs/status.md documents the table, the JSON and the metrics.",
		RunE: func(*cobra.Command, []string) error { return a.status(o) },
	}
	f := c.Flags()
	f.BoolVar(&o.json, "json", false, "State, findings and verdict as JSON; with --watch a line for every change")
	f.BoolVar(&o.watch, "watch", false, "look until interrupted: redraw on a terminal, else write at every change")
	f.DurationVar(&o.interval, "interval", 2*time.Second, "the least time between two outputs of --watch")
	f.DurationVar(&o.settle, "settle", 0, "wait at most so long until what is found has held long enough to be certain")
	f.StringVar(&o.metrics, "metrics", "", "write OpenMetrics text to a file (replaced whole, for a textfile collector), or to - for standard output")
	return c
}

func (o statusOptions) check() error {
	switch {
	case o.json && o.metrics != "":
		return exit(exitUsage, "--json and --metrics are two forms of the same; ask for one")
	case o.interval < leastInterval:
		return exit(exitUsage, "--interval is %s at least", leastInterval)
	case o.settle < 0:
		return exit(exitUsage, "--settle is a time to wait, for example 15s")
	case o.watch && o.metrics == "-":
		return exit(exitUsage, "--watch --metrics needs a file; metrics on standard output end with # EOF")
	}
	return nil
}

func (a *app) status(o statusOptions) error {
	if err := o.check(); err != nil {
		return err
	}
	s, err := a.open()
	if err != nil {
		return err
	}
	if err := s.prompts(a.ctx); err != nil {
		return errors.Join(err, s.close())
	}
	s.start(a.ctx)
	l := a.looker(s.cluster, s.watch, o)
	err = l.run(a.ctx)
	if closed := s.close(); closed != nil {
		return errors.Join(err, closed)
	}
	return err
}

// statusEyes is what status needs of a *probes.Watch that runs.
type statusEyes interface {
	Fresh(ctx context.Context, sections []string) (*probes.State, error)
	Subscribe(ctx context.Context, f func(*probes.State))
}

// looker looks at a cluster and writes what it sees.
type looker struct {
	statusOptions
	cluster *inventory.Cluster
	eyes    statusEyes
	out     io.Writer
	// terminal says that out is one; size is then its size.
	terminal bool
	size     func() (width, height int)
	colour   bool
	// load reads the library, while the cluster is asked.
	load func() (*runbooks.Library, error)

	library *runbooks.Library
	unseen  string // why the findings are not known
	set     findings.Set
	last    *status.Report
}

func (a *app) looker(c *inventory.Cluster, eyes statusEyes, o statusOptions) *looker {
	l := &looker{statusOptions: o, cluster: c, eyes: eyes, out: a.out, load: func() (*runbooks.Library, error) { return a.loadLibrary(c) }}
	if f, ok := a.out.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		l.terminal, l.colour = true, os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
		l.size = func() (int, int) {
			width, height, err := term.GetSize(int(f.Fd()))
			if err != nil {
				return 80, 24
			}
			return width, height
		}
	}
	return l
}

// run looks, and returns the exit code of the last look as an error.
func (l *looker) run(ctx context.Context) error {
	read := make(chan struct{})
	go func() {
		defer close(read)
		lib, err := l.load()
		if l.library = lib; err != nil {
			l.library, l.unseen = nil, "the runbooks cannot be read: "+err.Error()
		}
	}()
	limited, cancel := context.WithTimeout(ctx, statusFor)
	state, err := l.eyes.Fresh(limited, nil)
	cancel()
	<-read
	if err != nil && !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	// What did not answer in time is in the state.
	l.see(state)
	if l.settle > 0 {
		l.settled(ctx)
	}
	if l.watch {
		err = l.follow(ctx)
	} else {
		err = l.write()
	}
	if err != nil {
		return err
	}
	switch l.last.Verdict {
	case status.Wrong:
		return quiet(exitCheck)
	case status.Unknown:
		return quiet(exitUnknown)
	}
	return nil
}

// see looks at one State.
func (l *looker) see(s *probes.State) {
	if l.library != nil {
		l.set = l.set.After(s.At, findings.Look(l.library, s, l.set.Followed()))
	}
	l.last = status.New(l.cluster, s, s.At, l.set, l.unseen)
}

// settled looks on until nothing that is found needs more time.
func (l *looker) settled(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, l.settle)
	defer cancel()
	if len(l.set.Pending()) == 0 {
		return
	}
	l.eyes.Subscribe(ctx, func(s *probes.State) {
		if l.see(s); len(l.set.Pending()) == 0 {
			cancel()
		}
	})
}

// write writes the last look in the form that was asked for.
func (l *looker) write() error {
	switch {
	case l.metrics == "-":
		return l.last.Metrics(l.out)
	case l.metrics != "":
		return l.last.WriteFile(l.metrics)
	case l.json:
		enc := json.NewEncoder(l.out)
		if !l.watch {
			enc.SetIndent("", "  ")
		}
		enc.SetEscapeHTML(false)
		return enc.Encode(l.last)
	}
	return l.last.Table(l.out, l.look())
}

func (l *looker) look() status.Look {
	look := status.Look{Colour: l.colour}
	if l.terminal {
		look.Width, _ = l.size()
	}
	return look
}

// follow looks until ctx ends. A terminal is redrawn; a file of metrics is replaced; what goes elsewhere is written when
// something changed. Nothing is written more often than the interval.
func (l *looker) follow(ctx context.Context) error {
	redraw := l.terminal && !l.json && l.metrics == ""
	var wrote time.Time
	var told *status.Report
	var failed error
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	write := func() {
		now := time.Now()
		if now.Sub(wrote) < l.interval || !redraw && l.metrics == "" && !l.last.Changed(told) {
			return
		}
		var err error
		switch {
		case redraw:
			err = l.redraw()
		case told != nil && !l.json && l.metrics == "":
			if _, err = fmt.Fprintln(l.out); err == nil {
				err = l.write()
			}
		default:
			err = l.write()
		}
		wrote, told = now, l.last
		if err != nil {
			failed = err
			cancel()
		}
	}
	write()
	l.eyes.Subscribe(ctx, func(s *probes.State) {
		l.see(s)
		write()
	})
	return failed
}

// redraw draws over what was drawn before, without a flicker: each line is cleared behind its text, and the rest below.
func (l *looker) redraw() error {
	width, height := l.size()
	lines := l.last.Lines(status.Look{Width: width, Colour: l.colour})
	if len(lines) > height-1 {
		more := len(lines) - height + 2
		lines = append(lines[:max(height-2, 0)], fmt.Sprintf("… %d more lines; the terminal has no room for them", more))
	}
	out := "\x1b[H"
	for _, line := range lines {
		out += line + "\x1b[K\r\n"
	}
	_, err := io.WriteString(l.out, out+"\x1b[J")
	return err
}
