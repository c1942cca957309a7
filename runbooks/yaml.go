package runbooks

import (
	"errors"
	"fmt"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// value is a piece of YAML with its place in the file. Tags, anchors, aliases and merge keys do not survive to here: they
// are problems.
type value struct {
	line, column int
	// text is a scalar's; quoted says that it stood in quotes, block that it was a literal or folded block. raw is what
	// stands in the file, quotes included.
	text, raw string
	scalar    bool
	// native is a scalar as YAML types it: a bool, a number, a text or nil.
	native        any
	quoted, block bool
	commented     bool
	fields        []field
	isMap         bool
	items         []*value
	isList        bool
}

// field is one key of a map.
type field struct {
	key          string
	line, column int
	value        *value
}

// maxDepth is how deep YAML may be nested in a book.
const maxDepth = 8

// yaml parses text that begins at a line of the file; nil means that it is empty or wrong, and then it was reported.
func (r *reader) yaml(text string, line int) (v *value) {
	defer func() {
		if p := recover(); p != nil {
			r.problem(line, 1, fmt.Sprintf("this YAML cannot be read (%v)", p), "")
			v = nil
		}
	}()
	file, err := parser.ParseBytes([]byte(text), parser.ParseComments)
	if err != nil {
		r.yamlError(err, line)
		return nil
	}
	var body ast.Node
	for i, doc := range file.Docs {
		if i > 0 {
			r.problem(line+doc.GetToken().Position.Line-1, 1, "a second YAML document begins here", "one is read")
			return nil
		}
		body = doc.Body
	}
	if body == nil {
		return nil
	}
	if _, comment := body.(*ast.CommentGroupNode); comment {
		return nil
	}
	y := &yamlReader{r, line - 1}
	return y.value(body, 0)
}

func (r *reader) yamlError(err error, line int) {
	what, at := err.Error(), (*token.Token)(nil)
	var bad yaml.Error
	if errors.As(err, &bad) {
		what, at = bad.GetMessage(), bad.GetToken()
	}
	what, _, _ = strings.Cut(what, "\n")
	if at == nil || at.Position == nil {
		r.problem(line, 1, "this YAML cannot be read: "+what, "")
		return
	}
	r.problem(line+at.Position.Line-1, at.Position.Column, "this YAML cannot be read: "+what, "")
}

type yamlReader struct {
	*reader
	above int // lines of the file above the YAML
}

func (y *yamlReader) value(n ast.Node, depth int) *value {
	tk := n.GetToken()
	v := &value{line: y.above + tk.Position.Line, column: tk.Position.Column, commented: n.GetComment() != nil}
	if depth > maxDepth {
		y.problem(v.line, v.column, "this is nested too deeply", "")
		return nil
	}
	switch n := n.(type) {
	case *ast.StringNode:
		v.scalar, v.text, v.native = true, n.Value, n.Value
		v.quoted = tk.Type == token.SingleQuoteType || tk.Type == token.DoubleQuoteType
		v.raw = strings.TrimLeft(tk.Origin, " \t\n")
	case *ast.IntegerNode:
		v.scalar, v.text, v.native = true, tk.Value, n.Value
	case *ast.FloatNode:
		v.scalar, v.text, v.native = true, tk.Value, n.Value
	case *ast.BoolNode:
		v.scalar, v.text, v.native = true, tk.Value, n.Value
	case *ast.InfinityNode, *ast.NanNode:
		v.scalar, v.text, v.native = true, tk.Value, tk.Value
	case *ast.NullNode:
		v.scalar = true
	case *ast.LiteralNode:
		v.scalar, v.block, v.text, v.native = true, true, strings.TrimRight(n.Value.Value, "\n"), n.Value.Value
	case *ast.SequenceNode:
		v.isList = true
		for _, item := range n.Values {
			if i := y.value(item, depth+1); i != nil {
				v.items = append(v.items, i)
			}
		}
	case *ast.MappingNode:
		v.isMap = true
		for _, pair := range n.Values {
			y.field(v, pair, depth)
		}
		if len(v.fields) > 0 {
			v.line, v.column = v.fields[0].line, v.fields[0].column
		}
	case *ast.MappingValueNode:
		v.isMap = true
		y.field(v, n, depth)
	case *ast.TagNode:
		y.problem(v.line, v.column, "YAML tags are not read here", "write the value alone")
		return nil
	case *ast.AnchorNode, *ast.AliasNode:
		y.problem(v.line, v.column, "YAML anchors and aliases are not read here", "write the value again")
		return nil
	default:
		y.problem(v.line, v.column, "this YAML is not read here", "")
		return nil
	}
	return v
}

func (y *yamlReader) field(v *value, pair *ast.MappingValueNode, depth int) {
	tk := pair.Key.GetToken()
	f := field{key: tk.Value, line: y.above + tk.Position.Line, column: tk.Position.Column}
	switch pair.Key.(type) {
	case *ast.StringNode, *ast.IntegerNode, *ast.BoolNode, *ast.NullNode, *ast.FloatNode:
	default:
		y.problem(f.line, f.column, "a key is a plain word here", "YAML tags, anchors and merge keys are not read")
		return
	}
	for _, known := range v.fields {
		if known.key == f.key {
			y.problem(f.line, f.column, "`"+f.key+"` stands here twice", "")
			return
		}
	}
	if f.value = y.value(pair.Value, depth+1); f.value != nil {
		v.fields = append(v.fields, f)
	}
}

// get is the value of a key, or nil.
func (v *value) get(key string) *value {
	for _, f := range v.fields {
		if f.key == key {
			return f.value
		}
	}
	return nil
}

// word is a scalar's text; anything else is reported.
func (r *reader) word(v *value, what string) string {
	if !v.scalar {
		r.problem(v.line, v.column, what+" is a text, not a list or a map", "")
		return ""
	}
	return v.text
}

// words are the scalars of a list.
func (r *reader) words(v *value, what string) []string {
	if !v.isList {
		r.problem(v.line, v.column, what+" is a list", "write it in square brackets")
		return nil
	}
	var out []string
	for _, item := range v.items {
		out = append(out, r.word(item, "an entry of "+what))
	}
	return out
}

// only reports keys that are not among the known ones.
func (r *reader) only(v *value, where string, known ...string) {
	for _, f := range v.fields {
		found := false
		for _, k := range known {
			found = found || k == f.key
		}
		if !found {
			r.problem(f.line, f.column, where+" has no key `"+f.key+"`", meant(f.key, known))
		}
	}
}

// inside is the column in the file of a byte of a quoted scalar's text.
func (v *value) inside(offset int) int {
	column, seen := v.column, 0
	body := v.raw
	if !v.quoted || len(body) < 2 {
		return column + offset
	}
	quote := body[0]
	body = body[1:]
	column++
	for i := 0; i < len(body) && seen < offset; {
		width := 1
		switch {
		case quote == '\'' && strings.HasPrefix(body[i:], "''"):
			width = 2
		case quote == '"' && body[i] == '\\':
			width = 2 + map[byte]int{'x': 2, 'u': 4, 'U': 8}[at(body, i+1)]
		}
		if body[i] < 0x80 || body[i] >= 0xc0 {
			column += width
		}
		i += width
		seen++
	}
	return column
}

func at(s string, i int) byte {
	if i < len(s) {
		return s[i]
	}
	return 0
}
