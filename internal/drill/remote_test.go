package drill

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// scripted is a cluster that says what it was told to say.
type scripted struct{ calls []string }

func (s *scripted) Break(_ context.Context, fault string) (string, error) {
	s.calls = append(s.calls, "break "+fault)
	if fault == "nonsense" {
		return "", errors.New("there is no fault \"nonsense\"")
	}
	return "killed it", nil
}
func (s *scripted) Settled() bool { return true }
func (s *scripted) Mend(context.Context) error {
	s.calls = append(s.calls, "mend")
	return nil
}
func (s *scripted) Healthy(context.Context) string { return "nobody leads" }
func (s *scripted) Lost() (int, bool)              { return 3, true }

func TestAClusterElsewhere(t *testing.T) {
	dir, err := os.MkdirTemp("", "far")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	path := filepath.Join(dir, "s")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	real, served := &scripted{}, make(chan struct{})
	go func() {
		defer close(served)
		Serve(t.Context(), l, real)
	}()
	c := Elsewhere(path)
	if said, err := c.Break(t.Context(), "kill-leader"); err != nil || said != "killed it" {
		t.Errorf("%q, %v", said, err)
	}
	if _, err := c.Break(t.Context(), "nonsense"); err == nil || !strings.Contains(err.Error(), "no fault") {
		t.Errorf("a refusal: %v", err)
	}
	if missing := c.Healthy(t.Context()); missing != "nobody leads" {
		t.Errorf("health: %q", missing)
	}
	if n, known := c.Lost(); n != 3 || !known || !c.Settled() {
		t.Errorf("%d lost, known %v", n, known)
	}
	if err := c.Mend(t.Context()); err != nil || strings.Join(real.calls, ", ") != "break kill-leader, break nonsense, mend" {
		t.Errorf("%v, %v", real.calls, err)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	<-served
	// When nobody is there any more, nothing counts as known.
	if n, known := c.Lost(); known || c.Settled() || c.Healthy(t.Context()) == "" || c.Mend(t.Context()) == nil {
		t.Errorf("without anybody: %d lost, known %v", n, known)
	}
}
