package gate

// verdict is what a predicate says of one item.
type verdict struct {
	item   item
	answer Answer
	why    string // of Unknown
	fr     *frame // where the predicate was asked
}

// judge asks a predicate (nil: the item itself) of every item.
func (fr *frame) judge(items []item, of, pred node) []verdict {
	all := make([]verdict, 0, len(items))
	for _, it := range items {
		inner := fr.inner(it, of)
		v, subject := it.value, inner.name
		if pred != nil {
			v, subject = inner.eval(pred), inner.subject(pred)
		}
		all = append(all, verdict{item: it, answer: answerOf(v), why: v.absent(subject), fr: inner})
	}
	return all
}

// tally counts verdicts, each between what is sure and what is possible.
type tally struct {
	members            int // items that surely belong to the list
	trueLow, trueHigh  int
	falseLow, falseTop int
	why                string // of the first item that is not decided
}

func count(verdicts []verdict) tally {
	var t tally
	for _, v := range verdicts {
		sure := v.item.maybe == ""
		if sure {
			t.members++
		}
		if v.answer != Fail {
			t.trueHigh++
		}
		if v.answer != Pass {
			t.falseTop++
		}
		if sure && v.answer == Pass {
			t.trueLow++
		}
		if sure && v.answer == Fail {
			t.falseLow++
		}
		if !sure || v.answer == Unknown {
			t.why = first(t.why, first(v.why, v.item.maybe))
		}
	}
	return t
}

// eval answers only what the known items decide; over an empty list, or one that may be empty, it says nothing of all.
func (n *quantifier) eval(fr *frame) value {
	of := fr.eval(n.of)
	if of.state != seen {
		return unseen(of.absent(fr.subject(n.of)))
	}
	if len(of.items) == 0 {
		return unseen(fr.subject(n.of) + " is empty")
	}
	t := count(fr.judge(of.items, n.of, n.pred))
	if n.kind == "count" {
		switch {
		case t.members == 0:
			return unseen(t.why)
		case t.trueLow == t.trueHigh:
			return some(t.trueLow)
		}
		return value{why: t.why, bounded: true, lo: t.trueLow, hi: t.trueHigh}
	}
	return fact(t.answer(n.kind), t.why)
}

func (t tally) answer(kind string) Answer {
	switch kind {
	case "all":
		return decide(t.falseTop == 0 && t.members > 0, t.falseLow > 0)
	case "any":
		return decide(t.trueLow > 0, t.trueHigh == 0 && t.members > 0)
	case "none":
		return decide(t.trueHigh == 0 && t.members > 0, t.trueLow > 0)
	}
	one := t.trueLow == 1 && t.trueHigh == 1
	return decide(one, t.trueLow > 1 || t.trueHigh == 0 && t.members > 0)
}

func decide(pass, fail bool) Answer {
	switch {
	case pass:
		return Pass
	case fail:
		return Fail
	}
	return Unknown
}
