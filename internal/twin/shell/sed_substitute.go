package shell

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

func (s *sed) write(name, text string) {
	if name == "/dev/stdout" {
		s.put(text)
		return
	}
	h := s.files[name]
	if h == nil {
		var err error
		if h, err = s.c.create(name, false); err != nil {
			s.status = s.c.Fail(4, "couldn't open file %s: %s", name, Reason(err))
			s.quit = true
			return
		}
		s.files[name] = h
	}
	if _, err := h.Write([]byte(text + "\n")); err != nil {
		s.status = s.c.Fail(4, "couldn't write to %s: %s", name, Reason(err))
	}
}

func (s *sed) substitute(st *sedStep) {
	sub := st.subst
	re := sub.re
	if re == nil {
		re = s.last
	}
	if re == nil {
		s.status = s.c.Fail(1, "no previous regular expression")
		s.quit = true
		return
	}
	s.last = re
	var b strings.Builder
	at, count, done := 0, 0, false
	for _, m := range re.FindAllStringSubmatchIndex(s.pattern, -1) {
		count++
		if count < sub.nth || done && !sub.global {
			continue
		}
		b.WriteString(s.pattern[at:m[0]])
		b.WriteString(substituted(sub.with, s.pattern, m))
		at, done = m[1], true
	}
	if !done {
		return
	}
	b.WriteString(s.pattern[at:])
	s.pattern = b.String()
	s.changed = true
	if sub.print {
		s.put(s.pattern)
	}
	if sub.file != "" {
		s.write(sub.file, s.pattern)
	}
}

// substituted is a replacement with its references and changes of case.
func substituted(with, text string, m []int) string {
	var b strings.Builder
	var all, one byte // U, L and u, l
	put := func(v string) {
		switch all {
		case 'U':
			v = strings.ToUpper(v)
		case 'L':
			v = strings.ToLower(v)
		}
		if one != 0 && v != "" {
			r, n := utf8.DecodeRuneInString(v)
			if one == 'u' {
				r = unicode.ToUpper(r)
			} else {
				r = unicode.ToLower(r)
			}
			v = string(r) + v[n:]
			one = 0
		}
		b.WriteString(v)
	}
	group := func(n int) string {
		if 2*n+1 >= len(m) || m[2*n] < 0 {
			return ""
		}
		return text[m[2*n]:m[2*n+1]]
	}
	for i := 0; i < len(with); i++ {
		c := with[i]
		switch {
		case c == '&':
			put(group(0))
		case c != '\\' || i+1 >= len(with):
			_, n := utf8.DecodeRuneInString(with[i:])
			put(with[i : i+n])
			i += n - 1
		default:
			i++
			switch e := with[i]; {
			case e >= '0' && e <= '9':
				put(group(int(e - '0')))
			case e == 'U' || e == 'L':
				all = e
			case e == 'E':
				all, one = 0, 0
			case e == 'u' || e == 'l':
				one = e
			case sedEscapes[e] != "":
				put(sedEscapes[e])
			default:
				put(string(e))
			}
		}
	}
	return b.String()
}
