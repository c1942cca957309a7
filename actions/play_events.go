package actions

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"recon/internal/remote"
)

// Tasks is how far a playbook is at one host.
type Tasks struct {
	// OK counts the tasks that ended well, Changed those among them that changed something (or would, in a dry run).
	OK, Changed, Skipped, Failed, Ignored int
	// Now is the task under way, or the one that ended last.
	Now string
	// Failure is the task that failed and why, both empty when none did.
	Failure, Message string
	// Unreachable is true when the host could not be reached.
	Unreachable bool
}

// Follower is a writer that also wants to know how far its host is. Like a write, a call must not block.
type Follower interface{ Follow(Tasks) }

// playEvent is one line of the callback plugin.
type playEvent struct {
	Event   string `json:"event"`
	Host    string `json:"host"`
	Task    string `json:"task"`
	Message string `json:"message"`
	Diff    string `json:"diff"`
	// Hidden is a task with no_log: of it there is nothing but the name.
	Hidden  bool                  `json:"hidden"`
	Attempt int                   `json:"attempt"`
	Of      int                   `json:"of"`
	Number  int                   `json:"number"`
	Rest    []string              `json:"rest"`
	Hosts   map[string]hostTotals `json:"hosts"`
}

// hostTotals are Ansible's own counts of a host at the end. OK includes Changed.
type hostTotals struct {
	OK          int `json:"ok"`
	Changed     int `json:"changed"`
	Skipped     int `json:"skipped"`
	Failures    int `json:"failures"`
	Unreachable int `json:"unreachable"`
	Rescued     int `json:"rescued"`
	Ignored     int `json:"ignored"`
}

// ledger keeps what the events say of each host, and tells the hosts' writers. It belongs to one goroutine.
type ledger struct {
	dry     bool
	targets []string
	writers map[string]io.Writer
	follow  map[string]func(Tasks)
	hosts   map[string]*Tasks
	// running are the hosts with a task under way.
	running map[string]bool
	totals  map[string]hostTotals
	// toEnd is true while the last play runs on the last of its hosts: then a host without a failure has everything.
	toEnd, stopped bool
}

// take reads one line of the plugin. What is not understood is passed over: the outcome is judged by what is.
func (l *ledger) take(line []byte) {
	var e playEvent
	if json.Unmarshal(line, &e) != nil {
		return
	}
	switch e.Event {
	case "play":
		l.toEnd = e.Number > 0 && e.Number == e.Of && len(e.Rest) == 0
	case "stopped":
		l.stopped = true
	case "stats":
		l.totals = e.Hosts
	case "begin", "ok", "changed", "skipped", "failed", "ignored", "unreachable", "retry":
		l.host(e)
	}
}

func (l *ledger) host(e playEvent) {
	t := l.hosts[e.Host]
	if t == nil {
		t = &Tasks{}
		l.hosts[e.Host] = t
	}
	t.Now = e.Task
	l.running[e.Host] = e.Event == "begin" || e.Event == "retry"
	message := e.Message
	if e.Hidden {
		message = "its output is hidden (no_log)"
	}
	switch e.Event {
	case "ok":
		t.OK++
		l.say(e.Host, "ok", e.Task, "")
	case "changed":
		t.OK++
		t.Changed++
		word := "changed"
		if l.dry {
			word = "would change"
		}
		l.say(e.Host, word, e.Task, e.Diff)
	case "skipped":
		t.Skipped++
	case "retry":
		l.say(e.Host, "waits", fmt.Sprintf("%s (attempt %d of %d)", e.Task, e.Attempt, e.Of), "")
	case "ignored":
		t.OK++
		t.Ignored++
		l.say(e.Host, "failed, ignored", e.Task, message)
	case "failed":
		t.Failed++
		t.Failure, t.Message = e.Task, message
		l.say(e.Host, "FAILED", e.Task, message)
	case "unreachable":
		t.Failed++
		t.Failure, t.Message, t.Unreachable = e.Task, message, true
		l.say(e.Host, "UNREACHABLE", e.Task, message)
	}
	if follow := l.follow[e.Host]; follow != nil {
		follow(*t)
	}
}

// say writes a readable line to the host's writer. What happens on a host that is no target (localhost, as a rule) stands with
// the first.
func (l *ledger) say(host, word, task, more string) {
	w := l.writers[host]
	if w == nil {
		w, task = l.writers[l.targets[0]], host+": "+task
	}
	text := fmt.Sprintf("%-12s  %s\n", word, task)
	for line := range strings.Lines(more) {
		text += "    " + strings.TrimRight(line, "\n") + "\n"
	}
	// A writer that is gone is the screen's; the run goes on.
	_, _ = io.WriteString(w, text)
}

// failed says whether Ansible counts the host among those that failed: a failure that a rescue mended is none.
func (l *ledger) failed(host string) bool {
	if t, ok := l.totals[host]; ok {
		return t.Failures+t.Unreachable > 0
	}
	t := l.hosts[host]
	return t != nil && t.Failed > 0
}

// outcome is what became of one target when the process ended as exit says: OK, Failed, or how it was cut off.
func (l *ledger) outcome(target string, exit remote.ExitKind, why string) Outcome {
	o := Outcome{Target: target, Tasks: &Tasks{}, Kind: remote.OK}
	t := l.hosts[target]
	if t != nil {
		copied := *t
		o.Tasks = &copied
	}
	if n, ok := l.totals[target]; ok {
		o.Tasks.OK, o.Tasks.Changed, o.Tasks.Skipped, o.Tasks.Ignored = n.OK, n.Changed, n.Skipped, n.Ignored
		o.Tasks.Failed = n.Failures + n.Unreachable
	}
	count := o.Tasks.words(l.dry)
	switch {
	case l.failed(target):
		o.Kind, o.Reason = remote.Failed, o.Tasks.blame()+" ("+count+" before it"+l.done(target)+")"
		return o
	case exit == remote.OK:
		o.Tasks.Failure, o.Tasks.Message, o.Reason = "", "", count
		if t == nil {
			o.Reason = "the playbook has nothing for this host"
		}
		return o
	case exit != remote.Failed && t == nil:
		o.Kind, o.Reason = remote.NotStarted, why+", before anything ran on this host"
	case exit != remote.Failed:
		// What an interrupted task had begun on the host may go on there.
		o.Kind, o.Reason = remote.Unknown, why+"; "+count
		if l.running[target] {
			o.Reason += ", while " + t.Now + " ran"
		} else {
			o.Reason += ", after " + t.Now
		}
		if l.dry {
			o.Kind = exit // it changes nothing, so nothing is unknown
		}
	case l.totals != nil && l.toEnd && !l.stopped && t != nil && slices.ContainsFunc(l.targets, l.failed):
		o.Reason = count + ", done" // another host failed
	case t == nil:
		o.Kind, o.Reason = remote.NotStarted, why+", before anything ran on this host"
	default:
		o.Kind, o.Reason = remote.Failed, "not finished: "+why+"; "+count
	}
	return o
}

// done names the other targets that have everything.
func (l *ledger) done(but string) string {
	if l.totals == nil || !l.toEnd || l.stopped {
		return ""
	}
	var names []string
	for _, t := range l.targets {
		if t != but && l.hosts[t] != nil && !l.failed(t) {
			names = append(names, t)
		}
	}
	if len(names) == 0 {
		return ""
	}
	return "; done on " + strings.Join(names, ", ")
}

// broken says in one line why the run as a whole failed: which host, and at which task; else what Ansible said last.
func (l *ledger) broken(said string) string {
	names := slices.Clone(l.targets)
	for name := range l.hosts {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	for _, name := range names {
		if l.failed(name) && l.hosts[name] != nil {
			return "on " + name + " " + l.hosts[name].blame()
		}
	}
	return said
}

func (t *Tasks) blame() string {
	what := "failed"
	if t.Unreachable {
		what = "could not be reached"
	}
	message := strings.TrimSpace(t.Message)
	if len(message) > 400 {
		message = message[:400] + " …"
	}
	return fmt.Sprintf("the task %q %s: %s", t.Failure, what, message)
}

// words counts in words.
func (t *Tasks) words(dry bool) string {
	changed := "changed"
	if dry {
		changed = "would change"
	}
	return fmt.Sprintf("%d ok, %d %s", t.OK, t.Changed, changed)
}
