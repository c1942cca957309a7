package remote

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"
)

func TestRunLocalTellsTheTruthAboutTheEnd(t *testing.T) {
	p := pool(t, Options{}, quick())
	for _, c := range []struct {
		line   string
		in     string
		kind   ExitKind
		code   int
		signal string
		out    string
		err    string
	}{
		{line: "true", kind: OK},
		{line: "echo out; echo err >&2", kind: OK, out: "out\n", err: "err\n"},
		{line: "cat", in: "some input", kind: OK, out: "some input"},
		{line: "exit 3", in: "not read", kind: Failed, code: 3},
		{line: "kill -9 $$", kind: Signalled, code: -1, signal: "KILL"},
		{line: "tty >/dev/null", kind: Failed, code: 1},
	} {
		t.Run(c.line, func(t *testing.T) {
			var out, errs bytes.Buffer
			e := p.RunLocal(within(t), Command{Line: c.line, Stdin: []byte(c.in), Stdout: &out, Stderr: &errs})
			if e.Kind != c.kind || e.Code != c.code || e.Signal != c.signal || out.String() != c.out || errs.String() != c.err {
				t.Fatalf("%+v, output %q and %q", e, out.String(), errs.String())
			}
		})
	}
}

func TestRunLocalNotStarted(t *testing.T) {
	p := pool(t, Options{}, quick())
	want(t, p.RunLocal(within(t), Command{Line: "true", Become: true}), NotStarted, "no other user")
	want(t, p.RunLocal(within(t), Command{Line: "true\x00"}), NotStarted, "/bin/sh")
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	want(t, p.RunLocal(ctx, Command{Line: "true"}), NotStarted)
}

func TestRunLocalEndsTheWholeGroup(t *testing.T) {
	t.Parallel()
	p := pool(t, Options{}, quick())
	p.timing.term = 200 * time.Millisecond
	for _, c := range []struct {
		name, line string
		kind       ExitKind
	}{
		{"child", "sleep 60 & echo $! > %s; wait", Cancelled},
		{"nohup", "nohup sleep 60 >/dev/null 2>&1 & echo $! > %s; wait", Cancelled},
		{"deaf child without output", "(trap '' TERM; exec >/dev/null 2>&1; sleep 60 & echo $! >%s; wait) & wait", TimedOut},
	} {
		t.Run(c.name, func(t *testing.T) {
			mark := filepath.Join(t.TempDir(), "pid")
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			cmd := Command{Line: fmt.Sprintf(c.line, mark)}
			if c.kind == TimedOut {
				cmd.Timeout = 300 * time.Millisecond
			}
			done := make(chan Exit, 1)
			go func() { done <- p.RunLocal(ctx, cmd) }()
			pid := pidIn(t, mark)
			if c.kind == Cancelled {
				cancel()
			}
			want(t, <-done, c.kind)
			if alive(pid) {
				t.Fatalf("%d lives", pid)
			}
		})
	}
}

func TestRunLocalWithoutProofIsUnknown(t *testing.T) {
	t.Parallel()
	// A child that left the group and holds the output: what it does is not known.
	p := pool(t, Options{}, quick())
	p.timing.term, p.timing.kill = 100*time.Millisecond, 100*time.Millisecond
	mark := filepath.Join(t.TempDir(), "pid")
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan Exit, 1)
	go func() { done <- p.RunLocal(ctx, Command{Line: leaveEnv + "=" + quote(mark) + " " + quote(os.Args[0])}) }()
	pid := pidIn(t, mark)
	defer func() { _ = syscall.Kill(pid, syscall.SIGKILL) }()
	cancel()
	want(t, <-done, Unknown, "may still be running")
	if !alive(pid) {
		t.Fatal("the test is void: the child ended")
	}
}

// leaveEnv makes the test's own binary leave its session, write its process id to a file and stay.
const leaveEnv = "REMOTE_TEST_LEAVE"

func leave(mark string) {
	_, err := syscall.Setsid()
	if err == nil {
		err = os.WriteFile(mark, []byte(strconv.Itoa(os.Getpid())), 0o600)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	<-time.After(time.Minute)
}

func TestRunLocalBackgroundDoesNotHoldTheResult(t *testing.T) {
	t.Parallel()
	p := pool(t, Options{}, quick())
	mark := filepath.Join(t.TempDir(), "pid")
	var out bytes.Buffer
	e := p.RunLocal(within(t), Command{Line: "sleep 60 & echo $! > " + mark + "; echo done", Stdout: &out})
	pid := pidIn(t, mark)
	defer func() { _ = syscall.Kill(pid, syscall.SIGKILL) }()
	want(t, e, OK)
	if out.String() != "done\n" {
		t.Fatalf("output %q", out.String())
	}
}
