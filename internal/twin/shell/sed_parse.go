package shell

import (
	"fmt"
	"regexp"
	"strings"
)

// sedStep is one command of a sed script.
type sedStep struct {
	from, to *sedAddress
	not      bool
	name     byte
	text     string // of a, i, c, b, t, T, :, r, w, y's first set
	with     string // y's second set
	number   int    // q's status
	subst    *sedSubst
	jump     int // the step after the closing brace, or a label's
	// state of a range
	active bool
	until  int
}

type sedAddress struct {
	line int // a number, -1 for $
	re   *regexp.Regexp
	last bool // an empty expression: the last one used
	step int  // first~step
	plus int  // addr,+N
	mult int  // addr,~N
	kind byte // n number, $ last, r expression, ~ step, + plus, m multiple, 0 zero
}

type sedSubst struct {
	re            *regexp.Regexp // nil is the last one used
	with          string
	global, print bool
	nth           int
	file          string
}

// sedEscapes are the sequences that sed's expressions know besides regcomp's.
var sedEscapes = map[byte]string{'n': "\n", 't': "\t", 'f': "\f", 'v': "\v", 'r': "\r", 'a': "\a"}

type sedParser struct {
	in       string
	extended bool
	steps    []*sedStep
	blocks   []int
}

func (p *sedParser) skip(set string) {
	p.in = strings.TrimLeft(p.in, set)
}

// parse reads a script; what is wrong is said in sed's words.
func (p *sedParser) parse(script string) error {
	p.in = script
	for {
		p.skip(" \t\n;")
		if p.in == "" {
			break
		}
		if p.in[0] == '#' {
			_, p.in, _ = strings.Cut(p.in, "\n")
			continue
		}
		if err := p.command(); err != nil {
			return err
		}
	}
	return nil
}

// link resolves labels and braces once all scripts are read.
func (p *sedParser) link() error {
	if len(p.blocks) > 0 {
		return fmt.Errorf("unmatched `{'")
	}
	labels := map[string]int{}
	for i, s := range p.steps {
		if s.name == ':' {
			labels[s.text] = i
		}
	}
	for _, s := range p.steps {
		if s.name == 'b' || s.name == 't' || s.name == 'T' {
			s.jump = len(p.steps)
			if s.text != "" {
				at, ok := labels[s.text]
				if !ok {
					return fmt.Errorf("can't find label for jump to `%s'", s.text)
				}
				s.jump = at
			}
		}
	}
	return nil
}

func (p *sedParser) command() error {
	s := &sedStep{}
	var err error
	if s.from, err = p.address(false); err != nil {
		return err
	}
	if s.from != nil {
		p.skip(" \t")
		if strings.HasPrefix(p.in, ",") {
			p.in = p.in[1:]
			p.skip(" \t")
			if s.to, err = p.address(true); err != nil {
				return err
			}
			if s.to == nil {
				return fmt.Errorf("unexpected `,'")
			}
		}
		if s.from.kind == 'n' && s.from.line == 0 {
			if s.to == nil || s.to.kind != 'r' {
				return fmt.Errorf("invalid usage of line address 0")
			}
			s.active = true
		}
	}
	p.skip(" \t")
	for strings.HasPrefix(p.in, "!") {
		s.not = true
		p.in = p.in[1:]
		p.skip(" \t")
	}
	if p.in == "" {
		return fmt.Errorf("missing command")
	}
	s.name, p.in = p.in[0], p.in[1:]
	p.steps = append(p.steps, s)
	switch s.name {
	case '{':
		p.blocks = append(p.blocks, len(p.steps)-1)
		return nil
	case '}':
		if len(p.blocks) == 0 {
			return fmt.Errorf("unexpected `}'")
		}
		p.steps[p.blocks[len(p.blocks)-1]].jump = len(p.steps)
		p.blocks = p.blocks[:len(p.blocks)-1]
	case 's':
		if err := p.substitution(s); err != nil {
			return err
		}
	case 'y':
		if err := p.transliteration(s); err != nil {
			return err
		}
	case 'a', 'i', 'c':
		s.text = p.appended()
		return nil
	case ':', 'b', 't', 'T':
		end := strings.IndexAny(p.in, "\n;")
		if s.name == ':' {
			end = strings.IndexByte(p.in, '\n')
			if i := strings.IndexByte(p.in, ';'); i >= 0 && (end < 0 || i < end) {
				end = i
			}
		}
		if i := strings.IndexByte(p.in, '}'); s.name != ':' && i >= 0 && (end < 0 || i < end) {
			end = i
		}
		if end < 0 {
			end = len(p.in)
		}
		s.text, p.in = strings.TrimSpace(p.in[:end]), p.in[end:]
		if s.name == ':' && s.text == "" {
			return fmt.Errorf("\":\" lacks a label")
		}
		return nil
	case 'r', 'w':
		s.text, p.in, _ = strings.Cut(p.in, "\n")
		if s.text = strings.TrimSpace(s.text); s.text == "" {
			return fmt.Errorf("missing filename in r/R/w/W commands")
		}
		return nil
	case 'q', 'Q':
		p.skip(" \t")
		i := 0
		for i < len(p.in) && p.in[i] >= '0' && p.in[i] <= '9' {
			i++
		}
		s.number, p.in = int(number(p.in[:i])), p.in[i:]
	case 'p', 'P', 'd', 'D', 'n', 'N', 'g', 'G', 'h', 'H', 'x', '=', 'l', 'z', 'F':
	default:
		return fmt.Errorf("unknown command: `%c'", s.name)
	}
	p.skip(" \t")
	if p.in != "" && strings.IndexByte("\n;}#", p.in[0]) < 0 {
		return fmt.Errorf("extra characters after command")
	}
	return nil
}
