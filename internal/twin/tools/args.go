package tools

import (
	"fmt"
	"strings"
)

// grammar says which options a tool knows, as getopt_long(3) reads them.
type grammar struct {
	// short is getopt's string: "qn:o:".
	short string
	// long are names, each with its short form after =, and at the end : when it takes a value, ? when it may:
	// "no-pager", "quiet=q", "unit=u:", "lines=n?".
	long []string
	// first ends the options at the first argument that is none.
	first bool
}

// option is one that was given, by its short form where it has one.
type option struct{ name, value string }

// options are the given ones in order.
type options []option

func (o options) has(name string) bool {
	for _, g := range o {
		if g.name == name {
			return true
		}
	}
	return false
}

// value is the last one given.
func (o options) value(name string) string {
	v := ""
	for _, g := range o {
		if g.name == name {
			v = g.value
		}
	}
	return v
}

func (o options) values(name string) []string {
	var out []string
	for _, g := range o {
		if g.name == name {
			out = append(out, g.value)
		}
	}
	return out
}

// parse separates options from arguments. The error is what getopt_long says after the program's name.
func (g grammar) parse(args []string) (given options, rest []string, err error) {
	for i := 0; i < len(args); i++ {
		a := args[i]
		switch {
		case a == "--":
			return given, append(rest, args[i+1:]...), nil
		case strings.HasPrefix(a, "--"):
			name, value, has := strings.Cut(a[2:], "=")
			canon, kind, ok := g.find(name)
			switch {
			case !ok:
				return nil, nil, fmt.Errorf("unrecognized option '--%s'", name)
			case has && kind == 0:
				return nil, nil, fmt.Errorf("option '--%s' doesn't allow an argument", name)
			case kind == ':' && !has:
				if i++; i >= len(args) {
					return nil, nil, fmt.Errorf("option '--%s' requires an argument", name)
				}
				value = args[i]
			}
			given = append(given, option{canon, value})
		case len(a) > 1 && a[0] == '-':
			for j := 1; j < len(a); j++ {
				at := strings.IndexByte(g.short, a[j])
				if at < 0 || a[j] == ':' || a[j] == '?' {
					return nil, nil, fmt.Errorf("invalid option -- '%c'", a[j])
				}
				kind := byte(0)
				if at+1 < len(g.short) && (g.short[at+1] == ':' || g.short[at+1] == '?') {
					kind = g.short[at+1]
				}
				if kind == 0 {
					given = append(given, option{a[j : j+1], ""})
					continue
				}
				value := a[j+1:]
				if value == "" && kind == ':' {
					if i++; i >= len(args) {
						return nil, nil, fmt.Errorf("option requires an argument -- '%c'", a[j])
					}
					value = args[i]
				}
				given = append(given, option{a[j : j+1], value})
				break
			}
		case g.first:
			return given, append(rest, args[i:]...), nil
		default:
			rest = append(rest, a)
		}
	}
	return given, rest, nil
}

// find looks a long option up: its canonical name and 0, ':' or '?'.
func (g grammar) find(name string) (canon string, kind byte, ok bool) {
	for _, l := range g.long {
		kind = 0
		if last := l[len(l)-1]; last == ':' || last == '?' {
			kind, l = last, l[:len(l)-1]
		}
		long, short, has := strings.Cut(l, "=")
		if long != name {
			continue
		}
		if has {
			return short, kind, true
		}
		return long, kind, true
	}
	return "", 0, false
}
