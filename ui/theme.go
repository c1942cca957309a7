package ui

import (
	"charm.land/lipgloss/v2"

	"recon/internal/gate"
	"recon/internal/inventory"
	"recon/internal/stack"
	"recon/internal/walk"
	"recon/runbooks"
	"recon/ui/markdown"
)

// The glyphs, each one cell wide. A state is a glyph and a word; its colour only helps.
const (
	glyphGood    = stack.GlyphGood
	glyphBad     = stack.GlyphBad
	glyphWarn    = stack.GlyphWarn
	glyphUnknown = stack.GlyphUnknown
	glyphNone    = stack.GlyphNone
	glyphLeader  = stack.GlyphLeader
	glyphHere    = "▶"
	glyphTodo    = "○"
	glyphHolder  = "◆"
	glyphTrail   = "●"
	glyphGuide   = "┃"
)

// tone is what a text means, which decides its colour.
type tone = stack.Tone

const (
	plain  = stack.Plain
	good   = stack.Good
	warn   = stack.Warn
	bad    = stack.Bad
	unseen = stack.Unseen
	dim    = stack.Dim
)

// The tones that only the screens have.
const (
	strong tone = iota + dim + 1
	title
)

// Theme is how things look. The zero Theme shows everything without any attribute.
type Theme struct {
	Good, Warn, Bad, Unseen, Dim, Strong, Title lipgloss.Style
	// Selected marks the line or cell under the cursor, Changed what changed a moment ago, Rule the lines between panes.
	Selected, Changed, Rule lipgloss.Style
	// Production, Staging and Training are the badges, and the same without their background for the frame's lines.
	Production, Staging, Training             lipgloss.Style
	ProductionRule, StagingRule, TrainingRule lipgloss.Style
	Markdown                                  markdown.Style
}

// DefaultTheme uses the sixteen colours of the terminal's own palette and no background but the badge's, so that it is
// readable on dark and on light, and without colours at all.
func DefaultTheme() *Theme {
	s := lipgloss.NewStyle
	red, green, yellow, cyan := lipgloss.Red, lipgloss.Green, lipgloss.Yellow, lipgloss.Cyan
	badge := s().Bold(true).Foreground(lipgloss.Black)
	t := &Theme{
		Good: s().Foreground(green), Warn: s().Foreground(yellow).Bold(true), Bad: s().Foreground(red).Bold(true),
		Unseen: s().Foreground(lipgloss.Magenta), Dim: s().Faint(true), Strong: s().Bold(true), Title: s().Bold(true).Foreground(cyan),
		Selected: s().Reverse(true), Changed: s().Underline(true), Rule: s().Faint(true),
		Production: s().Bold(true).Foreground(lipgloss.BrightWhite).Background(red), Staging: badge.Background(yellow), Training: badge.Background(green),
		ProductionRule: s().Foreground(red), StagingRule: s().Foreground(yellow), TrainingRule: s().Foreground(green),
	}
	t.Markdown = markdown.Style{
		Heading: t.Strong, Strong: t.Strong, Emphasis: s().Italic(true), Code: s().Foreground(cyan), Link: s().Underline(true),
		Note: t.Title, Warning: t.Warn, Caution: t.Bad, Rule: t.Rule,
	}
	return t
}

func (t *Theme) style(m tone) lipgloss.Style {
	switch m {
	case good:
		return t.Good
	case warn:
		return t.Warn
	case bad:
		return t.Bad
	case unseen:
		return t.Unseen
	case dim:
		return t.Dim
	case strong:
		return t.Strong
	case title:
		return t.Title
	}
	return lipgloss.Style{}
}

// paint styles a text that has no styles in it.
func (t *Theme) paint(m tone, text string) string {
	if m == plain {
		return text
	}
	return t.style(m).Render(text)
}

// environment is the badge's style and that of the lines of the frame. What is not known is PRODUCTION.
func (t *Theme) environment(e inventory.Environment) (badge, rule lipgloss.Style) {
	switch e {
	case inventory.Training:
		return t.Training, t.TrainingRule
	case inventory.Staging:
		return t.Staging, t.StagingRule
	}
	return t.Production, t.ProductionRule
}

// answered is how an answer is shown.
func answered(a gate.Answer) (string, tone) {
	switch a {
	case gate.Pass:
		return glyphGood, good
	case gate.Fail:
		return glyphBad, bad
	}
	return glyphUnknown, unseen
}

// stepped is how the status of a step is shown.
func stepped(s walk.StepStatus) (string, tone) {
	switch s {
	case walk.Done:
		return glyphGood, good
	case walk.Failed:
		return glyphBad, bad
	case walk.Unknown:
		return glyphUnknown, unseen
	case walk.Blocked:
		return glyphWarn, warn
	case walk.Skipped, walk.NotNeeded:
		return "-", dim
	case walk.Running, walk.Verifying, walk.Ready:
		return glyphHere, strong
	}
	return glyphTodo, dim
}

func risky(r runbooks.Risk) tone {
	switch r {
	case runbooks.Read:
		return good
	case runbooks.Change:
		return warn
	}
	return bad
}
