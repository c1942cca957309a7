package shell

import (
	"slices"
	"strings"
	"syscall"
)

func biEval(s *interpreter, args []string) flow {
	script := strings.Join(args[1:], " ")
	s.status = 0
	return s.source(script)
}

func biDot(s *interpreter, args []string) flow {
	if len(args) < 2 {
		return s.refuse(args, 2, "filename argument required")
	}
	name := args[1]
	if !strings.Contains(name, "/") {
		for _, d := range strings.Split(s.get("PATH").value, ":") {
			if i, err := s.host.FS.stat(s.path(d+"/"+name), true, s.proc.who); err == nil && i.Mode.IsRegular() {
				name = d + "/" + name
				break
			}
		}
	}
	h, err := s.host.FS.open(s.path(name), syscall.O_RDONLY, 0, s.proc.who)
	if err != nil {
		why := Reason(err)
		if why == "No such file or directory" {
			why = "No such file"
		}
		s.complain(".: cannot open %s: %s", args[1], why)
		s.status = 2
		if s.interactive {
			return run
		}
		return exiting
	}
	s.depth++
	s.status = 0
	f := s.source(string(h.held()))
	s.depth--
	if f == returning {
		return run
	}
	return f
}

// biExec replaces the shell: the command becomes this process.
func biExec(s *interpreter, args []string) flow {
	if len(args) == 1 {
		s.status = 0
		return run
	}
	args = args[1:]
	if args[0] == "--" {
		args = args[1:]
	}
	prog, err := s.host.resolve(args[0], s.dir, s.get("PATH").value, s.proc.who)
	if err != 0 {
		s.complain("exec: %s: %s", args[0], map[bool]string{true: "not found", false: Reason(err)}[notRun(err) == 127])
		s.status = notRun(err)
		return exiting
	}
	delete(s.traps, 0)
	s.status = s.replace(prog, args)
	return exiting
}

func biCommand(s *interpreter, args []string) flow {
	if len(args) > 1 && (args[1] == "-v" || args[1] == "-V") {
		s.status = 0
		for _, name := range args[2:] {
			where := s.where(name)
			if where == "" {
				s.status = 127
				if args[1] == "-V" {
					s.printf("%s: not found\n", name)
					s.status = 127
				}
				continue
			}
			if args[1] == "-V" && where != name {
				where = name + " is " + where
			}
			s.printf("%s\n", where)
		}
		return run
	}
	args = args[1:]
	for len(args) > 0 && (args[0] == "-p" || args[0] == "--") {
		args = args[1:]
	}
	if len(args) == 0 {
		s.status = 0
		return run
	}
	if b := s.own(args[0]); b != nil {
		return b(s, args)
	}
	s.status = s.external(args, false)
	return run
}

// where is what "command -v" says of a name, empty when there is nothing of that name.
func (s *interpreter) where(name string) string {
	if text, ok := s.alias[name]; ok {
		return "alias " + name + "=" + quote(text)
	}
	if s.funcs[name] != nil || s.own(name) != nil {
		return name
	}
	if slices.Contains([]string{"if", "then", "else", "elif", "fi", "for", "while", "until", "do", "done", "case", "esac", "{", "}", "!"}, name) {
		return name
	}
	p, err := s.host.resolve(name, s.dir, s.get("PATH").value, s.proc.who)
	if err != 0 {
		return ""
	}
	return p.path
}

func biType(s *interpreter, args []string) flow {
	s.status = 0
	for _, name := range args[1:] {
		switch where := s.where(name); {
		case where == "":
			s.printf("%s: not found\n", name)
			s.status = 127
		case s.funcs[name] != nil:
			s.printf("%s is a shell function\n", name)
		case s.own(name) != nil && slices.Contains(special, name):
			s.printf("%s is a special shell builtin\n", name)
		case s.own(name) != nil:
			s.printf("%s is a shell builtin\n", name)
		default:
			s.printf("%s is %s\n", name, where)
		}
	}
	return run
}

// biProgram runs a program that dash has as a builtin in this process.
func biProgram(s *interpreter, args []string) flow {
	c := &Call{
		Host: s.host, Args: args, Dir: s.dir, User: s.proc.who.user, PID: s.proc.pid, proc: s.proc, env: s.environ(),
		fds: s.fds, umask: s.umask, Stdin: end{s.proc, s.fds[0]}, Stdout: end{s.proc, s.fds[1]}, Stderr: end{s.proc, s.fds[2]},
		say: func(words string) { s.complain("%s", words) },
	}
	if args[0] == "printf" {
		s.status = printfCommand(s.ctx(), c)
		return run
	}
	ok, err := evaluate(c, args, !s.bash)
	if err != nil {
		s.complain("%s: %s", args[0], err)
		s.status = 2
		return run
	}
	s.status = oneIf(!ok)
	return run
}

func biEcho(s *interpreter, args []string) flow {
	out := echoed(args[1:], !s.bash)
	s.status = 0
	if _, err := (end{s.proc, s.fds[1]}).Write([]byte(out)); err != nil {
		s.complain("echo: I/O error")
		s.status = 1
	}
	return run
}
