package ui

import (
	"context"
	"io"
	"time"

	"recon/internal/audit"
	"recon/internal/gate"
	"recon/internal/inventory"
	"recon/internal/walk"
	"recon/probes"
	"recon/runbooks"
)

// Options is what the console is opened with.
type Options struct {
	Cluster *inventory.Cluster
	// Operator and Host are the person and the machine, as the trail records them.
	Operator, Host string
	Eyes           Eyes
	// Library is shown when it is there already; otherwise Load gets it after the first frame.
	Library *runbooks.Library
	Load    func() (*runbooks.Library, error)
	Walks   Walks
	// Walk opens the console straight on a walk; Book, with the inputs that are known, on the question whether to start it.
	Walk   Walk
	Book   string
	Inputs map[string]string
	DryRun bool
	// Now is the clock; time.Now when nil. Theme is how things look; the default one when nil.
	Now   func() time.Time
	Theme *Theme
}

// Eyes is the cluster's state; *probes.Watch has it.
type Eyes interface {
	// State is the newest view, never nil.
	State() *probes.State
	// Subscribe calls f with the newest State after each update, until ctx ends; it blocks.
	Subscribe(ctx context.Context, f func(*probes.State))
	// Fresh asks the named sections again (all, when none is named) and returns when they answered, or ctx ended.
	Fresh(ctx context.Context, sections []string) (*probes.State, error)
}

// Walks starts walks, finds the open ones and goes on with them.
type Walks interface {
	Start(ctx context.Context, book *runbooks.Runbook, inputs map[string]string, dryRun bool) (Walk, error)
	Open() ([]audit.Summary, error)
	Resume(ctx context.Context, path string) (Walk, error)
}

// Walk is one walk as the console needs it; *walk.Walk has all of it but Close without a reason.
type Walk interface {
	View(s *probes.State) walk.View
	Approve(p *walk.Plan, how walk.Confirmation, typed string) (*walk.Approval, error)
	Execute(ctx context.Context, a *walk.Approval, sink func(target string) io.Writer) (walk.Report, error)
	Prove(ctx context.Context, step int, progress func(walk.Progress)) (gate.Answer, error)
	Answer(name, value string) error
	Attest(step int, note string) error
	Decide(step int, applies bool, reason string) error
	Skip(step int, reason string) error
	Override(step int, reason string) error
	Retry(step int) error
	Jump(step int) error
	RollBack(step int) (*walk.Plan, error)
	Reconcile(step int, verdict, reason string) error
	Note(text string) error
	Escalate(reason string) error
	Abandon(reason string) error
	Finish(acknowledged []string) error
	Close() error
}
