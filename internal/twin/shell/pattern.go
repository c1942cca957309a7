package shell

import (
	"path"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// match says whether a shell pattern matches a whole text. A backslash quotes the next character.
func match(pat, text string) bool {
	for pat != "" {
		switch pat[0] {
		case '*':
			for pat != "" && pat[0] == '*' {
				pat = pat[1:]
			}
			if pat == "" {
				return true
			}
			for i := 0; i <= len(text); i++ {
				if match(pat, text[i:]) {
					return true
				}
			}
			return false
		case '?':
			if text == "" {
				return false
			}
			_, n := utf8.DecodeRuneInString(text)
			pat, text = pat[1:], text[n:]
		case '[':
			if text == "" {
				return false
			}
			r, n := utf8.DecodeRuneInString(text)
			hit, rest, ok := bracket(pat, r)
			if !ok {
				if text[0] != '[' {
					return false
				}
				pat, text = pat[1:], text[1:]
				continue
			}
			if !hit {
				return false
			}
			pat, text = rest, text[n:]
		case '\\':
			if len(pat) > 1 {
				pat = pat[1:]
			}
			fallthrough
		default:
			if text == "" || pat[0] != text[0] {
				return false
			}
			pat, text = pat[1:], text[1:]
		}
	}
	return text == ""
}

// bracket matches one character against [...]; ok is false when it is not closed.
func bracket(pat string, r rune) (hit bool, rest string, ok bool) {
	p := pat[1:]
	not := false
	if p != "" && (p[0] == '!' || p[0] == '^') {
		not, p = true, p[1:]
	}
	for first := true; ; first = false {
		if p == "" {
			return false, "", false
		}
		if p[0] == ']' && !first {
			return hit != not, p[1:], true
		}
		if strings.HasPrefix(p, "[:") {
			if name, after, found := strings.Cut(p[2:], ":]"); found {
				hit = hit || inClass(name, r)
				p = after
				continue
			}
		}
		if p[0] == '\\' && len(p) > 1 {
			p = p[1:]
		}
		lo, n := utf8.DecodeRuneInString(p)
		p = p[n:]
		hi := lo
		if len(p) > 1 && p[0] == '-' && p[1] != ']' {
			p = p[1:]
			if p[0] == '\\' && len(p) > 1 {
				p = p[1:]
			}
			hi, n = utf8.DecodeRuneInString(p)
			p = p[n:]
		}
		hit = hit || r >= lo && r <= hi
	}
}

func inClass(name string, r rune) bool {
	switch name {
	case "alpha":
		return unicode.IsLetter(r)
	case "digit":
		return r >= '0' && r <= '9'
	case "alnum":
		return unicode.IsLetter(r) || unicode.IsDigit(r)
	case "upper":
		return unicode.IsUpper(r)
	case "lower":
		return unicode.IsLower(r)
	case "space":
		return unicode.IsSpace(r)
	case "blank":
		return r == ' ' || r == '\t'
	case "punct":
		return unicode.IsPunct(r) || unicode.IsSymbol(r)
	case "xdigit":
		return strings.ContainsRune("0123456789abcdefABCDEF", r)
	case "cntrl":
		return unicode.IsControl(r)
	case "print":
		return unicode.IsPrint(r)
	case "graph":
		return unicode.IsGraphic(r) && r != ' '
	}
	return false
}

// escaped is text as a pattern that matches only it.
func escaped(text string) string {
	if !strings.ContainsAny(text, `*?[]\`) {
		return text
	}
	var b strings.Builder
	for _, r := range text {
		if strings.ContainsRune(`*?[]\`, r) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}

func trimPrefix(v, pat string, longest bool) string {
	for n := range len(v) + 1 {
		i := n
		if longest {
			i = len(v) - n
		}
		if match(pat, v[:i]) {
			return v[i:]
		}
	}
	return v
}

func trimSuffix(v, pat string, longest bool) string {
	for n := range len(v) + 1 {
		i := len(v) - n
		if longest {
			i = n
		}
		if match(pat, v[i:]) {
			return v[:i]
		}
	}
	return v
}

// glob replaces a field that holds a pattern by the files that match; without any it stays as it is.
func (s *interpreter) glob(field []piece) []string {
	var plain, pat strings.Builder
	meta := false
	for _, p := range field {
		plain.WriteString(p.text)
		if p.quoted {
			pat.WriteString(escaped(p.text))
			continue
		}
		meta = meta || strings.ContainsAny(p.text, "*?[")
		pat.WriteString(p.text)
	}
	if meta && !s.opt.noglob {
		if found := s.files(pat.String()); len(found) > 0 {
			return found
		}
	}
	return []string{plain.String()}
}

// files are the paths that match a pattern, sorted.
func (s *interpreter) files(pat string) []string {
	found := []string{""}
	if strings.HasPrefix(pat, "/") {
		found = []string{"/"}
	}
	parts := strings.Split(strings.TrimLeft(pat, "/"), "/")
	for i, part := range parts {
		last := i == len(parts)-1
		var next []string
		for _, dir := range found {
			if !strings.ContainsAny(part, "*?[") {
				name := dir + unescape(part, `*?[]\`)
				if part == "" {
					name = dir
				}
				if _, err := s.host.FS.stat(s.path(orDot(name)), false, s.proc.who); err != nil {
					continue
				}
				if !last {
					name += "/"
				}
				next = append(next, name)
				continue
			}
			list, err := s.host.FS.readDir(s.path(orDot(dir)), s.proc.who)
			if err != nil {
				continue
			}
			for _, i := range list {
				if strings.HasPrefix(i.Name, ".") && !strings.HasPrefix(part, ".") || !match(part, i.Name) {
					continue
				}
				if !last {
					next = append(next, dir+i.Name+"/")
				} else {
					next = append(next, dir+i.Name)
				}
			}
		}
		found = next
	}
	slices.Sort(found)
	return found
}

func orDot(name string) string {
	if name == "" {
		return "."
	}
	return path.Clean(name)
}
