package gate

import (
	"fmt"
	"reflect"
	"testing"
)

// flags has two facts, either of which may be unseen.
type flags struct {
	Name string `json:"name"`
	P    *bool  `json:"p"`
	Q    *bool  `json:"q"`
}

// worlds are all lists that the facts that are seen allow: every unseen fact is true in one world and false in another.
func worlds(list []flags) [][]flags {
	all := [][]flags{{}}
	for _, item := range list {
		var next [][]flags
		for _, p := range possible(item.P) {
			for _, q := range possible(item.Q) {
				for _, w := range all {
					next = append(next, append(append([]flags{}, w...), flags{P: &p, Q: &q}))
				}
			}
		}
		all = next
	}
	return all
}

func possible(b *bool) []bool {
	if b == nil {
		return []bool{false, true}
	}
	return []bool{*b}
}

// meaning is what a quantifier says of a world in which everything is seen: number of true items, of items.
var meaning = map[string]func(yes, all int) Answer{
	"all":  func(yes, all int) Answer { return definite(all, yes == all) },
	"any":  func(yes, all int) Answer { return definite(all, yes > 0) },
	"none": func(yes, all int) Answer { return definite(all, yes == 0) },
	"one":  func(yes, all int) Answer { return definite(all, yes == 1) },
}

func definite(all int, yes bool) Answer {
	if all == 0 {
		return Unknown
	}
	return decide(yes, !yes)
}

// agreed is the answer that all worlds give, or unknown.
func agreed(list []flags, filtered bool, says func(yes, all int) Answer) Answer {
	var answer Answer
	for i, w := range worlds(list) {
		yes, all := 0, 0
		for _, item := range w {
			if filtered && !*item.P {
				continue
			}
			all++
			if *item.Q {
				yes++
			}
		}
		a := says(yes, all)
		if i > 0 && a != answer {
			return Unknown
		}
		answer = a
	}
	return answer
}

// lists are all lists of up to three items; with filtered, P varies as well.
func lists(filtered bool) [][]flags {
	facts := []*bool{nil, ptr(false), ptr(true)}
	var items []flags
	for _, q := range facts {
		if !filtered {
			items = append(items, flags{P: ptr(true), Q: q})
			continue
		}
		for _, p := range facts {
			items = append(items, flags{P: p, Q: q})
		}
	}
	all, last := [][]flags{{}}, [][]flags{{}}
	for range 3 {
		var next [][]flags
		for _, l := range last {
			for _, item := range items {
				next = append(next, append(append([]flags{}, l...), item))
			}
		}
		all, last = append(all, next...), next
	}
	return all
}

// What the quantifiers answer is exactly what all the worlds agree on that the seen facts allow.
func TestQuantifiersAgreeWithAllWorlds(t *testing.T) {
	scope := Scope{Vars: map[string]reflect.Type{"list": reflect.TypeFor[[]flags]()}}
	for _, filtered := range []bool{false, true} {
		of := "list"
		if filtered {
			of = "filter(list, .p)"
		}
		says := map[string]func(yes, all int) Answer{}
		for kind, f := range meaning {
			says[fmt.Sprintf("%s(%s, .q)", kind, of)] = f
		}
		for k := range 3 {
			for _, op := range []string{"<", ">=", "==", "!="} {
				says[fmt.Sprintf("count(%s, .q) %s %d", of, op, k)] = func(yes, all int) Answer {
					a := definite(all, holds(op, yes-k))
					if op == "!=" {
						a = definite(all, yes != k)
					}
					return a
				}
				says[fmt.Sprintf("len(%s) %s %d", of, op, k)] = func(_, all int) Answer {
					if op == "!=" {
						return decide(all != k, all == k)
					}
					return decide(holds(op, all-k), !holds(op, all-k))
				}
			}
		}
		says[fmt.Sprintf("count(map(%s, .q)) > 1", of)] = func(yes, all int) Answer { return definite(all, yes > 1) }
		says[fmt.Sprintf("true in map(%s, .q)", of)] = func(yes, _ int) Answer { return decide(yes > 0, yes == 0) }
		for src, f := range says {
			e := mustCompile(t, src, scope)
			for _, list := range lists(filtered) {
				got, want := e.Eval(map[string]any{"list": list}).Answer, agreed(list, filtered, f)
				if got != want {
					t.Fatalf("%s of %s is %s, want %s", src, spell(list), got, want)
				}
			}
		}
	}
}

func spell(list []flags) string {
	s := ""
	for _, f := range list {
		s += fmt.Sprintf("[p %s q %s]", spellOne(f.P), spellOne(f.Q))
	}
	return s
}

func spellOne(b *bool) string {
	if b == nil {
		return "?"
	}
	return fmt.Sprint(*b)
}

func TestListsThatAreNotSeen(t *testing.T) {
	scope := Scope{Vars: map[string]reflect.Type{"list": reflect.TypeFor[[]flags]()}}
	var never []flags
	for _, src := range []string{
		"all(list, true)", "any(list, true)", "none(list, false)", "one(list, true)", "count(list, true) >= 0", "len(list) == 0",
		`"x" in map(list, .name)`, "len(filter(list, true)) == 0", `find(list, true).name == "x"`, `first(list).name == "x"`,
		`list[0].name == "x"`,
	} {
		for _, v := range []any{never, nil, "no list"} {
			if r := mustCompile(t, src, scope).Eval(map[string]any{"list": v}); r.Answer != Unknown || r.Unseen == "" {
				t.Errorf("%s of %#v is %s (%q)", src, v, r.Answer, r.Unseen)
			}
		}
		if r := mustCompile(t, src, scope).Eval(nil); r.Answer != Unknown || r.Unseen != "list is not known here" {
			t.Errorf("%s of nothing is %s (%q)", src, r.Answer, r.Unseen)
		}
	}
}

// find is the first item that surely matches, unless one before it may match as well.
func TestFindFirstAndLast(t *testing.T) {
	scope := Scope{Vars: map[string]reflect.Type{"list": reflect.TypeFor[[]flags]()}}
	item := func(name string, p, q *bool) flags { return flags{name, p, q} }
	yes, no := ptr(true), ptr(false)
	for _, c := range []struct {
		list []flags
		src  string
		want any
	}{
		{[]flags{item("a", no, nil), item("b", yes, nil)}, "find(list, .p).name", "b"},
		{[]flags{item("a", nil, nil), item("b", yes, nil)}, "find(list, .p).name", nil},
		{[]flags{item("a", yes, nil), item("b", nil, nil)}, "find(list, .p).name", "a"},
		{[]flags{item("a", no, nil)}, "find(list, .p).name", nil},
		{[]flags{item("a", nil, yes), item("b", yes, yes)}, "find(filter(list, .p), .q).name", nil},
		{[]flags{item("a", nil, no), item("b", yes, yes)}, "find(filter(list, .p), .q).name", "b"},
		{[]flags{item("a", nil, no), item("b", yes, yes)}, "first(filter(list, .p)).name", nil},
		{[]flags{item("a", nil, no), item("b", yes, yes)}, "last(filter(list, .p)).name", "b"},
		{[]flags{item("a", nil, no), item("b", yes, yes)}, "filter(list, .p)[-1].name", "b"},
		{[]flags{item("a", nil, no), item("b", yes, yes)}, "filter(list, .p)[0].name", nil},
		{[]flags{item("a", yes, no), item("b", nil, yes)}, "filter(list, .p)[0].name", "a"},
		{[]flags{item("a", yes, no), item("b", nil, yes)}, "filter(list, .p)[1].name", nil},
		{[]flags{item("a", yes, no)}, "list[1].name", nil},
		{[]flags{item("a", yes, no)}, "list[-2].name", nil},
		{[]flags{}, "first(list).name", nil},
	} {
		got := mustCompile(t, c.src, scope).Eval(map[string]any{"list": c.list})
		if !reflect.DeepEqual(got.Value, c.want) || (c.want == nil) != (got.Unseen != "") {
			t.Errorf("%s of %s is %v (%q), want %v", c.src, spell(c.list), got.Value, got.Unseen, c.want)
		}
	}
}

func TestListsSeenInPart(t *testing.T) {
	r := mustCompile(t, `map(filter(patroni.members, .role != "leader"), .name)`, scope()).Eval(cluster().vars())
	if r.Value != nil || r.Unseen != ".role of netbox-node-3: connection timed out" {
		t.Errorf("value %v, unseen %q", r.Value, r.Unseen)
	}
	if !reflect.DeepEqual(r.Sure, []string{"netbox-node-1"}) || !reflect.DeepEqual(r.Maybe, []string{"netbox-node-3"}) {
		t.Errorf("sure %v, maybe %v", r.Sure, r.Maybe)
	}
	r = mustCompile(t, `map(patroni.members, .lag)`, scope()).Eval(cluster().vars())
	if r.Value != nil || !reflect.DeepEqual(r.Sure, []int64{4096}) || !reflect.DeepEqual(r.Maybe, []int64{}) {
		t.Errorf("value %v, sure %v, maybe %v", r.Value, r.Sure, r.Maybe)
	}
}
