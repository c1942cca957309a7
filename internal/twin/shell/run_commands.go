package shell

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// duration reads 5, 0.2, 5s, 2m, 1h and 1d.
func duration(word string) (time.Duration, bool) {
	unit := time.Second
	if n := len(word); n > 0 {
		switch word[n-1] {
		case 's':
			word = word[:n-1]
		case 'm':
			unit, word = time.Minute, word[:n-1]
		case 'h':
			unit, word = time.Hour, word[:n-1]
		case 'd':
			unit, word = 24*time.Hour, word[:n-1]
		}
	}
	if word == "infinity" || word == "inf" {
		return 1<<63 - 1, true
	}
	f, err := strconv.ParseFloat(word, 64)
	return time.Duration(f * float64(unit)), err == nil && f >= 0
}

func sleepCommand(ctx context.Context, c *Call) int {
	if len(c.Args) < 2 {
		return c.usage("missing operand")
	}
	var total time.Duration
	for _, a := range c.Args[1:] {
		d, ok := duration(a)
		if !ok {
			return c.usage("invalid time interval '%s'", a)
		}
		total += d
	}
	if c.Host.sleep(ctx, total) != nil {
		return 1 // a signal ended it
	}
	return 0
}

// timeoutCommand is timeout(1): it leads a process group of its own, which it signals.
func timeoutCommand(ctx context.Context, c *Call) int {
	a, ok := c.options("+k:s:v", "kill-after:=k", "signal:=s", "foreground=f", "preserve-status=p", "verbose=v")
	if !ok {
		return 125
	}
	if len(a.rest) < 2 {
		c.usage("missing operand")
		return 125
	}
	limit, ok := duration(a.rest[0])
	if !ok {
		c.usage("invalid time interval '%s'", a.rest[0])
		return 125
	}
	sig := syscall.SIGTERM
	if v, ok := a.get('s'); ok {
		if sig, ok = signalNamed(v); !ok {
			c.usage("%s: invalid signal", v)
			return 125
		}
	}
	var after time.Duration
	if v, ok := a.get('k'); ok {
		if after, ok = duration(v); !ok {
			c.usage("invalid time interval '%s'", v)
			return 125
		}
	}
	c.proc.host.procs.mu.Lock()
	if !a.has('f') {
		c.proc.group = c.proc.pid
	}
	c.proc.host.procs.mu.Unlock()
	child, status := c.spawn(ctx, a.rest[1:])
	if child == nil {
		why := "No such file or directory"
		if status == 126 {
			why = "Permission denied"
		}
		return c.Fail(status, "failed to run command '%s': %s", a.rest[1], why)
	}
	all := func(sig syscall.Signal) {
		c.Host.signalAll(sig, func(p *process) bool { return p.group == c.proc.group && p != c.proc })
	}
	fired := c.alarm(ctx, limit, child)
	if !fired {
		<-child.done
		return child.status
	}
	if a.has('v') {
		fmt.Fprintf(c.Stderr, "timeout: sending signal %s to command '%s'\n", nameOf(sig), a.rest[1])
	}
	all(sig)
	killed := false
	if after > 0 && c.alarm(ctx, after, child) {
		killed = true
		all(syscall.SIGKILL)
	}
	<-child.done
	switch {
	case killed || sig == syscall.SIGKILL:
		// timeout dies of the signal that it sent.
		c.proc.signal(syscall.SIGKILL)
		return 128 + int(syscall.SIGKILL)
	case a.has('p'):
		return child.status
	}
	return 124
}

// alarm waits for a child; true is that the time was over first. A limit of 0 is none.
func (c *Call) alarm(ctx context.Context, limit time.Duration, child *process) bool {
	if limit == 0 {
		<-child.done
		return false
	}
	waiting, stop := context.WithCancel(ctx)
	defer stop()
	rang := make(chan error, 1)
	go func() { rang <- c.Host.timer(waiting, limit) }()
	select {
	case <-child.done:
		return false
	case err := <-rang:
		if err != nil {
			<-child.done
			return false
		}
	}
	select {
	case <-child.done:
		return false
	default:
		return true
	}
}

func nameOf(sig syscall.Signal) string {
	for _, s := range signals {
		if s.number == sig {
			return s.name
		}
	}
	return strconv.Itoa(int(sig))
}

func nohupCommand(ctx context.Context, c *Call) int {
	a, ok := c.options("+")
	if !ok {
		return 125
	}
	if len(a.rest) == 0 {
		c.usage("missing operand")
		return 125
	}
	c.proc.mu.Lock()
	c.proc.ignore(syscall.SIGHUP)
	c.proc.mu.Unlock()
	return c.become(ctx, a.rest)
}

// become runs a command that this one hands its place to, and says when it cannot.
func (c *Call) become(ctx context.Context, args []string, opts ...Option) int {
	child, status := c.spawn(ctx, args, opts...)
	if child != nil {
		<-child.done
		return child.status
	}
	why := "No such file or directory"
	if status == 126 {
		why = "Permission denied"
	}
	if c.Name() == "nohup" {
		return c.Fail(status, "failed to run command '%s': %s", args[0], why)
	}
	return c.Fail(status, "'%s': %s", args[0], why)
}

func killCommand(_ context.Context, c *Call) int {
	complain := func(format string, a ...any) { c.Fail(1, "%s", strings.TrimSuffix(fmt.Sprintf(format, a...), "\n")) }
	return killWords(c.Host, c.proc.who, c.Args, complain,
		func(line string) { fmt.Fprintln(c.Stdout, line) })
}

func envCommand(ctx context.Context, c *Call) int {
	a, ok := c.options("+iu:C:0", "ignore-environment=i", "unset:=u", "chdir:=C", "null=0")
	if !ok {
		return 125
	}
	env := slices.Clone(c.env)
	rest := a.rest
	if a.has('i') || len(rest) > 0 && rest[0] == "-" {
		env = nil
		if len(rest) > 0 && rest[0] == "-" {
			rest = rest[1:]
		}
	}
	for _, n := range a.all('u') {
		env = slices.DeleteFunc(env, func(kv string) bool { return cutName(kv) == n })
	}
	for len(rest) > 0 && strings.Contains(rest[0], "=") {
		n, v, _ := strings.Cut(rest[0], "=")
		env = setEnv(env, n, v)
		rest = rest[1:]
	}
	if len(rest) == 0 {
		ending := "\n"
		if a.has('0') {
			ending = "\x00"
		}
		for _, kv := range env {
			fmt.Fprint(c.Stdout, kv, ending)
		}
		return 0
	}
	opts := []Option{WithEnv(env)}
	if dir, ok := a.get('C'); ok {
		opts = append(opts, InDir(c.Path(dir)))
	}
	return c.become(ctx, rest, opts...)
}

// commandCommand is /usr/bin/command, for those who cannot use the shell's own.
func commandCommand(ctx context.Context, c *Call) int {
	return c.Run(ctx, append([]string{"sh", "-c", `command "$@"`, "sh"}, c.Args[1:]...))
}
