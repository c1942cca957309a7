// Package scrub makes text from outside safe to keep and to show: command output, answers of services, runbooks, file
// names, error messages. It is applied once, where the text enters.
//
// Two things are done, in this order. Cleaning takes out everything that a terminal would obey or that makes text look
// like other text: escape sequences, control characters but newline and tab, direction marks, invisible characters.
// Masking then replaces each known secret by ‹name›, also in its JSON, URL, shell-quoted, HTML, hex and base64 forms. The
// order matters: a secret that is interrupted by a colour sequence is whole again before it is looked for.
//
// Text and Line clean a string, Secrets.Mask masks one, and Writer does both to a stream: however the stream is split
// into writes, the result is the same as for the whole. What a secret's value turns into by encryption, compression, or
// line breaks inside of hex and base64 is not found.
package scrub

import "strings"

// Text returns s without anything that a terminal obeys: no control characters but newline and tab, no escape sequences
// (from ESC or from the C1 characters U+0080 to U+009F), no direction marks, no invisible characters. "\r\n" becomes a
// newline, and so does a "\r" that stands alone after text, which turns a progress bar into lines. Each byte that is not
// UTF-8 becomes U+FFFD. Text(Text(s)) is Text(s).
//
// An escape sequence without an end swallows what follows it up to the end of the line, or 4096 bytes, whichever comes
// first; what comes after is text again.
func Text(s string) string {
	if plain(s) {
		return s
	}
	var c cleaner
	out := c.feed(make([]byte, 0, len(s)), []byte(s))
	return string(c.finish(out))
}

// Line is Text on one line, for cells and titles: newlines and tabs become spaces, those at the end are dropped.
func Line(s string) string {
	s = Text(s)
	if strings.ContainsAny(s, "\n\t") {
		s = strings.Map(func(r rune) rune {
			if r == '\n' || r == '\t' {
				return ' '
			}
			return r
		}, s)
	}
	return strings.TrimRight(s, " ")
}

// plain reports that s is printable ASCII with newlines and tabs, which is what most text is.
func plain(s string) bool {
	for i := range len(s) {
		if b := s[i]; (b < ' ' || b > '~') && b != '\n' && b != '\t' {
			return false
		}
	}
	return true
}
