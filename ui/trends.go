package ui

import (
	"math"
	"slices"
	"strings"
	"time"

	"recon/internal/inventory"
	"recon/internal/stack"
	"recon/probes"
)

// A trend has a sample each five seconds of the last ten minutes.
const (
	sampleEvery = 5 * time.Second
	samples     = 120
)

// trend is one number over the last ten minutes, the newest last. NaN is where nothing was seen.
type trend struct {
	name   string
	unit   stack.Unit
	slot   int64 // of the newest sample
	values []float32
}

// trends are the numbers of all cells, by the section of State and the node. Their size is bounded by that of the cluster.
type trends struct {
	slot   int64 // of the newest samples
	all    map[place][]trend
	errors map[place][]lapse
}

// maxLapses is how many errors of a cell are kept.
const maxLapses = 5

// lapse is an error that something gave, from the first to the last time that it was seen without another between.
type lapse struct {
	first, last time.Time
	text        string
}

// sample notes the numbers of a State, at most once each sampleEvery.
func (r *trends) sample(s stack.Sight, c *inventory.Cluster) {
	slot := s.At.UnixNano() / int64(sampleEvery)
	if s.At.IsZero() || slot <= r.slot {
		return
	}
	r.slot = slot
	if r.all == nil {
		r.all, r.errors = map[place][]trend{}, map[place][]lapse{}
	}
	_, rows := s.Matrix(c)
	for _, row := range append(rows, s.Service(c)) {
		for node, readings := range s.Readings(row.System) {
			at := place{row.System, node}
			for _, x := range readings {
				r.all[at] = noted(r.all[at], x, slot)
			}
		}
		for _, cell := range row.Cells {
			if !cell.Sick() {
				continue
			}
			if _, seen := target(s.State, row.System, cell.Node); seen != nil && seen.Error != "" {
				at := place{row.System, cell.Node}
				r.errors[at] = lapsed(r.errors[at], seen)
			}
		}
	}
}

// lapsed are the errors of a cell with one more.
func lapsed(all []lapse, seen *probes.Seen) []lapse {
	if n := len(all); n > 0 && all[n-1].text == seen.Error {
		all[n-1].last = seen.Began
		return all
	}
	all = append(all, lapse{seen.Began, seen.Began, seen.Error})
	return all[max(len(all)-maxLapses, 0):]
}

// lapses are the last errors of a cell, the newest first.
func (r *trends) lapses(t *Theme, at place, show func(time.Time) string, width int) []string {
	var out []string
	for _, l := range slices.Backward(r.errors[at]) {
		when := show(l.first)
		if l.last.After(l.first) {
			when += " to " + show(l.last)
		}
		out = append(out, hang("  "+t.paint(dim, fit(when, 22))+" ", l.text, width)...)
	}
	return out
}

// noted are the trends of a cell with one more sample.
func noted(all []trend, x stack.Reading, slot int64) []trend {
	for i := range all {
		if all[i].name == x.Name {
			all[i].add(float32(x.Value), slot)
			return all
		}
	}
	fresh := trend{name: x.Name, unit: x.Unit}
	fresh.add(float32(x.Value), slot)
	return append(all, fresh)
}

func (n *trend) add(v float32, slot int64) {
	if len(n.values) > 0 {
		for gap := min(slot-n.slot-1, samples); gap > 0; gap-- {
			n.values = append(n.values, float32(math.NaN()))
		}
	}
	n.values, n.slot = append(n.values, v), slot
	if extra := len(n.values) - samples; extra > 0 {
		n.values = append(n.values[:0], n.values[extra:]...)
	}
}

// lines are the trends of a cell, each with a sparkline and its least, greatest and newest value.
func (r *trends) lines(t *Theme, at place, width int) []string {
	var out []string
	for _, n := range r.all[at] {
		values := n.values
		// Where no sample came lately, the line ends with a gap.
		for gap := min(r.slot-n.slot, samples); gap > 0; gap-- {
			values = append(values[:len(values):len(values)], float32(math.NaN()))
		}
		values = values[max(len(values)-samples, 0):]
		least, most, seen := bounds(values)
		if seen < 2 {
			continue
		}
		now := "?"
		if last := float64(values[len(values)-1]); !math.IsNaN(last) {
			now = n.unit.Say(last)
		}
		said := now + "  (" + n.unit.Say(least) + " to " + n.unit.Say(most) + ")"
		const label = 25
		room := min(max(width-label-3-len(said)-2, 10), samples)
		out = append(out, fit(t.paint(dim, fit(n.name, label-1))+"   "+spark(values, room)+"  "+said, width))
	}
	return out
}

func bounds(values []float32) (least, most float64, seen int) {
	least, most = math.Inf(1), math.Inf(-1)
	for _, v := range values {
		if x := float64(v); !math.IsNaN(x) {
			least, most, seen = min(least, x), max(most, x), seen+1
		}
	}
	return least, most, seen
}

// spark draws values in at most so many cells, each cell with the greatest of its values; a gap is empty.
func spark(values []float32, width int) string {
	least, most, _ := bounds(values)
	bars := []rune("▁▂▃▄▅▆▇█")
	per := max((len(values)+width-1)/max(width, 1), 1)
	var out strings.Builder
	// The cells end with the newest value, so that a full cell stands there.
	for from := len(values)%per - per; from < len(values); from += per {
		if from+per <= 0 {
			continue
		}
		_, top, seen := bounds(values[max(from, 0) : from+per])
		switch {
		case seen == 0:
			out.WriteRune(' ')
		case most <= least:
			out.WriteRune(bars[0])
		default:
			out.WriteRune(bars[int((top-least)/(most-least)*float64(len(bars)-1)+0.5)])
		}
	}
	return out.String()
}
