package pgwire

import (
	"strings"
	"unicode/utf8"
)

// Kind is what a Token is.
type Kind int

// The kinds of tokens. A Word's Text is in lower case, as the server folds it; that of a Quoted identifier and of a
// String is what stands between the quotes.
const (
	Word Kind = iota
	Quoted
	String
	Number
	Placeholder
	Symbol
)

// Token is the smallest piece of a statement. Comments and space are none.
type Token struct {
	Kind Kind
	Text string
	// From and To are where it stands in the text, in bytes.
	From, To int
}

// Is says whether the token is this word or symbol.
func (t Token) Is(text string) bool { return (t.Kind == Word || t.Kind == Symbol) && t.Text == text }

// Tokens cuts SQL into its pieces. What does not end gives an *Error of code 42601.
func Tokens(sql string) ([]Token, error) {
	l := lexer{sql: sql, out: make([]Token, 0, len(sql)/5+4)}
	for {
		if err := l.space(); err != nil {
			return nil, err
		}
		if l.at >= len(sql) {
			return l.out, nil
		}
		if err := l.next(); err != nil {
			return nil, err
		}
	}
}

// firstWord is the word with which a statement begins, or "".
func firstWord(sql string) string {
	l := lexer{sql: sql}
	if l.space() != nil || l.at >= len(sql) || l.next() != nil || l.out[0].Kind != Word {
		return ""
	}
	return l.out[0].Text
}

// Split cuts a text into its statements, without their semicolons. Empty ones are left out.
func Split(sql string) ([]string, error) {
	tokens, err := Tokens(sql)
	if err != nil {
		return nil, err
	}
	var out []string
	for len(tokens) > 0 {
		n := 0
		for n < len(tokens) && !tokens[n].Is(";") {
			n++
		}
		if n > 0 {
			out = append(out, sql[tokens[0].From:tokens[n-1].To])
		}
		tokens = tokens[min(n+1, len(tokens)):]
	}
	return out, nil
}

type lexer struct {
	sql string
	at  int
	out []Token
}

func (l *lexer) rest() string { return l.sql[l.at:] }

// space skips blanks and comments; those between /* and */ nest.
func (l *lexer) space() error {
	for l.at < len(l.sql) {
		switch rest := l.rest(); {
		case strings.IndexByte(" \t\r\n\f\v", rest[0]) >= 0:
			l.at++
		case strings.HasPrefix(rest, "--"):
			if end := strings.IndexByte(rest, '\n'); end >= 0 {
				l.at += end + 1
			} else {
				l.at = len(l.sql)
			}
		case strings.HasPrefix(rest, "/*"):
			depth, from := 0, l.at
			for {
				switch rest := l.rest(); {
				case rest == "":
					return unterminated("/* comment", l.sql[from:])
				case strings.HasPrefix(rest, "/*"):
					depth, l.at = depth+1, l.at+2
				case strings.HasPrefix(rest, "*/"):
					depth, l.at = depth-1, l.at+2
				default:
					l.at++
				}
				if depth == 0 {
					break
				}
			}
		default:
			return nil
		}
	}
	return nil
}

func unterminated(what, near string) error {
	return &Error{Code: "42601", Message: "unterminated " + what + ` at or near "` + near + `"`}
}

func (l *lexer) add(k Kind, text string, length int) {
	l.out = append(l.out, Token{k, text, l.at, l.at + length})
	l.at += length
}

// next takes the token that begins here.
func (l *lexer) next() error {
	rest := l.rest()
	switch c := rest[0]; {
	case c == '\'':
		return l.text(0, false)
	case (c == 'E' || c == 'e') && strings.HasPrefix(rest[1:], "'"):
		return l.text(1, true)
	case c == '"':
		text, n, ok := quoted(rest, false)
		if !ok {
			return unterminated("quoted identifier", rest)
		}
		l.add(Quoted, text, n)
	case c == '$':
		return l.dollar()
	case isDigit(c), c == '.' && len(rest) > 1 && isDigit(rest[1]):
		n := span(rest, func(c byte) bool { return isDigit(c) || c == '.' || c == '_' })
		if n < len(rest) && (rest[n] == 'e' || rest[n] == 'E') {
			n++
			if n < len(rest) && (rest[n] == '+' || rest[n] == '-') {
				n++
			}
			n += span(rest[n:], isDigit)
		}
		l.add(Number, rest[:n], n)
	case isLetter(c):
		n := span(rest, func(c byte) bool { return isLetter(c) || isDigit(c) || c == '$' })
		l.add(Word, strings.ToLower(rest[:n]), n)
	default:
		for _, s := range []string{"::", "<=", ">=", "<>", "!=", "->>", "->", "||", "<<", ">>", ":="} {
			if strings.HasPrefix(rest, s) {
				l.add(Symbol, s, len(s))
				return nil
			}
		}
		_, n := utf8.DecodeRuneInString(rest)
		l.add(Symbol, rest[:n], n)
	}
	return nil
}

// text is a string that begins after skip bytes.
func (l *lexer) text(skip int, escapes bool) error {
	text, n, ok := quoted(l.rest()[skip:], escapes)
	if !ok {
		return unterminated("quoted string", l.rest()[skip:])
	}
	l.add(String, text, skip+n)
	return nil
}

// dollar is $1, or a string between $tag$ and $tag$.
func (l *lexer) dollar() error {
	rest := l.rest()
	if n := span(rest[1:], isDigit); n > 0 {
		l.add(Placeholder, rest[:1+n], 1+n)
		return nil
	}
	n := 1 + span(rest[1:], func(c byte) bool { return isLetter(c) || isDigit(c) })
	if n >= len(rest) || rest[n] != '$' {
		l.add(Symbol, "$", 1)
		return nil
	}
	tag := rest[:n+1]
	end := strings.Index(rest[len(tag):], tag)
	if end < 0 {
		return unterminated("dollar-quoted string", rest)
	}
	l.add(String, rest[len(tag):len(tag)+end], end+2*len(tag))
	return nil
}

// quoted reads what begins with a quote, up to the same quote; a doubled one stands for itself.
func quoted(s string, escapes bool) (text string, n int, ok bool) {
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == s[0] && i+1 < len(s) && s[i+1] == s[0]:
			i++
			b.WriteByte(s[i])
		case s[i] == s[0]:
			return b.String(), i + 1, true
		case escapes && s[i] == '\\' && i+1 < len(s):
			i++
			b.WriteByte(unescaped(s[i]))
		default:
			b.WriteByte(s[i])
		}
	}
	return "", 0, false
}

func unescaped(c byte) byte {
	switch c {
	case 'n':
		return '\n'
	case 't':
		return '\t'
	case 'r':
		return '\r'
	}
	return c
}

func span(s string, in func(byte) bool) int {
	n := 0
	for n < len(s) && in(s[n]) {
		n++
	}
	return n
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func isLetter(c byte) bool {
	return c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= utf8.RuneSelf
}
