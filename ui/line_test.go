package ui

import (
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"
)

func TestLine(t *testing.T) {
	tests := []struct {
		keys string
		want string
	}{
		{"a b c", "abc"},
		{"a b left c", "acb"},
		{"a b left left left c", "cab"},
		{"a b home c end d", "cabd"},
		{"a b backspace", "a"},
		{"backspace a", "a"},
		{"a b c ctrl+u", ""},
		{"a b c left ctrl+k", "ab"},
		{"ä 漢 backspace", "ä"},
		{"a tab enter f1 b", "ab"},
	}
	for _, tt := range tests {
		var l line
		for _, k := range strings.Fields(tt.keys) {
			if k == "f1" {
				continue
			}
			l.press(press(k))
		}
		if got := l.value(); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.keys, got, tt.want)
		}
	}
	var l line
	l.set("one two  ")
	l.press(press("ctrl+w"))
	if got := l.value(); got != "one " {
		t.Errorf("ctrl+w leaves %q", got)
	}
	l.insert("a\nb\x1b[31m\u202e")
	if got := l.value(); strings.ContainsAny(got, "\n\x1b\u202e") {
		t.Errorf("something that cannot be printed is in the line: %q", got)
	}
}

func TestLineShowsItsCursor(t *testing.T) {
	var l line
	l.set(strings.Repeat("漢字", 40))
	for range 90 {
		for _, width := range []int{5, 20, 33} {
			if w := ansi.StringWidth(l.view(&Theme{}, width)); w != width {
				t.Fatalf("%d cells for %d: %q", w, width, l.view(&Theme{}, width))
			}
		}
		l.press(press("left"))
	}
}
