package ui

import (
	"time"

	"recon/internal/findings"
)

// listed are the findings of the cluster screen: what is certain, then what has to hold a little longer.
func listed(s findings.Set) []findings.Finding { return append(s.Shown(), s.Pending()...) }

// severe is how a severity is shown.
func severe(severity int) (string, tone) {
	switch severity {
	case 1:
		return glyphBad, bad
	case 2, 3:
		return glyphWarn, warn
	}
	return glyphNone, dim
}

// standing is how a finding is shown: its glyph, its tone, and for how long it has been so.
func standing(f findings.Finding, now time.Time) (glyph string, tone tone, when string) {
	glyph, tone = severe(f.Book.Severity)
	switch {
	case f.Blind != "":
		return glyphUnknown, unseen, "for " + short(now.Sub(f.Since).Seconds())
	case f.Phase == findings.Over:
		return glyph, dim, "over " + short(now.Sub(f.Over).Seconds())
	case f.Phase == findings.Pending:
		return glyphNone, dim, "in " + short((f.Needs() - now.Sub(f.Seen)).Seconds())
	}
	return glyph, tone, "for " + short(now.Sub(f.Since).Seconds())
}
