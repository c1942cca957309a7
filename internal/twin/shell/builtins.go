package shell

import (
	"fmt"
	"slices"
	"strconv"
)

// own is this shell's command of a name: dash has not all that bash has.
func (s *interpreter) own(name string) func(s *interpreter, args []string) flow {
	if !s.bash && (name == "source" || name == "declare" || name == "typeset") {
		return nil
	}
	return builtin(name)
}

// builtin is a shell's own command of a name, nil when it has none.
func builtin(name string) func(s *interpreter, args []string) flow {
	switch name {
	case ":", "true":
		return func(s *interpreter, _ []string) flow { s.status = 0; return run }
	case "false":
		return func(s *interpreter, _ []string) flow { s.status = 1; return run }
	case "break", "continue":
		return biBreak
	case "exit":
		return biExit
	case "return":
		return biReturn
	case "cd", "chdir":
		return biCd
	case "pwd":
		return biPwd
	case "eval":
		return biEval
	case ".", "source":
		return biDot
	case "exec":
		return biExec
	case "command":
		return biCommand
	case "type":
		return biType
	case "export", "readonly":
		return biExport
	case "local", "declare", "typeset":
		return biLocal
	case "set":
		return biSet
	case "shift":
		return biShift
	case "unset":
		return biUnset
	case "umask":
		return biUmask
	case "read":
		return biRead
	case "getopts":
		return biGetopts
	case "alias", "unalias":
		return biAlias
	case "trap":
		return biTrap
	case "wait":
		return biWait
	case "kill":
		return biKill
	case "jobs":
		return biJobs
	case "hash", "times":
		return func(s *interpreter, _ []string) flow { s.status = 0; return run }
	case "ulimit":
		return biUlimit
	case "echo":
		return biEcho
	case "printf", "test", "[":
		return biProgram
	}
	return nil
}

func (s *interpreter) printf(format string, args ...any) {
	if _, err := fmt.Fprintf(end{s.proc, s.fds[1]}, format, args...); err != nil {
		s.status = 1
	}
}

// refuse is a builtin's own error: it ends the shell when the builtin is a special one.
func (s *interpreter) refuse(args []string, status int, format string, a ...any) flow {
	s.complain("%s: %s", args[0], fmt.Sprintf(format, a...))
	s.status = status
	if slices.Contains(special, args[0]) && !s.interactive && !s.bash {
		return exiting
	}
	return run
}

// count reads the optional number of break, exit, shift and the like.
func (s *interpreter) count(args []string, none int) (int, bool) {
	if len(args) < 2 {
		return none, true
	}
	n, err := strconv.Atoi(args[1])
	return n, err == nil && n >= 0
}

func biBreak(s *interpreter, args []string) flow {
	n, ok := s.count(args, 1)
	if !ok || n == 0 {
		return s.refuse(args, 2, "Illegal number: %s", args[1])
	}
	s.status = 0
	if s.loops == 0 {
		return run
	}
	s.skip = min(n, s.loops)
	if args[0] == "break" {
		return breaking
	}
	return continuing
}

func biExit(s *interpreter, args []string) flow {
	n, ok := s.count(args, s.status)
	if !ok {
		return s.refuse(args, 2, "Illegal number: %s", args[1])
	}
	s.status = n & 0xff
	return exiting
}

func biReturn(s *interpreter, args []string) flow {
	n, ok := s.count(args, s.status)
	if !ok {
		return s.refuse(args, 2, "Illegal number: %s", args[1])
	}
	s.status = n & 0xff
	if s.depth == 0 {
		return exiting // as dash does
	}
	return returning
}
