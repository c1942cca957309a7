package drill

import (
	"os"
	"strings"
	"testing"
	"time"
)

func TestPoints(t *testing.T) {
	won := Result{Par: 6 * time.Minute, Diagnosed: 2 * time.Minute, Recovered: 6 * time.Minute, Won: true, Commits: 0}
	with := func(change func(*Result)) Result {
		r := won
		change(&r)
		return r
	}
	for _, c := range []struct {
		name string
		r    Result
		want int
		why  string
	}{
		{"in time", won, 100, ""},
		{"not reached", with(func(r *Result) { r.Won = false }), 0, "the goal was not reached"},
		{"half as long again", with(func(r *Result) { r.Recovered = 9 * time.Minute }), 85, "recovered after 09:00; a trained operator needs 06:00"},
		{"twice as long", with(func(r *Result) { r.Recovered = 12 * time.Minute }), 70, "recovered after 12:00"},
		{"all night", with(func(r *Result) { r.Recovered = 10 * time.Hour }), 70, "recovered after 600:00"},
		{"a second too late", with(func(r *Result) { r.Recovered = 6*time.Minute + time.Second }), 100, ""},
		{"diagnosed late", with(func(r *Result) { r.Diagnosed = 3 * time.Minute }), 92, "diagnosed after 03:00; a trained operator needs 02:00"},
		{"never diagnosed", with(func(r *Result) { r.Diagnosed = r.Recovered }), 85, "diagnosed after 06:00"},
		{"hints", with(func(r *Result) { r.Hints = 3 }), 85, "3 hints"},
		{"one hint", with(func(r *Result) { r.Hints = 1 }), 95, "1 hint"},
		{"guesses", with(func(r *Result) { r.Guesses = 2 }), 90, "2 wrong diagnoses"},
		{"skips", with(func(r *Result) { r.Skips = 1 }), 95, "1 skipped step"},
		{"overrides", with(func(r *Result) { r.Overrides = 1 }), 90, "1 override"},
		{"wrong target", with(func(r *Result) { r.Wrong = 2 }), 80, "2 changes of wrong hosts"},
		{"losses", with(func(r *Result) { r.Losses = 1 }), 85, "should not have come to pass"},
		{"lost commits", with(func(r *Result) { r.Commits = 7 }), 70, "7 acknowledged commits lost"},
		{"nobody counted", with(func(r *Result) { r.Commits = -1 }), 100, ""},
		{"everything", with(func(r *Result) {
			r.Recovered, r.Hints, r.Skips, r.Overrides, r.Wrong, r.Commits = time.Hour, 3, 3, 3, 3, 1
		}), 0, "1 acknowledged commit lost"},
	} {
		got := c.r.Points()
		why := ""
		sum := 0
		for _, l := range got.Losses {
			why += l.Why + "; "
			sum += l.Points
		}
		if got.Total != c.want || !strings.Contains(why, c.why) || c.why == "" && why != "" {
			t.Errorf("%s: %d points (%s), expected %d (%s)", c.name, got.Total, why, c.want, c.why)
		}
		if c.r.Won && got.Total != max(full-sum, 0) {
			t.Errorf("%s: the losses are %d and the points %d", c.name, sum, got.Total)
		}
	}
}

// docs/drills.md publishes the prices.
func TestTheDocumentHasThePrices(t *testing.T) {
	src, err := os.ReadFile("../../docs/drills.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []string{
		"| recovered later than the drill's `time` | up to 30: in proportion, all of it at twice the time |",
		"| diagnosed later than a third of it | up to 15: in proportion, all of it at two thirds |",
		"| each hint | 5 |", "| each wrong diagnosis | 5 |", "| each skipped step | 5 |", "| each override | 10 |",
		"| each change of a wrong host or from a wrong book | 10 |", "| each of the drill's `loses` that comes to pass | 15 |", "| acknowledged commits lost, however many | 30 |",
	} {
		if !strings.Contains(string(src), row) {
			t.Errorf("docs/drills.md lacks the row %s", row)
		}
	}
}

func TestClock(t *testing.T) {
	for d, want := range map[time.Duration]string{0: "00:00", 59600 * time.Millisecond: "01:00", 61 * time.Minute: "61:00", 125 * time.Second: "02:05"} {
		if got := Clock(d); got != want {
			t.Errorf("%s is shown as %s, expected %s", d, got, want)
		}
	}
}
