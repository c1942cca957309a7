package shell

import (
	"context"
	"fmt"
	"path"
	"strings"
)

// sysctlCommand reads and writes the files of /proc/sys.
func sysctlCommand(_ context.Context, c *Call) int {
	a, ok := c.options("anNeqwp::", "all=a", "values=n", "names=N", "ignore=e", "quiet=q", "write=w", "load?=p", "system=s")
	if !ok {
		return 2
	}
	s := &sysctl{c: c, a: &a}
	switch {
	case a.has('a'):
		s.list("/proc/sys")
	case a.has('s'):
		for _, dir := range []string{"/usr/lib/sysctl.d", "/run/sysctl.d", "/etc/sysctl.d"} {
			list, _ := c.Host.FS.ReadDir(dir) // a folder that is not there has none
			for _, f := range list {
				if strings.HasSuffix(f.Name, ".conf") {
					s.load(f.Path)
				}
			}
		}
		if c.Host.FS.Exists("/etc/sysctl.conf") {
			s.load("/etc/sysctl.conf")
		}
	case a.has('p'):
		files := a.rest
		if v, _ := a.get('p'); v != "" {
			files = append([]string{v}, files...)
		}
		if len(files) == 0 {
			files = []string{"/etc/sysctl.conf"}
		}
		for _, f := range files {
			s.load(f)
		}
	case len(a.rest) == 0:
		return c.usage("no variables specified")
	default:
		for _, w := range a.rest {
			if name, value, ok := strings.Cut(w, "="); ok {
				s.set(name, value)
			} else {
				s.show(w)
			}
		}
	}
	return s.status
}

type sysctl struct {
	c      *Call
	a      *arguments
	status int
}

func sysctlFile(name string) string { return "/proc/sys/" + strings.ReplaceAll(name, ".", "/") }

func (s *sysctl) print(name, value string) {
	switch {
	case s.a.has('q') && !s.a.has('n'):
	case s.a.has('n'):
		fmt.Fprintln(s.c.Stdout, value)
	case s.a.has('N'):
		fmt.Fprintln(s.c.Stdout, name)
	default:
		fmt.Fprintf(s.c.Stdout, "%s = %s\n", name, value)
	}
}

func (s *sysctl) missing(name string) {
	if !s.a.has('e') {
		s.status = s.c.Fail(1, "cannot stat %s: No such file or directory", sysctlFile(name))
	}
}

func (s *sysctl) show(name string) {
	b, err := s.c.ReadFile(sysctlFile(name))
	if err != nil {
		s.missing(name)
		return
	}
	s.print(name, strings.TrimRight(string(b), "\n"))
}

func (s *sysctl) set(name, value string) {
	name, value = strings.TrimSpace(name), strings.TrimSpace(value)
	file := sysctlFile(name)
	if _, err := s.c.Stat(file); err != nil {
		s.missing(name)
		return
	}
	if err := s.c.WriteFile(file, []byte(value+"\n"), 0o644); err != nil {
		s.status = s.c.Fail(1, "permission denied on key \"%s\"", name)
		return
	}
	s.print(name, value)
}

func (s *sysctl) load(file string) {
	b, err := s.c.ReadFile(file)
	if err != nil {
		s.status = s.c.Fail(1, "cannot open \"%s\": %s", file, Reason(err))
		return
	}
	if s.a.has('s') && !s.a.has('q') {
		fmt.Fprintf(s.c.Stdout, "* Applying %s ...\n", file)
	}
	for line := range strings.Lines(string(b)) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' || line[0] == ';' {
			continue
		}
		name, value, ok := strings.Cut(line, "=")
		if !ok {
			s.c.Fail(1, "%s: invalid syntax, continuing...", file)
			continue
		}
		s.set(strings.TrimPrefix(name, "-"), value)
	}
}

func (s *sysctl) list(dir string) {
	files, err := s.c.Host.FS.readDir(dir, s.c.proc.who)
	if err != nil {
		return
	}
	for _, f := range files {
		if f.Dir {
			s.list(path.Join(dir, f.Name))
			continue
		}
		s.show(strings.ReplaceAll(strings.TrimPrefix(f.Path, "/proc/sys/"), "/", "."))
	}
}
