package ui

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/charmbracelet/x/ansi"
)

// output is what came back from the step that ran last, and how it ended. The pane scrolls by lines as they came; only those
// that are seen are wrapped, so that a noisy step costs no more than a quiet one.
func (w *walker) output(t *Theme, width, height int) []string {
	if head := w.taskLines(t, width); len(head) > 0 && height > len(head)+2 {
		return append(head, w.outputBelow(t, width, height-len(head))...)
	}
	return w.outputBelow(t, width, height)
}

// taskLines are how far a playbook is on each host, while it runs.
func (w *walker) taskLines(t *Theme, width int) []string {
	if w.run == nil || w.run.plan == nil || len(w.heard.tasks) == 0 {
		return nil
	}
	names := 0
	for _, n := range w.run.plan.Targets {
		names = max(names, ansi.StringWidth(n))
	}
	var out []string
	for _, n := range w.run.plan.Targets {
		k := w.heard.tasks[n]
		text := fmt.Sprintf("%s  %3d ok %3d changed ", fit(n, names), k.OK, k.Changed)
		if k.Failed > 0 {
			text += t.paint(bad, fmt.Sprintf("%3d failed ", k.Failed))
		}
		out = append(out, fit(text+t.paint(dim, k.Now), width))
	}
	return out
}

func (w *walker) outputBelow(t *Theme, width, height int) []string {
	total := w.outputTotal()
	if total == 0 {
		return sheet(w.noOutput(t, width), width, height)
	}
	var out []string
	if w.follow {
		for i := total - 1; i >= 0 && len(out) < height; i-- {
			out = slices.Concat(w.outputLine(t, i, width), out)
		}
		return sheet(out[max(len(out)-height, 0):], width, height)
	}
	for i := w.tops[paneOutput].top; i < total && len(out) < height; i++ {
		out = append(out, w.outputLine(t, i, width)...)
	}
	out = sheet(out, width, height)
	out[height-1] = fit(t.paint(dim, "… stands still; end follows the newest"), width)
	return out
}

// noOutput says where to look while this console has nothing to show: a walk that was gone on with has sent something before.
func (w *walker) noOutput(t *Theme, width int) []string {
	newest := ""
	if w.seen == nil {
		return nil
	}
	for _, s := range w.seen.Steps {
		for _, r := range s.Results {
			newest = cmp.Or(r.Output, newest)
		}
	}
	if newest == "" {
		return []string{t.paint(dim, "nothing was sent yet")}
	}
	return append(hang("", t.paint(dim, "nothing was sent since the walk was opened here; what came last is in"), width), hang("", t.paint(dim, newest), width)...)
}

// outputTotal is how many lines there are: what is lost, what came, and the outcomes.
func (w *walker) outputTotal() int {
	n := len(w.heard.lines) + len(w.outcomes)
	if w.heard.lost > 0 {
		n++
	}
	return n
}

// outputLine is one of them, wrapped.
func (w *walker) outputLine(t *Theme, i, width int) []string {
	if w.heard.lost > 0 {
		if i == 0 {
			return []string{t.paint(dim, plural(w.heard.lost, "line")+" before are only beside the trail")}
		}
		i--
	}
	if i >= len(w.heard.lines) {
		return hang("", outcomeText(t, w.outcomes[i-len(w.heard.lines)]), width)
	}
	l := w.heard.lines[i]
	names := 0
	for _, n := range w.heard.names {
		names = max(names, ansi.StringWidth(n))
	}
	lead := ""
	if len(w.heard.names) > 1 || names+3 < width/2 {
		lead = fit(l.target, names) + " "
	}
	parts := strings.Split(ansi.Hardwrap(strings.ReplaceAll(l.text, "\t", "    "), max(width-ansi.StringWidth(lead)-2, 8), true), "\n")
	for k := range parts {
		if k == 0 {
			parts[k] = t.paint(dim, lead+"│ ") + parts[k]
		} else {
			parts[k] = t.paint(dim, strings.Repeat(" ", len(lead))+"┆ ") + parts[k]
		}
	}
	return parts
}

// scrollOutput moves in the output. At its end it follows what comes.
func (w *walker) scrollOutput(by, height int) {
	total := w.outputTotal()
	top := &w.tops[paneOutput]
	if w.follow {
		top.top = max(total-height, 0)
	}
	top.by(by, total, max(height/2, 1))
	w.follow = by > 0 && top.top >= total-max(height/2, 1)
}
