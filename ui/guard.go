package ui

import (
	"fmt"
	"runtime/debug"

	tea "charm.land/bubbletea/v2"
)

// defect is a panic of the console. It ends the program in good order: the terminal is restored, a step under way is cut off
// and its outcome recorded, the walk stays open.
type defect struct {
	value any
	stack string
}

func (d defect) Error() string {
	return fmt.Sprintf("the console has a defect and had to end: %v; an open walk goes on with `recon walk --resume`\n%s", d.value, d.stack)
}

// defectMsg is a panic in a command.
type defectMsg struct{ defect }

// guarded is the console with its panics caught.
type guarded struct {
	*console
	failed *defect
}

func (g *guarded) Init() tea.Cmd { return guard(g.console.Init()) }

func (g *guarded) Update(msg tea.Msg) (m tea.Model, cmd tea.Cmd) {
	defer func() {
		if r := recover(); r != nil {
			m, cmd = g.fail(defect{r, string(debug.Stack())})
		}
	}()
	if d, ok := msg.(defectMsg); ok {
		return g.fail(d.defect)
	}
	if g.failed != nil {
		return g, tea.Quit
	}
	_, cmd = g.console.Update(msg)
	return g, guard(cmd)
}

// View of a console that failed is empty; the next message ends it.
func (g *guarded) View() (v tea.View) {
	defer func() {
		if r := recover(); r != nil {
			g.failed = &defect{r, string(debug.Stack())}
			v = tea.NewView("")
		}
	}()
	if g.failed != nil {
		return tea.NewView("")
	}
	return g.console.View()
}

func (g *guarded) fail(d defect) (tea.Model, tea.Cmd) {
	if g.failed == nil {
		g.failed = &d
	}
	return g, tea.Quit
}

// guard turns a panic of a command, or of one of a batch, into a message.
func guard(cmd tea.Cmd) tea.Cmd {
	if cmd == nil {
		return nil
	}
	return func() (msg tea.Msg) {
		defer func() {
			if r := recover(); r != nil {
				msg = defectMsg{defect{r, string(debug.Stack())}}
			}
		}()
		msg = cmd()
		if batch, ok := msg.(tea.BatchMsg); ok {
			for i := range batch {
				batch[i] = guard(batch[i])
			}
		}
		return msg
	}
}
