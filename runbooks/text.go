package runbooks

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"recon/internal/gate"
)

// maxBook is the largest book in bytes; nobody reads more at night.
const maxBook = 1 << 20

// reader reads one book and collects what is wrong with it.
type reader struct {
	file     string
	src      []byte
	starts   []int // offset of every line
	scope    gate.Scope
	problems Problems
}

func newReader(file string, src []byte, scope gate.Scope) *reader {
	r := &reader{file: file, src: src, scope: scope, starts: []int{0}}
	for i, c := range src {
		if c == '\n' && i+1 < len(src) {
			r.starts = append(r.starts, i+1)
		}
	}
	return r
}

func (r *reader) problem(line, column int, what, hint string) {
	r.problems = append(r.problems, Problem{File: r.file, Line: line, Column: max(column, 1), What: what, Hint: hint})
}

// at is the line and column of a byte.
func (r *reader) at(offset int) (line, column int) {
	i, exact := slices.BinarySearch(r.starts, offset)
	if !exact {
		i--
	}
	return i + 1, utf8.RuneCount(r.src[r.starts[i]:min(offset, len(r.src))]) + 1
}

// lines is how many lines there are; line is one of them, counted from 1, without its newline.
func (r *reader) lines() int { return len(r.starts) }

func (r *reader) line(n int) string {
	if n < 1 || n > len(r.starts) {
		return ""
	}
	end := len(r.src)
	if n < len(r.starts) {
		end = r.starts[n]
	}
	return strings.TrimSuffix(string(r.src[r.starts[n-1]:end]), "\n")
}

// clean refuses bytes that a terminal or an eye reads differently from a shell. It says whether the text can be read on.
func (r *reader) clean() bool {
	switch {
	case len(r.src) > maxBook:
		r.problem(1, 1, fmt.Sprintf("the book has %d bytes; 1 MiB is the most", len(r.src)), "")
		return false
	case !utf8.Valid(r.src):
		bad := 0
		for rest := r.src; ; {
			c, n := utf8.DecodeRune(rest)
			if c == utf8.RuneError && n <= 1 {
				break
			}
			bad, rest = bad+n, rest[n:]
		}
		line, column := r.at(bad)
		r.problem(line, column, "the book is not UTF-8", "")
		return false
	}
	before := len(r.problems)
	for i, c := range string(r.src) {
		what, hint := "", ""
		switch {
		case c == '\r':
			what, hint = "the line ends with CR", "save the file with LF line ends"
		case c == '\ufeff':
			what, hint = "there is a byte order mark", "save the file as UTF-8 without one"
		case c == '\n' || c == '\t':
			continue
		case unicode.IsControl(c) || unicode.Is(unicode.Bidi_Control, c) || c == '\u2028' || c == '\u2029':
			what, hint = fmt.Sprintf("there is a control character (U+%04X)", c), "take it out: what runs would not be what is read"
		default:
			continue
		}
		line, column := r.at(i)
		r.problem(line, column, what, hint)
		if len(r.problems) > before+10 {
			break
		}
	}
	return len(r.problems) == before
}

// compile compiles an expression that stands at a line and column of the file; nil when it does not compile.
func (r *reader) compile(src string, line, column int, scope gate.Scope) *gate.Expr {
	e, err := compile(src, scope)
	if err != nil {
		r.refuse(err, line, column)
		return nil
	}
	return e
}

// refuse reports an error of package gate at its place in the file.
func (r *reader) refuse(err error, line, column int) {
	var ge *gate.Error
	if errors.As(err, &ge) {
		r.problem(line, column+ge.Column-1, ge.What, ge.Hint)
		return
	}
	r.problem(line, column, err.Error(), "")
}

// blank is the source with the lines up to one of them made empty, so that offsets stay what they are.
func (r *reader) blank(upTo int) []byte {
	out := bytes.Clone(r.src)
	end := len(out)
	if upTo < len(r.starts) {
		end = r.starts[upTo]
	}
	for i := range out[:end] {
		if out[i] != '\n' {
			out[i] = ' '
		}
	}
	return out
}
