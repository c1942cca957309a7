package gate

import (
	"reflect"
	"testing"
)

// Nobody leads, and that is seen: nil is a fact, what hangs below it is not.
func TestNilAsAFact(t *testing.T) {
	s := cluster()
	s.Patroni.Leader, s.Patroni.LockHolder = nil, nil
	answers(t, s.vars(), `
pass    patroni.leader == nil
pass    nil == patroni.leader
fail    patroni.leader != nil
pass    patroni.lock_holder == nil
fail    patroni.lock_holder == "netbox-node-1"
pass    patroni.lock_holder != "netbox-node-1"
pass    "netbox-node-1" != patroni.lock_holder
unknown patroni.leader.name == "netbox-node-2"
unknown patroni.leader.name != "netbox-node-2"
unknown patroni.leader.timeline > 0
fail    patroni.leader != nil && patroni.leader.name == "x"
pass    patroni.leader == nil || patroni.leader.name == "x"
fail    patroni.leader == member("netbox-node-1")
pass    patroni.leader != member("netbox-node-1")
unknown patroni.leader == member("netbox-node-9")
unknown patroni.lock_holder contains "n"
unknown patroni.lock_holder < "n"
unknown patroni.lock_holder + "x" == "x"
pass    patroni.lock_holder == patroni.lock_holder
fail    patroni.lock_holder in ["netbox-node-1"]
pass    patroni.lock_holder not in ["netbox-node-1"]
unknown patroni.lock_holder in nodes[0].units
unknown member(patroni.lock_holder).name == "x"
unknown nodes[0].units[patroni.lock_holder] == "active"
pass    (etcd.quorum ? patroni.lock_holder : "x") == nil
`)
	r := mustCompile(t, "patroni.leader", scope()).Eval(s.vars())
	if r.Value != nil || r.Unseen != "patroni.leader is nil" {
		t.Errorf("patroni.leader is %v, unseen %q", r.Value, r.Unseen)
	}
}

// The same questions while nobody answers: then nil is not a fact.
func TestNilThatIsNotSeen(t *testing.T) {
	s := cluster()
	s.Patroni.Leader, s.Patroni.LockHolder, s.Patroni.Unseen = nil, nil, "no member answered"
	answers(t, s.vars(), `
unknown patroni.leader == nil
unknown patroni.leader != nil
unknown patroni.lock_holder == "netbox-node-1"
unknown patroni.lock_holder != "netbox-node-1"
unknown patroni.lock_holder == patroni.lock_holder
unknown patroni.leader == nil || patroni.leader.name == "x"
unknown patroni.lock_holder in ["netbox-node-1"]
`)
	r := mustCompile(t, "patroni.leader == nil", scope()).Eval(s.vars())
	if r.Unseen != "patroni.leader: no member answered" {
		t.Errorf("unseen because %q", r.Unseen)
	}
}

func TestBlindFieldsAreUnseenWhateverTheyHold(t *testing.T) {
	s := cluster()
	s.Patroni.Disputed = "two members say that they lead"
	s.Etcd.Quorum = nil
	for src, why := range map[string]string{
		"patroni.leader.name":                               "patroni.leader: two members say that they lead",
		"patroni.leader":                                    "patroni.leader: two members say that they lead",
		"etcd.quorum":                                       "etcd.quorum: not enough endpoints answered", // by a pointer receiver
		"patroni.members[2].state":                          "patroni.members[2].state: connection timed out",
		"patroni.members[2].self.name":                      "patroni.members[2].self: connection timed out",
		"patroni.members[0].self.name":                      "patroni.members[0].self: no value",
		`member("netbox-node-9").name`:                      "there is no member netbox-node-9",
		`vips.mail.holder`:                                  `vips has no "mail"`,
		`nodes[7].name`:                                     "nodes has no item 7, it has 2",
		`last(patroni.members).state`:                       "last(patroni.members).state: connection timed out",
		`find(patroni.members, .state == "streaming").name`: ".state of netbox-node-3: connection timed out",
		`find(nodes, .name == "x").name`:                    `find(nodes, .name == "x") finds nothing`,
	} {
		r := mustCompile(t, src, scope()).Eval(s.vars())
		if r.Value != nil || r.Answer != Unknown || r.Unseen != why {
			t.Errorf("%s is %v, unseen %q, want %q", src, r.Value, r.Unseen, why)
		}
	}
}

func TestValuesAreGoValues(t *testing.T) {
	s := cluster()
	for src, want := range map[string]any{
		"patroni.leader":          s.Patroni.Members[1],
		"patroni.leader.timeline": 7,
		"etcd.term":               uint64(9),
		"etcd.term + 1":           10,
		"etcd.quorum":             true,
		"map(nodes, .name)":       []string{"netbox-node-1", "netbox-node-2"},
		"filter(patroni.members, .name == \"netbox-node-1\")": s.Patroni.Members[:1],
		"others(patroni.leader)":                              []Member{s.Patroni.Members[0], s.Patroni.Members[2]},
		"vips":                                                s.VIPs,
		"etcd.alarms":                                         []string{},
		"inputs.member":                                       "netbox-node-1",
		"inputs.most":                                         3,
		"1..3":                                                []int{1, 2, 3},
		"3..1":                                                []int{},
		"[1, 2.5]":                                            []float64{1, 2.5},
		"len(vips)":                                           2,
		"nodes[0].load * 4":                                   1.0,
	} {
		e := mustCompile(t, src, scope())
		r := e.Eval(s.vars())
		if !reflect.DeepEqual(r.Value, want) {
			t.Errorf("%s is %#v (%q), want %#v", src, r.Value, r.Unseen, want)
		} else if reflect.TypeOf(r.Value) != e.Type() {
			t.Errorf("%s is of type %T, announced as %s", src, r.Value, e.Type())
		}
	}
}

// What Eval is given may have other types than the scope announced: that is not seen, and never a panic.
func TestVariablesOfOtherTypes(t *testing.T) {
	for _, v := range []any{nil, 3, "x", []int{1}, map[int]int{1: 1}, map[string]int{"quorum": 1}, &State{}, func() {}, (*Etcd)(nil), new(any)} {
		for _, src := range []string{"etcd.quorum", "etcd.term == 3", `"x" in etcd.alarms`, "any(etcd.alarms, # == \"x\")", "etcd.quorum == true"} {
			r := mustCompile(t, src, scope()).Eval(map[string]any{"etcd": v})
			if r.Answer != Unknown || r.Unseen == "" {
				t.Errorf("%s with etcd %T is %s", src, v, r.Answer)
			}
		}
	}
	given := map[string]any{"quorum": true, "term": 3}
	for src, want := range map[string]Answer{"etcd.quorum": Pass, "etcd.term == 3": Pass, "len(etcd.alarms) == 0": Unknown} {
		if r := mustCompile(t, src, scope()).Eval(map[string]any{"etcd": given}); r.Answer != want {
			t.Errorf("%s of a map is %s (%s)", src, r.Answer, r.Unseen)
		}
	}
}

func TestTypesOfArguments(t *testing.T) {
	type small int8
	echo := func(f any) Func {
		typ := reflect.TypeOf(f)
		return Func{Type: typ, Call: func(_ map[string]any, args []any) (any, string) {
			in := make([]reflect.Value, len(args))
			for i, a := range args {
				if in[i] = reflect.ValueOf(a); a == nil {
					in[i] = reflect.Zero(typ.In(min(i, typ.NumIn()-1)))
				}
			}
			return reflect.ValueOf(f).Call(in)[0].Interface(), ""
		}}
	}
	s := threeScope()
	s.Funcs = map[string]Func{
		"tiny":   echo(func(n small) int { return int(n) }),
		"half":   echo(func(f float64) float64 { return f / 2 }),
		"deref":  echo(func(p *int64) int64 { return *p }),
		"total":  echo(func(all []int64) int { return len(all) }),
		"many":   echo(func(all ...string) int { return len(all) }),
		"kind":   echo(func(v any) string { return reflect.TypeOf(v).String() }),
		"lies":   {Type: reflect.TypeFor[func() int](), Call: func(map[string]any, []any) (any, string) { return "three", "" }},
		"silent": {Type: reflect.TypeFor[func() *int](), Call: func(map[string]any, []any) (any, string) { return (*int)(nil), "" }},
	}
	vars := map[string]any{"l": three{I: ptr(int64(7)), U: ptr(uint64(300)), S: ptr("a")}, "r": three{}}
	for src, want := range map[string]any{
		"tiny(l.i)": 7, "tiny(l.u)": nil, "half(l.i)": 3.5, "half(3)": 1.5, "deref(l.i)": int64(7), "deref(r.i)": nil,
		"total([1, l.i])": 2, "total([1, r.i])": nil, "many()": 0, `many("a", l.s)`: 2, "kind(l)": "gate.three", "kind(l.i)": "int64",
		"kind([1])": "[]int", "kind(r.s)": nil, "lies()": nil, "silent()": nil, "-tiny(l.i)": -7,
	} {
		r := mustCompile(t, src, s).Eval(vars)
		if !reflect.DeepEqual(r.Value, want) || (want == nil) != (r.Unseen != "") {
			t.Errorf("%s is %v (%q), want %v", src, r.Value, r.Unseen, want)
		}
	}
}
