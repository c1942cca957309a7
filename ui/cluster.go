package ui

import (
	"slices"
	"time"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"recon/internal/findings"
	"recon/internal/inventory"
	"recon/internal/stack"
	"recon/probes"
	"recon/runbooks"
)

// stateMsg is a newer State of the cluster.
type stateMsg struct{ state *probes.State }

// libraryMsg is the library, or why it could not be read.
type libraryMsg struct {
	library *runbooks.Library
	err     error
}

// lookedMsg is what the library says of a State.
type lookedMsg struct {
	at        time.Time
	sightings []findings.Sighting
}

// goMsg shows a screen; with a book, the runbooks screen goes to it.
type goMsg struct {
	screen int
	book   string
}

// cluster is the screen of the stack: a row a layer, a column a node, and what is wrong with it.
type cluster struct {
	clock
	open    opener
	file    *inventory.Cluster
	library *runbooks.Library

	state    *probes.State
	history  history
	findings findings.Set
	looking  bool // a look is under way
	again    bool // a newer State came meanwhile

	row, column int // the cursor: the entry, the matrix, then the findings
	first       int // the first column that is shown
	width       int
}

func newCluster(file *inventory.Cluster, s *probes.State, lib *runbooks.Library, open opener, c clock) *cluster {
	return &cluster{clock: c, open: open, file: file, state: s, library: lib}
}

// sight is the State as it looks now.
func (c *cluster) sight() stack.Sight { return stack.At(c.state, c.now) }

func (c *cluster) update(msg tea.Msg) tea.Cmd {
	switch m := msg.(type) {
	case tea.WindowSizeMsg:
		c.width = m.Width
	case tickMsg:
		c.now = m.at
		c.note()
	case localMsg:
		c.local = !c.local
	case libraryMsg:
		if m.err == nil {
			c.library = m.library
		}
		return c.look()
	case stateMsg:
		c.state = m.state
		if m.state.At.After(c.now) {
			c.now = m.state.At
		}
		c.note()
		return c.look()
	case lookedMsg:
		c.looking = false
		c.findings = c.findings.After(m.at, m.sightings)
		if c.again {
			return tea.Batch(c.look(), say(findingsMsg{c.findings.Shown()}))
		}
		return say(findingsMsg{c.findings.Shown()})
	case stamped:
		if k, ok := m.msg.(tea.KeyPressMsg); ok {
			return c.press(k.String())
		}
	}
	return nil
}

// findingsMsg are the findings that are certain.
type findingsMsg struct{ shown []findings.Finding }

// note writes down what changed.
func (c *cluster) note() {
	entry, rows := c.sight().Matrix(c.file)
	c.history = c.history.after(c.now, append([]stack.Row{entry}, rows...))
}

// look asks the library in a command, one at a time.
func (c *cluster) look() tea.Cmd {
	if c.library == nil || c.state == nil {
		return nil
	}
	if c.looking {
		c.again = true
		return nil
	}
	c.looking, c.again = true, false
	lib, s, followed, at := c.library, c.state, c.findings.Followed(), c.state.At
	return func() tea.Msg { return lookedMsg{at, findings.Look(lib, s, followed)} }
}

// all are the rows that the cursor passes before the findings.
func (c *cluster) all() []stack.Row {
	entry, rows := c.sight().Matrix(c.file)
	if len(entry.Cells) > 0 {
		rows = append([]stack.Row{entry}, rows...)
	}
	return rows
}

func (c *cluster) press(k string) tea.Cmd {
	rows, found := c.all(), listed(c.findings)
	switch k {
	case "up", "k":
		c.row = max(c.row-1, 0)
	case "down", "j":
		c.row = min(c.row+1, len(rows)+len(found)-1)
	case "left", "h":
		c.column = max(c.column-1, 0)
	case "right", "l":
		c.column++
	case "tab":
		// Between the stack and what is wrong with it.
		if c.row < len(rows) && len(found) > 0 {
			c.row = len(rows)
		} else {
			c.row = 0
		}
	case "enter":
		return c.enter(rows, found)
	}
	if c.row < len(rows) {
		c.column = min(c.column, len(rows[c.row].Cells)-1)
		c.sideways(rows[c.row])
	}
	return nil
}

// sideways keeps the cursor's column on the screen.
func (c *cluster) sideways(r stack.Row) {
	if r.System == "vips" {
		return
	}
	shown := c.columns(c.width)
	c.first = min(c.first, c.column)
	c.first = max(c.first, c.column-shown+1)
}

// order are the nodes as columns: in the cluster file's order when there is room for all, else the sick ones first.
func (c *cluster) order(rows []stack.Row) []int {
	var out []int
	for i := range c.file.Nodes {
		out = append(out, i)
	}
	if c.columns(c.width) >= len(out) {
		return out
	}
	sick := func(i int) int {
		n := 0
		for _, r := range rows {
			if r.Cells[i].Sick() {
				n--
			}
		}
		return n
	}
	slices.SortStableFunc(out, func(a, b int) int { return sick(a) - sick(b) })
	return out
}

func (c *cluster) enter(rows []stack.Row, found []findings.Finding) tea.Cmd {
	if c.row >= len(rows) {
		if i := c.row - len(rows); i < len(found) {
			return c.open(newFinding(found[i], c.clock))
		}
		return nil
	}
	r := rows[c.row]
	if c.column >= len(r.Cells) {
		return nil
	}
	i := c.column
	if r.System != "vips" {
		_, rows := c.sight().Matrix(c.file)
		i = c.order(rows)[c.column]
	}
	return c.open(newEvidence(c.state, c.library, r, r.Cells[i].Node, c.show))
}

func (c *cluster) bindings() []key.Binding {
	does := "evidence"
	if c.row >= len(c.all()) {
		does = "why, and the runbook"
	}
	return []key.Binding{
		bind("enter", does, "enter"), bind("arrows", "move", "up", "down", "left", "right"), bind("tab", "stack or findings", "tab"),
		bind("2", "runbooks", "2"), bind("t", "UTC or local", "t"), bind("q", "leave", "q"),
	}
}
