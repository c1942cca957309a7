package gate

import "testing"

func TestCannotFail(t *testing.T) {
	for _, src := range []string{
		"true", "false", "1 == 1", "1 > 2", `"a" in ["a"]`, "len([1]) == 1", "any([1, 2], # > 1)",
		"etcd.term == etcd.term", "etcd.term >= etcd.term", "etcd.term==etcd.term && true",
		"etcd.quorum || !etcd.quorum", "!etcd.quorum or etcd.quorum", "etcd.quorum || true",
		"etcd.term > 3 || etcd.term <= 3", "etcd.term < 3 || !(3 > etcd.term)", "etcd.term == 3 || 3 != etcd.term",
		`inputs.member != "a" || inputs.member != "b"`, `!(inputs.member == "a" && inputs.member == "b")`,
		"!(etcd.quorum && !etcd.quorum)", "!(etcd.term != etcd.term)", "etcd.quorum ? true : !etcd.quorum",
		"all(nodes, true)", "any(nodes, .name == .name)", "none(nodes, false) || true", `all(nodes, .name != "a" || .name != "b")`,
		"len(nodes) >= 0", "0 <= len(nodes)", "len(nodes) > -1", "count(nodes, .name == \"x\") >= 0", "!(len(nodes) < 0)",
		`inputs.member contains ""`, `inputs.member startsWith ""`, `inputs.member matches ".*"`, `inputs.member matches ""`,
		"patroni.leader == nil || patroni.leader != nil",
	} {
		if why, yes := CannotFail(mustCompile(t, src, scope())); !yes || why == "" {
			t.Errorf("%s can fail (%q)", src, why)
		}
	}
	for _, src := range []string{
		"etcd.quorum", "!etcd.quorum", "etcd.quorum && !etcd.quorum", "etcd.term > 3 || etcd.term < 3", "etcd.term > 3 && etcd.term <= 3",
		`inputs.member != "a" || patroni.leader.name != "b"`, `inputs.member == "a" || inputs.member == "b"`, "etcd.term != etcd.term",
		"all(nodes, .name == \"x\")", "none(nodes, true)", "one(nodes, true)", "len(nodes) > 0", "len(nodes) >= 1", "len(nodes) <= 0",
		`inputs.member matches "^$"`, `inputs.member matches "a"`, `inputs.member contains "a"`, "count(map(nodes, .load > 1)) > 0",
		"etcd.term == 3 || etcd.term != 4", `member("a").state == member("b").state`,
		`any(nodes, .name == "a") || !any(nodes, .name == "b")`, "etcd.quorum ? true : etcd.quorum",
		"etcd.term < 3 || 3 < etcd.term",
	} {
		if why, yes := CannotFail(mustCompile(t, src, scope())); yes {
			t.Errorf("%s cannot fail: %s", src, why)
		}
	}
	if _, yes := CannotFail(mustCompile(t, "etcd.term", scope())); yes {
		t.Error("a number is not a check")
	}
}

// What is called a tautology is never seen to fail, on any of these states.
func TestTautologiesHold(t *testing.T) {
	healthy, blindfold, leaderless := cluster(), cluster(), cluster()
	blindfold.Patroni.Unseen, blindfold.Etcd = "nothing answered", Etcd{}
	leaderless.Patroni.Leader = nil
	for _, src := range []string{
		"etcd.quorum || !etcd.quorum", "etcd.term >= etcd.term", `inputs.member != "a" || inputs.member != "b"`, "len(nodes) >= 0",
		"patroni.leader == nil || patroni.leader != nil", `inputs.member matches ".*"`, "etcd.term > 3 || etcd.term <= 3",
	} {
		e := mustCompile(t, src, scope())
		for _, s := range []*State{healthy, blindfold, leaderless} {
			if _, yes := CannotFail(e); !yes || e.Eval(s.vars()).Answer == Fail {
				t.Errorf("%s: called a tautology: %v, answers %s", src, yes, e.Eval(s.vars()).Answer)
			}
		}
	}
}
