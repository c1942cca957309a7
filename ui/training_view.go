package ui

import (
	"fmt"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"

	"recon/internal/drill"
	"recon/internal/gate"
)

// bestWidth is what a best run takes: its time and its points.
const bestWidth = 9

// drillStrip is the line under the first one of every screen while there is a drill: which, its clock, and what is open.
func drillStrip(t *Theme, v *drill.View, now time.Time, width int) string {
	name := " " + t.Strong.Render("DRILL "+v.ID)
	clock := elapsed(v, now) + " of " + drill.Clock(v.Par)
	held := 0
	for _, l := range v.Goal {
		if l.Answer == gate.Pass {
			held++
		}
	}
	switch v.Phase {
	case drill.Preparing:
		return fit(name+"   is being prepared: "+v.Doing, width)
	case drill.Recovered:
		return fit(name+"   "+t.paint(good, glyphGood+" recovered")+"   "+clock+"   4 shows the debrief", width)
	case drill.GivenUp:
		return fit(name+"   "+t.paint(warn, glyphWarn+" given up")+"   "+clock+"   4 shows the debrief", width)
	case drill.Failed:
		return fit(name+"   "+t.paint(bad, glyphBad+" failed")+"   "+v.Doing, width)
	}
	if v.Elapsed(now) > v.Par {
		clock = t.paint(warn, clock)
	}
	parts := []string{name, clock, "goal " + number(held) + "/" + number(len(v.Goal)), "hints " + number(len(v.Hints)) + "/" + number(v.Of)}
	if v.Diagnosed {
		parts = append(parts, t.paint(good, glyphGood)+" diagnosed")
	}
	return fit(strings.Join(parts, "   "), width)
}

// split says that the parts of a session stand beside each other.
func (r *trainer) split() bool { return r.width >= beside100 }

func (r *trainer) storyWidth() int {
	if r.split() {
		return min(r.width*3/5-3, 100)
	}
	return r.width - 2
}

func (r *trainer) view(t *Theme, width, height int) []string {
	if !r.live() {
		return r.listView(t, width, height)
	}
	return r.top.view(t, r.lines(t, width), width, height)
}

// lines are everything about the session.
func (r *trainer) lines(t *Theme, width int) []string {
	v := r.session
	switch {
	case v.Debrief != nil:
		return r.debrief(t, v.Debrief, width)
	case v.Phase == drill.Preparing:
		return []string{"", " The drill is being prepared: " + v.Doing, "", " " + t.paint(dim, "The clock starts when the cluster is broken.")}
	case v.Phase == drill.Failed:
		return append([]string{"", " " + t.paint(bad, glyphBad) + " The drill could not be prepared:"}, hang("   ", v.Doing, width)...)
	}
	left := append(indented(r.story(t), " "), "")
	hints := r.hints(t, r.storyWidth())
	if !r.split() {
		return append(append(append(left, r.goal(t, width)...), ""), hints...)
	}
	left = append(left, hints...)
	right := r.goal(t, width-r.storyWidth()-4)
	rows := max(len(left), len(right))
	return beside(t.Rule.Render(" │ "), sheet(left, r.storyWidth()+1, rows), sheet(right, width-r.storyWidth()-4, rows))
}

func (r *trainer) story(t *Theme) []string {
	out := []string{t.Strong.Render(r.session.Title), ""}
	if page := r.pages.lines("story "+r.session.ID, r.storyWidth()); page != nil {
		return append(out, page...)
	}
	return append(out, t.paint(dim, "…"))
}

func (r *trainer) hints(t *Theme, width int) []string {
	v := r.session
	if v.Of == 0 {
		return nil
	}
	out := []string{" " + t.Strong.Render("HINTS")}
	for i, h := range v.Hints {
		out = append(out, hang(" "+number(i+1)+"  ", strings.Join(strings.Fields(h), " "), width)...)
	}
	if more := v.Of - len(v.Hints); more > 0 {
		out = append(out, t.paint(dim, " "+number(more)+" more; h opens the next one, which costs points"))
	}
	return out
}

func (r *trainer) goal(t *Theme, width int) []string {
	v := r.session
	out := []string{" " + t.Strong.Render("GOAL")}
	for _, l := range v.Goal {
		glyph, tone := answered(l.Answer)
		out = append(out, hang(" "+t.paint(tone, glyph)+" ", said(l.Explain, l.Text), width)...)
		if l.Answer == gate.Unknown && l.Unseen != "" {
			out = append(out, hang("   "+t.paint(unseen, "not seen: "), l.Unseen, width)...)
		}
	}
	for _, g := range v.Guesses {
		out = append(out, t.paint(dim, " not the book: "+g))
	}
	if v.Injected > 0 {
		out = append(out, "", t.paint(warn, " "+glyphWarn+" the game master is at work"))
	}
	return out
}

func (r *trainer) debrief(t *Theme, d *drill.Debrief, width int) []string {
	out := hang(" ", t.Strong.Render(d.Verdict()), width)
	for _, f := range d.Facts() {
		out = append(out, hang("   ", f, width)...)
	}
	out = append(out, "")
	room := width
	if r.split() {
		room = (width - 3) / 2
	}
	did := []string{" " + t.Strong.Render("WHAT HAPPENED")}
	for _, e := range d.Events {
		lead := " " + drill.Clock(e.At) + " "
		text := e.Text
		if e.Who != drill.You {
			text = string(e.Who) + ": " + text
		}
		did = append(did, hang(lead, text, room)...)
	}
	book := []string{" " + t.Strong.Render("WHAT "+d.Book+" DOES")}
	for _, s := range d.Steps {
		lead, text := s.Parts()
		book = append(book, hang(" "+lead, text, room)...)
	}
	if !r.split() {
		return append(append(append(out, did...), ""), book...)
	}
	rows := max(len(did), len(book))
	return append(out, beside(t.Rule.Render(" │ "), sheet(did, room, rows), sheet(book, room, rows))...)
}

func (r *trainer) listView(t *Theme, width, height int) []string {
	const times = "   time   best"
	out := []string{ends(" "+t.Strong.Render("DRILLS"), t.paint(dim, times+strings.Repeat(" ", bestWidth-5)), width), ""}
	if r.failed != nil {
		out = append(hang(" "+t.paint(warn, glyphWarn)+" ", r.failed.Error(), width), "")
	}
	if r.drills == nil {
		return sheet(append(out, t.paint(dim, " the drills are being read")), width, height)
	}
	wide := 0
	for _, e := range r.drills {
		wide = max(wide, ansi.StringWidth(e.ID))
	}
	head := len(out)
	for i, e := range r.drills {
		best := "-"
		if e.Best != nil {
			best = fmt.Sprintf("%s %3d", drill.Clock(e.Best.Time), e.Best.Score)
		}
		title := ansi.Truncate(fit(e.ID, wide)+"  "+e.Title, width-2-bestWidth-10, "…")
		lead, text := "  ", ends(title, "  "+drill.Clock(e.Par)+"  "+fit(best, bestWidth), width-2)
		if i == r.cursor {
			lead, text = glyphHere+" ", t.Selected.Render(text)
		}
		out = append(out, lead+text)
	}
	var s scroll
	s.to(r.cursor, height-head)
	return append(out[:head:head], s.view(t, out[head:], width, height-head)...)
}
