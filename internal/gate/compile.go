package gate

import (
	"reflect"
	"slices"
	"strings"
	"sync"

	"github.com/expr-lang/expr/builtin"
	"github.com/expr-lang/expr/conf"
)

// Expr is a compiled expression. It is never changed, so that several goroutines may evaluate it at once.
type Expr struct {
	src   string
	root  node
	reads []string
}

// Compile parses src (4 KiB at most) and checks it against the scope's types. Its error is an *Error.
func Compile(src string, scope Scope) (*Expr, error) {
	e, err := compile(src, scope)
	if err != nil {
		return nil, err
	}
	return e, nil
}

func compile(src string, scope Scope) (*Expr, *Error) {
	s, err := scan(src)
	if err != nil {
		return nil, err
	}
	config := settings(scope)
	tree, err := s.parse(config)
	if err != nil {
		return nil, err
	}
	b := &builder{scope: scope, source: s}
	root, err := b.build(tree.Node)
	if err != nil {
		return nil, err
	}
	if err := check(s, tree, config, scope); err != nil {
		return nil, err
	}
	return &Expr{src: src, root: root, reads: reads(root)}, nil
}

// settings tells expr's parser which words are functions here: the scope's, and of its own only those of builtins.
func settings(scope Scope) *conf.Config {
	words := language()
	c := &conf.Config{
		ShortCircuit: true, MaxNodes: maxNodes, ConstFns: map[string]reflect.Value{}, Functions: make(conf.FunctionsTable, len(scope.Funcs)),
		Builtins: words.known, Disabled: words.off,
	}
	c.WithEnv(map[string]any{})
	for name, f := range scope.Funcs {
		c.Functions[name] = &builtin.Function{Name: name, Types: []reflect.Type{f.Type}}
	}
	return c
}

// ownWords are expr's own functions, and those of them that are not a part of this language. Parser and checker read them
// and change nothing.
type ownWords struct {
	known conf.FunctionsTable
	off   map[string]bool
}

var language = sync.OnceValue(func() ownWords {
	w := ownWords{conf.FunctionsTable{}, map[string]bool{}}
	for _, f := range builtin.Builtins {
		w.known[f.Name] = f
		w.off[f.Name] = !slices.Contains(builtins(), f.Name)
	}
	return w
})

// builtins are the functions of the language itself.
func builtins() []string {
	return []string{"all", "any", "none", "one", "count", "filter", "map", "find", "len", "first", "last"}
}

// Source is the text it was compiled from.
func (e *Expr) Source() string { return e.src }

// Type is the Go type of the value, without pointers: bool for conditions, a slice for lists.
func (e *Expr) Type() reflect.Type { return e.root.about().typ.t }

// Reads are the dotted paths of the facts that it reads, each once and sorted: "etcd.quorum", "patroni.members.state" for the
// state of any member. A path that is the beginning of another one is left out.
func (e *Expr) Reads() []string { return slices.Clone(e.reads) }

func reads(root node) []string {
	var all []string
	var walk func(n node)
	walk = func(n node) {
		if p := n.about().path; p != "" {
			all = append(all, p)
		}
		for _, k := range n.kids() {
			walk(k)
		}
	}
	walk(root)
	slices.Sort(all)
	all = slices.Compact(all)
	return slices.DeleteFunc(slices.Clone(all), func(p string) bool {
		return slices.ContainsFunc(all, func(longer string) bool { return strings.HasPrefix(longer, p+".") })
	})
}

// Answer is Eval's answer alone, for who asks many questions of many states: it costs a fraction, because nothing is told.
func (e *Expr) Answer(vars map[string]any) Answer {
	if e.root.about().typ.shape() != truth {
		return Unknown
	}
	return answerOf((&frame{run: &run{vars: vars, budget: work}}).eval(e.root))
}

// Eval evaluates it over the variables, by the names of the scope. A variable that is missing or nil was not seen.
func (e *Expr) Eval(vars map[string]any) Result {
	fr := &frame{run: &run{vars: vars, budget: work}}
	v := fr.eval(e.root)
	r := Result{Parts: (&frame{run: &run{vars: vars, budget: work}}).parts(e.root)}
	t := e.root.about().typ
	if t.shape() == truth {
		r.Answer = answerOf(v)
	}
	if why := v.absent(e.root.about().text); v.state != seen {
		r.Unseen = printable(why)
		return r
	}
	if t.shape() == list && partly(v.items) != "" {
		r.Unseen = printable(partly(v.items))
		r.Sure, r.Maybe = split(v.items, t)
		return r
	}
	out, why := toGo(v, t, t.t, e.root.about().text)
	if why != "" {
		r.Answer, r.Unseen = Unknown, printable(why)
		return r
	}
	r.Value = out.Interface()
	return r
}
