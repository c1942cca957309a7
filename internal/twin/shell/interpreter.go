package shell

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"syscall"

	"mvdan.cc/sh/v3/syntax"
)

// interpreter is one running shell or subshell. It is used by one goroutine; a subshell of another goroutine is a copy.
type interpreter struct {
	host *Host
	proc *process
	// name is $0, which begins the messages. bash is set for bash, whose messages and syntax differ.
	name        string
	bash        bool
	interactive bool
	pid         int // $$, which subshells keep

	vars   map[string]variable
	saved  []map[string]variable // what local hides, a map for each function that runs
	funcs  map[string]*syntax.Stmt
	alias  map[string]string
	params []string
	opt    options
	fds    fdTable
	dir    string
	umask  fs.FileMode

	status  int // $?
	job     int // $!
	jobs    []*job
	tested  int // above 0 where set -e does not look
	loops   int
	skip    int // how many loops a break or continue leaves
	depth   int // of function calls and sourced files
	line    uint
	traps   map[syscall.Signal]string // signal 0 is EXIT
	pending chan syscall.Signal
	sub     bool
	final   bool // the next command is this shell's last, which it becomes
	getopt  int  // the place in a word of several options
	// ran is the status of the last command substitution of a command, for x=$(false).
	ran int
}

type variable struct {
	value                   string
	set, exported, readonly bool
}

type options struct {
	errexit, nounset, xtrace, noglob, noclobber, allexport, verbose, noexec, pipefail bool
}

// job is a background process.
type job struct {
	proc *process
	text string
	told bool // that a signal ended it
}

// flow is how a statement ended: run goes on with the next one.
type flow int

const (
	run flow = iota
	breaking
	continuing
	returning
	exiting
)

// fatal is an error of an expansion or a special builtin, which ends a shell that is not interactive.
type fatal struct {
	text   string
	status int
}

func (f *fatal) Error() string { return f.text }

// most function calls may be nested, as deep as Go's stack is kept small.
const mostDepth = 500

func newInterpreter(c *Call, name string, bash bool) *interpreter {
	s := &interpreter{
		host: c.Host, proc: c.proc, name: name, bash: bash, pid: c.PID, vars: map[string]variable{},
		funcs: map[string]*syntax.Stmt{}, alias: map[string]string{}, fds: c.fds.clone(), dir: c.Dir, umask: c.umask,
		traps: map[syscall.Signal]string{}, pending: make(chan syscall.Signal, 16),
	}
	for _, kv := range c.env {
		if n, v, ok := strings.Cut(kv, "="); ok && syntax.ValidName(n) {
			s.vars[n] = variable{value: v, set: true, exported: true}
		}
	}
	s.assign("PWD", s.dir)
	s.assign("OPTIND", "1")
	s.assign("PPID", fmt.Sprint(c.proc.ppid))
	s.assign("IFS", " \t\n")
	return s
}

// child is a subshell that runs as a process of its own. Its descriptors are its own; release them.
func (s *interpreter) child(p *process) *interpreter {
	c := *s
	c.proc, c.sub = p, true
	c.vars, c.funcs, c.alias = maps.Clone(s.vars), maps.Clone(s.funcs), maps.Clone(s.alias)
	c.saved = slices.Clone(s.saved)
	for i, m := range c.saved {
		c.saved[i] = maps.Clone(m)
	}
	c.fds = s.fds.clone()
	c.jobs = nil
	c.traps = map[syscall.Signal]string{}
	for sig, action := range s.traps {
		if action == "" {
			c.traps[sig] = ""
		}
	}
	c.pending = make(chan syscall.Signal, 16)
	c.interactive, c.final = false, false
	return &c
}

// get is a variable, set or not.
func (s *interpreter) get(name string) variable {
	if name == "LINENO" {
		return variable{value: fmt.Sprint(s.line), set: true}
	}
	return s.vars[name]
}

func (s *interpreter) assign(name, value string) *fatal {
	v := s.vars[name]
	if v.readonly {
		return &fatal{name + ": is read only", 2}
	}
	v.value, v.set = value, true
	v.exported = v.exported || s.opt.allexport
	s.vars[name] = v
	return nil
}

// environ is what a command gets.
func (s *interpreter) environ() []string {
	var env []string
	for name, v := range s.vars {
		if v.exported && v.set {
			env = append(env, name+"="+v.value)
		}
	}
	slices.Sort(env)
	return env
}

// complain prints a message as dash does: "NAME: LINE: TEXT".
func (s *interpreter) complain(format string, args ...any) {
	words := fmt.Sprintf(format, args...)
	switch {
	case s.bash && s.interactive:
		words = fmt.Sprintf("-%s: %s\n", path.Base(s.name), words)
	case s.bash:
		words = fmt.Sprintf("%s: line %d: %s\n", s.name, s.line, words)
	case s.interactive:
		words = fmt.Sprintf("%s: %d: %s\n", s.name, s.line, words)
	default:
		words = fmt.Sprintf("%s: %d: %s\n", s.name, s.line, words)
	}
	s.errorf("%s", words)
}

func (s *interpreter) errorf(format string, args ...any) {
	fmt.Fprintf(end{s.proc, s.fds[2]}, format, args...) // who cannot say it cannot be told
}

// abort reports an error that ends the shell.
func (s *interpreter) abort(err error) flow {
	var f *fatal
	if !errors.As(err, &f) {
		f = &fatal{err.Error(), 2}
	}
	if f.text != "" {
		s.complain("%s", f.text)
	}
	s.status = f.status
	if s.interactive {
		return run
	}
	return exiting
}

// parse reads a script.
func (s *interpreter) parse(script string) (*syntax.File, error) {
	lang := syntax.LangPOSIX
	if s.bash {
		lang = syntax.LangBash
	}
	return s.host.scripts.parse(lang, s.name, script)
}

// runScript runs a whole script and the EXIT trap, and returns the status.
func (s *interpreter) runScript(script string) int {
	defer s.fds.release()
	s.catch()
	file, err := s.parseOr(script)
	if err != nil {
		s.abort(err)
		return s.leave()
	}
	s.lastly(file.Stmts)
	return s.leave()
}

// lastly runs statements after which the shell ends: it becomes the last command, if that is a program, instead of waiting
// for it. So a signal to the shell's process reaches the program.
func (s *interpreter) lastly(list []*syntax.Stmt) flow {
	n := len(list)
	if n == 0 {
		return run
	}
	if f := s.stmts(list[:n-1]); f != run {
		return f
	}
	s.final = !list[n-1].Background && !list[n-1].Negated
	f := s.stmts(list[n-1:])
	s.final = false
	return f
}

// guarded is the life of a subshell in a goroutine of its own.
func (s *interpreter) guarded(st *syntax.Stmt) (status int) {
	defer func() {
		if e := recover(); e != nil {
			s.errorf("Segmentation fault (%v)\n", e) // a bug here ends no console
			status = 128 + int(syscall.SIGSEGV)
		}
	}()
	s.lastly([]*syntax.Stmt{st})
	return s.leave()
}

// parseOr reads a script and says what is wrong with it as dash does.
func (s *interpreter) parseOr(script string) (*syntax.File, error) {
	file, err := s.parse(script)
	if err == nil {
		return file, nil
	}
	words := err.Error()
	var pe syntax.ParseError
	var le syntax.LangError
	switch {
	case errors.As(err, &pe):
		s.line, words = pe.Pos.Line(), pe.Text
	case errors.As(err, &le):
		s.line, words = le.Pos.Line(), le.Feature+" is bash's, and this is sh"
	}
	if strings.Contains(words, "without closing quote") {
		words = "Unterminated quoted string"
	}
	return nil, &fatal{"Syntax error: " + words, 2}
}

// source runs a script's statements in this shell.
func (s *interpreter) source(script string) flow {
	file, err := s.parseOr(script)
	if err != nil {
		return s.abort(err)
	}
	return s.stmts(file.Stmts)
}

// leave runs the EXIT trap.
func (s *interpreter) leave() int {
	if action := s.traps[0]; action != "" {
		delete(s.traps, 0)
		status := s.status
		s.status = status
		if f := s.source(action); f != exiting {
			s.status = status
		}
	}
	s.proc.mu.Lock()
	s.proc.caught = nil
	s.proc.mu.Unlock()
	return s.status
}

// catch lets the process's signals find this shell's traps.
func (s *interpreter) catch() {
	traps := maps.Clone(s.traps)
	interactive := s.interactive
	pending := s.pending
	s.proc.mu.Lock()
	defer s.proc.mu.Unlock()
	s.proc.caught = func(sig syscall.Signal) bool {
		action, ok := traps[sig]
		switch {
		case ok && action != "":
			select {
			case pending <- sig:
			default:
			}
			return true
		case ok:
			return true
		}
		return interactive && (sig == syscall.SIGINT || sig == syscall.SIGTERM || sig == syscall.SIGQUIT)
	}
}

// trapped runs the traps of signals that came.
func (s *interpreter) trapped() flow {
	for {
		select {
		case sig := <-s.pending:
			if action := s.traps[sig]; action != "" {
				status := s.status
				if f := s.source(action); f != run {
					return f
				}
				s.status = status
			}
		default:
			return run
		}
	}
}

// over says whether a signal has ended this shell.
func (s *interpreter) over() bool {
	if sig, ok := s.proc.killed(); ok {
		s.status = 128 + int(sig)
		return true
	}
	return false
}

func (s *interpreter) ctx() context.Context { return s.proc.ctx }
