package ui

import (
	tea "charm.land/bubbletea/v2"
)

func (l *library) keyboard(msg tea.Msg) tea.Cmd {
	k, ok := msg.(tea.KeyPressMsg)
	if !ok {
		if p, ok := msg.(tea.PasteMsg); ok && l.typing {
			l.filter.insert(p.Content)
		}
		return nil
	}
	if l.typing {
		return l.edit(k)
	}
	switch k.String() {
	case "/":
		l.typing, l.reading = true, false
	case "esc":
		l.filter.set("")
		l.reading = false
	case "tab":
		l.reading = !l.reading
	case "enter":
		return l.enter(false)
	case "d":
		return l.enter(true)
	default:
		l.move(k.String())
	}
	return nil
}

// edit changes the filter; the arrows go on moving in the list.
func (l *library) edit(k tea.KeyPressMsg) tea.Cmd {
	switch k.String() {
	case "enter":
		l.typing = false
	case "esc":
		l.typing = false
		l.filter.set("")
	case "up", "down", "pgup", "pgdown":
		l.move(k.String())
	default:
		l.filter.press(k)
		l.cursor = 0
		l.top = scroll{}
	}
	return nil
}

func (l *library) move(k string) {
	if l.reading {
		lines := l.book(&Theme{}, l.pageWidth())
		l.top.by(step(k, l.bodyHeight()), len(lines), l.bodyHeight())
		return
	}
	was := l.cursor
	l.moved = l.moved || step(k, 2) != 0
	l.cursor = min(max(l.cursor+step(k, l.bodyHeight()), 0), max(len(l.items())-1, 0))
	if was != l.cursor {
		l.top = scroll{}
	}
}

// enter asks what is needed to walk the book, or to go on with the walk.
func (l *library) enter(dry bool) tea.Cmd {
	it := l.selected()
	switch {
	case it == nil || l.waiting:
		return nil
	case l.running:
		return say(noticeMsg{"a step is running; wait for its outcome"})
	case it.open != nil:
		return l.start.open(newResume(*it.open, l.show))
	case len(it.book.Steps) == 0:
		return say(noticeMsg{it.book.ID + " only says what is seen; there is nothing to walk"})
	}
	return l.start.ask(it.book, l.state, l.current, dry, nil)
}
