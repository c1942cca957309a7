package rehearsal

import (
	"slices"
	"testing"

	"recon/runbooks"
)

func TestTrials(t *testing.T) {
	for _, c := range []struct {
		book   runbooks.Runbook
		faults []string
		why    string
	}{
		{runbooks.Runbook{Faults: []string{"a", "b"}}, []string{"a", "b"}, ""},
		{runbooks.Runbook{Test: runbooks.Test{Healthy: true}}, []string{""}, ""},
		{runbooks.Runbook{Faults: []string{"a"}, Test: runbooks.Test{Not: "it cannot be made"}}, nil, "it cannot be made"},
		{runbooks.Runbook{}, nil, "no fault is known that makes what the book is about"},
	} {
		faults, why := Trials(&c.book)
		if !slices.Equal(faults, c.faults) || why != c.why {
			t.Errorf("%+v: %q, %q", c.book.Test, faults, why)
		}
	}
}
