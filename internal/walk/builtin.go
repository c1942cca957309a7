package walk

import (
	"fmt"
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"

	"recon/internal/gate"
	"recon/probes"
	"recon/runbooks"
)

// builtin are the gates that follow from what a command is, not from what the book says: a destroying step refuses the
// leader, and a step that stops units or hosts must leave etcd a majority.
func (w *Walk) builtin(cmd *runbooks.Command, targets []string, s *probes.State) []Check {
	var out []Check
	if cmd.Risk == runbooks.Destroy && w.database() {
		out = append(out, w.notLeader(targets, s))
	}
	if cmd.Kind == runbooks.Sh && cmd.Risk != runbooks.Read && w.cfg.Cluster.Etcd != nil && stops(cmd.Script, w.cfg.Cluster.Etcd.Unit) {
		out = append(out, w.quorumStays(targets, s))
	}
	for i := range out {
		out[i].Waived = w.fold.waives[out[i].Guard]
	}
	return out
}

func (w *Walk) database() bool {
	return slices.Contains(w.book.Systems, "patroni") || slices.Contains(w.book.Systems, "postgres")
}

func (w *Walk) notLeader(targets []string, s *probes.State) Check {
	c := Check{Guard: runbooks.NotLeader, Text: "no target is the leader", Explain: "what destroys never touches the leader", Answer: gate.Pass}
	unseen := s.Patroni.Blind("leader")
	switch {
	case unseen != "":
		c.Answer, c.Unseen = gate.Unknown, unseen
	case s.Patroni.Leader == nil:
		c.Parts = []gate.Part{{Text: "patroni.leader", Value: "nobody", Answer: gate.Pass}}
	default:
		leader := s.Patroni.Leader.Node
		if slices.Contains(targets, leader) {
			c.Answer = gate.Fail
		}
		c.Parts = []gate.Part{{Text: "patroni.leader.node", Value: leader, Answer: c.Answer}}
	}
	return c
}

// quorumStays counts the etcd members that would be left when the targets' members stop. A member that does not answer is
// not counted on.
func (w *Walk) quorumStays(targets []string, s *probes.State) Check {
	c := Check{Guard: runbooks.QuorumStays, Text: "etcd keeps a majority without the targets", Explain: "the step stops etcd or a host"}
	left := 0
	for _, m := range s.Etcd.Members {
		if m.Blind("term") == "" && !slices.Contains(targets, m.Name) && m.LeaderID != "0" && m.LeaderID != "" {
			left++
		}
	}
	need := len(s.Etcd.Members)/2 + 1
	c.Answer = gate.Fail
	if left >= need {
		c.Answer = gate.Pass
	}
	c.Parts = []gate.Part{{Text: "healthy members left", Value: fmt.Sprintf("%d, needed %d", left, need), Answer: c.Answer}}
	return c
}

// stops says whether a script stops or restarts a unit, or takes the host down. It reads the shell's own tree, so that a
// word in a comment or a string is no command.
func stops(script, unit string) bool {
	f, err := syntax.NewParser(syntax.Variant(syntax.LangPOSIX)).Parse(strings.NewReader(script), "")
	if err != nil {
		return true // what cannot be read is treated as the worst; lint refuses such a book
	}
	found := false
	syntax.Walk(f, func(n syntax.Node) bool {
		call, ok := n.(*syntax.CallExpr)
		if !ok {
			return true
		}
		var words []string
		for _, a := range call.Args {
			words = append(words, literal(a))
		}
		for i, word := range words {
			switch word {
			case "reboot", "poweroff", "halt", "shutdown":
				found = found || i == 0 || words[0] == "systemctl"
			case "stop", "restart", "kill", "try-restart", "isolate":
				if words[0] == "systemctl" {
					found = found || slices.ContainsFunc(words[i+1:], func(x string) bool {
						return strings.TrimSuffix(x, ".service") == unit || x == "" || x == "ETCD_UNIT"
					})
				}
			}
		}
		return true
	})
	return found
}

// literal is a word's text; a single variable yields its name, anything else that is not literal the empty string.
func literal(word *syntax.Word) string {
	if lit := word.Lit(); lit != "" {
		return lit
	}
	if len(word.Parts) == 1 {
		switch p := word.Parts[0].(type) {
		case *syntax.SglQuoted:
			return p.Value
		case *syntax.ParamExp:
			return p.Param.Value
		case *syntax.DblQuoted:
			if len(p.Parts) == 1 {
				switch q := p.Parts[0].(type) {
				case *syntax.Lit:
					return q.Value
				case *syntax.ParamExp:
					return q.Param.Value
				}
			}
		}
	}
	return ""
}

// leftovers is what a walk must not leave behind unseen (guard G23 of the catalogue). What cannot be seen is said too.
func leftovers(c []string, s *probes.State) []string {
	var out []string
	p := s.Patroni
	if why := p.Blind("paused"); s.Deployment.Blind("missing") == "" && slices.Contains(s.Deployment.Missing, "patroni") {
		// Nobody paused what never ran.
	} else if why != "" {
		out = append(out, "Patroni cannot be asked whether it is paused: "+why)
	} else if p.Paused != nil && *p.Paused {
		out = append(out, "Patroni is paused: nobody is promoted automatically")
	}
	if p.Blind("scheduled") == "" && p.Scheduled != nil {
		out = append(out, fmt.Sprintf("a switchover from %s is scheduled for %s", p.Scheduled.From, p.Scheduled.At))
	}
	if p.Blind("config") == "" && p.Config != nil && p.Config.Sync && !p.Config.Strict {
		out = append(out, "synchronous mode is not strict: commits are acknowledged without a synchronous standby")
	}
	for _, m := range p.Members {
		if m.Blind("tags") != "" {
			continue
		}
		for _, tag := range []string{"nofailover", "nosync", "noloadbalance", "nostream"} {
			if v := m.Tags[tag]; v == "true" || v == "True" {
				out = append(out, m.Name+" has the tag "+tag)
			}
		}
	}
	return append(out, c...)
}
