package remote

import (
	"bytes"
	"regexp"
	"strings"
	"sync"

	"recon/internal/inventory"
	"recon/internal/scrub"
)

// talk is the conversation with sudo or su before the command: it looks for the question and for the preamble's marker, and
// keeps everything before the marker from the command's output.
type talk struct {
	becoming
	secret string
	// heard gets what happened, in order; its buffer is longer than a conversation.
	heard chan hearing

	mu       sync.Mutex
	out, err held
	reached  bool
}

type hearing int

const (
	// asked is a question for the password.
	asked hearing = iota
	// there is the preamble, run by the other user, who waits for the console's word.
	there
)

// held is what a stream said before the marker.
type held struct {
	text []byte
	// seen is where the last question ended.
	seen int
}

// heldLimit is how many bytes of a stream are kept before the marker.
const heldLimit = 64 << 10

func newTalk(b becoming, secret string) *talk {
	return &talk{becoming: b, secret: secret, heard: make(chan hearing, 64)}
}

// stdout takes a part of standard output and returns what of it is the command's.
func (t *talk) stdout(p []byte) []byte {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.reached {
		return p
	}
	t.listen(&t.out, p)
	return nil
}

// stderr is stdout for standard error, where the marker comes.
func (t *talk) stderr(p []byte) []byte {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.reached {
		return p
	}
	t.err.text = append(t.err.text, p...)
	if before, after, ok := bytes.Cut(t.err.text, []byte(t.marker+"\n")); ok {
		t.reached, t.err.text = true, before
		t.say(there)
		return after
	}
	t.listen(&t.err, nil)
	return nil
}

// listen looks for a question at the end of what was said: whoever asks waits for the answer.
func (t *talk) listen(h *held, p []byte) {
	h.text = append(h.text, p...)
	if cut := len(h.text) - heldLimit; cut > 0 {
		h.text = append(h.text[:0:0], h.text[cut:]...)
		h.seen = max(0, h.seen-cut)
	}
	rest := h.text[h.seen:]
	if t.method == inventory.BecomeSudo {
		for at := bytes.Index(rest, []byte(t.prompt())); at >= 0; at = bytes.Index(rest, []byte(t.prompt())) {
			at += len(t.prompt())
			h.seen, rest = h.seen+at, rest[at:]
			t.say(asked)
		}
		return
	}
	// In the C locale su asks "Password: " at the beginning of a line. Other questions get no answer.
	line := rest[bytes.LastIndexByte(rest, '\n')+1:]
	if string(bytes.TrimRight(line, " ")) == "Password:" {
		h.seen = len(h.text)
		t.say(asked)
	}
}

func (t *talk) say(h hearing) {
	select {
	case t.heard <- h:
	default:
		// Sixty questions are no conversation; the deadline ends it.
	}
}

// words is what sudo or su said, for a reason: one line, without the question and the password.
func (t *talk) words() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := string(t.err.text)
	if strings.TrimSpace(s) == "" {
		s = string(t.out.text)
	}
	s = strings.ReplaceAll(s, t.prompt(), "")
	s = strings.ReplaceAll(s, t.marker, "")
	if t.secret != "" {
		s = strings.ReplaceAll(s, t.secret, "‹password›")
	}
	s = strings.Join(strings.Fields(scrub.Line(s)), " ")
	s = strings.TrimSpace(strings.TrimPrefix(s, "Password:"))
	if len(s) > 300 {
		s = strings.ToValidUTF8(s[:300], "") + "…"
	}
	return s
}

// wrongPassword are the words of sudo and su (util-linux, shadow, busybox) for it, in the C locale.
func wrongPassword(words string) bool {
	return regexp.MustCompile(`(?i)\bsorry\b|incorrect password|authentication failure|authentication token|permission denied`).MatchString(words)
}

func quoted(words string) string {
	if words == "" {
		return ""
	}
	return " (" + words + ")"
}
