package gate

import "testing"

func BenchmarkCompile(b *testing.B) {
	s := scope()
	for b.Loop() {
		mustCompile(b, `patroni.leader != nil && any(patroni.members, .state == "start failed")`, s)
	}
}

func BenchmarkEval(b *testing.B) {
	e := mustCompile(b, `patroni.leader != nil && any(patroni.members, .state == "start failed")`, scope())
	vars := cluster().vars()
	for b.Loop() {
		e.Eval(vars)
	}
}
