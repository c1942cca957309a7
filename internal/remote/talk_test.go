package remote

import (
	"bytes"
	"strings"
	"testing"

	"recon/internal/inventory"
)

// TestTalkAtEverySplit sends what sudo and su say in two parts, cut at every byte, and byte by byte.
func TestTalkAtEverySplit(t *testing.T) {
	for _, c := range []struct {
		method       inventory.BecomeMethod
		said, output string
		asked        int
	}{
		{"sudo", "lecture\nPassword: not ours\nMARKER-password:MARKER\nfirst\nMARKER\n", "first\nMARKER\n", 1},
		{"sudo", "MARKER-password:Sorry, try again.\nMARKER-password:", "", 2},
		{"sudo", "MARKER\n", "", 0},
		{"su", "Password: \nMARKER\nPassword: MARKER-password:", "Password: MARKER-password:", 1},
		{"su", "Your Password: is old\nPassword: MARKER\nout", "out", 1},
	} {
		b := becoming{method: c.method, user: "root", marker: markerStart + strings.Repeat("0", 32)}
		said, output := strings.ReplaceAll(c.said, "MARKER", b.marker), strings.ReplaceAll(c.output, "MARKER", b.marker)
		parts := [][]string{strings.Split(said, "")}
		for i := range len(said) + 1 {
			parts = append(parts, []string{said[:i], said[i:]})
		}
		for _, part := range parts {
			// su waits after its question, so that nothing follows it in the same part.
			if c.method == "su" && len(part) == 2 && !strings.HasSuffix(part[0], "assword:") && !strings.HasSuffix(part[0], "assword: ") {
				continue
			}
			talk := newTalk(b, "")
			var got []byte
			for _, p := range part {
				got = append(got, talk.stderr([]byte(p))...)
			}
			asks := 0
			for len(talk.heard) > 0 {
				if <-talk.heard == asked {
					asks++
				}
			}
			if string(got) != output || talk.reached != strings.Contains(said, b.marker+"\n") {
				t.Fatalf("%s %q: output %q", c.method, part, got)
			}
			if asks != c.asked && !(talk.reached && asks < c.asked) {
				t.Fatalf("%s %q: asked %d times", c.method, part, asks)
			}
		}
	}
}

func TestTalkKeepsNoFlood(t *testing.T) {
	b := becoming{method: inventory.BecomeSudo, user: "root", marker: markerStart + strings.Repeat("0", 32)}
	talk := newTalk(b, "")
	for range 100 {
		talk.stderr(bytes.Repeat([]byte("x"), 10_000))
		talk.stdout(bytes.Repeat([]byte("x"), 10_000))
	}
	if len(talk.err.text) > heldLimit || len(talk.out.text) > heldLimit {
		t.Fatalf("%d and %d bytes are kept", len(talk.err.text), len(talk.out.text))
	}
	if got := talk.stderr([]byte(b.marker + "\nout")); string(got) != "out" || !talk.reached {
		t.Fatalf("after a flood %q", got)
	}
	if w := talk.words(); len(w) > 310 {
		t.Fatalf("%d bytes of words", len(w))
	}
}
