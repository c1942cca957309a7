// Package stack is the whole stack as rows of cells: a row a layer, from the entry to the quorum, and in it a cell a node,
// which is a glyph, a word and the one number that matters.
//
// It is pure: the same State at the same moment makes the same rows, and nothing is read or asked. A cell is never good
// without a fresh answer. The screens and `recon status` draw the same rows; this package knows neither.
//
// At makes a Sight of a State, and Sight.Matrix the rows. A new system is an entry in layers and a file with its cell.
package stack

import (
	"strings"

	"github.com/charmbracelet/x/ansi"

	"recon/internal/inventory"
)

// The glyphs, each one cell wide. A state is a glyph and a word; its colour only helps.
const (
	GlyphGood    = "✓"
	GlyphBad     = "✗"
	GlyphWarn    = "!"
	GlyphUnknown = "?"
	GlyphNone    = "·"
	GlyphLeader  = "★"
)

// Tone is what a text means, which decides its colour.
type Tone int

// The tones. Unseen is what cannot be said; Dim is what does not matter.
const (
	Plain Tone = iota
	Good
	Warn
	Bad
	Unseen
	Dim
)

// Cell is one service on one node, or a floating address. The zero Cell is a node that does not run the service.
type Cell struct {
	// Node is the node's name; of the entry the address's.
	Node                string
	Glyph, Word, Number string
	// Brief is what stands for Word and Number where there is little room; the Number when it is empty.
	Brief string
	Tone  Tone
}

// Sick says whether the cell wants to be looked at.
func (c Cell) Sick() bool { return c.Tone == Bad || c.Tone == Warn || c.Tone == Unseen }

// Say is what a change of the cell is told with: without the number, which moves all the time.
func (c Cell) Say() string { return strings.TrimSpace(c.Glyph + " " + c.Word) }

// Text is the longest form that has room in so many cells of a terminal; what has none is cut.
func (c Cell) Text(width int) string {
	long := c.Say()
	if c.Number != "" {
		long += "  " + c.Number
	}
	brief := c.Brief
	if brief == "" {
		brief = c.Number
	}
	if ansi.StringWidth(long) <= width {
		return long
	}
	if short := c.Glyph + " " + brief; brief != "" && ansi.StringWidth(short) <= width && c.Tone == Good {
		return short
	}
	return ansi.Truncate(long, max(width, 0), "…")
}

// Row is a layer of the stack.
type Row struct {
	// Name is for people; System is the section of State that it is drawn from.
	Name, System string
	Cells        []Cell
}

// layer is a row as it is made.
type layer struct {
	name, system string
	// has says whether the cluster has the layer at all.
	has  func(*inventory.Cluster) bool
	cell func(s Sight, node string) Cell
}

// layers are the rows below the entry, from the users to the quorum and the hosts.
func layers() []layer {
	return []layer{
		{"PostgreSQL", "postgres", func(c *inventory.Cluster) bool { return c.Postgres != nil }, Sight.postgres},
		{"Patroni", "patroni", func(c *inventory.Cluster) bool { return c.Patroni != nil }, Sight.patroni},
		{"etcd", "etcd", func(c *inventory.Cluster) bool { return c.Etcd != nil }, Sight.etcd},
		{"Host", "nodes", func(*inventory.Cluster) bool { return true }, Sight.host},
	}
}

// Matrix is the whole stack. The entry has a cell for every floating address; the rows have one for every node, both in
// the cluster file's order.
func (s Sight) Matrix(c *inventory.Cluster) (entry Row, rows []Row) {
	entry = Row{Name: "ENTRY", System: "vips"}
	for _, v := range c.VIPs {
		entry.Cells = append(entry.Cells, s.vip(v))
	}
	for _, l := range layers() {
		if !l.has(c) {
			continue
		}
		r := Row{Name: l.name, System: l.system}
		for _, n := range c.Nodes {
			r.Cells = append(r.Cells, l.cell(s, n.Name))
		}
		rows = append(rows, r)
	}
	return entry, rows
}

// Cell is the cell of one system, by its section of State, on one node; the zero Cell for a section without a row.
func (s Sight) Cell(system, node string) Cell {
	for _, l := range layers() {
		if l.system == system {
			return l.cell(s, node)
		}
	}
	return Cell{}
}
