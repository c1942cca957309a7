package cli

import (
	"context"
	"errors"
	"testing"

	"recon/internal/inventory"
)

// The vault password is asked for once, whichever secret needs it; a failed question is asked again, and other secrets always.
func TestAskedOnce(t *testing.T) {
	asked := map[string]int{}
	gone := errors.New("gone")
	ask := askedOnce(func(_ context.Context, what string) (string, error) {
		asked[what]++
		if what == inventory.VaultName && asked[what] == 1 {
			return "", gone
		}
		return what, nil
	})
	if _, err := ask(t.Context(), inventory.VaultName); !errors.Is(err, gone) {
		t.Errorf("got %v", err)
	}
	for range 3 {
		for _, what := range []string{inventory.VaultName, "ssh.password"} {
			if got, err := ask(t.Context(), what); err != nil || got != what {
				t.Errorf("got %q, %v", got, err)
			}
		}
	}
	if asked[inventory.VaultName] != 2 || asked["ssh.password"] != 3 {
		t.Errorf("asked %v", asked)
	}
}
