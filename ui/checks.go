package ui

import (
	"recon/internal/gate"
	"recon/internal/walk"
	"recon/runbooks"
)

// said is a condition in words: what the book says of it, else the condition itself.
func said(explain, text string) string {
	if explain != "" {
		return explain
	}
	return text
}

// checkLines are checks behind a label. One that does not pass says why: every part of it with its value.
func checkLines(t *Theme, label string, checks []walk.Check, tail string, width int) []string {
	const in = 8
	var out []string
	for i, c := range checks {
		lead := t.paint(dim, fit(label, in))
		if i > 0 {
			lead = fit("", in)
		}
		glyph, tone := answered(c.Answer)
		text := said(c.Explain, c.Text)
		if c.Guard != "" {
			text = c.Guard + " " + text
		}
		if c.Waived != "" {
			glyph, tone = "-", dim
			text += "  (waived: " + c.Waived + ")"
		}
		if i == len(checks)-1 {
			text += tail
		}
		out = append(out, hang(lead+t.paint(tone, glyph)+" ", text, width)...)
		if c.Waived != "" || c.Answer == gate.Pass {
			continue
		}
		indent := fit("", in+2)
		if c.Explain != "" {
			out = append(out, hang(indent, t.paint(dim, c.Text), width)...)
		}
		if c.Answer == gate.Unknown && c.Unseen != "" {
			out = append(out, hang(indent+t.paint(unseen, "not seen: "), c.Unseen, width)...)
		}
		for _, p := range c.Parts {
			if p.Text != c.Text { // what the whole of it says stands above
				out = append(out, partLines(t, []gate.Part{p}, indent, width)...)
			}
		}
	}
	return out
}

// partLines are the parts of an expression with their values, so that the reasoning can be checked.
func partLines(t *Theme, parts []gate.Part, indent string, width int) []string {
	var out []string
	for _, p := range parts {
		glyph, tone := answered(p.Answer)
		out = append(out, hang(indent+t.paint(tone, glyph)+" ", p.Text+" = "+p.Value, width)...)
	}
	return out
}

// patience is how long a proof is waited for.
func patience(p *runbooks.Proof) string {
	switch {
	case p == nil || p.Within == 0:
		return ""
	case p.For > 0:
		return "  ≤ " + short(p.Within.Seconds()) + ", for " + short(p.For.Seconds())
	}
	return "  ≤ " + short(p.Within.Seconds())
}
