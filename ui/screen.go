package ui

import (
	"strings"

	"github.com/charmbracelet/x/ansi"
)

// narrowDialog is the least width inside a dialog, so that it does not jump while one types.
const narrowDialog = 60

// content is the whole screen as text.
func (c *console) content() string {
	switch {
	case c.width == 0:
		return ""
	case c.small():
		return tooSmall(c.width, c.height)
	}
	t := c.theme
	live := c.screens[c.focus].bindings()
	top := c.dialogs.top()
	if top != nil {
		live = top.bindings()
		if !top.awake {
			live = nil
		}
	}
	head := c.frame.top(t, c.focus, c.width, c.height)
	foot := append(c.guide.lines(t, c.moment, c.width), c.frame.bottom(t, live, c.width)...)
	room := c.height - len(head) - len(foot)
	body := sheet(c.screens[c.focus].view(t, c.width, room), c.width, room)
	if top != nil {
		in := within(c.inner().Width, c.inner().Height)
		heading, lines := top.view(t, in.width, min(in.height, room-2), !top.awake)
		_, rule := t.environment(c.frame.file.Environment)
		wide := max(ansi.StringWidth(heading)+2, narrowDialog)
		if long, ok := top.dialog.(interface{ widest(*Theme, int) int }); ok {
			wide = max(wide, long.widest(t, in.width))
		}
		for i, l := range lines {
			lines[i] = strings.TrimRight(l, " ")
			wide = max(wide, ansi.StringWidth(lines[i]))
		}
		framed := box(func(s string) string { return rule.Render(s) }, heading, lines, min(wide, in.width))
		body = over(t, body, framed, c.width, room)
	}
	return strings.Join(append(append(head, body...), foot...), "\n")
}
