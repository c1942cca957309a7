package remote

import (
	"context"
	"math/rand/v2"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

// descriptors counts the open files of this process.
func descriptors(t *testing.T) int {
	t.Helper()
	entries, err := os.ReadDir("/dev/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(entries)
}

func TestNothingLeaksOverAHundredConnectsAndCancels(t *testing.T) {
	key, _ := newKey(t)
	s := serve(t, key)
	node := s.node(t, "db1", key.PublicKey())
	round := func(i int) {
		p := newPool(pool(t, Options{}, quick(), node).cluster, Options{}, quick())
		ctx, cancel := context.WithTimeout(context.Background(), time.Duration(rand.IntN(20_000_000)))
		defer cancel()
		var all sync.WaitGroup
		all.Go(func() { p.Run(ctx, "db1", Command{Line: "cat; sleep 0.02"}) })
		all.Go(func() {
			c, err := p.Dial(ctx, "db1", "tcp", s.listener.Addr().String())
			if err == nil && i%2 == 0 {
				_ = c.Close()
			}
		})
		all.Go(func() { p.RunLocal(ctx, Command{Line: "sleep 0.02"}) })
		if i%3 == 0 {
			all.Wait()
		}
		if err := p.Close(); err != nil {
			t.Error(err)
		}
		all.Wait()
	}
	for i := range 5 {
		round(i)
	}
	settled := func(goroutines, files int) func() bool {
		return func() bool { return runtime.NumGoroutine() <= goroutines && descriptors(t) <= files }
	}
	until(t, "the first rounds settle", settled(runtime.NumGoroutine(), descriptors(t)))
	var goroutines, files int
	// The server's side ends a moment later than ours: the lowest counts of a second are the truth.
	goroutines, files = 1<<30, 1<<30
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for range 50 {
		<-tick.C
		goroutines, files = min(goroutines, runtime.NumGoroutine()), min(files, descriptors(t))
	}
	for i := range 100 {
		round(i)
	}
	until(t, "goroutines and descriptors are as many as before", settled(goroutines, files))
}

func TestLogHoldsNoSecretAndNoOutput(t *testing.T) {
	var log buffer
	s, p, _ := becomer(t, "sudo", "", "wrong word", quick())
	p.log = newTextLog(&log)
	line, _, err := p.Wire("db1", "echo canary", true)
	if err != nil {
		t.Fatal(err)
	}
	want(t, p.Run(within(t), "db1", Command{Line: line, Become: true}), NotStarted)
	s.reset()
	until(t, "the end is logged", func() bool { return strings.Contains(log.String(), "connection ended") })
	for _, bad := range []string{"canary", "wrong word"} {
		if strings.Contains(log.String(), bad) {
			t.Fatalf("the log holds %q: %s", bad, log.String())
		}
	}
	if !strings.Contains(log.String(), "connected") {
		t.Fatalf("log %q", log.String())
	}
}
