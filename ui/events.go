package ui

import (
	"slices"
	"strings"
	"time"

	"recon/internal/stack"
)

// markedFor is how long a cell is marked after it changed. maxEvents is how many changes are kept.
const (
	markedFor = 10 * time.Second
	maxEvents = 200
)

// event is one change of state.
type event struct {
	at          time.Time
	row, node   string
	before, now string
	tone        tone
}

// change is what a cell said before and says now. The address that stands beside it is not said again.
func (e event) change(t *Theme) string {
	bare := func(s string) string { return strings.Replace(s, e.node+" → ", "", 1) }
	return bare(e.before) + " → " + t.paint(e.tone, bare(e.now))
}

// place names a cell.
type place struct{ row, node string }

// history is the changes that were seen, the newest last, and when each cell changed.
type history struct {
	events  []event
	changed map[place]time.Time
	last    map[place]stack.Cell
}

// after is the history with what changed up to now. The first answer of a cell is no change. The value is never changed.
func (h history) after(at time.Time, rows []stack.Row) history {
	next := history{events: slices.Clone(h.events), changed: map[place]time.Time{}, last: map[place]stack.Cell{}}
	for _, r := range rows {
		for _, c := range r.Cells {
			p := place{r.Name, c.Node}
			next.last[p] = c
			old, known := h.last[p]
			if when, ok := h.changed[p]; ok && at.Sub(when) < markedFor {
				next.changed[p] = when
			}
			if !known || strings.HasSuffix(old.Word, "not asked yet") || old.Glyph == "" || old.Same(c) {
				continue
			}
			next.changed[p] = at
			next.events = append(next.events, event{at: at, row: r.Name, node: c.Node, before: old.Say(), now: c.Say(), tone: c.Tone})
		}
	}
	if extra := len(next.events) - maxEvents; extra > 0 {
		next.events = next.events[extra:]
	}
	return next
}

// lines are the newest changes but the first few, the newest on top.
func (h history) lines(t *Theme, width, height, skip int, show func(time.Time) string) []string {
	var out []string
	for i := len(h.events) - 1 - skip; i >= 0 && len(out) < height; i-- {
		e := h.events[i]
		out = append(out, fit(" "+t.paint(dim, show(e.at))+"  "+fit(e.row, 11)+" "+fit(e.node, 15)+" "+e.change(t), width))
	}
	if len(out) == 0 && height > 0 {
		out = append(out, t.paint(dim, " no change since this console was opened"))
	}
	return out
}

// ofCell is how many of its changes a cell's evidence shows.
const ofCell = 8

// of are the newest changes of one cell.
func (h history) of(t *Theme, at place, show func(time.Time) string, width int) []string {
	var out []string
	for _, e := range slices.Backward(h.events) {
		if (place{e.row, e.node}) == at && len(out) < ofCell {
			out = append(out, fit("  "+t.paint(dim, show(e.at))+"  "+e.change(t), width))
		}
	}
	return out
}
