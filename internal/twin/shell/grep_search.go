package shell

import (
	"bytes"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// search is what grep knows while it reads one file.
type search struct {
	*grep
	name    string
	n, hits int
	past    []numberedLine // lines that may become context
	left    int            // lines of context still to print
	last    int            // number of the last printed line
	binary  bool
}

type numberedLine struct {
	n    int
	text []byte
}

func (s *search) line(l []byte) error {
	l = chomp(l)
	s.n++
	if !s.binary && !s.text && bytes.IndexByte(l, 0) >= 0 {
		s.binary = true
	}
	places := s.find(l)
	if (places != nil) == s.invert {
		if s.left > 0 {
			s.left--
			s.print('-', s.n, l)
		} else if s.before > 0 {
			s.past = append(s.past, numberedLine{s.n, bytes.Clone(l)})
			s.past = s.past[max(len(s.past)-s.before, 0):]
		}
		if s.most >= 0 && s.hits >= s.most && s.left == 0 {
			return errStop
		}
		return nil
	}
	if s.most >= 0 && s.hits >= s.most {
		return errStop
	}
	s.hits++
	s.found = s.found || !s.without
	switch {
	case s.quiet || s.list || s.without:
		return errStop
	case s.count:
	case s.binary:
		_ = s.out.Flush() // the end reports it
		s.c.Fail(0, "%s: binary file matches", s.name)
		return errStop
	case s.only:
		if !s.invert {
			for _, p := range places {
				if p[1] > p[0] {
					s.print(':', s.n, l[p[0]:p[1]])
				}
			}
		}
	default:
		first := s.n
		if len(s.past) > 0 {
			first = s.past[0].n
		}
		if (s.before > 0 || s.after > 0) && s.printed && (s.last == 0 || first > s.last+1) {
			fmt.Fprintln(s.out, "--")
		}
		for _, p := range s.past {
			s.print('-', p.n, p.text)
		}
		s.past = nil
		s.print(':', s.n, l)
		s.left = s.after
	}
	if s.most >= 0 && s.hits >= s.most && s.left == 0 {
		return errStop
	}
	return nil
}

func (s *search) print(sep byte, n int, text []byte) {
	if s.names {
		fmt.Fprintf(s.out, "%s%c", s.name, sep)
	}
	if s.numbers {
		_, _ = s.out.WriteString(strconv.Itoa(n) + string(sep)) // Flush says it
	}
	_, _ = s.out.Write(text)  // as above
	_ = s.out.WriteByte('\n') // as above
	s.last, s.printed = n, true
}

func (s *search) end() {
	switch {
	case s.quiet:
	case s.list && s.hits > 0, s.without && s.hits == 0:
		fmt.Fprintln(s.out, s.name)
		s.found = true
	case s.count && !s.list && !s.without:
		if s.names {
			fmt.Fprintf(s.out, "%s:", s.name)
		}
		fmt.Fprintln(s.out, s.hits)
	}
}

// find returns where a line matches, nil for nowhere; without -o one place is enough.
func (g *grep) find(l []byte) [][]int {
	var places [][]int
	for at := 0; at <= len(l); {
		var best []int
		for _, re := range g.patterns {
			m := re.FindIndex(l[at:])
			if at > 0 {
				// Anchors and word boundaries need what stands before.
				m = findFrom(re, l, at)
			} else if m != nil {
				m = []int{m[0], m[1]}
			}
			for m != nil && g.word && !wordAt(l, m) {
				if m[0] >= len(l) {
					m = nil
					break
				}
				m = findFrom(re, l, m[0]+1)
			}
			if m != nil && (best == nil || m[0] < best[0] || m[0] == best[0] && m[1] > best[1]) {
				best = m
			}
		}
		if best == nil {
			return places
		}
		places = append(places, best)
		if !g.only {
			return places
		}
		at = best[1]
		if best[1] == best[0] {
			at++
		}
	}
	return places
}

// findFrom is the first match that begins at or after a place.
func findFrom(re *regexp.Regexp, l []byte, at int) []int {
	for _, m := range re.FindAllIndex(l, -1) {
		if m[0] >= at {
			return m
		}
	}
	if at > 0 && at <= len(l) {
		// FindAll steps over matches that begin inside another one.
		if m := re.FindIndex(l[at:]); m != nil && !strings.HasPrefix(strings.TrimLeft(re.String(), "(?si)"), "^") {
			return []int{m[0] + at, m[1] + at}
		}
	}
	return nil
}

func wordAt(l []byte, m []int) bool {
	isWord := func(r rune) bool { return r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r) }
	if m[0] > 0 {
		if r, _ := utf8.DecodeLastRune(l[:m[0]]); isWord(r) {
			return false
		}
	}
	if m[1] < len(l) {
		if r, _ := utf8.DecodeRune(l[m[1]:]); isWord(r) {
			return false
		}
	}
	return true
}
