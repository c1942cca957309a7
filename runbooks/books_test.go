package runbooks

import (
	"testing"

	"recon/probes"
)

func TestShippedBooks(t *testing.T) {
	l, err := Load(probes.Scope(nil))
	if err != nil {
		t.Fatal(err)
	}
	t.Log(len(l.Books), len(l.Guards))
}
