package audit

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

// excerptHalf is how many bytes of the beginning and of the end of an output the report quotes, excerptLine how many of
// a value that stands in a line.
const (
	excerptHalf = 2 << 10
	excerptLine = 400
)

// fence quotes text as a code block whose fence is longer than any run of backticks in it, so that nothing in the text
// can end it.
func fence(info, text string) string {
	text = visible(strings.ReplaceAll(text, "\r\n", "\n"), true)
	mark := strings.Repeat("`", max(3, longestRun(text)+1))
	if !strings.HasSuffix(text, "\n") {
		text += "\n"
	}
	return mark + info + "\n" + text + mark + "\n"
}

// code quotes a value within a line, and within a cell of a table, where a bare | would end the cell.
func code(s string) string {
	s = strings.TrimSpace(visible(s, false))
	if s == "" {
		return "(empty)"
	}
	mark := strings.Repeat("`", longestRun(s)+1)
	if len(mark) > 1 {
		return mark + " " + s + " " + mark
	}
	return mark + s + mark
}

func cell(s string) string { return strings.ReplaceAll(code(s), "|", `\|`) }

// prose puts words from outside into a line: every character that markdown could act on is escaped.
func prose(s string) string {
	var b strings.Builder
	for _, r := range strings.TrimSpace(visible(s, false)) {
		if strings.ContainsRune("\\`*_[]<>|~&#!$@:", r) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return strings.ReplaceAll(b.String(), "www.", `www\.`) // or it becomes a link
}

// visible replaces what is no text (control characters, bidirectional controls, bytes that are not UTF-8) by U+FFFD, so
// that a report can not be made to look like another one. Lines and tabs stay where lines is set and are spaces otherwise,
// and then the text is cut to what fits a line.
func visible(s string, lines bool) string {
	if !lines && len(s) > excerptLine {
		s = cutAt(s, excerptLine) + "…"
	}
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			if lines {
				return r
			}
			return ' '
		case r < 0x20, r >= 0x7f && r <= 0x9f, r == 0x2028, r == 0x2029, r == 0x061c, r == 0x200e, r == 0x200f,
			r >= 0x202a && r <= 0x202e, r >= 0x2066 && r <= 0x2069:
			return utf8.RuneError
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
}

// cutAt keeps at most n bytes and no part of a character.
func cutAt(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// excerpt is the beginning and the end of an output.
func excerpt(b []byte) string {
	s := string(b)
	if len(s) <= 2*excerptHalf {
		return s
	}
	head := cutAt(s, excerptHalf)
	at := len(s) - excerptHalf
	for at < len(s) && !utf8.RuneStart(s[at]) {
		at++
	}
	return fmt.Sprintf("%s\n[... %d bytes are not quoted here ...]\n%s", head, at-len(head), s[at:])
}

func longestRun(s string) int {
	longest, run := 0, 0
	for i := range len(s) {
		if s[i] != '`' {
			run = 0
			continue
		}
		run++
		longest = max(longest, run)
	}
	return longest
}

// took writes a duration as people read it: 0.4 s, 2m10s.
func took(d time.Duration) string {
	if d < time.Minute && d > -time.Minute {
		return fmt.Sprintf("%.1f s", d.Seconds())
	}
	return d.Round(time.Second).String()
}

// between is how long after a record b came: by the monotonic clock within one boot, else by the wall clock.
func between(a, b Record) time.Duration {
	if a.Boot == b.Boot && a.Boot != "unknown" {
		return time.Duration(b.Mono - a.Mono)
	}
	return b.At.Sub(a.At)
}
