package gate

import (
	"fmt"
	"strings"
)

// maxItems is how many items of one list the parts show.
const maxItems = 16

// explainer collects the parts of a result. It evaluates pieces again, under a budget of its own.
type explainer struct {
	parts []Part
	known map[[2]string]bool
}

func (fr *frame) parts(root node) []Part {
	x := &explainer{known: map[[2]string]bool{}}
	if root.about().typ.shape() == truth {
		x.condition(fr, root)
	} else {
		x.fact(fr, root, Pass)
	}
	return x.parts
}

func (x *explainer) add(text, value string, a Answer) {
	text, value = printable(text), printable(value)
	key := [2]string{text, value}
	if !x.known[key] {
		x.known[key] = true
		x.parts = append(x.parts, Part{Text: text, Value: value, Answer: a})
	}
}

// condition explains what and, or, not and ?: are made of; everything else is an atom.
func (x *explainer) condition(fr *frame, n node) {
	switch n := n.(type) {
	case *logic:
		x.condition(fr, n.l)
		x.condition(fr, n.r)
		return
	case *choice:
		x.condition(fr, n.cond)
		switch answerOf(fr.eval(n.cond)) {
		case Pass:
			x.condition(fr, n.yes)
		case Fail:
			x.condition(fr, n.no)
		}
		return
	case *negation:
		switch n.of.(type) {
		case *logic, *choice:
			x.condition(fr, n.of)
			return
		}
	case *literal:
		return
	}
	v := fr.eval(n)
	x.add(fr.subject(n), told(v, fr.subject(n)), answerOf(v))
	x.facts(fr, n, answerOf(v))
}

// told is a value, or why there is none; the subject is not repeated in the reason.
func told(v value, subject string) string {
	if v.state != blind {
		return show(v, true)
	}
	why := strings.TrimPrefix(v.why, subject+": ")
	if v.bounded {
		why = fmt.Sprintf("%d to %d, %s", v.lo, v.hi, why)
	}
	return "not seen: " + why
}

// facts explains what an atom compares; a is the atom's answer.
func (x *explainer) facts(fr *frame, n node, a Answer) {
	switch n := n.(type) {
	case *equality:
		x.fact(fr, n.l, a)
		x.fact(fr, n.r, a)
	case *order:
		x.fact(fr, n.l, a)
		x.fact(fr, n.r, a)
	case *wording:
		x.fact(fr, n.l, a)
		x.fact(fr, n.r, a)
	case *within:
		x.fact(fr, n.l, a)
		x.fact(fr, n.r, a)
	case *negation:
		x.facts(fr, n.of, a)
	case *quantifier:
		x.items(fr, n, a)
	default:
		x.fact(fr, n, a)
	}
}

// fact explains one side of a comparison, unless it is written out in the source.
func (x *explainer) fact(fr *frame, n node, a Answer) {
	if constant(n) {
		return
	}
	v := fr.eval(n)
	if v.state == blind || partly(v.items) != "" {
		a = Unknown
	}
	text := fr.subject(n)
	if _, ok := n.(*current); ok {
		if text = fr.item.name; identity(fr.item.value) == "" {
			text += " of " + fr.of
		}
	}
	x.add(text, told(v, fr.subject(n)), a)
	if q, ok := n.(*quantifier); ok {
		x.items(fr, q, a)
	} else if a == Unknown {
		x.doubts(fr, n)
	}
}

// items explains a quantifier by the items that decide it.
func (x *explainer) items(fr *frame, n *quantifier, a Answer) {
	of := fr.eval(n.of)
	if of.state != seen || len(of.items) == 0 {
		value := told(of, fr.subject(n.of))
		if of.state == seen {
			value = "empty"
		}
		x.add(fr.subject(n.of), value, Unknown)
		return
	}
	shown := 0
	for _, v := range deciding(n.kind, fr.judge(of.items, n.of, n.pred), a) {
		if shown++; shown > maxItems {
			return
		}
		x.doubt(fr, n.of, v)
		if n.pred == nil {
			x.add(v.fr.name+" of "+fr.subject(n.of), told(v.item.value, v.fr.name), v.answer)
			continue
		}
		x.inside(v.fr, n.pred, n.kind == "none")
	}
}

// inside explains a predicate of one item by the sides of && and || that decide it. Every fact has the answer of its own
// condition, turned round where the quantifier or ! turns it round.
func (x *explainer) inside(fr *frame, n node, turned bool) {
	a := answerOf(fr.eval(n))
	switch n := n.(type) {
	case *logic:
		for _, side := range []node{n.l, n.r} {
			if answerOf(fr.eval(side)) == a {
				x.inside(fr, side, turned)
			}
		}
	case *choice:
		x.inside(fr, n.cond, turned)
		if cond := answerOf(fr.eval(n.cond)); cond == Pass {
			x.inside(fr, n.yes, turned)
		} else if cond == Fail {
			x.inside(fr, n.no, turned)
		}
	case *negation:
		x.inside(fr, n.of, !turned)
	default:
		if turned {
			a = a.not()
		}
		x.facts(fr, n, a)
	}
}

// doubt says of an item that it is not known whether it belongs to its list.
func (x *explainer) doubt(fr *frame, of node, v verdict) {
	if v.item.maybe != "" {
		x.add(v.fr.name+" of "+fr.subject(of), "not seen: "+v.item.maybe, Unknown)
	}
}

// doubts explains what is not seen in a value that is made of a list: the items that hide it.
func (x *explainer) doubts(fr *frame, n node) {
	var of, pred node
	switch n := n.(type) {
	case *filtering:
		of, pred = n.of, n.pred
	case *finding:
		of, pred = n.of, n.pred
	default:
		for _, k := range outside(n) {
			x.doubts(fr, k)
		}
		return
	}
	x.doubts(fr, of)
	shown := 0
	for _, v := range fr.judge(fr.eval(of).items, of, pred) {
		if v.answer == Unknown && shown < maxItems {
			x.inside(v.fr, pred, false)
			shown++
		}
	}
}

// outside are the kids of a node without what is asked of items.
func outside(n node) []node {
	switch n := n.(type) {
	case *quantifier:
		return []node{n.of}
	case *mapping:
		return []node{n.of}
	}
	return n.kids()
}

// deciding picks the items without which a quantifier would answer otherwise.
func deciding(kind string, all []verdict, a Answer) []verdict {
	var yes, no, open []verdict
	for _, v := range all {
		switch {
		case v.answer == Unknown || v.item.maybe != "":
			open = append(open, v)
		case v.answer == Pass:
			yes = append(yes, v)
		default:
			no = append(no, v)
		}
	}
	switch {
	case kind == "count":
		if len(yes)+len(open) > 0 {
			return append(yes, open...)
		}
		return all
	case a == Unknown:
		if kind == "one" {
			return append(yes, open...)
		}
		return open
	case kind == "all" && a == Fail:
		return no
	case kind == "any" && a == Pass, kind == "none" && a == Fail, kind == "one" && len(yes) > 0:
		return yes
	}
	return all
}
