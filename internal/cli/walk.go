package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"recon/internal/audit"
	"recon/internal/inventory"
	"recon/internal/walk"
	"recon/probes"
	"recon/runbooks"
	"recon/ui/plain"
)

type walkOptions struct {
	plain, print, resume, dry bool
	inputs                    map[string]string
}

func (a *app) walkCommand() *cobra.Command {
	var o walkOptions
	c := &cobra.Command{
		Use: "walk BOOK", Short: "Walk a runbook, step by step, each confirmed by you",
		Args: cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			id := ""
			if o.inputs == nil {
				o.inputs = map[string]string{}
			}
			if len(args) > 0 {
				id = args[0]
			}
			return a.walk(id, o)
		},
	}
	c.Flags().BoolVar(&o.plain, "plain", false, "line by line instead of the full screen")
	c.Flags().BoolVar(&o.print, "print", false, "print the book with its commands resolved; asks the cluster nothing")
	c.Flags().BoolVar(&o.resume, "resume", false, "go on with the newest open walk (of BOOK, when it is given)")
	c.Flags().BoolVar(&o.dry, "dry-run", false, "walk without sending anything")
	c.Flags().StringToStringVar(&o.inputs, "input", nil, "an input of the book, NAME=VALUE; repeatable")
	return c
}

func (a *app) walk(id string, o walkOptions) error {
	if id == "" && !o.resume {
		return exit(exitUsage, "which book? `recon runbooks list` names them")
	}
	if o.print {
		return a.printBook(id, o)
	}
	if !term.IsTerminal(int(a.in.Fd())) {
		return coded{exitUsage, plain.ErrNoTerminal}
	}
	if !o.plain && os.Getenv("TERM") != "dumb" {
		return a.console(id, o)
	}
	s, err := a.open()
	if err != nil {
		return err
	}
	err = a.walkPlain(s, id, o)
	return errors.Join(err, s.close())
}

func (a *app) printBook(id string, o walkOptions) error {
	// The book must be had even when the cluster file is gone: then its values stay names.
	c, err := inventory.Load(a.inventoryFile())
	if err != nil {
		fmt.Fprintln(a.err, "recon: printing without the cluster file:", err)
	}
	lib, err := a.loadLibrary(c)
	if err != nil {
		return err
	}
	book, err := pick(lib, id)
	if err != nil {
		return err
	}
	return walk.Print(a.out, book, lib, c, o.inputs)
}

func pick(lib *runbooks.Library, id string) (*runbooks.Runbook, error) {
	if book, ok := lib.Book(id); ok {
		return book, nil
	}
	if _, ok := lib.Drill(id); ok {
		return nil, exit(exitUsage, "%q is a drill, and is not walked; `recon drill run %s` runs it", id, id)
	}
	var ids []string
	for _, b := range lib.Books {
		ids = append(ids, b.ID)
	}
	return nil, exit(exitUsage, "there is no book %q; there are: %s", id, strings.Join(ids, ", "))
}

func (a *app) walkPlain(s *session, id string, o walkOptions) error {
	ctx := a.ctx
	if err := s.prompts(ctx); err != nil {
		return err
	}
	lib, err := a.loadLibrary(s.cluster)
	if err != nil {
		return err
	}
	cfg := s.config(lib)
	s.start(ctx)
	// One round of answers before the first screenful, so that it does not consist of "not asked yet".
	first, cancel := context.WithTimeout(ctx, 5*time.Second)
	_, _ = s.watch.Fresh(first, nil) // what did not answer by then is shown as such
	cancel()
	lines, err := plain.Terminal(a.in, a.out)
	if err != nil {
		return err
	}
	defer lines.Close()
	var w *walk.Walk
	if o.resume {
		path, err := newestOpen(cfg.Trails, s.cluster.Name, id)
		if err != nil {
			return err
		}
		w, err = walk.Resume(cfg, path)
		if err != nil {
			return err
		}
	} else {
		book, err := pick(lib, id)
		if err != nil {
			return err
		}
		if err := a.warnOpen(cfg.Trails, s.cluster.Name); err != nil {
			return err
		}
		if err := askInputs(ctx, lines, book, o.inputs, s.watch.State); err != nil {
			return err
		}
		if w, err = walk.Start(cfg, book, o.inputs, o.dry); err != nil {
			return err
		}
	}
	console := plain.Console{Out: a.out, Ask: lines.Ask, Eyes: s.watch}
	err = console.Run(ctx, w)
	if errors.Is(err, context.Canceled) {
		err = plain.ErrLeft // an interrupt, or a terminal that went away: what ran was recorded, and the walk stays open
	}
	left := "the operator left"
	if err != nil && !plain.Left(err) {
		left = err.Error()
	}
	status := w.View(s.watch.State()).Status
	err = errors.Join(err, w.Close(left))
	fmt.Fprintf(a.out, "trail %s  head %s\n", w.Trail(), audit.Short(w.Head()))
	if err != nil {
		return err
	}
	return ended(status)
}

// ended is the exit code of a walk's end.
func ended(status walk.Status) error {
	switch status {
	case walk.Abandoned:
		return quiet(exitAbandoned)
	case walk.Escalated:
		return quiet(exitEscalated)
	}
	return nil
}

// newestOpen is the newest walk of the cluster that nobody finished and nobody holds.
func newestOpen(dir, cluster, book string) (string, error) {
	all, err := audit.List(dir)
	if err != nil {
		return "", err
	}
	for _, t := range all {
		if t.Cluster != cluster || t.Status != audit.Interrupted || book != "" && t.Book != book {
			continue
		}
		if book != "" {
			return t.Path, nil
		}
		return outermost(dir, t.Path)
	}
	return "", exit(exitUsage, "no interrupted walk of cluster %s is in %s; `recon audit list` shows all walks", cluster, dir)
}

// outermost is the walk to go on with when path is the child of another one that is open: it leads into the child again.
func outermost(dir, path string) (string, error) {
	for {
		records, err := audit.Read(path)
		if err != nil || len(records) == 0 {
			return path, err
		}
		first, err := audit.As[audit.Start](records[0])
		if err != nil || first.Parent == nil {
			return path, err
		}
		around := filepath.Join(dir, first.Parent.Path)
		outer, err := audit.Read(around)
		if err != nil || len(outer) == 0 || outer[len(outer)-1].Kind == audit.KindEnd {
			return path, nil // its parent has ended or is gone: it is a walk like any other
		}
		path = around
	}
}

// leftOpen lists the walks of a cluster that nobody finished and nobody holds, newest first. One that is a part of another walk
// that is open is not among them: that one leads into it again.
func leftOpen(dir, cluster string) ([]audit.Summary, error) {
	all, err := audit.List(dir)
	open := map[string]bool{}
	for _, t := range all {
		if t.Status == audit.Interrupted || t.Status == audit.Open {
			open[filepath.Clean(t.Path)] = true
		}
	}
	var out []audit.Summary
	for _, t := range all {
		if t.Cluster == cluster && t.Status == audit.Interrupted && (t.Parent == "" || !open[filepath.Join(dir, t.Parent)]) {
			out = append(out, t)
		}
	}
	return out, err
}

// warnOpen says that walks were left open, so that none is forgotten.
func (a *app) warnOpen(dir, cluster string) error {
	all, err := leftOpen(dir, cluster)
	if err != nil {
		return err
	}
	for _, t := range all {
		fmt.Fprintf(a.out, "! an interrupted walk of %s from %s is open; `recon walk --resume %s` goes on with it\n", t.Book, t.Started.Format(time.RFC3339), t.Book)
	}
	return nil
}

// askInputs asks for the inputs that the flags did not give, with the choices and defaults that the State of the moment yields.
func askInputs(ctx context.Context, t *plain.Lines, book *runbooks.Runbook, given map[string]string, state func() *probes.State) error {
	for _, in := range book.Inputs {
		if given[in.Name] != "" {
			continue
		}
		v, err := t.Choose(ctx, in.Ask, func() (o plain.Offer) {
			vars := probes.Vars(state())
			if o.Choices, o.Default = in.Options(vars); o.Default == "" {
				o.Likely = in.Likely(vars)
			}
			if in.Choices != nil {
				o.None = "nothing is seen now that could be chosen; Enter looks again, and a name that is typed is taken as it is"
			}
			return o
		})
		if err != nil {
			return err
		}
		given[in.Name] = v
	}
	return nil
}
