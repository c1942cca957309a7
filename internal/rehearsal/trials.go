package rehearsal

import "recon/runbooks"

// Trials are what a book can be proven with: its faults, or the empty text when it is walked on a healthy cluster. When there
// are none, why says so: in the book's own words, or that it names no fault.
func Trials(b *runbooks.Runbook) (faults []string, why string) {
	switch {
	case b.Test.Not != "":
		return nil, b.Test.Not
	case len(b.Faults) > 0:
		return b.Faults, ""
	case b.Test.Healthy:
		return []string{""}, ""
	}
	return nil, "no fault is known that makes what the book is about"
}
