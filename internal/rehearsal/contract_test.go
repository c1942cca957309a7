package rehearsal

import (
	"os"
	"strings"
	"testing"
	"time"

	"recon/internal/contract"
	"recon/probes"
)

// watched is how long a cluster is looked at at least after a fault, so that what must stay has time to change.
const watched = 15 * time.Second

// TestContracts holds the training cluster to what a real cluster does. Looks are a second apart, in the cluster's time.
// RECON_CONTRACT names one.
func TestContracts(t *testing.T) {
	all := contract.All()
	if raced {
		all = all[:1]
	}
	for _, c := range all {
		if only := os.Getenv("RECON_CONTRACT"); only != "" && c.String() != only {
			continue
		}
		t.Run(strings.ReplaceAll(c.String(), " ", "-"), func(t *testing.T) {
			t.Parallel()
			keeps(t, c)
		})
	}
}

func keeps(t *testing.T, c contract.Contract) {
	con, err := Open(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := con.Close(); err != nil {
			t.Error(err)
		}
	}()
	fresh := func() *probes.State {
		t.Helper()
		s, err := con.Fresh(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	was, ok := contract.RolesOf(fresh())
	if !ok {
		t.Fatalf("the training cluster does not begin healthy: %s", con.twin.World.Healthy())
	}
	r := contract.New(c, was, contract.Slack{Early: 1, Late: 1.5}, con.twin.World.Now())
	if _, err := con.twin.Break(c.Call(was)); err != nil {
		t.Fatal(err)
	}
	look := func(least time.Duration) {
		for !r.Over(con.twin.World.Now(), least) {
			con.twin.Advance(time.Second)
			r.Feed(fresh())
		}
		r.End()
	}
	look(watched)
	con.twin.World.Mend()
	r.Mended(con.twin.World.Now())
	look(0)
	t.Log(r.Times())
	for _, d := range r.Differences() {
		t.Error(d)
	}
}
