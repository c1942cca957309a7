package drill

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"recon/runbooks"
)

// Entry is a drill in the list. Best is nil when it was never won here.
type Entry struct {
	ID        string        `json:"id"`
	Title     string        `json:"title"`
	Severity  int           `json:"severity"`
	Systems   []string      `json:"systems"`
	Scenarios []string      `json:"scenarios"`
	Faults    []string      `json:"faults"`
	Book      string        `json:"book"`
	Par       time.Duration `json:"par_ns"`
	Best      *Record       `json:"best,omitempty"`
}

// List is all drills of a library with their best runs. It is whole although the best runs cannot be read; then the error
// says why.
func List(lib *runbooks.Library, records string) ([]Entry, error) {
	best, err := Records(records)
	out := make([]Entry, 0, len(lib.Drills))
	for _, d := range lib.Drills {
		e := Entry{ID: d.ID, Title: d.Title, Severity: d.Severity, Systems: d.Systems, Scenarios: d.Scenarios, Faults: d.Faults, Book: d.Solves, Par: d.Par}
		if r, ok := best[d.ID]; ok {
			e.Best = &r
		}
		out = append(out, e)
	}
	return out, err
}

// Room is where drills are run, one after the other, on one cluster. Its methods may be called from several goroutines.
type Room struct {
	cfg Config

	mu      sync.Mutex
	session *Session
	stop    context.CancelFunc
	subs    map[chan struct{}]bool
	running sync.WaitGroup
}

// NewRoom makes a room; Close ends what runs in it.
func NewRoom(cfg Config) *Room { return &Room{cfg: cfg, subs: map[chan struct{}]bool{}} }

// Drills is the list of what can be run.
func (r *Room) Drills() ([]Entry, error) {
	lib, err := r.cfg.Library()
	if err != nil {
		return nil, err
	}
	return List(lib, r.cfg.Records)
}

// Start begins a drill. It returns at once; View says how far it is.
func (r *Room) Start(id string) error {
	if r.cfg.Cluster == nil {
		return ErrNoCluster
	}
	lib, err := r.cfg.Library()
	if err != nil {
		return err
	}
	d, ok := lib.Drill(id)
	if !ok {
		var ids []string
		for _, d := range lib.Drills {
			ids = append(ids, d.ID)
		}
		return fmt.Errorf("there is no drill %q; there are: %s", id, strings.Join(ids, ", "))
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.session != nil && !r.session.View().Phase.Over() {
		return ErrUnderWay
	}
	s, err := newSession(r.cfg, lib, d, func(View) { r.changed() })
	if err != nil {
		return err
	}
	r.session = s
	ctx, stop := context.WithCancel(context.Background())
	if r.stop != nil {
		r.stop() // the session before has ended
	}
	r.stop = stop
	r.running.Go(func() { _ = s.Run(ctx) }) // the view says why it failed
	return nil
}

// Close ends the session under way, and returns when nothing runs any more.
func (r *Room) Close() {
	r.mu.Lock()
	if r.stop != nil {
		r.stop()
	}
	r.mu.Unlock()
	r.running.Wait()
}

func (r *Room) current() *Session {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.session
}

// View is the session under way or the last one; false when there was none.
func (r *Room) View() (View, bool) {
	s := r.current()
	if s == nil {
		return View{}, false
	}
	return s.View(), true
}

// Hint opens the next hint.
func (r *Room) Hint() error {
	if s := r.current(); s != nil {
		return s.Hint()
	}
	return ErrNoDrill
}

// Diagnose is the operator's word that this book is the one.
func (r *Room) Diagnose(book string) (right bool, err error) {
	if s := r.current(); s != nil {
		return s.Diagnose(book)
	}
	return false, ErrNoDrill
}

// GiveUp ends the session without its goal.
func (r *Room) GiveUp() error {
	if s := r.current(); s != nil {
		return s.GiveUp(context.Background())
	}
	return ErrNoDrill
}

// Review tells what walks did since the session ended.
func (r *Room) Review() {
	if s := r.current(); s != nil {
		s.Review()
	}
}

// Inject makes one more fault, for the game master.
func (r *Room) Inject(ctx context.Context, fault string) (said string, err error) {
	if s := r.current(); s != nil {
		return s.Inject(ctx, fault)
	}
	return "", ErrNoDrill
}

// Subscribe calls f after each change, and at once when there is a session, until ctx ends; it blocks. Changes that come
// while f runs are told once.
func (r *Room) Subscribe(ctx context.Context, f func(View)) {
	bell := make(chan struct{}, 1)
	bell <- struct{}{}
	r.mu.Lock()
	r.subs[bell] = true
	r.mu.Unlock()
	defer func() {
		r.mu.Lock()
		delete(r.subs, bell)
		r.mu.Unlock()
	}()
	for {
		select {
		case <-ctx.Done():
			return
		case <-bell:
			if v, ok := r.View(); ok {
				f(v)
			}
		}
	}
}

func (r *Room) changed() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for bell := range r.subs {
		select {
		case bell <- struct{}{}:
		default:
		}
	}
}
