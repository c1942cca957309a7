package drill

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// Who did what a line of the timeline tells.
type Who string

// Those who act in a drill.
const (
	You        Who = "you"
	TheCluster Who = "cluster"
	GameMaster Who = "game master"
)

// Event is one line of the timeline. At is the time on the session's clock; Book and Step are of a walk, 0 when it is not of
// a step.
type Event struct {
	At   time.Duration `json:"at_ns"`
	Who  Who           `json:"who"`
	Book string        `json:"book,omitempty"`
	Step int           `json:"step,omitempty"`
	Text string        `json:"text"`
}

// StepDone is a step of the solving book, and what became of it: "done", "by hand", "skipped", "not needed", "not proved",
// or "" when nobody walked it. At is the time on the session's clock.
type StepDone struct {
	Number int           `json:"number"`
	Title  string        `json:"title"`
	How    string        `json:"how,omitempty"`
	At     time.Duration `json:"at_ns,omitempty"`
	Why    string        `json:"why,omitempty"`
}

// Debrief is a session looked back upon.
type Debrief struct {
	Drill string `json:"drill"`
	Title string `json:"title"`
	// Book is the one that solves it, BookTitle its title.
	Book      string `json:"book"`
	BookTitle string `json:"book_title"`
	Won       bool   `json:"won"`
	// The times on the session's clock; Diagnosed is Recovered when nothing told it earlier.
	Diagnosed time.Duration `json:"diagnosed_ns"`
	Recovered time.Duration `json:"recovered_ns"`
	Par       time.Duration `json:"par_ns"`
	// Commits are those that were lost; -1 when nobody counted.
	Commits int        `json:"commits_lost"`
	Losses  []string   `json:"came_to_pass,omitempty"`
	Score   Score      `json:"score"`
	Events  []Event    `json:"events"`
	Steps   []StepDone `json:"steps"`
	// Best is the best run of this drill, perhaps this one. BestErr says why it could not be kept.
	Best    Record `json:"best"`
	BestErr error  `json:"-"`
	// TrailErr says why what the walks did is not in the timeline.
	TrailErr error `json:"-"`
}

// review puts the debrief of an ended session together; the lock is held.
func (s *Session) review() *Debrief {
	j := judge{book: s.book.ID, right: s.related(), expected: s.expected}
	walked, err := j.read(s.cfg.Trails, s.cfg.Name, s.began, s.ended)
	d := &Debrief{
		Drill: s.drill.ID, Title: s.drill.Title, Book: s.book.ID, BookTitle: s.book.Title, Won: s.phase == Recovered, Recovered: s.ended.Sub(s.began),
		Par: s.drill.Par, Commits: s.lost, Losses: slices.Clone(s.losses), TrailErr: err,
	}
	knew := s.ended
	for _, at := range []time.Time{s.right, walked.first} {
		if !at.IsZero() && at.Before(knew) {
			knew = at
		}
	}
	d.Diagnosed = knew.Sub(s.began)
	d.Score = Result{
		Par: d.Par, Diagnosed: d.Diagnosed, Recovered: d.Recovered, Won: d.Won, Hints: s.hints, Guesses: len(s.guesses),
		Skips: walked.skips, Overrides: walked.overrides, Wrong: walked.wrong, Losses: len(s.losses), Commits: s.lost,
	}.Points()
	d.Events = append(slices.Clone(s.events), walked.events...)
	slices.SortStableFunc(d.Events, func(a, b Event) int { return int(a.At - b.At) })
	for _, step := range s.book.Steps {
		done := walked.steps[step.Number]
		done.Number, done.Title = step.Number, step.Title
		d.Steps = append(d.Steps, done)
	}
	return d
}

// Review tells what walks did since the session ended, in which they went on. What was scored stays.
func (s *Session) Review() {
	s.mu.Lock()
	more := false
	if old := s.debrief; old != nil {
		fresh := s.review()
		if more = len(fresh.Events) != len(old.Events) || !slices.Equal(fresh.Steps, old.Steps); more {
			d := *old
			d.Events, d.Steps = fresh.Events, fresh.Steps
			s.debrief = &d
		}
	}
	v := s.view()
	s.mu.Unlock()
	if more {
		s.tell(v)
	}
}

// Verdict is the session in one line.
func (d *Debrief) Verdict() string {
	if !d.Won {
		return fmt.Sprintf("Given up after %s. The book that solves it is %s.", Clock(d.Recovered), d.Book)
	}
	return fmt.Sprintf("Recovered after %s, diagnosed after %s. %d points of %d.", Clock(d.Recovered), Clock(d.Diagnosed), d.Score.Total, full)
}

// Facts are what the score is made of, a line each.
func (d *Debrief) Facts() []string {
	var out []string
	for _, l := range d.Score.Losses {
		out = append(out, fmt.Sprintf("-%-3d %s", l.Points, l.Why))
	}
	if d.Won && len(out) == 0 {
		out = append(out, "nothing was lost")
	}
	for _, l := range d.Losses {
		out = append(out, "     it came to pass: "+l)
	}
	if d.Commits < 0 {
		out = append(out, "     whether commits were lost was not counted")
	}
	if d.Won && d.BestErr == nil {
		out = append(out, fmt.Sprintf("best %s, %d points, on %s", Clock(d.Best.Time), d.Best.Score, d.Best.At.Format("2006-01-02")))
	}
	for _, err := range []error{d.BestErr, d.TrailErr} {
		if err != nil {
			out = append(out, "! "+err.Error())
		}
	}
	return out
}

// Line is a line of the timeline.
func (e Event) Line() string { return fmt.Sprintf("%s  %-11s  %s", Clock(e.At), e.Who, e.Text) }

// Parts are a line of the book's steps: what became of it and when, and the step.
func (s StepDone) Parts() (lead, text string) {
	at, title := Clock(s.At), fmt.Sprintf("%d %s", s.Number, s.Title)
	switch s.How {
	case "":
		return "  --:--  ", title
	case "done":
		return "✓ " + at + "  ", title
	case "not needed":
		return "- " + at + "  ", title + ": not needed"
	}
	if s.Why == "" {
		return "! " + at + "  ", title + ": " + s.How
	}
	return "! " + at + "  ", title + ": " + s.How + ": " + s.Why
}

// Print writes the debrief for a terminal without a screen.
func (d *Debrief) Print(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s (%s)\n%s\n", d.Title, d.Drill, d.Verdict())
	for _, l := range d.Facts() {
		b.WriteString("  " + l + "\n")
	}
	b.WriteString("\nWhat happened\n")
	for _, e := range d.Events {
		b.WriteString("  " + e.Line() + "\n")
	}
	fmt.Fprintf(&b, "\nWhat %s does\n", d.Book)
	for _, s := range d.Steps {
		lead, text := s.Parts()
		b.WriteString("  " + lead + text + "\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}
