package ui

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"

	"recon/actions"
	"recon/internal/remote"
)

func write(t testing.TB, w io.Writer, s string) {
	t.Helper()
	if n, err := io.WriteString(w, s); err != nil || n != len(s) {
		t.Fatalf("%d, %v", n, err)
	}
}

func TestTapeKeepsTheOrderOverTargets(t *testing.T) {
	tape := newTape()
	a, b := tape.sink("a"), tape.sink("b")
	write(t, a, "one\ntw")
	write(t, b, "three\n")
	write(t, a, "o\nand the beginning of ")
	h, ok := tape.snapshot()
	if !ok {
		t.Fatal("nothing came")
	}
	var got []string
	for _, l := range h.lines {
		got = append(got, l.target+":"+l.text)
	}
	if want := "a:one b:three a:two a:and the beginning of "; strings.Join(got, " ") != want {
		t.Errorf("got %q", got)
	}
	if _, ok := tape.snapshot(); ok {
		t.Error("it changed although nothing was written")
	}
}

// However much comes, the newest lines of every target are kept, and no more than that.
func TestTapeIsBounded(t *testing.T) {
	tape := newTape()
	quiet, noisy := tape.sink("quiet"), tape.sink("noisy")
	write(t, quiet, "the one line\n")
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for i := range 5 * tapeLines {
				write(t, noisy, fmt.Sprintf("%d\n", i))
			}
		})
	}
	for range 100 {
		tape.snapshot()
	}
	all.Wait()
	write(t, noisy, "the last"+strings.Repeat(" and long", tapeWidth)+"\n")
	h, _ := tape.snapshot()
	if len(h.lines) != tapeLines+1 || h.lines[0].text != "the one line" {
		t.Errorf("%d lines, the first is %q", len(h.lines), h.lines[0].text)
	}
	last := h.lines[len(h.lines)-1].text
	if !strings.HasPrefix(last, "the last") || len(last) != tapeWidth {
		t.Errorf("the last line has %d bytes: %.30q", len(last), last)
	}
	if want := 20*tapeLines + 1 - tapeLines; h.lost != want {
		t.Errorf("%d lines are gone, want %d", h.lost, want)
	}
}

func TestTapeKeepsTheNewestInOrder(t *testing.T) {
	tape := newTape()
	for i := range 3*tapeLines + 7 {
		write(t, tape.sink("a"), fmt.Sprintf("%d\n", i))
	}
	h, _ := tape.snapshot()
	for i, l := range h.lines {
		if want := fmt.Sprint(2*tapeLines + 7 + i); l.text != want {
			t.Fatalf("line %d is %s, want %s", i, l.text, want)
		}
	}
}

// noisy is a walk screen whose tape is full.
func noisy(t testing.TB) *walker {
	tape := newTape()
	for i := range 4 * tapeLines {
		write(t, tape.sink(fmt.Sprintf("netbox-node-%d", i%4)), fmt.Sprintf("line %d\t%s\n", i, strings.Repeat("words ", 30)))
	}
	w := &walker{tape: tape, follow: true}
	w.heard, _ = tape.snapshot()
	w.outcomes = []actions.Outcome{{Target: "netbox-node-1", Kind: remote.Unknown, Reason: "the connection was lost"}}
	return w
}

func TestOutputFollowsUntilTheOperatorScrolls(t *testing.T) {
	w := noisy(t)
	text := func() string { return strings.Join(w.output(&Theme{}, 100, 10), "\n") }
	if got := text(); !strings.Contains(got, "netbox-node-1 unknown") || !strings.Contains(got, "the connection was lost") {
		t.Errorf("the end is not seen:\n%s", got)
	}
	w.scrollOutput(-20, 10)
	standing := text()
	if strings.Contains(standing, "the connection was lost") || !strings.Contains(standing, "stands still") {
		t.Errorf("it did not scroll:\n%s", standing)
	}
	w.heard.lines = append(w.heard.lines, outLine{target: "netbox-node-2", text: "more", order: 1 << 30})
	if text() != standing {
		t.Error("it moved under the reader")
	}
	w.scrollOutput(1<<20, 10)
	if got := text(); !strings.Contains(got, "the connection was lost") {
		t.Errorf("it does not follow again:\n%s", got)
	}
}

func BenchmarkOutput(b *testing.B) {
	w := noisy(b)
	for b.Loop() {
		w.output(&Theme{}, 100, 40)
	}
}

func BenchmarkSnapshot(b *testing.B) {
	w := noisy(b)
	for b.Loop() {
		w.tape.dirty = true
		w.tape.snapshot()
	}
}
