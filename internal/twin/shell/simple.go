package shell

import (
	"fmt"
	"slices"
	"strings"
	"syscall"

	"mvdan.cc/sh/v3/syntax"
)

// special are the builtins that POSIX calls so: they are found before functions, and their errors end the shell.
var special = []string{".", ":", "break", "continue", "eval", "exec", "exit", "export", "readonly", "return", "set", "shift", "times", "trap", "unset"}

// simple runs a simple command: assignments, words and redirections.
func (s *interpreter) simple(c *syntax.CallExpr, redirs []*syntax.Redirect, final bool) flow {
	s.ran = 0
	args, err := s.words(c.Args)
	if err != nil {
		return s.abort(err)
	}
	args = s.aliases(args, c)
	if len(args) == 0 {
		return s.assignments(c, redirs)
	}
	name := args[0]
	isSpecial := slices.Contains(special, name)
	hid, err := s.redirect(redirs)
	if err != nil {
		hid.restore()
		f := s.redirectFailed(err)
		if isSpecial && !s.interactive && !s.bash {
			return exiting
		}
		return f
	}
	if name == "exec" && len(args) == 1 {
		hid.forget()
	}
	defer hid.restore()
	if s.opt.xtrace {
		s.trace(c, args)
	}
	restore, err := s.temporary(c.Assigns, !isSpecial)
	defer restore()
	if err != nil {
		return s.abort(err)
	}
	if !isSpecial {
		if body := s.funcs[name]; body != nil {
			return s.function(body, args)
		}
	}
	if b := s.own(name); b != nil {
		f := b(s, args)
		return f
	}
	if final && len(s.traps) == 0 {
		hid.forget()
	}
	s.status = s.external(args, final)
	return run
}

// words expands a command's words. Those of local, which POSIX's grammar does not know, are assignments.
func (s *interpreter) words(list []*syntax.Word) ([]string, error) {
	if len(list) == 0 || !slices.Contains([]string{"local", "export", "readonly"}, list[0].Lit()) {
		return s.fields(list...)
	}
	args := []string{list[0].Lit()}
	for _, w := range list[1:] {
		if lit, ok := w.Parts[0].(*syntax.Lit); ok {
			if name, _, ok := strings.Cut(lit.Value, "="); ok && syntax.ValidName(name) {
				v, err := s.literal(w)
				if err != nil {
					return nil, err
				}
				args = append(args, v)
				continue
			}
		}
		f, err := s.fields(w)
		if err != nil {
			return nil, err
		}
		args = append(args, f...)
	}
	return args, nil
}

// aliases replaces a command's name that is an alias.
func (s *interpreter) aliases(args []string, c *syntax.CallExpr) []string {
	seen := map[string]bool{}
	for len(args) > 0 && c.Args[0].Lit() != "" && !seen[args[0]] {
		text, ok := s.alias[args[0]]
		if !ok {
			break
		}
		seen[args[0]] = true
		file, err := s.parse(text)
		if err != nil || len(file.Stmts) != 1 {
			break
		}
		call, ok := file.Stmts[0].Cmd.(*syntax.CallExpr)
		if !ok {
			break
		}
		words, err := s.fields(call.Args...)
		if err != nil {
			break
		}
		args = append(words, args[1:]...)
	}
	return args
}

// assignments runs a command without words.
func (s *interpreter) assignments(c *syntax.CallExpr, redirs []*syntax.Redirect) flow {
	hid, err := s.redirect(redirs)
	hid.restore()
	if err != nil {
		return s.redirectFailed(err)
	}
	for _, a := range c.Assigns {
		v, err := s.assigned(a)
		if err != nil {
			return s.abort(err)
		}
		if err := s.assign(a.Name.Value, v); err != nil {
			return s.abort(err)
		}
		if s.opt.xtrace {
			s.errorf("+ %s=%s\n", a.Name.Value, s.traced(v))
		}
	}
	s.status = s.ran
	return run
}

func (s *interpreter) assigned(a *syntax.Assign) (string, error) {
	if a.Array != nil || a.Index != nil {
		return "", &fatal{"Syntax error: arrays are not known to this shell", 2}
	}
	if a.Value == nil {
		if a.Append {
			return s.get(a.Name.Value).value, nil
		}
		return "", nil
	}
	v, err := s.value(a.Value)
	if a.Append {
		v = s.get(a.Name.Value).value + v
	}
	return v, err
}

// temporary makes the assignments before a command, which restore takes back unless they stay.
func (s *interpreter) temporary(list []*syntax.Assign, temporary bool) (restore func(), err error) {
	old := map[string]variable{}
	restore = func() {
		for name, v := range old {
			if v.set || v.exported {
				s.vars[name] = v
			} else {
				delete(s.vars, name)
			}
		}
	}
	for _, a := range list {
		name := a.Name.Value
		v, err := s.assigned(a)
		if err != nil {
			return restore, err
		}
		if _, ok := old[name]; !ok && temporary {
			old[name] = s.vars[name]
		}
		if err := s.assign(name, v); err != nil {
			return restore, err
		}
		if temporary {
			nv := s.vars[name]
			nv.exported = true
			s.vars[name] = nv
		}
	}
	return restore, nil
}

// function calls a function with args[1:] as its parameters.
func (s *interpreter) function(body *syntax.Stmt, args []string) flow {
	if s.depth >= mostDepth {
		return s.abort(&fatal{"Maximum function recursion depth (" + fmt.Sprint(mostDepth) + ") reached", 2})
	}
	params, loops := s.params, s.loops
	s.params, s.loops = args[1:], 0
	s.saved = append(s.saved, map[string]variable{})
	s.depth++
	f := s.stmt(body)
	s.depth--
	for name, v := range s.saved[len(s.saved)-1] {
		if v.set || v.exported {
			s.vars[name] = v
		} else {
			delete(s.vars, name)
		}
	}
	s.saved = s.saved[:len(s.saved)-1]
	s.params, s.loops = params, loops
	if f == returning {
		return run
	}
	return f
}

// external runs a program and waits for it. The last command of a shell runs in the shell's own process.
func (s *interpreter) external(args []string, final bool) int {
	prog, err := s.host.resolve(args[0], s.dir, s.get("PATH").value, s.proc.who)
	if err != 0 {
		return s.notFound(args[0], err)
	}
	if final && len(s.traps) == 0 {
		return s.replace(prog, args)
	}
	p := s.host.start(s.ctx(), s.proc, s.proc.who, args, prog.path, s.proc.session)
	status := prog.run(p, args, s.environ(), s.dir, s.umask, s.fds)
	sig, killed := p.killed()
	status = p.finish(status)
	if killed {
		s.tellSignal(sig)
	}
	return status
}

// replace runs a program as this shell's process.
func (s *interpreter) replace(prog program, args []string) int {
	s.proc.mu.Lock()
	s.proc.caught = nil
	s.proc.args, s.proc.exe = args, prog.path
	s.proc.mu.Unlock()
	return prog.run(s.proc, args, s.environ(), s.dir, s.umask, s.fds)
}

// tellSignal says how a child died, as shells do but for ctrl-C and broken pipes.
func (s *interpreter) tellSignal(sig syscall.Signal) {
	if words, ok := map[string]string{
		"KILL": "Killed", "TERM": "Terminated", "HUP": "Hangup", "QUIT": "Quit", "SEGV": "Segmentation fault", "ABRT": "Aborted",
		"USR1": "User defined signal 1", "USR2": "User defined signal 2", "ALRM": "Alarm clock",
	}[nameOf(sig)]; ok && s.ctx().Err() == nil {
		s.errorf("%s\n", words)
	}
}

// notFound says why a command cannot run, and returns 127 or 126.
func (s *interpreter) notFound(name string, err syscall.Errno) int {
	status := notRun(err)
	why := Reason(err)
	if status == 127 {
		why = "not found"
	}
	switch {
	case !s.bash:
	case status == 127 && strings.Contains(name, "/"):
		why = "No such file or directory"
	case status == 127:
		why = "command not found"
	}
	s.complain("%s: %s", name, why)
	return status
}

func (s *interpreter) trace(c *syntax.CallExpr, args []string) {
	var words []string
	for _, a := range c.Assigns {
		if v, err := s.assigned(a); err == nil {
			words = append(words, a.Name.Value+"="+s.traced(v))
		}
	}
	for _, a := range args {
		words = append(words, s.traced(a))
	}
	s.errorf("+ %s\n", strings.Join(words, " "))
}

// traced is a word as set -x prints it: dash quotes nothing.
func (s *interpreter) traced(w string) string {
	if s.bash {
		return quoted(w)
	}
	return w
}

// quoted is a word as set -x, export -p and the like print it.
func quoted(w string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("_-./:=,+@%^", r)
	}
	if w != "" && strings.IndexFunc(w, func(r rune) bool { return !plain(r) }) < 0 {
		return w
	}
	return quote(w)
}

func quote(w string) string { return "'" + strings.ReplaceAll(w, "'", `'\''`) + "'" }

// declare runs export, readonly, local and bash's declare, as the parser gives them.
func (s *interpreter) declare(c *syntax.DeclClause) flow {
	args := []string{c.Variant.Value}
	for _, a := range c.Args {
		switch {
		case a.Name == nil:
			f, err := s.fields(a.Value)
			if err != nil {
				return s.abort(err)
			}
			args = append(args, f...)
		case a.Naked:
			args = append(args, a.Name.Value)
		default:
			v, err := s.assigned(a)
			if err != nil {
				return s.abort(err)
			}
			args = append(args, a.Name.Value+"="+v)
		}
	}
	b := s.own(args[0])
	if b == nil {
		return s.abort(&fatal{args[0] + ": not known to this shell", 2})
	}
	return b(s, args)
}
