package contract

import (
	"fmt"
	"strings"
	"time"

	"recon/probes"
)

// Record watches one contract being kept, or not. It is used by one goroutine.
type Record struct {
	contract Contract
	was      Roles
	slack    Slack
	began    time.Time
	mended   time.Time
	seen     map[string]time.Time
	broken   map[string]bool
	faults   []string
}

// New begins a record at the moment of the fault. Was are the roles before it.
func New(c Contract, was Roles, slack Slack, fault time.Time) *Record {
	return &Record{contract: c, was: was, slack: slack, began: fault, seen: map[string]time.Time{}, broken: map[string]bool{}}
}

// Mended says when the fault was ended: from here on the changes of Back are looked for.
func (r *Record) Mended(at time.Time) { r.mended = at }

// Feed looks at a State. States that are older than the fault, or than its mending, are left out.
func (r *Record) Feed(s *probes.State) {
	back, start, changes := r.half()
	if s.At.Before(start) {
		return
	}
	if !back {
		for _, c := range r.contract.Always {
			if !r.broken[c.Name] && !c.Holds(r.was, s) {
				r.broken[c.Name] = true
				r.differ("%q did not stay true: it ended %.1f s after the fault", c.Name, seconds(start, s.At))
			}
		}
	}
	for _, c := range changes {
		if _, ok := r.seen[key(back, c.Name)]; ok || !c.Holds(r.was, s) {
			continue
		}
		from, ok := start, true
		if c.After != "" {
			from, ok = r.seen[key(back, c.After)]
		}
		r.seen[key(back, c.Name)] = s.At
		if !ok {
			r.differ("%q was seen before %q", c.Name, c.After)
			continue
		}
		if took := seconds(from, s.At); took < c.Least-r.slack.Early || took > c.Most+r.slack.Late {
			r.differ("%q came %.1f s after %s; a real cluster takes %g to %g s", c.Name, took, r.after(c, back), c.Least, c.Most)
		}
	}
}

// Complete says whether every change of the present half was seen.
func (r *Record) Complete() bool { return len(r.missing()) == 0 }

// Over says whether the present half needs no more States: every change was seen and at least that long was looked, so that what
// must stay as it is had time not to, or what is missing can no longer come in time.
func (r *Record) Over(now time.Time, least time.Duration) bool {
	if r.Complete() {
		_, start, _ := r.half()
		return now.Sub(start) >= least
	}
	return r.late(now)
}

// late says whether nothing of what is still missing can come in time any more.
func (r *Record) late(now time.Time) bool {
	for _, c := range r.missing() {
		if !now.After(r.deadline(c.Name)) {
			return false
		}
	}
	return true
}

// deadline is the last moment at which a change may be seen; that of one which waits for another counts from the other's.
func (r *Record) deadline(name string) time.Time {
	back, start, changes := r.half()
	if name == "" {
		return start
	}
	if at, ok := r.seen[key(back, name)]; ok {
		return at
	}
	for _, c := range changes {
		if c.Name == name {
			return r.deadline(c.After).Add(time.Duration((c.Most + r.slack.Late) * float64(time.Second)))
		}
	}
	return start
}

// half is what is watched now: whether the fault is mended, since when, and for which changes.
func (r *Record) half() (back bool, start time.Time, changes []Change) {
	if r.mended.IsZero() {
		return false, r.began, r.contract.Changes
	}
	return true, r.mended, r.contract.Back
}

func (r *Record) missing() []Change {
	back, _, changes := r.half()
	var out []Change
	for _, c := range changes {
		if _, ok := r.seen[key(back, c.Name)]; !ok {
			out = append(out, c)
		}
	}
	return out
}

// End closes the present half: what was not seen is a difference.
func (r *Record) End() {
	back, _, _ := r.half()
	for _, c := range r.missing() {
		r.differ("%q was never seen; a real cluster takes %g to %g s after %s", c.Name, c.Least, c.Most, r.after(c, back))
	}
}

// Differences are how the cluster did not keep the contract, in words; nil when it did.
func (r *Record) Differences() []string { return r.faults }

// Times says when what was seen, in seconds after the fault and after its mending, for whoever wants to compare.
func (r *Record) Times() string {
	var b strings.Builder
	for _, half := range []struct {
		back    bool
		from    time.Time
		changes []Change
		word    string
	}{{false, r.began, r.contract.Changes, ""}, {true, r.mended, r.contract.Back, "mended: "}} {
		for _, c := range half.changes {
			if at, ok := r.seen[key(half.back, c.Name)]; ok {
				fmt.Fprintf(&b, "%s%s %.1f s; ", half.word, c.Name, seconds(half.from, at))
			}
		}
	}
	return strings.TrimSuffix(b.String(), "; ")
}

func (r *Record) after(c Change, back bool) string {
	switch {
	case c.After != "":
		return fmt.Sprintf("%q", c.After)
	case back:
		return "the mending"
	}
	return "the fault"
}

func (r *Record) differ(format string, args ...any) {
	r.faults = append(r.faults, fmt.Sprintf(format, args...))
}

func key(back bool, name string) string {
	if back {
		return "back " + name
	}
	return name
}
