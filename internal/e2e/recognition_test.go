//go:build lab

package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"recon/internal/fault"
	"recon/internal/lab"
	"recon/probes"
	"recon/runbooks"
)

// seen is what `recon status --json` says beside the State.
type seen struct {
	Verdict  string
	Reasons  []string
	Findings []struct{ Book, Phase, Because string }
}

func look(t *testing.T) (seen, int) {
	t.Helper()
	out, code := onConsole(t, "recon", "status", "--json")
	var s seen
	if err := json.Unmarshal([]byte(out), &s); err != nil {
		t.Fatalf("status --json: %v\n%s", err, out)
	}
	return s, code
}

// always are the faults that every run makes: of each system one or two. RECON_ALL_FAULTS makes them all, which takes half
// an hour.
func always() []string {
	return []string{
		fault.StopSyncStandby, fault.PatroniPaused, fault.EtcdMember, fault.KillRedisMaster, fault.SentinelQuorum,
		fault.HAProxyDead, fault.HAProxyMaint, fault.VIPNowhere, fault.PgBouncerPaused, fault.CertExpired,
		fault.NetBoxDead, fault.PartitionPair, fault.CutConsole, fault.UnitFailed,
	}
}

// TestRecognition makes faults on the real cluster, one at a time, and looks whether a book that names the fault recognises
// it. After each mend the cluster has to be as healthy as before: nothing is left of the fault, and no finding stays.
func TestRecognition(t *testing.T) {
	if out, code := recon(t, "lab", "--dir", labDir(), "status"); code != 0 || !strings.Contains(out, "up") || strings.Contains(out, "down") {
		labRun(t, "down")
		labRun(t, "up")
	}
	lib, err := runbooks.Load(probes.Scope(nil))
	if err != nil {
		t.Fatal(err)
	}
	books := map[string][]string{}
	for _, b := range lib.Books {
		if b.When == nil {
			continue // no probe can see it: an operator looks, with the book's steps
		}
		if len(b.Test.With)+len(b.Test.Readable) > 0 || b.Test.After > 0 {
			continue // the fault alone does not make it, or not soon
		}
		for _, text := range b.Faults {
			c, err := fault.Parse(text)
			if err != nil {
				t.Fatal(err)
			}
			books[c.Fault.Name] = append(books[c.Fault.Name], b.ID)
		}
	}
	names := always()
	if os.Getenv("RECON_ALL_FAULTS") != "" {
		names = slices.DeleteFunc(fault.Names(), func(name string) bool { return len(books[name]) == 0 || lab.Refusals()[name] != "" })
	}
	calm(t)
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			if len(books[name]) == 0 {
				t.Fatalf("no book names the fault %s", name)
			}
			defer func() {
				labRun(t, "mend")
				calm(t)
			}()
			began := time.Now()
			labRun(t, "break", name)
			broken := time.Now()
			var last seen
			eventually(t, 90*time.Second, "finding of "+strings.Join(books[name], " or "), func() error {
				var code int
				last, code = look(t)
				for _, f := range last.Findings {
					if slices.Contains(books[name], f.Book) && (f.Phase == "pending" || f.Phase == "holds") {
						if code != 3 {
							return fmt.Errorf("%s is found, and the exit code is %d", f.Book, code)
						}
						t.Logf("made in %s, found %s later: %s: %s (%d findings)", broken.Sub(began).Round(time.Second),
							time.Since(broken).Round(time.Second), f.Book, f.Because, len(last.Findings))
						return nil
					}
				}
				return fmt.Errorf("found instead: %v", last.Reasons)
			})
		})
	}
}

// calm waits until nothing is wrong any more, but for what is true of the machine and the last hour.
func calm(t *testing.T) {
	t.Helper()
	eventually(t, 4*time.Minute, "calm", func() error {
		s, code := look(t)
		wrong := slices.DeleteFunc(s.Reasons, func(r string) bool {
			// Members that restarted lately, and a machine that is too busy for three etcds: both are true, and nothing is left to mend.
			return strings.HasPrefix(r, "patroni-flaps:") || strings.HasPrefix(r, "etcd-slow:")
		})
		if len(wrong) > 0 || code == 4 {
			return fmt.Errorf("%s (exit code %d): %v", s.Verdict, code, s.Reasons)
		}
		return nil
	})
}
