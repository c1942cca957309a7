package cli

import (
	"strings"
	"testing"

	"recon/internal/doctor"
)

// A reason and a hint stand below their line and do not move the columns of the others.
func TestChecksStandInColumns(t *testing.T) {
	var out strings.Builder
	err := printChecks(&out, []doctor.Check{
		{Node: "n1", System: "etcd", What: "unit", Answer: doctor.OK, Tried: "etcd"},
		{Node: "n1", System: "patroni", What: "port", Answer: doctor.Fail, Tried: "http://n1:8008", Why: "nothing listens on n1:8008, which is a long reason", Hint: "start it"},
		{System: "cluster file", What: "password", Answer: doctor.Skipped, Tried: "env:X"},
	})
	if err != nil {
		t.Fatal(err)
	}
	const want = `ok       n1  etcd          unit      etcd
fail     n1  patroni       port      http://n1:8008
          nothing listens on n1:8008, which is a long reason
          → start it
skipped  -   cluster file  password  env:X
1 ok, 1 fail, 0 unknown, 1 skipped
`
	if out.String() != want {
		t.Errorf("got\n%s", out.String())
	}
}
