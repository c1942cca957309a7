package shell

import (
	"fmt"
	"strconv"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// param expands $x and ${x...}.
func (s *interpreter) param(p *syntax.ParamExp, inQuotes bool) ([]chunk, error) {
	if p.Param == nil || p.Excl || p.Index != nil || p.Names != 0 {
		return nil, &fatal{"Bad substitution", 2}
	}
	name := p.Param.Value
	if p.Length {
		switch name {
		case "@", "*", "#":
			return []chunk{{text: strconv.Itoa(len(s.params)), quoted: inQuotes, result: !inQuotes}}, nil
		}
		v, err := s.needed(name)
		return []chunk{{text: strconv.Itoa(len(v)), quoted: inQuotes, result: !inQuotes}}, err
	}
	if (name == "@" || name == "*") && p.Exp == nil && p.Slice == nil && p.Repl == nil {
		return s.parameters(name, inQuotes), nil
	}
	value, set := s.lookup(name)
	chunkOf := func(text string) []chunk { return []chunk{{text: text, quoted: inQuotes, result: !inQuotes}} }
	switch {
	case p.Slice != nil:
		v, err := s.slice(p, value)
		return chunkOf(v), err
	case p.Repl != nil:
		v, err := s.replaced(p, value)
		return chunkOf(v), err
	case p.Exp == nil:
		if !set && s.opt.nounset {
			return nil, &fatal{name + ": parameter not set", s.unsetStatus()}
		}
		return chunkOf(value), nil
	}
	return s.operator(p, name, value, set, inQuotes)
}

func (s *interpreter) unsetStatus() int {
	if s.bash {
		return 1
	}
	return 2
}

func (s *interpreter) operator(p *syntax.ParamExp, name, value string, set, inQuotes bool) ([]chunk, error) {
	same := []chunk{{text: value, quoted: inQuotes, result: !inQuotes}}
	if name == "@" || name == "*" {
		same = s.parameters(name, inQuotes)
	}
	full := set && value != ""
	word := func() ([]chunk, error) {
		if p.Exp.Word == nil {
			return []chunk{{quoted: inQuotes}}, nil
		}
		parts := p.Exp.Word.Parts
		if inQuotes {
			parts = withQuotes(parts)
		}
		c, err := s.chunks(parts, inQuotes)
		for i := range c {
			c[i].result = !c[i].quoted
		}
		return c, err
	}
	switch p.Exp.Op {
	case syntax.AlternateUnset, syntax.AlternateUnsetOrNull:
		if p.Exp.Op == syntax.AlternateUnset && set || full {
			return word()
		}
		return []chunk{{quoted: inQuotes}}, nil
	case syntax.DefaultUnset, syntax.DefaultUnsetOrNull:
		if p.Exp.Op == syntax.DefaultUnset && set || full {
			return same, nil
		}
		return word()
	case syntax.AssignUnset, syntax.AssignUnsetOrNull:
		if p.Exp.Op == syntax.AssignUnset && set || full {
			return same, nil
		}
		if !syntax.ValidName(name) {
			return nil, &fatal{name + ": bad variable name", 2}
		}
		v, err := s.literal(p.Exp.Word)
		if err != nil {
			return nil, err
		}
		if f := s.assign(name, v); f != nil {
			return nil, f
		}
		return []chunk{{text: v, quoted: inQuotes, result: !inQuotes}}, nil
	case syntax.ErrorUnset, syntax.ErrorUnsetOrNull:
		if p.Exp.Op == syntax.ErrorUnset && set || full {
			return same, nil
		}
		text := "parameter not set"
		if p.Exp.Op == syntax.ErrorUnsetOrNull {
			text = "parameter not set or null"
		}
		if p.Exp.Word != nil {
			v, err := s.literal(p.Exp.Word)
			if err != nil {
				return nil, err
			}
			text = v
		}
		return nil, &fatal{name + ": " + text, 2}
	}
	if !set && s.opt.nounset {
		return nil, &fatal{name + ": parameter not set", s.unsetStatus()}
	}
	pat, err := s.pattern(p.Exp.Word)
	if err != nil {
		return nil, err
	}
	switch p.Exp.Op {
	case syntax.RemSmallPrefix, syntax.RemLargePrefix:
		value = trimPrefix(value, pat, p.Exp.Op == syntax.RemLargePrefix)
	case syntax.RemSmallSuffix, syntax.RemLargeSuffix:
		value = trimSuffix(value, pat, p.Exp.Op == syntax.RemLargeSuffix)
	case syntax.UpperAll:
		value = strings.ToUpper(value)
	case syntax.LowerAll:
		value = strings.ToLower(value)
	case syntax.UpperFirst, syntax.LowerFirst:
		if value != "" && p.Exp.Op == syntax.UpperFirst {
			value = strings.ToUpper(value[:1]) + value[1:]
		} else if value != "" {
			value = strings.ToLower(value[:1]) + value[1:]
		}
	default:
		return nil, &fatal{"Bad substitution", 2}
	}
	return []chunk{{text: value, quoted: inQuotes, result: !inQuotes}}, nil
}

// withQuotes makes single quotes the characters that they are between double ones.
func withQuotes(parts []syntax.WordPart) []syntax.WordPart {
	out := make([]syntax.WordPart, len(parts))
	for i, p := range parts {
		if q, ok := p.(*syntax.SglQuoted); ok && !q.Dollar {
			p = &syntax.Lit{Value: "'" + q.Value + "'"}
		}
		out[i] = p
	}
	return out
}

// parameters are $@ and $*.
func (s *interpreter) parameters(name string, inQuotes bool) []chunk {
	if name == "*" && inQuotes {
		sep := " "
		if v := s.get("IFS"); v.set {
			sep = v.value[:min(len(v.value), 1)]
		}
		return []chunk{{text: strings.Join(s.params, sep), quoted: true}}
	}
	out := make([]chunk, len(s.params))
	for i, v := range s.params {
		out[i] = chunk{text: v, quoted: inQuotes, result: !inQuotes, brk: i > 0}
	}
	return out
}

// lookup is a parameter of any kind.
func (s *interpreter) lookup(name string) (value string, set bool) {
	switch name {
	case "?":
		return strconv.Itoa(s.status), true
	case "$":
		return strconv.Itoa(s.pid), true
	case "!":
		if s.job == 0 {
			return "", false
		}
		return strconv.Itoa(s.job), true
	case "#":
		return strconv.Itoa(len(s.params)), true
	case "-":
		return s.opt.letters(s.interactive), true
	case "0":
		return s.name, true
	case "@", "*":
		return strings.Join(s.params, " "), len(s.params) > 0
	}
	if n, err := strconv.Atoi(name); err == nil {
		if n <= len(s.params) {
			return s.params[n-1], true
		}
		return "", false
	}
	v := s.get(name)
	return v.value, v.set
}

// needed is a parameter that set -u wants to be set.
func (s *interpreter) needed(name string) (string, error) {
	v, set := s.lookup(name)
	if !set && s.opt.nounset {
		return "", &fatal{name + ": parameter not set", s.unsetStatus()}
	}
	return v, nil
}

// slice is bash's ${x:offset:length}.
func (s *interpreter) slice(p *syntax.ParamExp, value string) (string, error) {
	if !s.bash {
		return "", &fatal{"Bad substitution", 2}
	}
	off, err := s.arithm(p.Slice.Offset)
	if err != nil {
		return "", err
	}
	n := int64(len(value))
	if off < 0 {
		off += n
	}
	if off < 0 || off > n {
		return "", nil
	}
	last := n
	if p.Slice.Length != nil {
		l, err := s.arithm(p.Slice.Length)
		if err != nil {
			return "", err
		}
		if l < 0 {
			last = n + l
		} else {
			last = min(off+l, n)
		}
		if last < off {
			return "", &fatal{fmt.Sprintf("%d: substring expression < 0", l), 1}
		}
	}
	return value[off:last], nil
}

// replaced is bash's ${x/pattern/text}.
func (s *interpreter) replaced(p *syntax.ParamExp, value string) (string, error) {
	if !s.bash {
		return "", &fatal{"Bad substitution", 2}
	}
	pat, err := s.pattern(p.Repl.Orig)
	if err != nil {
		return "", err
	}
	with, err := s.literal(p.Repl.With)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	for i := 0; i <= len(value); {
		end := -1
		for j := len(value); j > i; j-- {
			if match(pat, value[i:j]) {
				end = j
				break
			}
		}
		if end < 0 {
			if i < len(value) {
				b.WriteByte(value[i])
			}
			i++
			continue
		}
		b.WriteString(with)
		i = end
		if !p.Repl.All {
			b.WriteString(value[i:])
			break
		}
	}
	return b.String(), nil
}
