package cli

import (
	"context"
	"errors"
	"os"

	"golang.org/x/term"

	"recon/internal/audit"
	"recon/internal/walk"
	"recon/runbooks"
	"recon/ui"
)

// console opens the full screen; with a book's id (or walk options to resume) straight on a walk.
func (a *app) console(book string, given ...walkOptions) error {
	if !a.onTerminal() {
		return exit(exitUsage, "the console needs a terminal; `recon status` and `recon walk BOOK --print` do not")
	}
	s, err := a.open()
	if err != nil {
		return err
	}
	o, err := a.options(s, book, given)
	if err == nil {
		err = a.show(s, o)
	}
	return errors.Join(err, s.close())
}

// onTerminal says whether there is somebody to look and to press keys.
func (a *app) onTerminal() bool {
	return term.IsTerminal(int(a.in.Fd())) && term.IsTerminal(int(os.Stdout.Fd()))
}

// options are those of the full screen on a session.
func (a *app) options(s *session, book string, given []walkOptions) (ui.Options, error) {
	ctx := a.ctx
	if err := s.prompts(ctx); err != nil {
		return ui.Options{}, err
	}
	cfg := s.config(nil)
	o := ui.Options{
		Cluster: s.cluster, Operator: cfg.Operator, Host: cfg.Host, Eyes: s.watch,
		Load: func() (*runbooks.Library, error) { return a.loadLibrary(s.cluster) },
	}
	walks := &walks{cfg: cfg, dir: cfg.Trails, load: o.Load}
	o.Walks = walks
	if len(given) > 0 {
		if o.Book, o.Inputs, o.DryRun = book, given[0].inputs, given[0].dry; given[0].resume {
			path, err := newestOpen(cfg.Trails, s.cluster.Name, book)
			if err != nil {
				return o, err
			}
			if o.Walk, err = walks.Resume(ctx, path); err != nil {
				return o, err
			}
		}
	}
	if a.state == "" {
		room, err := a.room(s, nil)
		if err != nil {
			return o, err
		}
		o.Training = room
	}
	return o, nil
}

// show draws the full screen until the operator leaves.
func (a *app) show(s *session, o ui.Options) error {
	s.start(a.ctx)
	a.screened = s.log
	return ui.Run(a.ctx, o)
}

// walks starts and resumes walks for the screens.
type walks struct {
	cfg  walk.Config
	dir  string
	load func() (*runbooks.Library, error)
}

func (w *walks) config() (walk.Config, error) {
	cfg := w.cfg
	if cfg.Library == nil {
		lib, err := w.load()
		if err != nil {
			return cfg, err
		}
		cfg.Library = lib
	}
	return cfg, nil
}

// Start begins a walk.
func (w *walks) Start(_ context.Context, book *runbooks.Runbook, inputs map[string]string, dry bool) (ui.Walk, error) {
	cfg, err := w.config()
	if err != nil {
		return nil, err
	}
	return onScreen(walk.Start(cfg, book, inputs, dry))
}

// Open lists the walks of this cluster that somebody may go on with.
func (w *walks) Open() ([]audit.Summary, error) { return leftOpen(w.dir, w.cfg.Cluster.Name) }

// Resume goes on with a walk.
func (w *walks) Resume(_ context.Context, path string) (ui.Walk, error) {
	cfg, err := w.config()
	if err != nil {
		return nil, err
	}
	return onScreen(walk.Resume(cfg, path))
}

// screenWalk is a walk whose Close says that the console was left.
type screenWalk struct{ *walk.Walk }

func onScreen(w *walk.Walk, err error) (ui.Walk, error) {
	if err != nil {
		return nil, err
	}
	return screenWalk{w}, nil
}

// Enter walks the book inside of a step.
func (s screenWalk) Enter(step int) (ui.Walk, error) {
	child, err := s.Walk.Enter(step)
	if child == nil {
		return nil, err
	}
	return screenWalk{child}, err
}

func (s screenWalk) Close() error { return s.Walk.Close("the console was left") }
