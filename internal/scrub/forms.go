package scrub

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf16"
)

const (
	// shortest is the least number of bytes of a secret, and of a form of it: less would mask ordinary words.
	shortest = 4
	// shortestLine is the same for one line of a secret with several lines, such as a private key.
	shortestLine = 16
)

// forms lists how a secret may look in text, the value itself first. Cleaning comes before masking, so the cleaned value
// is among them, and of a value with several lines each long line, because logs and diffs put something before each.
func forms(value string) []string {
	values := []string{value}
	cleaned := Text(value)
	if len(cleaned) >= shortest {
		values = append(values, cleaned)
	}
	if strings.Contains(cleaned, "\n") {
		for line := range strings.SplitSeq(cleaned, "\n") {
			if line = strings.TrimSpace(line); len(line) >= shortestLine && !strings.HasPrefix(line, "-----") {
				values = append(values, line)
			}
		}
	}
	var out []string
	seen := map[string]bool{}
	add := func(forms ...string) {
		for _, f := range forms {
			if len(f) >= shortest && !seen[f] {
				seen[f] = true
				out = append(out, f)
			}
		}
	}
	add(values...)
	for _, v := range values {
		add(jsonForms(v)...)
		add(urlForms(v)...)
		add(shellForms(v)...)
		add(strings.ReplaceAll(v, "'", "''"), htmlForm(v), html.EscapeString(v))
		add(hex.EncodeToString([]byte(v)), strings.ToUpper(hex.EncodeToString([]byte(v))))
		add(base64Forms(v)...)
	}
	return out
}

// jsonForms are the insides of JSON, Go and Python string literals.
func jsonForms(v string) []string {
	var out []string
	for _, escapeHTML := range []bool{true, false} {
		var b bytes.Buffer
		e := json.NewEncoder(&b)
		e.SetEscapeHTML(escapeHTML)
		if e.Encode(v) == nil { // a string always encodes
			s := strings.TrimSuffix(b.String(), "\n")
			s = s[1 : len(s)-1]
			out = append(out, s, strings.ReplaceAll(s, "/", `\/`))
			out = append(out, ascii(s, `\u%04x`), ascii(s, `\u%04X`))
		}
	}
	q := strconv.Quote(v)
	return append(out, q[1:len(q)-1])
}

// ascii writes every character beyond ASCII as JSON does for readers that know only ASCII.
func ascii(s, format string) string {
	var b strings.Builder
	for _, r := range s {
		if r < 0x80 {
			b.WriteRune(r)
			continue
		}
		for _, u := range utf16.Encode([]rune{r}) {
			fmt.Fprintf(&b, format, u)
		}
	}
	return b.String()
}

// urlForms are the value as query, as path segment, and as JavaScript's encodeURIComponent writes it.
func urlForms(v string) []string {
	q := url.QueryEscape(v)
	out := []string{q, url.PathEscape(v), strings.ReplaceAll(q, "+", "%20")}
	for _, s := range out[:3] {
		out = append(out, lowerPercent(s))
	}
	return out
}

// lowerPercent writes %2F as %2f, which some programs do.
func lowerPercent(s string) string {
	b := []byte(s)
	for i := 0; i+2 < len(b); i++ {
		if b[i] == '%' {
			copy(b[i+1:i+3], bytes.ToLower(b[i+1:i+3]))
			i += 2
		}
	}
	return string(b)
}

// shellForms are the insides of 'single quotes' as bash's and Python's quoting write them, of "double quotes", and the
// value with a backslash before each special character (printf %q).
func shellForms(v string) []string {
	var q strings.Builder
	for i := range len(v) {
		if c := v[i]; c < 0x80 && !strings.ContainsRune("%+,-./:=@_", rune(c)) && !alphanumeric(c) {
			q.WriteByte('\\')
		}
		q.WriteByte(v[i])
	}
	return []string{
		strings.ReplaceAll(v, "'", `'\''`),
		strings.ReplaceAll(v, "'", `'"'"'`),
		strings.NewReplacer(`\`, `\\`, `"`, `\"`, "$", `\$`, "`", "\\`").Replace(v),
		q.String(),
	}
}

func alphanumeric(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z'
}

// htmlForm is the value as Python and Django escape it; Go's own form differs in the quotes.
func htmlForm(v string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;", "'", "&#x27;").Replace(v)
}

// base64Forms are the value encoded alone, with and without a newline after it (echo adds one), and the characters that
// depend on nothing but the value when it stands anywhere in a longer text: one form for each of the three alignments.
func base64Forms(v string) []string {
	var out []string
	for _, e := range []*base64.Encoding{base64.StdEncoding, base64.URLEncoding} {
		for _, alone := range []string{v, v + "\n"} {
			out = append(out, e.EncodeToString([]byte(alone)), e.WithPadding(base64.NoPadding).EncodeToString([]byte(alone)))
		}
		for offset := range 3 {
			s := e.EncodeToString(append(make([]byte, offset), v...))
			from, to := (offset*8+5)/6, (offset+len(v))*8/6
			out = append(out, s[from:to])
		}
	}
	return out
}
