package cli

import (
	"slices"
	"strings"

	"recon/internal/fault"
	"recon/internal/findings"
	"recon/internal/inventory"
	"recon/internal/stack"
	"recon/internal/walk"
	"recon/probes"
	"recon/ui"
)

// stop is one place of the tour: when the newcomer is there, and what they are told. The first that fits is told, and none
// remembers anything, so that the tour follows whichever way somebody takes.
//
// In a text {title} is that of the finding that counts, {name} what has to be typed, {fault} what was done.
type stop struct {
	at   func(v visit) bool
	says string
}

// visit is a moment with what the stops ask of it.
type visit struct {
	ui.Moment
	worst   *findings.Finding // what counts of what is certain: what a book for the fault found, else the worst
	cause   bool              // that book is for the fault, and leads out of it
	pending bool              // a finding counts down
	sick    bool              // a cell is not well
	blind   bool              // something was not asked yet
	struck  bool              // the fault was made
}

func (v visit) dialog(d ui.Dialog) bool { return v.Dialog == d }
func (v visit) open() bool              { return v.Walk != nil && v.Walk.Status == walk.Open }
func (v visit) ended() bool             { return v.Walk != nil && v.Walk.Status != walk.Open }

// waits says that the walk is on the screen and waits for something of that kind.
func (v visit) waits(kind walk.NextKind) bool {
	return v.Screen == 3 && v.open() && v.Busy != ui.Sending && v.Busy != ui.Acting && v.Walk.Next.Kind == kind
}

// confirms says that a plan stands to be confirmed, in that way.
func (v visit) confirms(how walk.Confirmation) bool {
	return v.Dialog == ui.Confirming && v.Walk != nil && v.Walk.Next.Plan != nil && v.Walk.Next.Plan.Confirm == how
}

// watches says that the step at hand only waits for the cluster.
func (v visit) watches() bool { return v.open() && v.Walk.Steps[v.Walk.Current].Step.GateOnly }

// proposed says that the book under the cursor is for what is wrong now.
func (v visit) proposed() bool {
	return v.Book != nil && slices.ContainsFunc(v.Findings, func(f findings.Finding) bool { return f.Book.ID == v.Book.ID && certain(f) })
}

// besides says that the cause was found, and that the cursor is on another book.
func (v visit) besides() bool {
	return v.worst != nil && v.cause && v.proposed() && v.Book.ID != v.worst.Book.ID
}

func certain(f findings.Finding) bool { return f.Phase == findings.Holds || f.Phase == findings.Blind }

// stops are the tour, the dialogs first because they stand before everything else.
func stops() []stop {
	dialog := func(d ui.Dialog) func(visit) bool { return func(v visit) bool { return v.dialog(d) } }
	confirms := func(how walk.Confirmation) func(visit) bool {
		return func(v visit) bool { return v.confirms(how) }
	}
	waits := func(kind walk.NextKind) func(visit) bool { return func(v visit) bool { return v.waits(kind) } }
	on := func(screen int, also func(visit) bool) func(visit) bool {
		return func(v visit) bool { return v.Screen == screen && also(v) }
	}
	always := func(visit) bool { return true }

	return []stop{
		{dialog(ui.Finding), "3/9 Why it holds: every part of the book's condition, with the value that was seen. enter: open the book"},
		{dialog(ui.Starting), "5/9 Which book, by its hash, and what it has to know first: the console proposes what it sees. enter: take it, start"},
		{confirms(walk.ByEnter), "6/9 Byte for byte what is sent, to which host, as which user. It only reads, so one key will do. enter: send it"},
		{confirms(walk.ByYes), "6/9 A change: what is sent and, below, what will prove that it worked. y, then enter: send it"},
		{confirms(walk.ByName), "6/9 Type {name}, then enter: what can lose data wants a name, and neither a reflex nor a paste"},
		{dialog(ui.Asking), "7/9 The book asks what only a person can know; the answer goes into the trail. up/down, then enter: answer"},
		{
			func(v visit) bool { return v.dialog(ui.Sure) && v.waits(walk.NextFinish) },
			"9/9 Left behind is what was forgotten: a pause, a tag, a server in maintenance. y: finish the walk",
		},
		{dialog(ui.Reasoning), "A reason in your own words, for whoever reads the trail. esc: close this"},
		{dialog(ui.Sure), "A question that wants a y. Any other key: nothing happens"},
		{dialog(ui.Reading), "What a cell is drawn from: each value, who said it and how long ago, and the books for it. esc: close this"},
		{func(v visit) bool { return v.Dialog != ui.NoDialog }, ""},

		{
			on(3, func(v visit) bool { return v.Busy == ui.Sending }),
			"7/9 It runs. What was meant was on disk before the first byte left; what comes back is in the pane output (tab)",
		},
		{
			on(3, func(v visit) bool { return v.Busy == ui.Proving && v.watches() }),
			"6/9 Hands off: this step only watches, while the cluster helps itself. The walk goes on by itself, too",
		},
		{
			on(3, func(v visit) bool { return v.Busy == ui.Proving }),
			"8/9 That a command ran proves nothing. Its proof is looked for in the cluster, again and again, until it holds",
		},
		{func(v visit) bool { return v.waits(walk.NextConfirm) && v.Output }, "7/9 This is what came back, a line a host; all of it lies beside the trail. enter: the next step"},
		{waits(walk.NextConfirm), "6/9 A step: its conditions hold, below is what it sends, and where. Nothing is sent yet. enter: a closer look"},
		{waits(walk.NextGate), "6/9 Blocked: a condition fails or is not known, which is no better. The walk looks by itself. r: look now"},
		{waits(walk.NextDecide), "6/9 Nobody can tell from here whether this step applies. a: it does   x: it does not"},
		{waits(walk.NextAsk), "7/9 Here the book asks you. enter: answer"},
		{waits(walk.NextAttest), "7/9 This is done by hand, outside of recon. enter: say what you did"},
		{waits(walk.NextProve), "8/9 The proof is not measured yet. p: measure it"},
		{waits(walk.NextReconcile), "8/9 Outcome unknown: it may have run. First what is known, then what can be checked, then your word. enter: go on"},
		{waits(walk.NextChoose), "8/9 It failed, and the walk waits for you. r: again   s: skip, with a reason   e: call somebody"},
		{waits(walk.NextFinish), "9/9 Every step is behind you. enter: look for what was left behind, and finish"},
		{on(3, visit.ended), "9/9 The walk is over, its trail written. 1: the cluster now   q: leave; recon then says how to check the trail"},
		{on(3, visit.open), ""},
		{on(3, always), "No walk is open. 2: the runbooks"},

		{on(2, visit.open), "Your walk is open, and goes on where it was. 3: back to it"},
		{on(2, visit.besides), "4/9 Much follows from one thing: {title}. up/down: to its book"},
		{on(2, func(v visit) bool { return v.proposed() && len(v.Book.Steps) == 0 }), "4/9 This book says what is seen and what to look at. tab: read it   1: the cluster"},
		{on(2, visit.proposed), "4/9 What fits the cluster now stands first, with the reason. tab: read it   enter: walk it, step by step"},
		{on(2, func(v visit) bool { return v.worst != nil }), "4/9 The book that fits stands at the top, under SUGGESTED NOW. up: go there"},
		{on(2, visit.ended), "9/9 Nothing is suggested any more. 1: the cluster   q: leave"},
		{on(2, always), "All books; none is suggested while the cluster is well. 1: the cluster"},

		{on(1, visit.open), "The same cluster, while your walk is open. 3: back to the walk"},
		{on(1, func(v visit) bool { return v.ended() && v.worst == nil }), "9/9 The cluster is well again, and below are all its changes. q: leave; recon then says how to check the trail"},
		{on(1, visit.ended), "9/9 The walk is over; what is listed still holds. 2: its book   q: leave"},
		{func(v visit) bool { return v.worst != nil }, "3/9 Found: {title}. A finding names its book. 2: the books"},
		{func(v visit) bool { return v.blind }, "1/9 The console asks three hosts over ssh; what did not answer yet is not known, and shown as such"},
		{func(v visit) bool { return v.pending }, "2/9 Something broke. A finding counts down: it has to hold a while before it is certain. Wait for it"},
		{func(v visit) bool { return v.sick }, "2/9 Something changed, underlined for some seconds. Wait for a finding   enter: the evidence of a cell"},
		{func(v visit) bool { return v.struck }, "2/9 Struck: {fault}. Nothing is seen of it so far; some faults show late. 2: the books"},
		{always, "1/9 A healthy cluster: a column a host, a row a service. Soon: {fault}. ctrl-t: hide this line"},
	}
}

// tour is the guide of the demo on a cluster that a fault will break; struck says whether it did.
func tour(c *inventory.Cluster, f fault.Fault, struck func() bool) func(ui.Moment) string {
	all := stops()
	return func(m ui.Moment) string {
		v := visit{Moment: m, struck: struck()}
		title, name := "", ""
		for i := range m.Findings {
			v.pending = v.pending || m.Findings[i].Phase == findings.Pending
			b := m.Findings[i].Book
			cause := forFault(b, f.Name) && b.Changes()
			if certain(m.Findings[i]) && (v.worst == nil || cause && !v.cause) {
				v.worst, v.cause, title = &m.Findings[i], cause, b.Title
			}
		}
		if m.State != nil {
			v.blind, v.sick = health(c, m.State)
		}
		if m.Walk != nil && m.Walk.Next.Plan != nil {
			name = m.Walk.Next.Plan.Type
		}
		for _, s := range all {
			if s.at(v) {
				return strings.NewReplacer("{title}", title, "{name}", name, "{fault}", f.Name).Replace(s.says)
			}
		}
		return ""
	}
}

// health says whether something was not asked yet, and whether a cell is not well.
func health(c *inventory.Cluster, s *probes.State) (blind, sick bool) {
	sight := stack.At(s, s.At)
	entry, rows := sight.Matrix(c)
	for _, r := range append(rows, entry) {
		for _, cell := range r.Cells {
			blind, sick = blind || !cell.Asked(), sick || cell.Sick()
		}
	}
	return blind, sick
}
