package markdown

import (
	"strings"

	"charm.land/lipgloss/v2"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/util"
)

// inline is the text inside a block on one line, styled; hard breaks stay line breaks.
func (p *page) inline(of ast.Node) string {
	var b strings.Builder
	skip := of == p.marker
	for n := of.FirstChild(); n != nil; n = n.NextSibling() {
		if skip {
			t, ok := n.(*ast.Text)
			skip = !ok || !t.SoftLineBreak() && !t.HardLineBreak()
			continue
		}
		p.write(&b, n, lipgloss.NewStyle())
	}
	return strings.TrimRight(b.String(), " \n")
}

func (p *page) write(b *strings.Builder, n ast.Node, style lipgloss.Style) {
	switch t := n.(type) {
	case *ast.Text:
		put(b, style, string(util.UnescapePunctuations(t.Value(p.src))))
		switch {
		case t.HardLineBreak():
			b.WriteString("\n")
		case t.SoftLineBreak():
			b.WriteString(" ")
		}
		return
	case *ast.String:
		put(b, style, string(t.Value))
		return
	case *ast.CodeSpan:
		var code strings.Builder
		for c := t.FirstChild(); c != nil; c = c.NextSibling() {
			if s, ok := c.(*ast.Text); ok {
				code.Write(s.Value(p.src))
			}
		}
		put(b, p.style.Code.Inherit(style), strings.ReplaceAll(code.String(), "\n", " "))
		return
	case *ast.Emphasis:
		add := p.style.Emphasis
		if t.Level > 1 {
			add = p.style.Strong
		}
		p.inside(b, n, add.Inherit(style))
		return
	case *ast.Link:
		p.inside(b, n, p.style.Link.Inherit(style))
		if dest := string(t.Destination); dest != "" && !strings.HasPrefix(dest, "#") {
			put(b, style, " ("+dest+")")
		}
		return
	case *ast.AutoLink:
		put(b, p.style.Link.Inherit(style), string(t.URL(p.src)))
		return
	case *ast.RawHTML:
		for i := range t.Segments.Len() {
			seg := t.Segments.At(i)
			put(b, style, string(seg.Value(p.src)))
		}
		return
	}
	p.inside(b, n, style)
}

func (p *page) inside(b *strings.Builder, n ast.Node, style lipgloss.Style) {
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		p.write(b, c, style)
	}
}

// put writes a styled text. Spaces stay outside, so that a line can break there without breaking the style.
func put(b *strings.Builder, style lipgloss.Style, s string) {
	b.WriteString(style.Render(s))
}
