// Package stack is the whole stack as rows of cells: a row a layer, from the entry to the quorum, and in it a cell a node,
// which is a glyph, a word and the one number that matters.
//
// It is pure: the same State at the same moment makes the same rows, and nothing is read or asked. A cell is never good
// without a fresh answer. The screens and `recon status` draw the same rows; this package knows neither.
//
// At makes a Sight of a State, and Sight.Matrix the rows. A new system is an entry in layers and a file with its cell.
package stack

import (
	"slices"
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
	GlyphHolder  = "◆"
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
	// Brief is what stands for Word and Number where there is little room; the Number of a good cell when it is empty.
	Brief string
	Tone  Tone
	// Kind is what the cell says apart from numbers that move by themselves, where its Word has some; else it is empty.
	Kind string
}

// Sick says whether the cell wants to be looked at.
func (c Cell) Sick() bool { return c.Tone == Bad || c.Tone == Warn || c.Tone == Unseen }

// Asked says whether what the cell stands for was asked at all. A node that does not run the service needs no question.
func (c Cell) Asked() bool { return c.Word != notAsked }

// Say is what a change of the cell is told with: without the number, which moves all the time.
func (c Cell) Say() string { return strings.TrimSpace(c.Glyph + " " + c.Word) }

// Same says whether two cells tell the same state of the same thing, whatever their numbers are.
func (c Cell) Same(other Cell) bool { return c.Glyph == other.Glyph && c.kind() == other.kind() }

func (c Cell) kind() string {
	if c.Kind != "" {
		return c.Kind
	}
	return c.Word
}

// as is the cell with another state.
func (c Cell) as(glyph string, tone Tone, word, number string) Cell {
	c.Glyph, c.Tone, c.Word, c.Number, c.Brief, c.Kind = glyph, tone, word, number, "", ""
	return c
}

func (c Cell) good(word, number string) Cell { return c.as(GlyphGood, Good, word, number) }
func (c Cell) warn(word, number string) Cell { return c.as(GlyphWarn, Warn, word, number) }
func (c Cell) bad(word, number string) Cell  { return c.as(GlyphBad, Bad, word, number) }

// untold is the cell of something that answers, but does not tell what the cell is about.
func (c Cell) untold(what string) Cell { return c.as(GlyphUnknown, Unseen, what+" not told", "") }

// Text is the longest form that has room in so many cells of a terminal; what has none is cut. What is not good keeps its
// word and loses its number.
func (c Cell) Text(width int) string {
	long := c.Say()
	if c.Number != "" {
		long += "  " + c.Number
	}
	if ansi.StringWidth(long) <= width {
		return long
	}
	brief := c.Brief
	if brief == "" && c.Tone == Good {
		brief = c.Number
	}
	if short := c.Glyph + " " + brief; brief != "" && ansi.StringWidth(short) <= width {
		return short
	}
	return ansi.Truncate(c.Say(), max(width, 0), "…")
}

// one is the first member that is asked for.
func one[T any](all []T, is func(T) bool) (found T, ok bool) {
	if i := slices.IndexFunc(all, is); i >= 0 {
		return all[i], true
	}
	return found, false
}

// Row is a layer of the stack.
type Row struct {
	// Name is for people; System is the section of State that it is drawn from.
	Name, System string
	Cells        []Cell
}

// layer is a row as it is made. Its system is at once the section of State and the name of the service in the cluster file.
type layer struct {
	name, system string
	cell         func(s Sight, node string) Cell
}

// hosts is the row that every cluster has.
const hosts = "nodes"

// layers are the rows below the entry, from the users to the quorum and the hosts.
func layers() []layer {
	return []layer{
		{"NetBox", "netbox", Sight.netbox},
		{"Web proxy", "web", Sight.web},
		{"PgBouncer", "pgbouncer", Sight.pgbouncer},
		{"HAProxy", "haproxy", Sight.haproxy},
		{"Keepalived", "keepalived", Sight.keepalived},
		{"PostgreSQL", "postgres", Sight.postgres},
		{"Patroni", "patroni", Sight.patroni},
		{"etcd", "etcd", Sight.etcd},
		{"Redis", "redis", Sight.redis},
		{"Sentinel", "sentinel", Sight.sentinel},
		{"Host", hosts, Sight.host},
	}
}

// Matrix is the whole stack. The entry has a cell for every floating address; the rows have one for every node, both in
// the cluster file's order.
func (s Sight) Matrix(c *inventory.Cluster) (entry Row, rows []Row) {
	entry = Row{Name: "ENTRY", System: "vips"}
	for _, v := range c.VIPs {
		entry.Cells = append(entry.Cells, s.vip(v))
	}
	roles := map[string]inventory.Role{}
	for _, r := range c.Roles() {
		roles[r.Name] = r
	}
	for _, l := range layers() {
		role, has := roles[l.system]
		if !has && l.system != hosts {
			continue
		}
		r := Row{Name: l.name, System: l.system}
		for _, n := range c.Nodes {
			cell := l.cell(s, n.Name)
			if cell.Glyph == "" && (l.system == hosts || slices.Contains(role.Nodes, n.Name)) {
				cell = cell.as(GlyphNone, Dim, notAsked, "")
			}
			r.Cells = append(r.Cells, cell)
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
