package remote

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"recon/internal/scrub"
)

// RunLocal runs a command on this machine, with /bin/sh -c, in a process group of its own, without a terminal. It ends like
// Run: when ctx or Timeout ends, the group gets SIGTERM, then SIGKILL, and the result is cancelled or timed out only if
// nothing of the group is left. Become is refused: whoever needs root here starts recon as root.
func (p *Pool) RunLocal(ctx context.Context, cmd Command) Exit {
	l := &localRun{cmd: cmd, timing: p.timing, out: newOutput(cmd), began: time.Now(), drained: make(chan struct{}), waited: make(chan error, 1)}
	if err := context.Cause(ctx); err != nil {
		return l.exit(NotStarted, err.Error())
	}
	if cmd.Become {
		return l.exit(NotStarted, "no other user can be reached on the console's own machine")
	}
	if err := l.start(); err != nil {
		return l.exit(NotStarted, "start /bin/sh: "+cause(err))
	}
	return l.wait(ctx)
}

// localRun is one command on this machine.
type localRun struct {
	cmd     Command
	timing  timing
	out     *output
	began   time.Time
	process *exec.Cmd
	// pipes are our ends; drained is closed when both outputs are at their end.
	pipes   []*os.File
	drained chan struct{}
	waited  chan error
	ended   bool
	state   *os.ProcessState
}

func (l *localRun) exit(kind ExitKind, reason string) Exit {
	e := Exit{Kind: kind, Reason: scrub.Line(reason), Began: l.began, Duration: time.Since(l.began)}
	if l.state == nil {
		return e
	}
	e.Code = l.state.ExitCode()
	if w, ok := l.state.Sys().(syscall.WaitStatus); ok && w.Signaled() {
		e.Signal = signalName(w.Signal())
	}
	return e
}

func (l *localRun) start() error {
	outR, outW, err := os.Pipe()
	if err != nil {
		return err
	}
	errR, errW, err := os.Pipe()
	if err != nil {
		return errors.Join(err, outR.Close(), outW.Close())
	}
	inR, inW, err := os.Pipe()
	if err != nil {
		return errors.Join(err, outR.Close(), outW.Close(), errR.Close(), errW.Close())
	}
	c := exec.Command("/bin/sh", "-c", l.cmd.Line)
	c.Stdin, c.Stdout, c.Stderr = inR, outW, errW
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	l.began = time.Now()
	err = c.Start()
	for _, f := range []*os.File{outW, errW, inR} {
		_ = f.Close()
	}
	if err != nil {
		return errors.Join(err, outR.Close(), errR.Close(), inW.Close())
	}
	l.process, l.pipes = c, []*os.File{outR, errR, inW}
	go func() {
		// The command may end without reading everything.
		_, _ = inW.Write(l.cmd.Stdin)
		_ = inW.Close()
	}()
	var readers sync.WaitGroup
	readers.Go(func() { l.out.drain(outR, l.cmd.Stdout, nil) })
	readers.Go(func() { l.out.drain(errR, l.cmd.Stderr, nil) })
	go func() { readers.Wait(); close(l.drained) }()
	go func() { l.waited <- c.Wait() }()
	return nil
}

func (l *localRun) wait(ctx context.Context) Exit {
	defer func() {
		l.out.close()
		for _, f := range l.pipes {
			_ = f.Close()
		}
	}()
	var limit <-chan time.Time
	if l.cmd.Timeout > 0 {
		limit = time.After(l.cmd.Timeout)
	}
	idle := time.NewTicker(max(l.timing.idle/4, time.Millisecond))
	defer idle.Stop()
	drained := l.drained
	for {
		select {
		case <-l.waited:
			l.ended, l.state = true, l.process.ProcessState
			l.out.touch()
		case <-drained:
			drained = nil
		case <-limit:
			return l.stop(TimedOut, fmt.Sprintf("stopped after %s", l.cmd.Timeout))
		case <-ctx.Done():
			if errors.Is(ctx.Err(), context.DeadlineExceeded) {
				return l.stop(TimedOut, "stopped at its deadline")
			}
			return l.stop(Cancelled, "cancelled")
		case <-idle.C:
		}
		if l.ended && (drained == nil || l.out.quiet() > l.timing.idle) {
			return l.verdict()
		}
	}
}

func (l *localRun) verdict() Exit {
	e := l.exit(OK, "")
	switch {
	case l.state == nil:
		e.Kind, e.Reason = Unknown, "the system does not say how the command ended"
	case e.Signal != "":
		e.Kind, e.Reason = Signalled, "ended by signal "+e.Signal
	case e.Code != 0:
		e.Kind, e.Reason = Failed, fmt.Sprintf("exit status %d", e.Code)
	}
	return e
}

// stop ends the whole group and proves that nothing of it is left.
func (l *localRun) stop(kind ExitKind, why string) Exit {
	group := -l.process.Process.Pid
	for _, step := range []struct {
		signal syscall.Signal
		grace  time.Duration
	}{{syscall.SIGTERM, l.timing.term}, {syscall.SIGKILL, l.timing.kill}} {
		// An error is ESRCH: nothing of the group is left, which gone finds as well.
		_ = syscall.Kill(group, step.signal)
		if l.gone(group, step.grace) {
			return l.exit(kind, why)
		}
	}
	return l.exit(Unknown, why+"; something of the command did not end with SIGKILL and may still be running")
}

// gone waits until the command was reaped and its group and its output are at their end.
func (l *localRun) gone(group int, within time.Duration) bool {
	limit := time.After(within)
	look := time.NewTicker(5 * time.Millisecond)
	defer look.Stop()
	drained := l.drained
	for {
		select {
		case <-l.waited:
			l.ended, l.state = true, l.process.ProcessState
		case <-drained:
			drained = nil
		case <-look.C:
		case <-limit:
			return false
		}
		if l.ended && drained == nil && !living(group) {
			return true
		}
	}
}

// living says whether a process of a group runs. Those that only wait for their parent to take note of their end do not:
// in a container without an init nobody ever does.
func living(group int) bool {
	if errors.Is(syscall.Kill(group, 0), syscall.ESRCH) {
		return false
	}
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil || len(stats) == 0 {
		return true
	}
	for _, path := range stats {
		text, err := os.ReadFile(path)
		if err != nil {
			// It ended meanwhile.
			continue
		}
		// proc(5): pid (comm) state ppid pgrp; the name may hold spaces and parentheses.
		rest := string(text[bytes.LastIndexByte(text, ')')+1:])
		f := strings.Fields(rest)
		if len(f) > 2 && f[2] == strconv.Itoa(-group) && f[0] != "Z" && f[0] != "X" {
			return true
		}
	}
	return false
}

// signalName is a signal as ssh calls it: without SIG.
func signalName(s syscall.Signal) string {
	if name := unix.SignalName(s); len(name) > 3 {
		return name[3:]
	}
	return s.String()
}
