// Package world is what is true in the training cluster: one state machine of hosts, networks and the stack that runs on
// them, moved by a clock that its owner drives.
//
// Everything is plain data under one lock. Look and Change give access to it; Advance moves time forward in steps of Step
// and lets every part act, always in the same order, so that the same faults at the same times end in the same cluster.
// The parts behave as the real ones were seen to (etcd's quorum and leases, Patroni's loop and lock, PostgreSQL's
// timelines, Sentinel's failover, HAProxy's checks, VRRP), with their real intervals. Nothing here speaks a protocol and
// nothing waits: servers and the shell in the packages around it read this world and call its verbs (Start, Kill, Promote).
//
// Files that an operator may edit are read from the host's file system when the real program would read them: at its
// start or reload. Start with New; the hosts of the world come from a Plan.
package world

import (
	"slices"
	"sync"
	"time"
)

// Step is how far one tick moves the clock.
const Step = 250 * time.Millisecond

// Console is the name of the operator's host, which runs nothing of the stack.
const Console = "console"

// World is the cluster. Its fields are read and written only inside Look, Change or a part's own tick.
type World struct {
	mu sync.Mutex
	// now is the true time; a host's clock may differ from it.
	now time.Time
	// Finer is the time as clocks show it that run by themselves: at most a Step ahead of now. Nil is now.
	Finer func() time.Time
	// skipped is how far now is ahead of all clocks.
	skipped time.Duration

	Plan  Plan
	Hosts []*Host
	// cut holds pairs of hosts between which nothing passes.
	cut map[link]bool

	Etcd   Store
	Ledger Ledger
	// Clients write through the entry when true; they are NetBox's users.
	Clients bool

	// pid is the last process number that was given.
	pid int

	// after are the rest of faults that need time; endless those that go on until they are mended.
	after, endless []func() bool
	stalling       bool

	// changed is called after each change and tick, outside the lock: servers open and close their ports by it.
	changed []func()
}

// Plan is what the cluster is made of.
type Plan struct {
	// Nodes are the hosts of the stack in order; the first is the first leader and master.
	Nodes []Address
	// Console is the operator's host.
	Console Address
	// Writers and WebEntry are the floating addresses of the databases and of NetBox.
	DBVIP, WebVIP string
	// Began is the world's first moment.
	Began time.Time
	// Secret are the passwords by the name of their user, as they stand in the hosts' files.
	Secret map[string]string
}

// Address is a host's name and its address.
type Address struct{ Name, IP string }

// Look calls f while nothing changes.
func (w *World) Look(f func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	f()
}

// Change calls f, which may change everything, and tells the listeners afterwards.
func (w *World) Change(f func()) {
	w.mu.Lock()
	f()
	w.mu.Unlock()
	w.tell()
}

// OnChange adds a listener that is called after every change and every Advance, without the lock.
func (w *World) OnChange(f func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.changed = append(w.changed, f)
}

func (w *World) tell() {
	w.mu.Lock()
	all := slices.Clone(w.changed)
	w.mu.Unlock()
	for _, f := range all {
		f()
	}
}

// Now is the true time. It may be called from everywhere but from inside Look and Change, where Time is.
func (w *World) Now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

// Time is the true time, for those who hold the lock.
func (w *World) Time() time.Time { return w.now }

// Advance moves the time forward to that time, step by step. A time in the past changes nothing.
func (w *World) Advance(to time.Time) {
	w.mu.Lock()
	for !w.now.Add(Step).After(to) {
		w.now = w.now.Add(Step)
		w.tick()
	}
	w.mu.Unlock()
	w.tell()
}

// Skip lets time pass of which no clock knows: what the world waits for happens at once.
func (w *World) Skip(d time.Duration) {
	w.mu.Lock()
	for to := w.now.Add(d); w.now.Before(to); {
		w.now, w.skipped = w.now.Add(Step), w.skipped+Step
		w.tick()
	}
	w.mu.Unlock()
	w.tell()
}

// Until lets the clocks go on to that time: it is Advance for a world that skipped some.
func (w *World) Until(clock time.Time) {
	var skipped time.Duration
	w.Look(func() { skipped = w.skipped })
	w.Advance(clock.Add(skipped))
}

// tick lets every part act once, from the ground up: what a part reads of those below is of this step.
func (w *World) tick() {
	for _, h := range w.Hosts {
		w.tickHost(h)
	}
	w.tickEtcd()
	w.tickPostgres()
	for _, h := range w.Hosts {
		w.tickPatroni(h)
	}
	w.tickRedis()
	w.tickSentinel()
	w.tickHAProxy()
	w.tickKeepalived()
	w.tickBouncer()
	w.tickNetBox()
	w.tickClients()
	w.tickLater()
}

// Host is the host of that name, nil when there is none.
func (w *World) Host(name string) *Host {
	for _, h := range w.Hosts {
		if h.Name == name {
			return h
		}
	}
	return nil
}

// Nodes are the hosts of the stack: all but the console.
func (w *World) Nodes() []*Host {
	var out []*Host
	for _, h := range w.Hosts {
		if h.Name != Console {
			out = append(out, h)
		}
	}
	return out
}

// every says whether a moment of a period falls into this step; offset tells hosts apart, so that they do not act as one.
func (w *World) every(period, offset time.Duration) bool {
	since := w.now.Sub(w.Plan.Began) + offset
	return since%period < Step
}
