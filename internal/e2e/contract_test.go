//go:build lab

package e2e

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"recon/internal/contract"
	"recon/probes"
)

// watched is how long the cluster is looked at at least after a fault, so that what must stay has time to change.
const watched = 10 * time.Second

// everyRun are the contracts of every run, at least one of each system; RECON_ALL_FAULTS holds the cluster to all of them.
var everyRun = []string{
	"kill-leader", "stop-sync-standby", "etcd-member", "etcd-quorum", "kill-redis-master", "haproxy-dead", "vrrp-blocked", "pgbouncer-paused", "netbox-dead", "partition",
}

// TestContracts holds the real cluster to the same contracts as the training cluster, so that neither drifts away from
// the other. RECON_CONTRACT names one.
func TestContracts(t *testing.T) {
	if out, code := recon(t, "lab", "--dir", labDir(), "status"); code != 0 || !strings.Contains(out, "up") || strings.Contains(out, "down") {
		labRun(t, "down")
		labRun(t, "up")
	}
	stream := watchLab(t)
	for _, c := range contract.All() {
		only := os.Getenv("RECON_CONTRACT")
		if only != "" && c.String() != only || only == "" && os.Getenv("RECON_ALL_FAULTS") == "" && !slices.Contains(everyRun, c.String()) {
			continue
		}
		t.Run(strings.ReplaceAll(c.String(), " ", "-"), func(t *testing.T) { keeps(t, stream, c) })
	}
}

func keeps(t *testing.T, stream *stream, c contract.Contract) {
	calm(t)
	var was contract.Roles
	eventually(t, time.Minute, "roles", func() error {
		s := state(t)
		var ok bool
		if was, ok = contract.RolesOf(s); !ok || was.Database != was.Leader {
			return fmt.Errorf("%+v", was)
		}
		return nil
	})
	call := strings.Fields(c.Call(was))
	began := time.Now()
	labRun(t, append([]string{"break"}, call...)...)
	mended := false
	defer func() {
		if !mended {
			labRun(t, "mend")
		}
	}()
	// A console looks every second or two, an answer may take up to 4 s to be missed, and making the fault takes its time.
	slack := contract.Slack{Early: 2, Late: 5 + time.Since(began).Seconds()}
	r := contract.New(c, was, slack, began)
	look := func(from time.Time, least time.Duration) {
		next := stream.after(from)
		for !r.Over(time.Now(), least) {
			s, err := next(time.Second)
			if err != nil {
				t.Fatal(err)
			}
			if s != nil {
				r.Feed(s)
			}
		}
		r.End()
	}
	look(began, watched)
	ends := time.Now()
	r.Mended(ends)
	mended = true
	done := make(chan string, 1)
	go func() {
		out, code := recon(t, "lab", "--dir", labDir(), "mend")
		if code == 0 {
			out = ""
		}
		done <- out
	}()
	look(ends, 0)
	if out := <-done; out != "" {
		t.Errorf("lab mend: %s", out)
	}
	t.Log(r.Times())
	for _, d := range r.Differences() {
		t.Error(d)
	}
}

// stream is what a console on the lab sees, State by State.
type stream struct {
	mu     sync.Mutex
	states []*probes.State
	ended  error
	more   chan struct{}
}

// watchLab starts a console that looks until the test ends.
func watchLab(t *testing.T) *stream {
	t.Helper()
	s := &stream{more: make(chan struct{}, 1)}
	ctx, cancel := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, binary, "lab", "--dir", labDir(), "exec", "console", "--", "recon", "status", "--json", "--watch", "--interval", "1s")
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 10 * time.Second
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	read := make(chan struct{})
	go func() {
		defer close(read)
		s.end(s.read(out))
	}()
	t.Cleanup(func() {
		cancel()
		<-read
		_ = cmd.Wait() // it was told to end
	})
	return s
}

func (s *stream) read(r io.Reader) error {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var seen probes.State
		if err := json.Unmarshal(lines.Bytes(), &seen); err != nil {
			return fmt.Errorf("status --json --watch: %w: %.200s", err, lines.Text())
		}
		s.mu.Lock()
		s.states = append(s.states, &seen)
		s.mu.Unlock()
		s.tell()
	}
	return errors.Join(lines.Err(), errors.New("the console's watch ended"))
}

func (s *stream) end(err error) {
	s.mu.Lock()
	s.ended = err
	s.mu.Unlock()
	s.tell()
}

func (s *stream) tell() {
	select {
	case s.more <- struct{}{}:
	default:
	}
}

// after gives the States from a moment on, one a call: nil when none came within the wait, an error when none will.
func (s *stream) after(from time.Time) func(wait time.Duration) (*probes.State, error) {
	n := 0
	return func(wait time.Duration) (*probes.State, error) {
		timer := time.NewTimer(wait)
		defer timer.Stop()
		for {
			s.mu.Lock()
			for n < len(s.states) && s.states[n].At.Before(from) {
				n++
			}
			if n < len(s.states) {
				found := s.states[n]
				n++
				s.mu.Unlock()
				return found, nil
			}
			ended := s.ended
			s.mu.Unlock()
			if ended != nil {
				return nil, ended
			}
			select {
			case <-s.more:
			case <-timer.C:
				return nil, nil
			}
		}
	}
}
