package runbooks

import (
	"fmt"
	"strings"
	"testing"

	"recon/probes"
)

// Eighty books, as many as there are scenarios, are read in the background when the console starts.
func BenchmarkReadEightyBooks(b *testing.B) {
	scope := probes.Scope(nil)
	built, err := collect(shipped, "", FromLibrary)
	if err != nil {
		b.Fatal(err)
	}
	var sources []source
	for len(sources) < 80 {
		for _, s := range built {
			id, kind := s.names(scope)
			if kind == Drill {
				continue
			}
			s.src = []byte(strings.Replace(string(s.src), "\nid: "+id+"\n", fmt.Sprintf("\nid: %s-%d\n", id, len(sources)), 1))
			sources = append(sources, s)
		}
	}
	sources = sources[:80]
	for b.Loop() {
		if l, problems := read(sources, scope); len(problems) > 0 || len(l.Books) != 80 {
			b.Fatalf("%d books, problems %v", len(l.Books), problems)
		}
	}
}
