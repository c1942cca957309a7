package probestest

import (
	"context"
	"sync"

	"recon/probes"
)

// Eyes shows a State that a test sets, the way that a Watch shows what it sees.
type Eyes struct {
	mu    sync.Mutex
	state *probes.State
	err   error
	subs  map[chan struct{}]bool
	asked int
}

// Static shows one State until Set changes it.
func Static(s *probes.State) *Eyes { return &Eyes{state: s, subs: map[chan struct{}]bool{}} }

// Set shows another State from now on, numbered after the one before.
func (e *Eyes) Set(s *probes.State) {
	e.mu.Lock()
	defer e.mu.Unlock()
	next := *s
	next.Seq = e.state.Seq + 1
	e.state = &next
	for ch := range e.subs {
		select {
		case ch <- struct{}{}:
		default:
		}
	}
}

// Fail makes Fresh return this error beside the State; nil ends that.
func (e *Eyes) Fail(err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.err = err
}

// State is the State that was set last.
func (e *Eyes) State() *probes.State {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.state
}

// Fresh is the State that was set last, at once.
func (e *Eyes) Fresh(ctx context.Context, _ []string) (*probes.State, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.asked++
	if ctx.Err() != nil {
		return e.state, ctx.Err()
	}
	return e.state, e.err
}

// Asked is how often Fresh was called.
func (e *Eyes) Asked() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.asked
}

// Updates is like Watch.Updates.
func (e *Eyes) Updates() (updates <-chan struct{}, stop func()) {
	ch := make(chan struct{}, 1)
	e.mu.Lock()
	defer e.mu.Unlock()
	e.subs[ch] = true
	return ch, func() {
		e.mu.Lock()
		defer e.mu.Unlock()
		delete(e.subs, ch)
	}
}

// Subscribe is like Watch.Subscribe.
func (e *Eyes) Subscribe(ctx context.Context, f func(*probes.State)) {
	updates, stop := e.Updates()
	defer stop()
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case <-updates:
			f(e.State())
		}
	}
}
