package shell

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// message is an error in another program's words, capital and all.
type message string

func (m message) Error() string { return string(m) }

// posix compiles a regular expression of POSIX with GNU's additions, basic or extended, to Go's, which finds the leftmost
// longest match as POSIX wants. escaped says which escape sequences of one character stand for another, as \n and \t of
// sed. Back-references in a pattern are refused: no linear-time matcher has them.
func posix(pattern string, extended, ignoreCase bool, escaped map[byte]string) (*regexp.Regexp, error) {
	t := &translation{in: pattern, extended: extended, escaped: escaped}
	out, err := t.run()
	if err != nil {
		return nil, err
	}
	flags := "(?s)"
	if ignoreCase {
		flags = "(?si)"
	}
	re, err := regexp.Compile(flags + out)
	if err != nil {
		return nil, fmt.Errorf("invalid regular expression %q", pattern)
	}
	re.Longest()
	return re, nil
}

type translation struct {
	in       string
	extended bool
	escaped  map[byte]string

	out      strings.Builder
	atom     int // where in out the last atom begins, -1 for none
	repeated bool
	groups   []int
}

// start says whether nothing precedes at this place of an alternative, so that * is a character.
func (t *translation) start() bool { return t.atom < 0 }

func (t *translation) literal(s string) {
	t.atom, t.repeated = t.out.Len(), false
	t.out.WriteString(regexp.QuoteMeta(s))
}

func (t *translation) raw(s string) {
	t.atom, t.repeated = t.out.Len(), false
	t.out.WriteString(s)
}

// assert is an anchor: nothing can be repeated after it.
func (t *translation) assert(s string) {
	t.out.WriteString(s)
	t.atom, t.repeated = -1, false
}

func (t *translation) repeat(q string) {
	if t.repeated {
		all := t.out.String()
		t.out.Reset()
		t.out.WriteString(all[:t.atom] + "(?:" + all[t.atom:] + ")")
	}
	t.out.WriteString(q)
	t.repeated = true
}

func (t *translation) run() (string, error) {
	t.atom = -1
	for i := 0; i < len(t.in); {
		n, err := t.step(i)
		if err != nil {
			return "", err
		}
		i += n
	}
	if len(t.groups) > 0 {
		return "", message("Unmatched ( or \\(")
	}
	return t.out.String(), nil
}

// step translates what begins at i and returns how long it is.
func (t *translation) step(i int) (int, error) {
	c := t.in[i]
	rest := t.in[i:]
	switch c {
	case '[':
		return t.bracket(i)
	case '.':
		t.raw(".")
		return 1, nil
	case '*':
		if t.start() {
			t.literal("*")
		} else {
			t.repeat("*")
		}
		return 1, nil
	case '^':
		if t.extended || t.start() && t.anchorsHere() {
			t.assert("^")
		} else {
			t.literal("^")
		}
		return 1, nil
	case '$':
		if t.extended || len(rest) == 1 || strings.HasPrefix(rest, `$\)`) || strings.HasPrefix(rest, `$\|`) {
			t.assert("$")
		} else {
			t.literal("$")
		}
		return 1, nil
	case '\\':
		return t.escape(i)
	}
	if t.extended {
		switch c {
		case '(':
			t.open()
			return 1, nil
		case ')':
			if len(t.groups) == 0 {
				t.literal(")")
			} else {
				t.close()
			}
			return 1, nil
		case '|':
			t.assert("|")
			return 1, nil
		case '+', '?':
			if t.start() {
				t.literal(string(c))
			} else {
				t.repeat(string(c))
			}
			return 1, nil
		case '{':
			if n, ok := interval(rest[1:], "}"); ok && !t.start() {
				body := rest[1:n]
				if strings.HasPrefix(body, ",") {
					body = "0" + body
				}
				t.repeat("{" + body + "}")
				return n + 1, nil
			}
		}
	}
	t.literal(string(c))
	if c >= 0x80 {
		// A character of several bytes is one atom.
		n := len(string([]rune(rest)[0]))
		if n > 1 && n <= len(rest) {
			all := t.out.String()[:t.atom]
			t.out.Reset()
			t.out.WriteString(all + regexp.QuoteMeta(rest[:n]))
			return n, nil
		}
	}
	return 1, nil
}

// anchorsHere says whether ^ of a basic expression is an anchor: at its start and that of a group or alternative.
func (t *translation) anchorsHere() bool {
	s := t.out.String()
	return s == "" || strings.HasSuffix(s, "(") || strings.HasSuffix(s, "|")
}

func (t *translation) open() {
	t.groups = append(t.groups, t.out.Len())
	t.out.WriteString("(")
	t.atom, t.repeated = -1, false
}

func (t *translation) close() {
	t.out.WriteString(")")
	t.atom, t.repeated = t.groups[len(t.groups)-1], false
	t.groups = t.groups[:len(t.groups)-1]
}

// interval finds the end of {m,n}; n is the place of its closing mark in the text with the opening one.
func interval(s, end string) (n int, ok bool) {
	body, _, found := strings.Cut(s, end)
	if !found {
		return 0, false
	}
	from, to, _ := strings.Cut(body, ",")
	_, err1 := strconv.Atoi(from)
	_, err2 := strconv.Atoi(to)
	if (from == "" || err1 == nil) && (to == "" || err2 == nil) && body != "" && !(from == "" && to == "") {
		return len(body) + 1, true
	}
	return 0, false
}

func (t *translation) escape(i int) (int, error) {
	if i+1 >= len(t.in) {
		return 0, message("Trailing backslash")
	}
	c := t.in[i+1]
	if !t.extended {
		switch c {
		case '(':
			t.open()
			return 2, nil
		case ')':
			if len(t.groups) == 0 {
				return 0, message("Unmatched ) or \\)")
			}
			t.close()
			return 2, nil
		case '|':
			t.assert("|")
			return 2, nil
		case '+', '?':
			if t.start() {
				t.literal(string(c))
			} else {
				t.repeat(string(c))
			}
			return 2, nil
		case '{':
			n, ok := interval(t.in[i+2:], `\}`)
			if !ok {
				return 0, message("Invalid content of \\{\\}")
			}
			body := t.in[i+2 : i+1+n]
			if strings.HasPrefix(body, ",") {
				body = "0" + body
			}
			t.repeat("{" + body + "}")
			return n + 3, nil
		}
	}
	if text, ok := t.escaped[c]; ok {
		t.literal(text)
		return 2, nil
	}
	switch c {
	case 'w', 'W', 's', 'S':
		t.raw(`\` + string(c))
	case 'b', 'B':
		t.assert(`\` + string(c))
	case '<', '>':
		t.assert(`\b`)
	case '`':
		t.assert(`\A`)
	case '\'':
		t.assert(`\z`)
	case '1', '2', '3', '4', '5', '6', '7', '8', '9':
		return 0, fmt.Errorf("a back-reference in a pattern is not known to a training host")
	default:
		t.literal(string(c))
	}
	return 2, nil
}

// bracket translates [...], in which a backslash is a character.
func (t *translation) bracket(i int) (int, error) {
	var b strings.Builder
	b.WriteByte('[')
	j := i + 1
	if j < len(t.in) && t.in[j] == '^' {
		b.WriteByte('^')
		j++
	}
	for first := true; ; first = false {
		if j >= len(t.in) {
			return 0, message("Unmatched [, [^, [:, [., or [=")
		}
		c := t.in[j]
		switch {
		case c == ']' && !first:
			b.WriteByte(']')
			t.raw(b.String())
			return j + 1 - i, nil
		case c == '[' && j+1 < len(t.in) && strings.IndexByte(":.=", t.in[j+1]) >= 0:
			kind := t.in[j+1]
			name, _, ok := strings.Cut(t.in[j+2:], string(kind)+"]")
			if !ok {
				return 0, message("Unmatched [, [^, [:, [., or [=")
			}
			if kind == ':' {
				b.WriteString("[:" + name + ":]")
			} else {
				b.WriteString(regexp.QuoteMeta(name))
			}
			j += len(name) + 4
			continue
		case c == '\\' && j+1 < len(t.in) && t.escaped[t.in[j+1]] != "":
			b.WriteString(regexp.QuoteMeta(t.escaped[t.in[j+1]]))
			j += 2
			continue
		case c == '\\' || c == '[' || c == ']' || c == '^' && !first:
			b.WriteByte('\\')
			b.WriteByte(c)
		case c == '-' && (first || j+1 < len(t.in) && t.in[j+1] == ']'):
			b.WriteString(`\-`)
		default:
			b.WriteByte(c)
		}
		j++
	}
}
