package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"recon/internal/rehearsal"
	"recon/runbooks"
)

// testCommand proves books on training clusters.
func (a *app) testCommand() *cobra.Command {
	all := false
	c := &cobra.Command{
		Use: "test [BOOK...]", Short: "Prove books: make their fault on a training cluster, walk them, and see that it is healthy again",
		Long: "test starts a training cluster inside this program for each book, makes the book's fault, waits for its finding,\n" +
			"walks the book and confirms by itself, measures every proof, and looks whether the cluster is healthy afterwards\n" +
			"and whether an acknowledged commit was lost. No other cluster is ever touched. Without a name it proves every book\n" +
			"that names a fault, with its first fault.\nIt exits with 1 when a book is not proven.",
		RunE: func(_ *cobra.Command, args []string) error { return a.testBooks(args, all) },
	}
	c.Flags().BoolVar(&all, "all-faults", false, "prove each book with each of its faults")
	c.Flags().BoolVar(&a.json, "json", false, "as JSON")
	return c
}

// trial is one book with one of its faults.
type trial struct {
	book  *runbooks.Runbook
	fault string
}

// trialRow is a report as `runbooks test --json` prints it.
type trialRow struct {
	rehearsal.Report
	// Proven is false, with the reason, when the book is not proven.
	Proven bool   `json:"proven"`
	Reason string `json:"reason,omitempty"`
}

func (a *app) testBooks(names []string, allFaults bool) (err error) {
	dir, err := os.MkdirTemp("", "recon-test-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	// Much is allocated and little is kept: a hundred megabytes more spare a quarter of the work.
	defer debug.SetGCPercent(debug.SetGCPercent(400))
	lib, err := rehearsal.Library(filepath.Join(dir, "library"), a.bookFolders...)
	if err != nil {
		return err
	}
	trials, rows, err := chosen(lib, names, allFaults)
	if err != nil {
		return err
	}
	began := time.Now()
	rows = append(rows, a.rehearse(a.ctx, lib, trials, dir)...)
	if a.ctx.Err() != nil {
		return a.ctx.Err()
	}
	proven := 0
	for _, r := range rows {
		if r.Proven {
			proven++
		}
	}
	if a.json {
		enc := json.NewEncoder(a.out)
		enc.SetIndent("", "  ")
		if err := enc.Encode(rows); err != nil {
			return err
		}
	} else {
		fmt.Fprintf(a.out, "%d of %d proven in %s\n", proven, len(rows), time.Since(began).Round(100*time.Millisecond))
	}
	if proven < len(rows) {
		return quiet(exitFailed)
	}
	return nil
}

// chosen are the trials of the named books, or of all that can be proven. Rows are those that need no trial: a book that was
// named and cannot be proven.
func chosen(lib *runbooks.Library, names []string, allFaults bool) (trials []trial, rows []trialRow, err error) {
	books := lib.Books
	if len(names) > 0 {
		books = nil
		for _, name := range names {
			b, err := pick(lib, name)
			if err != nil {
				return nil, nil, err
			}
			books = append(books, b)
		}
	}
	for _, b := range books {
		faults, why := rehearsal.Trials(b)
		switch {
		case len(names) == 0 && (b.Kind == runbooks.Drill || len(faults) == 0):
			continue
		case len(faults) == 0:
			rows = append(rows, trialRow{Report: rehearsal.Report{Book: b.ID}, Reason: why})
			continue
		}
		for i, fault := range faults {
			if i == 0 || allFaults {
				trials = append(trials, trial{b, fault})
			}
		}
	}
	return trials, rows, nil
}

// rehearse runs the trials, as many at a time as there are processors, and prints each when it has ended.
func (a *app) rehearse(ctx context.Context, lib *runbooks.Library, trials []trial, dir string) []trialRow {
	rows := make([]trialRow, len(trials))
	next := make(chan int)
	var workers sync.WaitGroup
	var out sync.Mutex
	for range min(runtime.NumCPU(), max(len(trials), 1)) {
		workers.Go(func() {
			for i := range next {
				own := filepath.Join(dir, fmt.Sprint(i))
				r := rehearsal.Book(ctx, lib, trials[i].book, trials[i].fault, own)
				_ = os.RemoveAll(own) // the whole folder goes at the end
				rows[i] = trialRow{Report: r, Proven: r.Err == nil}
				if r.Err != nil {
					rows[i].Reason = r.Err.Error()
				}
				if !a.json {
					out.Lock()
					a.printTrial(rows[i])
					out.Unlock()
				}
			}
		})
	}
	for i := range trials {
		if ctx.Err() != nil {
			break
		}
		next <- i
	}
	close(next)
	workers.Wait()
	return rows
}

func (a *app) printTrial(r trialRow) {
	if r.Fault == "" {
		r.Fault = "healthy"
	}
	if !r.Proven {
		fmt.Fprintf(a.out, "NOT PROVEN  %s (%s): %s\n", r.Book, r.Fault, r.Reason)
		return
	}
	what := "recognised"
	if r.Cures {
		what = "cured"
	}
	fmt.Fprintf(a.out, "%-10s  %s (%s): found after %s, walked in %s, %d commands, %d commits lost, %.1f s\n", what, r.Book, r.Fault,
		r.Found.Round(time.Second), r.Walked.Round(time.Second), r.Commands, r.Lost, r.Took.Seconds())
}
