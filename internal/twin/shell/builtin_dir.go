package shell

import (
	"path"
	"slices"
	"syscall"
)

func biCd(s *interpreter, args []string) flow {
	args = slices.DeleteFunc(slices.Clone(args), func(a string) bool { return a == "-L" || a == "-P" || a == "--" })
	to := s.get("HOME").value
	show := false
	if len(args) > 1 {
		to = args[1]
	}
	if to == "-" {
		to, show = s.get("OLDPWD").value, true
	}
	full := path.Clean(s.path(to))
	i, err := s.host.FS.stat(full, true, s.proc.who)
	if err == nil && !i.Dir {
		err = syscall.ENOTDIR
	}
	if err == nil {
		err = s.host.FS.access(full, 1, s.proc.who)
	}
	if err != nil {
		if s.bash {
			s.complain("cd: %s: %s", to, Reason(err))
			s.status = 1
			return run
		}
		return s.refuse(args, 2, "can't cd to %s", to)
	}
	s.vars["OLDPWD"] = variable{value: s.dir, set: true, exported: s.vars["OLDPWD"].exported}
	s.dir = full
	_ = s.assign("PWD", full) // readonly PWD keeps its old value, as in dash
	s.status = 0
	if show {
		s.printf("%s\n", full)
	}
	return run
}

func biPwd(s *interpreter, args []string) flow {
	dir := s.dir
	if len(args) > 1 && args[1] == "-P" {
		if i, err := s.host.FS.stat(dir, true, s.proc.who); err == nil {
			dir = i.Path
		}
	}
	s.status = 0
	s.printf("%s\n", dir)
	return run
}
