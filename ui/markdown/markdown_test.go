package markdown

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/exp/golden"
)

func book(t testing.TB) string {
	t.Helper()
	b, err := os.ReadFile("testdata/book.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestRender(t *testing.T) {
	for _, width := range []int{40, 76} {
		t.Run(fmt.Sprint(width), func(t *testing.T) {
			golden.RequireEqual(t, strings.Join(Render(book(t), width, Style{}), "\n")+"\n")
		})
	}
}

var colourful = Style{
	Heading: lipgloss.NewStyle().Bold(true), Strong: lipgloss.NewStyle().Bold(true), Emphasis: lipgloss.NewStyle().Italic(true),
	Code: lipgloss.NewStyle().Foreground(lipgloss.Cyan), Caution: lipgloss.NewStyle().Foreground(lipgloss.Red),
}

// A style that goes on at the end of a line would colour the pane beside it.
func TestEveryLineClosesItsStyles(t *testing.T) {
	for i, l := range Render(book(t), 40, colourful) {
		open := false
		for rest := l; ; {
			at := strings.Index(rest, "\x1b[")
			if at < 0 {
				break
			}
			rest = rest[at+2:]
			seq := rest[:strings.IndexByte(rest, 'm')]
			open = seq != "" && seq != "0"
		}
		if open {
			t.Errorf("line %d leaves a style open: %q", i+1, l)
		}
	}
}

func TestStylesChangeNoText(t *testing.T) {
	want := Render(book(t), 50, Style{})
	got := Render(book(t), 50, colourful)
	for i := range max(len(want), len(got)) {
		if i >= len(want) || i >= len(got) || strings.TrimRight(ansi.Strip(got[i]), " ") != strings.TrimRight(want[i], " ") {
			t.Fatalf("line %d differs:\n%q\n%q", i+1, want[min(i, len(want)-1)], got[min(i, len(got)-1)])
		}
	}
}

func TestNothingOfACodeBlockIsLeftOut(t *testing.T) {
	long := strings.Repeat("0123456789", 20)
	var got strings.Builder
	lines := Render("```sh on=console risk=read\n"+long+"\n```\n", 40, Style{})
	if lines[0] != "┌ sh on=console risk=read" {
		t.Errorf("the fence's words are %q", lines[0])
	}
	for _, l := range lines[1:] {
		got.WriteString(strings.TrimPrefix(strings.TrimPrefix(l, "│ "), "┆ "))
	}
	if got.String() != long {
		t.Errorf("got %q", got.String())
	}
}

func FuzzRender(f *testing.F) {
	f.Add(book(f), 40)
	f.Add("> [!NOTE]\n", 3)
	f.Add("| a | b |\n|---|---|\n| "+strings.Repeat("x", 200)+" | 漢字 |\n", 30)
	f.Add("1. a\n   - b\n\n     c\n", 20)
	f.Fuzz(func(t *testing.T, src string, width int) {
		width = min(max(width, 0), 300)
		for _, l := range Render(src, width, Style{}) {
			if w := ansi.StringWidth(l); w > max(width, 20)+40 {
				t.Errorf("a line of %d cells for a width of %d: %q", w, width, l)
			}
			if strings.Contains(l, "\n") {
				t.Errorf("a line holds a line break: %q", l)
			}
		}
	})
}

func BenchmarkRender(b *testing.B) {
	src := book(b)
	for b.Loop() {
		Render(src, 80, colourful)
	}
}
