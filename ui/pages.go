package ui

import (
	"strings"

	tea "charm.land/bubbletea/v2"

	"recon/runbooks"
	"recon/ui/markdown"
)

// page names a text at a width.
type page struct {
	text  string // the book's hash, and what of it
	width int
}

// pageMsg is a text that was drawn.
type pageMsg struct {
	page
	lines []string
}

// pages are the texts that were drawn, each once for a width.
type pages struct {
	style markdown.Style
	done  map[page][]string
	asked map[page]bool
}

func newPages(t *Theme) pages {
	return pages{style: t.Markdown, done: map[page][]string{}, asked: map[page]bool{}}
}

func (p *pages) update(msg tea.Msg) {
	if m, ok := msg.(pageMsg); ok {
		p.done[m.page] = m.lines
	}
}

// want draws a text in a command, if that was not done yet.
func (p *pages) want(name, source string, width int) tea.Cmd {
	key := page{name, width}
	if p.asked[key] || width < 1 {
		return nil
	}
	p.asked[key] = true
	style := p.style
	return func() tea.Msg { return pageMsg{key, markdown.Render(source, width, style)} }
}

// lines are the drawn text, or nil while it is being drawn.
func (p *pages) lines(name string, width int) []string { return p.done[page{name, width}] }

// body is a book's text without its front matter.
func body(b *runbooks.Runbook) string {
	s := string(b.Source)
	if rest, ok := strings.CutPrefix(s, "---\n"); ok {
		if _, after, found := strings.Cut(rest, "\n---\n"); found {
			return after
		}
	}
	return s
}
