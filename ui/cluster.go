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

	trends trends

	part        part
	row, column int // the cursor in the stack: the service, the entry, then the matrix
	first       int // the first column that is shown
	chosen      choice
	changes     int // how many changes are scrolled away
	width       int
}

// part is what that takes the arrows.
type part int

const (
	inStack part = iota
	inFindings
	inChanges
)

// choice is the finding under the cursor. It stays on its finding when others come and go.
type choice struct {
	id string
	at int
}

// of is where the choice stands among the findings.
func (h choice) of(found []findings.Finding) int {
	if i := slices.IndexFunc(found, func(f findings.Finding) bool { return f.Book.ID == h.id }); i >= 0 {
		return i
	}
	return max(min(h.at, len(found)-1), 0)
}

func chosen(found []findings.Finding, i int) choice {
	if i = max(min(i, len(found)-1), 0); i < len(found) {
		return choice{found[i].Book.ID, i}
	}
	return choice{}
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

func (c *cluster) press(k string) tea.Cmd {
	rows, found := c.all(), listed(c.findings)
	if k == "tab" {
		c.part = (c.part + 1) % (inChanges + 1)
		if c.part == inFindings && len(found) == 0 {
			c.part = inChanges
		}
		c.changes = 0
		return nil
	}
	switch c.part {
	case inFindings:
		return c.pressFinding(k, found)
	case inChanges:
		c.changes = min(max(c.changes+step(k, 8), 0), max(len(c.history.events)-1, 0))
		return nil
	}
	switch k {
	case "up", "k":
		c.row = max(c.row-1, 0)
	case "down", "j":
		if c.row == len(rows)-1 && len(found) > 0 {
			c.part, c.chosen = inFindings, chosen(found, 0)
			return nil
		}
		c.row = min(c.row+1, len(rows)-1)
	case "left", "h":
		c.column = max(c.column-1, 0)
	case "right", "l":
		c.column++
	case "enter":
		return c.evidence(rows)
	}
	c.column = max(min(c.column, len(rows[c.row].Cells)-1), 0)
	c.sideways(rows[c.row])
	return nil
}

func (c *cluster) pressFinding(k string, found []findings.Finding) tea.Cmd {
	at := c.chosen.of(found)
	switch by := step(k, 8); {
	case len(found) == 0:
		c.part = inStack
	case k == "enter":
		return c.open(newFinding(found[at], c.clock))
	case by == -1 && at == 0:
		c.part, c.row = inStack, len(c.all())-1
	default:
		c.chosen = chosen(found, at+by)
	}
	return nil
}

// sideways keeps the cursor's column on the screen.
func (c *cluster) sideways(r stack.Row) {
	if lone(r) {
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

// evidence opens what the cell under the cursor is drawn from.
func (c *cluster) evidence(rows []stack.Row) tea.Cmd {
	r := rows[c.row]
	if c.column < 0 || c.column >= len(r.Cells) {
		return nil
	}
	i := c.column
	if !lone(r) {
		i = c.order(matrix(rows))[c.column]
	}
	node := r.Cells[i].Node
	return c.open(newEvidence(c.state, c.library, r, node, c.clock, past{
		numbers: func(t *Theme, width int) []string {
			return under(t, "The last ten minutes", c.trends.lines(t, place{r.System, node}, width))
		},
		changes: func(t *Theme, width int) []string {
			out := under(t, "Last errors", c.trends.lapses(t, place{r.System, node}, c.show, width))
			return append(out, under(t, "Changes", c.history.of(t, place{r.Name, node}, c.show, width))...)
		},
	}))
}

// under is a title with lines below it; nothing when there are none.
func under(t *Theme, title string, lines []string) []string {
	if len(lines) == 0 {
		return nil
	}
	return append([]string{"", t.Strong.Render(title)}, lines...)
}

func (c *cluster) bindings() []key.Binding {
	var out []key.Binding
	switch c.part {
	case inStack:
		out = append(out, bind("enter", "evidence", "enter"), bind("arrows", "move", "up", "down", "left", "right"))
	case inFindings:
		out = append(out, bind("enter", "why, and the runbook", "enter"), bind("up/down", "move", "up", "down"))
	case inChanges:
		out = append(out, bind("up/down", "scroll", "up", "down", "pgup", "pgdown", "home", "end"))
	}
	next := map[part]string{inStack: "findings", inFindings: "changes", inChanges: "stack"}[c.part]
	if c.part == inStack && len(listed(c.findings)) == 0 {
		next = "changes"
	}
	return append(out, bind("tab", next, "tab"), bind("2", "runbooks", "2"), bind("t", "UTC or local", "t"), bind("q", "leave", "q"))
}
