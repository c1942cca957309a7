package ui

import (
	"strings"

	"recon/internal/remote"
	"recon/internal/stack"
)

// reconcile is the screen of an unknown outcome: what is known, what can be checked, and only then a way on.
func (w *walker) reconcile(t *Theme, width, height int) []string {
	sv := w.seen.Steps[w.seen.Current]
	wide := min(width-4, 110)
	var out []string
	add := func(lines ...string) {
		for _, l := range lines {
			out = append(out, "  "+l)
		}
	}
	add(t.paint(unseen, "OUTCOME UNKNOWN")+"  step "+number(w.seen.Current+1)+", "+sv.Step.Title, "")
	add(t.Strong.Render("1  What is known"))
	add(hang("   ", sv.Reason, wide)...)
	for _, r := range sv.Results {
		if r.Outcome.Kind != remote.OK {
			add(hang("   ", outcomeText(t, r.Outcome)+", sent at "+w.show(r.Outcome.Began), wide)...)
		}
	}
	add(hang("   ", "It may have run, in part, in whole, or not at all. It cannot be tried again before that is settled.", wide)...)
	if w.stage >= 1 {
		add("", t.Strong.Render("2  What can be checked"))
		if sv.Step.Proof != nil {
			add(hang("   ", "What its proof says now (p measures it on fresh answers; if it holds, the step is done):", wide)...)
			add(indented(checkLines(t, "after", sv.Proof, patience(sv.Step.Proof), wide-3), "   ")...)
		} else {
			add(hang("   ", "The step has no proof. Look at the live strip (tab) and at the hosts themselves.", wide)...)
		}
		text, tone := stack.At(w.state, w.now).Summary()
		add("   " + t.paint(dim, fit("now", 8)) + t.paint(tone, text))
	}
	if w.stage >= 2 {
		add("", t.Strong.Render("3  The way on"))
		add("   " + t.Strong.Render("d") + "  it was done          the walk goes on behind this step")
		add("   " + t.Strong.Render("x") + "  it was not done      it may be tried again")
		add("   " + t.Strong.Render("u") + "  still unknown        it stays open; skip and retry stay closed, escalate does not")
		add("   "+t.paint(dim, "each asks for what shows it, and stands in the trail"), "")
	} else {
		add("", "   "+t.Strong.Render("enter")+"  "+[]string{"what can be checked", "the way on"}[min(w.stage, 1)])
	}
	return w.tops[paneStep].view(t, out, width, height)
}

func indented(lines []string, by string) []string {
	out := make([]string, len(lines))
	for i, l := range lines {
		out[i] = by + strings.TrimRight(l, " ")
	}
	return out
}
