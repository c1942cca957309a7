package shell

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Process is one line of a process table.
type Process struct {
	PID, PPID int
	User      string
	Args      []string
	// Exe is the path of the program, Comm its short name; empty is the base of Args[0].
	Exe, Comm string
	Started   time.Time
}

func (p Process) comm() string {
	switch {
	case p.Comm != "":
		return p.Comm
	case len(p.Args) == 0:
		return ""
	}
	name := path.Base(strings.TrimPrefix(p.Args[0], "-"))
	return name[:min(len(name), 15)]
}

// firstPID is where the processes of this package begin; daemons have lower ones.
const firstPID = 20000

// processes are the running ones of a host.
type processes struct {
	mu   sync.Mutex
	last int
	all  map[int]*process
	// moves counts beginnings and ends.
	moves uint64
}

// process is a running command or shell.
type process struct {
	pid, ppid int
	// group is the process group: what timeout, ctrl-C and kill -PID reach together.
	group   int
	host    *Host
	who     identity
	started time.Time
	ctx     context.Context
	cancel  context.CancelCauseFunc
	session *session

	mu      sync.Mutex
	args    []string
	exe     string
	ignores map[syscall.Signal]bool
	// caught gets a signal that the process handles; it says whether it does.
	caught func(sig syscall.Signal) bool

	done chan struct{}
	// status is the exit status and fatality the signal that ended it, valid once done is closed.
	status   int
	fatality syscall.Signal
}

// session is one login or one unit: what its processes have in common.
type session struct {
	// ctx is the session's life, which background jobs have; what runs in the foreground has its parent's.
	ctx context.Context
	// tty is the name of the terminal, empty without one; ask reads a line from it without echo.
	tty string
	ask func(ctx context.Context, prompt string) (string, error)
}

// signalled is why a process's context ended.
type signalled syscall.Signal

func (s signalled) Error() string { return fmt.Sprintf("signal %d", int(s)) }

// start makes a process that lives within ctx. The parent is nil for the first of a session.
func (h *Host) start(ctx context.Context, parent *process, who identity, args []string, exe string, s *session) *process {
	started := h.now() // whoever tells the time may hold a lock that another one waits for us with
	h.procs.mu.Lock()
	defer h.procs.mu.Unlock()
	if h.procs.all == nil {
		h.procs.all, h.procs.last = map[int]*process{}, firstPID
	}
	h.procs.last++
	p := &process{
		pid: h.procs.last, ppid: 1, host: h, who: who, args: slices.Clone(args), exe: exe, started: started, session: s,
		done: make(chan struct{}),
	}
	p.group = p.pid
	if parent != nil {
		p.ppid, p.group = parent.pid, parent.group
		parent.mu.Lock()
		if exe == "" {
			p.exe = parent.exe // a fork
		}
		for sig := range parent.ignores {
			p.ignore(sig)
		}
		parent.mu.Unlock()
	}
	p.ctx, p.cancel = context.WithCancelCause(ctx)
	h.procs.all[p.pid] = p
	h.procs.moves++
	return p
}

// finish takes the process out of the table. A status of a process that a signal ended is 128 and the signal.
func (p *process) finish(status int) int {
	if sig, ok := p.killed(); ok {
		status, p.fatality = 128+int(sig), sig
	}
	p.host.procs.mu.Lock()
	delete(p.host.procs.all, p.pid)
	p.host.procs.moves++
	p.host.procs.mu.Unlock()
	p.status = status & 0xff
	p.cancel(nil)
	close(p.done)
	return p.status
}

// killed says which signal ended the process.
func (p *process) killed() (syscall.Signal, bool) {
	var s signalled
	if p.ctx.Err() == nil {
		return 0, false
	}
	if errors.As(context.Cause(p.ctx), &s) {
		return syscall.Signal(s), true
	}
	return syscall.SIGKILL, true
}

// words are its arguments as the process table shows them.
func (p *process) words() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.args
}

func (p *process) ignore(sig syscall.Signal) {
	if p.ignores == nil {
		p.ignores = map[syscall.Signal]bool{}
	}
	p.ignores[sig] = true
}

// signal delivers a signal. What a process neither catches nor ignores ends it, but for those that do nothing.
func (p *process) signal(sig syscall.Signal) {
	if sig == 0 || slices.Contains(harmless, sig) {
		return
	}
	p.mu.Lock()
	caught, ignored := p.caught, p.ignores[sig]
	p.mu.Unlock()
	if sig != syscall.SIGKILL {
		if ignored || caught != nil && caught(sig) {
			return
		}
	}
	p.cancel(signalled(sig))
}

// harmless are signals whose default is nothing, and those that stop and continue, which nothing here does: CHLD, CONT, STOP,
// TSTP, TTIN, TTOU, URG and WINCH by the numbers of Linux, which are the numbers here wherever this runs.
var harmless = []syscall.Signal{17, 18, 19, 20, 21, 22, 23, 28}

// signalAll sends a signal to the processes that match, the oldest first: whoever started others must not see them end and go on,
// when all of them are to end together.
func (h *Host) signalAll(sig syscall.Signal, match func(*process) bool) (found bool) {
	h.procs.mu.Lock()
	var list []*process
	for _, p := range h.procs.all {
		if match(p) {
			list = append(list, p)
		}
	}
	h.procs.mu.Unlock()
	slices.SortFunc(list, func(a, b *process) int { return a.pid - b.pid })
	for _, p := range list {
		p.signal(sig)
	}
	return len(list) > 0
}

func (h *Host) find(pid int) *process {
	h.procs.mu.Lock()
	defer h.procs.mu.Unlock()
	return h.procs.all[pid]
}

// Moves counts the processes that began and that ended.
func (h *Host) Moves() uint64 {
	h.procs.mu.Lock()
	defer h.procs.mu.Unlock()
	return h.procs.moves
}

// Processes are the host's processes that this package runs, by PID.
func (h *Host) Processes() []Process {
	h.procs.mu.Lock()
	defer h.procs.mu.Unlock()
	list := make([]Process, 0, len(h.procs.all))
	for _, p := range h.procs.all {
		p.mu.Lock()
		list = append(list, Process{
			PID: p.pid, PPID: p.ppid, User: p.who.user, Args: p.args, Exe: p.exe, Started: p.started,
		})
		p.mu.Unlock()
	}
	slices.SortFunc(list, func(a, b Process) int { return a.PID - b.PID })
	return list
}

// KillAll ends every process of the host at once, as losing the power does.
func (h *Host) KillAll() {
	h.procs.mu.Lock()
	defer h.procs.mu.Unlock()
	for _, p := range h.procs.all {
		p.cancel(signalled(syscall.SIGKILL))
	}
}

// kill is kill(2) as a user: EPERM for another's process, ESRCH for none. A negative pid is a process group.
func (h *Host) kill(pid int, sig syscall.Signal, who identity) error {
	if pid < 0 {
		if h.signalAll(sig, func(p *process) bool { return p.group == -pid && (who.super || p.who.user == who.user) }) {
			return nil
		}
		return syscall.ESRCH
	}
	if p := h.find(pid); p != nil {
		if !who.super && p.who.user != who.user {
			return syscall.EPERM
		}
		p.signal(sig)
		return nil
	}
	if h.Kill != nil {
		return h.Kill(pid, sig, who.user)
	}
	return syscall.ESRCH
}

func (h *Host) now() time.Time {
	if h.Now != nil {
		return h.Now()
	}
	return time.Now()
}

// timer waits for a limit.
func (h *Host) timer(ctx context.Context, d time.Duration) error {
	if h.Timer != nil {
		return h.Timer(ctx, d)
	}
	return h.sleep(ctx, d)
}

// sleep waits on the host's clock.
func (h *Host) sleep(ctx context.Context, d time.Duration) error {
	if h.Sleep != nil {
		return h.Sleep(ctx, d)
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
