package gate

import (
	"reflect"
	"strings"
)

func (n *literal) eval(*frame) value { return value{state: seen, v: n.v} }

func (n *null) eval(*frame) value { return value{state: isNil} }

func (n *variable) eval(fr *frame) value {
	v, ok := fr.run.vars[n.name]
	if !ok {
		return unseen(n.name + " is not known here")
	}
	return fr.load(reflect.ValueOf(v), n.typ, n.name)
}

func (n *current) eval(fr *frame) value { return fr.item.value }

// blinder is what a struct implements to say that a field is not a fact now.
type blinder interface{ Blind(field string) string }

func (n *member) eval(fr *frame) value {
	of := fr.eval(n.of)
	if of.state != seen {
		return unseen(of.absent(fr.subject(n.of)))
	}
	subject := fr.subject(n)
	if of.v.Kind() == reflect.Map {
		f := of.v.MapIndex(reflect.ValueOf(n.name).Convert(of.v.Type().Key()))
		if !f.IsValid() {
			return unseen(subject + " is not given")
		}
		return fr.load(f, n.typ, subject)
	}
	if why := blindness(of.v, n.name); why != "" {
		return unseen(subject + ": " + why)
	}
	f, err := of.v.FieldByIndexErr(n.index)
	if err != nil {
		return unseen(subject + ": no value")
	}
	return fr.load(f, n.typ, subject)
}

// blindness asks a struct whether a field is a fact, whatever the receiver of its method.
func blindness(v reflect.Value, field string) string {
	if b, ok := v.Interface().(blinder); ok {
		return b.Blind(field)
	}
	if reflect.PointerTo(v.Type()).Implements(reflect.TypeFor[blinder]()) {
		p := reflect.New(v.Type())
		p.Elem().Set(v)
		return p.Interface().(blinder).Blind(field)
	}
	return ""
}

func (n *lookup) eval(fr *frame) value {
	of, key := fr.eval(n.of), fr.eval(n.key)
	if of.state != seen {
		return unseen(of.absent(fr.subject(n.of)))
	}
	if key.state != seen {
		return unseen(key.absent(fr.subject(n.key)))
	}
	v := of.v.MapIndex(reflect.ValueOf(key.v.String()).Convert(of.v.Type().Key()))
	if !v.IsValid() {
		return unseen(fr.subject(n.of) + " has no " + show(key, true))
	}
	return fr.load(v, n.typ, fr.subject(n))
}

func (n *negation) eval(fr *frame) value {
	of := fr.eval(n.of)
	return fact(answerOf(of).not(), of.absent(fr.subject(n.of)))
}

// eval looks at both sides always: one decides alone only when it is seen.
func (n *logic) eval(fr *frame) value {
	l, r := fr.eval(n.l), fr.eval(n.r)
	decides, other := Fail, Pass
	if n.or {
		decides, other = Pass, Fail
	}
	switch a, b := answerOf(l), answerOf(r); {
	case a == decides || b == decides:
		return fact(decides, "")
	case a == other && b == other:
		return fact(other, "")
	case a == Unknown:
		return unseen(l.absent(fr.subject(n.l)))
	}
	return unseen(r.absent(fr.subject(n.r)))
}

func (n *equality) eval(fr *frame) value {
	l, r := fr.eval(n.l), fr.eval(n.r)
	if a := amounts("==", l, r); a != Unknown {
		return fact(n.sign(a), "")
	}
	if l.state == blind {
		return unseen(l.why)
	}
	if r.state == blind {
		return unseen(r.why)
	}
	return fact(n.sign(same(l, r)), fr.subject(n)+" compares things without a name")
}

func (n *equality) sign(a Answer) Answer {
	if n.not {
		return a.not()
	}
	return a
}

// same compares two values of equatable types; nil equals nil only.
func same(l, r value) Answer {
	equal := false
	switch {
	case l.state == isNil || r.state == isNil:
		equal = l.state == r.state
	case l.v.Kind() == reflect.Bool:
		equal = l.v.Bool() == r.v.Bool()
	case l.v.Kind() == reflect.String:
		equal = l.v.String() == r.v.String()
	case l.v.Kind() == reflect.Struct || l.v.Kind() == reflect.Map:
		x, okx := nameField(l.v, "name")
		y, oky := nameField(r.v, "name")
		if !okx || !oky {
			return Unknown
		}
		equal = x == y
	default:
		equal = compareNumbers(l.v, r.v) == 0
	}
	if equal {
		return Pass
	}
	return Fail
}

func (n *order) eval(fr *frame) value {
	l, r := fr.eval(n.l), fr.eval(n.r)
	if a := amounts(n.op, l, r); a != Unknown {
		return fact(a, "")
	}
	if l.state != seen {
		return unseen(l.absent(fr.subject(n.l)))
	}
	if r.state != seen {
		return unseen(r.absent(fr.subject(n.r)))
	}
	if l.v.Kind() == reflect.String {
		return some(holds(n.op, strings.Compare(l.v.String(), r.v.String())))
	}
	return some(holds(n.op, compareNumbers(l.v, r.v)))
}

func holds(op string, sign int) bool {
	switch op {
	case "==":
		return sign == 0
	case "<":
		return sign < 0
	case "<=":
		return sign <= 0
	case ">":
		return sign > 0
	}
	return sign >= 0
}

// amounts decides a comparison when an amount that is only known within bounds (a count with unknown items) cannot change
// the answer any more.
func amounts(op string, l, r value) Answer {
	if !l.bounded && !r.bounded {
		return Unknown
	}
	lo1, hi1, ok1 := l.bounds()
	lo2, hi2, ok2 := r.bounds()
	if !ok1 || !ok2 {
		return Unknown
	}
	if op == "==" {
		if compareNumbers(hi1, lo2) < 0 || compareNumbers(lo1, hi2) > 0 {
			return Fail
		}
		return Unknown
	}
	// The comparison is monotone: when the extremes agree, so does everything between them.
	a, b := holds(op, compareNumbers(lo1, hi2)), holds(op, compareNumbers(hi1, lo2))
	switch {
	case a && b:
		return Pass
	case !a && !b:
		return Fail
	}
	return Unknown
}

func (v value) bounds() (lo, hi reflect.Value, ok bool) {
	if v.state == blind && v.bounded {
		return reflect.ValueOf(v.lo), reflect.ValueOf(v.hi), true
	}
	return v.v, v.v, v.state == seen && v.v.IsValid()
}

func (n *wording) eval(fr *frame) value {
	l, r := fr.eval(n.l), fr.eval(n.r)
	if l.state != seen {
		return unseen(l.absent(fr.subject(n.l)))
	}
	if r.state != seen {
		return unseen(r.absent(fr.subject(n.r)))
	}
	s, part := l.v.String(), r.v.String()
	switch n.op {
	case "contains":
		return some(strings.Contains(s, part))
	case "startsWith":
		return some(strings.HasPrefix(s, part))
	case "endsWith":
		return some(strings.HasSuffix(s, part))
	}
	return some(n.re.MatchString(s))
}

func (n *within) eval(fr *frame) value {
	l, r := fr.eval(n.l), fr.eval(n.r)
	if r.state != seen {
		return unseen(r.absent(fr.subject(n.r)))
	}
	if l.state == blind {
		return unseen(l.why)
	}
	if n.r.about().typ.shape() == dict {
		if l.state == isNil {
			return unseen(l.absent(fr.subject(n.l)))
		}
		key := reflect.ValueOf(l.v.String()).Convert(r.v.Type().Key())
		return some(r.v.MapIndex(key).IsValid())
	}
	why := ""
	for _, it := range r.items {
		switch {
		case it.state == blind:
			why = first(why, it.why)
		case same(l, it.value) == Pass && it.maybe == "":
			return some(true)
		case same(l, it.value) != Fail:
			why = first(why, first(it.maybe, it.name+" of "+fr.subject(n.r)+" has no name"))
		}
	}
	if why != "" {
		return unseen(why)
	}
	return some(false)
}

func first(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

func (n *choice) eval(fr *frame) value {
	cond := fr.eval(n.cond)
	switch answerOf(cond) {
	case Pass:
		return fr.eval(n.yes)
	case Fail:
		return fr.eval(n.no)
	}
	return unseen(cond.absent(fr.subject(n.cond)))
}
