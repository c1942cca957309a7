// Package ui is the console: the full-screen face of recon, on Bubble Tea.
//
// It shows the newest State, suggests books, and leads one walk at a time. It decides nothing: what a walk waits for is
// said by walk.View, and every change is confirmed in a dialog that was drawn, that the keyboard left alone for half a
// second, and whose default is to cancel. Nothing here touches a disk, a network, a lock or a clock while it updates or
// draws; whatever may wait runs in a command and comes back as a message. Messages that decide by time (keys, pastes,
// ticks) carry the moment they arrived.
//
// Run is the place to start. The line mode is package plain.
package ui

import (
	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"
)

// screen is one of the numbered screens.
type screen interface {
	update(msg tea.Msg) tea.Cmd
	view(t *Theme, width, height int) []string
	bindings() []key.Binding
}

// writer is a screen that takes text at the moment, so that digits and letters are its own.
type writer interface{ writing() bool }

// console is the root: it routes. The size, the dialogs, the global keys and the screen that is shown get what is theirs;
// every other message goes to all. It knows nothing of what they do.
type console struct {
	theme         *Theme
	width, height int
	frame         *frame
	screens       []screen
	focus         int
	dialogs       pile
	guide         guide
	tick          tea.Cmd
	begin         tea.Cmd // what Init starts
	load          tea.Cmd // what is done after the first frame
}

func (c *console) Init() tea.Cmd { return tea.Batch(c.begin, c.tick) }

func (c *console) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	c.frame.update(msg)
	switch m := msg.(type) {
	case tea.WindowSizeMsg:
		c.width, c.height = m.Width, m.Height
		load := c.load
		c.load = nil
		return c, tea.Batch(c.resized(), load)
	case stamped:
		return c, c.keyboard(m)
	case drawnMsg, wakeMsg:
		return c, c.dialogs.update(msg)
	case drillMsg:
		// The drill has a line of its own above the screens.
		return c, tea.Batch(c.all(msg), c.resized())
	case goMsg:
		c.focus = m.screen
	case tickMsg:
		return c, tea.Batch(c.all(msg), c.tick)
	}
	return c, tea.Batch(c.all(msg), c.dialogs.update(msg))
}

// resized tells the room that there is for screens and dialogs, which is the terminal without the guide.
func (c *console) resized() tea.Cmd {
	in := c.inner()
	return tea.Batch(c.all(in), c.dialogs.update(within(in.Width, in.Height)))
}

func (c *console) inner() tea.WindowSizeMsg {
	return tea.WindowSizeMsg{Width: c.width, Height: c.height - c.guide.height(c.width) - c.frame.stripHeight()}
}

func (c *console) all(msg tea.Msg) tea.Cmd {
	var cmds []tea.Cmd
	for _, s := range c.screens {
		cmds = append(cmds, s.update(msg))
	}
	return tea.Batch(cmds...)
}

// keyboard routes keys and pastes: the dialog on top takes them all; then come the global keys, then the screen. A terminal
// that is too small to show anything takes none but q.
func (c *console) keyboard(m stamped) tea.Cmd {
	k, isKey := m.msg.(tea.KeyPressMsg)
	if c.small() && (!isKey || k.String() != "q" && k.String() != "ctrl+c") {
		return nil
	}
	if isKey && k.String() == guideKey && c.guide.say != nil {
		c.guide.hidden = !c.guide.hidden
		return c.resized()
	}
	if c.dialogs.top() != nil && !c.small() {
		answer, cmd := c.dialogs.hand(m)
		if answer == nil {
			return cmd
		}
		// At once, so that what was typed ahead finds it done.
		_, more := c.Update(answer)
		return tea.Batch(cmd, more)
	}
	focused := c.screens[c.focus]
	if w, ok := focused.(writer); isKey && !(ok && w.writing()) {
		switch k.String() {
		case "1", "2", "3", "4":
			if n := int(k.String()[0] - '1'); n < len(c.screens) {
				c.focus = n
			}
			return nil
		case "t":
			_, cmd := c.Update(localMsg{})
			return cmd
		case "?":
			return c.dialogs.open(c.help())
		case "q":
			return c.all(leaveMsg{})
		}
	}
	if isKey && k.String() == "ctrl+c" {
		return c.all(leaveMsg{})
	}
	return focused.update(m)
}

func (c *console) help() dialog {
	live := c.screens[c.focus].bindings()
	everywhere := global(len(c.screens))
	if c.guide.say != nil {
		everywhere = append(everywhere, bind("ctrl-t", "the guide above the keys, or none", guideKey))
	}
	names := []string{"On the cluster screen", "On the runbooks screen", "On the walk screen", "On the training screen"}
	return &textDialog{heading: "Keys", text: func(t *Theme, width int) []string { return keyPage(t, names[c.focus], live, everywhere, width) }}
}

// trains says that there is a training screen.
func (c *console) trains() bool { return len(c.screens) > onTraining }

func (c *console) small() bool { return c.width < minWidth || c.height < minHeight }

func (c *console) View() tea.View {
	v := tea.NewView(c.content())
	v.AltScreen = true
	v.WindowTitle = "recon " + c.frame.file.Name
	return v
}
