package gate

import (
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"
)

func TestParts(t *testing.T) {
	for _, c := range []struct{ src, want string }{
		{`patroni.leader != nil && any(patroni.members, .state == "start failed")`, `
pass patroni.leader != nil = true
pass patroni.leader = netbox-node-2
pass any(patroni.members, .state == "start failed") = true
pass .state of netbox-node-1 = "start failed"`},
		{`etcd.quorum and etcd.quorum`, `
pass etcd.quorum = true`},
		{`!etcd.quorum`, `
fail !etcd.quorum = false
fail etcd.quorum = true`},
		{`!(etcd.quorum && ( etcd.term+1 )*2 > 3)`, `
pass etcd.quorum = true
pass ( etcd.term+1 )*2 > 3 = true
pass ( etcd.term+1 )*2 = 20`},
		{`patroni.leader.name not in ["a", inputs.member]`, `
pass patroni.leader.name not in ["a", inputs.member] = true
pass patroni.leader.name = "netbox-node-2"
pass ["a", inputs.member] = ["a", "netbox-node-1"]`},
		{"all(patroni.members,\n  .state == \"running\")", `
fail all(patroni.members, .state == "running") = false
fail .state of netbox-node-1 = "start failed"`},
		{`all(patroni.members, .state != "x")`, `
unknown all(patroni.members, .state != "x") = not seen: .state of netbox-node-3: connection timed out
unknown .state of netbox-node-3 = not seen: connection timed out`},
		{`none(patroni.members, .role == "leader")`, `
fail none(patroni.members, .role == "leader") = false
fail .role of netbox-node-2 = "leader"`},
		{`one(patroni.members, .name startsWith "netbox-node-2")`, `
pass one(patroni.members, .name startsWith "netbox-node-2") = true
pass .name of netbox-node-2 = "netbox-node-2"`},
		{`any(nodes, any(.disks, .percent > 95))`, `
unknown any(nodes, any(.disks, .percent > 95)) = not seen: .disks of netbox-node-2: no value
unknown .disks of netbox-node-2 = not seen: no value`},
		{`any(nodes, any(.disks, .percent > 90))`, `
pass any(nodes, any(.disks, .percent > 90)) = true
pass .percent of item 1 of netbox-node-1 = 91`},
		{`all(patroni.members, .reachable && !(.timeline != patroni.leader.timeline))`, `
fail all(patroni.members, .reachable && !(.timeline != patroni.leader.timeline)) = false
fail .timeline of netbox-node-1 = 6
fail patroni.leader.timeline = 7
fail .reachable of netbox-node-3 = false`},
		{`all(filter(patroni.members, .role != "leader"), .name != "netbox-node-3")`, `
unknown all(filter(patroni.members, .role != "leader"), .name != "netbox-node-3") = not seen: .role of netbox-node-3: connection timed out
unknown netbox-node-3 of filter(patroni.members, .role != "leader") = not seen: .role of netbox-node-3: connection timed out
fail .name of netbox-node-3 = "netbox-node-3"`},
		{`count(patroni.members, .state == "running") >= 2`, `
unknown count(patroni.members, .state == "running") >= 2 = not seen: .state of netbox-node-3: connection timed out
unknown count(patroni.members, .state == "running") = not seen: 1 to 2, .state of netbox-node-3: connection timed out
pass .state of netbox-node-2 = "running"
unknown .state of netbox-node-3 = not seen: connection timed out`},
		{`len(filter(patroni.members, .role != "leader")) == 2`, `
unknown len(filter(patroni.members, .role != "leader")) == 2 = not seen: .role of netbox-node-3: connection timed out
unknown len(filter(patroni.members, .role != "leader")) = not seen: 1 to 2, .role of netbox-node-3: connection timed out
unknown .role of netbox-node-3 = not seen: connection timed out`},
		{`any(etcd.alarms, # contains "NOSPACE")`, `
unknown any(etcd.alarms, # contains "NOSPACE") = not seen: etcd.alarms is empty
unknown etcd.alarms = empty`},
		{`any(map(nodes, .name), # == "netbox-node-2")`, `
pass any(map(nodes, .name), # == "netbox-node-2") = true
pass netbox-node-2 of map(nodes, .name) = "netbox-node-2"`},
		{`any(["a", inputs.member], # == "a")`, `
pass any(["a", inputs.member], # == "a") = true
pass item 1 of ["a", inputs.member] = "a"`},
		{`patroni.leader.lag > 1`, `
unknown patroni.leader.lag > 1 = not seen: patroni.leader.lag: no value
unknown patroni.leader.lag = not seen: no value`},
		{`etcd.quorum ? nodes[0].load < 0.5 : false`, `
pass etcd.quorum = true
pass nodes[0].load < 0.5 = true
pass nodes[0].load = 0.25`},
		{`member(inputs.member).state`, `
pass member(inputs.member).state = "start failed"`},
		{`map(filter(patroni.members, .role != "leader"), .name)`, `
unknown map(filter(patroni.members, .role != "leader"), .name) = ["netbox-node-1", "netbox-node-3"?]
unknown .role of netbox-node-3 = not seen: connection timed out`},
		{`vips.web.holder == nil || false`, `
pass vips.web.holder == nil = true
pass vips.web.holder = nil`},
		{`(((etcd.term)) > (8)) and (inputs.member == "x" or not etcd.quorum)`, `
pass ((etcd.term)) > (8) = true
pass etcd.term = 9
fail inputs.member == "x" = false
fail inputs.member = "netbox-node-1"
fail not etcd.quorum = false
fail etcd.quorum = true`},
	} {
		var got strings.Builder
		for _, p := range mustCompile(t, c.src, scope()).Eval(cluster().vars()).Parts {
			fmt.Fprintf(&got, "\n%s %s = %s", p.Answer, p.Text, p.Value)
		}
		if got.String() != c.want {
			t.Errorf("%s has the parts%s\nwant%s", c.src, got.String(), c.want)
		}
	}
}

// Names and reasons come from outside: they cannot move the cursor of a terminal.
func TestPartsAreSafeToPrint(t *testing.T) {
	s := cluster()
	s.Patroni.Members[0].Name, s.Patroni.Members[2].Error = "n1\x1b[2J", "refused\r\x1b]0;x\a"
	for _, src := range []string{`all(patroni.members, .state == "x")`, `all(patroni.members, .state != "x")`, "patroni.members[2].state", "patroni.members"} {
		r := mustCompile(t, src, scope()).Eval(s.vars())
		all := r.Unseen
		for _, p := range r.Parts {
			all += p.Text + p.Value
		}
		if all == "" || printable(all) != all {
			t.Errorf("%s: %q", src, all)
		}
	}
}

func TestManyItemsAreCut(t *testing.T) {
	s := Scope{Vars: map[string]reflect.Type{"n": reflect.TypeFor[int]()}}
	r := mustCompile(t, "all(1..500, # < n)", s).Eval(map[string]any{"n": 3})
	if r.Answer != Fail || len(r.Parts) > 2*maxItems+1 {
		t.Errorf("%s with %d parts", r.Answer, len(r.Parts))
	}
}

func TestShow(t *testing.T) {
	for _, c := range []struct {
		v      any
		quoted bool
		want   string
	}{
		{"a\x1b[31m\"b", true, `"a\x1b[31m\"b"`},
		{"a\x1b[31mb\u202e", false, "a\ufffd[31mb\ufffd"},
		{strings.Repeat("ä", 200), true, `"` + strings.Repeat("ä", 119) + `…"`},
		{1.0, true, "1"},
		{0.83421, true, "0.834"},
		{-0.5, true, "-0.5"},
		{0.0, true, "0"},
		{0.00012345, true, "0.0001234"},
		{1234567.25, true, "1234567.25"},
		{1e300, true, "1e+300"},
		{math.Inf(-1), true, "-Inf"},
		{uint64(math.MaxUint64), true, "18446744073709551615"},
		{int8(-3), true, "-3"},
		{false, true, "false"},
		{Follower{Name: "n1"}, true, "n1"},
		{Disk{}, true, "a disk"},
		{map[string]string{"a": "b"}, true, "1 entries"},
		{map[string]any{"name": "n1"}, true, "n1"},
	} {
		if got := show(some(c.v), c.quoted); got != c.want {
			t.Errorf("%v is shown as %q, want %q", c.v, got, c.want)
		}
	}
	if got := show(value{state: isNil}, true); got != "nil" {
		t.Errorf("nil is shown as %q", got)
	}
	long := (&frame{run: &run{budget: work}}).load(reflect.ValueOf(make([]int, 12)), typeOf(reflect.TypeFor[[]int](), false), "x")
	if got := show(long, true); got != "[0, 0, 0, 0, 0, 0, 0, 0, … 12 in all]" {
		t.Errorf("a long list is shown as %q", got)
	}
}
