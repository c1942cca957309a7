package shell

import (
	"fmt"
	"io"
	"io/fs"
	"maps"
	"slices"
	"strconv"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

var optionNames = []struct {
	letter byte
	name   string
	of     func(*options) *bool
}{
	{'a', "allexport", func(o *options) *bool { return &o.allexport }},
	{'e', "errexit", func(o *options) *bool { return &o.errexit }},
	{'n', "noexec", func(o *options) *bool { return &o.noexec }},
	{'f', "noglob", func(o *options) *bool { return &o.noglob }},
	{'C', "noclobber", func(o *options) *bool { return &o.noclobber }},
	{'u', "nounset", func(o *options) *bool { return &o.nounset }},
	{'v', "verbose", func(o *options) *bool { return &o.verbose }},
	{'x', "xtrace", func(o *options) *bool { return &o.xtrace }},
	{0, "pipefail", func(o *options) *bool { return &o.pipefail }},
}

func (o *options) letters(interactive bool) string {
	var b strings.Builder
	for _, n := range optionNames {
		if n.letter != 0 && *n.of(o) {
			b.WriteByte(n.letter)
		}
	}
	if interactive {
		b.WriteByte('i')
	}
	return b.String()
}

func (o *options) set(letter byte, on bool) bool {
	for _, n := range optionNames {
		if n.letter == letter {
			*n.of(o) = on
			return true
		}
	}
	return false
}

func (o *options) setName(name string, on bool) bool {
	for _, n := range optionNames {
		if n.name == name {
			*n.of(o) = on
			return true
		}
	}
	return false
}

func biSet(s *interpreter, args []string) flow {
	s.status = 0
	rest := args[1:]
	if len(rest) == 0 {
		for _, n := range slices.Sorted(maps.Keys(s.vars)) {
			if s.vars[n].set {
				s.printf("%s=%s\n", n, quote(s.vars[n].value))
			}
		}
		return run
	}
	for len(rest) > 0 {
		a := rest[0]
		if a == "--" {
			s.params = rest[1:]
			return run
		}
		if len(a) < 2 || a[0] != '-' && a[0] != '+' {
			break
		}
		rest = rest[1:]
		for _, letter := range []byte(a[1:]) {
			switch {
			case letter == 'o' && len(rest) == 0:
				for _, n := range optionNames {
					s.printf("%-15s %s\n", n.name, map[bool]string{true: "on", false: "off"}[*n.of(&s.opt)])
				}
				return run
			case letter == 'o':
				if !s.opt.setName(rest[0], a[0] == '-') {
					return s.refuse(args, 2, "Illegal option -o %s", rest[0])
				}
				rest = rest[1:]
			case !s.opt.set(letter, a[0] == '-'):
				return s.refuse(args, 2, "Illegal option %c%c", a[0], letter)
			}
		}
	}
	if len(rest) > 0 {
		s.params = rest
	}
	return run
}

func biUmask(s *interpreter, args []string) flow {
	s.status = 0
	if len(args) == 1 {
		s.printf("%04o\n", s.umask)
		return run
	}
	if args[1] == "-S" {
		p := fs.ModePerm &^ s.umask
		word := func(bits fs.FileMode) string {
			return strings.NewReplacer("-", "").Replace(p.String()[10-bits*3 : 13-bits*3])
		}
		s.printf("u=%s,g=%s,o=%s\n", word(3), word(2), word(1))
		return run
	}
	if n, err := strconv.ParseUint(args[1], 8, 12); err == nil {
		s.umask = fs.FileMode(n) & fs.ModePerm
		return run
	}
	mode, err := parseMode(args[1], fs.ModePerm&^s.umask, false, 0)
	if err != nil {
		return s.refuse(args, 2, "Illegal mode: %s", args[1])
	}
	s.umask = fs.ModePerm &^ mode
	return run
}

// biRead takes one byte at a time, so that the rest of the input stays for others.
func biRead(s *interpreter, args []string) flow {
	raw := false
	prompt := ""
	rest := args[1:]
	for len(rest) > 0 && strings.HasPrefix(rest[0], "-") && rest[0] != "-" {
		a := rest[0]
		rest = rest[1:]
		if a == "--" {
			break
		}
		switch {
		case a == "-r":
			raw = true
		case a == "-p" && len(rest) > 0:
			prompt, rest = rest[0], rest[1:]
		case a == "-s" && s.bash:
		default:
			return s.refuse(args, 2, "Illegal option %s", a)
		}
	}
	if len(rest) == 0 {
		if !s.bash {
			return s.refuse(args, 2, "arg count")
		}
		rest = []string{"REPLY"}
	}
	for _, n := range rest {
		if !syntax.ValidName(n) {
			return s.refuse(args, 2, "%s: bad variable name", n)
		}
	}
	if prompt != "" {
		s.errorf("%s", prompt)
	}
	line, kept, err := s.readLine(raw)
	s.status = oneIf(err != nil)
	values := s.readFields(line, kept, len(rest))
	for i, n := range rest {
		if f := s.assign(n, values[i]); f != nil {
			return s.abort(f)
		}
	}
	return run
}

// readLine reads to the end of a line; kept says which bytes a backslash protects from being split.
func (s *interpreter) readLine(raw bool) (line []byte, kept []bool, err error) {
	in := end{s.proc, s.fds[0]}
	one := make([]byte, 1)
	quoted := false
	for {
		n, err := in.Read(one)
		if n == 0 {
			if err == nil {
				continue
			}
			return line, kept, err
		}
		b := one[0]
		switch {
		case quoted:
			quoted = false
			if b != '\n' {
				line, kept = append(line, b), append(kept, true)
			}
		case b == '\\' && !raw:
			quoted = true
		case b == '\n':
			return line, kept, nil
		case b != 0:
			line, kept = append(line, b), append(kept, false)
		}
	}
}

// readFields splits a line for read: the last variable gets the rest.
func (s *interpreter) readFields(line []byte, kept []bool, n int) []string {
	ifs := " \t\n"
	if v := s.get("IFS"); v.set {
		ifs = v.value
	}
	isSep := func(i int) bool { return !kept[i] && strings.IndexByte(ifs, line[i]) >= 0 }
	isSpace := func(i int) bool { return isSep(i) && strings.IndexByte(" \t\n", line[i]) >= 0 }
	out := make([]string, n)
	i := 0
	for i < len(line) && isSpace(i) {
		i++
	}
	for f := range n {
		start := i
		if f == n-1 {
			stop := len(line)
			for stop > start && isSpace(stop-1) {
				stop--
			}
			// One separator that is not white space at the end belongs to the last field.
			if stop > start && isSep(stop-1) && !isSpace(stop-1) {
				seps := 0
				for j := start; j < stop; j++ {
					if isSep(j) && !isSpace(j) {
						seps++
					}
				}
				if seps == 1 {
					stop--
				}
			}
			out[f] = string(line[start:stop])
			break
		}
		for i < len(line) && !isSep(i) {
			i++
		}
		out[f] = string(line[start:i])
		for i < len(line) && isSpace(i) {
			i++
		}
		if i < len(line) && isSep(i) {
			i++
			for i < len(line) && isSpace(i) {
				i++
			}
		}
	}
	return out
}

func biGetopts(s *interpreter, args []string) flow {
	if len(args) < 3 {
		return s.refuse(args, 2, "Usage: getopts optstring var [arg]")
	}
	spec, name := args[1], args[2]
	words := s.params
	if len(args) > 3 {
		words = args[3:]
	}
	ind := max(int(number(s.get("OPTIND").value)), 1)
	if ind == 1 && s.getopt < 0 {
		s.getopt = 0
	}
	finish := func(opt string, ind int, status int) flow {
		_ = s.assign("OPTIND", strconv.Itoa(ind)) // a readonly OPTIND is the script's own trouble
		if f := s.assign(name, opt); f != nil {
			return s.abort(f)
		}
		s.status = status
		return run
	}
	if ind > len(words) {
		s.getopt = 0
		return finish("?", ind, 1)
	}
	w := words[ind-1]
	if s.getopt == 0 {
		if w == "--" {
			return finish("?", ind+1, 1)
		}
		if len(w) < 2 || w[0] != '-' {
			return finish("?", ind, 1)
		}
		s.getopt = 1
	}
	c := w[s.getopt]
	s.getopt++
	ended := s.getopt >= len(w)
	at := strings.IndexByte(strings.TrimPrefix(spec, ":"), c)
	silent := strings.HasPrefix(spec, ":")
	spec = strings.TrimPrefix(spec, ":")
	delete(s.vars, "OPTARG")
	next := ind
	if ended {
		next++
		s.getopt = 0
	}
	if at < 0 || c == ':' {
		if silent {
			_ = s.assign("OPTARG", string(c)) // as above
		} else {
			s.errorf("Illegal option -%c\n", c)
		}
		return finish("?", next, 0)
	}
	if at+1 < len(spec) && spec[at+1] == ':' {
		value := ""
		switch {
		case !ended:
			value = w[s.getopt:]
			next = ind + 1
		case ind < len(words):
			value = words[ind]
			next = ind + 2
		case silent:
			_ = s.assign("OPTARG", string(c)) // as above
			s.getopt = 0
			return finish(":", ind+1, 0)
		default:
			s.errorf("No arg for -%c option\n", c)
			s.getopt = 0
			return finish("?", ind+1, 0)
		}
		s.getopt = 0
		_ = s.assign("OPTARG", value) // as above
	}
	return finish(string(c), next, 0)
}

func biUlimit(s *interpreter, args []string) flow {
	limits := map[string]string{"-n": "1024", "-c": "0", "-f": "unlimited", "-u": "15000", "-v": "unlimited", "-s": "8192"}
	s.status = 0
	if len(args) == 1 {
		s.printf("unlimited\n")
		return run
	}
	v, ok := limits[args[1]]
	if !ok || len(args) > 2 {
		return s.refuse(args, 2, "limits of a training host cannot be changed")
	}
	s.printf("%s\n", v)
	return run
}

// readAll reads input to its end.
func readAll(r io.Reader) ([]byte, error) {
	b, err := io.ReadAll(r)
	if err != nil {
		return b, fmt.Errorf("%s", Reason(err))
	}
	return b, nil
}
