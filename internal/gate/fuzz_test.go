package gate

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"
)

// Whatever is written, compiling and evaluating ends without a panic, and the result is consistent.
func FuzzCompileAndEval(f *testing.F) {
	for _, src := range []string{
		`patroni.leader != nil && any(patroni.members, .state == "start failed")`,
		`all(filter(patroni.members, .role != "leader"), .lag < 100) ? true : none(nodes, any(.disks, # == #))`,
		`count(patroni.members, .lag > 1) >= 2 or len(vips) % 2 == 0`,
		`find(patroni.members, .name matches "^n").tags["x"] not in ["a", "b"]`,
		`member(inputs.member).timeline ** 2 / 0 <= -etcd.term`,
		`first(map(1..5, # * 2)) == last([1, 2.5]) && nodes[-1].units.patroni startsWith "a"`,
		`patroni.members | filter({.reachable}) | map(.name) | len()`,
		`let x = 1; x ?? y?.z`, `[{"a": 1}][0:1]`, "\"\\u00e9\" + `x` // c", `b"x"`, `if a { b } else { c }`, `#`, `.x`, `$env`, `::len(1)`,
	} {
		f.Add(src)
	}
	s := scope()
	empty, full := map[string]any{}, cluster().vars()
	f.Fuzz(func(t *testing.T, src string) {
		e, err := Compile(src, s)
		if err != nil {
			var place *Error
			if !errors.As(err, &place) || place.Offset < 0 || place.Offset > len(src) || place.Column < 1 || place.What == "" {
				t.Fatalf("%q: error %#v", src, err)
			}
			return
		}
		if e.Type() == nil {
			t.Fatalf("%q has no type", src)
		}
		for _, vars := range []map[string]any{empty, full} {
			r := e.Eval(vars)
			if (r.Value == nil) != (r.Unseen != "") {
				t.Fatalf("%q: value %v, unseen %q", src, r.Value, r.Unseen)
			}
			if b, ok := r.Value.(bool); ok && (r.Answer == Pass) != b || r.Answer != Unknown && !ok {
				t.Fatalf("%q: value %v, answer %s", src, r.Value, r.Answer)
			}
			if _, never := CannotFail(e); never && r.Answer == Fail && len(e.Reads()) > 0 {
				t.Fatalf("%q fails and is said never to", src)
			}
			for _, p := range r.Parts {
				if p.Text == "" || p.Value == "" {
					t.Fatalf("%q: part %#v", src, p)
				}
			}
		}
	})
}

// Losing sight of facts never turns one answer into the other: it can only make it unknown.
func FuzzBlindnessOnlyMakesUnknown(f *testing.F) {
	f.Add(`any(patroni.members, .state == "running") && !(etcd.term > 3)`, uint8(7))
	f.Add(`none(filter(patroni.members, .role != "leader"), .lag > 1) || patroni.lock_holder == patroni.leader.name`, uint8(255))
	f.Add(`count(patroni.members, .timeline == 7) > 0 ? vips.db.holder in map(nodes, .name) : one(nodes, .load < 1)`, uint8(3))
	s := scope()
	f.Fuzz(func(t *testing.T, src string, hide uint8) {
		e, err := Compile(src, s)
		if err != nil || strings.Contains(src, "reachable") || strings.Contains(src, "error") {
			return
		}
		before, after := cluster(), cluster()
		for i := range after.Patroni.Members {
			before.Patroni.Members[i].Reachable = true
			if after.Patroni.Members[i].Reachable = hide>>i&1 == 0; hide>>i&1 == 1 {
				after.Patroni.Members[i].Error = "hidden"
			}
		}
		if hide>>3&1 == 1 {
			after.Etcd = Etcd{}
		}
		if hide>>4&1 == 1 {
			after.Patroni.Unseen = "hidden"
		}
		if hide>>5&1 == 1 {
			after.VIPs = nil
		}
		if hide>>6&1 == 1 {
			after.Nodes[0].Disks, after.Nodes[0].Units, after.Nodes[0].Load = nil, nil, nil
		}
		a, b := e.Eval(before.vars()).Answer, e.Eval(after.vars()).Answer
		if b != Unknown && a != b {
			t.Fatalf("%q answers %s, and %s when less is seen", src, a, b)
		}
	})
}

// Work is bounded, also where predicates and texts multiply: what takes too long is unknown.
func TestEvaluationEnds(t *testing.T) {
	for _, src := range []string{
		"all(1..1000, any(1..1000, all(1..1000, any(1..1000, # > 1000))))",
		strings.Repeat("map(", 20) + `["aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"]` + strings.Repeat(", # + #)", 20) + `[0] == "x"`,
		strings.Repeat("!", 60) + "all(1..1000, all(1..1000, true))",
		"len(1..1000000000) == 1",
		"len(-9223372036854775807..9223372036854775807) == 1",
	} {
		began := time.Now()
		r := mustCompile(t, src, scope()).Eval(cluster().vars())
		if r.Answer != Unknown || r.Unseen == "" {
			t.Errorf("%s is %s", shorten(src, 60), r.Answer)
		}
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("%s took %s", shorten(src, 60), took)
		}
	}
}

func TestOneExpressionInManyGoroutines(t *testing.T) {
	e := mustCompile(t, `any(patroni.members, .name matches "1$") && member(inputs.member).lag > 100`, scope())
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 50 {
				if r := e.Eval(cluster().vars()); r.Answer != Pass {
					t.Errorf("%s: %s", r.Answer, r.Unseen)
				}
			}
		})
	}
	all.Wait()
}
