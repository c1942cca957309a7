package gate

import (
	"reflect"
	"strings"
)

// CannotFail says whether a condition answers the same whatever the cluster does, and why: it reads no fact, or it is true
// for all values of the facts it reads (x == x, a || !a, x != "a" || x != "b", len(x) >= 0). Such a check proves nothing. It
// is meant for lint: not every tautology is found, and what is reported is one.
func CannotFail(e *Expr) (why string, yes bool) {
	if e.root.about().typ.shape() != truth {
		return "", false
	}
	if constant(e.root) {
		return "`" + e.root.about().text + "` reads no fact of the cluster", true
	}
	p := &proposition{at: map[string]int{}}
	if p.always(e.root) {
		return "`" + e.root.about().text + "` is true whatever is seen", true
	}
	return "", false
}

// maxAtoms bounds the truth table.
const maxAtoms = 10

// proposition is an expression seen as a formula over atoms that are each true or false.
type proposition struct {
	atoms []atom
	at    map[string]int
}

// atom is one independent condition. Two atoms that compare the same piece with different constants are never both true.
type atom struct{ piece, constant string }

// always says that a formula is true under every assignment.
func (p *proposition) always(n node) bool {
	p.collect(n)
	if len(p.atoms) > maxAtoms {
		return false
	}
	for row := range 1 << len(p.atoms) {
		if p.possible(row) && !p.holds(n, row) {
			return false
		}
	}
	return true
}

func (p *proposition) possible(row int) bool {
	for i, a := range p.atoms {
		for j, b := range p.atoms[:i] {
			both := row>>i&1 == 1 && row>>j&1 == 1
			if both && a.piece != "" && a.piece == b.piece && a.constant != b.constant {
				return false
			}
		}
	}
	return true
}

func (p *proposition) collect(n node) {
	switch n := n.(type) {
	case *logic:
		p.collect(n.l)
		p.collect(n.r)
	case *negation:
		p.collect(n.of)
	case *choice:
		p.collect(n.cond)
		p.collect(n.yes)
		p.collect(n.no)
	default:
		if _, known := fixed(n); known {
			return
		}
		key, a, _ := reduce(n)
		if _, ok := p.at[key]; !ok {
			p.at[key] = len(p.atoms)
			p.atoms = append(p.atoms, a)
		}
	}
}

func (p *proposition) holds(n node, row int) bool {
	switch n := n.(type) {
	case *logic:
		if n.or {
			return p.holds(n.l, row) || p.holds(n.r, row)
		}
		return p.holds(n.l, row) && p.holds(n.r, row)
	case *negation:
		return !p.holds(n.of, row)
	case *choice:
		if p.holds(n.cond, row) {
			return p.holds(n.yes, row)
		}
		return p.holds(n.no, row)
	}
	if v, known := fixed(n); known {
		return v
	}
	key, _, not := reduce(n)
	return (row>>p.at[key]&1 == 1) != not
}

// reduce brings a comparison to one of two forms, a == b or a < b, perhaps negated, so that opposites share an atom.
func reduce(n node) (key string, a atom, not bool) {
	canon := n.about().canon
	switch n := n.(type) {
	case *equality:
		l, r := n.l.about().canon, n.r.about().canon
		if constant(n.l) {
			l, r = r, l
		}
		if constant(n.l) != constant(n.r) {
			a = atom{l, r}
		} else if l > r {
			l, r = r, l
		}
		return l + " == " + r, a, n.not
	case *order:
		l, r := n.l.about().canon, n.r.about().canon
		switch n.op {
		case "<":
			return l + " < " + r, a, false
		case ">":
			return r + " < " + l, a, false
		case "<=":
			return r + " < " + l, a, true
		}
		return l + " < " + r, a, true
	}
	return canon, a, false
}

// fixed says that an atom has one answer, and which.
func fixed(n node) (answer, known bool) {
	if constant(n) {
		v := (&frame{run: &run{budget: work}}).eval(n)
		return answerOf(v) == Pass, answerOf(v) != Unknown
	}
	switch n := n.(type) {
	case *equality:
		return !n.not, n.l.about().canon == n.r.about().canon
	case *order:
		if n.l.about().canon == n.r.about().canon {
			return strings.HasSuffix(n.op, "="), true
		}
		return amount(n)
	case *wording:
		return true, n.trivial()
	case *quantifier:
		if n.pred == nil {
			return false, false
		}
		inner := &proposition{at: map[string]int{}}
		if n.kind == "one" || !inner.always(n.pred) {
			return false, false
		}
		return n.kind != "none", true
	}
	return false, false
}

// amount knows that a length or a count is never negative.
func amount(n *order) (answer, known bool) {
	of, than, op := n.l, n.r, n.op
	if constant(of) {
		of, than = than, of
		op = map[string]string{"<": ">", ">": "<", "<=": ">=", ">=": "<="}[op]
	}
	switch q := of.(type) {
	case *length:
	case *quantifier:
		if q.kind != "count" {
			return false, false
		}
	default:
		return false, false
	}
	v := (&frame{run: &run{budget: work}}).eval(than)
	if !constant(than) || v.state != seen {
		return false, false
	}
	sign := compareNumbers(v.v, reflect.ValueOf(0))
	switch {
	case op == ">=" && sign <= 0, op == ">" && sign < 0:
		return true, true
	case op == "<" && sign <= 0, op == "<=" && sign < 0:
		return false, true
	}
	return false, false
}

// trivial says that every text passes.
func (n *wording) trivial() bool {
	word, ok := n.r.(*literal)
	if !ok {
		return false
	}
	pattern := word.v.String()
	if n.op == "matches" {
		return n.re.MatchString("") && !strings.ContainsAny(pattern, `^$\`)
	}
	return pattern == ""
}
