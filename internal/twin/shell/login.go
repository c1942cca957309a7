package shell

import (
	"context"
	"fmt"
	"slices"
	"syscall"
)

// Run does what sshd does for one exec request: it runs the line in the user's login shell and returns its status, 128 and
// the signal when one ended it. It returns when the shell has ended and no process holds the session's output any more.
// When ctx ends, every process of the session is killed and Run returns. Once somebody reads standard input, reading Stdin
// goes on until it fails, also after Run, so close it then.
func (h *Host) Run(ctx context.Context, s Spec) int {
	if s.User == "" {
		s.User = "root"
	}
	a, ok := h.account(s.User)
	if !ok {
		if s.Stderr != nil {
			fmt.Fprintf(s.Stderr, "user %s does not exist\n", s.User)
		}
		return 255
	}
	args := []string{a.Shell}
	if s.Login {
		args = append(args, "-l")
	}
	if s.Line != "" {
		args = append(args, "-c", s.Line)
	}
	base, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() { cancel(signalled(syscall.SIGKILL)) })
	defer stop()
	stdout, stderr := &sink{w: s.Stdout}, &sink{w: s.Stderr}
	if s.Stdout == nil {
		stdout.w = discard{}
	}
	if s.Stderr == nil {
		stderr.w = discard{}
	}
	defer stdout.cut()
	defer stderr.cut()
	fds := fdTable{0: newFeed(s.Stdin), 1: opened(stdout), 2: opened(stderr)}
	held := []*descriptor{fds[1], fds[2]}
	p := h.login(base, a, s, args, fds, &session{})
	for _, d := range held {
		select {
		case <-d.closed:
		case <-base.Done():
			return 128 + int(syscall.SIGKILL)
		}
	}
	<-p.done
	return p.status
}

// login starts a user's shell as the first process of a session.
func (h *Host) login(base context.Context, a account, s Spec, args []string, fds fdTable, sess *session) *process {
	sess.ctx = base
	p := h.start(base, nil, h.identity(a.Name), args, a.Shell, sess)
	env := h.loginEnv(a, s.Env)
	dir := s.Dir
	if dir == "" {
		dir = a.Home
	}
	if i, err := h.FS.stat(dir, true, p.who); err != nil || !i.Dir {
		dir = "/"
	}
	prog, errno := h.executable(a.Shell, "/", p.who)
	go func() {
		defer fds.release()
		if errno != 0 {
			p.finish(notRun(errno))
			return
		}
		p.finish(prog.run(p, args, env, dir, 0o022, fds))
	}()
	return p
}

const (
	userPath = "/usr/local/bin:/usr/bin:/bin:/usr/games"
	rootPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
)

// loginEnv is the environment of a login as sshd and PAM make it on Debian.
func (h *Host) loginEnv(a account, more []string) []string {
	pathList := userPath
	if a.UID == 0 {
		pathList = rootPath
	}
	env := []string{"USER=" + a.Name, "LOGNAME=" + a.Name, "HOME=" + a.Home, "PATH=" + pathList, "SHELL=" + a.Shell, "LANG=C.UTF-8"}
	for k, v := range h.Env {
		env = setEnv(env, k, v)
	}
	for _, kv := range more {
		env = setEnv(env, cutName(kv), kv[min(len(cutName(kv))+1, len(kv)):])
	}
	return env
}

func cutName(kv string) string {
	for i := range kv {
		if kv[i] == '=' {
			return kv[:i]
		}
	}
	return kv
}

// setEnv replaces or adds a variable.
func setEnv(env []string, name, value string) []string {
	out := slices.DeleteFunc(slices.Clone(env), func(kv string) bool { return cutName(kv) == name })
	return append(out, name+"="+value)
}

type discard struct{}

func (discard) Write(p []byte) (int, error) { return len(p), nil }

// DetachedSpec is what RunDetached starts. Output is appended to StdoutFile and StderrFile, files of the host; empty is
// /dev/null.
type DetachedSpec struct {
	Args                   []string
	User                   string
	Env                    []string
	Dir                    string
	StdoutFile, StderrFile string
	// Done is called once, in a goroutine of its own, with the exit status; nil is allowed.
	Done func(status int)
}

// Detached is a process that RunDetached started.
type Detached struct {
	PID  int
	proc *process
}

// RunDetached starts a process that no session holds, as systemd does for a unit, and returns at once. ctx is the life of
// the host, not of a session. Errors: what cannot be executed, an output file that cannot be opened, an unknown user.
func (h *Host) RunDetached(ctx context.Context, s DetachedSpec) (*Detached, error) {
	if s.User == "" {
		s.User = "root"
	}
	a, ok := h.account(s.User)
	if !ok {
		return nil, fmt.Errorf("user %s: %w", s.User, syscall.ESRCH)
	}
	if s.Dir == "" {
		s.Dir = "/"
	}
	if s.Env == nil {
		s.Env = []string{"PATH=" + rootPath, "HOME=" + a.Home, "USER=" + a.Name, "LOGNAME=" + a.Name, "LANG=C.UTF-8"}
	}
	who := h.identity(s.User)
	prog, errno := h.resolve(s.Args[0], s.Dir, envValue(s.Env, "PATH"), who)
	if errno != 0 {
		return nil, failed("exec", s.Args[0], errno)
	}
	fds := fdTable{0: newText("")}
	for n, name := range map[int]string{1: s.StdoutFile, 2: s.StderrFile} {
		if name == "" {
			fds[n] = opened(&sink{w: discard{}})
			continue
		}
		f, err := h.FS.open(name, syscall.O_WRONLY|syscall.O_CREAT|syscall.O_APPEND, 0o644, root)
		if err != nil {
			fds.release()
			return nil, err
		}
		fds[n] = opened(fileStream{f})
	}
	p := h.start(ctx, nil, who, s.Args, prog.path, &session{ctx: ctx})
	go func() {
		status := p.finish(prog.run(p, s.Args, s.Env, s.Dir, 0o022, fds))
		fds.release()
		if s.Done != nil {
			s.Done(status)
		}
	}()
	return &Detached{PID: p.pid, proc: p}, nil
}

// Signal sends a signal to the process and, as systemd does with a unit, to all that it started.
func (d *Detached) Signal(sig syscall.Signal) {
	d.proc.host.signalAll(sig, func(p *process) bool { return p.session == d.proc.session })
}

// Wait waits for the end and returns the status.
func (d *Detached) Wait(ctx context.Context) (int, error) {
	select {
	case <-d.proc.done:
		return d.proc.status, nil
	case <-ctx.Done():
		return 0, ctx.Err()
	}
}
