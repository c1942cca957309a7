package rehearsal

import (
	"os"
	"runtime/debug"
	"slices"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"recon/runbooks"
)

func TestMain(m *testing.M) {
	debug.SetGCPercent(400) // as `recon runbooks test` does
	goleak.VerifyTestMain(m)
}

// Every book of the library is proven with its first fault, or says why it cannot be; RECON_BOOK names one, or a few.
func TestLibrary(t *testing.T) {
	lib, err := Library(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	only := strings.Fields(os.Getenv("RECON_BOOK"))
	if raced && len(only) == 0 {
		only = []string{"patroni-leader-crash", "etcd-member-down", "haproxy-down", "pgbouncer-paused", "redis-server-down", "vip-nowhere", "certificate-ended"}
	}
	for _, b := range lib.Books {
		if b.Kind == runbooks.Drill || len(only) > 0 && !slices.Contains(only, b.ID) {
			continue
		}
		faults, _ := Trials(b)
		if len(faults) == 0 {
			if b.Test.Not == "" {
				t.Errorf("%s names no fault, is not for a healthy cluster, and does not say why it is not rehearsed", b.ID)
			}
			continue
		}
		t.Run(b.ID, func(t *testing.T) {
			t.Parallel()
			r := Book(t.Context(), lib, b, faults[0], t.TempDir())
			if r.Err != nil {
				t.Fatalf("%s after %s: %v", faults[0], r.Took, r.Err)
			}
			t.Logf("%s: found after %s, walked in %s, %d steps, %d commands, %d lost, in %s", faults[0], r.Found, r.Walked, r.Steps, r.Commands, r.Lost, r.Took)
		})
	}
}
