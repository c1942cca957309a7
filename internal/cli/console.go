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
	if !term.IsTerminal(int(a.in.Fd())) || !term.IsTerminal(int(os.Stdout.Fd())) {
		return exit(exitUsage, "the console needs a terminal; `recon status` and `recon walk BOOK --print` do not")
	}
	s, err := a.open()
	if err != nil {
		return err
	}
	err = a.screen(s, book, given)
	return errors.Join(err, s.close())
}

func (a *app) screen(s *session, book string, given []walkOptions) error {
	ctx := a.ctx
	if err := s.prompts(ctx); err != nil {
		return err
	}
	cfg, err := s.config(nil)
	if err != nil {
		return err
	}
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
				return err
			}
			if o.Walk, err = walks.Resume(ctx, path); err != nil {
				return err
			}
		}
	}
	s.start(ctx)
	a.screened = s.log
	return ui.Run(ctx, o)
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

// Open lists the walks of this cluster that nobody finished and nobody holds.
func (w *walks) Open() ([]audit.Summary, error) {
	all, err := audit.List(w.dir)
	var out []audit.Summary
	for _, t := range all {
		if t.Cluster == w.cfg.Cluster.Name && t.Status == audit.Interrupted {
			out = append(out, t)
		}
	}
	return out, err
}

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

func (s screenWalk) Close() error { return s.Walk.Close("the console was left") }
