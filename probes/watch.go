package probes

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"recon/internal/inventory"
)

// deadline is how long a service may take to answer; a host may take a little longer, because its ssh connection may
// have to be made first.
const (
	deadline     = 3 * time.Second
	hostDeadline = 4 * time.Second
	farewell     = 200 * time.Millisecond
)

// The publisher waits calm after each State, so that answers which come together make one State, and publishes at least
// once a second, because ages move although nothing else does.
const (
	calm  = 40 * time.Millisecond
	pulse = time.Second
)

// Watch asks every target of a cluster again and again, each on its own, and holds the newest State. All its methods may
// be called from several goroutines.
type Watch struct {
	cluster *inventory.Cluster
	now     func() time.Time
	moves   func() uint64
	targets []*target
	running atomic.Bool
	state   atomic.Pointer[State]

	mu      sync.Mutex
	raw     raw
	memory  memory
	seq     uint64
	changed chan struct{} // closed and replaced when an answer comes in
	subs    map[chan struct{}]bool
}

// New prepares a watch over the services that the cluster file names. Nothing is asked before Run. It fails when a
// certificate of the cluster file cannot be read.
func New(c *inventory.Cluster, hosts Hosts, opt Options) (*Watch, error) {
	if opt.Now == nil {
		opt.Now = time.Now
	}
	w := &Watch{
		cluster: c, now: opt.Now, moves: opt.Moves, raw: newRaw(), memory: newMemory(c),
		changed: make(chan struct{}), subs: map[chan struct{}]bool{},
	}
	var err error
	if w.targets, err = w.aim(hosts, opt); err != nil {
		return nil, err
	}
	w.publish()
	return w, nil
}

// Run asks until ctx ends, then closes its connections and returns ctx's error. It may be called once.
func (w *Watch) Run(ctx context.Context) error {
	if !w.running.CompareAndSwap(false, true) {
		return errors.New("this watch runs already, or has ended")
	}
	if w.moves != nil {
		ctx = context.WithValue(ctx, movesKey{}, w.moves)
	}
	var all sync.WaitGroup
	for _, t := range w.targets {
		all.Go(func() { t.run(ctx, w.cluster.Interval) })
	}
	if w.moves == nil {
		all.Go(func() { w.publisher(ctx) })
	}
	all.Wait()
	return ctx.Err()
}

// State is the newest view. It is never nil; before the first answers everything in it is unseen.
func (w *Watch) State() *State { return w.state.Load() }

// Updates returns a channel that holds a token whenever a newer State was published since the last receive; several
// States may share one token. Call stop when nobody reads it any more.
func (w *Watch) Updates() (updates <-chan struct{}, stop func()) {
	ch := make(chan struct{}, 1)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.subs[ch] = true
	return ch, func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		delete(w.subs, ch)
	}
}

// Subscribe calls f with the newest State after each update, one call at a time, until ctx ends; it blocks. A slow f
// misses States in between and delays nobody else.
func (w *Watch) Subscribe(ctx context.Context, f func(*State)) {
	updates, stop := w.Updates()
	defer stop()
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case <-updates:
			f(w.State())
		}
	}
}

// publisher turns answers into States: soon after they come in, and at least once a second.
func (w *Watch) publisher(ctx context.Context) {
	for {
		w.mu.Lock()
		changed := w.changed
		w.mu.Unlock()
		beat := time.NewTimer(pulse)
		select {
		case <-ctx.Done():
			beat.Stop()
			return
		case <-changed:
		case <-beat.C:
		}
		beat.Stop()
		w.publish()
		if !sleep(ctx, calm) {
			return
		}
	}
}

// publish puts a State together, makes it the newest and tells the subscribers.
func (w *Watch) publish() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.show(w.view(time.Time{}))
}

// show makes a State the newest. The caller holds mu.
func (w *Watch) show(s *State) {
	w.memory = w.memory.after(s)
	old := w.state.Swap(s)
	for _, t := range w.targets {
		if t.wake != nil && old != nil && t.wake(old, s) {
			t.again(s.At)
		}
	}
	for ch := range w.subs {
		select {
		case ch <- struct{}{}:
		default:
		}
	}
}

// view is a new State in which answers to questions begun before notBefore are unseen. The caller holds mu.
func (w *Watch) view(notBefore time.Time) *State {
	w.seq++
	s := assemble(w.cluster, w.raw, moment{now: w.now(), notBefore: notBefore}, w.memory)
	s.Seq = w.seq
	return s
}

// record keeps an answer. since is carried on while the target keeps answering, or keeps silent.
func record[T any](w *Watch, all map[string]answer[T], node string, a answer[T]) {
	w.mu.Lock()
	defer w.mu.Unlock()
	last, known := all[node]
	a.since = a.began
	if known && (last.err == "") == (a.err == "") {
		a.since = last.since
	}
	all[node] = a
	close(w.changed)
	w.changed = make(chan struct{})
}

// sleep waits for d or for the end of ctx, and says whether ctx goes on.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}
