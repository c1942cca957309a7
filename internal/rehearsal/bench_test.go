package rehearsal

import "testing"

// BenchmarkLook is one look at everything on a healthy cluster: most of what a rehearsal costs.
func BenchmarkLook(b *testing.B) {
	con, err := Open(b.Context(), b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	defer func() {
		if err := con.Close(); err != nil {
			b.Error(err)
		}
	}()
	if _, err := con.Fresh(b.Context(), nil); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := con.Fresh(b.Context(), nil); err != nil {
			b.Fatal(err)
		}
	}
}
