package audit

import "time"

// Kind says what a record holds.
type Kind string

// The kinds that have a struct here, named as the kind. Append takes others too, with any JSON object.
const (
	KindStart       Kind = "start"
	KindInputs      Kind = "inputs"
	KindGate        Kind = "gate"
	KindApproval    Kind = "approval"
	KindIntent      Kind = "intent"
	KindResult      Kind = "result"
	KindProof       Kind = "proof"
	KindAnswer      Kind = "answer"
	KindAttest      Kind = "attest"
	KindSkip        Kind = "skip"
	KindOverride    Kind = "override"
	KindWaive       Kind = "waive"
	KindJump        Kind = "jump"
	KindNote        Kind = "note"
	KindReconcile   Kind = "reconcile"
	KindRollback    Kind = "rollback"
	KindNotNeeded   Kind = "not_needed"
	KindChild       Kind = "child"
	KindChildEnd    Kind = "child_end"
	KindInterrupted Kind = "interrupted"
	KindResumed     Kind = "resumed"
	KindEnd         Kind = "end"
)

// In every struct Step counts the book's steps from 1 and Block counts the step's blocks from 1, both as the book has
// them; 0 means "not of a step" (a note about the whole walk, a command typed by hand) or "not of one block". Durations
// are nanoseconds, hashes SHA-256 in hex, times RFC 3339 in UTC. Secrets are already masked in whatever arrives here.

// Start is the first record of every trail: who walks what, where, with which book. It embeds the book, so that the
// trail explains itself when the library has moved on.
type Start struct {
	// Walk names this walk for ever. Create fills it when empty: the file's name without its ending.
	Walk string `json:"walk"`
	// Operator is the person, Host the machine the console runs on, TTY its terminal (or ""), Version recon's.
	Operator string `json:"operator"`
	Host     string `json:"host"`
	TTY      string `json:"tty,omitempty"`
	Version  string `json:"version"`
	// Cluster and Environment come from the cluster file, which Inventory names.
	Cluster     string    `json:"cluster"`
	Environment string    `json:"environment"`
	Inventory   Inventory `json:"inventory"`
	Book        Book      `json:"book"`
	// Inputs are the book's inputs as far as they are known at the start; Inputs records add to them.
	Inputs map[string]string `json:"inputs,omitempty"`
	// DryRun walks change nothing.
	DryRun bool `json:"dry_run,omitempty"`
	// Previous is the head of the newest other trail of this cluster in the folder. Create fills it.
	Previous *Ref `json:"previous,omitempty"`
	// Continues is set when this trail goes on for one that could not be written any more (break-glass on a second
	// disk); Parent when this walk is the child of a `book` block.
	Continues *Ref `json:"continues,omitempty"`
	Parent    *Ref `json:"parent,omitempty"`
}

// Inventory is the cluster file that a walk used.
type Inventory struct {
	Path   string `json:"path"`
	SHA256 string `json:"sha256"`
}

// Book is the runbook as it was when the walk began: SHA256 is of Text, the whole source. Steps are the titles in order.
type Book struct {
	ID     string   `json:"id"`
	Title  string   `json:"title"`
	SHA256 string   `json:"sha256"`
	Text   string   `json:"text"`
	Steps  []string `json:"steps"`
}

// Ref points at a record of some trail: Path relative to the trails folder, Head the hash of record Seq.
type Ref struct {
	Path string `json:"path"`
	Seq  uint64 `json:"seq"`
	Head string `json:"head"`
}

// Inputs are inputs that were given after the start; a later value of a name replaces an earlier one.
type Inputs struct {
	Values map[string]string `json:"values"`
}

// Answer is an answer to a question of an `ask` block. Numbers are written as text.
type Answer struct {
	Step  int    `json:"step"`
	Block int    `json:"block"`
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Attest says that a step or a proof holds on the operator's word: weaker than measured, and shown so.
type Attest struct {
	Step int    `json:"step"`
	Note string `json:"note"`
	By   string `json:"by"`
}

// Skip says that a step was left out by the operator.
type Skip struct {
	Step   int    `json:"step"`
	Reason string `json:"reason"`
}

// NotNeeded says that a step's `when` is false, or that the operator said so where it was unknown.
type NotNeeded struct {
	Step   int    `json:"step"`
	Reason string `json:"reason"`
	Lines  []Line `json:"lines,omitempty"`
}

// Override says that the operator went past gates that failed or were unknown. Lines are those gates as they stood. With a
// Block it is about that block alone: a dry run that failed, and Lines are what failed in it.
type Override struct {
	Step   int    `json:"step"`
	Block  int    `json:"block,omitempty"`
	Reason string `json:"reason"`
	By     string `json:"by"`
	Lines  []Line `json:"lines"`
	// Second is the second person; BreakGlass that there was none awake and that the reason left the box at once.
	Second     *Signature `json:"second,omitempty"`
	BreakGlass bool       `json:"break_glass,omitempty"`
}

// Waive says that a guard does not hold for this walk (Step 0) or step: by the book's front matter, or By the operator.
type Waive struct {
	Step   int    `json:"step,omitempty"`
	Guard  string `json:"guard"`
	Reason string `json:"reason"`
	By     string `json:"by"`
}

// Jump says that the operator left the order of the book.
type Jump struct {
	From int `json:"from"`
	To   int `json:"to"`
}

// Note is anything that the operator wants to keep.
type Note struct {
	Step int    `json:"step,omitempty"`
	Text string `json:"text"`
}

// Child says that a `book` block began the walk of another book: Child points at that trail's newest record, and the trail
// names this one as its Parent.
type Child struct {
	Step  int    `json:"step"`
	Block int    `json:"block"`
	Book  string `json:"book"`
	Child Ref    `json:"child"`
}

// ChildEnd says that such a walk ended, and how: Child points at its last record.
type ChildEnd struct {
	Step   int    `json:"step"`
	Block  int    `json:"block"`
	Book   string `json:"book"`
	Child  Ref    `json:"child"`
	Status Status `json:"status"`
	Reason string `json:"reason,omitempty"`
}

// Leftover is a state that the walk leaves behind and that must not be forgotten. Ack is what the operator said to it.
type Leftover struct {
	Text string `json:"text"`
	Ack  string `json:"ack,omitempty"`
}

// End closes a trail; nothing follows it.
type End struct {
	Status    Status     `json:"status"`
	Reason    string     `json:"reason,omitempty"`
	Leftovers []Leftover `json:"leftovers,omitempty"`
}

// Status is what became of a walk.
type Status string

// The statuses. Completed, Escalated and Abandoned stand in End records; Open and Interrupted are what List finds: a
// walk without an end whose trail is held by a console, or by nobody.
const (
	Open        Status = "open"
	Completed   Status = "completed"
	Escalated   Status = "escalated"
	Abandoned   Status = "abandoned"
	Interrupted Status = "interrupted"
)

// Left is the data of KindInterrupted: the console left while the walk was open, by itself (the operator quit, a
// signal), and had the time to say so. A killed console leaves no such record.
type Left struct {
	Operator string `json:"operator"`
	Host     string `json:"host"`
	Reason   string `json:"reason"`
}

// Resumed says that a console went on with a trail. Resume writes it.
type Resumed struct {
	Operator string `json:"operator"`
	Host     string `json:"host"`
	PID      int    `json:"pid"`
	// After is when the last record before it was written.
	After time.Time `json:"after"`
	// Torn is set when the end of the file was not a whole record and was moved aside.
	Torn *TornTail `json:"torn,omitempty"`
}

// TornTail says where the torn end of a trail was moved: File stands beside the trail.
type TornTail struct {
	File   string `json:"file"`
	SHA256 string `json:"sha256"`
	Bytes  int64  `json:"bytes"`
}
