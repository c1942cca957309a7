// Package markdown turns a runbook's markdown into lines for a terminal of a given width.
//
// It draws what runbooks are written in: headings, paragraphs, lists, emphasis, code, tables, quotes and the alert quotes of
// git hosts (> [!WARNING]). No line is wider than asked for, except none; nothing of a code block is left out, a line that is
// too long goes on in the next one behind a broken bar. Every line closes the styles that it opens. Render is a pure function
// and takes milliseconds: call it once for a text and a width, and keep the lines.
package markdown

import (
	"strings"

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	east "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/text"
)

// Style is how the parts of a text look. The zero Style shows them without any attribute.
type Style struct {
	Heading, Strong, Emphasis, Code, Link lipgloss.Style
	// Note, Warning and Caution are for the word of an alert, Rule for bars and lines.
	Note, Warning, Caution, Rule lipgloss.Style
}

// Render draws a text for width cells; less than 20 count as 20.
func Render(source string, width int, style Style) []string {
	src := []byte(source)
	doc := goldmark.New(goldmark.WithExtensions(extension.Table, extension.Strikethrough)).Parser().Parse(text.NewReader(src))
	p := &page{src: src, style: style}
	return p.blocks(doc, max(width, 20))
}

// page is one text while it is drawn.
type page struct {
	src   []byte
	style Style
	// marker is the paragraph whose first line is the mark of an alert, which is not drawn.
	marker ast.Node
}

// blocks draws the children of a block, an empty line between them.
func (p *page) blocks(of ast.Node, width int) []string {
	var out []string
	for n := of.FirstChild(); n != nil; n = n.NextSibling() {
		lines := p.block(n, width)
		if len(lines) == 0 {
			continue
		}
		if len(out) > 0 && !tight(n) {
			out = append(out, "")
		}
		out = append(out, lines...)
	}
	return out
}

// tight says that no empty line stands before a block.
func tight(n ast.Node) bool {
	if n.Kind() == ast.KindTextBlock {
		return true
	}
	if item, ok := n.(*ast.ListItem); ok {
		list, ok := item.Parent().(*ast.List)
		return ok && list.IsTight
	}
	if list, ok := n.(*ast.List); ok {
		if item, ok := list.Parent().(*ast.ListItem); ok {
			outer, ok := item.Parent().(*ast.List)
			return ok && outer.IsTight
		}
	}
	return false
}

func (p *page) block(n ast.Node, width int) []string {
	switch b := n.(type) {
	case *ast.Heading:
		return Wrap(p.style.Heading.Render(strings.Repeat("#", b.Level)+" "+ansi.Strip(p.inline(b))), width)
	case *ast.Paragraph, *ast.TextBlock:
		if s := p.inline(n); s != "" {
			return Wrap(s, width)
		}
		return nil
	case *ast.List:
		return p.list(b, width)
	case *ast.Blockquote:
		return p.quote(b, width)
	case *ast.FencedCodeBlock, *ast.CodeBlock:
		return p.code(n, width)
	case *ast.HTMLBlock:
		return p.code(n, width)
	case *ast.ThematicBreak:
		return []string{p.style.Rule.Render(strings.Repeat("─", min(width, 40)))}
	case *east.Table:
		return p.table(b, width)
	}
	return p.blocks(n, width)
}

func (p *page) code(n ast.Node, width int) []string {
	var out []string
	if f, ok := n.(*ast.FencedCodeBlock); ok && f.Info != nil {
		// What stands behind the fence says what the block is, and in a runbook where it runs.
		out = Wrap(p.style.Rule.Render("┌ "+string(f.Info.Value(p.src))), width)
	}
	lines := n.Lines()
	for i := range lines.Len() {
		seg := lines.At(i)
		l := strings.ReplaceAll(strings.TrimRight(string(seg.Value(p.src)), "\r\n"), "\t", "    ")
		for k, part := range strings.Split(ansi.Hardwrap(l, max(width-2, 8), true), "\n") {
			bar := "│ "
			if k > 0 {
				bar = "┆ "
			}
			out = append(out, p.style.Rule.Render(bar)+p.style.Code.Render(part))
		}
	}
	return out
}

// Wrap breaks a styled text into lines of at most width cells. Every line closes the styles that it opens.
func Wrap(s string, width int) []string {
	return strings.Split(lipgloss.Wrap(s, width, " "), "\n")
}

// hang puts a lead before the first line and spaces before the others.
func hang(lead string, lines []string) []string {
	in := strings.Repeat(" ", ansi.StringWidth(lead))
	for i := range lines {
		switch {
		case i == 0:
			lines[i] = lead + lines[i]
		case lines[i] != "":
			lines[i] = in + lines[i]
		}
	}
	return lines
}
