package status

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"

	"recon/internal/findings"
	"recon/internal/stack"
)

// Look is how the table is drawn.
type Look struct {
	// Width is the terminal's, in cells; 0 is as wide as the text needs. A narrow table is cut at its cells, and its nodes
	// stand in several blocks.
	Width int
	// Colour allows colours; without them a state is still a glyph and a word.
	Colour bool
}

// The widths of the column with the layers' names, and the least of a node's.
const (
	rowName   = 12
	narrowest = 17
)

// Table writes the report for people.
func (r *Report) Table(w io.Writer, look Look) error {
	_, err := io.WriteString(w, strings.Join(r.Lines(look), "\n")+"\n")
	return err
}

// Lines are the lines of the table.
func (r *Report) Lines(look Look) []string {
	p := printer{Look: look}
	p.head(r)
	p.entry(r)
	p.matrix(r)
	p.found(r)
	p.silent(r)
	return p.lines
}

type printer struct {
	Look
	lines []string
}

// add adds a line without spaces at its end, cut where the terminal ends.
func (p *printer) add(s string) {
	if p.Width > 0 {
		s = ansi.Truncate(s, p.Width, "…")
	}
	p.lines = append(p.lines, strings.TrimRight(s, " "))
}

// hang adds a text behind a lead; its further lines are indented.
func (p *printer) hang(lead, s string, tone stack.Tone) {
	in := ansi.StringWidth(lead)
	lines := []string{s}
	if p.Width > 0 {
		lines = strings.Split(ansi.Wrap(s, max(p.Width-in, 20), " "), "\n")
	}
	for i, line := range lines {
		if i == 0 {
			p.add(lead + p.paint(tone, line))
		} else {
			p.add(strings.Repeat(" ", in) + p.paint(tone, line))
		}
	}
}

// paint colours a text with the terminal's own palette.
func (p *printer) paint(tone stack.Tone, s string) string {
	code := map[stack.Tone]string{stack.Good: "32", stack.Warn: "1;33", stack.Bad: "1;31", stack.Unseen: "35", stack.Dim: "2"}[tone]
	if !p.Colour || code == "" || s == "" {
		return s
	}
	return "\x1b[" + code + "m" + s + "\x1b[0m"
}

func fit(s string, width int) string {
	return s + strings.Repeat(" ", max(width-ansi.StringWidth(s), 0))
}

func (p *printer) head(r *Report) {
	answered, total, _ := r.sight.Counted()
	verdict := map[Verdict]stack.Tone{Fine: stack.Good, Wrong: stack.Bad, Unknown: stack.Unseen}[r.Verdict]
	at := r.At.Add(time.Duration(r.sight.Late * float64(time.Second))).UTC().Format(time.RFC3339)
	p.add(fmt.Sprintf("%s  %s  %s  %d/%d answer  %s", r.State.Cluster.Name, r.State.Cluster.Environment, at, answered, total, p.paint(verdict, string(r.Verdict))))
	if r.cluster.Patroni != nil {
		text, tone := r.sight.Summary()
		p.add(p.paint(tone, text))
	}
	if h := r.State.HandsOff; seen(h, "active") && h.Active {
		p.hang("hands off for "+stack.Short(max(h.Left-r.sight.Late, 0))+": ", h.Why, stack.Warn)
	}
}

// entry are the floating addresses and the users' paths, which belong to no node.
func (p *printer) entry(r *Report) {
	entry, _ := r.sight.Matrix(r.cluster)
	p.add("")
	for _, row := range []stack.Row{entry, r.sight.Service(r.cluster)} {
		if len(row.Cells) == 0 {
			continue
		}
		line := fit(row.Name, rowName)
		for i, c := range row.Cells {
			text := c.Text(1 << 10)
			if i > 0 && p.Width > 0 && ansi.StringWidth(line)+ansi.StringWidth(text) > p.Width {
				p.add(line)
				line = fit("", rowName)
			}
			line += p.paint(c.Tone, text) + "   "
		}
		p.add(line)
	}
}

// matrix is the stack: a row a layer, a column a node.
func (p *printer) matrix(r *Report) {
	_, rows := r.sight.Matrix(r.cluster)
	nodes := r.cluster.Nodes
	natural := make([]int, len(nodes))
	for i, n := range nodes {
		natural[i] = ansi.StringWidth(n.Name)
		for _, row := range rows {
			natural[i] = max(natural[i], ansi.StringWidth(row.Cells[i].Text(1<<10)))
		}
	}
	each := len(nodes)
	if p.Width > 0 {
		each = min(max((p.Width-rowName)/narrowest, 1), each)
	}
	for first := 0; first < len(nodes); first += each {
		last := min(first+each, len(nodes))
		widths := slices.Clone(natural[first:last])
		if p.Width > 0 {
			share(widths, p.Width-rowName)
		}
		p.add("")
		line := fit("", rowName)
		for i, n := range nodes[first:last] {
			line += fit(ansi.Truncate(n.Name, widths[i], "…"), widths[i]) + "  "
		}
		p.add(line)
		for _, row := range rows {
			line := fit(row.Name, rowName)
			for i, c := range row.Cells[first:last] {
				text := c.Text(widths[i])
				line += p.paint(c.Tone, text) + strings.Repeat(" ", max(widths[i]-ansi.StringWidth(text), 0)+2)
			}
			p.add(line)
		}
	}
}

// share makes columns with two spaces between them fit into a width, the widest first.
func share(widths []int, room int) {
	for {
		sum, widest := -2, 0
		for i, w := range widths {
			sum += w + 2
			if w > widths[widest] {
				widest = i
			}
		}
		if sum <= room || widths[widest] <= narrowest-2 {
			return
		}
		widths[widest]--
	}
}

// mostParts is how many values of a finding the table shows; JSON has them all.
const mostParts = 8

func (p *printer) found(r *Report) {
	p.add("")
	p.add("FINDINGS")
	switch {
	case r.FindingsUnseen != "":
		p.hang("? ", "not known: "+r.FindingsUnseen, stack.Unseen)
	case len(r.Findings) == 0 && r.Verdict == Unknown:
		p.add(p.paint(stack.Unseen, "? too little is seen to find anything"))
	case len(r.Findings) == 0:
		p.add("none: no runbook applies to what is seen")
	}
	for _, f := range r.Findings {
		glyph, tone, when := f.standing(r.At)
		p.hang(p.paint(tone, fmt.Sprintf("%s %d  ", glyph, f.Severity)), f.Book+": "+said(f.Because, f.Title)+" ("+when+")", tone)
		p.hang("     ", f.values(), stack.Dim)
	}
}

// values are the facts that made it true. That a comparison of them is true goes without saying.
func (f Finding) values() string {
	var out []string
	for _, part := range f.Parts {
		if part.Value != "true" || !strings.ContainsAny(part.Text, " !") {
			out = append(out, part.Text+" = "+part.Value)
		}
	}
	if more := len(out) - mostParts; more > 0 {
		out = append(out[:mostParts], fmt.Sprintf("%d more", more))
	}
	return strings.Join(out, "; ")
}

func (f Finding) standing(now time.Time) (glyph string, tone stack.Tone, when string) {
	glyph, tone = stack.GlyphNone, stack.Dim
	switch f.Severity {
	case 1:
		glyph, tone = stack.GlyphBad, stack.Bad
	case 2, 3:
		glyph, tone = stack.GlyphWarn, stack.Warn
	}
	switch f.Phase {
	case findings.Pending:
		when = "has to hold " + stack.Short(f.Needs) + " more to be certain"
		if f.Blind != "" {
			when = f.Blind
		}
	case findings.Blind:
		glyph, tone, when = stack.GlyphUnknown, stack.Unseen, f.Blind+"; seen until "+f.Seen.Format("15:04:05Z")
	case findings.Over:
		tone, when = stack.Dim, "over for "+stack.Short(now.Sub(*f.Over).Seconds())
	default:
		when = "for " + stack.Short(now.Sub(f.Since).Seconds())
	}
	return glyph, tone, when
}

// silent are the targets that gave no answer, with what they said instead.
func (p *printer) silent(r *Report) {
	headed := false
	for _, t := range r.Targets() {
		if t.Began.IsZero() || t.Reachable {
			continue
		}
		if !headed {
			headed = true
			p.add("")
			p.add("NO ANSWER")
		}
		p.hang(fit(t.System, rowName)+t.Node+"  ", said(t.Error, "did not answer"), stack.Plain)
	}
}
