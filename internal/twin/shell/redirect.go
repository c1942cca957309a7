package shell

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"syscall"

	"mvdan.cc/sh/v3/syntax"
)

// hidden are the descriptors that redirections have replaced.
type hidden struct {
	fds fdTable
	old []numbered
}

type numbered struct {
	n int
	d *descriptor
}

// restore puts back what was there.
func (h *hidden) restore() {
	for i := len(h.old) - 1; i >= 0; i-- {
		if h.old[i].d == nil {
			h.fds.drop(h.old[i].n)
		} else {
			h.fds.set(h.old[i].n, h.old[i].d)
		}
	}
	h.old = nil
}

// forget lets the redirections stay, as those of exec do.
func (h *hidden) forget() {
	for _, o := range h.old {
		if o.d != nil {
			o.d.release()
		}
	}
	h.old = nil
}

// redirect makes redirections; restore what it returns, after an error too.
func (s *interpreter) redirect(list []*syntax.Redirect) (hid *hidden, err error) {
	hid = &hidden{fds: s.fds}
	keep := func(n int, d *descriptor) {
		before := s.fds[n]
		if before != nil {
			before = before.dup()
		}
		hid.old = append(hid.old, numbered{n, before})
		if d == nil {
			s.fds.drop(n)
		} else {
			s.fds.set(n, d)
		}
	}
	for _, r := range list {
		n := -1
		if r.N != nil {
			if n, err = strconv.Atoi(r.N.Value); err != nil {
				return hid, fmt.Errorf("%s: bad file descriptor", r.N.Value)
			}
		}
		err := s.redirectOne(r, n, keep)
		if err != nil {
			return hid, err
		}
	}
	return hid, nil
}

func (s *interpreter) redirectOne(r *syntax.Redirect, n int, keep func(int, *descriptor)) error {
	in, out := n, n
	if n < 0 {
		in, out = 0, 1
	}
	switch r.Op {
	case syntax.Hdoc, syntax.DashHdoc:
		doc, err := s.hereDocument(r)
		if err != nil {
			return err
		}
		keep(in, newText(doc))
		return nil
	case syntax.WordHdoc:
		w, err := s.literal(r.Word)
		if err != nil {
			return err
		}
		keep(in, newText(w+"\n"))
		return nil
	}
	word, err := s.literal(r.Word)
	if err != nil {
		return err
	}
	open := func(flag int) (*descriptor, error) {
		d, err := s.openFile(word, flag)
		if err != nil {
			var no syscall.Errno
			errors.As(err, &no)
			verb, why := "open", Reason(err)
			if flag&syscall.O_CREAT != 0 {
				verb = "create"
			}
			switch {
			case s.bash:
				return nil, fmt.Errorf("%s: %s", word, why)
			case no == syscall.ENOENT && verb == "open":
				why = "No such file"
			case no == syscall.ENOENT || no == syscall.ENOTDIR && verb == "create":
				why = "Directory nonexistent"
			}
			return nil, fmt.Errorf("cannot %s %s: %s", verb, word, why)
		}
		return d, nil
	}
	var d *descriptor
	switch r.Op {
	case syntax.RdrIn:
		if d, err = open(syscall.O_RDONLY); err == nil {
			keep(in, d)
		}
	case syntax.RdrInOut:
		if d, err = open(syscall.O_RDWR | syscall.O_CREAT); err == nil {
			keep(in, d)
		}
	case syntax.RdrOut, syntax.RdrClob:
		flag := syscall.O_WRONLY | syscall.O_CREAT | syscall.O_TRUNC
		if s.opt.noclobber && r.Op == syntax.RdrOut {
			if i, err := s.host.FS.stat(s.path(word), true, s.proc.who); err == nil && i.Mode.IsRegular() {
				return fmt.Errorf("cannot create %s: File exists", word)
			}
		}
		if d, err = open(flag); err == nil {
			keep(out, d)
		}
	case syntax.AppOut:
		if d, err = open(syscall.O_WRONLY | syscall.O_CREAT | syscall.O_APPEND); err == nil {
			keep(out, d)
		}
	case syntax.RdrAll, syntax.AppAll:
		flag := syscall.O_WRONLY | syscall.O_CREAT | syscall.O_TRUNC
		if r.Op == syntax.AppAll {
			flag = syscall.O_WRONLY | syscall.O_CREAT | syscall.O_APPEND
		}
		if d, err = open(flag); err == nil {
			keep(1, d)
			keep(2, d.dup())
		}
	case syntax.DplOut, syntax.DplIn:
		to := out
		if r.Op == syntax.DplIn {
			to = in
		}
		if word == "-" {
			keep(to, nil)
			return nil
		}
		from, no := strconv.Atoi(word)
		if no != nil || s.fds[from] == nil {
			return fmt.Errorf("%s: Bad file descriptor", word)
		}
		keep(to, s.fds[from].dup())
	default:
		return fmt.Errorf("redirection %s is not known to this shell", r.Op)
	}
	return err
}

// openFile opens a file of the tree, or one of the descriptors that have names.
func (s *interpreter) openFile(word string, flag int) (*descriptor, error) {
	if n, ok := descriptorName(word); ok {
		if s.fds[n] == nil {
			return nil, failed("open", word, syscall.ENOENT)
		}
		return s.fds[n].dup(), nil
	}
	h, err := s.host.FS.open(s.path(word), flag, 0o666&^s.umask, s.proc.who)
	if err != nil {
		return nil, err
	}
	return opened(fileStream{h}), nil
}

func descriptorName(word string) (int, bool) {
	switch word {
	case "/dev/stdin":
		return 0, true
	case "/dev/stdout":
		return 1, true
	case "/dev/stderr":
		return 2, true
	}
	if rest, ok := strings.CutPrefix(word, "/dev/fd/"); ok {
		n, err := strconv.Atoi(rest)
		return n, err == nil
	}
	return 0, false
}

func (s *interpreter) path(word string) string {
	if strings.HasPrefix(word, "/") || word == "" {
		return word
	}
	return strings.TrimSuffix(s.dir, "/") + "/" + word
}

func (s *interpreter) redirectFailed(err error) flow {
	var f *fatal
	if errors.As(err, &f) {
		return s.abort(err)
	}
	s.complain("%s", err)
	s.status = 2
	if s.bash {
		s.status = 1
	}
	return run
}

// hereDocument is the text of << and <<-.
func (s *interpreter) hereDocument(r *syntax.Redirect) (string, error) {
	if r.Hdoc == nil {
		return "", nil
	}
	literal := false
	for _, p := range r.Word.Parts {
		switch p := p.(type) {
		case *syntax.SglQuoted, *syntax.DblQuoted:
			literal = true
		case *syntax.Lit:
			literal = literal || strings.Contains(p.Value, `\`)
		}
	}
	var b strings.Builder
	start := true // at the beginning of a line
	for _, p := range r.Hdoc.Parts {
		if lit, ok := p.(*syntax.Lit); ok {
			v := lit.Value
			if r.Op == syntax.DashHdoc {
				v = withoutTabs(v, start)
			}
			start = strings.HasSuffix(lit.Value, "\n")
			if !literal {
				v = unescape(v, "$`\\")
			}
			b.WriteString(v)
			continue
		}
		start = false
		v, err := s.document(p)
		if err != nil {
			return "", err
		}
		b.WriteString(v)
	}
	return b.String(), nil
}

func withoutTabs(v string, start bool) string {
	lines := strings.SplitAfter(v, "\n")
	for i, l := range lines {
		if i > 0 || start {
			lines[i] = strings.TrimLeft(l, "\t")
		}
	}
	return strings.Join(lines, "")
}

// unescape takes the backslash away before each of the characters of set and before a newline, which goes too.
func unescape(v, set string) string {
	if !strings.Contains(v, `\`) {
		return v
	}
	var b strings.Builder
	for i := 0; i < len(v); i++ {
		if v[i] == '\\' && i+1 < len(v) {
			if v[i+1] == '\n' {
				i++
				continue
			}
			if strings.IndexByte(set, v[i+1]) >= 0 {
				i++
			}
		}
		b.WriteByte(v[i])
	}
	return b.String()
}
