package shell

import (
	"bytes"
	"context"
	"errors"
	"io"
	"sync"
	"syscall"
	"unicode/utf8"
)

// errInterrupted is what reading a line gives when ctrl-C emptied it.
var errInterrupted = errors.New("interrupted")

// terminal is the line discipline of a session's terminal: it echoes what is typed, edits the line, and gives whole lines
// to who reads.
type terminal struct {
	mu      sync.Mutex
	out     io.Writer
	line    []byte
	ready   []byte // whole lines
	ends    int    // ctrl-D on an empty line
	breaks  int    // ctrl-C
	silent  bool   // a password is typed
	closed  bool
	woken   chan struct{}
	onBreak func()
	escape  int // inside a sequence of an arrow key
}

func (t *terminal) wake() {
	close(t.woken)
	t.woken = make(chan struct{})
}

// typed takes what the keyboard sent.
func (t *terminal) typed(p []byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, b := range p {
		before := t.breaks
		t.key(b)
		t.wake()
		if hit := t.onBreak; t.breaks > before && hit != nil {
			// What is typed after it belongs to who comes then, so it waits until all have heard.
			t.mu.Unlock()
			hit()
			t.mu.Lock()
		}
	}
}

func (t *terminal) key(b byte) {
	switch {
	case t.escape == 1:
		t.escape = 0
		if b == '[' || b == 'O' {
			t.escape = 2
		}
	case t.escape == 2:
		if b >= '@' && b <= '~' {
			t.escape = 0
		}
	case b == 0x1b:
		t.escape = 1
	case b == '\r' || b == '\n':
		t.echo([]byte("\n"), false)
		t.ready = append(append(t.ready, t.line...), '\n')
		t.line = nil
	case b == 0x7f || b == '\b':
		if len(t.line) > 0 {
			_, n := utf8.DecodeLastRune(t.line)
			t.line = t.line[:len(t.line)-n]
			t.echo([]byte("\b \b"), true)
		}
	case b == 0x15: // ctrl-U
		t.echo(bytes.Repeat([]byte("\b \b"), utf8.RuneCount(t.line)), true)
		t.line = nil
	case b == 0x17: // ctrl-W
		cut := bytes.LastIndexByte(bytes.TrimRight(t.line, " "), ' ') + 1
		t.echo(bytes.Repeat([]byte("\b \b"), utf8.RuneCount(t.line[cut:])), true)
		t.line = t.line[:cut]
	case b == 0x03: // ctrl-C
		t.echo([]byte("^C\n"), false)
		t.line = nil
		t.breaks++
	case b == 0x04: // ctrl-D
		if len(t.line) == 0 {
			t.ends++
		} else {
			t.ready = append(t.ready, t.line...)
			t.line = nil
		}
	case b >= ' ' || b == '\t':
		t.line = append(t.line, b)
		t.echo([]byte{b}, true)
	}
}

// echo shows what was typed; secret text is not shown while a password is read. The lock is held.
func (t *terminal) echo(p []byte, secret bool) {
	if t.out == nil || t.silent && secret {
		return
	}
	_, _ = t.out.Write(bytes.ReplaceAll(p, []byte("\n"), []byte("\r\n"))) // who went away reads nothing
}

func (t *terminal) read(ctx context.Context, p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.breaks = 0
	for {
		switch {
		case ctx.Err() != nil:
			return 0, ctx.Err()
		case t.breaks > 0:
			t.breaks = 0
			return 0, errInterrupted
		case len(t.ready) > 0:
			n := copy(p, t.ready)
			t.ready = t.ready[n:]
			return n, nil
		case t.ends > 0:
			t.ends--
			return 0, io.EOF
		case t.closed:
			return 0, io.EOF
		}
		woken := t.woken
		t.mu.Unlock()
		select {
		case <-woken:
		case <-ctx.Done():
		}
		t.mu.Lock()
	}
}

func (t *terminal) write(_ context.Context, p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.out == nil {
		return 0, syscall.EIO
	}
	if _, err := t.out.Write(bytes.ReplaceAll(p, []byte("\n"), []byte("\r\n"))); err != nil {
		return 0, syscall.EIO
	}
	return len(p), nil
}

func (t *terminal) close() {}

// ask prompts for a password and reads it without echo.
func (t *terminal) ask(ctx context.Context, prompt string) (string, error) {
	t.mu.Lock()
	t.silent = true
	t.echo([]byte(prompt), false)
	t.mu.Unlock()
	defer func() {
		t.mu.Lock()
		t.silent = false
		t.mu.Unlock()
	}()
	var line []byte
	one := make([]byte, 1)
	for {
		n, err := t.read(ctx, one)
		switch {
		case err != nil:
			return "", err
		case n == 0:
		case one[0] == '\n':
			return string(line), nil
		default:
			line = append(line, one[0])
		}
	}
}

// Interactive is a login with a prompt on a terminal that is ours: it echoes, handles backspace, ctrl-C, ctrl-D, ctrl-U and
// ctrl-W, takes carriage returns for ends of lines and sends them. Spec.Line is run on that terminal instead of a shell
// when it is not empty; Stderr is not used. It returns when the shell ends or the input does. Reading Stdin goes on until
// it fails, so close it afterwards.
func (h *Host) Interactive(ctx context.Context, s Spec) int {
	if s.User == "" {
		s.User = "root"
	}
	a, ok := h.account(s.User)
	if !ok {
		return 255
	}
	base, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() { cancel(signalled(syscall.SIGHUP)) })
	defer stop()
	// Whoever is left on the terminal is hung up.
	defer cancel(signalled(syscall.SIGHUP))
	t := &terminal{out: s.Stdout, woken: make(chan struct{})}
	defer func() {
		t.mu.Lock()
		t.out = nil
		t.mu.Unlock()
	}()
	if s.Stdin != nil {
		go func() {
			buf := make([]byte, 1024)
			for {
				n, err := s.Stdin.Read(buf)
				t.typed(buf[:n])
				if err != nil {
					t.mu.Lock()
					t.closed = true
					t.wake()
					t.mu.Unlock()
					return
				}
			}
		}()
	}
	d := opened(t)
	fds := fdTable{0: d, 1: d.dup(), 2: d.dup()}
	args := []string{a.Shell, "-i", "-l"}
	if s.Line != "" {
		args = []string{a.Shell, "-c", s.Line}
	}
	sess := &session{tty: "pts/0", ask: t.ask}
	s.Env = append([]string{"TERM=xterm-256color"}, s.Env...)
	p := h.login(base, a, s, args, fds, sess)
	t.mu.Lock()
	t.onBreak = func() {
		h.signalAll(syscall.SIGINT, func(q *process) bool { return q.session == sess })
	}
	t.mu.Unlock()
	select {
	case <-p.done:
		return p.status
	case <-base.Done():
		return 128 + int(syscall.SIGHUP)
	}
}
