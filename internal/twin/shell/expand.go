package shell

import (
	"fmt"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// chunk is a piece of an expanded word. A quoted one is never split and holds no pattern; a result one is what an expansion
// gave, which is split at IFS; brk ends a field, as between the parameters of "$@".
type chunk struct {
	text           string
	quoted, result bool
	brk            bool
}

// fields expands words as a command's: split into fields, and patterns replaced by the names of files.
func (s *interpreter) fields(words ...*syntax.Word) ([]string, error) {
	var out []string
	for _, w := range words {
		braced := []*syntax.Word{w}
		if s.bash {
			split := *w
			if syntax.SplitBraces(&split) {
				braced = braces(&split)
			}
		}
		for _, w := range braced {
			chunks, err := s.chunks(w.Parts, false)
			if err != nil {
				return nil, err
			}
			for _, f := range s.split(chunks) {
				out = append(out, s.glob(f)...)
			}
		}
	}
	return out, nil
}

// literal expands a word to one string without splitting and patterns, as the value of an assignment.
func (s *interpreter) literal(w *syntax.Word) (string, error) {
	if w == nil {
		return "", nil
	}
	chunks, err := s.chunks(w.Parts, false)
	return s.join(chunks), err
}

// value is literal for an assignment, where a tilde may stand after each colon too.
func (s *interpreter) value(w *syntax.Word) (string, error) {
	var b strings.Builder
	for i, p := range w.Parts {
		lit, ok := p.(*syntax.Lit)
		if !ok || !strings.Contains(lit.Value, ":~") {
			chunks, err := s.part(p, false, i == 0)
			if err != nil {
				return "", err
			}
			b.WriteString(s.join(chunks))
			continue
		}
		for n, piece := range strings.Split(lit.Value, ":") {
			if n > 0 {
				b.WriteByte(':')
			}
			b.WriteString(s.join(s.lit(piece, n > 0 || i == 0)))
		}
	}
	return b.String(), nil
}

// document expands one part of a here-document.
func (s *interpreter) document(p syntax.WordPart) (string, error) {
	chunks, err := s.part(p, true, false)
	return s.join(chunks), err
}

// pattern expands a word to a pattern in which what was quoted is escaped.
func (s *interpreter) pattern(w *syntax.Word) (string, error) {
	if w == nil {
		return "", nil
	}
	chunks, err := s.chunks(w.Parts, false)
	var b strings.Builder
	for _, c := range chunks {
		if c.quoted {
			b.WriteString(escaped(c.text))
		} else {
			b.WriteString(c.text)
		}
	}
	return b.String(), err
}

func (s *interpreter) join(chunks []chunk) string {
	var b strings.Builder
	for _, c := range chunks {
		if c.brk {
			b.WriteByte(' ')
		}
		b.WriteString(c.text)
	}
	return b.String()
}

// chunks expands the parts of a word. In double quotes a backslash is one but before $, `, " and itself.
func (s *interpreter) chunks(parts []syntax.WordPart, inQuotes bool) ([]chunk, error) {
	var out []chunk
	for i, p := range parts {
		c, err := s.part(p, inQuotes, i == 0)
		if err != nil {
			return nil, err
		}
		out = append(out, c...)
	}
	return out, nil
}

func (s *interpreter) part(p syntax.WordPart, inQuotes, first bool) ([]chunk, error) {
	result := func(text string, err error) ([]chunk, error) {
		return []chunk{{text: text, quoted: inQuotes, result: !inQuotes}}, err
	}
	switch p := p.(type) {
	case *syntax.Lit:
		if inQuotes {
			return []chunk{{text: unescape(p.Value, "$`\"\\"), quoted: true}}, nil
		}
		return s.lit(p.Value, first), nil
	case *syntax.SglQuoted:
		if p.Dollar {
			return []chunk{{text: escapes(p.Value, false), quoted: true}}, nil
		}
		return []chunk{{text: p.Value, quoted: true}}, nil
	case *syntax.DblQuoted:
		inner, err := s.chunks(p.Parts, true)
		if err != nil {
			return nil, err
		}
		if len(inner) == 0 && !emptyList(p) {
			inner = []chunk{{quoted: true}}
		}
		return inner, nil
	case *syntax.ParamExp:
		return s.param(p, inQuotes)
	case *syntax.CmdSubst:
		return result(s.substitute(p))
	case *syntax.ArithmExp:
		n, err := s.arithm(p.X)
		return result(fmt.Sprint(n), err)
	}
	return nil, &fatal{fmt.Sprintf("Syntax error: %T is not known to this shell", p), 2}
}

// emptyList says whether a quoted word is "$@", which is no word at all without parameters.
func emptyList(p *syntax.DblQuoted) bool {
	if len(p.Parts) == 0 {
		return false
	}
	for _, part := range p.Parts {
		if e, ok := part.(*syntax.ParamExp); !ok || e.Param == nil || e.Param.Value != "@" {
			return false
		}
	}
	return true
}

// lit is unquoted text: a tilde at its beginning, and backslashes.
func (s *interpreter) lit(v string, first bool) []chunk {
	var out []chunk
	if first && strings.HasPrefix(v, "~") {
		name, _, _ := strings.Cut(v[1:], "/")
		if !strings.ContainsAny(name, `\:*?`) {
			if home, ok := s.home(name); ok {
				out = append(out, chunk{text: home, quoted: true})
				v = v[1+len(name):]
			}
		}
	}
	for {
		i := strings.IndexByte(v, '\\')
		if i < 0 || i+1 >= len(v) {
			break
		}
		if i > 0 {
			out = append(out, chunk{text: v[:i]})
		}
		if v[i+1] != '\n' {
			out = append(out, chunk{text: v[i+1 : i+2], quoted: true})
		}
		v = v[i+2:]
	}
	if v != "" {
		out = append(out, chunk{text: v})
	}
	return out
}

func (s *interpreter) home(name string) (string, bool) {
	if name == "" {
		v := s.get("HOME")
		return v.value, v.set
	}
	a, ok := s.host.account(name)
	return a.Home, ok
}

// piece is text of a field that is a pattern unless it was quoted.
type piece struct {
	text   string
	quoted bool
}

// split makes fields out of chunks at IFS.
func (s *interpreter) split(chunks []chunk) [][]piece {
	var out [][]piece
	var cur []piece
	have := false
	flush := func() {
		if have {
			out = append(out, cur)
		}
		cur, have = nil, false
	}
	ifs := " \t\n"
	if v := s.get("IFS"); v.set {
		ifs = v.value
	}
	ended := false // a field was ended by white space, which a following other separator belongs to
	for _, c := range chunks {
		if c.brk {
			flush()
		}
		if !c.result || ifs == "" {
			if c.text != "" || c.quoted {
				cur, have = append(cur, piece{c.text, c.quoted}), true
				ended = false
			}
			continue
		}
		start := 0
		for i := 0; i < len(c.text); i++ {
			b := c.text[i]
			if strings.IndexByte(ifs, b) < 0 {
				continue
			}
			if i > start {
				cur, have = append(cur, piece{c.text[start:i], false}), true
				ended = false
			}
			start = i + 1
			if b == ' ' || b == '\t' || b == '\n' {
				if have {
					flush()
					ended = true
				}
				continue
			}
			if !have && !ended {
				have = true // an empty field between two separators
			}
			flush()
			ended = false
		}
		if start < len(c.text) {
			cur, have = append(cur, piece{c.text[start:], false}), true
			ended = false
		}
	}
	flush()
	return out
}

// substitute runs $(...) in a subshell.
func (s *interpreter) substitute(c *syntax.CmdSubst) (string, error) {
	if len(c.Stmts) == 0 {
		s.ran = 0
		return "", nil
	}
	out := &capture{}
	d := opened(out)
	p := s.host.start(s.ctx(), s.proc, s.proc.who, s.proc.words(), "", s.proc.session)
	sub := s.child(p)
	sub.tested, sub.loops = 0, 0
	sub.fds.set(1, d)
	sub.catch()
	sub.lastly(c.Stmts)
	status := sub.leave()
	sub.fds.release()
	select {
	case <-d.closed: // a background job may hold it
	case <-s.ctx().Done():
	}
	s.ran = p.finish(status)
	s.status = s.ran
	return strings.TrimRight(strings.ReplaceAll(out.String(), "\x00", ""), "\n"), nil
}

// braces are the words of bash's {a,b} and {1..3}.
func braces(w *syntax.Word) []*syntax.Word {
	for i, p := range w.Parts {
		b, ok := p.(*syntax.BraceExp)
		if !ok {
			continue
		}
		elems := b.Elems
		if b.Sequence {
			elems = sequence(b)
		}
		var out []*syntax.Word
		for _, e := range elems {
			parts := append(append(append([]syntax.WordPart{}, w.Parts[:i]...), e.Parts...), w.Parts[i+1:]...)
			out = append(out, braces(&syntax.Word{Parts: parts})...)
		}
		return out
	}
	return []*syntax.Word{w}
}

// sequence are the words of {1..3} and {a..c}.
func sequence(b *syntax.BraceExp) []*syntax.Word {
	from, to := b.Elems[0].Lit(), b.Elems[1].Lit()
	word := func(v string) *syntax.Word { return &syntax.Word{Parts: []syntax.WordPart{&syntax.Lit{Value: v}}} }
	letters := len(from) == 1 && len(to) == 1 && (from[0] > '9' || to[0] > '9')
	var x, y, step int
	if letters {
		x, y = int(from[0]), int(to[0])
	} else {
		x, y = int(number(from)), int(number(to))
	}
	step = 1
	if len(b.Elems) > 2 {
		step = max(int(number(strings.TrimPrefix(b.Elems[2].Lit(), "-"))), 1)
	}
	if y < x {
		step = -step
	}
	var out []*syntax.Word
	for n := x; (step > 0 && n <= y || step < 0 && n >= y) && len(out) < 100000; n += step {
		if letters {
			out = append(out, word(string(rune(n))))
		} else {
			out = append(out, word(fmt.Sprint(n)))
		}
	}
	return out
}
