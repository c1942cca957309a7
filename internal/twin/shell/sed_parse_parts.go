package shell

import (
	"fmt"
	"regexp"
	"strings"
)

func (p *sedParser) address(second bool) (*sedAddress, error) {
	if p.in == "" {
		return nil, nil
	}
	num := func() int {
		i := 0
		for i < len(p.in) && p.in[i] >= '0' && p.in[i] <= '9' {
			i++
		}
		n := int(number(p.in[:i]))
		p.in = p.in[i:]
		return n
	}
	switch c := p.in[0]; {
	case c >= '0' && c <= '9':
		a := &sedAddress{kind: 'n', line: num()}
		if strings.HasPrefix(p.in, "~") {
			p.in = p.in[1:]
			a.kind, a.step = '~', num()
		}
		return a, nil
	case c == '$':
		p.in = p.in[1:]
		return &sedAddress{kind: '$'}, nil
	case second && c == '+':
		p.in = p.in[1:]
		return &sedAddress{kind: '+', plus: num()}, nil
	case second && c == '~':
		p.in = p.in[1:]
		return &sedAddress{kind: 'm', mult: num()}, nil
	case c == '/' || c == '\\':
		delim := byte('/')
		p.in = p.in[1:]
		if c == '\\' {
			if p.in == "" {
				return nil, fmt.Errorf("unexpected end of script")
			}
			delim, p.in = p.in[0], p.in[1:]
		}
		text, ok := p.delimited(delim, true)
		if !ok {
			return nil, fmt.Errorf("unterminated address regex")
		}
		ignore := false
		for p.in != "" && (p.in[0] == 'I' || p.in[0] == 'M') {
			ignore = ignore || p.in[0] == 'I'
			p.in = p.in[1:]
		}
		if text == "" {
			return &sedAddress{kind: 'r', last: true}, nil
		}
		re, err := posix(text, p.extended, ignore, sedEscapes)
		return &sedAddress{kind: 'r', re: re}, err
	}
	return nil, nil
}

// delimited reads up to a delimiter; a backslash takes it as a character. In an expression brackets hide it.
func (p *sedParser) delimited(delim byte, expression bool) (string, bool) {
	var b strings.Builder
	inBracket := false
	for i := 0; i < len(p.in); i++ {
		c := p.in[i]
		switch {
		case c == '\\' && i+1 < len(p.in) && !inBracket:
			i++
			if p.in[i] == delim {
				// The delimiter as a character; one that means something in an expression keeps its backslash.
				if strings.IndexByte("|+?(){}.*[]^$", delim) >= 0 && expression {
					b.WriteByte('\\')
				}
				b.WriteByte(delim)
				continue
			}
			b.WriteByte('\\')
			b.WriteByte(p.in[i])
			continue
		case c == '[' && expression && !inBracket:
			inBracket = true
			b.WriteByte(c)
			for _, lead := range []string{"^", "]"} {
				if strings.HasPrefix(p.in[i+1:], lead) {
					b.WriteString(lead)
					i++
				}
			}
			continue
		case c == '[' && inBracket && i+1 < len(p.in) && strings.IndexByte(":.=", p.in[i+1]) >= 0:
			if j := strings.Index(p.in[i+2:], string(p.in[i+1])+"]"); j >= 0 {
				b.WriteString(p.in[i : i+j+4])
				i += j + 3
				continue
			}
		case c == ']' && inBracket:
			inBracket = false
		case c == delim && !inBracket:
			p.in = p.in[i+1:]
			return b.String(), true
		case c == '\n' && expression && !inBracket:
			return "", false
		}
		b.WriteByte(c)
	}
	p.in = ""
	return "", false
}

func (p *sedParser) substitution(s *sedStep) error {
	if p.in == "" {
		return fmt.Errorf("unterminated `s' command")
	}
	delim := p.in[0]
	p.in = p.in[1:]
	text, ok := p.delimited(delim, true)
	if !ok {
		return fmt.Errorf("unterminated `s' command")
	}
	sub := &sedSubst{}
	if sub.with, ok = p.delimited(delim, false); !ok {
		return fmt.Errorf("unterminated `s' command")
	}
	ignore, multi := false, false
flags:
	for p.in != "" {
		c := p.in[0]
		switch {
		case c == 'g':
			sub.global = true
		case c == 'p':
			sub.print = true
		case c == 'i' || c == 'I':
			ignore = true
		case c == 'm' || c == 'M':
			multi = true
		case c >= '1' && c <= '9':
			i := 0
			for i < len(p.in) && p.in[i] >= '0' && p.in[i] <= '9' {
				i++
			}
			sub.nth = int(number(p.in[:i]))
			p.in = p.in[i-1:]
		case c == 'w':
			sub.file, p.in, _ = strings.Cut(strings.TrimSpace(p.in[1:]), "\n")
			break flags
		case strings.IndexByte(" \t\n;}#", c) >= 0:
			break flags
		default:
			return fmt.Errorf("unknown option to `s'")
		}
		p.in = p.in[1:]
	}
	if text != "" {
		re, err := posix(text, p.extended, ignore, sedEscapes)
		if err != nil {
			return err
		}
		if multi {
			if re, err = regexp.Compile("(?m)" + re.String()); err != nil {
				return err
			}
			re.Longest()
		}
		sub.re = re
		for i := 0; i+1 < len(sub.with); i++ {
			if sub.with[i] != '\\' {
				continue
			}
			if n := int(sub.with[i+1]) - '0'; n >= 1 && n <= 9 && n > re.NumSubexp() {
				return fmt.Errorf("invalid reference \\%d on `s' command's RHS", n)
			}
			i++
		}
	}
	s.subst = sub
	return nil
}

func (p *sedParser) transliteration(s *sedStep) error {
	if p.in == "" {
		return fmt.Errorf("unterminated `y' command")
	}
	delim := p.in[0]
	p.in = p.in[1:]
	from, ok1 := p.delimited(delim, false)
	to, ok2 := p.delimited(delim, false)
	if !ok1 || !ok2 {
		return fmt.Errorf("unterminated `y' command")
	}
	s.text, s.with = unescapeY(from), unescapeY(to)
	if len([]rune(s.text)) != len([]rune(s.with)) {
		return fmt.Errorf("strings for `y' command are different lengths")
	}
	return nil
}

func unescapeY(v string) string {
	return strings.NewReplacer(`\\`, `\`, `\n`, "\n", `\t`, "\t").Replace(v)
}

// appended is the text of a, i and c: the rest of the line, or the lines after a backslash.
func (p *sedParser) appended() string {
	p.skip(" \t")
	if rest, ok := strings.CutPrefix(p.in, "\\"); ok {
		rest = strings.TrimLeft(rest, " \t")
		if after, ok := strings.CutPrefix(rest, "\n"); ok {
			p.in = after
		} else {
			p.in = rest
		}
	}
	var b strings.Builder
	for i := 0; i < len(p.in); i++ {
		switch c := p.in[i]; {
		case c == '\\' && i+1 < len(p.in):
			i++
			b.WriteByte(p.in[i])
		case c == '\n':
			p.in = p.in[i+1:]
			return b.String() + "\n"
		default:
			b.WriteByte(c)
		}
	}
	p.in = ""
	return b.String() + "\n"
}
