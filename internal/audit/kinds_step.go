package audit

import "time"

// The three answers of a Line, and of a Proof.
const (
	Pass    = "pass"
	Fail    = "fail"
	Unknown = "unknown"
)

// The phases of a Gate.
const (
	Display   = "display"
	Execution = "execution"
)

// Line is one checked expression, its answer (Pass, Fail or Unknown) and the values it was made of.
type Line struct {
	Text   string `json:"text"`
	About  string `json:"about,omitempty"`
	Answer string `json:"answer"`
	Parts  []Part `json:"parts,omitempty"`
}

// Part is a piece of an expression and the value it had, as shown.
type Part struct {
	Text  string `json:"text"`
	Value string `json:"value"`
}

// Seen names the State that lines were evaluated on.
type Seen struct {
	Seq uint64    `json:"seq"`
	At  time.Time `json:"at"`
}

// Gate is what the operator was shown before a step (Display), or what was read again after the confirmation when it
// stopped the step (Execution; the gates of a step that did run stand in its Intent).
type Gate struct {
	Step  int    `json:"step"`
	Phase string `json:"phase"`
	Lines []Line `json:"lines"`
	State Seen   `json:"state"`
}

// The ways to confirm.
const (
	Enter = "enter"
	Yes   = "y"
	Typed = "typed"
)

// Approval is one confirmation. It covers Blocks (one, or consecutive reads) of the plan whose hash is Plan, and starts
// at most one run: the Intent names it.
type Approval struct {
	Step   int    `json:"step"`
	Blocks []int  `json:"blocks"`
	Plan   string `json:"plan"`
	// How is Enter, Yes or Typed; Text is what was typed.
	How  string `json:"how"`
	Text string `json:"text,omitempty"`
	By   string `json:"by"`
	// Second is the second person, where one was needed; BreakGlass that nobody was awake.
	Second     *Signature `json:"second,omitempty"`
	BreakGlass bool       `json:"break_glass,omitempty"`
}

// Signature is a second person's approval: of Challenge, with the ssh key whose fingerprint is Key.
type Signature struct {
	By        string `json:"by"`
	Key       string `json:"key"`
	Challenge string `json:"challenge"`
	Signature string `json:"signature"`
}

// Target is one place where a step runs. User is who logs in, Become whom the command runs as and how ("root (sudo)").
type Target struct {
	Name    string `json:"name"`
	Address string `json:"address,omitempty"`
	User    string `json:"user,omitempty"`
	Become  string `json:"become,omitempty"`
}

// Shown is byte for byte what the operator saw and what runs inside the wrapper.
type Shown struct {
	Assign []Assign `json:"assign,omitempty"`
	Script string   `json:"script"`
}

// Assign is one variable of the script; secrets stand as ‹name›. Target is set when its value holds there only.
type Assign struct {
	Name   string `json:"name"`
	Value  string `json:"value"`
	Target string `json:"target,omitempty"`
}

// Intent says what is about to run. When Append has returned it, and not before, the first byte may go out.
type Intent struct {
	Step  int `json:"step"`
	Block int `json:"block"`
	// Approval is the seq of the Approval that this run uses up; Plan is the hash that was approved.
	Approval uint64 `json:"approval"`
	Plan     string `json:"plan"`
	// Kind is the block's word (sh, http, sql, redis, ansible, ...), Risk its risk (read, change, destroy).
	Kind string `json:"kind"`
	Risk string `json:"risk"`
	// Attempt counts the runs of this block from 1.
	Attempt int      `json:"attempt"`
	Targets []Target `json:"targets"`
	// Rest are targets of the same block that wait for a confirmation of their own (order=canary).
	Rest  []string `json:"rest,omitempty"`
	Shown Shown    `json:"shown"`
	// Wire holds, by target name, the SHA-256 of the bytes that go out, secrets as ‹name›.
	Wire    map[string]string `json:"wire"`
	Timeout time.Duration     `json:"timeout_ns"`
	// Disconnect is kill or survive; Unit is the transient unit or token by which the run can be found later.
	Disconnect string `json:"disconnect,omitempty"`
	Unit       string `json:"unit,omitempty"`
	// Rollback says that this run undoes the intent with this seq; 0 otherwise.
	Rollback uint64 `json:"rollback,omitempty"`
	// DryRun says that the run changes nothing and only shows what would change.
	DryRun bool `json:"dry_run,omitempty"`
	// Gates are what was read between the confirmation and now, on State.
	Gates []Line `json:"gates"`
	State Seen   `json:"state"`
}

// Outcome is how a run ended at one target.
type Outcome string

// The outcomes. OutcomeUnknown and NotStarted have a reason.
const (
	OK             Outcome = "ok"
	Failed         Outcome = "failed"
	Signalled      Outcome = "signalled"
	TimedOut       Outcome = "timed out"
	Cancelled      Outcome = "cancelled"
	OutcomeUnknown Outcome = "unknown"
	NotStarted     Outcome = "not started"
)

// Result is what came back of an intent, for one target or several. An intent may have several Results; it is settled
// when each of its targets stands in one.
type Result struct {
	Intent  uint64         `json:"intent"`
	Targets []TargetResult `json:"targets"`
}

// TargetResult is what happened at one target. Code is the exit status or the HTTP status where Outcome has one.
type TargetResult struct {
	Target   string            `json:"target"`
	Outcome  Outcome           `json:"outcome"`
	Code     int               `json:"code"`
	Signal   string            `json:"signal,omitempty"`
	Reason   string            `json:"reason,omitempty"`
	Tasks    *Tasks            `json:"tasks,omitempty"`
	Started  time.Time         `json:"started"`
	Duration time.Duration     `json:"duration_ns"`
	Output   *Kept             `json:"output,omitempty"`
	Captures map[string]string `json:"captures,omitempty"`
}

// Tasks is what a playbook did at one target: OK counts the tasks that ended well, Changed those among them that changed
// something (or would, in a dry run). Failure is the task that failed, Message what it said.
type Tasks struct {
	OK      int    `json:"ok"`
	Changed int    `json:"changed"`
	Skipped int    `json:"skipped"`
	Failed  int    `json:"failed"`
	Ignored int    `json:"ignored,omitempty"`
	Failure string `json:"failure,omitempty"`
	Message string `json:"message,omitempty"`
}

// Kept says what was kept of an output: File stands in the trail's output folder, SHA256 is of that file. Bytes came in,
// Dropped of them were left out in the middle. Error says why the file is not whole; then SHA256 is empty.
type Kept struct {
	File    string `json:"file"`
	SHA256  string `json:"sha256"`
	Bytes   int64  `json:"bytes"`
	Dropped int64  `json:"dropped,omitempty"`
	Error   string `json:"error,omitempty"`
}

// Proof is the measured check after a step (Intent is the run it proves, 0 for a step of checks alone).
type Proof struct {
	Step   int    `json:"step"`
	Intent uint64 `json:"intent,omitempty"`
	Lines  []Line `json:"lines"`
	// Answer is Pass, Fail or Unknown. HeldBefore says that the proof was true before the step, so that it proves nothing.
	Answer     string        `json:"answer"`
	HeldBefore bool          `json:"held_before,omitempty"`
	Waited     time.Duration `json:"waited_ns"`
	State      Seen          `json:"state"`
}

// The verdicts of a Reconcile.
const (
	Done         = "done"
	NotDone      = "not done"
	StillUnknown = "still unknown"
)

// Reconcile is the operator's judgement of an intent whose outcome is unknown. Target is empty when it judges all.
type Reconcile struct {
	Intent   uint64 `json:"intent"`
	Target   string `json:"target,omitempty"`
	Verdict  string `json:"verdict"`
	Reason   string `json:"reason"`
	Evidence []Line `json:"evidence,omitempty"`
}

// Rollback says that the operator chose to undo the run of an intent; the run itself is an Intent that names it.
type Rollback struct {
	Step   int    `json:"step"`
	Intent uint64 `json:"intent"`
	Reason string `json:"reason"`
}
