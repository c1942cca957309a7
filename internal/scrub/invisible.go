package scrub

import "unicode"

// invisible reports a character that takes no place on the screen, or takes place and shows nothing, so that text can
// look like other text: direction marks (Trojan Source, CVE-2021-42574), zero-width and other format characters, soft
// hyphens, tags, variation selectors, fillers, and code points that are no characters.
//
// The set is Unicode's Default_Ignorable_Code_Point: general category Cf, the variation selectors, and the list
// Other_Default_Ignorable_Code_Point. r is at least U+00A0.
func invisible(r rune) bool {
	if r < 0x300 {
		return r == 0xad
	}
	if r >= 0x3400 && r < 0xd800 {
		return false // Han, Yi and Hangul syllables, the bulk of text beyond Latin, have none
	}
	return unicode.Is(unicode.Cf, r) ||
		unicode.Is(unicode.Variation_Selector, r) ||
		unicode.Is(unicode.Other_Default_Ignorable_Code_Point, r) ||
		unicode.Is(unicode.Noncharacter_Code_Point, r)
}
