package ui

import (
	"strings"

	"github.com/charmbracelet/x/ansi"

	"recon/actions"
	"recon/internal/walk"
)

// planLines are the commands of a plan as they will be sent: assignments and script byte for byte, each line behind a bar,
// a line that is too long goes on behind a broken bar.
func planLines(t *Theme, p *walk.Plan, width int) []string {
	var out []string
	for i, it := range p.Items {
		if i > 0 {
			out = append(out, "")
		}
		out = append(out, wrap(itemHead(t, p, it), width)...)
		for _, a := range it.Assignments {
			for _, l := range strings.Split(a, "\n") {
				out = append(out, verbatim(t, l, width)...)
			}
		}
		for _, l := range strings.Split(strings.TrimSuffix(it.Script, "\n"), "\n") {
			out = append(out, verbatim(t, l, width)...)
		}
	}
	return out
}

func itemHead(t *Theme, p *walk.Plan, it walk.Item) string {
	what := strings.ToUpper(string(it.Risk))
	if p.Rollback {
		what = "ROLL BACK, " + what
	}
	s := t.paint(risky(it.Risk), what) + " on " + t.Strong.Render(strings.Join(it.Targets, ", ")) + " as " + it.Who
	if it.Kind != actions.Sh {
		s += "  " + string(it.Kind)
	}
	if it.Timeout > 0 {
		s += "  " + t.paint(dim, "limit "+short(it.Timeout.Seconds()))
	}
	if len(it.Targets) > 1 && it.Order != "" {
		s += "  " + t.paint(dim, it.Order)
	}
	if it.Disconnect == string(actions.Survive) {
		s += "  " + t.paint(dim, "goes on when the connection is lost")
	}
	return s
}

// verbatim shows one line with nothing left out.
func verbatim(t *Theme, s string, width int) []string {
	s = strings.ReplaceAll(s, "\t", "    ")
	parts := strings.Split(ansi.Hardwrap(s, max(width-3, 8), true), "\n")
	for i := range parts {
		bar := " │ "
		if i > 0 {
			bar = " ┆ "
		}
		parts[i] = t.Rule.Render(bar) + parts[i]
	}
	return parts
}

// targets are the names of a plan for a sentence.
func targets(p *walk.Plan) string { return strings.Join(p.Targets, ", ") }
