package gate

import (
	"reflect"
	"regexp"
	"slices"
)

// node is one operation of a compiled expression. It is made from expr's tree, with all types resolved to the real structs.
type node interface {
	about() *piece
	kids() []node
	eval(fr *frame) value
}

// piece is what every node knows of itself.
type piece struct {
	text  string // its source text, for the parts of a result
	canon string // its text in one spelling, to tell equal pieces
	byte  int    // where it begins
	typ   typ
	path  string // the dotted path of the fact that it reads, or ""
	item  bool   // it depends on the item of the predicate around it
}

func (p *piece) about() *piece { return p }

type (
	literal struct {
		piece
		v reflect.Value
	}
	// null is the word nil; it stands beside == and != only.
	null struct{ piece }
	// variable is a name of the scope.
	variable struct {
		piece
		name string
	}
	// current is the item of a predicate: # or the empty word before .field.
	current struct{ piece }
	// member is a field of a struct.
	member struct {
		piece
		of    node
		name  string
		index []int
	}
	// position is an item of a list by its number.
	position struct {
		piece
		of, at node
	}
	// lookup is the value of a map under a key.
	lookup struct {
		piece
		of, key node
	}
	call struct {
		piece
		name string
		fn   Func
		args []node
	}
	negation struct {
		piece
		of node
	}
	// logic is && or ||.
	logic struct {
		piece
		or   bool
		l, r node
	}
	// equality is == or !=.
	equality struct {
		piece
		not  bool
		l, r node
	}
	// order is <, <=, > or >=.
	order struct {
		piece
		op   string
		l, r node
	}
	// wording is contains, startsWith, endsWith or matches.
	wording struct {
		piece
		op   string
		l, r node
		re   *regexp.Regexp
	}
	// within is the operator in, over a list or the keys of a map.
	within struct {
		piece
		l, r node
	}
	arithmetic struct {
		piece
		op   string
		l, r node
	}
	minus struct {
		piece
		of node
	}
	choice struct {
		piece
		cond, yes, no node
	}
	array struct {
		piece
		items []node
	}
	// sequence is from..to, both ends included.
	sequence struct {
		piece
		from, to node
	}
	// quantifier is all, any, none, one or count.
	quantifier struct {
		piece
		kind     string
		of, pred node // pred is nil for count of a list of bools
	}
	filtering struct {
		piece
		of, pred node
	}
	mapping struct {
		piece
		of, body node
	}
	finding struct {
		piece
		of, pred node
	}
	length struct {
		piece
		of node
	}
	// edge is first or last.
	edge struct {
		piece
		last bool
		of   node
	}
)

func (n *literal) kids() []node    { return nil }
func (n *null) kids() []node       { return nil }
func (n *variable) kids() []node   { return nil }
func (n *current) kids() []node    { return nil }
func (n *member) kids() []node     { return []node{n.of} }
func (n *position) kids() []node   { return []node{n.of, n.at} }
func (n *lookup) kids() []node     { return []node{n.of, n.key} }
func (n *call) kids() []node       { return n.args }
func (n *negation) kids() []node   { return []node{n.of} }
func (n *logic) kids() []node      { return []node{n.l, n.r} }
func (n *equality) kids() []node   { return []node{n.l, n.r} }
func (n *order) kids() []node      { return []node{n.l, n.r} }
func (n *wording) kids() []node    { return []node{n.l, n.r} }
func (n *within) kids() []node     { return []node{n.l, n.r} }
func (n *arithmetic) kids() []node { return []node{n.l, n.r} }
func (n *minus) kids() []node      { return []node{n.of} }
func (n *choice) kids() []node     { return []node{n.cond, n.yes, n.no} }
func (n *array) kids() []node      { return n.items }
func (n *sequence) kids() []node   { return []node{n.from, n.to} }
func (n *filtering) kids() []node  { return []node{n.of, n.pred} }
func (n *mapping) kids() []node    { return []node{n.of, n.body} }
func (n *finding) kids() []node    { return []node{n.of, n.pred} }
func (n *length) kids() []node     { return []node{n.of} }
func (n *edge) kids() []node       { return []node{n.of} }
func (n *quantifier) kids() []node {
	if n.pred == nil {
		return []node{n.of}
	}
	return []node{n.of, n.pred}
}

// constant says that a node reads no fact at all, nor an item of something around it.
func constant(n node) bool { return !n.about().item && !factual(n) }

func factual(n node) bool {
	switch n.(type) {
	case *variable, *call:
		return true
	}
	return slices.ContainsFunc(n.kids(), factual)
}
