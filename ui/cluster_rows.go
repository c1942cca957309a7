package ui

import (
	"strings"

	"recon/internal/inventory"
	"recon/probes"
)

// row is a layer of the stack: its name, and a cell a node (or, for the entry, a cell a floating address).
type row struct {
	name, system string
	cells        []cell
}

// layers are the rows that this version can see, from the entry to the quorum. A layer is drawn when the cluster has it.
func layers() []struct {
	name, system string
	has          func(*inventory.Cluster) bool
	cell         func(sight, string) cell
} {
	return []struct {
		name, system string
		has          func(*inventory.Cluster) bool
		cell         func(sight, string) cell
	}{
		{"PostgreSQL", "postgres", func(c *inventory.Cluster) bool { return c.Postgres != nil }, sight.postgres},
		{"Patroni", "patroni", func(c *inventory.Cluster) bool { return c.Patroni != nil }, sight.patroni},
		{"etcd", "etcd", func(c *inventory.Cluster) bool { return c.Etcd != nil }, sight.etcd},
		{"Host", "nodes", func(*inventory.Cluster) bool { return true }, sight.host},
	}
}

// matrix is the whole stack. Rows of the matrix have a cell for every node, in the cluster file's order.
func matrix(c *inventory.Cluster, s sight) (entry row, rows []row) {
	entry = row{name: "ENTRY", system: "vips"}
	for _, v := range c.VIPs {
		entry.cells = append(entry.cells, s.vip(v))
	}
	for _, l := range layers() {
		if !l.has(c) {
			continue
		}
		r := row{name: l.name, system: l.system}
		for _, n := range c.Nodes {
			r.cells = append(r.cells, l.cell(s, n.Name))
		}
		rows = append(rows, r)
	}
	return entry, rows
}

// vip is who holds a floating address. Its node is the address's name.
func (s sight) vip(v inventory.VIP) cell {
	c := cell{node: v.Name, glyph: glyphUnknown, word: v.Name + " → ", number: v.Address, tone: unseen}
	have, ok := s.VIPs[v.Name]
	switch {
	case !ok:
		c.word += "not asked yet"
	case have.Unseen != "" || s.late > probes.StaleAfter.Seconds():
		c.word += "not known"
	case have.Holder != nil:
		c.glyph, c.tone = glyphGood, good
		c.word += *have.Holder
	case len(have.Holders) == 0:
		c.glyph, c.tone = glyphBad, bad
		c.word += "nobody"
	default:
		c.glyph, c.tone = glyphBad, bad
		c.word += strings.Join(have.Holders, " and ")
	}
	return c
}

// summary is who leads, in one line.
func (s sight) summary() (string, tone) {
	p := s.Patroni
	if s.late > probes.StaleAfter.Seconds() {
		return "who leads is not known: no fresh answers for " + short(s.late), unseen
	}
	switch {
	case p.Disputed != "":
		return "leader disputed: " + p.Disputed, bad
	case p.Unseen != "":
		if p.LockHolder != nil && p.UnseenDCS == "" {
			return "leader not proven; the lock is held by " + *p.LockHolder, unseen
		}
		return "who leads is not known", unseen
	case p.Leader == nil && p.LockHolder != nil && p.UnseenDCS == "":
		return "nobody proves to lead; the lock is held by " + *p.LockHolder, bad
	case p.Leader == nil:
		return "nobody leads", bad
	}
	text := "leader " + p.Leader.Node
	if len(p.SyncStandbys) > 0 && p.UnseenDCS == "" {
		text += "   sync " + strings.Join(p.SyncStandbys, ", ")
	}
	if p.Paused != nil && *p.Paused {
		return text + "   PAUSED: nobody is promoted automatically", warn
	}
	return text, plain
}
