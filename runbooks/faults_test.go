package runbooks

import (
	"testing"

	"recon/internal/fault"
)

// The faults name scenarios as plain strings; here is who knows them.
func TestFaultsMakeScenariosOfTheCatalogue(t *testing.T) {
	known := map[string]bool{}
	for _, s := range Scenarios() {
		known[s.ID] = true
	}
	for _, f := range fault.All() {
		for _, id := range f.Scenarios {
			if !known[id] {
				t.Errorf("%s makes the scenario %s, which the catalogue lacks", f.Name, id)
			}
		}
		switch f.System {
		case "network":
		default:
			if !systems()[f.System] {
				t.Errorf("%s: no book can name the system %s", f.Name, f.System)
			}
		}
	}
}

func systems() map[string]bool {
	all := map[string]bool{}
	for _, s := range Systems() {
		all[s] = true
	}
	return all
}
