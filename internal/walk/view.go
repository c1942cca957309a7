package walk

import (
	"time"

	"recon/actions"
	"recon/internal/gate"
	"recon/runbooks"
)

// Status is where a walk stands.
type Status string

// The statuses of a walk. Interrupted is an open walk that no console holds any more.
const (
	Open        Status = "open"
	Completed   Status = "completed"
	Escalated   Status = "escalated"
	Abandoned   Status = "abandoned"
	Interrupted Status = "interrupted"
)

// StepStatus is where a step stands. Ready and Blocked are never stored: they follow from State.
type StepStatus string

// The statuses of a step.
const (
	Pending   StepStatus = "pending"
	Blocked   StepStatus = "blocked"
	Ready     StepStatus = "ready"
	Running   StepStatus = "running"
	Verifying StepStatus = "verifying"
	Done      StepStatus = "done"
	Failed    StepStatus = "failed"
	Unknown   StepStatus = "unknown"
	Skipped   StepStatus = "skipped"
	NotNeeded StepStatus = "not needed"
)

// View is a walk as it stands: the fold of its trail, seen in the light of one State. It is never changed after it was
// made, so that a screen can keep it.
type View struct {
	Book   *runbooks.Runbook
	ID     string
	Trail  string // path of the trail
	Head   string // the chain's head, in hex
	Status Status
	// Reason is why the walk was escalated or abandoned.
	Reason  string
	DryRun  bool
	Started time.Time
	Ended   time.Time
	// TrailError is why nothing can be recorded any more, or "".
	TrailError string
	Inputs     map[string]string
	Answers    map[string]string
	Steps      []StepView
	// Current is the index in Steps of the step that Next is about.
	Current int
	Next    Next
}

// StepView is one step as it stands.
type StepView struct {
	Step   *runbooks.Step
	Status StepStatus
	// Reason is why it is skipped, failed, unknown or blocked, in one line.
	Reason string
	// When, Before (the step's own checks, then the guards) and Proof are evaluated only for the current step; for others
	// their answers are what the trail recorded last, or Unknown.
	When, Before, Proof []Check
	Attempts            int
	// Overridden is the typed reason with which blocking gates were passed over, or "".
	Overridden string
	// Attested is the note with which the operator vouched for the step by hand, or "".
	Attested string
	Results  []Result
}

// Result is one recorded run of one command at one target.
type Result struct {
	Block    int
	Attempt  int
	Rollback bool
	Outcome  actions.Outcome
	// Output is the path of the file with what came back.
	Output string
}

// Check is one condition with its answer.
type Check struct {
	Text, Explain string
	// Guard is the guard's id when the condition is one ("G01"), Waived the book's reason for not asking it.
	Guard, Waived string
	Answer        gate.Answer
	Unseen        string
	Parts         []gate.Part
}

// NextKind is what the walk waits for.
type NextKind string

// What a walk can wait for.
const (
	// NextGate: a gate fails or is unknown. The State may change; the operator may override (not for destroy), skip or jump.
	NextGate NextKind = "gate"
	// NextDecide: nobody can tell whether the step applies; the operator says yes or skips it.
	NextDecide NextKind = "decide"
	// NextConfirm: a block is ready to be confirmed. Plan says what it would do.
	NextConfirm NextKind = "confirm"
	// NextBook: another book is walked as a part of this one. Call Enter, walk what it returns, and then Return.
	NextBook NextKind = "book"
	// NextAsk: a question waits for its answer.
	NextAsk NextKind = "ask"
	// NextAttest: a step done by hand waits for the operator's note.
	NextAttest NextKind = "attest"
	// NextProve: the proof has to be measured. Call Prove.
	NextProve NextKind = "prove"
	// NextReconcile: an outcome is unknown. The proof and read-only commands may be looked at; then the operator says what is true.
	NextReconcile NextKind = "reconcile"
	// NextChoose: the step failed: retry, roll back, skip with a reason, or escalate.
	NextChoose NextKind = "choose"
	// NextFinish: every step is behind us; the leftovers must be acknowledged, then Finish.
	NextFinish NextKind = "finish"
	// NextNothing: the walk has ended.
	NextNothing NextKind = "nothing"
)

// Next is what the walk waits for now.
type Next struct {
	Kind NextKind
	// Step is the index of the step it is about.
	Step int
	// Block is the index of the block (a changing command, or consecutive reads) for NextConfirm and NextReconcile.
	Block int
	// Plan is what would be confirmed; nil except for NextConfirm and for NextGate where the block itself can be shown.
	Plan *Plan
	// PlanError is why no plan can be made ("the target is not known now: ..."), or "".
	PlanError string
	// Child is for NextBook.
	Child *Child
	// Question and Choices are for NextAsk.
	Question *runbooks.Question
	Choices  []string
	Default  string
	// Leftovers are for NextFinish: what the scan found, in words ("Patroni is paused").
	Leftovers []string
	// CanRollBack says that the step has a rollback to offer.
	CanRollBack bool
	// CanOverride says that the blocking gates, or for NextChoose the dry run that failed, may be passed over with a typed reason.
	CanOverride bool
}

// Child is a book that is walked as a part of this one.
type Child struct {
	Book string
	// Inputs are what it is given, in words.
	Inputs []string
	// Trail is the trail of the child that was begun and left, or "".
	Trail string
}

// Confirmation is how a plan is confirmed.
type Confirmation string

// The ways to confirm: Enter for reads, y and Enter for changes, the target's name typed for what destroys.
const (
	ByEnter Confirmation = "enter"
	ByYes   Confirmation = "yes"
	ByName  Confirmation = "name"
)

// Plan is one block with everything resolved: what the operator sees is byte for byte what will be sent.
type Plan struct {
	Step, Block int
	Rollback    bool
	Risk        runbooks.Risk
	Items       []Item
	// Targets are all target names of the block, each once.
	Targets []string
	// Confirm is how it has to be confirmed; Type is what has to be typed for ByName.
	Confirm Confirmation
	Type    string
	// Refused is why it cannot be confirmed at all, or "" ("a step that destroys on several nodes needs a second person").
	Refused string
	// HeldBefore is true when the proof holds already, so that it will prove nothing.
	HeldBefore bool
	// Hash covers everything above; an approval is for this hash.
	Hash string

	gates []Check
}

// Item is one command of a plan.
type Item struct {
	Kind        actions.Kind
	Risk        runbooks.Risk
	Assignments []string
	Script      string
	// Who is the user at the targets, for example "root (sudo)".
	Who        string
	Targets    []string
	Timeout    time.Duration
	Disconnect string
	Order      string
	plan       *actions.Plan
	command    runbooks.Command
	block      int
	rest       []string
}

// Progress is how a proof stands while it is measured.
type Progress struct {
	Checks []Check
	// Waited is the time since the proof began, Limit what is allowed (0: at once), Holding how long all have passed.
	Waited, Limit, Holding, For time.Duration
}
