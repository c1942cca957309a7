package gate

import (
	"errors"
	"strings"
	"unicode/utf8"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/conf"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/parser"
	"github.com/expr-lang/expr/parser/lexer"
)

// Bounds of a source, so that no expression takes long to compile.
const (
	maxSource = 4096 // bytes
	maxNodes  = 1000
)

// source is an expression's text with its tokens. expr's nodes know where their operator stands, not where they begin and
// end; the tokens do.
type source struct {
	text   string
	bytes  []int // byte offset of each character, and of the end
	tokens []lexer.Token
	start  map[int]int // token that starts at a character
	pair   []int       // the bracket that matches a bracket, or -1
}

// span is a range of tokens, both ends included.
type span struct{ first, last int }

func scan(text string) (*source, *Error) {
	s := &source{text: text, start: make(map[int]int)}
	switch {
	case strings.TrimSpace(text) == "":
		return nil, place(text, 0, "the expression is empty", "")
	case len(text) > maxSource:
		return nil, place(text, maxSource, "the expression is longer than 4 KiB", "split it into several checks")
	case !utf8.ValidString(text):
		return nil, place(text, 0, "the expression is not UTF-8", "")
	}
	for i := range text {
		s.bytes = append(s.bytes, i)
	}
	s.bytes = append(s.bytes, len(text))
	lex := lexer.New()
	lex.Reset(file.NewSource(text))
	for {
		token, err := lex.Next()
		var bad *file.Error
		if errors.As(err, &bad) {
			return nil, foreign(s, bad)
		}
		if err != nil || token.Kind == lexer.EOF {
			break
		}
		if what, hint := refusedWord(token.Value); token.Kind == lexer.Operator && what != "" && !s.afterDot() {
			return nil, place(text, s.byteAt(token.From), what, hint)
		}
		s.start[token.From] = len(s.tokens)
		s.tokens = append(s.tokens, token)
	}
	s.match()
	return s, nil
}

// refusedWord says why a word of expr's language is not a part of this one.
func refusedWord(word string) (what, hint string) {
	switch word {
	case "?.":
		return "?. is not a part of this language", "write . alone: a field of what was not seen is unknown by itself"
	case "??":
		return "?? is not a part of this language", "what was not seen stays unknown"
	case "let":
		return "let is not a part of this language", "write the value where it is used"
	case "if", "else":
		return word + " is not a part of this language", "write condition ? this : that"
	case ";":
		return "; is not a part of this language", "write one expression"
	}
	return "", ""
}

// afterDot says that the next token is the name of a field, whatever else it means.
func (s *source) afterDot() bool {
	return len(s.tokens) > 0 && s.tokens[len(s.tokens)-1].Value == "." && s.tokens[len(s.tokens)-1].Kind == lexer.Operator
}

func (s *source) match() {
	s.pair = make([]int, len(s.tokens))
	var open []int
	for i, token := range s.tokens {
		s.pair[i] = -1
		if token.Kind != lexer.Bracket {
			continue
		}
		if strings.Contains("([{", token.Value) {
			open = append(open, i)
		} else if len(open) > 0 {
			last := open[len(open)-1]
			open = open[:len(open)-1]
			s.pair[i], s.pair[last] = last, i
		}
	}
}

func (s *source) byteAt(char int) int {
	return s.bytes[min(max(char, 0), len(s.bytes)-1)]
}

// parse runs expr's parser with all builtins off that this package does not evaluate.
func (s *source) parse(config *conf.Config) (tree *parser.Tree, failed *Error) {
	defer func() {
		if recover() != nil {
			tree, failed = nil, place(s.text, 0, "the expression cannot be parsed", "")
		}
	}()
	tree, err := parser.ParseWithConfig(s.text, config)
	var bad *file.Error
	if errors.As(err, &bad) {
		return nil, foreign(s, bad)
	}
	if err != nil {
		return nil, place(s.text, 0, err.Error(), "")
	}
	return tree, nil
}

// span finds the tokens of a node, with the brackets that it is made of.
func (s *source) span(n ast.Node) span {
	at := s.start[n.Location().From]
	r := span{at, at}
	join := func(nodes ...ast.Node) {
		for _, n := range nodes {
			inner := s.span(n)
			r.first, r.last = min(r.first, inner.first), max(r.last, inner.last)
		}
	}
	closing := func(i int) {
		if i >= 0 && i < len(s.pair) && s.pair[i] > r.last {
			r.last = s.pair[i]
		}
	}
	switch n := n.(type) {
	case *ast.UnaryNode:
		join(n.Node)
	case *ast.BinaryNode:
		join(n.Left, n.Right)
	case *ast.ConditionalNode:
		r = s.span(n.Cond)
		join(n.Exp1, n.Exp2)
	case *ast.MemberNode:
		join(n.Node)
		closing(at)
	case *ast.SliceNode:
		join(n.Node)
		closing(at)
	case *ast.CallNode:
		join(n.Callee)
		closing(at + 1)
	case *ast.BuiltinNode:
		closing(at + 1)
		join(n.Arguments...)
	case *ast.PredicateNode:
		join(n.Node)
	case *ast.ArrayNode:
		closing(at)
	}
	return s.balance(r)
}

// balance widens a span until every bracket in it has its partner in it.
func (s *source) balance(r span) span {
	for i := r.first; i <= r.last && i < len(s.pair); i++ {
		p := s.pair[i]
		if p < 0 {
			continue
		}
		if p > r.last {
			r.last = p
		}
		if p < r.first {
			r.first = p
			i = p - 1
		}
	}
	return r
}

// cut is the text of a node on one line.
func (s *source) cut(n ast.Node) string {
	if len(s.tokens) == 0 {
		return ""
	}
	r := s.span(n)
	text := s.text[s.byteAt(s.tokens[r.first].From):s.byteAt(s.tokens[r.last].To)]
	lines := strings.FieldsFunc(text, func(c rune) bool { return c == '\n' || c == '\r' })
	for i := range lines {
		lines[i] = strings.TrimSpace(lines[i])
	}
	return strings.Join(lines, " ")
}

// begin is the byte where a node's own token stands, for errors.
func (s *source) begin(n ast.Node) int {
	if len(s.tokens) == 0 {
		return 0
	}
	return s.byteAt(s.tokens[s.span(n).first].From)
}
