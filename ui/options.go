package ui

import (
	"context"
	"io"
	"time"

	"recon/internal/audit"
	"recon/internal/drill"
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
	// Training is the drills; nil where there are none. Its screen is shown on a training cluster only.
	Training Training
	// Guide says in a strip above the keys what the operator sees and what they can do now; there is no strip when it is nil.
	// It is called while the screen is drawn: it must be pure, and quick.
	Guide func(Moment) string
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

// Training is the drills of a training cluster and the session under way; *drill.Room is one.
type Training interface {
	Drills() ([]drill.Entry, error)
	// View is the session under way or the last one; false when there was none.
	View() (drill.View, bool)
	// Subscribe calls f after each change of the session, until ctx ends; it blocks.
	Subscribe(ctx context.Context, f func(drill.View))
	Start(id string) error
	Hint() error
	Diagnose(book string) (right bool, err error)
	GiveUp() error
	// Review tells what walks did since the session ended.
	Review()
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
	// Enter begins or goes on with the book inside of a step, and is nil when that has ended; Return records its end.
	Enter(step int) (Walk, error)
	Return(step int) error
	Note(text string) error
	Escalate(reason string) error
	Abandon(reason string) error
	Finish(acknowledged []string) error
	Close() error
}
