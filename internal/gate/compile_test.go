package gate

import (
	"errors"
	"reflect"
	"strings"
	"testing"
)

func TestErrorsSayWhereAndWhatWasMeant(t *testing.T) {
	for _, c := range []struct {
		src, at, want string // at: the error stands where this begins in src
	}{
		{"patroni.leadr == nil", "leadr", "patroni has no field `leadr`; did you mean `leader`?"},
		{"patrni.leader == nil", "patrni", "there is no name `patrni`; did you mean `patroni`?"},
		{"xyz", "xyz", "there is no name `xyz`"},
		{"etcd.secret", "secret", "etcd has no field `secret`"},
		{"any(patroni.members, state == 1)", "state", "did you mean `.state`?"},
		{"any(patroni.members, .stat == 1)", "stat ", "the member has no field `stat`; did you mean `state`?"},
		{`"größe" == etcd.trm`, "trm", "did you mean `term`?"},
		{"etcd.quorum &&\n etcd.trm > 1", "trm", "did you mean `term`?"},
		{"patroni.members.state == 1", "state", "is a list and has no field `state`; ask its items"},
		{"patroni.leader.name.x", "x", "`patroni.leader.name` is a text and has no fields"},
		{"inputs.membr", "membr", "did you mean `member`?"},
		{"anny(nodes, true)", "anny", "there is no function `anny`; did you mean `any`?"},
		{"membr(\"x\")", "membr", "did you mean `member`?"},
		{"zzzzzzzz()", "zzz", "there are all, any, count, filter, find, first, last, len, map, member, none, one, others"},
		{"now() > 1", "now", "time is read as ages"},
		{"sum(patroni.members, .lag) > 1", "sum", "there is no function `sum`"},
		{"reduce(nodes, 1)", "reduce", "there is no function `reduce`"},
		{"sortBy(nodes, .name)", "sortBy", "there is no function `sortBy`"},
		{"nodes | groupBy(.name)", "nodes", "there is no function `groupBy`"},
		{"findIndex(nodes, true)", "findIndex", "did you mean `find`?"},
		{"len(nodes) = 3", "= 3", "write == to compare"},
		{"etcd.quorum & true", "& true", "write && for and"},
		{"etcd.quorum ? true", "", "the expression ends too early"},
		{"(etcd.quorum", "", "the expression ends too early"},
		{"", "", "the expression is empty"},
		{"  \n", "", "the expression is empty"},
		{"etcd.term @ 1", "@", "unrecognized character"},
		{"\xff", "", "not UTF-8"},
		{"patroni.leader?.name == \"x\"", "?.", "?. is not a part of this language"},
		{"etcd.quorum ?? true", "??", "?? is not a part of this language; what was not seen stays unknown"},
		{"let x = 1; x == 1", "let", "let is not a part of this language"},
		{"if etcd.quorum { true } else { false }", "if", "write condition ? this : that"},
		{"etcd.quorum; true", ";", "; is not a part of this language"},
		{"any(nodes, { true; false })", "; f", "; is not a part of this language"},
		{"nodes[0:1]", "nodes", "use filter, first or last"},
		{`{"a": 1}`, "{", "maps cannot be written here"},
		{`b"x" == "x"`, "b", "bytes cannot be written here"},
		{"any(nodes, #index == 1)", "#index", "#index is not a part of this language"},
		{".name == \"x\"", ".name", "items are named inside"},
		{"etcd.quorum()", "etcd", "fields cannot be called"},
		{"etcd()", "etcd", "`etcd` is not a function"},
		{"$env.etcd", "$env", "write the name alone"},
		{"nil", "nil", "nil stands beside == and != only"},
		{"nil == nil", "nil", "this compares nil with nil"},
		{"[nil]", "nil", "nil stands beside"},
		{"etcd.quorum == nil", "etcd.quorum ==", "nil is not a fact of `etcd.quorum`; what was not seen is unknown by itself"},
		{"nil != patroni.members", "nil", "write `len(patroni.members) == 0`"},
		{"patroni.members[0] == nil", "patroni", "write `patroni.members[0].reachable` to ask"},
		{"find(patroni.members, true) != nil", "find", "write any(...)"},
		{"patroni.leader == \"x\"", "patroni", "compares a member with a text; write `patroni.leader.name`"},
		{"patroni.leader == nodes[0]", "patroni", "compares a member with a node"},
		{"nodes[0].disks[0] == nodes[1].disks[0]", "nodes", "a disk has no name to be compared by"},
		{"etcd.alarms == [\"x\"]", "etcd", "ask for its items"},
		{"vips == vips", "vips", "compares a map of vip with a map of vip"},
		{"etcd.term == \"x\"", "etcd", "compares a number with a text"},
		{"etcd.quorum > 1", "etcd", "> does not go with a bool and a number"},
		{"etcd.term && true", "etcd.term", "`etcd.term` is a number, not a condition"},
		{"true && etcd.term", "etcd.term", "`etcd.term` is a number, not a condition"},
		{"!etcd.term", "etcd.term", "not a condition"},
		{"-etcd.quorum", "-etcd", "- takes a number"},
		{"1 + \"x\"", "1", "+ does not go with a number and a text"},
		{"1.5 % 2", "1.5", "% does not go with"},
		{"etcd.alarms contains \"x\"", "etcd", "write `\"x\" in etcd.alarms`"},
		{"\"x\" in inputs.member", "\"x\"", "write `inputs.member contains \"x\"`"},
		{"1 in etcd.alarms", "1", "in does not go with a number and a list of text"},
		{"inputs.member in patroni", "inputs", "in does not go with a text and a patroni"},
		{"inputs.member matches inputs.member", "inputs.member", "a regular expression that is written out"},
		{"inputs.member matches \"(\"", "\"(", "missing closing )"},
		{"etcd.quorum ? 1 : \"x\"", "etcd", "both sides of : have one type, and these are a number and a text"},
		{"etcd.term ? true : false", "etcd", "`etcd.term` is a number, not a condition"},
		{"[1, \"x\"]", "\"x", "the items of a list have one type"},
		{"[[1]]", "[1", "a list here holds"},
		{"[] == []", "[", "an empty list compares with nothing"},
		{"all(patroni.members, .lag)", ".lag", "`.lag` is a number, not a condition"},
		{"all(vips, true)", "vips", "all takes a list, and `vips` is a map of vip; name one of its values"},
		{"count(nodes)", "count", "write `len(nodes)`"},
		{"len(nodes, nodes)", "len", "len takes one argument, not 2"},
		{"map(nodes, .disks)", ".disks", "map makes a list of texts"},
		{"member()", "member", "member takes one argument, not 0"},
		{"member(3)", "3", "member takes a text here, and `3` is a number"},
		{"nodes[\"x\"]", "\"x", "is a list and has no field `x`"},
		{"nodes[1.5]", "1.5", "the items of a list have numbers"},
		{"vips[1]", "1", "the keys of `vips` are text"},
		{"patroni[etcd.alarms[0]]", "etcd", "a field is named by its word"},
		{"any(nodes, any(.disks, any(nodes, any(.disks, any(nodes, true)))))", "true", "nested more than 4 deep"},
		{strings.Repeat("(", 5000), "", "longer than 4 KiB"},
		{strings.Repeat("!", 200) + "true", "", "nested too deeply"},
		{"true" + strings.Repeat(" && true", 500), "", ""},
	} {
		_, err := Compile(c.src, scope())
		var e *Error
		if !errors.As(err, &e) {
			t.Errorf("%s: no *Error but %v", shorten(c.src, 60), err)
			continue
		}
		if !strings.Contains(e.Error(), c.want) {
			t.Errorf("%s: %q does not say %q", shorten(c.src, 60), e.Error(), c.want)
		}
		if at := strings.Index(c.src, c.at); c.at != "" && e.Offset != at {
			// A word may stand more than once; the error is at one of its places.
			if e.Offset >= len(c.src) || !strings.HasPrefix(c.src[e.Offset:], c.at) {
				t.Errorf("%s: the error is at %d, not at %d: %s", c.src, e.Offset, at, e)
			}
		}
	}
}

// Offset counts bytes of the source, Column characters of the line.
func TestPlacesOfErrors(t *testing.T) {
	for _, c := range []struct {
		src            string
		offset, column int
	}{
		{"etcd.trm", 5, 6},
		{"\"ö\" == etcd.trm", 13, 13},
		{"etcd.quorum &&\n  etcd.trm > 1", 22, 8},
		{"any(patroni.members,\n\t.stat == \"x\")", 23, 3},
	} {
		_, err := Compile(c.src, scope())
		var e *Error
		if !errors.As(err, &e) || e.Offset != c.offset || e.Column != c.column {
			t.Errorf("%q: %#v, want offset %d, column %d", c.src, err, c.offset, c.column)
		}
	}
}

func TestReads(t *testing.T) {
	for src, want := range map[string]string{
		"etcd.quorum": "etcd.quorum",
		`etcd.quorum && any(patroni.members, .state == "x")`:              "etcd.quorum patroni.members.state",
		"len(patroni.members) > 1":                                        "patroni.members",
		`find(filter(patroni.members, .reachable), .lag > 1).name == "x"`: "patroni.members.lag patroni.members.name patroni.members.reachable",
		`member(inputs.member).state == "x"`:                              "inputs.member patroni.members.state",
		"others(patroni.leader)[0].lag > 1":                               "others().lag patroni.leader",
		`nodes[0].units["patroni"] == "active"`:                           "nodes.units.patroni",
		"nodes[0].units[inputs.member] == \"x\"":                          "inputs.member nodes.units",
		`vips.db.holder == patroni.leader.name`:                           "patroni.leader.name vips.db.holder",
		`any(nodes, any(.disks, .percent > 90 && etcd.term > 1))`:         "etcd.term nodes.disks.percent",
		`any(map(patroni.members, .name), # == "x")`:                      "patroni.members.name",
		`patroni.leader != nil && patroni.leader.name == "x"`:             "patroni.leader.name",
		"1 == 1": "",
		`first(patroni.members).name == last(patroni.replicas).name`: "patroni.members.name patroni.replicas.name",
	} {
		e := mustCompile(t, src, scope())
		if got := strings.Join(e.Reads(), " "); got != want {
			t.Errorf("%s reads %q, want %q", src, got, want)
		}
		if e.Source() != src {
			t.Errorf("source of %q is %q", src, e.Source())
		}
	}
}

// Two structs with the same fields are two types, and a struct that holds itself is no trouble.
func TestScopesWithOddTypes(t *testing.T) {
	type left struct {
		Name string `json:"name"`
	}
	type right struct {
		Name string `json:"name"`
	}
	type pair struct {
		L  *left          `json:"l"`
		R  right          `json:"r"`
		F  func()         `json:"f"`
		C  chan int       `json:"c"`
		M  map[int]string `json:"m"`
		LL [][]int        `json:"ll"`
		E  error          `json:"e"`
		A  [2]int         `json:"a"`
		No int
	}
	s := Scope{Vars: map[string]reflect.Type{"p": reflect.TypeFor[**pair](), "m": reflect.TypeFor[Member](), "any": reflect.TypeFor[int](), "what": reflect.TypeFor[any](), "f": reflect.TypeFor[func()]()}}
	for src, ok := range map[string]bool{
		"p.l == p.r": false, "p.l.name == p.r.name": true, "p.f": false, "p.c": false, "p.m": false, "p.ll": false, "p.e": false,
		"len(p.a) == 2": true, "p.No == 0": true, "m.self.self.name == \"x\"": true, "m.self == m": true, "any == 1": true, "any(1)": false,
		"what.x": false, "what == 1": false, "what": true, "f": false,
	} {
		if _, err := Compile(src, s); (err == nil) != ok {
			t.Errorf("%s: %v", src, err)
		}
	}
	p := &pair{L: &left{"x"}}
	if r := mustCompile(t, `p.l.name == "x" && p.a[1] == 0`, s).Eval(map[string]any{"p": &p}); r.Answer != Pass {
		t.Errorf("%s: %s", r.Answer, r.Unseen)
	}
}

func TestWithVarsLeavesTheScopeAlone(t *testing.T) {
	a := Scope{Vars: map[string]reflect.Type{"x": reflect.TypeFor[int]()}}
	b := a.WithVars(map[string]reflect.Type{"y": reflect.TypeFor[string](), "x": reflect.TypeFor[bool]()})
	if len(a.Vars) != 1 || a.Vars["x"].Kind() != reflect.Int || len(b.Vars) != 2 || b.Vars["x"].Kind() != reflect.Bool {
		t.Errorf("a %v, b %v", a.Vars, b.Vars)
	}
}
