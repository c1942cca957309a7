package runbooks

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/text"
)

// section is a second-level heading with what stands below it.
type section struct {
	title, anchor string
	line, end     int // the heading's line, and the last line that belongs to it
	fences        []*fence
}

// document is the book's markdown, cut at its headings.
type document struct {
	title    string // of the first-level heading, or empty
	titleAt  int    // its line, or 0
	sections []*section
	intro    []*fence
}

// outline parses the markdown below the front matter, which ends at line head.
func (r *reader) outline(head int) *document {
	src := r.blank(head)
	md := goldmark.New(goldmark.WithExtensions(extension.Table, extension.Strikethrough))
	root := md.Parser().Parse(text.NewReader(src))
	d := &document{}
	used := map[string]int{}
	covered := map[int]bool{} // lines that belong to fences
	for n := root.FirstChild(); n != nil; n = n.NextSibling() {
		switch n := n.(type) {
		case *ast.Heading:
			r.heading(d, n, src, used)
		case *ast.FencedCodeBlock:
			f := r.fence(n, src, covered)
			if f == nil {
				continue
			}
			if len(d.sections) == 0 {
				d.intro = append(d.intro, f)
			} else {
				s := d.sections[len(d.sections)-1]
				s.fences = append(s.fences, f)
			}
		default:
			r.nested(n, src, covered)
		}
	}
	for i, s := range d.sections {
		s.end = r.lines()
		if i+1 < len(d.sections) {
			s.end = d.sections[i+1].line - 1
		}
	}
	r.stray(head, covered)
	return d
}

func (r *reader) heading(d *document, h *ast.Heading, src []byte, used map[string]int) {
	title := strings.TrimSpace(plainText(h, src))
	line, column := r.at(max(h.Pos(), 0))
	if !strings.HasPrefix(strings.TrimLeft(r.line(line), " "), "#") {
		r.problem(line, column, "this heading is underlined", "write it with # in front")
	}
	anchor := slug(title)
	if n := used[anchor]; n > 0 {
		anchor = fmt.Sprintf("%s-%d", anchor, n)
	}
	used[slug(title)]++
	if title == "" {
		r.problem(line, column, "this heading has no title", "")
	}
	switch {
	case h.Level == 2:
		d.sections = append(d.sections, &section{title: title, anchor: anchor, line: line})
	case h.Level > 2:
	case d.titleAt > 0:
		r.problem(line, column, "a second title", "a book has one title (#); steps are second-level headings (##)")
	case len(d.sections) > 0:
		r.problem(line, column, "the title stands below a step", "the title (#) comes first; steps are second-level headings (##)")
	default:
		d.title, d.titleAt = title, line
	}
}

// plainText is the text of inlines without their markup.
func plainText(n ast.Node, src []byte) string {
	var b strings.Builder
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		switch t := c.(type) {
		case *ast.Text:
			b.Write(t.Segment.Value(src))
		case *ast.String:
			b.Write(t.Value)
		default:
			b.WriteString(plainText(c, src))
		}
	}
	return b.String()
}

// nested looks at what stands in lists and quotes: blocks that run are refused there, and alerts must be known ones.
func (r *reader) nested(n ast.Node, src []byte, covered map[int]bool) {
	if q, ok := n.(*ast.Blockquote); ok {
		r.alert(q)
	}
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		if c.Type() != ast.TypeBlock {
			continue
		}
		if f, ok := c.(*ast.FencedCodeBlock); ok {
			if f := r.fence(f, src, covered); f != nil && (!shown(f.word) || len(f.rest) > 0) {
				r.problem(f.line, f.column, "a `"+f.word+"` block stands in a list or a quote", "blocks that recon reads stand at the top level of a step")
			}
			continue
		}
		r.nested(c, src, covered)
	}
}

var alertWord = regexp.MustCompile(`^\s*(?:>\s*)+\[!(\w+)\]\s*$`)

func alerts() []string { return []string{"NOTE", "TIP", "IMPORTANT", "WARNING", "CAUTION"} }

func (r *reader) alert(q *ast.Blockquote) {
	line, column := r.at(max(q.Pos(), 0))
	if m := alertWord.FindStringSubmatch(r.line(line)); m != nil && !slices.Contains(alerts(), m[1]) {
		r.problem(line, column, "there is no alert `"+m[1]+"`", meant(m[1], alerts()))
	}
}

var fenceLine = regexp.MustCompile("^ {0,3}(```|~~~)")

// stray reports lines that look like the beginning or end of a block and are none for markdown, so that nobody reads a
// block where there is only text.
func (r *reader) stray(head int, covered map[int]bool) {
	for n := head + 1; n <= r.lines(); n++ {
		if !covered[n] && fenceLine.MatchString(r.line(n)) {
			r.problem(n, 1, "this looks like a block and is none for markdown", "backticks cannot stand in the line that opens a block; it needs an empty line above inside lists")
		}
	}
}

// prose is the text of lines without the blocks that recon reads.
func (r *reader) prose(from, to int, fences []*fence) string {
	hidden := map[int]bool{}
	for _, f := range fences {
		if shown(f.word) {
			continue
		}
		for n := f.line; n <= f.end; n++ {
			hidden[n] = true
		}
	}
	var out []string
	for n := from; n <= to; n++ {
		if hidden[n] {
			// The empty line below goes with the block.
			if !hidden[n+1] && strings.TrimSpace(r.line(n+1)) == "" && len(out) > 0 && out[len(out)-1] == "" {
				n++
			}
			continue
		}
		out = append(out, r.line(n))
	}
	return strings.Trim(strings.Join(out, "\n"), "\n")
}
