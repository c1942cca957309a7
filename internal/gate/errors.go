package gate

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/expr-lang/expr/file"
)

// Error is why a source does not compile, and where.
type Error struct {
	Offset int    // byte in the source
	Column int    // from 1, in characters, within the source's line
	What   string // what is wrong
	Hint   string // what was probably meant or what to write instead, or empty
}

// Error is the whole in one line.
func (e *Error) Error() string {
	text := fmt.Sprintf("column %d: %s", e.Column, e.What)
	if e.Hint != "" {
		text += "; " + e.Hint
	}
	return text
}

// place makes an error at a byte of text.
func place(text string, offset int, what, hint string) *Error {
	offset = min(max(offset, 0), len(text))
	line := text[strings.LastIndexByte(text[:offset], '\n')+1 : offset]
	return &Error{Offset: offset, Column: utf8.RuneCountInString(line) + 1, What: what, Hint: hint}
}

// foreign rewords an error of expr's lexer, parser or checker. Its positions count characters.
func foreign(s *source, err *file.Error) *Error {
	what, hint := err.Message, ""
	if token, ok := strings.CutPrefix(what, "unexpected token "); ok {
		switch inner, quoted := between(token, `("`, `")`); {
		case token == "EOF":
			what = "the expression ends too early"
		case quoted:
			what = "`" + inner + "` is not expected here"
			hint = instead(inner)
		}
	}
	if first, _, many := strings.Cut(what, "\n"); many {
		what = first
	}
	return place(s.text, s.byteAt(err.From), shorten(what, 200), hint)
}

func instead(token string) string {
	switch token {
	case "=":
		return "write == to compare"
	case "&":
		return "write && for and"
	case "|":
		return "write || for or"
	case ";":
		return "one expression stands alone"
	case "#", ".":
		return "items are named inside all, any, none, one, count, filter, map and find only"
	}
	return ""
}

func between(text, open, end string) (string, bool) {
	_, rest, found := strings.Cut(text, open)
	if !found {
		return "", false
	}
	return strings.CutSuffix(rest, end)
}

// meant is the hint for an unknown word: the nearest of the known ones, or "".
func meant(word string, known []string) string {
	known = slices.Sorted(slices.Values(known))
	best, distance := "", max(2, len(word)/3)+1
	for _, k := range known {
		if d := edits(strings.ToLower(word), strings.ToLower(k)); d < distance || d == distance && best != "" && k < best {
			best, distance = k, d
		}
	}
	if best == "" || distance >= max(len(word), 2) {
		for _, k := range known {
			if len(k) > 2 && strings.HasPrefix(word, k) || len(word) > 2 && strings.HasPrefix(k, word) {
				return "did you mean `" + k + "`?"
			}
		}
		return ""
	}
	return "did you mean `" + best + "`?"
}

// edits counts insertions, deletions, replacements and swaps of neighbours that make b of a.
func edits(a, b string) int {
	x, y := []rune(a), []rune(b)
	rows := make([][]int, len(x)+1)
	for i := range rows {
		rows[i] = make([]int, len(y)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(x); i++ {
		for j := 1; j <= len(y); j++ {
			cost := 1
			if x[i-1] == y[j-1] {
				cost = 0
			}
			d := min(rows[i-1][j]+1, rows[i][j-1]+1, rows[i-1][j-1]+cost)
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				d = min(d, rows[i-2][j-2]+1)
			}
			rows[i][j] = d
		}
	}
	return rows[len(x)][len(y)]
}

func shorten(text string, most int) string {
	runes := []rune(text)
	if len(runes) <= most {
		return text
	}
	return string(runes[:most-1]) + "…"
}
