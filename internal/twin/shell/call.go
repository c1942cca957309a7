package shell

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"
	"syscall"
)

// Command is a program of a host. It returns the exit status, and soon after its context ends.
type Command func(ctx context.Context, c *Call) int

// Call is one run of a Command: its arguments, its open files and what it may ask of its host.
type Call struct {
	Host *Host
	// Args are the arguments; Args[0] is the name as it was called, which may be a path.
	Args           []string
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	// Dir is the working directory, User the name of who runs this, PID its process.
	Dir, User string
	PID       int

	proc  *process
	env   []string
	fds   fdTable
	umask fs.FileMode
	// say replaces how Fail says something, for a command that a shell runs as its own.
	say func(words string)
}

// Env is a variable of the environment, empty when it is not set.
func (c *Call) Env(name string) string {
	for _, kv := range c.env {
		if n, v, _ := strings.Cut(kv, "="); n == name {
			return v
		}
	}
	return ""
}

// Environ is the whole environment as NAME=value.
func (c *Call) Environ() []string { return c.env }

// Name is the command's name without directories, as it stands in its messages.
func (c *Call) Name() string { return path.Base(c.Args[0]) }

// Fail prints "NAME: " and the message to standard error, and returns the status.
func (c *Call) Fail(status int, format string, args ...any) int {
	words := c.Name() + ": " + fmt.Sprintf(format, args...)
	if c.say != nil {
		c.say(words)
	} else {
		fmt.Fprintln(c.Stderr, words)
	}
	return status
}

// Path makes a path absolute.
func (c *Call) Path(name string) string {
	if strings.HasPrefix(name, "/") || name == "" {
		return name
	}
	return strings.TrimSuffix(c.Dir, "/") + "/" + name
}

// ReadFile reads a file as the call's user; path may be relative.
func (c *Call) ReadFile(name string) ([]byte, error) {
	h, err := c.Host.FS.open(c.Path(name), syscall.O_RDONLY, 0, c.proc.who)
	if err != nil {
		return nil, err
	}
	if h.node.mode.IsDir() {
		return nil, failed("read", name, syscall.EISDIR)
	}
	return h.held(), nil
}

// WriteFile writes a file as the call's user; an existing one keeps its mode.
func (c *Call) WriteFile(name string, data []byte, perm fs.FileMode) error {
	h, err := c.Host.FS.open(c.Path(name), syscall.O_WRONLY|syscall.O_CREAT|syscall.O_TRUNC, perm&^c.umask, c.proc.who)
	if err != nil {
		return err
	}
	_, err = h.Write(data)
	return err
}

// Stat asks for a file as the call's user.
func (c *Call) Stat(name string) (Info, error) {
	return c.Host.FS.stat(c.Path(name), true, c.proc.who)
}

func (c *Call) lstat(name string) (Info, error) {
	return c.Host.FS.stat(c.Path(name), false, c.proc.who)
}

// open opens a file to read it; "-" is standard input, and /dev/stdin too.
func (c *Call) open(name string) (io.Reader, error) {
	if name == "-" || name == "/dev/stdin" {
		return c.Stdin, nil
	}
	h, err := c.Host.FS.open(c.Path(name), syscall.O_RDONLY, 0, c.proc.who)
	if err != nil {
		return nil, err
	}
	return cancelled{c.proc.ctx, h}, nil
}

// cancelled ends a read of a file with its process, so that a huge one does not outlive it.
type cancelled struct {
	ctx context.Context
	io.Reader
}

func (c cancelled) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.Reader.Read(p)
}

// Option changes how Run starts a command.
type Option func(*launch)

type launch struct {
	user                  string
	env                   []string
	dir                   string
	stdin                 io.Reader
	stdout, stderr        io.Writer
	hasIn, hasOut, hasErr bool
}

// As runs the command as another user. It asks nobody; sudo and su do.
func As(user string) Option { return func(l *launch) { l.user = user } }

// WithEnv replaces the environment.
func WithEnv(env []string) Option { return func(l *launch) { l.env = env } }

// WithIO replaces the standard files; nil leaves one as it is.
func WithIO(stdin io.Reader, stdout, stderr io.Writer) Option {
	return func(l *launch) {
		if stdin != nil {
			l.stdin, l.hasIn = stdin, true
		}
		if stdout != nil {
			l.stdout, l.hasOut = stdout, true
		}
		if stderr != nil {
			l.stderr, l.hasErr = stderr, true
		}
	}
}

// InDir changes the working directory.
func InDir(dir string) Option { return func(l *launch) { l.dir = dir } }

// Run runs another command of this host as a child and waits for its end: found on the PATH or by its path, with this
// call's files and environment unless an option says otherwise. What cannot be found is 127, what is no program 126, with
// nothing said.
func (c *Call) Run(ctx context.Context, args []string, opts ...Option) int {
	p, status := c.spawn(ctx, args, opts...)
	if p == nil {
		return status
	}
	<-p.done
	return p.status
}

// spawn starts a child and returns it, or nil and 127 or 126.
func (c *Call) spawn(ctx context.Context, args []string, opts ...Option) (*process, int) {
	l := launch{user: c.User, env: c.env, dir: c.Dir}
	for _, o := range opts {
		o(&l)
	}
	who := c.proc.who
	if l.user != c.User {
		who = c.Host.identity(l.user)
	}
	prog, errno := c.Host.resolve(args[0], l.dir, envValue(l.env, "PATH"), who)
	if errno != 0 {
		return nil, notRun(errno)
	}
	fds := c.fds.clone()
	if l.hasIn {
		fds.set(0, opened(through{r: l.stdin}))
	}
	if l.hasOut {
		fds.set(1, opened(through{w: l.stdout}))
	}
	if l.hasErr {
		fds.set(2, opened(through{w: l.stderr}))
	}
	p := c.Host.start(ctx, c.proc, who, args, prog.path, c.proc.session)
	go func() {
		defer fds.release()
		p.finish(prog.run(p, args, l.env, l.dir, c.umask, fds))
	}()
	return p, 0
}

func notRun(err syscall.Errno) int {
	if err == syscall.ENOENT || err == syscall.ENOTDIR {
		return 127
	}
	return 126
}

func envValue(env []string, name string) string {
	for _, kv := range env {
		if n, v, _ := strings.Cut(kv, "="); n == name {
			return v
		}
	}
	return ""
}
