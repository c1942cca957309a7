package scrub

import "slices"

// automaton finds every form of every secret in one pass (Aho and Corasick, 1975). It is never changed after build.
//
// The nodes form a tree of all beginnings of all forms; node 0 is the empty beginning. Children are linked lists, because
// a private key makes tens of thousands of nodes with one child each; only the root has a table, because most text stays
// there.
type automaton struct {
	root  [256]int32
	nodes []node
	// labels are what stands for each secret in the output, by its index.
	labels []string
}

type node struct {
	char         byte
	child, next  int32 // the first child, and the next child of the same parent; 0 is none
	fail         int32 // the node of the longest other suffix of this beginning that is a beginning too
	depth        int32
	hold         int32 // how many of the last bytes may be the beginning of a form that is not complete yet
	match        int32 // the length of the longest form that ends here; 0 is none
	secret       int32 // whose form it is
	ownLen, ownS int32 // the form that this very node completes
}

// build makes the automaton of all forms; forms[i] are those of the secret i.
func build(forms [][]string, names []string) *automaton {
	a := &automaton{nodes: make([]node, 1)}
	for secret, list := range forms {
		for _, f := range list {
			a.insert(f, int32(secret))
		}
	}
	a.link()
	for _, name := range names {
		a.labels = append(a.labels, a.label(name))
	}
	return a
}

func (a *automaton) insert(form string, secret int32) {
	at := int32(0)
	for i := range len(form) {
		to := a.childOf(at, form[i])
		if to == 0 {
			to = int32(len(a.nodes))
			a.nodes = append(a.nodes, node{char: form[i], depth: int32(i + 1), next: a.nodes[at].child})
			a.nodes[at].child = to
			if at == 0 {
				a.root[form[i]] = to
			}
		}
		at = to
	}
	if n := &a.nodes[at]; n.ownLen == 0 {
		n.ownLen, n.ownS = int32(len(form)), secret
	}
}

func (a *automaton) childOf(at int32, b byte) int32 {
	if at == 0 {
		return a.root[b]
	}
	for to := a.nodes[at].child; to != 0; to = a.nodes[to].next {
		if a.nodes[to].char == b {
			return to
		}
	}
	return 0
}

// link sets fail, hold and match, level by level, since each depends on shallower nodes.
func (a *automaton) link() {
	var queue []int32
	for to := a.nodes[0].child; to != 0; to = a.nodes[to].next {
		queue = append(queue, to)
	}
	for len(queue) > 0 {
		at := queue[0]
		queue = queue[1:]
		n := &a.nodes[at]
		f := &a.nodes[n.fail]
		n.match, n.secret = f.match, f.secret
		if n.ownLen > 0 {
			n.match, n.secret = n.ownLen, n.ownS
		}
		n.hold = f.hold
		if n.child != 0 {
			n.hold = n.depth
		}
		for to := n.child; to != 0; to = a.nodes[to].next {
			a.nodes[to].fail = a.step(n.fail, a.nodes[to].char)
			queue = append(queue, to)
		}
	}
}

// step is the node for the longest beginning that ends with b.
func (a *automaton) step(at int32, b byte) int32 {
	for at != 0 {
		for to := a.nodes[at].child; to != 0; to = a.nodes[to].next {
			if a.nodes[to].char == b {
				return to
			}
		}
		at = a.nodes[at].fail
	}
	return a.root[b]
}

// label is what stands for a secret in the output: its name, unless a secret could be read in it.
func (a *automaton) label(name string) string {
	for _, l := range []string{"‹" + name + "›", "‹secret›", "‹***›"} {
		if !a.finds(l) {
			return l
		}
	}
	return ""
}

func (a *automaton) finds(text string) bool {
	at := int32(0)
	return slices.ContainsFunc([]byte(text), func(b byte) bool {
		at = a.step(at, b)
		return a.nodes[at].match > 0
	})
}
