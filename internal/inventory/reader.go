package inventory

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// reader walks the tree of a cluster file and collects every problem. Each of its read functions reports what is wrong with
// a value and leaves the destination as it was then, so that reading goes on.
type reader struct {
	// file is what problems show; dir and home are where relative paths and ~ begin.
	file, dir, home string
	problems        Problems
	warnings        []Problem
	// seen has the path of every key that was read, for the test of the example.
	seen []string
	// path is the keys that lead to the value being read.
	path []string
	// optional is what a hint says beside the mend when the key being read may as well go.
	optional string
	// nodes are where the addresses of the nodes stand, to compare the VIPs with.
	nodes places
	// vault is where the password is that opens encrypted files of secrets; it is read before them.
	vault Secret
}

// field is a key that an object may have.
type field struct {
	name string
	// need says whether the key must be there, when those before it were read; nil means no.
	need func() bool
	// read takes the value. keys are those of the object, or of each object in the list or mapping, that the value is.
	read func(*reader, ast.Node)
	keys []field
}

// required makes a key that must be there.
func (f field) required() field {
	f.need = func() bool { return true }
	return f
}

func (r *reader) problem(place at, what, hint string) {
	r.problems = append(r.problems, Problem{File: r.file, Line: place.line, Column: place.column, What: what, Hint: hint})
}

// entry is one key of a mapping with its value.
type entry struct {
	name  string
	at    at
	value ast.Node
}

// object reads a mapping with known keys. The keys are read in the order of fields, not of the file, so that what others
// build on comes first.
func (r *reader) object(n ast.Node, place at, fields []field) {
	entries, ok := r.entries(n, "{}")
	if !ok {
		return
	}
	for _, e := range entries {
		if !slices.ContainsFunc(fields, func(f field) bool { return f.name == e.name }) {
			r.unknown(e, fields)
		}
	}
	for _, f := range fields {
		i := slices.IndexFunc(entries, func(e entry) bool { return e.name == f.name })
		if i < 0 {
			if f.need != nil && f.need() {
				r.problem(place, "the key "+f.name+" is missing", "inventory.example.yaml explains it")
			}
			continue
		}
		r.within(f.name, func() {
			r.seen = append(r.seen, r.where())
			if r.optional = ", or take the key out"; f.need != nil && f.need() {
				r.optional = ""
			}
			f.read(r, entries[i].value)
		})
	}
}

// within reads what a key leads to.
func (r *reader) within(key string, read func()) {
	r.path = append(r.path, key)
	read()
	r.path = r.path[:len(r.path)-1]
}

// where is the path of the value being read, as services.postgres.password.
func (r *reader) where() string { return strings.Join(r.path, ".") }

// entries lists a mapping's keys, without those that are a problem: a key that comes twice, or is no word.
func (r *reader) entries(n ast.Node, empty string) ([]entry, bool) {
	n = unwrap(n)
	var values []*ast.MappingValueNode
	switch v := n.(type) {
	case *ast.MappingNode:
		values = v.Values
	case *ast.MappingValueNode:
		values = []*ast.MappingValueNode{v}
	case *ast.AliasNode:
		return nil, false
	case *ast.NullNode:
		r.problem(begin(n), r.last()+" has no value", "indent its keys below it, or write "+empty)
		return nil, false
	default:
		r.problem(begin(n), r.last()+" is "+kind(n)+" and must be keys with values", "write `key: value` below it")
		return nil, false
	}
	var out []entry
	for _, v := range values {
		key := unwrap(v.Key)
		switch key.(type) {
		case *ast.StringNode, *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.NullNode:
		case *ast.MergeKeyNode, *ast.AliasNode:
			continue
		default:
			r.problem(begin(v.Key), "a key that is not a word", "write `key: value`")
			continue
		}
		e := entry{name: key.GetToken().Value, at: begin(key), value: v.Value}
		if i := slices.IndexFunc(out, func(o entry) bool { return o.name == e.name }); i >= 0 {
			r.problem(e.at, "the key "+shown(e.name)+" stands here again", "it is on line "+strconv.Itoa(out[i].at.line)+" already, keep one")
			continue
		}
		out = append(out, e)
	}
	return out, true
}

// unknown reports a key that is not known, with the nearest that is.
func (r *reader) unknown(e entry, fields []field) {
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = f.name
	}
	hint := "known here: " + strings.Join(names, ", ")
	if n := Nearest(e.name, names); n != "" {
		hint = "did you mean " + n + "?"
	}
	r.problem(e.at, "the key "+shown(e.name)+" is not known", hint)
}

// items lists the values of a list.
func (r *reader) items(n ast.Node, example string) ([]ast.Node, bool) {
	n = unwrap(n)
	switch v := n.(type) {
	case *ast.SequenceNode:
		return v.Values, true
	case *ast.AliasNode:
	case *ast.NullNode:
		r.problem(begin(n), r.last()+" has no value", "write "+example+r.optional)
	default:
		r.problem(begin(n), r.last()+" is "+kind(n)+" and must be a list", "write "+example)
	}
	return nil, false
}

// last is the key of the value being read, for messages.
func (r *reader) last() string {
	switch n := len(r.path); {
	case n == 0:
		return "the file"
	case n == 2 && (r.path[0] == "nodes" || r.path[0] == "vips"):
		return strings.TrimSuffix(r.path[0], "s") + " " + r.path[1]
	default:
		return r.path[n-1]
	}
}

// unwrap takes off what the tokens were reported for already.
func unwrap(n ast.Node) ast.Node {
	for range 8 {
		switch v := n.(type) {
		case *ast.TagNode:
			n = v.Value
		case *ast.AnchorNode:
			n = v.Value
		default:
			if n == nil {
				return &ast.NullNode{BaseNode: &ast.BaseNode{}}
			}
			return n
		}
	}
	return n
}

// kind is what a value is, in words.
func kind(n ast.Node) string {
	switch n.(type) {
	case *ast.MappingNode, *ast.MappingValueNode:
		return "keys with values"
	case *ast.SequenceNode:
		return "a list"
	case *ast.IntegerNode:
		return "a number"
	case *ast.FloatNode, *ast.InfinityNode, *ast.NanNode:
		return "a fraction"
	case *ast.BoolNode:
		return "true or false"
	case *ast.NullNode:
		return "nothing"
	case *ast.LiteralNode:
		return "text over several lines"
	case *ast.StringNode:
		return "text"
	}
	return fmt.Sprintf("a %s", n.Type())
}
