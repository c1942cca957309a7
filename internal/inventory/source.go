package inventory

import (
	"bytes"
	"fmt"
	"unicode"
	"unicode/utf8"
)

// lineLimit is the longest line, in bytes; the YAML reader takes quadratic time on long ones.
const lineLimit = 4096

// source checks what the bytes are, before they are taken for YAML: UTF-8 without a byte order mark, lines that end in
// LF, nothing invisible. It is false when there is no sense in reading on.
func (r *reader) source(src []byte) ([]byte, bool) {
	if len(src) > fileLimit {
		r.problem(at{1, 1}, fmt.Sprintf("the file has more than %d bytes", fileLimit), "a cluster file has a few kilobytes, is this the right file?")
		return nil, false
	}
	if bytes.HasPrefix(src, []byte{0xff, 0xfe}) || bytes.HasPrefix(src, []byte{0xfe, 0xff}) {
		r.problem(at{1, 1}, "the file is UTF-16", "save it as UTF-8")
		return nil, false
	}
	if rest, marked := bytes.CutPrefix(src, []byte("\ufeff")); marked {
		r.problem(at{1, 1}, "the file begins with a byte order mark", "save it as UTF-8 without one")
		src = rest
	}
	src = r.lineEnds(src)
	if len(bytes.TrimSpace(src)) == 0 {
		r.problem(at{1, 1}, "the file is empty", "inventory.example.yaml is a good beginning")
		return nil, false
	}
	return src, r.characters(src)
}

// lineEnds reports lines that do not end in LF, once, and mends them.
func (r *reader) lineEnds(src []byte) []byte {
	i := bytes.IndexByte(src, '\r')
	if i < 0 {
		return src
	}
	line := 1 + bytes.Count(src[:i], []byte("\n"))
	column := 1 + utf8.RuneCount(src[bytes.LastIndexByte(src[:i], '\n')+1:i])
	r.problem(at{line, column}, "the line ends with a carriage return", "save the file with LF line ends (sed -i 's/\\r$//' FILE)")
	src = bytes.ReplaceAll(src, []byte("\r\n"), []byte("\n"))
	return bytes.ReplaceAll(src, []byte("\r"), []byte("\n"))
}

// characters reports the first byte that is not UTF-8, the first character that cannot be seen, and lines that are too long.
func (r *reader) characters(src []byte) bool {
	place := at{1, 1}
	start := 0
	for i := 0; i < len(src); {
		c, n := utf8.DecodeRune(src[i:])
		switch {
		case c == utf8.RuneError && n == 1:
			r.problem(place, fmt.Sprintf("the byte 0x%02x is not UTF-8", src[i]), "save the file as UTF-8")
			return false
		case c == '\n':
			place, start = at{place.line + 1, 0}, i+1
		case c != '\t' && (unicode.IsControl(c) || unicode.In(c, unicode.Cf, unicode.Zl, unicode.Zp)):
			r.problem(place, fmt.Sprintf("the character %U cannot be seen", c), "take it out")
			return false
		case i-start >= lineLimit:
			r.problem(at{place.line, 1}, fmt.Sprintf("the line has more than %d bytes", lineLimit), "write lists and mappings over several lines")
			return false
		}
		i += n
		place.column++
	}
	return true
}
