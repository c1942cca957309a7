package drill

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"recon/internal/gate"
	"recon/probes"
	"recon/runbooks"
)

// How long the parts of a session's beginning may take.
const (
	toMend = 10 * time.Minute
	toSee  = 2 * time.Minute
	toFail = 5 * time.Minute
	breath = time.Second
)

// Session is one run of one drill. Its methods may be called from several goroutines.
type Session struct {
	cfg   Config
	lib   *runbooks.Library
	drill *runbooks.Runbook
	book  *runbooks.Runbook
	tell  func(View)

	mu       sync.Mutex
	phase    Phase
	doing    string
	began    time.Time
	ended    time.Time
	hints    int
	goal     []Line
	holds    time.Time // since when the whole goal has held
	leader   string
	guesses  []string
	right    time.Time // when the operator named the right book
	lostAt   int       // what the faults alone had lost when the clock started
	lost     int       // what was lost since; -1 when nobody knows
	injected []string
	hit      []bool // of the drill's losses: which came to pass, or held from the beginning
	losses   []string
	expected map[string]string
	events   []Event
	debrief  *Debrief
}

// newSession makes a session that tells of its changes.
func newSession(cfg Config, lib *runbooks.Library, drill *runbooks.Runbook, tell func(View)) (*Session, error) {
	book, ok := lib.Book(drill.Solves)
	if !ok {
		return nil, fmt.Errorf("the drill %s is solved by the book %s, which is not in the library", drill.ID, drill.Solves)
	}
	s := &Session{cfg: cfg, lib: lib, drill: drill, book: book, tell: tell, phase: Preparing, lost: -1, hit: make([]bool, len(drill.Loses)), expected: map[string]string{}}
	for _, c := range drill.Goal().Conditions {
		s.goal = append(s.goal, Line{Text: c.Text, Explain: c.Explain})
	}
	return s, nil
}

// View is the session now.
func (s *Session) View() View {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.view()
}

func (s *Session) view() View {
	all := s.drill.Hints()
	return View{
		ID: s.drill.ID, Title: s.drill.Title, Story: s.drill.Intro, Severity: s.drill.Severity, Systems: s.drill.Systems,
		Phase: s.phase, Doing: s.doing, Began: s.began, Ended: s.ended, Par: s.drill.Par, Hints: all[:s.hints:s.hints], Of: len(all),
		Goal: slices.Clone(s.goal), Diagnosed: !s.right.IsZero(), Guesses: slices.Clone(s.guesses), Injected: len(s.injected), Debrief: s.debrief,
	}
}

// change changes the session and tells of it.
func (s *Session) change(f func()) {
	s.mu.Lock()
	f()
	v := s.view()
	s.mu.Unlock()
	s.tell(v)
}

func (s *Session) say(format string, args ...any) {
	s.change(func() { s.doing = fmt.Sprintf(format, args...) })
}

// Run prepares the cluster, and observes it until the session is over or ctx ends. The error says why it failed.
func (s *Session) Run(ctx context.Context) error {
	// Listening begins before the clock does: a cluster that recovers in the moment between would be overlooked.
	updates, stop := s.cfg.Eyes.Updates()
	defer stop()
	if err := s.Prepare(ctx); err != nil {
		return err
	}
	for !s.View().Phase.Over() {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-updates:
			s.Observe(ctx, s.cfg.Eyes.State())
		}
	}
	return nil
}

// Prepare brings the cluster into health, breaks it, and starts the clock when the goal is seen not to hold any more.
func (s *Session) Prepare(ctx context.Context) error {
	err := s.prepare(ctx)
	if err != nil {
		s.change(func() { s.phase, s.doing = Failed, err.Error() })
	}
	return err
}

func (s *Session) prepare(ctx context.Context) error {
	s.say("looking at the cluster")
	if s.cfg.Cluster.Healthy(ctx) != "" {
		if err := s.cfg.Cluster.Mend(ctx); err != nil {
			return fmt.Errorf("mend the training cluster: %w", err)
		}
		if err := s.until(ctx, toMend, func() string { return s.cfg.Cluster.Healthy(ctx) }); err != nil {
			return fmt.Errorf("the training cluster does not get healthy: %w", err)
		}
	}
	s.say("waiting until the goal is seen to hold")
	if err := s.until(ctx, toSee, func() string { return s.short(ctx) }); err != nil {
		return fmt.Errorf("the goal of %s does not hold on a healthy cluster: %w", s.drill.ID, err)
	}
	s.say("breaking the cluster")
	for _, f := range s.drill.Faults {
		if _, err := s.cfg.Cluster.Break(ctx, f); err != nil {
			return fmt.Errorf("make the fault %s: %w", f, err)
		}
	}
	err := s.until(ctx, toFail, func() string {
		if missing := s.short(ctx); missing == "" || !s.cfg.Cluster.Settled() {
			return "the goal still holds"
		}
		return ""
	})
	if err != nil {
		return fmt.Errorf("the faults of %s do not show: %w", s.drill.ID, err)
	}
	s.begin()
	return nil
}

// until waits until nothing is missing.
func (s *Session) until(ctx context.Context, most time.Duration, missing func() string) error {
	for end := s.cfg.now().Add(most); ; {
		why := missing()
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case why == "":
			return nil
		case s.cfg.now().After(end):
			return fmt.Errorf("after %s: %s", most, why)
		}
		if err := s.cfg.wait(ctx, breath); err != nil {
			return err
		}
	}
}

// short looks again and says what of the goal does not hold, empty when all of it does.
func (s *Session) short(ctx context.Context) string {
	asking, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	st, err := s.cfg.Eyes.Fresh(asking, nil)
	if st == nil {
		return errors.Join(errors.New("nothing was seen"), err).Error()
	}
	vars := probes.Vars(st)
	for _, c := range s.drill.Goal().Conditions {
		if r := c.Expr.Eval(vars); r.Answer != gate.Pass {
			return strings.TrimSpace(c.Text + " is " + r.Answer.String() + " " + r.Unseen)
		}
	}
	return ""
}

func (s *Session) begin() {
	lost, known := s.cfg.Cluster.Lost()
	st := s.cfg.Eyes.State()
	vars := probes.Vars(st)
	s.change(func() {
		s.phase, s.doing, s.began = Running, "", s.cfg.now()
		if known {
			s.lostAt = lost
		}
		for i, c := range s.drill.Loses {
			s.hit[i] = c.Expr.Answer(vars) == gate.Pass
		}
		s.evaluate(vars)
		s.leader = leader(st)
	})
}

// Observe takes in what is seen now.
func (s *Session) Observe(ctx context.Context, st *probes.State) {
	vars := probes.Vars(st)
	over := false
	s.change(func() {
		if s.phase != Running {
			return
		}
		now := s.cfg.now()
		s.turned(now, vars)
		if l := leader(st); l != s.leader {
			s.leader = l
			s.note(now, TheCluster, "", 0, map[bool]string{true: "nobody leads", false: l + " leads"}[l == ""])
		}
		for i, c := range s.drill.Loses {
			if !s.hit[i] && c.Expr.Answer(vars) == gate.Pass {
				s.hit[i], s.losses = true, append(s.losses, c.Explain)
				s.note(now, TheCluster, "", 0, c.Explain)
			}
		}
		s.expect(vars)
		over = !s.holds.IsZero() && now.Sub(s.holds) >= s.drill.Goal().For
	})
	if over {
		s.end(ctx, Recovered)
	}
}

// turned evaluates the goal and notes the lines whose answer turned.
func (s *Session) turned(now time.Time, vars map[string]any) {
	was := slices.Clone(s.goal)
	held := s.evaluate(vars)
	for i, l := range s.goal {
		if pass := l.Answer == gate.Pass; pass != (was[i].Answer == gate.Pass) {
			what := l.Explain
			if what == "" {
				what = l.Text
			}
			s.note(now, TheCluster, "", 0, map[bool]string{true: "✓ ", false: "✗ "}[pass]+what)
		}
	}
	switch {
	case !held:
		s.holds = time.Time{}
	case s.holds.IsZero():
		s.holds = now
	}
}

func (s *Session) evaluate(vars map[string]any) (held bool) {
	held = true
	for i, c := range s.drill.Goal().Conditions {
		r := c.Expr.Eval(vars)
		s.goal[i].Answer, s.goal[i].Unseen = r.Answer, r.Unseen
		held = held && r.Answer == gate.Pass
	}
	return held
}

// expect keeps what the solving book would offer for its inputs: whoever changes another host has taken a wrong one. What
// was offered once is kept, because a mended host is not offered any more.
func (s *Session) expect(vars map[string]any) {
	for _, in := range s.book.Inputs {
		if _, def := in.Options(vars); def != "" && s.expected[in.Name] == "" {
			s.expected[in.Name] = def
		}
	}
}

func leader(st *probes.State) string {
	if st.Patroni.Leader == nil {
		return ""
	}
	return st.Patroni.Leader.Name
}

// note keeps an event; the lock is held.
func (s *Session) note(at time.Time, who Who, book string, step int, text string) {
	s.events = append(s.events, Event{At: at.Sub(s.began), Who: who, Book: book, Step: step, Text: text})
}

// Hint opens the next hint.
func (s *Session) Hint() error {
	err := ErrNoDrill
	s.change(func() {
		switch {
		case s.phase != Running:
		case s.hints == len(s.drill.Hints()):
			err = ErrNoHint
		default:
			err = nil
			s.hints++
			s.note(s.cfg.now(), You, "", 0, fmt.Sprintf("opened hint %d of %d", s.hints, len(s.drill.Hints())))
		}
	})
	return err
}

// Diagnose is the operator's word that this book is the one; it says whether it is. Only the first right answer and the
// wrong ones before it count.
func (s *Session) Diagnose(book string) (right bool, err error) {
	err = ErrNoDrill
	s.change(func() {
		if s.phase != Running {
			return
		}
		err = nil
		right = slices.Contains(s.related(), book)
		if !s.right.IsZero() {
			return
		}
		now := s.cfg.now()
		if right {
			s.right = now
			s.note(now, You, "", 0, "named the book "+book)
		} else if !slices.Contains(s.guesses, book) {
			s.guesses = append(s.guesses, book)
			s.note(now, You, "", 0, "named the book "+book+", which is not the one")
		}
	})
	return right, err
}

// related are the solving book and those that it sends to.
func (s *Session) related() []string {
	out := []string{s.book.ID}
	for _, b := range s.lib.Books {
		if strings.Contains(string(s.book.Source), "`"+b.ID+"`") && b.ID != s.book.ID {
			out = append(out, b.ID)
		}
	}
	return out
}

// Inject makes one more fault, for the game master.
func (s *Session) Inject(ctx context.Context, fault string) (said string, err error) {
	if s.View().Phase != Running {
		return "", ErrNoDrill
	}
	if said, err = s.cfg.Cluster.Break(ctx, fault); err != nil {
		return "", err
	}
	s.change(func() {
		s.injected = append(s.injected, fault)
		s.holds = time.Time{} // what was right a moment ago has to be seen again
		s.note(s.cfg.now(), GameMaster, "", 0, fault+": "+said)
	})
	return said, nil
}

// GiveUp ends the session without its goal.
func (s *Session) GiveUp(ctx context.Context) error {
	if s.View().Phase != Running {
		return ErrNoDrill
	}
	s.end(ctx, GivenUp)
	return nil
}

// end stops the clock, counts, and keeps a best time.
func (s *Session) end(_ context.Context, how Phase) {
	lost, known := s.cfg.Cluster.Lost()
	// The end and its debrief are told as one: whoever leaves when they hear of the end takes the debrief along.
	s.change(func() {
		if s.phase != Running {
			return
		}
		s.phase, s.ended = how, s.cfg.now()
		if how == Recovered {
			s.ended = s.holds
		}
		if known {
			s.lost = max(lost-s.lostAt, 0)
		}
		d := s.review()
		if how == Recovered {
			d.Best, d.BestErr = Keep(s.cfg.Records, s.drill.ID, Record{Time: d.Recovered, Score: d.Score.Total, At: s.ended.UTC().Truncate(time.Second)})
		}
		s.debrief = d
	})
}
