package runbooks

import (
	"slices"
	"strings"

	"recon/internal/gate"
)

// checks refuses conditions that cannot fail.
func (l *linter) checks(s *Step) {
	all := slices.Concat(s.When, s.Before)
	if s.Proof != nil {
		all = append(all, s.Proof.Conditions...)
	}
	for _, c := range all {
		l.canFail(c)
	}
}

// proofOf judges what proves a changing step.
func (l *linter) proofOf(s *Step) {
	at := slices.IndexFunc(s.Commands, func(c Command) bool { return c.Risk != Read })
	if at < 0 {
		return
	}
	c := s.Commands[at]
	if s.Proof == nil {
		l.problem(c.Line-1, 1, "the step changes something and has no proof", "write a `check` below it: what is different in the cluster when it worked")
		return
	}
	for _, p := range s.Proof.Conditions {
		if l.repeats(s, at, p) {
			l.problem(p.Line, p.Column, "the proof repeats what the step's own command said", "ask the cluster, or a read block below the change")
		}
	}
	if s.Proof.Within == 0 && slices.ContainsFunc(s.Proof.Conditions, func(p Condition) bool { return !instant(p.Expr) }) {
		l.problem(s.Proof.Line, 1, "the proof has no `within`, and what it asks for takes time", "write how long it may take: check within=2m")
	}
}

// repeats says that a condition reads nothing but captures that the changing command printed, or that were read before it.
func (l *linter) repeats(s *Step, changing int, p Condition) bool {
	if p.Expr == nil {
		return false
	}
	var said []string
	for i, c := range s.Commands {
		if c.Capture != "" && i <= changing {
			said = append(said, c.Capture)
		}
	}
	for _, path := range p.Expr.Reads() {
		words := strings.Split(path, ".")
		switch {
		case words[0] == "inputs" || words[0] == "answers":
		case words[0] == "captures" && len(words) > 1 && slices.Contains(said, words[1]):
		case words[0] == "captures" && len(words) > 1 && l.capturedBefore(s, words[1]):
		case alwaysKnown(path):
		default:
			return false
		}
	}
	return true
}

func (l *linter) capturedBefore(s *Step, name string) bool {
	for _, earlier := range l.book.Steps[:s.Number-1] {
		if slices.ContainsFunc(earlier.Commands, func(c Command) bool { return c.Capture == name }) {
			return true
		}
	}
	return false
}

// alwaysKnown are paths that come from the cluster file, and so prove nothing: the node of a member, a name.
func alwaysKnown(path string) bool {
	return slices.Contains([]string{"patroni.members.node", "patroni.members.name", "nodes.name", "nodes.address", "cluster.name", "cluster.environment"}, path)
}

// instant says that a condition may hold as soon as the command has ended: it reads only captures and what systemd's own
// files say.
func instant(e *gate.Expr) bool {
	if e == nil {
		return true
	}
	return !slices.ContainsFunc(e.Reads(), func(p string) bool {
		words := strings.Split(p, ".")
		return !slices.Contains([]string{"inputs", "answers", "captures"}, words[0]) && !strings.Contains(p, "unit_files") && !strings.Contains(p, "service_files") && !alwaysKnown(p)
	})
}
