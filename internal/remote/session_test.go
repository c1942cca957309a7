package remote

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
)

func TestRunTellsTheTruthAboutTheEnd(t *testing.T) {
	s, p := healthy(t)
	for _, c := range []struct {
		line   string
		kind   ExitKind
		code   int
		signal string
		out    string
		err    string
	}{
		{line: "true", kind: OK},
		{line: "echo out; echo err >&2", kind: OK, out: "out\n", err: "err\n"},
		{line: "echo half; exit 3", kind: Failed, code: 3, out: "half\n"},
		{line: "exit 255", kind: Failed, code: 255},
		{line: "exit 143", kind: Failed, code: 143},
		{line: "no-such-program-here 2>/dev/null", kind: Failed, code: 127},
		{line: "kill -TERM $$", kind: Signalled, code: -1, signal: "TERM"},
		{line: "kill -KILL $$", kind: Signalled, code: -1, signal: "KILL"},
		{line: "cat", kind: OK},
		{line: "head -c 3000000 /dev/zero | tr '\\0' x", kind: OK, out: strings.Repeat("x", 3000000)},
	} {
		t.Run(c.line, func(t *testing.T) {
			var out, errs bytes.Buffer
			e := p.Run(within(t), "db1", Command{Line: c.line, Stdout: &out, Stderr: &errs})
			if e.Kind != c.kind || e.Code != c.code || e.Signal != c.signal {
				t.Fatalf("got %+v", e)
			}
			if out.String() != c.out || errs.String() != c.err {
				t.Fatalf("output %.80q and %.80q", out.String(), errs.String())
			}
			if (e.Reason == "") != (e.Kind == OK) {
				t.Fatalf("reason %q for %s", e.Reason, e.Kind)
			}
		})
	}
	if n := s.connections(); n != 1 {
		t.Fatalf("%d connections were made, want one for all", n)
	}
}

func TestRunSendsStdinAndEndsIt(t *testing.T) {
	_, p := healthy(t)
	in := bytes.Repeat([]byte("0123456789abcdef"), 1<<18)
	var out bytes.Buffer
	want(t, p.Run(within(t), "db1", Command{Line: "cat", Stdin: in, Stdout: &out}), OK)
	if !bytes.Equal(out.Bytes(), in) {
		t.Fatalf("%d bytes came back of %d", out.Len(), len(in))
	}
	// A command that does not read gets no more than it takes.
	want(t, p.Run(within(t), "db1", Command{Line: "exit 0", Stdin: in}), OK)
}

func TestBothOutputsMayBeOneWriter(t *testing.T) {
	_, p := healthy(t)
	var both bytes.Buffer
	e := p.Run(within(t), "db1", Command{Line: "for i in 1 2 3 4 5 6 7 8 9; do echo o; echo e >&2; done", Stdout: &both, Stderr: &both})
	want(t, e, OK)
	if both.Len() != 36 {
		t.Fatalf("got %q", both.String())
	}
}

func TestMissingStatusIsUnknown(t *testing.T) {
	s, p := healthy(t)
	s.set(func() { s.exec = func(_ string, ch ssh.Channel) { fmt.Fprintln(ch, "began") } })
	var out bytes.Buffer
	e := p.Run(within(t), "db1", Command{Line: "x", Stdout: &out})
	want(t, e, Unknown, "without an exit status")
	if out.String() != "began\n" {
		t.Fatalf("output %q", out.String())
	}
}

func TestResetInMidCommandIsUnknown(t *testing.T) {
	s, p := healthy(t)
	mark := filepath.Join(t.TempDir(), "mark")
	done := make(chan Exit, 1)
	go func() {
		done <- p.Run(context.Background(), "db1", Command{Line: "echo $$ > " + mark + "; exec sleep 60"})
	}()
	pid := pidIn(t, mark)
	t.Cleanup(func() { _ = syscall.Kill(pid, syscall.SIGKILL) })
	s.reset()
	select {
	case e := <-done:
		want(t, e, Unknown, "lost", "may still be running")
	case <-within(t).Done():
		t.Fatal("Run did not return")
	}
	if !alive(pid) {
		t.Fatal("the test is void: the command died with the connection")
	}
	_ = syscall.Kill(pid, syscall.SIGKILL)
	// The next use makes a new connection, at once.
	want(t, p.Run(within(t), "db1", Command{Line: "true", Patient: true}), OK)
}

func TestResetBeforeTheAnswerToExecIsUnknown(t *testing.T) {
	s, p := healthy(t)
	s.set(func() { s.exec = func(string, ssh.Channel) { s.reset() } })
	want(t, p.Run(within(t), "db1", Command{Line: "x"}), Unknown)
}

func TestSessionRefusedIsNotStarted(t *testing.T) {
	s, p := healthy(t)
	s.set(func() {
		s.refuse["session"] = ssh.OpenChannelError{Reason: ssh.Prohibited, Message: "open \x1b[31mfailed"}
	})
	e := p.Run(within(t), "db1", Command{Line: "x"})
	want(t, e, NotStarted, "opened no session", "open failed", "MaxSessions")
}

func TestExecRefusedIsNotStarted(t *testing.T) {
	s, p := healthy(t)
	s.set(func() { s.deafExec = true })
	want(t, p.Run(within(t), "db1", Command{Line: "x"}), NotStarted, "does not run commands")
	if len(s.got()) != 0 {
		t.Fatal("the test is void: the line ran")
	}
}

func TestNotStartedWithoutAnything(t *testing.T) {
	s, p := healthy(t)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	want(t, p.Run(ctx, "db1", Command{Line: "x"}), NotStarted)
	want(t, p.Run(within(t), "db9", Command{Line: "x"}), NotStarted, "no node")
	want(t, p.Run(within(t), "db1", Command{Line: strings.Repeat("x", LineLimit+1)}), NotStarted, "131072")
	if n := s.connections(); n != 0 {
		t.Fatalf("%d connections were made", n)
	}
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	want(t, p.Run(within(t), "db1", Command{Line: "x"}), NotStarted, "closed")
}

func TestCancelAndTimeoutAreProven(t *testing.T) {
	t.Parallel()
	// The process table is what counts: the command, its child, and a child that ignores the polite signal.
	_, p := healthy(t)
	for _, c := range []struct {
		name string
		line string
		kind ExitKind
		run  func(line string) Exit
	}{
		{name: "cancelled", line: "sleep 60 & echo $! > %s; wait", kind: Cancelled},
		{name: "nohup", line: "nohup sleep 60 >/dev/null 2>&1 & echo $! > %s; wait", kind: Cancelled},
		{name: "deaf child", line: "sh -c 'trap \"\" TERM; echo $$ > %s.new; mv %[1]s.new %[1]s; while :; do sleep 0.05; done' & wait", kind: Cancelled},
		{name: "timed out", line: "sleep 60 & echo $! > %s; wait", kind: TimedOut},
	} {
		t.Run(c.name, func(t *testing.T) {
			p.timing.term = 300 * time.Millisecond
			mark := filepath.Join(t.TempDir(), "mark")
			cmd := Command{Line: fmt.Sprintf(c.line, mark)}
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			if c.kind == TimedOut {
				cmd.Timeout = 300 * time.Millisecond
			}
			done := make(chan Exit, 1)
			go func() { done <- p.Run(ctx, "db1", cmd) }()
			pid := pidIn(t, mark)
			if c.kind == Cancelled {
				cancel()
			}
			e := <-done
			want(t, e, c.kind)
			// A process closes its files a moment before it is gone.
			until(t, fmt.Sprintf("%d of a command that was reported as %s is gone", pid, e.Kind), func() bool { return !alive(pid) })
		})
	}
}

func TestCancelWithoutProofIsUnknown(t *testing.T) {
	t.Parallel()
	// The host keeps the session open whatever it is sent.
	s, p := healthy(t)
	p.timing.term, p.timing.kill = 50*time.Millisecond, 50*time.Millisecond
	started, release := make(chan struct{}), make(chan struct{})
	s.set(func() { s.exec = func(string, ssh.Channel) { close(started); <-release } })
	defer close(release)
	ctx, cancel := context.WithCancel(context.Background())
	go func() { <-started; cancel() }()
	want(t, p.Run(ctx, "db1", Command{Line: "x"}), Unknown, "cancelled", "may still be running")
}

func TestWhatEndedIsNotCancelled(t *testing.T) {
	_, p := healthy(t)
	l := p.nodes["db1"]
	c, err := l.get(within(t), true)
	if err != nil {
		t.Fatal(err)
	}
	defer c.release()
	for range 20 {
		ch, requests, err := c.open(within(t), "session", nil)
		if err != nil {
			t.Fatal(err)
		}
		s := c.start(Command{Line: "exit 3"}, nil, ch, requests)
		<-s.drained
		<-s.closed
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		if e := s.wait(ctx); e.Kind != Failed || e.Code != 3 {
			t.Fatalf("%+v", e)
		}
	}
}

func TestStatusWithOpenOutputIsNotAProofOfCancellation(t *testing.T) {
	// The shell is gone, but something that it started still holds the output.
	s, p := healthy(t)
	p.timing.term, p.timing.kill, p.timing.idle = 50*time.Millisecond, 50*time.Millisecond, time.Hour
	started, release := make(chan struct{}), make(chan struct{})
	s.set(func() { s.exec = func(_ string, ch ssh.Channel) { sendStatus(ch, 0); close(started); <-release } })
	defer close(release)
	ctx, cancel := context.WithCancel(context.Background())
	go func() { <-started; cancel() }()
	want(t, p.Run(ctx, "db1", Command{Line: "x"}), Unknown, "may still be running")
}

func TestBackgroundProcessDoesNotHoldTheResult(t *testing.T) {
	t.Parallel()
	_, p := healthy(t)
	mark := filepath.Join(t.TempDir(), "mark")
	var out bytes.Buffer
	e := p.Run(within(t), "db1", Command{Line: "sleep 60 & echo $! > " + mark + "; echo done", Stdout: &out})
	pid := pidIn(t, mark)
	defer func() { _ = syscall.Kill(pid, syscall.SIGKILL) }()
	want(t, e, OK)
	if out.String() != "done\n" || e.Duration > 5*time.Second {
		t.Fatalf("output %q after %v", out.String(), e.Duration)
	}
}

func TestNoOutputAfterRunReturned(t *testing.T) {
	s, p := healthy(t)
	p.timing.term, p.timing.kill = time.Millisecond, time.Millisecond
	release := make(chan struct{})
	wrote := make(chan struct{})
	s.set(func() {
		s.exec = func(_ string, ch ssh.Channel) {
			fmt.Fprintln(ch, "early")
			<-release
			fmt.Fprintln(ch, "late")
			close(wrote)
		}
	})
	var out buffer
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan Exit, 1)
	go func() { done <- p.Run(ctx, "db1", Command{Line: "x", Stdout: &out}) }()
	until(t, "there is output", func() bool { return out.String() != "" })
	cancel()
	want(t, <-done, Unknown)
	close(release)
	<-wrote
	want(t, p.Run(within(t), "db9", Command{Line: "x"}), NotStarted)
	if out.String() != "early\n" {
		t.Fatalf("output %q", out.String())
	}
}

func TestEightAtATime(t *testing.T) {
	t.Parallel()
	s, p := healthy(t)
	release := make(chan struct{})
	var open, most atomic.Int32
	s.set(func() {
		s.exec = func(_ string, ch ssh.Channel) {
			n := open.Add(1)
			for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
			}
			<-release
			open.Add(-1)
			sendStatus(ch, 0)
		}
	})
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() { want(t, p.Run(within(t), "db1", Command{Line: "x"}), OK) })
	}
	until(t, "8 sessions are open", func() bool { return open.Load() == sessionsAtOnce })
	// A ninth waits, and can leave.
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	want(t, p.Run(ctx, "db1", Command{Line: "x"}), NotStarted)
	close(release)
	all.Wait()
	if most.Load() != sessionsAtOnce {
		t.Fatalf("%d sessions were open at once", most.Load())
	}
}

func TestHungHostDelaysNoOther(t *testing.T) {
	key, _ := newKey(t)
	good := serve(t, key)
	silent := deaf(t)
	bad := good.node(t, "db2", key.PublicKey())
	bad.SSH.Port = silent
	p := pool(t, Options{}, quick(), good.node(t, "db1", key.PublicKey()), bad)
	ctx, cancel := context.WithCancel(context.Background())
	hung := make(chan Exit, 1)
	go func() { hung <- p.Run(ctx, "db2", Command{Line: "true"}) }()
	until(t, "db2 is being connected to", func() bool {
		l := p.nodes["db2"]
		l.mu.Lock()
		defer l.mu.Unlock()
		return l.try != nil
	})
	began := time.Now()
	want(t, p.Run(within(t), "db1", Command{Line: "true"}), OK)
	if d := time.Since(began); d > 2*time.Second {
		t.Fatalf("db1 took %v", d)
	}
	cancel()
	e := <-hung
	want(t, e, NotStarted)
	if !strings.Contains(e.Reason, "db2") {
		t.Fatalf("reason %q", e.Reason)
	}
}

// pidIn waits for a file that holds a process id.
func pidIn(t *testing.T, path string) int {
	t.Helper()
	var pid int
	until(t, path+" holds a process id", func() bool {
		text, err := os.ReadFile(path)
		if err != nil {
			return false
		}
		pid, err = strconv.Atoi(strings.TrimSpace(string(text)))
		return err == nil
	})
	return pid
}

// alive says whether a process runs; one that waits to be reaped does not.
func alive(pid int) bool {
	if errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
		return false
	}
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return true
	}
	_, rest, _ := strings.Cut(string(stat), ") ")
	return !strings.HasPrefix(rest, "Z")
}
