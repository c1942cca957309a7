// Package walk leads one operator through one runbook on one cluster.
//
// A walk is a fold over its trail: every method that changes something appends a record first, and where the walk stands
// is computed from the records alone, so that a killed console, a report and the screen cannot disagree. View shows it in
// the light of a State and says what it waits for (Next); Approve turns a plan into an approval that can be used once;
// Execute reads the gates again from questions asked after the confirmation, records the intent, sends the bytes that were
// shown and records what came back; Prove measures the proof on facts newer than the intent.
//
// Walk knows no screen: the console and the line mode are two faces of it. Start or Resume gives a Walk; its methods may
// block on the disk and the network, View does not.
package walk

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"recon/actions"
	"recon/internal/audit"
	"recon/internal/gate"
	"recon/internal/inventory"
	"recon/internal/remote"
	"recon/probes"
	"recon/runbooks"
)

// Eyes is what a walk needs of the probes; *probes.Watch has it.
type Eyes interface {
	// State is the newest view.
	State() *probes.State
	// Fresh asks the named sections (all, when none is named) again and returns a view in which older answers are unseen.
	Fresh(ctx context.Context, sections []string) (*probes.State, error)
}

// Hands is what a walk needs of the actions; *actions.Hands has it.
type Hands interface {
	Plan(cmd actions.Command) (*actions.Plan, error)
	Run(ctx context.Context, p *actions.Plan, sink func(target string) io.Writer) []actions.Outcome
}

// Config is where a walk happens and who walks it.
type Config struct {
	Cluster  *inventory.Cluster
	Library  *runbooks.Library
	Scope    gate.Scope
	Eyes     Eyes
	Hands    Hands
	Operator string
	Host     string
	TTY      string
	Version  string
	// Trails is the folder of all trails.
	Trails string
	// Now is the clock; time.Now when nil. Wait lets that clock go on between two looks of a proof; real time when nil.
	Now  func() time.Time
	Wait func(ctx context.Context, d time.Duration) error
}

// Walk is one run of one runbook. Its methods may be called from several goroutines; what changes the walk happens one
// after the other.
type Walk struct {
	cfg  Config
	book *runbooks.Runbook

	mu    sync.Mutex
	trail *audit.Trail
	fold  *fold
	// running is true while Execute sends, so that nothing else is confirmed meanwhile.
	running bool
	// used holds the approvals that were given, by record number, and whether they were used.
	used map[uint64]bool
	// heldBefore says, by step, that the proof already held when the last run was approved.
	heldBefore map[int]bool
	stamp      string
}

// Start begins a walk: it creates the trail, whose first record embeds the book. Inputs that the book asks for and that
// are missing or not among the choices are an error.
func Start(cfg Config, book *runbooks.Runbook, inputs map[string]string, dryRun bool) (*Walk, error) {
	return begin(cfg, book, inputs, dryRun, nil)
}

// begin starts a walk, which is the child of another when parent is a place in that one's trail.
func begin(cfg Config, book *runbooks.Runbook, inputs map[string]string, dryRun bool, parent *audit.Ref) (*Walk, error) {
	w := &Walk{cfg: cfg, book: book, used: map[uint64]bool{}, heldBefore: map[int]bool{}}
	if err := w.checkInputs(inputs); err != nil {
		return nil, err
	}
	titles := make([]string, len(book.Steps))
	for i, s := range book.Steps {
		titles[i] = s.Title
	}
	c := cfg.Cluster
	first := audit.Start{
		Operator: cfg.Operator, Host: cfg.Host, TTY: cfg.TTY, Version: cfg.Version,
		Cluster: c.Name, Environment: string(c.Environment), Inventory: audit.Inventory{Path: c.File, SHA256: c.Hash},
		Book:   audit.Book{ID: book.ID, Title: book.Title, SHA256: book.Hash, Text: string(book.Source), Steps: titles},
		Inputs: inputs, DryRun: dryRun, Parent: parent,
	}
	trail, err := audit.Create(cfg.Trails, first)
	if err != nil {
		return nil, err
	}
	w.trail = trail
	records, err := audit.Read(trail.Path())
	if err != nil {
		return nil, errors.Join(err, trail.Close())
	}
	if err := w.refold(records); err != nil {
		return nil, errors.Join(err, trail.Close())
	}
	for id, why := range book.Waives {
		if err := w.append(audit.KindWaive, audit.Waive{Guard: id, Reason: why, By: "the book"}); err != nil {
			return nil, errors.Join(err, trail.Close())
		}
	}
	return w, nil
}

// Resume goes on with the walk of a trail. The book is the one that the trail embeds, not the library's, which may have
// changed since. Intents without a result are unknown, and Next says so first.
func Resume(cfg Config, path string) (*Walk, error) {
	trail, records, err := audit.Resume(path)
	if err != nil {
		return nil, err
	}
	w := &Walk{cfg: cfg, trail: trail, used: map[uint64]bool{}, heldBefore: map[int]bool{}}
	fail := func(err error) (*Walk, error) { return nil, errors.Join(err, trail.Close()) }
	if len(records) == 0 || records[0].Kind != audit.KindStart {
		return fail(fmt.Errorf("%s does not begin with a start record", path))
	}
	start, err := audit.As[audit.Start](records[0])
	if err != nil {
		return fail(err)
	}
	if start.Cluster != cfg.Cluster.Name {
		return fail(fmt.Errorf("%s is a walk on cluster %s, and the cluster file is of %s; name the right one with -i", path, start.Cluster, cfg.Cluster.Name))
	}
	book, problems := runbooks.Parse(start.Book.ID+".md", []byte(start.Book.Text), cfg.Scope)
	if len(problems) > 0 {
		return fail(fmt.Errorf("the book in the trail cannot be read by this version of recon: %w", problems))
	}
	w.book = book
	if err := w.refold(records); err != nil {
		return fail(err)
	}
	if w.fold.status != Open {
		return fail(fmt.Errorf("%s has ended (%s); `recon audit show` shows it", path, w.fold.status))
	}
	return w, nil
}

// Book is the runbook that is walked.
func (w *Walk) Book() *runbooks.Runbook { return w.book }

// Trail is the path of the trail, Head the head of its chain.
func (w *Walk) Trail() string { return w.trail.Path() }

// Head is the head of the trail's chain, in hex.
func (w *Walk) Head() string { return w.trail.Head() }

// Close releases the trail. An open walk stays open and can be resumed; reason says why the console left it.
func (w *Walk) Close(reason string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	var err error
	if w.fold.status == Open && w.trail.Err() == nil {
		err = w.append(audit.KindInterrupted, audit.Left{Operator: w.cfg.Operator, Host: w.cfg.Host, Reason: reason})
	}
	return errors.Join(err, w.trail.Close())
}

func (w *Walk) refold(records []audit.Record) error {
	w.fold = newFold(w.book)
	for _, r := range records {
		if err := w.fold.apply(r); err != nil {
			return err
		}
	}
	return nil
}

// append records one fact and folds it. The walk changes only if the record is on disk.
func (w *Walk) append(kind audit.Kind, data any) error {
	_, err := w.record(kind, data)
	return err
}

func (w *Walk) record(kind audit.Kind, data any) (audit.Record, error) {
	r, err := w.trail.Append(kind, data)
	if err != nil {
		return r, fmt.Errorf("the trail cannot be written, so nothing is changed: %w", err)
	}
	return r, w.fold.apply(r)
}

func (w *Walk) now() time.Time {
	if w.cfg.Now != nil {
		return w.cfg.Now()
	}
	return time.Now()
}

func (w *Walk) wait(ctx context.Context, d time.Duration) error {
	if w.cfg.Wait != nil {
		return w.cfg.Wait(ctx, d)
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

func (w *Walk) checkInputs(given map[string]string) error {
	var errs []error
	known := map[string]bool{}
	for _, in := range w.book.Inputs {
		known[in.Name] = true
		if given[in.Name] == "" {
			errs = append(errs, fmt.Errorf("the book asks for %s (%s); give it with --input %s=VALUE", in.Name, in.Ask, in.Name))
		}
	}
	for name := range given {
		if !known[name] {
			errs = append(errs, fmt.Errorf("the book has no input %q", name))
		}
	}
	return errors.Join(errs...)
}

func exitOutcome(k remote.ExitKind) audit.Outcome { return audit.Outcome(k) }
