// Package actions is recon's hands: it runs one command of a runbook at its targets and says what became of it.
//
// A command is planned first and run later: Plan fixes the exact bytes for every target, and Run sends those bytes and no
// others, so that what was shown, recorded and confirmed is what happens. Run answers with one Outcome a target; a target
// that hangs delays no other. Where nobody can know whether a command took effect, the outcome is Unknown and stays so
// until a probe says otherwise. Nothing here asks, retries or decides.
//
// Commands come in kinds: sh (over ssh or on the console), http (the Patroni REST API of the target), sql (one statement
// with the extended protocol), redis (commands for the Redis or the Sentinel of the target) and ansible (a playbook, run on
// this machine against all targets at once). Start with New, then Plan and Run.
package actions

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	"recon/internal/inventory"
	"recon/internal/redisblock"
	"recon/internal/remote"
	"recon/internal/scrub"
)

// Console is the target name of `on=console`.
const Console = "console"

// MaxScript is the largest script in bytes.
const MaxScript = 64 << 10

// Kind is what a command is.
type Kind string

// The kinds of commands.
const (
	Sh      Kind = "sh"
	HTTP    Kind = "http"
	SQL     Kind = "sql"
	Redis   Kind = "redis"
	Ansible Kind = "ansible"
)

// Disconnect is what happens to a remote command when its connection is lost.
type Disconnect string

// Kill bounds the command by timeout(1) on the host; Survive runs it in a transient unit that outlives the connection.
const (
	Kill    Disconnect = "kill"
	Survive Disconnect = "survive"
)

// Value is one assignment that a command sees, in the order in which the operator sees it.
type Value struct{ Name, Value string }

// Command is what is to be done, before targets are turned into bytes.
type Command struct {
	Kind   Kind
	Script string
	// Values reach sh as exported variables, http as JSON values, sql as parameters, redis as arguments.
	Values []Value
	// Targets are node names, or Console.
	Targets []string
	// Timeout bounds the run, 30 s when zero.
	Timeout time.Duration
	// Disconnect is Kill unless the book says survive.
	Disconnect Disconnect
	// Become is false when the command runs as the login user.
	Become bool
	// Database is for sql; the cluster file's when empty.
	Database string
	// Service is for redis: which server is asked, Redis when empty.
	Service redisblock.Service
	// Expect is, for http, the accepted status (0: any 2xx).
	Expect int
	// Play is what an ansible command runs.
	Play *Play
	// Serial runs one target after the other and stops at the first that is not ok.
	Serial bool
	// Token names this run on the hosts (transient unit, files); letters, digits and dashes, unique per attempt.
	Token string
}

// Plan is a command with the exact bytes for every target.
type Plan struct {
	Command Command
	Shots   []Shot
}

// Shot is what one target gets.
type Shot struct {
	Target string
	// Address is where it goes, Who runs it there ("root (sudo)").
	Address, Who string
	// Unit is the transient unit, empty when there is none.
	Unit string
	// Hash is the SHA-256 of the bytes on the wire, with secrets as ‹name›.
	Hash string
	// wire is what is sent: the exec line for sh, the request for http, the statement and parameters for sql, the commands
	// with their values for redis.
	wire string
}

// Wire returns the bytes whose hash the intent records.
func (s Shot) Wire() string { return s.wire }

// Outcome is what became of one target's command.
type Outcome struct {
	Target string
	// Kind is what is known; Code is an exit code or an http status.
	Kind   remote.ExitKind
	Code   int
	Signal string
	// Reason says why, for everything but ok.
	Reason string
	// Tasks counts the tasks of a playbook at the target, and names the one that failed; nil for other kinds.
	Tasks    *Tasks
	Began    time.Time
	Duration time.Duration
}

// Network is what actions need of the connections; *remote.Pool has it.
type Network interface {
	Run(ctx context.Context, node string, cmd remote.Command) remote.Exit
	RunLocal(ctx context.Context, cmd remote.Command) remote.Exit
	Wire(node, cmd string, become bool) (line, who string, err error)
	Dial(ctx context.Context, node, network, address string) (net.Conn, error)
}

// Secrets resolves a reference of the cluster file.
type Secrets func(ctx context.Context, s inventory.Secret) (string, error)

// Hands runs planned commands on one cluster.
type Hands struct {
	cluster *inventory.Cluster
	net     Network
	secret  Secrets
	masks   *scrub.Secrets
	// grace is how long a playbook that was interrupted may take to end before the next, harder signal.
	grace time.Duration
}

// New returns the hands for a cluster. Every secret that is resolved is added to masks before it is used.
func New(c *inventory.Cluster, n Network, secret Secrets, masks *scrub.Secrets) *Hands {
	return &Hands{cluster: c, net: n, secret: secret, masks: masks, grace: playGrace}
}

// Plan fixes the bytes for every target. It sends nothing. Errors are about the command: no target, a target that does
// not exist, a value that cannot be quoted, a script over 64 KiB, a request that does not parse.
func (h *Hands) Plan(cmd Command) (*Plan, error) {
	if len(cmd.Targets) == 0 {
		return nil, errors.New("the command has no target")
	}
	if len(cmd.Script) > MaxScript {
		return nil, fmt.Errorf("the script has %d bytes; 64 KiB is the most", len(cmd.Script))
	}
	if cmd.Timeout == 0 {
		cmd.Timeout = 30 * time.Second
	}
	if cmd.Disconnect == "" {
		cmd.Disconnect = Kill
	}
	p := &Plan{Command: cmd}
	if cmd.Kind == Ansible {
		if err := h.playable(cmd); err != nil {
			return nil, err
		}
	}
	for _, t := range cmd.Targets {
		shot, err := h.shot(cmd, t)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", t, err)
		}
		sum := sha256.Sum256([]byte(shot.wire))
		shot.Hash = hex.EncodeToString(sum[:])
		p.Shots = append(p.Shots, shot)
	}
	return p, nil
}

func (h *Hands) shot(cmd Command, target string) (Shot, error) {
	if target == Console {
		if cmd.Kind != Sh {
			return Shot{}, fmt.Errorf("%s blocks run at a node, not on the console", cmd.Kind)
		}
		return h.consoleShot(cmd)
	}
	node, ok := h.cluster.Node(target)
	if !ok {
		return Shot{}, errors.New("no such node in the cluster file")
	}
	switch cmd.Kind {
	case Sh:
		return h.shShot(cmd, node)
	case HTTP:
		return h.httpShot(cmd, node)
	case SQL:
		return h.sqlShot(cmd, node)
	case Redis:
		return h.redisShot(cmd, node)
	case Ansible:
		return h.playShot(cmd, node)
	}
	return Shot{}, fmt.Errorf("%s blocks cannot be run yet", cmd.Kind)
}

// Run sends a plan. sink gives each target's writer for what comes back: cleaned and masked text. A writer must not
// block. The outcomes are in the order of the plan's shots; a serial command leaves the rest "not started" after the
// first target that is not ok.
func (h *Hands) Run(ctx context.Context, p *Plan, sink func(target string) io.Writer) []Outcome {
	if p.Command.Kind == Ansible {
		return h.runPlay(ctx, p, sink)
	}
	out := make([]Outcome, len(p.Shots))
	if p.Command.Serial {
		stopped := ""
		for i, s := range p.Shots {
			if stopped != "" {
				out[i] = Outcome{Target: s.Target, Kind: remote.NotStarted, Reason: stopped + " was not ok, and targets go one after the other"}
				continue
			}
			out[i] = h.fire(ctx, p.Command, s, sink(s.Target))
			if out[i].Kind != remote.OK {
				stopped = s.Target
			}
		}
		return out
	}
	done := make(chan struct{})
	for i, s := range p.Shots {
		w := sink(s.Target)
		go func() {
			out[i] = h.fire(ctx, p.Command, s, w)
			done <- struct{}{}
		}()
	}
	for range p.Shots {
		<-done
	}
	return out
}

func (h *Hands) fire(ctx context.Context, cmd Command, s Shot, w io.Writer) Outcome {
	clean := &joined{w: scrub.NewWriter(w, h.masks)}
	var o Outcome
	switch cmd.Kind {
	case HTTP:
		o = h.sendHTTP(ctx, cmd, s, clean)
	case SQL:
		o = h.sendSQL(ctx, cmd, s, clean)
	case Redis:
		o = h.sendRedis(ctx, cmd, s, clean)
	default:
		o = h.runSh(ctx, cmd, s, clean)
	}
	if err := clean.w.Close(); err != nil && o.Kind == remote.OK {
		// The command did what it did; that its output could not be kept is said beside it, and does not change the outcome.
		o.Reason = "its output could not be kept: " + err.Error()
	}
	o.Target = s.Target
	o.Reason = scrub.Line(h.masks.Mask(o.Reason))
	return o
}

// joined lets stdout and stderr, which arrive on two goroutines, share one cleaned stream.
type joined struct {
	mu sync.Mutex
	w  *scrub.Writer
}

func (j *joined) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.w.Write(p)
}
