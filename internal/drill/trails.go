package drill

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"recon/internal/audit"
	"recon/runbooks"
)

// deeds is what the trails of a session's walks say.
type deeds struct {
	events []Event
	// first is when the first walk of the right book began; zero when none did.
	first                   time.Time
	skips, overrides, wrong int
	steps                   map[int]StepDone // of the solving book, by number
}

// judge knows what is right in a drill.
type judge struct {
	book     string   // the one that solves it
	right    []string // and those that it sends to
	expected map[string]string
}

// read takes in what the walks of a cluster did from one moment on. What counts ends at the second one; what is told of goes
// on, because a walk goes on when its goal is reached.
func (j judge) read(dir, cluster string, from, to time.Time) (deeds, error) {
	d := deeds{steps: map[int]StepDone{}}
	all, err := audit.List(dir)
	if err != nil {
		return d, err
	}
	slices.Reverse(all) // oldest first
	for _, t := range all {
		if t.Cluster != cluster || t.DryRun || t.Last.Before(from) {
			continue
		}
		// What can be read of a damaged trail counts; that it is damaged is for `recon audit verify` to say.
		records, _ := audit.Read(t.Path)
		w := walked{judge: j, deeds: &d, from: from, to: to, book: t.Book, inputs: map[string]string{}}
		for _, r := range records {
			if err := w.take(r); err != nil {
				return d, err
			}
		}
	}
	slices.SortStableFunc(d.events, func(a, b Event) int { return int(a.At - b.At) })
	return d, nil
}

// walked is one trail while it is read.
type walked struct {
	judge
	*deeds
	from, to time.Time
	book     string
	titles   []string
	inputs   map[string]string
}

func (w *walked) note(r audit.Record, step int, format string, args ...any) {
	w.events = append(w.events, Event{At: r.At.Sub(w.from), Who: You, Book: w.book, Step: step, Text: fmt.Sprintf(format, args...)})
}

// one is 1 for a record that counts.
func (w *walked) one(r audit.Record) int {
	if r.At.After(w.to) {
		return 0
	}
	return 1
}

// done keeps the newest word on a step of the solving book.
func (w *walked) done(r audit.Record, step int, how, why string) {
	if w.book == w.judge.book {
		w.steps[step] = StepDone{How: how, At: r.At.Sub(w.from), Why: why}
	}
}

func (w *walked) title(step int) string {
	if step >= 1 && step <= len(w.titles) {
		return w.titles[step-1]
	}
	return fmt.Sprintf("step %d", step)
}

func (w *walked) take(r audit.Record) error {
	// A walk that is older than the session is read for its inputs only.
	counts := !r.At.Before(w.from)
	switch r.Kind {
	case audit.KindStart:
		s, err := audit.As[audit.Start](r)
		if err != nil {
			return err
		}
		w.titles = s.Book.Steps
		w.given(s.Inputs)
		if counts {
			w.note(r, 0, "began to walk %s", strings.Join(append([]string{w.book}, pairs(s.Inputs)...), " "))
			if slices.Contains(w.right, w.book) && (w.first.IsZero() || r.At.Before(w.first)) {
				w.first = r.At
			}
		}
	case audit.KindInputs:
		s, err := audit.As[audit.Inputs](r)
		if err != nil {
			return err
		}
		w.given(s.Values)
	}
	if !counts {
		return nil
	}
	return w.act(r)
}

func (w *walked) given(inputs map[string]string) {
	for k, v := range inputs {
		w.inputs[k] = v
	}
}

// act takes a record of something that was done.
func (w *walked) act(r audit.Record) error {
	switch r.Kind {
	case audit.KindIntent:
		a, err := audit.As[audit.Intent](r)
		if err != nil {
			return err
		}
		if a.Risk == string(runbooks.Read) {
			w.done(r, a.Step, "done", "")
			return nil
		}
		names := make([]string, len(a.Targets))
		for i, t := range a.Targets {
			names[i] = t.Name
		}
		what := map[bool]string{false: "ran", true: "rolled back"}[a.Rollback != 0]
		text := fmt.Sprintf("%s %q on %s", what, w.title(a.Step), strings.Join(names, ", "))
		if why := w.fault(); why != "" {
			w.wrong += w.one(r)
			text += ": " + why
		}
		w.note(r, a.Step, "%s", text)
	case audit.KindProof:
		p, err := audit.As[audit.Proof](r)
		if err != nil {
			return err
		}
		if p.Answer == audit.Pass {
			w.done(r, p.Step, "done", "")
		} else {
			w.done(r, p.Step, "not proved", "")
			w.note(r, p.Step, "%q was not proved", w.title(p.Step))
		}
	case audit.KindAttest:
		a, err := audit.As[audit.Attest](r)
		if err != nil {
			return err
		}
		w.done(r, a.Step, "by hand", a.Note)
		w.note(r, a.Step, "vouched for %q: %s", w.title(a.Step), a.Note)
	case audit.KindSkip:
		a, err := audit.As[audit.Skip](r)
		if err != nil {
			return err
		}
		w.skips += w.one(r)
		w.done(r, a.Step, "skipped", a.Reason)
		w.note(r, a.Step, "skipped %q: %s", w.title(a.Step), a.Reason)
	case audit.KindOverride:
		a, err := audit.As[audit.Override](r)
		if err != nil {
			return err
		}
		w.overrides += w.one(r)
		w.note(r, a.Step, "went past the checks of %q: %s", w.title(a.Step), a.Reason)
	case audit.KindNotNeeded:
		a, err := audit.As[audit.NotNeeded](r)
		if err != nil {
			return err
		}
		w.done(r, a.Step, "not needed", a.Reason)
	case audit.KindEnd:
		a, err := audit.As[audit.End](r)
		if err != nil {
			return err
		}
		w.note(r, 0, "%s %s", a.Status, w.book)
	}
	return nil
}

// fault says what is wrong with a change, empty when nothing is: it comes from a book that the drill does not need, or from
// the right one with other inputs than the book offered.
func (w *walked) fault() string {
	if !slices.Contains(w.right, w.book) {
		return "not the book that solves it"
	}
	if w.book != w.judge.book {
		return ""
	}
	for name, want := range w.expected {
		if got := w.inputs[name]; got != "" && got != want {
			return "the " + name + " is " + want
		}
	}
	return ""
}

func pairs(inputs map[string]string) []string {
	var out []string
	for k, v := range inputs {
		out = append(out, k+"="+v)
	}
	slices.Sort(out)
	return out
}
