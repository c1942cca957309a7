package runbooks

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"recon/internal/gate"
	"recon/internal/redisblock"
)

// CommandKind is the language of a block that runs.
type CommandKind string

// The kinds of commands.
const (
	Sh       CommandKind = "sh"
	HTTP     CommandKind = "http"
	SQL      CommandKind = "sql"
	Redis    CommandKind = "redis"
	Playbook CommandKind = "ansible"
	Book     CommandKind = "book"
)

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

// DefaultTimeout bounds a command that names no timeout, DefaultPlay a playbook. MaxScript is the largest script in bytes.
const (
	DefaultTimeout = 30 * time.Second
	DefaultPlay    = 30 * time.Minute
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
	// Service is the server that a redis block is for; empty for every other kind.
	Service redisblock.Service
	// Refers is the id of the book that a book block walks, or the playbook of an ansible block.
	Refers string
	// Play is what an ansible block runs; nil for every other kind.
	Play *Play
	// Inputs are what a book block gives to the book that it walks.
	Inputs   []ChildInput
	Rollback bool
	// Line and Column are where the script begins in the file, both from 1.
	Line, Column int
	// Attrs are the attributes as written.
	Attrs map[string]string
}

// Says is what a block says that describes what is done instead of holding a script: one line for a playbook, one for another
// book and one for each of its inputs. Of every other kind it is nil.
func (c *Command) Says() []string {
	switch {
	case c.Play != nil:
		text := "playbook " + c.Play.Playbook
		if len(c.Play.Tags) > 0 {
			text += ", tags " + strings.Join(c.Play.Tags, ", ")
		}
		for _, name := range slices.Sorted(maps.Keys(c.Play.Vars)) {
			text += fmt.Sprintf(", %s = %v", name, c.Play.Vars[name])
		}
		if c.Play.DryRun {
			text += "; a dry run: nothing is changed, and it shows what would change"
		}
		return []string{text}
	case c.Kind == Book:
		out := []string{"book " + c.Refers}
		for _, in := range c.Inputs {
			out = append(out, in.Name+" = "+in.Text())
		}
		return out
	}
	return nil
}

// Target is where a command runs: the word console, the word all, or an expression that yields nodes or members.
type Target struct {
	Text         string
	Console, All bool
	Expr         *gate.Expr
}
