// Package drill runs drills: a training cluster is broken, somebody mends it, and afterwards everybody knows how it went.
//
// A drill is a runbook of kind drill: its faults, the book that solves it, the time that a trained operator needs, a story,
// hints, and a goal of conditions. A Session is one run of it: it breaks the cluster, starts the clock when the goal no longer
// holds, stops it when the goal holds again, and keeps what happened meanwhile. Score says how good that was, by a formula
// that docs/drills.md publishes; Debrief puts what the operator did beside what the book does. What the operator did is read
// from the trails of the walks, which have recorded it anyway.
//
// The package knows no screen and no particular cluster: whoever gives it a Cluster that can be broken, and Eyes that see
// it, has a Room in which drills are run one after the other.
package drill

import (
	"context"
	"errors"
	"time"

	"recon/internal/gate"
	"recon/probes"
	"recon/runbooks"
)

// Cluster is what drills are run on: a training cluster, which can be broken and mended.
type Cluster interface {
	// Break makes a fault, written as in a book, and says what it did.
	Break(ctx context.Context, fault string) (said string, err error)
	// Settled says whether every fault has done all that it does.
	Settled() bool
	// Mend takes every fault back; time may have to pass until the cluster is healthy.
	Mend(ctx context.Context) error
	// Healthy says what is missing for a healthy cluster, empty when nothing is.
	Healthy(ctx context.Context) (missing string)
	// Lost counts acknowledged commits that the primary lacks; known is false where nobody counts, or nobody leads.
	Lost() (commits int, known bool)
}

// Eyes is the cluster's state; *probes.Watch has it.
type Eyes interface {
	State() *probes.State
	// Updates rings after each new State, until stop is called.
	Updates() (updates <-chan struct{}, stop func())
	Fresh(ctx context.Context, sections []string) (*probes.State, error)
}

// Config is what a Room is made of.
type Config struct {
	// Library gets the books and drills; it is called each time they are needed.
	Library func() (*runbooks.Library, error)
	// Cluster is nil where nothing can be broken from here: then the drills are only listed.
	Cluster Cluster
	// Name is the cluster's name in its trails, Trails the folder of all trails.
	Name   string
	Trails string
	Eyes   Eyes
	// Records is the file of the best times.
	Records string
	// Now is the clock; time.Now when nil. Wait lets that clock go on; real time when nil.
	Now  func() time.Time
	Wait func(ctx context.Context, d time.Duration) error
}

func (c *Config) now() time.Time {
	if c.Now != nil {
		return c.Now()
	}
	return time.Now()
}

func (c *Config) wait(ctx context.Context, d time.Duration) error {
	if c.Wait != nil {
		return c.Wait(ctx, d)
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

// Phase is how far a session is.
type Phase string

// The phases. Preparing lasts until the fault is seen; the last three are ends.
const (
	Preparing Phase = "preparing"
	Running   Phase = "running"
	Recovered Phase = "recovered"
	GivenUp   Phase = "given up"
	Failed    Phase = "failed"
)

// Over says that the session has ended.
func (p Phase) Over() bool { return p == Recovered || p == GivenUp || p == Failed }

// The errors of a room.
var (
	ErrNoDrill   = errors.New("no drill is under way")
	ErrNoCluster = errors.New("this cluster is not broken from here; `recon drill run NAME` brings a cluster of its own")
	ErrNoHint    = errors.New("there are no more hints")
	ErrUnderWay  = errors.New("a drill is under way; end it first")
)

// View is a session at a moment, for a screen. It is never changed after it was given out.
type View struct {
	// ID and Title are the drill's, Story its markdown, Systems what it is about.
	ID, Title, Story string
	Severity         int
	Systems          []string
	Phase            Phase
	// Doing is what is prepared now, or why the session failed.
	Doing string
	// Began is when the clock started, Ended when it stopped; zero before.
	Began, Ended time.Time
	// Par is the time that a trained operator needs.
	Par time.Duration
	// Hints are those that were opened, of Of.
	Hints []string
	Of    int
	Goal  []Line
	// Diagnosed says that the operator named the right book, Guesses which wrong ones before.
	Diagnosed bool
	Guesses   []string
	// Injected counts the faults of the game master.
	Injected int
	// Debrief is there when the session is over and did not fail.
	Debrief *Debrief
}

// Elapsed is the time on the session's clock.
func (v *View) Elapsed(now time.Time) time.Duration {
	switch {
	case v.Began.IsZero():
		return 0
	case !v.Ended.IsZero():
		return v.Ended.Sub(v.Began)
	}
	return max(now.Sub(v.Began), 0)
}

// Line is one condition of the goal.
type Line struct {
	Text, Explain string
	Answer        gate.Answer
	// Unseen says why the answer is unknown.
	Unseen string
}
