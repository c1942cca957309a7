package shell

import (
	"fmt"
	"strings"
)

// arguments are a command's arguments as getopt(3) sorts them.
type arguments struct {
	flags []flag
	rest  []string // the operands
}

type flag struct {
	letter byte
	value  string
}

func (a *arguments) has(letter byte) bool {
	for _, f := range a.flags {
		if f.letter == letter {
			return true
		}
	}
	return false
}

// get is the last value of an option.
func (a *arguments) get(letter byte) (string, bool) {
	for i := len(a.flags) - 1; i >= 0; i-- {
		if a.flags[i].letter == letter {
			return a.flags[i].value, true
		}
	}
	return "", false
}

func (a *arguments) all(letter byte) []string {
	var list []string
	for _, f := range a.flags {
		if f.letter == letter {
			list = append(list, f.value)
		}
	}
	return list
}

// last is the one of several letters that came last, 0 when none did.
func (a *arguments) last(letters string) byte {
	for i := len(a.flags) - 1; i >= 0; i-- {
		if strings.IndexByte(letters, a.flags[i].letter) >= 0 {
			return a.flags[i].letter
		}
	}
	return 0
}

// options reads the arguments. short is as in getopt: a colon after a letter that takes a value, two for one that may have
// one attached; a plus in front ends the options at the first operand. A long option is "name=l", "name:=l" with a value,
// "name?=l" with one that may be left out. What is not known is refused with status 2 and ok is false.
func (c *Call) options(short string, long ...string) (a arguments, ok bool) {
	strict := strings.HasPrefix(short, "+")
	short = strings.TrimPrefix(short, "+")
	words := c.Args[1:]
	for len(words) > 0 {
		w := words[0]
		words = words[1:]
		switch {
		case w == "--":
			a.rest = append(a.rest, words...)
			return a, true
		case strings.HasPrefix(w, "--"):
			f, used, good := c.longOption(w[2:], words, long)
			if !good {
				return a, false
			}
			a.flags = append(a.flags, f)
			words = words[used:]
		case len(w) > 1 && w[0] == '-':
			for i := 1; i < len(w); i++ {
				at := strings.IndexByte(short, w[i])
				if at < 0 || w[i] == ':' {
					c.Fail(2, "invalid option -- '%c'\nTry '%s --help' for more information.", w[i], c.Name())
					return a, false
				}
				f := flag{letter: w[i]}
				if at+1 < len(short) && short[at+1] == ':' {
					f.value = w[i+1:]
					if f.value == "" && !strings.HasPrefix(short[at+1:], "::") {
						if len(words) == 0 {
							c.Fail(2, "option requires an argument -- '%c'\nTry '%s --help' for more information.", w[i], c.Name())
							return a, false
						}
						f.value, words = words[0], words[1:]
					}
					i = len(w)
				}
				a.flags = append(a.flags, f)
			}
		default:
			a.rest = append(a.rest, w)
			if strict {
				a.rest = append(a.rest, words...)
				return a, true
			}
		}
	}
	return a, true
}

func (c *Call) longOption(w string, words, long []string) (f flag, used int, ok bool) {
	name, value, has := strings.Cut(w, "=")
	var hit string
	for _, l := range long {
		full := strings.TrimRight(l[:len(l)-2], ":?")
		if full == name {
			hit = l
			break
		}
		if strings.HasPrefix(full, name) && hit == "" {
			hit = l
		}
	}
	if hit == "" {
		c.Fail(2, "unrecognized option '--%s'\nTry '%s --help' for more information.", name, c.Name())
		return f, 0, false
	}
	f.letter = hit[len(hit)-1]
	kind := hit[len(hit)-3]
	switch {
	case kind == ':' && !has:
		if len(words) == 0 {
			c.Fail(2, "option '--%s' requires an argument", name)
			return f, 0, false
		}
		value, used = words[0], 1
	case kind != ':' && kind != '?' && has:
		c.Fail(2, "option '--%s' doesn't allow an argument", name)
		return f, 0, false
	}
	f.value = value
	return f, used, true
}

// usage refuses a call that the real command refuses too, with its status.
func (c *Call) usage(format string, args ...any) int {
	c.Fail(1, format, args...)
	fmt.Fprintf(c.Stderr, "Try '%s --help' for more information.\n", c.Name())
	switch c.Name() {
	case "ls", "grep", "egrep", "fgrep", "sort", "diff", "cmp", "awk", "mawk", "jq":
		return 2
	}
	return 1
}

// unsupported refuses what the real command would do.
func (c *Call) unsupported(format string, args ...any) int { return c.Fail(2, format, args...) }
