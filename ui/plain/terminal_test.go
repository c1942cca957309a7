package plain

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/creack/pty"
)

// heard is what was printed so far.
type heard struct {
	mu   sync.Mutex
	text strings.Builder
	more chan struct{}
}

func (h *heard) Write(p []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	defer func() { h.more <- struct{}{} }()
	return h.text.Write(p)
}

// until waits until the text is the last thing that was printed.
func (h *heard) until(t *testing.T, text string) string {
	t.Helper()
	late := time.After(time.Minute)
	for {
		h.mu.Lock()
		all := h.text.String()
		h.mu.Unlock()
		if strings.HasSuffix(all, text) {
			return all
		}
		select {
		case <-h.more:
		case <-late:
			t.Fatalf("%q is not the last of\n%s", text, all)
		}
	}
}

// What is offered is what the cluster shows when the question is asked, not what it showed at first.
func TestChooseLooksAgain(t *testing.T) {
	keys, in, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer keys.Close()
	defer in.Close()
	out := &heard{more: make(chan struct{}, 100)}
	lines, err := Terminal(in, out)
	if err != nil {
		t.Fatal(err)
	}
	defer lines.Close()
	offers := []Offer{{None: "nothing is seen"}, {None: "nothing is seen"}, {Choices: []string{"n1", "n2", "n3"}, Likely: []string{"n1", "n3"}}}
	chosen := make(chan string, 1)
	go func() {
		v, err := lines.Choose(t.Context(), "Which?", func() Offer {
			o := offers[0]
			offers = offers[1:]
			return o
		})
		if err != nil {
			t.Error(err)
		}
		chosen <- v
	}()
	said := func(keysPressed string) {
		if _, err := keys.WriteString(keysPressed); err != nil {
			t.Fatal(err)
		}
	}
	out.until(t, "  nothing is seen\nWhich? > ")
	said("\n")
	out.until(t, "an answer is needed; q leaves, and nothing is begun\nWhich? > ")
	said("\n")
	out.until(t, "  1  n1   (fits what is seen)\n  2  n2\n  3  n3   (fits what is seen)\nWhich? > ")
	said("3\n")
	if got := <-chosen; got != "n3" {
		t.Errorf("chosen is %q", got)
	}
	if all := out.until(t, "> "); strings.Count(all, "nothing is seen") != 1 {
		t.Errorf("why there are no choices is said more than once:\n%s", all)
	}
}
