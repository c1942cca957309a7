package scrub

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
)

const canary = `hunter2/"it's" $5+ü`

func with(t testing.TB, pairs ...string) *Secrets {
	t.Helper()
	s := &Secrets{}
	for i := 0; i < len(pairs); i += 2 {
		if err := s.Add(pairs[i], pairs[i+1]); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

func TestMask(t *testing.T) {
	for _, tc := range []struct {
		name, in, want string
		secrets        []string
	}{
		{"none", "password=hunter2", "password=hunter2", nil},
		{"once", "password=hunter2;", "password=‹pw›;", []string{"pw", "hunter2"}},
		{"alone", "hunter2", "‹pw›", []string{"pw", "hunter2"}},
		{"twice in a row", "hunter2hunter2", "‹pw›‹pw›", []string{"pw", "hunter2"}},
		{"almost", "hunter hunte hunter3", "hunter hunte hunter3", []string{"pw", "hunter2"}},
		{"begun twice", "hunhunter2", "hun‹pw›", []string{"pw", "hunter2"}},
		{"longest first", "hunter2more hunter2", "‹long› ‹short›", []string{"short", "hunter2", "long", "hunter2more"}},
		{"one inside of the other", "xhunter2x hunter2", "‹outer› ‹inner›", []string{"inner", "hunter2", "outer", "xhunter2x"}},
		{"the longer one incomplete", "xhunter2y", "x‹inner›y", []string{"inner", "hunter2", "outer", "xhunter2x"}},
		{"overlapping", "abcdefghi", "‹a›‹b›", []string{"a", "abcdef", "b", "defghi"}},
		{"three overlapping, the middle covered", "abcdefghijkl", "‹a›‹c›", []string{"a", "abcdef", "b", "defghi", "c", "cdefghijkl"}},
		{"a run", strings.Repeat("a", 50) + "b", "‹a›b", []string{"a", "aaaa"}},
		{"two values of a name", "first1 second2", "‹pw› ‹pw›", []string{"pw", "first1", "pw", "second2"}},
		{"the same value by two names", "hunter2", "‹one›", []string{"one", "hunter2", "two", "hunter2"}},
		{"name is the value", "prompt", "‹secret›", []string{"prompt", "prompt"}},
		{"name and value are secret", "secret", "‹***›", []string{"secret", "secret"}},
		{"name with marks and controls", "hunter2", "‹a b›", []string{"‹a\n\x1b[1mb›", "hunter2"}},
		{"no name", "hunter2", "‹secret›", []string{"", "hunter2"}},
		{"upper case is something else", "HUNTER2", "HUNTER2", []string{"pw", "hunter2"}},
		{"lines of a key", "n1 | MIIEpAIBAAKCAQEAyZ\nn1 | -----END", "n1 | ‹key›\nn1 | -----END", []string{"key", "-----BEGIN\nMIIEpAIBAAKCAQEAyZ\n-----END"}},
		{"control characters in it", "hunter", "‹pw›", []string{"pw", "hun\x1b[1mter"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := with(t, tc.secrets...)
			got := s.Mask(tc.in)
			if got != tc.want {
				t.Errorf("Mask(%q)\n got %q\nwant %q", tc.in, got, tc.want)
			}
		})
	}
}

func TestAddRefusesShort(t *testing.T) {
	s := &Secrets{}
	err := s.Add("env:PIN", "123")
	if err == nil || !strings.Contains(err.Error(), "env:PIN") || strings.Contains(err.Error(), "123") {
		t.Errorf("a short secret: %v", err)
	}
	if got := s.Mask("123"); got != "123" {
		t.Errorf("refused, and masked as %q", got)
	}
}

// shapes are the canary as programs write it, made without the code under test where a second way exists.
func shapes(t testing.TB, v string) map[string]string {
	js, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{
		"plain":        v,
		"json":         string(js[1 : len(js)-1]),
		"json of PHP":  `hunter2\/\"it's\" $5+ü`,
		"json, ascii":  `hunter2/\"it's\" $5+\u00fc`,
		"json, ASCII":  `hunter2/\"it's\" $5+\u00FC`,
		"query":        url.QueryEscape(v),
		"path":         url.PathEscape(v),
		"component":    `hunter2%2F%22it%27s%22%20%245%2B%C3%BC`,
		"component lc": `hunter2%2f%22it%27s%22%20%245%2b%c3%bc`,
		"bash":         `hunter2/"it'\''s" $5+ü`,
		"dash":         `hunter2/"it'"'"'s" $5+ü`,
		"double quote": `hunter2/\"it's\" \$5+ü`,
		"printf q":     `hunter2/\"it\'s\"\ \$5+ü`,
		"sql":          `hunter2/"it''s" $5+ü`,
		"html":         `hunter2/&quot;it&#x27;s&quot; $5+ü`,
		"html of Go":   `hunter2/&#34;it&#39;s&#34; $5+ü`,
		"hex":          hex.EncodeToString([]byte(v)),
		"HEX":          strings.ToUpper(hex.EncodeToString([]byte(v))),
		"base64":       base64.StdEncoding.EncodeToString([]byte(v)),
		"base64 url":   base64.URLEncoding.EncodeToString([]byte(v)),
		"base64 raw":   base64.RawURLEncoding.EncodeToString([]byte(v)),
		"base64 echo":  base64.StdEncoding.EncodeToString([]byte(v + "\n")),
	}
	return out
}

// TestCanary sends the canary in every form, split at every offset, through the Writer: none of it comes out.
func TestCanary(t *testing.T) {
	s := with(t, "pw", canary, "other", "hunting season")
	for name, shape := range shapes(t, canary) {
		whole := "user=anna password=" + shape + " next\n"
		for i := range len(whole) + 1 {
			for _, j := range []int{i, min(i+1, len(whole)), min(i+7, len(whole))} {
				got := through(t, s, whole[:i], whole[i:j], whole[j:])
				if got != "user=anna password=‹pw› next\n" {
					t.Fatalf("%s, split at %d and %d: %q", name, i, j, got)
				}
			}
		}
	}
}

// TestCanaryInBase64 hides the canary in longer texts at every alignment: of its characters only those at the ends, which
// also hold bits of the neighbours, may stay.
func TestCanaryInBase64(t *testing.T) {
	s := with(t, "pw", canary)
	for before := range 6 {
		for after := range 4 {
			text := strings.Repeat("a", before) + canary + strings.Repeat("z", after)
			for _, e := range []*base64.Encoding{base64.StdEncoding, base64.URLEncoding, base64.RawStdEncoding} {
				whole := e.EncodeToString([]byte(text))
				for i := range len(whole) + 1 {
					got := through(t, s, whole[:i], whole[i:])
					if !strings.Contains(got, "‹pw›") {
						t.Fatalf("%d bytes before, %d after, split at %d: %q", before, after, i, got)
					}
					left := len(strings.ReplaceAll(got, "‹pw›", ""))
					if free := (before+after)*8/6 + 6; left > free {
						t.Fatalf("%d bytes before, %d after: %d characters are left, more than %d: %q", before, after, left, free, got)
					}
				}
			}
		}
	}
}

// TestCanaryInSequences interrupts the canary with escape sequences between all its bytes.
func TestCanaryInSequences(t *testing.T) {
	s := with(t, "pw", canary)
	for _, noise := range []string{"\x1b[31m", "\x1b]0;x\x07", "\u200b", "\u009b1m", "\x00"} {
		var b strings.Builder
		for _, r := range canary {
			b.WriteString(noise)
			b.WriteRune(r)
		}
		whole := b.String()
		for i := range len(whole) + 1 {
			if got := through(t, s, whole[:i], whole[i:]); got != "‹pw›" {
				t.Fatalf("with %q, split at %d: %q", noise, i, got)
			}
		}
	}
}

// TestConcurrent adds and masks at once, for the race detector.
func TestConcurrent(t *testing.T) {
	s := with(t, "pw", canary)
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			for j := range 50 {
				if err := s.Add("n", strings.Repeat(string(rune('a'+i)), 5+j)); err != nil {
					t.Error(err)
				}
			}
		})
		wg.Go(func() {
			w := NewWriter(discard{}, s)
			for range 50 {
				if got := s.Mask(canary); got != "‹pw›" {
					t.Errorf("got %q", got)
				}
				if _, err := w.Write([]byte(canary)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
}

// naive does what masker does in the plainest way: find all forms everywhere, join what overlaps, drop what is inside.
func naive(text string, values []string) string {
	type hit struct{ from, to, secret int }
	var hits []hit
	for secret, v := range values {
		for _, f := range forms(v) {
			for i := 0; i+len(f) <= len(text); i++ {
				if text[i:i+len(f)] == f {
					hits = append(hits, hit{i, i + len(f), secret})
				}
			}
		}
	}
	slices.SortStableFunc(hits, func(a, b hit) int {
		if a.from != b.from {
			return a.from - b.from
		}
		return b.to - a.to
	})
	var out strings.Builder
	at := 0
	for i := 0; i < len(hits); {
		out.WriteString(text[at:hits[i].from])
		end, shown := hits[i].to, []int{}
		reach := -1 // the furthest end of what was seen, for what lies inside
		for ; i < len(hits) && hits[i].from < end; i++ {
			if hits[i].to <= reach {
				continue
			}
			reach = hits[i].to
			end = max(end, reach)
			if !slices.Contains(shown, hits[i].secret) {
				shown = append(shown, hits[i].secret)
			}
		}
		for _, s := range shown {
			out.WriteString("‹" + string(rune('A'+s)) + "›")
		}
		at = end
	}
	return out.String() + text[at:]
}

// FuzzMask: two secrets in any text, split anywhere, give what the naive way gives.
func FuzzMask(f *testing.F) {
	f.Add("xx abcdefghi yy", "abcdef", "defghi", uint(5))
	f.Add(strings.Repeat("ab", 20), "abab", "baba", uint(7))
	f.Add("aaaaaaaaaab", "aaaa", "aaaaaab", uint(3))
	f.Add("YWJjZGVm 616263646566 a\x1b[1mbcdef", "abcdef", "c\"d'e/f", uint(9))
	f.Fuzz(func(t *testing.T, text, one, two string, at uint) {
		if len(text) > 2000 || len(one) > 100 || len(two) > 100 || strings.ContainsAny(one+two, "‹›") || one == two {
			return
		}
		s := &Secrets{}
		var values []string
		for _, v := range []string{one, two} {
			if s.Add(string(rune('A'+len(values))), v) == nil {
				values = append(values, v)
			}
		}
		i := int(at % uint(len(text)+1))
		got := through(t, s, text[:i], text[i:])
		if want := naive(Text(text), values); got != want {
			t.Errorf("%q with %q, split at %d:\n got %q\nwant %q", text, values, i, got, want)
		}
		if whole := s.Mask(Text(text)); got != whole {
			t.Errorf("%q with %q, split at %d: %q, whole: %q", text, values, i, got, whole)
		}
		safe(t, got)
	})
}
