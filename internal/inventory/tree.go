package inventory

import (
	"fmt"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

const (
	// tokenLimit bounds the work of the YAML reader, which takes quadratic time on large mappings. A file with 64 nodes and
	// everything spelled out has 5000.
	tokenLimit = 20000
	// depthLimit is how deep lists and mappings may lie in each other; a cluster file needs five levels.
	depthLimit = 32
)

// tree reads YAML into its one document. Tags, anchors, aliases and merge keys are problems, each at its place.
func (r *reader) tree(src []byte) (ast.Node, bool) {
	tokens := lexer.Tokenize(string(src))
	if !r.tokens(tokens) {
		return nil, false
	}
	file, err := parse(tokens)
	if err != nil {
		r.syntax(err)
		return nil, false
	}
	var body ast.Node
	for _, doc := range file.Docs {
		if doc.Body == nil {
			continue
		}
		switch doc.Body.(type) {
		case *ast.CommentGroupNode, *ast.CommentNode, *ast.DirectiveNode:
			continue
		}
		if body != nil {
			r.problem(begin(doc.Body), "a second document begins here", "a cluster file is one document, take out the ---")
			break
		}
		body = doc.Body
	}
	if body == nil {
		if len(r.problems) == 0 {
			r.problem(at{1, 1}, "the file holds comments only", "inventory.example.yaml is a good beginning")
		}
		return nil, false
	}
	return body, true
}

// tokens reports what a cluster file may not use, and is false when there is too much of anything to parse.
func (r *reader) tokens(tokens token.Tokens) bool {
	count, depth, run := 0, 0, 0
	line := 0
	for _, tk := range tokens {
		if tk.Type == token.CommentType {
			continue
		}
		count++
		place := at{tk.Position.Line, tk.Position.Column}
		if place.line != line {
			line, run = place.line, 0
		}
		switch tk.Type {
		case token.SequenceStartType, token.MappingStartType:
			depth++
		case token.SequenceEndType, token.MappingEndType:
			depth--
		case token.SequenceEntryType, token.MappingKeyType:
			run++
		case token.TagType:
			r.problem(place, "a YAML tag ("+quote(tk.Value)+")", "write the plain value")
		case token.AnchorType:
			r.problem(place, "a YAML anchor", "write the value out at each place")
		case token.AliasType:
			r.problem(place, "a YAML alias", "write the value out here")
		case token.MergeKeyType:
			r.problem(place, "a YAML merge key", "write the keys out here")
		case token.DirectiveType:
			r.problem(place, "a YAML directive", "take it out")
		}
		if depth > depthLimit || run > depthLimit {
			r.problem(place, fmt.Sprintf("lists and mappings lie more than %d deep in each other", depthLimit), "is a bracket missing?")
			return false
		}
		if count > tokenLimit {
			r.problem(place, fmt.Sprintf("the file has more than %d words and signs", tokenLimit), "a cluster file is much smaller, is this the right file?")
			return false
		}
	}
	return true
}

// parse is the YAML reader; should it fail in a way of its own, that is an error like others.
func parse(tokens token.Tokens) (file *ast.File, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("the YAML reader gave up")
		}
	}()
	// Duplicate keys are found while reading, because the parser stops at the first.
	return parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
}

// begin is where a value begins. A block mapping's own token is its first colon, so its first key is taken.
func begin(n ast.Node) at {
	switch v := n.(type) {
	case *ast.MappingNode:
		if !v.IsFlowStyle && len(v.Values) > 0 {
			return begin(v.Values[0].Key)
		}
	case *ast.MappingValueNode:
		return begin(v.Key)
	}
	if n == nil || n.GetToken() == nil || n.GetToken().Position == nil {
		return at{1, 1}
	}
	p := n.GetToken().Position
	return at{max(1, p.Line), max(1, p.Column)}
}
