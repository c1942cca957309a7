package statements

import (
	"strings"
	"sync"

	"recon/internal/twin/pgwire"
)

// command is a statement that is no SELECT, known by a pattern: words and symbols stand for themselves, and in braces
// stands what is taken: {name x} an identifier, {text x} a string, {value x} an identifier, a string, a number or a
// parameter, {rest} everything that follows.
type command struct {
	pattern string
	about   string
	params  []uint32
	// rows gives the columns of a command that returns rows; nil for others.
	rows func(q *query, words map[string]string) []pgwire.Column
	// check is what the server finds out before it runs the command.
	check   func(q *query, words map[string]string) error
	run     func(q *query, words map[string]string) (pgwire.Result, error)
	tag     string
	changes bool

	compiled []piece
}

func (c *command) columns(q *query, words map[string]string) []pgwire.Column {
	if c.rows == nil {
		return nil
	}
	return c.rows(q, words)
}

// verb is the command's first word as the server's errors name it.
func (c *command) verb() string {
	first, _, _ := strings.Cut(c.pattern, " ")
	return first
}

// piece is one token of a pattern; take is name, text, value or rest, or empty.
type piece struct {
	token      pgwire.Token
	take, name string
}

func compilePattern(pattern string) []piece {
	tokens, err := pgwire.Tokens(pattern)
	if err != nil {
		panic(err) // a constant of this package
	}
	var out []piece
	for i := 0; i < len(tokens); i++ {
		if !tokens[i].Is("{") {
			out = append(out, piece{token: tokens[i]})
			continue
		}
		p := piece{take: tokens[i+1].Text}
		if i += 2; !tokens[i].Is("}") {
			p.name = tokens[i].Text
			i++
		}
		out = append(out, p)
	}
	return out
}

// table has all commands, compiled once.
var table struct {
	sync.Once
	all []*command
}

func known() []*command {
	table.Do(func() {
		table.all = commands()
		for _, c := range table.all {
			c.compiled = compilePattern(c.pattern)
		}
	})
	return table.all
}

// commandOf finds the command that a statement is.
func commandOf(tokens []pgwire.Token) (*command, map[string]string, bool) {
	for _, c := range known() {
		if words, ok := match(c.compiled, tokens); ok {
			return c, words, true
		}
	}
	return nil, nil, false
}

func match(pieces []piece, tokens []pgwire.Token) (map[string]string, bool) {
	var words map[string]string // most commands do not match
	for _, p := range pieces {
		if p.take == "rest" {
			return taken(words), true
		}
		if len(tokens) == 0 || !p.fits(tokens[0]) {
			return nil, false
		}
		if p.name != "" {
			words = taken(words)
			words[p.name] = tokens[0].Text
		}
		tokens = tokens[1:]
	}
	return taken(words), len(tokens) == 0
}

// taken is a map that can be written.
func taken(words map[string]string) map[string]string {
	if words == nil {
		return map[string]string{}
	}
	return words
}

func (p piece) fits(t pgwire.Token) bool {
	identifier := t.Kind == pgwire.Word || t.Kind == pgwire.Quoted
	switch p.take {
	case "name":
		return identifier
	case "text":
		return t.Kind == pgwire.String
	case "value":
		return identifier || t.Kind == pgwire.String || t.Kind == pgwire.Number || t.Kind == pgwire.Placeholder
	}
	return t.Kind == p.token.Kind && t.Text == p.token.Text
}
