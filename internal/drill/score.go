package drill

import (
	"fmt"
	"math"
	"time"
)

// The prices, in points of 100; docs/drills.md publishes them.
const (
	full          = 100
	lateAtMost    = 30 // recovered after twice the time of a trained operator, or later
	blindAtMost   = 15 // diagnosed after two thirds of that time, or later
	perHint       = 5
	perGuess      = 5
	perSkip       = 5
	perOverride   = 10
	perWrong      = 10
	perLoss       = 15
	lostCommits   = 30
	diagnosedPart = 3 // a trained operator knows what it is after a third of the time
)

// Result is what a session is scored by.
type Result struct {
	// Par is the time of a trained operator; Diagnosed and Recovered are on the session's clock.
	Par, Diagnosed, Recovered time.Duration
	// Won says that the goal was reached.
	Won bool
	// Hints were opened, Guesses named a wrong book, Skips and Overrides stand in the trails, Wrong are changes of wrong hosts
	// or from wrong books, Losses conditions of the drill that came to pass.
	Hints, Guesses, Skips, Overrides, Wrong, Losses int
	// Commits are those that were lost; -1 when nobody counted.
	Commits int
}

// Loss is what one thing cost.
type Loss struct {
	Why    string `json:"why"`
	Points int    `json:"points"`
}

// Score is the points and what they were lost for.
type Score struct {
	Total  int    `json:"total"`
	Losses []Loss `json:"losses,omitempty"`
}

// Points is the published formula.
func (r Result) Points() Score {
	var s Score
	lose := func(points int, format string, args ...any) {
		if points > 0 {
			s.Losses = append(s.Losses, Loss{fmt.Sprintf(format, args...), points})
		}
	}
	if !r.Won {
		lose(full, "the goal was not reached")
		return s
	}
	lose(over(r.Recovered, r.Par, lateAtMost), "recovered after %s; a trained operator needs %s", Clock(r.Recovered), Clock(r.Par))
	lose(over(r.Diagnosed, r.Par/diagnosedPart, blindAtMost), "diagnosed after %s; a trained operator needs %s", Clock(r.Diagnosed), Clock(r.Par/diagnosedPart))
	each := func(n, price int, one, many string) { lose(n*price, "%s", count(n, one, many)) }
	each(r.Hints, perHint, "hint", "hints")
	each(r.Guesses, perGuess, "wrong diagnosis", "wrong diagnoses")
	each(r.Skips, perSkip, "skipped step", "skipped steps")
	each(r.Overrides, perOverride, "override", "overrides")
	each(r.Wrong, perWrong, "change of a wrong host or from a wrong book", "changes of wrong hosts or from wrong books")
	each(r.Losses, perLoss, "thing that should not have come to pass", "things that should not have come to pass")
	if r.Commits > 0 {
		lose(lostCommits, "%s lost", count(r.Commits, "acknowledged commit", "acknowledged commits"))
	}
	s.Total = full
	for _, l := range s.Losses {
		s.Total = max(s.Total-l.Points, 0)
	}
	return s
}

// over is the price of being late: nothing up to the limit, all of most at twice the limit, in between its share, rounded.
func over(took, limit time.Duration, most int) int {
	if took <= limit || limit <= 0 {
		return 0
	}
	share := min(float64(took-limit)/float64(limit), 1)
	return int(math.Round(share * float64(most)))
}

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// Clock is a duration as the session's clock shows it: minutes and seconds.
func Clock(d time.Duration) string {
	d = d.Round(time.Second)
	return fmt.Sprintf("%02d:%02d", int(d.Minutes()), int(d.Seconds())%60)
}
