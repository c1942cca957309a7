package shell

import (
	"maps"
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

func biExport(s *interpreter, args []string) flow {
	s.status = 0
	names := args[1:]
	if len(names) > 0 && names[0] == "-p" || len(names) == 0 {
		for _, n := range slices.Sorted(maps.Keys(s.vars)) {
			v := s.vars[n]
			if args[0] == "export" && v.exported || args[0] == "readonly" && v.readonly {
				s.printf("%s %s=%s\n", args[0], n, quote(v.value))
			}
		}
		return run
	}
	for _, a := range names {
		n, value, has := strings.Cut(a, "=")
		if !syntax.ValidName(n) {
			return s.refuse(args, 2, "%s: bad variable name", n)
		}
		if has {
			if err := s.assign(n, value); err != nil {
				return s.abort(err)
			}
		}
		v := s.vars[n]
		v.exported = v.exported || args[0] == "export"
		v.readonly = v.readonly || args[0] == "readonly"
		s.vars[n] = v
	}
	return run
}

func biLocal(s *interpreter, args []string) flow {
	s.status = 0
	global := len(s.saved) == 0
	if global && args[0] == "local" {
		return s.refuse(args, 2, "not in a function")
	}
	exported, readonly := false, false
	for _, a := range args[1:] {
		if strings.HasPrefix(a, "-") && len(a) > 1 {
			if args[0] == "local" || strings.Trim(a[1:], "xrg") != "" {
				return s.refuse(args, 2, "%s: not known to this shell", a)
			}
			exported, readonly = exported || strings.Contains(a, "x"), readonly || strings.Contains(a, "r")
			global = global || strings.Contains(a, "g")
			continue
		}
		n, value, has := strings.Cut(a, "=")
		if !syntax.ValidName(n) {
			return s.refuse(args, 2, "%s: bad variable name", n)
		}
		if !global {
			frame := s.saved[len(s.saved)-1]
			if _, ok := frame[n]; !ok {
				frame[n] = s.vars[n]
			}
		}
		if has {
			if err := s.assign(n, value); err != nil {
				return s.abort(err)
			}
		}
		v := s.vars[n]
		v.exported, v.readonly = v.exported || exported, v.readonly || readonly
		s.vars[n] = v
	}
	return run
}

func biShift(s *interpreter, args []string) flow {
	n, ok := s.count(args, 1)
	if !ok {
		return s.refuse(args, 2, "Illegal number: %s", args[1])
	}
	if n > len(s.params) {
		return s.refuse(args, 2, "can't shift that many")
	}
	s.params = s.params[n:]
	s.status = 0
	return run
}

func biUnset(s *interpreter, args []string) flow {
	functions := false
	s.status = 0
	for _, n := range args[1:] {
		switch n {
		case "-f":
			functions = true
			continue
		case "-v":
			functions = false
			continue
		}
		if functions {
			delete(s.funcs, n)
			continue
		}
		if s.vars[n].readonly {
			return s.refuse(args, 2, "%s: is read only", n)
		}
		delete(s.vars, n)
	}
	return run
}

func biAlias(s *interpreter, args []string) flow {
	s.status = 0
	if args[0] == "unalias" {
		for _, n := range args[1:] {
			if n == "-a" {
				clear(s.alias)
			} else if _, ok := s.alias[n]; !ok {
				s.errorf("unalias: %s not found\n", n)
				s.status = 1
			}
			delete(s.alias, n)
		}
		return run
	}
	if len(args) == 1 {
		for _, n := range slices.Sorted(maps.Keys(s.alias)) {
			s.printf("%s=%s\n", n, quote(s.alias[n]))
		}
	}
	for _, a := range args[1:] {
		n, text, has := strings.Cut(a, "=")
		switch old, ok := s.alias[n]; {
		case has:
			s.alias[n] = text
		case ok:
			s.printf("%s=%s\n", n, quote(old))
		default:
			s.errorf("alias: %s not found\n", n)
			s.status = 1
		}
	}
	return run
}
