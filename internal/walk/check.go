package walk

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"recon/internal/audit"
	"recon/internal/gate"
	"recon/probes"
	"recon/runbooks"
)

// vars are the names that the book's expressions may read, with their values now.
func (w *Walk) vars(s *probes.State) map[string]any {
	vars := probes.Vars(s)
	vars["inputs"] = texts(w.fold.inputs)
	answers := map[string]any{}
	for _, step := range w.book.Steps {
		for _, q := range step.Asks {
			v, ok := w.fold.answers[q.Name]
			if !ok {
				continue
			}
			answers[q.Name] = v
			if q.Kind == runbooks.NumberQuestion {
				if n, err := strconv.ParseFloat(v, 64); err == nil {
					answers[q.Name] = n
				}
			}
		}
	}
	vars["answers"] = answers
	captures := map[string]any{}
	for name, hosts := range w.fold.captures {
		captures[name] = hosts
	}
	vars["captures"] = captures
	return vars
}

func texts(m map[string]string) map[string]any {
	out := make(map[string]any, len(m))
	for k, v := range m {
		out[k] = v
	}
	return out
}

func evaluate(conditions []runbooks.Condition, vars map[string]any) []Check {
	out := make([]Check, len(conditions))
	for i, c := range conditions {
		out[i] = check(c, vars)
	}
	return out
}

func check(c runbooks.Condition, vars map[string]any) Check {
	r := c.Expr.Eval(vars)
	return Check{Text: c.Text, Explain: c.Explain, Answer: r.Answer, Unseen: r.Unseen, Parts: r.Parts}
}

// worst is Fail if any check fails, else Unknown if any is unknown, else Pass; of nothing it is Pass. Waived guards do
// not count.
func worst(checks []Check) gate.Answer {
	answer := gate.Pass
	for _, c := range checks {
		switch {
		case c.Waived != "":
		case c.Answer == gate.Fail:
			return gate.Fail
		case c.Answer == gate.Unknown:
			answer = gate.Unknown
		}
	}
	return answer
}

// failing are the checks that do not pass.
func failing(checks []Check) []Check {
	var out []Check
	for _, c := range checks {
		if c.Waived == "" && c.Answer != gate.Pass {
			out = append(out, c)
		}
	}
	return out
}

// why says in one line what the first failing check is.
func why(checks []Check) string {
	bad := failing(checks)
	if len(bad) == 0 {
		return ""
	}
	c := bad[0]
	text := c.Text
	if c.Guard != "" {
		text = c.Guard + " " + text
	}
	if c.Answer == gate.Unknown {
		text += " is unknown: " + c.Unseen
	} else {
		text += " does not hold"
	}
	if len(bad) > 1 {
		text += fmt.Sprintf(" (and %d more)", len(bad)-1)
	}
	return text
}

// gates are the step's own checks and the guards that apply to the command: what is read before the operator confirms
// and again before anything is sent. What undoes a step is not held up by the step's own checks, which the change may well
// have made false; the guards stand before it as before everything.
func (w *Walk) gates(step *runbooks.Step, cmd *runbooks.Command, rollback bool, targets []string, s *probes.State, vars map[string]any) []Check {
	var checks []Check
	if !rollback {
		checks = evaluate(step.Before, vars)
	}
	for _, g := range w.cfg.Library.Guards {
		if !g.Covers(w.book, cmd) {
			continue
		}
		c := check(g.Check, vars)
		c.Guard, c.Explain, c.Waived = g.ID, g.Title, w.fold.waives[g.ID]
		checks = append(checks, c)
	}
	return append(checks, w.builtin(cmd, targets, s)...)
}

// sections are the parts of State that the conditions read, for Fresh.
func sections(exprs ...*gate.Expr) []string {
	words := probes.Words()
	set := map[string]bool{}
	for _, e := range exprs {
		if e == nil {
			continue
		}
		for _, path := range e.Reads() { // of a function it is what it finds: haproxy.members of haproxy_member()
			if head, _, _ := strings.Cut(path, "."); words[head] != nil {
				set[head] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(set))
}

func exprsOf(conditions []runbooks.Condition) []*gate.Expr {
	var out []*gate.Expr
	for _, c := range conditions {
		out = append(out, c.Expr)
	}
	return out
}

// lines are checks as the trail keeps them.
func lines(checks []Check) []audit.Line {
	out := make([]audit.Line, len(checks))
	for i, c := range checks {
		l := audit.Line{Text: c.Text, About: c.Explain, Answer: c.Answer.String()}
		if c.Guard != "" {
			l.Text = c.Guard + ": " + c.Text
		}
		if c.Waived != "" {
			l.About = strings.TrimSpace(l.About + " (waived: " + c.Waived + ")")
		}
		if c.Answer == gate.Unknown && c.Unseen != "" {
			l.Parts = append(l.Parts, audit.Part{Text: "not seen", Value: c.Unseen})
		}
		for _, p := range c.Parts {
			l.Parts = append(l.Parts, audit.Part{Text: p.Text, Value: p.Value})
		}
		out[i] = l
	}
	return out
}

func seen(s *probes.State) audit.Seen { return audit.Seen{Seq: s.Seq, At: s.At} }
