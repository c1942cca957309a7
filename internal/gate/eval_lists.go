package gate

import (
	"fmt"
	"reflect"
	"strconv"
)

// maxRange is how many items from..to may have.
const maxRange = 1000

func (n *array) eval(fr *frame) value {
	items := make([]item, 0, len(n.items))
	for i, k := range n.items {
		it := item{value: fr.eval(k)}
		if it.name = identity(it.value); it.name == "" {
			it.name = "item " + strconv.Itoa(i+1)
		}
		items = append(items, it)
	}
	return value{state: seen, items: items}
}

func (n *sequence) eval(fr *frame) value {
	from, to := fr.eval(n.from), fr.eval(n.to)
	if from.state != seen {
		return unseen(from.absent(fr.subject(n.from)))
	}
	if to.state != seen {
		return unseen(to.absent(fr.subject(n.to)))
	}
	a, okA := toInt(from.v)
	b, okB := toInt(to.v)
	if !okA || !okB || b >= a && uint64(b)-uint64(a) >= maxRange {
		return unseen(fmt.Sprintf("%s has more than %d items", fr.subject(n), maxRange))
	}
	items := []item{}
	for i := 0; a <= b && i <= int(b-a); i++ {
		items = append(items, item{value: some(int(a) + i), name: "item " + strconv.Itoa(i+1)})
	}
	fr.run.budget -= len(items)
	return value{state: seen, items: items}
}

func (n *position) eval(fr *frame) value {
	of, at := fr.eval(n.of), fr.eval(n.at)
	if of.state != seen {
		return unseen(of.absent(fr.subject(n.of)))
	}
	if at.state != seen {
		return unseen(at.absent(fr.subject(n.at)))
	}
	i, ok := toInt(at.v)
	// Which item has a number is known only when all items before it (or behind it, from the end) surely belong.
	before := of.items
	if ok && i < 0 {
		i += int64(len(of.items))
		if i >= 0 && i < int64(len(of.items)) {
			before = of.items[i:]
		}
	} else if ok && i < int64(len(of.items)) {
		before = of.items[:i+1]
	}
	for _, it := range before {
		if it.maybe != "" {
			return unseen(it.maybe)
		}
	}
	if !ok || i < 0 || i >= int64(len(of.items)) {
		return unseen(fmt.Sprintf("%s has no item %s, it has %d", fr.subject(n.of), show(at, true), len(of.items)))
	}
	return of.items[i].value
}

func (n *edge) eval(fr *frame) value {
	of := fr.eval(n.of)
	if of.state != seen {
		return unseen(of.absent(fr.subject(n.of)))
	}
	if len(of.items) == 0 {
		return unseen(fr.subject(n.of) + " is empty")
	}
	it := of.items[0]
	if n.last {
		it = of.items[len(of.items)-1]
	}
	if it.maybe != "" {
		return unseen(it.maybe)
	}
	return it.value
}

func (n *length) eval(fr *frame) value {
	of := fr.eval(n.of)
	if of.state != seen {
		return unseen(of.absent(fr.subject(n.of)))
	}
	switch n.of.about().typ.shape() {
	case text:
		return some(len([]rune(of.v.String())))
	case dict:
		return some(of.v.Len())
	}
	sure := 0
	for _, it := range of.items {
		if it.maybe == "" {
			sure++
		}
	}
	if sure < len(of.items) {
		return value{why: partly(of.items), bounded: true, lo: sure, hi: len(of.items)}
	}
	return some(sure)
}

func (n *filtering) eval(fr *frame) value {
	of := fr.eval(n.of)
	if of.state != seen {
		return unseen(of.absent(fr.subject(n.of)))
	}
	kept := []item{}
	for _, v := range fr.judge(of.items, n.of, n.pred) {
		it := v.item
		switch v.answer {
		case Fail:
			continue
		case Unknown:
			it.maybe = first(it.maybe, v.why)
		}
		kept = append(kept, it)
	}
	return value{state: seen, items: kept}
}

func (n *mapping) eval(fr *frame) value {
	of := fr.eval(n.of)
	if of.state != seen {
		return unseen(of.absent(fr.subject(n.of)))
	}
	made := make([]item, 0, len(of.items))
	for _, it := range of.items {
		made = append(made, item{value: fr.inner(it, n.of).eval(n.body), name: it.name, maybe: it.maybe})
	}
	return value{state: seen, items: made}
}

// eval is the first item that surely matches; an item before it that may match hides it.
func (n *finding) eval(fr *frame) value {
	of := fr.eval(n.of)
	if of.state != seen {
		return unseen(of.absent(fr.subject(n.of)))
	}
	for _, v := range fr.judge(of.items, n.of, n.pred) {
		switch {
		case v.answer == Fail:
		case v.answer == Unknown || v.item.maybe != "":
			return unseen(first(v.why, v.item.maybe))
		default:
			return v.item.value
		}
	}
	return unseen(fr.subject(n) + " finds nothing")
}

// partly is why a list is not wholly seen, or "".
func partly(items []item) string {
	for _, it := range items {
		switch {
		case it.maybe != "":
			return it.maybe
		case it.state == blind:
			return it.why
		case it.state == isNil:
			return it.name + " is nil"
		}
	}
	return ""
}

// split makes Go lists of the items that surely belong and of those that may belong; items not seen are in neither.
func split(items []item, t typ) (sure, maybe any) {
	lists := [2]reflect.Value{reflect.MakeSlice(t.t, 0, len(items)), reflect.MakeSlice(t.t, 0, len(items))}
	for _, it := range items {
		v, why := toGo(it.value, *t.elem, t.elem.t, it.name)
		if why != "" {
			continue
		}
		which := 0
		if it.maybe != "" {
			which = 1
		}
		lists[which] = reflect.Append(lists[which], v)
	}
	return lists[0].Interface(), lists[1].Interface()
}
