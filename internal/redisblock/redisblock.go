// Package redisblock reads the text of a `redis` block: commands, one a line, as words with values in them, and what each
// command does to a server. It sends nothing; the runbooks' linter and the hands that send share it, so that what was
// judged is what is sent.
//
// A line is split as a shell would, and is no shell: words end at spaces; 'single' quotes keep everything, "double" quotes
// everything but $NAME, ${NAME} and a backslash before one of " \ $; outside of quotes a backslash keeps the next
// character; a word that begins with # starts a comment. $NAME stands for a value, alone or inside a word, and what it
// stands for is never split. What only a shell could mean (a pipe, `;`, $(...)) is an error unless it is quoted.
package redisblock

import (
	"fmt"
	"strings"
)

// Error is a mistake in a block's text. Line and Column count from 1 within the text, Column in characters.
type Error struct {
	Line, Column int
	What, Hint   string
}

// Error is the mistake with its place.
func (e *Error) Error() string {
	text := fmt.Sprintf("line %d, column %d: %s", e.Line, e.Column, e.What)
	if e.Hint != "" {
		text += "; " + e.Hint
	}
	return text
}

// Part is a piece of a word: text, or the name of a value.
type Part struct{ Text, Value string }

// Word is one argument of a command.
type Word struct {
	Parts  []Part
	Column int // of its first character, from 1
}

// Literal is the word's text; not ok when a value stands in it.
func (w Word) Literal() (text string, ok bool) {
	for _, p := range w.Parts {
		if p.Value != "" {
			return "", false
		}
		text += p.Text
	}
	return text, true
}

// String is the word with $NAME for its values.
func (w Word) String() string {
	var b strings.Builder
	for _, p := range w.Parts {
		if p.Value != "" {
			b.WriteString("$" + p.Value)
		}
		b.WriteString(p.Text)
	}
	return b.String()
}

// Command is one line.
type Command struct {
	Words []Word // never empty
	Line  int    // from 1
}

// Texts are the words with $NAME for values.
func (c Command) Texts() []string {
	out := make([]string, len(c.Words))
	for i, w := range c.Words {
		out[i] = w.String()
	}
	return out
}

// Fill puts the values into the words; a value is never split and never read again. An error names what has no value.
func (c Command) Fill(values map[string]string) ([]string, error) {
	out := make([]string, len(c.Words))
	for i, w := range c.Words {
		for _, p := range w.Parts {
			if p.Value == "" {
				out[i] += p.Text
				continue
			}
			v, ok := values[p.Value]
			if !ok {
				return nil, fmt.Errorf("the command asks for $%s, which has no value", p.Value)
			}
			out[i] += v
		}
	}
	return out, nil
}

// Parse reads a block's text. The commands are in the order of the lines; empty lines and comments are left out.
func Parse(text string) ([]Command, *Error) {
	var out []Command
	for i, line := range strings.Split(text, "\n") {
		words, err := split(strings.TrimSuffix(line, "\r"))
		if err != nil {
			err.Line = i + 1
			return nil, err
		}
		if len(words) > 0 {
			out = append(out, Command{Words: words, Line: i + 1})
		}
	}
	return out, nil
}

// scanner goes through one line.
type scanner struct {
	line []rune
	at   int
}

const noShell = "a `redis` block is no shell: put it in quotes if it belongs to the command"

func (s *scanner) bad(at int, what, hint string) *Error {
	return &Error{Column: at + 1, What: what, Hint: hint}
}

func split(line string) ([]Word, *Error) {
	s := &scanner{line: []rune(line)}
	var out []Word
	for {
		for s.at < len(s.line) && blank(s.line[s.at]) {
			s.at++
		}
		if s.at == len(s.line) || s.line[s.at] == '#' {
			return out, nil
		}
		w, err := s.word()
		if err != nil {
			return nil, err
		}
		out = append(out, w)
	}
}

func blank(c rune) bool { return c == ' ' || c == '\t' }

// word reads up to a space outside of quotes.
func (s *scanner) word() (Word, *Error) {
	w := Word{Column: s.at + 1}
	for s.at < len(s.line) && !blank(s.line[s.at]) {
		c, at := s.line[s.at], s.at
		s.at++
		switch c {
		case '\'':
			end := s.at
			for end < len(s.line) && s.line[end] != '\'' {
				end++
			}
			if end == len(s.line) {
				return w, s.bad(at, "a quote is not closed", "a command is one line")
			}
			w.add(Part{Text: string(s.line[s.at:end])})
			s.at = end + 1
		case '"':
			if err := s.double(&w, at); err != nil {
				return w, err
			}
		case '\\':
			if s.at == len(s.line) {
				return w, s.bad(at, "nothing stands behind the backslash", "a command is one line")
			}
			w.add(Part{Text: string(s.line[s.at])})
			s.at++
		case '$':
			if err := s.value(&w, at); err != nil {
				return w, err
			}
		case '|', '&', ';', '<', '>', '(', ')', '`':
			return w, s.bad(at, fmt.Sprintf("`%c` means something to a shell only", c), noShell)
		default:
			w.add(Part{Text: string(c)})
		}
	}
	return w, nil
}

// double reads the inside of double quotes that opened at from.
func (s *scanner) double(w *Word, from int) *Error {
	w.add(Part{})
	for s.at < len(s.line) {
		c, at := s.line[s.at], s.at
		s.at++
		switch c {
		case '"':
			return nil
		case '\\':
			if s.at == len(s.line) || !strings.ContainsRune("\"\\$", s.line[s.at]) {
				return s.bad(at, "inside of double quotes a backslash stands before one of \" \\ $ only", `write '...' for text that holds backslashes, \\ for one`)
			}
			w.add(Part{Text: string(s.line[s.at])})
			s.at++
		case '$':
			if err := s.value(w, at); err != nil {
				return err
			}
		default:
			w.add(Part{Text: string(c)})
		}
	}
	return s.bad(from, "a quote is not closed", "a command is one line")
}

// value reads a name behind the dollar sign at from.
func (s *scanner) value(w *Word, from int) *Error {
	braces := s.at < len(s.line) && s.line[s.at] == '{'
	if braces {
		s.at++
	}
	begin := s.at
	for s.at < len(s.line) && (letter(s.line[s.at]) || s.at > begin && s.line[s.at] >= '0' && s.line[s.at] <= '9') {
		s.at++
	}
	name := string(s.line[begin:s.at])
	if name == "" || braces && (s.at == len(s.line) || s.line[s.at] != '}') {
		return s.bad(from, "a dollar sign is not followed by the name of a value", `write $NAME or ${NAME}, and \$ for the sign itself`)
	}
	if braces {
		s.at++
	}
	w.add(Part{Value: name})
	return nil
}

func letter(c rune) bool { return c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }

// add appends a part, and joins text with the text before it.
func (w *Word) add(p Part) {
	if n := len(w.Parts); p.Value == "" && n > 0 && w.Parts[n-1].Value == "" {
		w.Parts[n-1].Text += p.Text
		return
	}
	w.Parts = append(w.Parts, p)
}

// Quote writes a text as one word that a POSIX shell reads back as that text, and Parse too when it has no newline. It is
// left bare where nothing in it means anything to either.
func Quote(s string) string {
	if s != "" && strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.:,/@%+=") == "" {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// Shell writes the word for a POSIX shell: its text quoted where it has to be, its values as "$NAME", which the shell does
// not split.
func (w Word) Shell() string {
	var b strings.Builder
	for i, p := range w.Parts {
		switch {
		case p.Value != "" && len(w.Parts) == 1:
			b.WriteString(`"$` + p.Value + `"`)
		case p.Value != "":
			b.WriteString(`"${` + p.Value + `}"`)
		case p.Text != "" || i == 0 && len(w.Parts) == 1:
			b.WriteString(Quote(p.Text))
		}
	}
	return b.String()
}
