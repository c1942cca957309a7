package scrub

import (
	"strings"
	"testing"
	"unicode/utf8"
)

// hostile is text from outside with what must be left of it.
func hostile() []struct{ name, in, want string } {
	long := strings.Repeat("x", sequenceLimit)
	return []struct{ name, in, want string }{
		{"nothing", "", ""},
		{"plain", "total 8\n\tdrwx\n", "total 8\n\tdrwx\n"},
		{"words beyond ASCII", "Grüße, 你好, привет, 한국어 ✓ ◆ ★", "Grüße, 你好, привет, 한국어 ✓ ◆ ★"},
		{"colour", "\x1b[31mred\x1b[0m", "red"},
		{"colour with colons", "\x1b[38:2::255:0:0mred\x1b[m", "red"},
		{"clear screen and home", "a\x1b[2J\x1b[Hb", "ab"},
		{"private mode", "\x1b[?1049h\x1b[?25lx", "x"},
		{"CSI with intermediate", "\x1b[1 qx\x1b[!px", "xx"},
		{"CSI as U+009B", "a\u009b31mb", "ab"},
		{"CSI broken by a newline", "a\x1b[31\nmb", "a\nmb"},
		{"CSI broken by another", "a\x1b[3\x1b[1mb", "ab"},
		{"CSI broken by a letter that is not ASCII", "a\x1b[3éb", "aéb"},
		{"CSI cancelled", "a\x1b[3\x18b\x1b[3\x1ac", "abc"},
		{"CSI with control characters inside", "a\x1b[3\x071mb", "ab"},
		{"CSI without end", "a\x1b[3", "a"},
		{"title", "\x1b]0;owned\x07x", "x"},
		{"title with ST", "\x1b]0;owned\x1b\\x", "x"},
		{"title as U+009D, with U+009C", "\u009d0;owned\u009cx", "x"},
		{"clipboard", "\x1b]52;c;cm0gLXJmIC8=\x07x", "x"},
		{"link", "\x1b]8;;http://evil\x1b\\here\x1b]8;;\x1b\\", "here"},
		{"title without end", "a\x1b]0;b\nc", "a\nc"},
		{"title without end before CRLF", "a\x1b]0;b\r\nc", "a\nc"},
		{"title without end over the limit", "a\x1b]0;" + long + "c", "axxc"},
		{"title with UTF-8 inside", "a\x1b]0;é✓\x07b", "ab"},
		{"title ended by another sequence", "a\x1b]0;b\x1b[31mc", "ac"},
		{"DCS", "a\x1bP1$r0m\x1b\\b", "ab"},
		{"DCS of tmux", "a\x1bPtmux;\x1b\x1b]0;x\x07\x1b\\b", "ab"},
		{"DCS as U+0090", "a\u0090q\u009cb", "ab"},
		{"APC, PM, SOS", "a\x1b_x\x1b\\b\x1b^x\x1b\\c\x1bXx\x1b\\d", "abcd"},
		{"APC, PM, SOS in C1", "a\u009fx\u009cb\u009ex\u009cc\u0098x\u009cd", "abcd"},
		{"charset", "\x1b(0lqk\x1b(Bx\x1b%Gy", "lqkxy"},
		{"two bytes", "\x1bc\x1b7\x1b8\x1b=\x1bMx", "x"},
		{"ESC before what is not ASCII", "\x1bé", "é"},
		{"ESC before a newline", "a\x1b\nb", "a\nb"},
		{"ESC alone", "a\x1b", "a"},
		{"many ESC", "a\x1b\x1b\x1b[1mb", "ab"},
		{"control characters", "a\x00\x01\x07\x08\x0b\x0c\x0e\x0f\x7fb", "ab"},
		{"C1", "a\u0080\u0084\u008db", "ab"},
		{"NEL and separators", "a\u0085b\u2028c\u2029d", "a\nb\nc\nd"},
		{"bytes that are not UTF-8", "a\x9b31m\xff\xc0\xafb", "a\ufffd31m\ufffd\ufffd\ufffdb"},
		{"half a character", "a\xe2\x9c", "a\ufffd\ufffd"},
		{"half a character before another", "a\xe2\x9cb\xf0\x9f\x98é", "a\ufffd\ufffdb\ufffd\ufffd\ufffdé"},
		{"a surrogate", "a\xed\xa0\x80b", "a\ufffd\ufffd\ufffdb"},
		{"CRLF", "a\r\nb\r\n", "a\nb\n"},
		{"CRCRLF", "a\r\r\nb", "a\nb"},
		{"progress bar", "10%\r50%\r100%\r\n", "10%\n50%\n100%\n"},
		{"progress bar with erase", "\r\x1b[K10%\r\x1b[K50%\n", "10%\n50%\n"},
		{"CR at the end", "10%\r", "10%\n"},
		{"CR at the beginning of a line", "a\n\rb", "a\nb"},
		{"CR, colour, LF", "a\r\x1b[0m\nb", "a\nb"},
		{"hidden by CR", "rm -rf /\recho fine", "rm -rf /\necho fine"},
		{"direction marks", "a\u202eb\u202dc\u202ad\u202be\u202cf\u2066g\u2067h\u2068i\u2069j\u200ek\u200fl\u061cm", "abcdefghijklm"},
		{"zero width", "a\u200bb\u200cc\u200dd\u2060e\ufefff\u00adg\u034fh\u180ei", "abcdefghi"},
		{"fillers", "a\u115fb\u1160c\u3164d\uffa0e", "abcde"},
		{"tags and selectors", "a\U000e0041b\ufe0fc\U000e0100d", "abcd"},
		{"no characters", "a\uffffb\U0010ffffc\ufdd0d", "abcd"},
		{"annotations", "a\ufff9b\ufffac\ufffbd", "abcd"},
	}
}

func TestText(t *testing.T) {
	for _, tc := range hostile() {
		t.Run(tc.name, func(t *testing.T) {
			got := Text(tc.in)
			if got != tc.want {
				t.Errorf("Text(%q)\n got %q\nwant %q", tc.in, got, tc.want)
			}
			if again := Text(got); again != got {
				t.Errorf("cleaned again it is %q", again)
			}
			safe(t, got)
		})
	}
}

// TestSplit feeds everything hostile in two and three parts: the result is the same as at once.
func TestSplit(t *testing.T) {
	for _, tc := range hostile() {
		in := []byte(tc.in)
		stride := 1 + len(in)/200
		for i := 0; i <= len(in); i += stride {
			for j := i; j <= len(in); j += 1 + (len(in)-i)/20 {
				var c cleaner
				got := c.feed(nil, in[:i])
				got = c.feed(got, in[i:j])
				got = c.feed(got, in[j:])
				if got = c.finish(got); string(got) != tc.want {
					t.Fatalf("%s, split at %d and %d: got %q, want %q", tc.name, i, j, got, tc.want)
				}
			}
		}
		var c cleaner
		var got []byte
		for _, b := range in {
			got = c.feed(got, []byte{b})
		}
		if got = c.finish(got); string(got) != tc.want {
			t.Errorf("%s, byte by byte: got %q, want %q", tc.name, got, tc.want)
		}
	}
}

func TestLine(t *testing.T) {
	for in, want := range map[string]string{
		"":                      "",
		"one":                   "one",
		"  indented\n":          "  indented",
		"one\ntwo\tthree\r\n\n": "one two three",
		"\x1b[1mone\x1b[0m\n":   "one",
		"a\u2028b":              "a b",
	} {
		if got := Line(in); got != want {
			t.Errorf("Line(%q) is %q, want %q", in, got, want)
		}
	}
}

// forbidden is written without the code under test.
func forbidden(r rune) bool {
	switch {
	case r == '\n' || r == '\t':
		return false
	case r < 0x20, r >= 0x7f && r < 0xa0:
		return true
	case r >= 0x202a && r <= 0x202e, r >= 0x2066 && r <= 0x2069, r == 0x200e, r == 0x200f, r == 0x61c:
		return true
	case r >= 0x200b && r <= 0x200d, r == 0x2060, r == 0xfeff, r == 0xad, r == 0x2028, r == 0x2029:
		return true
	case r >= 0xe0000 && r <= 0xe0fff, r >= 0xfe00 && r <= 0xfe0f, r == 0x3164:
		return true
	}
	return false
}

func safe(t *testing.T, s string) {
	t.Helper()
	if !utf8.ValidString(s) {
		t.Errorf("%q is not UTF-8", s)
	}
	for i, r := range s {
		if forbidden(r) {
			t.Errorf("%q has %U at %d", s, r, i)
		}
	}
}

// FuzzText: the output is safe, cleaning again changes nothing, and a split changes nothing.
func FuzzText(f *testing.F) {
	for _, tc := range hostile() {
		f.Add(tc.in, uint(len(tc.in)/2))
	}
	f.Fuzz(func(t *testing.T, in string, at uint) {
		got := Text(in)
		safe(t, got)
		if again := Text(got); again != got {
			t.Errorf("Text(%q) is %q, and cleaned again %q", in, got, again)
		}
		i := int(at % uint(len(in)+1))
		var c cleaner
		split := c.feed(nil, []byte(in[:i]))
		split = c.finish(c.feed(split, []byte(in[i:])))
		if string(split) != got {
			t.Errorf("split at %d: %q, whole: %q", i, split, got)
		}
	})
}
