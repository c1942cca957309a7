// Package runbooks is the library of runbooks and its reader: markdown in, Runbook out.
//
// A book is markdown that reads well without recon; docs/runbook-format.md is its reference. Parse reads one book and
// reports every mistake with file, line and column, and what was probably meant; nothing unknown is ignored. Lint does the
// same and refuses, beyond syntax, what has ended badly on real clusters. What Parse returns without problems has all its
// expressions compiled against the types of the State that they read, and its shell parsed as POSIX shell.
//
// Load gives the Library: the books that are built in, and those of the user's own folders. Nothing here runs anything,
// asks anybody or reads a clock.
package runbooks

import (
	"time"

	"recon/internal/gate"
)

// Kind is what a book is for.
type Kind string

// The kinds of books. A Finding is recognition only: it says what is seen, and its steps look and change nothing.
const (
	Recovery    Kind = "recovery"
	Deployment  Kind = "deployment"
	Maintenance Kind = "maintenance"
	Drill       Kind = "drill"
	Finding     Kind = "finding"
)

// Origin says where a book comes from.
type Origin string

// The origins: the built-in library, or a folder of the user.
const (
	FromLibrary Origin = "library"
	FromOwn     Origin = "own"
)

// Runbook is one book, read and checked. It is never changed after it was parsed.
type Runbook struct {
	ID, Title string
	Kind      Kind
	// Severity is 1 (service down or data at risk), 2 (redundancy lost), 3 (degraded) or 0 (planned).
	Severity int
	// Systems are words of Systems(); Scenarios are ids as in Scenarios.
	Systems, Scenarios []string
	// When is the state in which the book applies; nil when it is never suggested. Because says it in words. For is how long
	// When must hold before the book is suggested.
	When     *Condition
	Because  *gate.Template
	For      time.Duration
	Escalate string
	Inputs   []Input
	// Faults are names of package fault, with their parameters ("stop-node netbox-node-2").
	Faults []string
	// Test is how the book is proven on a training cluster.
	Test Test
	// Waives maps a guard's id to the reason why the book does not ask it.
	Waives map[string]string
	// Intro is the markdown between the first heading and the first step.
	Intro string
	Steps []Step
	// Solves is the id of the book that solves a drill, Par the time that a trained operator needs, Loses what costs points
	// if it comes to pass during the drill. Only drills have them.
	Solves string
	Par    time.Duration
	Loses  []Condition
	// File is the name it was read from, Source its bytes, Hash their SHA-256 in hex.
	File   string
	Source []byte
	Hash   string
	Origin Origin

	solvesAt [2]int // line and column of Solves
}

// Goal is what wins a drill: the proof of its one step that has one; nil for every other book.
func (b *Runbook) Goal() *Proof {
	for _, s := range b.Steps {
		if b.Kind == Drill && s.Proof != nil {
			return s.Proof
		}
	}
	return nil
}

// Hints are a drill's hints, in the order in which they open.
func (b *Runbook) Hints() []string {
	var out []string
	for _, s := range b.Steps {
		out = append(out, s.Hints...)
	}
	return out
}

// Test is what a rehearsal of the book needs to know.
type Test struct {
	// Answers are the inputs and the answers to questions that the rehearsal gives, by name.
	Answers map[string]string
	// With are faults that are made first, so that the book's own fault has the effect that it is about.
	With []string
	// Then are books that are walked afterwards, because this one is done before all is well.
	Then []string
	// Mended is the number of the step, from 1, before which others have mended the cause; 0 when the book does it itself.
	Mended int
	// Healthy says that the book is walked on a healthy cluster: it needs no fault.
	Healthy bool
	// After is how long the faults have lasted when the operator first looks.
	After time.Duration
	// Fades is how long the cluster remembers what the book is about after it is over.
	Fades time.Duration
	// Readable are files on the hosts that the console's user may read in this rehearsal, as on many deployments.
	Readable []string
	// Not is why the book is not rehearsed, empty when it is.
	Not string
	// Loses are the faults after which acknowledged commits may be missing although the book was followed.
	Loses []string
}

// Condition is one expression of type bool with the words that explain it.
type Condition struct {
	// Text is the expression, Explain what stands behind its #.
	Text, Explain string
	// Line and Column are where it begins in the file, both from 1; Column counts characters.
	Line, Column int
	Expr         *gate.Expr
}

// Step is one second-level heading with what belongs to it. Its blocks run in this order: When, Before, Commands, Asks,
// Proof.
type Step struct {
	// Number counts from 1. Anchor is the heading as git hosts link to it.
	Number int
	Title  string
	Anchor string
	Line   int
	// Text is the step's markdown without the blocks that recon reads: prose, alerts and fences that are only shown.
	Text string
	// When is what must hold for the step to apply; Before is what must hold for its commands to run.
	When, Before []Condition
	// Commands are in the order of the file; at most one of them changes anything. Rollbacks undo the step.
	Commands  []Command
	Asks      []Question
	Proof     *Proof
	Rollbacks []Command
	// Hints are the texts of a drill's hint blocks.
	Hints []string
	// ByHand is a step of text alone: the operator does it and attests. GateOnly is a step of checks alone, which are all in
	// Proof.
	ByHand   bool
	GateOnly bool
}

// Proof is what shows that a step worked.
type Proof struct {
	Conditions []Condition
	// Within is how long to wait for it (0: it must hold at the first look), For how long it must hold then.
	Within, For time.Duration
	// Progress is a number; while it grows, the clock of Within stands still.
	Progress *gate.Expr
	Line     int
}
