package probes

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"recon/internal/inventory"
)

// pretend is a host that answers after a time of its own.
type pretend struct {
	takes    atomic.Int64 // ns
	fails    atomic.Bool
	inFlight atomic.Int32
	most     atomic.Int32
	asked    atomic.Int32
	closed   atomic.Bool
}

func (p *pretend) ask(ctx context.Context) (hostFacts, error) {
	p.asked.Add(1)
	p.most.Store(max(p.most.Load(), p.inFlight.Add(1)))
	defer p.inFlight.Add(-1)
	if !sleep(ctx, time.Duration(p.takes.Load())) {
		return hostFacts{}, ctx.Err()
	}
	if p.fails.Load() {
		return hostFacts{}, errors.New("no route to host")
	}
	return hostFacts{hostname: fmt.Sprint("answer ", p.asked.Load())}, nil
}

func (p *pretend) close() { p.closed.Store(true) }

// engine is a watch over n pretended hosts; it runs until the bubble's test calls stop.
func engine(t *testing.T, n int) (w *Watch, hosts []*pretend, stop func()) {
	t.Helper()
	c := &inventory.Cluster{Interval: 2 * time.Second}
	for i := range n {
		c.Nodes = append(c.Nodes, inventory.Node{Name: fmt.Sprint("n", i), Address: fmt.Sprint("10.0.0.", i)})
	}
	w, err := New(c, oneAddress{}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	w.targets = nil
	for _, node := range c.Nodes {
		p := &pretend{}
		p.takes.Store(int64(20 * time.Millisecond))
		hosts = append(hosts, p)
		w.targets = append(w.targets, aimed(w, w.raw.hosts, "nodes", node.Name, "pretended", hostDeadline, p))
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- w.Run(ctx) }()
	return w, hosts, func() {
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("Run ended with %v", err)
		}
		for i, p := range hosts {
			if !p.closed.Load() {
				t.Errorf("host %d was left open", i)
			}
		}
	}
}

func TestStateBeforeAnyAnswer(t *testing.T) {
	w, err := New(threeNodes(), oneAddress{}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	s := w.State()
	if s == nil || len(s.Nodes) != 3 || len(s.Patroni.Members) != 3 || len(s.Etcd.Members) != 3 {
		t.Fatalf("first state %+v", s)
	}
	for what, why := range map[string]string{
		"leader": s.Patroni.Blind("leader"), "lock": s.Patroni.Blind("lock_holder"), "quorum": s.Etcd.Blind("quorum"),
		"reachable": s.Nodes[0].Blind("reachable"), "role": s.Patroni.Members[0].Blind("role"), "paused": s.Patroni.Blind("paused"),
	} {
		if why == "" {
			t.Errorf("%s is a fact although nothing was asked", what)
		}
	}
	if s.Nodes[0].Blind("name") != "" || s.Nodes[0].Blind("address") != "" || s.Etcd.Members[0].Blind("endpoint") != "" {
		t.Error("what the cluster file says must be known")
	}
}

func TestOneHangingTargetDelaysNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, hosts, stop := engine(t, 3)
		defer stop()
		hosts[1].takes.Store(int64(time.Hour))
		time.Sleep(30 * time.Second)
		s := w.State()
		if n := hosts[0].asked.Load(); n < 13 || n > 17 {
			t.Errorf("the first host was asked %d times in 30 s, with a pause of 2 s", n)
		}
		if hung := s.Nodes[1]; hung.Reachable || hung.Refused || hung.Error != "did not answer within 4 s" || hung.Since < 25 {
			t.Errorf("the hanging host is %+v", hung.Seen)
		}
		// The State was made at the last answer, which may be a pause (2 s and a tenth) ago.
		if ok := s.Nodes[2]; !ok.Reachable || ok.Since < 27.5 || ok.Age > 2.3 || ok.Latency != 0.02 {
			t.Errorf("the other host is %+v", ok.Seen)
		}
		for i, p := range hosts {
			if p.most.Load() != 1 {
				t.Errorf("host %d was asked %d times at once", i, p.most.Load())
			}
		}
	})
}

func TestFreshNeverTakesAnOldAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, hosts, stop := engine(t, 3)
		defer stop()
		time.Sleep(time.Second)
		// The next probe of host 1 takes 3 s; Fresh comes when it is 1 s old, and must wait for one more.
		hosts[1].takes.Store(int64(3 * time.Second))
		time.Sleep(2500 * time.Millisecond)
		if hosts[1].inFlight.Load() != 1 {
			t.Fatal("host 1 should be busy now")
		}
		called := time.Now()
		s, err := w.Fresh(t.Context(), []string{"nodes.units"})
		if err != nil {
			t.Fatal(err)
		}
		if took := time.Since(called); took < 3*time.Second || took > 4*time.Second {
			t.Errorf("Fresh took %s", took)
		}
		for _, n := range s.Nodes {
			if n.Began.Before(called) || n.Blind("hostname") != "" {
				t.Errorf("%s: asked at %s, Fresh was called at %s; %q", n.Name, n.Began, called, n.Blind("hostname"))
			}
		}
		for i, p := range hosts {
			if p.most.Load() != 1 {
				t.Errorf("host %d was asked %d times at once", i, p.most.Load())
			}
		}
	})
}

func TestFreshGivesUpWithWhatThereIs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, hosts, stop := engine(t, 2)
		defer stop()
		time.Sleep(time.Second)
		hosts[1].takes.Store(int64(time.Hour))
		ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
		defer cancel()
		s, err := w.Fresh(ctx, nil)
		if !errors.Is(err, context.DeadlineExceeded) || s == nil {
			t.Fatalf("%v, %v", s, err)
		}
		if why := s.Nodes[0].Blind("hostname"); why != "" {
			t.Errorf("the first host answered in time: %s", why)
		}
		for _, field := range []string{"hostname", "reachable", "error"} {
			if why := s.Nodes[1].Blind(field); !strings.Contains(why, "asked again") {
				t.Errorf("%s of the second host is told by an old answer: %q", field, why)
			}
		}
		if why := w.State().Nodes[1].Blind("hostname"); why != "" {
			t.Errorf("the screens still have the last answer, which is young: %s", why)
		}
	})
}

// Many callers at once are served by few probes, and none of them waits for ever.
func TestManyFreshAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, hosts, stop := engine(t, 2)
		defer stop()
		time.Sleep(time.Second)
		before := hosts[0].asked.Load()
		errs := make(chan error, 100)
		for range 100 {
			go func() {
				_, err := w.Fresh(t.Context(), nil)
				errs <- err
			}()
		}
		for range 100 {
			if err := <-errs; err != nil {
				t.Fatal(err)
			}
		}
		if n := hosts[0].asked.Load() - before; n > 3 {
			t.Errorf("100 callers made %d probes", n)
		}
	})
}

func TestFreshAsksOnlyWhatIsRead(t *testing.T) {
	for path, want := range map[string]string{
		"cluster.name": "", "nodes": "nodes", "vips.db.holder": "nodes", "etcd.quorum": "etcd", "postgres.members": "postgres",
		"patroni.leader": "etcd patroni postgres", "node()": "nodes etcd patroni postgres", "cross.one_primary": "nodes etcd patroni postgres",
		"hands_off.active": "etcd patroni postgres", "what?": "nodes etcd patroni postgres",
	} {
		var got []string
		for _, section := range []string{"nodes", "etcd", "patroni", "postgres"} {
			if concerns(path, section) {
				got = append(got, section)
			}
		}
		wanted := strings.Fields(want)
		slices.Sort(got)
		slices.Sort(wanted)
		if !slices.Equal(got, wanted) {
			t.Errorf("%s asks %v, want %v", path, got, wanted)
		}
	}
}

func TestAgesMoveAndStatesAreFew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, hosts, stop := engine(t, 50)
		defer stop()
		time.Sleep(5 * time.Second)
		before := w.State().Seq
		time.Sleep(10 * time.Second)
		if n := w.State().Seq - before; n < 10 || n > 250 {
			t.Errorf("%d states in 10 s for 50 targets; a state may hold many answers", n)
		}
		// Now nobody answers any more: the ages grow all the same, and the answers cease to be facts.
		for _, p := range hosts {
			p.takes.Store(int64(time.Hour))
		}
		time.Sleep(3 * time.Second)
		a := w.State()
		time.Sleep(1100 * time.Millisecond)
		b := w.State()
		if a.Seq == b.Seq || !b.At.After(a.At) {
			t.Errorf("nothing was published for 1.1 s")
		}
	})
}

func TestStaleAnswerIsNoFact(t *testing.T) {
	began := time.Unix(1795423663, 0)
	a := answer[hostFacts]{began: began, ended: began, since: began}
	for age, fact := range map[time.Duration]bool{0: true, 10 * time.Second: true, 10*time.Second + time.Millisecond: false, time.Hour: false} {
		m := moment{now: began.Add(age)}
		seen := a.seen(m)
		if got := seen.Blind("hostname") == ""; got != fact || a.fresh(m) != fact {
			t.Errorf("after %s: fact %v, want %v", age, got, fact)
		}
		if seen.Blind("reachable") != "" || seen.Blind("age") != "" {
			t.Errorf("after %s reachable and age must be facts", age)
		}
	}
}

func TestSinceIsCarriedOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, hosts, stop := engine(t, 1)
		defer stop()
		time.Sleep(20 * time.Second)
		if s := w.State().Nodes[0].Since; s < 18.5 || s > 20 {
			t.Errorf("answering since %.1f s, want 20", s)
		}
		hosts[0].fails.Store(true)
		time.Sleep(10 * time.Second)
		n := w.State().Nodes[0]
		if n.Since < 7 || n.Since > 10 || n.Reachable || n.Error != "no route to host" || n.Hostname != "" {
			t.Errorf("silent: %+v", n)
		}
	})
}

func TestSlowReaderDelaysNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, hosts, stop := engine(t, 2)
		defer stop()
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		var seen []uint64
		done := make(chan struct{})
		go func() {
			defer close(done)
			w.Subscribe(ctx, func(s *State) {
				seen = append(seen, s.Seq)
				time.Sleep(5 * time.Second)
			})
		}()
		time.Sleep(31 * time.Second)
		cancel()
		<-done
		if n := hosts[0].asked.Load(); n < 13 {
			t.Errorf("probes were held up: %d in 31 s", n)
		}
		if len(seen) < 5 || len(seen) > 8 || !slices.IsSorted(seen) {
			t.Errorf("the slow reader saw %v", seen)
		}
		w.mu.Lock()
		defer w.mu.Unlock()
		if len(w.subs) != 0 {
			t.Error("the subscription was not ended")
		}
	})
}

func TestRunTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, _, stop := engine(t, 1)
		synctest.Wait()
		if err := w.Run(t.Context()); err == nil {
			t.Error("a second Run must fail")
		}
		stop()
		if err := w.Run(t.Context()); err == nil {
			t.Error("a Run after the end must fail")
		}
	})
}
