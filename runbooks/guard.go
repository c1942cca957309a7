package runbooks

import (
	"slices"
	"strings"

	"recon/internal/gate"
)

// Guards that walk has without guards.yaml, because they need the resolved target. A book waives them by these names.
const (
	// NotLeader: what destroys in a book of patroni or postgres never touches the leader.
	NotLeader = "not-leader"
	// QuorumStays: what stops etcd or a host leaves etcd a majority.
	QuorumStays = "quorum-stays"
)

// Guard is a condition that stands before every command of certain risks in the books of certain systems, unless the book
// waives it by name with a reason.
type Guard struct {
	ID, Title string
	// Systems and Risks say to which commands it applies: a risk among Risks, in a book that names one of Systems.
	Systems, Risks []string
	// Words narrow it, when there are any, to commands whose script holds one of these words.
	Words []string
	Check Condition
	// Text says why, in markdown.
	Text string
}

// Covers says whether the guard stands before this command of the book, were it not waived.
func (g Guard) Covers(b *Runbook, c *Command) bool {
	return slices.Contains(g.Risks, string(c.Risk)) &&
		slices.ContainsFunc(g.Systems, func(s string) bool { return slices.Contains(b.Systems, s) }) &&
		(len(g.Words) == 0 || slices.ContainsFunc(g.Words, func(w string) bool { return strings.Contains(c.Script, w) }))
}

// guards reads a file of guards.
func guards(file string, src []byte, scope gate.Scope) ([]Guard, Problems) {
	r := newReader(file, src, scope)
	if !r.clean() {
		return nil, r.problems.sorted()
	}
	var out []Guard
	v := r.yaml(string(src), 1)
	if v != nil && !v.isList {
		r.problem(v.line, v.column, "the guards are a list", "")
	}
	if v != nil {
		for _, item := range v.items {
			if g := r.guard(item); slices.ContainsFunc(out, func(o Guard) bool { return o.ID == g.ID }) {
				r.problem(item.line, item.column, "a second guard `"+g.ID+"`", "")
			} else {
				out = append(out, g)
			}
		}
	}
	return out, r.problems.sorted()
}

func (r *reader) guard(v *value) Guard {
	r.only(v, "a guard", "id", "title", "systems", "risks", "words", "check", "text")
	for _, key := range []string{"id", "title", "systems", "risks", "check", "text"} {
		if v.get(key) == nil {
			r.problem(v.line, v.column, "the guard lacks `"+key+"`", "")
			return Guard{}
		}
	}
	g := Guard{
		ID: r.word(v.get("id"), "`id`"), Title: r.word(v.get("title"), "`title`"), Text: strings.TrimSpace(r.word(v.get("text"), "`text`")),
		Systems: r.members(v.get("systems"), "systems", Systems()), Risks: r.members(v.get("risks"), "risks", risks()),
	}
	if w := v.get("words"); w != nil {
		g.Words = r.words(w, "`words`")
	}
	if c := r.condition(v.get("check"), "check"); c != nil {
		g.Check = *c
		r.canFail(g.Check)
	}
	return g
}

// guardIDs are the names that a book may waive.
func guardIDs() []string {
	ids := []string{NotLeader, QuorumStays}
	r := newReader("guards.yaml", shippedGuards, gate.Scope{})
	if v := r.yaml(string(shippedGuards), 1); v != nil {
		for _, g := range v.items {
			if id := g.get("id"); id != nil {
				ids = append(ids, id.text)
			}
		}
	}
	slices.Sort(ids)
	return ids
}

// waived says that the book does not ask the guard.
func (b *Runbook) waived(id string) bool { return b.Waives[id] != "" }

// canFail refuses a condition that says the same whatever the cluster does.
func (r *reader) canFail(c Condition) {
	if c.Expr == nil || c.Expr.Type() != boolType {
		return
	}
	if why, yes := gate.CannotFail(c.Expr); yes {
		r.problem(c.Line, c.Column, "this cannot fail: "+why, "ask for what would be different if it went wrong")
	}
}
