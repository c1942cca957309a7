package ui

import (
	"path/filepath"
	"strings"

	"recon/internal/walk"
)

// besideWalk is the width from which the panes of the walk stand beside each other.
const besideWalk = 110

func (w *walker) wide() bool { return w.width >= besideWalk }

// sides are the widths of the steps and of the live strip, beside the step.
func (w *walker) sides() (steps, live int) { return min(w.width*24/100, 44), min(w.width*26/100, 46) }

// stepWidth is the width of the step's text.
func (w *walker) stepWidth() int {
	if !w.wide() {
		return w.width - 2
	}
	steps, live := w.sides()
	return w.width - steps - live - 6
}

func (w *walker) view(t *Theme, width, height int) []string {
	switch {
	case w.walk == nil:
		return sheet([]string{
			"", " No walk is open here.", "",
			" " + t.Strong.Render("2") + " shows the runbooks: what is suggested now, what was left open, and all books.",
		}, width, height)
	case w.seen == nil:
		return sheet([]string{"", " the walk is being read"}, width, height)
	}
	head := w.header(t, width)
	room := height - len(head)
	if w.seen.Next.Kind == walk.NextReconcile && w.shown() == w.seen.Current && (w.wide() || w.focus == paneStep) && w.run == nil && !w.behind() {
		return append(head, w.reconcile(t, width, room)...)
	}
	if !w.wide() {
		return append(head, w.only(t, width, room)...)
	}
	return append(head, w.beside(t, width, room)...)
}

// header is which book, which step, and for how long; where the panes do not stand beside each other, also which one is
// shown.
func (w *walker) header(t *Theme, width int) []string {
	v := w.seen
	left := " " + t.paint(dim, w.crumbs()) + t.Strong.Render(v.Book.ID)
	at := "step " + number(w.shown()+1) + " of " + number(len(v.Steps))
	if !w.wide() {
		at = number(w.shown()+1) + "/" + number(len(v.Steps))
	}
	left += "  " + at
	if w.shown() != v.Current && v.Status == walk.Open {
		left += t.paint(warn, " (at hand: "+number(v.Current+1)+")")
	}
	until := w.now
	if !v.Ended.IsZero() {
		until = v.Ended
	}
	left += "  " + lasting(until.Sub(v.Started))
	if v.DryRun {
		left += "  " + t.paint(strong, "DRY RUN")
	}
	if v.Status != walk.Open {
		left += "  " + t.paint(strong, strings.ToUpper(string(v.Status)))
	}
	if !w.wide() {
		names := []string{"step", "output", "live", "steps"}
		for i := range names {
			if pane(i) == w.focus {
				names[i] = t.Strong.Render("[" + names[i] + "]")
			}
		}
		return []string{ends(left, strings.Join(names, " ")+" ", width)}
	}
	return []string{ends(left, t.paint(dim, filepath.Base(v.Trail)+" "), width)}
}

// only is the pane that is shown where there is room for one. What the walk waits for stays below each of them.
func (w *walker) only(t *Theme, width, height int) []string {
	next := w.next(t, width-2)
	room := max(height-len(next), 3)
	var lines []string
	switch w.focus {
	case paneOutput:
		lines = w.output(t, width-2, room)
	case paneLive:
		lines = w.tops[paneLive].view(t, w.strip(t, width-2), width-2, room)
	case paneSteps:
		lines = w.steps(t, width-2, room)
	default:
		lines = w.tops[paneStep].view(t, w.stepLines(t, width-2), width-2, room)
	}
	return beside("", sheet(nil, 1, height), sheet(append(lines, next...), width-1, height))
}

// beside is all panes: the steps, the step above its output, the live strip.
func (w *walker) beside(t *Theme, width, height int) []string {
	wide, live := w.sides()
	mid := w.stepWidth()
	next := w.next(t, mid)
	below := w.below(height)
	room := max(height-below-1-len(next), 4)
	step := w.tops[paneStep].view(t, w.stepLines(t, mid), mid, room)
	middle := append(append([]string{}, step...), sheet(next, mid, len(next))...)
	middle = append(middle, w.named(t, "output", paneOutput, mid))
	middle = append(middle, w.output(t, mid, height-len(middle))...)
	left := append([]string{w.named(t, "steps", paneSteps, wide)}, w.steps(t, wide, height-1)...)
	right := append([]string{w.named(t, "live", paneLive, live)}, w.tops[paneLive].view(t, w.strip(t, live), live, height-1)...)
	middle = sheet(append([]string{w.named(t, "step", paneStep, mid)}, middle...), mid, height)
	return sheet(beside(t.Rule.Render(" │ "), left, middle, right), width, height)
}

// below is the height of the output, which takes room once there is something to read.
func (w *walker) below(height int) int {
	if len(w.heard.lines) == 0 && len(w.outcomes) == 0 {
		return 3
	}
	return max(height/3, 6)
}

// named is the line with the name of a pane; the one that takes the arrows stands in brackets.
func (w *walker) named(t *Theme, name string, p pane, width int) string {
	if w.focus == p {
		name = "[" + name + "]"
	}
	line := "── " + name + " " + strings.Repeat("─", max(width-len(name)-4, 0))
	if w.focus == p {
		return fit(line, width)
	}
	return t.Rule.Render(fit(line, width))
}

// heightOf is the room of a pane, for scrolling.
func (w *walker) heightOf(p pane) int {
	body := max(w.height-7, 5)
	switch {
	case !w.wide(), p == paneLive, p == paneSteps:
		return body
	case p == paneOutput:
		return max(w.below(body)-1, 2)
	}
	return max(body-w.below(body)-5, 4)
}

// scrollBy moves in the pane that takes the arrows.
func (w *walker) scrollBy(k string) {
	height := w.heightOf(w.focus)
	by := step(k, height)
	if by == 0 {
		return
	}
	top := &w.tops[w.focus]
	t := &Theme{}
	switch w.focus {
	case paneSteps:
		w.look = min(max(w.shown()+by, 0), len(w.seen.Steps)-1)
		w.tops[paneStep] = scroll{}
	case paneOutput:
		w.scrollOutput(by, height)
	case paneLive:
		top.by(by, len(w.strip(t, w.stepWidth())), height)
	default:
		top.by(by, len(w.stepLines(t, w.stepWidth())), height)
	}
}

// steps is the list of the steps.
func (w *walker) steps(t *Theme, width, height int) []string {
	var lines []string
	at := 0
	for i, sv := range w.seen.Steps {
		glyph, tone := stepped(sv.Status)
		if i == w.seen.Current && w.seen.Status == walk.Open && sv.Status == walk.Pending {
			glyph = glyphHere
		}
		if i == w.seen.Current && tone == dim {
			tone = strong
		}
		text := glyph + " " + number(i+1) + " " + sv.Step.Title
		switch sv.Status {
		case walk.Skipped, walk.NotNeeded, walk.Failed, walk.Unknown, walk.Blocked:
			text += " (" + string(sv.Status) + ")"
		case walk.Done:
			if sv.Attested != "" {
				text += " (attested)"
			}
		}
		out := wrap(text, width-6)
		for k := range out {
			lead := " "
			if k > 0 {
				lead = "     "
			}
			if w.focus == paneSteps && i == w.shown() {
				out[k] = lead + t.Selected.Render(out[k])
			} else {
				out[k] = lead + t.paint(tone, out[k])
			}
		}
		if i == w.shown() {
			at = len(lines) + len(out) - 1
		}
		lines = append(lines, out...)
	}
	var s scroll
	s.to(at, height)
	return s.view(t, lines, width, height)
}
