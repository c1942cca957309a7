package shell

import (
	"bufio"
	"context"
	"fmt"
	"regexp"
	"strings"
	"syscall"
)

func sedCommand(_ context.Context, c *Call) int {
	a, ok := c.options("ne:rEf:i::su", "quiet=n", "silent=n", "expression:=e", "file:=f", "regexp-extended=E", "in-place?=i", "separate=s", "unbuffered=u")
	if !ok {
		return 2
	}
	p := &sedParser{extended: a.has('E') || a.has('r')}
	rest := a.rest
	var script []string
	for _, f := range a.flags {
		switch f.letter {
		case 'e':
			script = append(script, f.value)
		case 'f':
			b, err := c.ReadFile(f.value)
			if err != nil {
				return c.Fail(1, "couldn't open file %s: %s", f.value, Reason(err))
			}
			script = append(script, strings.TrimSuffix(string(b), "\n"))
		}
	}
	if script == nil {
		if len(rest) == 0 {
			fmt.Fprintln(c.Stderr, "Usage: sed [OPTION]... {script-only-if-no-other-script} [input-file]...")
			return 1
		}
		script, rest = rest[:1], rest[1:]
	}
	all := strings.Join(script, "\n")
	err := p.parse(all)
	if err == nil {
		err = p.link()
	}
	if err != nil {
		return c.Fail(1, "-e expression #1, char %d: %s", len(all)-len(p.in), err)
	}
	suffix, inPlace := a.get('i')
	s := &sed{c: c, steps: p.steps, quiet: a.has('n') || strings.HasPrefix(all, "#n\n"), files: map[string]*handle{}}
	if !inPlace {
		s.out = c.buffered()
		if a.has('s') {
			for _, name := range orStdin(rest) {
				s.n = 0
				s.run([]string{name})
			}
		} else {
			s.run(orStdin(rest))
		}
		if s.out.Flush() != nil && s.status == 0 {
			s.status = 4
		}
		return s.status
	}
	for _, name := range rest {
		if !s.replace(name, suffix) {
			return s.status
		}
	}
	return s.status
}

func orStdin(names []string) []string {
	if len(names) == 0 {
		return []string{"-"}
	}
	return names
}

// sed is one run of sed(1).
type sed struct {
	c      *Call
	steps  []*sedStep
	quiet  bool
	out    *bufio.Writer
	status int

	input    *sedInput
	n        int
	pattern  string
	hold     string
	missing  bool // the last line has no newline
	appended []string
	last     *regexp.Regexp
	changed  bool // for t
	quit     bool
	files    map[string]*handle
}

func (s *sed) run(names []string) {
	s.input = &sedInput{s: s, names: names}
	for !s.quit {
		line, ok := s.input.line()
		if !ok {
			return
		}
		s.n++
		s.pattern = line
		s.changed = false
		s.cycle()
	}
}

// cycle runs the script on the pattern space.
func (s *sed) cycle() {
	for again := true; again; {
		again = false
		printed := s.script(&again)
		if !s.quiet && printed {
			s.put(s.pattern)
		}
		s.flush()
	}
}

func (s *sed) put(text string) {
	_, _ = s.out.WriteString(text) // Flush says it
	if !s.missing || !s.input.atEnd() {
		_ = s.out.WriteByte('\n') // as above
	}
}

func (s *sed) flush() {
	for _, t := range s.appended {
		_, _ = s.out.WriteString(t) // as above
	}
	s.appended = nil
}

// script runs the steps; it says whether the pattern space is printed at the end. again starts it without a new line, for D.
func (s *sed) script(again *bool) bool {
	for i := 0; i < len(s.steps); i++ {
		st := s.steps[i]
		if st.name == ':' || st.name == '}' {
			continue
		}
		if s.selected(st) == st.not {
			if st.name == '{' {
				i = st.jump - 1
			}
			continue
		}
		switch st.name {
		case '{':
		case 's':
			s.substitute(st)
		case 'y':
			to := []rune(st.with)
			from := []rune(st.text)
			s.pattern = strings.Map(func(r rune) rune {
				for i, f := range from {
					if f == r {
						return to[i]
					}
				}
				return r
			}, s.pattern)
		case 'p':
			s.put(s.pattern)
		case 'P':
			first, _, _ := strings.Cut(s.pattern, "\n")
			s.put(first)
		case 'd':
			return false
		case 'D':
			_, rest, more := strings.Cut(s.pattern, "\n")
			if more {
				s.pattern, *again = rest, true
			}
			return false
		case 'n', 'N':
			if s.input.atEnd() {
				// GNU prints the pattern space when there is no next line.
				s.quit = true
				return true
			}
			if st.name == 'n' && !s.quiet {
				s.put(s.pattern)
			}
			s.flush()
			line, _ := s.input.line()
			s.n++
			if st.name == 'n' {
				s.pattern = line
			} else {
				s.pattern += "\n" + line
			}
		case 'g':
			s.pattern = s.hold
		case 'G':
			s.pattern += "\n" + s.hold
		case 'h':
			s.hold = s.pattern
		case 'H':
			s.hold += "\n" + s.pattern
		case 'x':
			s.pattern, s.hold = s.hold, s.pattern
		case 'z':
			s.pattern = ""
		case '=':
			fmt.Fprintf(s.out, "%d\n", s.n)
		case 'F':
			fmt.Fprintln(s.out, "-")
		case 'l':
			fmt.Fprintf(s.out, "%s$\n", strings.ReplaceAll(strings.Trim(fmt.Sprintf("%q", s.pattern), `"`), `\"`, `"`))
		case 'a':
			s.appended = append(s.appended, st.text)
		case 'i':
			_, _ = s.out.WriteString(st.text) // Flush says it
		case 'c':
			if st.to == nil || !st.active || st.not {
				_, _ = s.out.WriteString(st.text) // as above
			}
			return false
		case 'r':
			if b, err := s.c.ReadFile(st.text); err == nil {
				s.appended = append(s.appended, string(b))
			}
		case 'w':
			s.write(st.text, s.pattern)
		case 'q', 'Q':
			s.quit, s.status = true, max(s.status, st.number)
			return st.name == 'q'
		case 'b':
			i = st.jump - 1
		case 't', 'T':
			if s.changed == (st.name == 't') {
				i = st.jump - 1
			}
			s.changed = false
		}
	}
	return true
}

// create opens a file to write as the call's user.
func (c *Call) create(name string, appending bool) (*handle, error) {
	flag := syscall.O_WRONLY | syscall.O_CREAT | syscall.O_TRUNC
	if appending {
		flag = syscall.O_WRONLY | syscall.O_CREAT | syscall.O_APPEND
	}
	return c.Host.FS.open(c.Path(name), flag, 0o666&^c.umask, c.proc.who)
}
