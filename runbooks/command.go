package runbooks

import (
	"time"

	"recon/internal/gate"
)

// CommandKind is the language of a block that runs.
type CommandKind string

// The kinds of commands. Redis, Playbook and Book are read and checked, and cannot be run yet (CommandKind.Runnable).
const (
	Sh       CommandKind = "sh"
	HTTP     CommandKind = "http"
	SQL      CommandKind = "sql"
	Redis    CommandKind = "redis"
	Playbook CommandKind = "ansible"
	Book     CommandKind = "book"
)

// Runnable says whether this version can run blocks of this kind.
func (k CommandKind) Runnable() bool { return k == Sh || k == HTTP || k == SQL }

// Risk is what a command may cost.
type Risk string

// The risks: nothing changes; recoverable, with a brief interruption at most; removes data, metadata or a copy, or may
// lose commits.
const (
	Read    Risk = "read"
	Change  Risk = "change"
	Destroy Risk = "destroy"
)

// Order is how a command goes over several targets.
type Order string

// The orders. Canary is one target, then a question, then the rest.
const (
	Parallel Order = "parallel"
	Serial   Order = "serial"
	Canary   Order = "canary"
)

// Disconnect is what happens to a remote command whose connection is lost. It is empty where nothing was said: then it is
// killed.
type Disconnect string

// The ways to treat a lost connection.
const (
	Kill    Disconnect = "kill"
	Survive Disconnect = "survive"
)

// DefaultTimeout bounds a command that names no timeout. MaxScript is the largest script in bytes.
const (
	DefaultTimeout = 30 * time.Second
	MaxScript      = 64 << 10
)

// Command is one block that runs.
type Command struct {
	Kind CommandKind
	// Script is the text between the fences, byte for byte, with a newline at its end.
	Script string
	On     Target
	Risk   Risk
	// Timeout is never zero.
	Timeout    time.Duration
	Order      Order
	Disconnect Disconnect
	// Become is true when sh runs with the rights that the cluster file grants (root as a rule); false for `become=false`.
	Become bool
	// Capture names the variable that keeps the trimmed output of each host, or is empty.
	Capture string
	// Expect is a regular expression that the output must match, or for http the expected status in digits; empty when any
	// output, or any 2xx, will do.
	Expect string
	// DB is the database of an sql block; empty means the cluster file's.
	DB string
	// Refers is the id of the book that a book block walks, or the playbook of an ansible block.
	Refers   string
	Rollback bool
	// Line and Column are where the script begins in the file, both from 1.
	Line, Column int
	// Attrs are the attributes as written.
	Attrs map[string]string
}

// Target is where a command runs: the word console, the word all, or an expression that yields nodes or members.
type Target struct {
	Text         string
	Console, All bool
	Expr         *gate.Expr
}
