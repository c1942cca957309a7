package ui

import (
	"slices"
	"time"

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

	trends trends

	part        part
	row, column int // the cursor in the stack: the service, the entry, then the matrix
	first       int // the first column that is shown
	chosen      choice
	changes     int // how many changes are scrolled away
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
		c.trends.sample(c.sight(), c.file)
		return c.look()
	case lookedMsg:
		c.looking = false
		c.findings = c.findings.After(m.at, m.sightings)
		c.chosen = chosen(listed(c.findings), c.chosen.of(listed(c.findings)))
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
func (c *cluster) note() { c.history = c.history.after(c.now, c.all()) }

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

// all are the rows that the cursor passes: what users feel, the entry, and the matrix.
func (c *cluster) all() []stack.Row {
	s := c.sight()
	entry, rows := s.Matrix(c.file)
	var out []stack.Row
	for _, r := range []stack.Row{s.Service(c.file), entry} {
		if len(r.Cells) > 0 {
			out = append(out, r)
		}
	}
	return append(out, rows...)
}

// lone says whether a row stands above the columns of the nodes.
func lone(r stack.Row) bool { return r.System == "vips" || r.System == "service" }

// matrix are the rows that have a column a node.
func matrix(rows []stack.Row) []stack.Row {
	return rows[slices.IndexFunc(rows, func(r stack.Row) bool { return !lone(r) }):]
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
