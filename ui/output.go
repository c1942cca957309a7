package ui

import (
	"bytes"
	"io"
	"maps"
	"slices"
	"sync"

	"recon/actions"
)

// What is kept of the output for the screen; the whole of it lies beside the trail.
const (
	tapeLines = 2000 // a target
	tapeWidth = 2000 // bytes a line
)

// outLine is one line that came back. order counts over all targets.
type outLine struct {
	target, text string
	order        int
}

// tape keeps the newest lines of every target, whatever the speed at which they come. Its writers never wait for the
// screen: they hold the lock for as long as it takes to copy what was written.
type tape struct {
	mu      sync.Mutex
	order   int
	targets map[string]*reel
	names   []string
	tasks   map[string]actions.Tasks
	dirty   bool
}

// reel is a ring of one target's lines, and the line that has not ended yet.
type reel struct {
	lines []outLine
	next  int
	part  []byte
	lost  int
}

func newTape() *tape { return &tape{targets: map[string]*reel{}, tasks: map[string]actions.Tasks{}} }

// sink is the writer for one target.
func (t *tape) sink(target string) io.Writer { return tapeWriter{t, target} }

type tapeWriter struct {
	tape   *tape
	target string
}

// Write never fails and never waits.
func (w tapeWriter) Write(p []byte) (int, error) {
	t := w.tape
	t.mu.Lock()
	defer t.mu.Unlock()
	r := t.targets[w.target]
	if r == nil {
		r = &reel{}
		t.targets[w.target] = r
		t.names = append(t.names, w.target)
	}
	t.dirty = true
	for rest := p; len(rest) > 0; {
		line, after, ended := bytes.Cut(rest, []byte{'\n'})
		if room := tapeWidth - len(r.part); room > 0 {
			r.part = append(r.part, line[:min(room, len(line))]...)
		}
		if ended {
			t.order++
			r.add(outLine{target: w.target, text: string(r.part), order: t.order})
			r.part = r.part[:0]
		}
		rest = after
	}
	return len(p), nil
}

// Follow keeps how far a playbook is.
func (w tapeWriter) Follow(t actions.Tasks) {
	w.tape.mu.Lock()
	defer w.tape.mu.Unlock()
	w.tape.tasks[w.target], w.tape.dirty = t, true
}

func (r *reel) add(l outLine) {
	if len(r.lines) < tapeLines {
		r.lines = append(r.lines, l)
		return
	}
	r.lines[r.next] = l
	r.next = (r.next + 1) % tapeLines
	r.lost++
}

// heard is a copy of what a tape holds: the lines of all targets in the order in which they came, and how many are gone.
type heard struct {
	lines []outLine
	lost  int
	names []string
	// tasks are how far a playbook is, by target; empty for everything else.
	tasks map[string]actions.Tasks
}

// snapshot is what the tape holds, and ok when that changed since the last time. Call it in a command.
func (t *tape) snapshot() (h heard, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.dirty {
		return h, false
	}
	t.dirty = false
	h.names, h.tasks = slices.Clone(t.names), maps.Clone(t.tasks)
	for i, name := range t.names {
		r := t.targets[name]
		h.lines = append(append(h.lines, r.lines[r.next:]...), r.lines[:r.next]...)
		h.lost += r.lost
		if len(r.part) > 0 {
			h.lines = append(h.lines, outLine{target: name, text: string(r.part), order: t.order + 1 + i})
		}
	}
	slices.SortStableFunc(h.lines, func(a, b outLine) int { return a.order - b.order })
	return h, true
}
