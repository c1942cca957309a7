package shell

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// shCommand is sh, dash and bash.
func shCommand(_ context.Context, c *Call) int {
	name := c.Args[0]
	bash := strings.HasSuffix(path.Base(name), "bash")
	s := newInterpreter(c, name, bash)
	args := c.Args[1:]
	var script string
	isScript, login := false, false
	for len(args) > 0 && len(args[0]) > 1 && (args[0][0] == '-' || args[0][0] == '+') {
		a := args[0]
		args = args[1:]
		if a == "--" {
			break
		}
		if a == "--login" {
			login = true
			continue
		}
		for _, letter := range []byte(a[1:]) {
			switch {
			case letter == 'c':
				isScript = true
			case letter == 's':
			case letter == 'i':
				s.interactive = true
			case letter == 'l':
				login = true
			case letter == 'o' && len(args) > 0:
				if !s.opt.setName(args[0], a[0] == '-') {
					s.complain("Illegal option -o %s", args[0])
					s.fds.release()
					return 2
				}
				args = args[1:]
			case !s.opt.set(letter, a[0] == '-'):
				fmt.Fprintf(c.Stderr, "%s: 0: Illegal option -%c\n", name, letter)
				s.fds.release()
				return 2
			}
		}
	}
	switch {
	case isScript:
		if len(args) == 0 {
			fmt.Fprintf(c.Stderr, "%s: 0: -c requires an argument\n", name)
			s.fds.release()
			return 2
		}
		script, args = args[0], args[1:]
		if len(args) > 0 {
			s.name, args = args[0], args[1:]
		}
	case len(args) > 0:
		s.name = args[0]
		b, err := c.ReadFile(args[0])
		if err != nil {
			why := Reason(err)
			if why == "No such file or directory" {
				why = "No such file"
			}
			fmt.Fprintf(c.Stderr, "%s: 0: cannot open %s: %s\n", name, args[0], why)
			s.fds.release()
			return 2
		}
		script, args, isScript = string(b), args[1:], true
	}
	s.params = args
	if login {
		s.catch()
		for _, f := range []string{"/etc/profile", path.Join(c.Env("HOME"), ".profile")} {
			if b, err := c.ReadFile(f); err == nil {
				if s.source(string(b)) == exiting {
					s.fds.release()
					return s.leave()
				}
			}
		}
		s.status = 0
	}
	if isScript {
		return s.runScript(script)
	}
	return s.lines()
}

// lines runs what standard input says, statement by statement, with prompts when the shell is interactive.
func (s *interpreter) lines() int {
	defer s.fds.release()
	s.catch()
	var text strings.Builder
	for {
		if s.interactive {
			s.errorf("%s", s.prompt(text.Len() > 0))
		}
		line, _, err := s.readLine(true)
		if s.over() {
			break
		}
		if errors.Is(err, errInterrupted) {
			text.Reset()
			s.status = 130
			continue
		}
		text.Write(line)
		if err == nil {
			text.WriteByte('\n')
		}
		_, perr := s.parse(text.String())
		if err == nil && syntax.IsIncomplete(perr) {
			continue
		}
		script := text.String()
		text.Reset()
		if strings.TrimSpace(script) != "" {
			if s.source(script) == exiting {
				break
			}
			s.line = 0
		}
		if err != nil {
			if s.interactive && err == io.EOF {
				s.errorf("exit\n")
			}
			break
		}
	}
	return s.leave()
}

func (s *interpreter) prompt(more bool) string {
	if more {
		return "> "
	}
	dir := s.dir
	if home := s.get("HOME").value; home != "" && home != "/" {
		if dir == home {
			dir = "~"
		} else if rest, ok := strings.CutPrefix(dir, home+"/"); ok {
			dir = "~/" + rest
		}
	}
	sign := "$"
	if s.proc.who.super {
		sign = "#"
	}
	if !s.bash {
		return sign + " "
	}
	return fmt.Sprintf("%s@%s:%s%s ", s.proc.who.user, s.host.Name, dir, sign)
}
