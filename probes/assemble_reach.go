package probes

import (
	"slices"
	"strings"
	"time"

	"recon/internal/inventory"
)

// witness is a node that was asked about the others.
type witness struct {
	name  string
	tries []attempt
}

// of are its attempts at a node since a moment.
func (w witness) of(node string, from time.Time) []attempt {
	return slices.DeleteFunc(slices.Clone(w.tries), func(a attempt) bool { return a.node != node || a.at.Before(from) })
}

// met says that the host answered, be it with a refusal.
func (a attempt) met() bool { return a.reached || a.refused }

// watchtower is everything that the verdicts are made from.
type watchtower struct {
	c     *inventory.Cluster
	r     raw
	m     moment
	s     *State
	all   []witness         // those who answered
	blind map[string]string // why the others did not
}

func assembleReach(c *inventory.Cluster, r raw, m moment, s *State) Reach {
	out := Reach{Nodes: []NodeReach{}, Broken: []Link{}}
	t := watchtower{c: c, r: r, m: m, s: s, blind: map[string]string{}}
	for _, n := range c.Nodes {
		switch a := r.reach[n.Name]; {
		case a.pending(m):
			t.blind[n.Name] = neverAsked
		case a.err != "":
			t.blind[n.Name] = a.err
		case m.now.Sub(a.began) > evidenceAge:
			t.blind[n.Name] = "what it found out is older than 30 s"
		default:
			w := witness{name: n.Name}
			for _, x := range a.fact.tries {
				if m.now.Sub(x.at) <= evidenceAge {
					w.tries = append(w.tries, x)
				}
			}
			t.all = append(t.all, w)
		}
	}
	seen, open := 0, 0
	for _, n := range s.Nodes {
		out.Nodes = append(out.Nodes, t.node(n))
		switch {
		case n.Blind("reachable") != "":
			out.UnseenFew = either(out.UnseenFew, n.Name+": "+n.Blind("reachable"))
			open++
		case n.Reachable:
			seen++
		}
	}
	out.Few = 2*seen < len(s.Nodes)
	if 2*seen >= len(s.Nodes) || 2*(seen+open) < len(s.Nodes) {
		out.UnseenFew = "" // the rest does not change it
	}
	for _, w := range t.all {
		out.Broken = append(out.Broken, t.broken(w)...)
	}
	switch {
	case len(c.Nodes) < 2:
		out.Unseen = "there is one node only"
	case len(t.all) == 0:
		out.Unseen = "no node can be asked about the others: " + t.blind[c.Nodes[0].Name]
	}
	for _, n := range s.Nodes {
		if n.Blind("reachable") == "" && n.Reachable && t.blind[n.Name] == neverAsked && len(c.Nodes) > 1 {
			out.Unseen = either(out.Unseen, n.Name+" was not asked about the others yet")
		}
	}
	return out
}

// node is the verdict on one node.
func (t *watchtower) node(n Node) NodeReach {
	out := NodeReach{Name: n.Name, Witnesses: []Witness{}, Blinded: t.blind[n.Name]}
	if out.Blinded == neverAsked {
		out.Blinded, out.UnseenWitness = "", neverAsked
	}
	for _, w := range t.all {
		for _, a := range w.of(n.Name, time.Time{}) {
			out.Witnesses = append(out.Witnesses, Witness{
				By: w.name, Service: a.service, Port: a.port, Reached: a.reached, Refused: a.refused, Error: a.err, Age: t.m.now.Sub(a.at).Seconds(),
			})
		}
	}
	switch why := n.Blind("reachable"); {
	case why != "":
		out.Unseen = why
	case n.Age > evidenceAge.Seconds():
		out.Unseen = "the last look at it is older than 30 s"
	case n.Reachable:
		out.Verdict, out.Why = t.up(n)
	default:
		out.Verdict, out.Why, out.Unseen = t.down(n)
	}
	return out
}

// up tells a node that answers the console from one that answers nobody else.
func (t *watchtower) up(n Node) (verdict, why string) {
	from := ago(t.m.now, n.Since)
	var lost, met []string
	for _, w := range t.all {
		other, ok := NodeByName(t.s, w.name)
		if !ok || !other.Reachable || w.name == n.Name {
			continue
		}
		switch tries := w.of(n.Name, latest(from, ago(t.m.now, other.Since))); {
		case slices.ContainsFunc(tries, attempt.met):
			met = append(met, w.name)
		case len(tries) > 0:
			lost = append(lost, w.name)
		}
	}
	if len(lost) == 0 || len(met) > 0 {
		if len(lost) > 0 {
			return "up", "it answers the console and " + strings.Join(met, ", ") + "; " + strings.Join(lost, ", ") + " " + verb(lost, "does", "do") + " not reach it"
		}
		return "up", "it answers the console"
	}
	i := slices.IndexFunc(t.all, func(w witness) bool { return w.name == n.Name })
	if i < 0 {
		return "up", "it answers the console; " + strings.Join(lost, ", ") + " " + verb(lost, "does", "do") + " not reach it, and whom it reaches is not known: " + t.blind[n.Name]
	}
	tried := false
	for _, x := range t.all[i].tries {
		other, ok := NodeByName(t.s, x.node)
		switch {
		case !ok || !other.Reachable || x.at.Before(latest(from, ago(t.m.now, other.Since))):
		case x.met():
			return "up", "it answers the console and reaches " + x.node + "; " + strings.Join(lost, ", ") + " " + verb(lost, "does", "do") + " not reach it"
		default:
			tried = true
		}
	}
	if !tried {
		return "up", "it answers the console; " + strings.Join(lost, ", ") + " " + verb(lost, "does", "do") + " not reach it, and it has tried nobody yet"
	}
	return "alone", "it answers the console, and neither does it reach " + strings.Join(lost, ", ") + " nor " + verb(lost, "is it reached from there", "do they reach it")
}

// sameMoment is within how many seconds two questions count as asked together: at the start of a watch all are.
const sameMoment = 0.1

// down says why a node does not answer the console. Only what was tried since it ceased to answer counts.
func (t *watchtower) down(n Node) (verdict, why, unseen string) {
	from := ago(t.m.now, n.Since+sameMoment)
	if t.r.hosts[n.Name].spoke {
		return "ssh down", "its ssh server answers and does not let the console in: " + n.Error, ""
	}
	if n.Refused {
		return "ssh down", "its host answers that nothing listens on its ssh port", ""
	}
	if t.c.Dial == inventory.DialDirect {
		for _, e := range endpoints(t.s) {
			if e.node == n.Name && e.seen.Blind("reachable") == "" && (e.seen.Reachable || e.seen.Refused) && !e.seen.Began.Before(from) {
				return "ssh down", "the console reaches the port of " + e.service + " there, and ssh does not answer: " + n.Error, ""
			}
		}
	}
	var met, silent, lonely []string
	var sshMet, sshRefused, sshSilent string
	for _, w := range t.all {
		tries := w.of(n.Name, from)
		if w.name == n.Name || len(tries) == 0 {
			continue
		}
		for _, a := range tries {
			switch {
			case a.service != "ssh":
			case a.reached:
				sshMet = either(sshMet, w.name)
			case a.refused:
				sshRefused = either(sshRefused, w.name)
			default:
				sshSilent = either(sshSilent, w.name)
			}
		}
		switch {
		case slices.ContainsFunc(tries, attempt.met):
			met = append(met, w.name)
		case t.reaches(w, n.Name):
			silent = append(silent, w.name)
		default:
			lonely = append(lonely, w.name)
		}
	}
	by := strings.Join(met, ", ")
	switch {
	case sshRefused != "":
		return "ssh down", sshRefused + " reaches its host, and nothing listens on its ssh port", ""
	case sshMet != "":
		return "cut off", sshMet + " reaches it, ssh included: the network between it and the console is broken", ""
	case len(met) > 0 && sshSilent != "":
		return "ssh down", by + " " + verb(met, "reaches", "reach") + " its host, and its ssh port is silent", ""
	case len(met) > 0:
		return "cut off", by + " " + verb(met, "reaches", "reach") + " it and the console does not", ""
	case len(silent) > 0:
		return "dead", "neither the console nor " + strings.Join(silent, ", ") + " " + verb(silent, "reaches", "reach") + " any of its ports", ""
	case len(lonely) > 0 && len(t.c.Nodes) == 2:
		return "dead", "neither the console nor " + lonely[0] + " reaches any of its ports", ""
	case len(lonely) > 0:
		return "", "", strings.Join(lonely, ", ") + " " + verb(lonely, "reaches", "reach") + " no other node: a dead host does not differ from a broken network there"
	case len(t.c.Nodes) == 1:
		return "", "", "no other node can be asked about it"
	}
	return "", "", t.nobody(n.Name)
}

// reaches says whether a witness reaches any node but this one, so that its silence is of that node and not its own.
func (t *watchtower) reaches(w witness, but string) bool {
	return slices.ContainsFunc(w.tries, func(a attempt) bool { return a.node != but && a.met() })
}

// nobody is why no witness speaks of a node.
func (t *watchtower) nobody(node string) string {
	var why []string
	for _, n := range t.c.Nodes {
		switch b := t.blind[n.Name]; {
		case n.Name == node:
		case b != "":
			why = append(why, n.Name+": "+b)
		default:
			why = append(why, n.Name+" has not tried it since it ceased to answer")
		}
	}
	return "nobody can be asked about it: " + strings.Join(why, "; ")
}

// broken are the ways from a witness on which nothing comes through to nodes that answer the console.
func (t *watchtower) broken(w witness) []Link {
	var out []Link
	own, ok := NodeByName(t.s, w.name)
	if !ok || own.Blind("reachable") != "" || !own.Reachable {
		return nil
	}
	for _, a := range w.tries {
		to, ok := NodeByName(t.s, a.node)
		if !ok || a.met() || to.Blind("reachable") != "" || !to.Reachable || a.at.Before(latest(ago(t.m.now, own.Since), ago(t.m.now, to.Since))) {
			continue
		}
		out = append(out, Link{From: w.name, To: a.node, Service: a.service, Port: a.port, Error: a.err})
	}
	return out
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func verb(who []string, one, many string) string {
	if len(who) == 1 {
		return one
	}
	return many
}
