package shell

import (
	"bufio"
	"bytes"
	"io"
	"path"
	"strings"
)

// replace edits a file in place. The rest is not run when it returns false.
func (s *sed) replace(name, suffix string) bool {
	b, err := s.c.ReadFile(name)
	if err != nil {
		s.status = s.c.Fail(4, "can't read %s: %s", name, Reason(err))
		return true
	}
	full := s.c.Path(name)
	if err := s.c.Host.FS.access(path.Dir(full), 2, s.c.proc.who); err != nil {
		s.status = s.c.Fail(4, "couldn't open temporary file %s/sedXXXXXX: %s", path.Dir(name), Reason(err))
		return false
	}
	var out bytes.Buffer
	s.out = bufio.NewWriter(&out)
	s.n, s.quit = 0, false
	s.run([]string{name})
	_ = s.out.Flush() // a buffer takes everything
	i, err := s.c.Stat(name)
	if err == nil && suffix != "" {
		err = s.c.Host.FS.clone(full, full+suffix, i.Mode, s.c.proc.who)
	}
	if err == nil && !bytes.Equal(b, out.Bytes()) {
		// A new file takes the old one's place, with its mode and owner.
		err = s.c.Host.FS.WriteFile(i.Path, out.Bytes(), 0, "")
	}
	if err != nil {
		s.status = s.c.Fail(4, "couldn't edit %s: %s", name, Reason(err))
		return false
	}
	return !s.quit
}

// sedInput gives lines of several files with one look ahead, so that $ is known.
type sedInput struct {
	s     *sed
	names []string
	r     *bufio.Reader
	next  string
	have  bool
	bare  bool // next has no newline
}

func (in *sedInput) fill() {
	for !in.have {
		if in.r == nil {
			if len(in.names) == 0 {
				return
			}
			name := in.names[0]
			in.names = in.names[1:]
			r, err := in.s.c.open(name)
			if err == nil && name != "-" {
				if i, e := in.s.c.Stat(name); e == nil && i.Dir {
					in.s.status = in.s.c.Fail(2, "couldn't edit %s: not a regular file", name)
					continue
				}
			}
			if err != nil {
				in.s.status = in.s.c.Fail(2, "can't read %s: %s", name, Reason(err))
				continue
			}
			in.r = bufio.NewReader(r)
		}
		line, err := in.r.ReadString('\n')
		if line != "" {
			in.next, in.have = strings.TrimSuffix(line, "\n"), true
			in.bare = !strings.HasSuffix(line, "\n")
		}
		if err != nil {
			if err != io.EOF && line == "" {
				in.s.status = in.s.c.Fail(2, "read error: %s", Reason(err))
			}
			in.r = nil
		}
	}
}

func (in *sedInput) line() (string, bool) {
	in.fill()
	if !in.have {
		return "", false
	}
	in.have = false
	in.s.missing = in.bare
	return in.next, true
}

func (in *sedInput) atEnd() bool {
	in.fill()
	return !in.have
}
