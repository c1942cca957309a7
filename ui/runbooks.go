package ui

import (
	"strings"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"recon/internal/audit"
	"recon/internal/findings"
	"recon/internal/walk"
	"recon/probes"
	"recon/runbooks"
)

// openWalksMsg are the walks that nobody finished and nobody holds.
type openWalksMsg struct {
	walks []audit.Summary
	err   error
}

// startedMsg is a walk that was started or taken up again, or why not.
type startedMsg struct {
	what string
	walk Walk
	err  error
}

// item is one line of the list: a suggested book, an open walk, or a book.
type item struct {
	section string
	finding *findings.Finding
	open    *audit.Summary
	book    *runbooks.Runbook
}

// library is the screen of the runbooks: what is suggested now, what was left open, and all books.
type library struct {
	clock
	start   starter
	library *runbooks.Library
	failed  error
	state   *probes.State
	found   []findings.Finding
	open    []audit.Summary
	current *walk.View // the walk that is on the walk screen
	running bool       // a step of it runs
	waiting bool       // a walk is being started

	cursor  int
	moved   bool // the operator chose the line; until then the cursor stays on the first
	reading bool // the keys scroll the book, not the list
	filter  line
	typing  bool
	top     scroll
	pages   pages
	width   int
	height  int
}

func newLibrary(t *Theme, s *probes.State, lib *runbooks.Library, start starter, c clock) *library {
	return &library{clock: c, start: start, library: lib, state: s, pages: newPages(t)}
}

func (l *library) writing() bool { return l.typing }

func (l *library) update(msg tea.Msg) tea.Cmd {
	l.pages.update(msg)
	switch m := msg.(type) {
	case tea.WindowSizeMsg:
		l.width, l.height = m.Width, m.Height
	case tickMsg:
		l.now = m.at
		return nil
	case stateMsg:
		l.state = m.state
		return nil
	case findingsMsg:
		l.keep(func() { l.found = m.shown })
	case libraryMsg:
		l.failed = m.err
		if m.err == nil {
			l.keep(func() { l.library = m.library })
			if cmd := l.start.wanted(l.library, l.state); cmd != nil {
				return tea.Batch(cmd, l.draw())
			}
		}
	case openWalksMsg:
		if m.err != nil {
			return say(errorMsg{"looking for open walks", m.err})
		}
		l.keep(func() { l.open = m.walks })
	case viewMsg:
		v := m.view
		l.current = &v
		return nil
	case runningMsg:
		l.running = m.running
		return nil
	case goMsg:
		if m.book != "" {
			l.find(m.book)
		}
	case answeredMsg:
		if id, ok := strings.CutPrefix(m.form, startForm); ok {
			l.waiting = true
			return tea.Batch(l.start.begin(l.library, id, m.values), say(noticeMsg{"the walk is being started"}))
		}
	case lookAgainMsg:
		return l.start.look()
	case resumeMsg:
		l.waiting = true
		return tea.Batch(l.start.resume(m.path), say(noticeMsg{"the walk is being taken up again"}))
	case startedMsg:
		l.waiting = false
		if m.err == nil {
			return say(noticeMsg{})
		}
		return nil
	case stamped:
		return tea.Batch(l.keyboard(m.msg), l.draw())
	default:
		return nil
	}
	return l.draw()
}

// keep changes the list and leaves the cursor on what it was on.
func (l *library) keep(change func()) {
	was := l.selected()
	change()
	for i, it := range l.items() {
		if was != nil && l.moved && it.section == was.section && it.name() == was.name() {
			l.cursor = i
			return
		}
	}
	l.cursor = min(l.cursor, max(len(l.items())-1, 0))
	if !l.moved {
		l.cursor = 0
	}
}

func (l *library) find(id string) {
	l.filter.set("")
	for i, it := range l.items() {
		if it.book != nil && it.book.ID == id {
			l.cursor, l.moved = i, true
			l.top = scroll{}
			return
		}
	}
}

func (i *item) name() string {
	if i.open != nil {
		return i.open.Path
	}
	return i.book.ID
}

// items are the lines of the list that pass the filter.
func (l *library) items() []item {
	var out []item
	want := strings.ToLower(strings.TrimSpace(l.filter.value()))
	passes := func(texts ...string) bool { return strings.Contains(strings.ToLower(strings.Join(texts, " ")), want) }
	for i := range l.found {
		f := &l.found[i]
		if passes(f.Book.ID, f.Book.Title, f.Because) {
			out = append(out, item{section: "SUGGESTED NOW", finding: f, book: f.Book})
		}
	}
	for i := range l.open {
		o := &l.open[i]
		if passes(o.Book, o.Title, o.Operator) {
			out = append(out, item{section: "OPEN WALKS", open: o})
		}
	}
	if l.library != nil {
		for _, b := range l.library.Books {
			if passes(b.ID, b.Title, strings.Join(b.Systems, " ")) {
				out = append(out, item{section: "ALL", book: b})
			}
		}
	}
	return out
}

func (l *library) selected() *item {
	items := l.items()
	if l.cursor >= len(items) {
		return nil
	}
	return &items[l.cursor]
}

// draw has the selected book drawn.
func (l *library) draw() tea.Cmd {
	if it := l.selected(); it != nil && it.book != nil {
		return l.pages.want(it.book.Hash, body(it.book), l.pageWidth())
	}
	return nil
}

func (l *library) bindings() []key.Binding {
	if l.typing {
		return []key.Binding{bind("enter", "keep the filter", "enter"), bind("esc", "no filter", "esc"), bind("up/down", "move", "up", "down")}
	}
	it := l.selected()
	walks := it != nil && it.book != nil && len(it.book.Steps) > 0
	open := it != nil && it.open != nil
	start, dry, resume := bind("enter", "walk it", "enter"), bind("d", "dry run", "d"), bind("enter", "go on with it", "enter")
	start.SetEnabled(walks)
	dry.SetEnabled(walks)
	resume.SetEnabled(open)
	read := bind("tab", "read the book", "tab")
	if l.reading {
		read = bind("tab", "the list", "tab")
	}
	return []key.Binding{start, resume, dry, bind("/", "filter", "/"), read, bind("up/down", "move", "up", "down"), bind("q", "leave", "q")}
}
