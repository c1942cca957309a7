package demo

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"image/color"
	"strings"
	"testing"

	uv "github.com/charmbracelet/ultraviolet"
	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/vt"
)

// A cell, and the space around the screen, in the picture's units.
const (
	cellWidth, cellHeight = 8.4, 17.0
	baseline              = 13.0
	margin                = 16.0
)

// The sixteen colours of the picture's terminal, and its own.
const (
	paper = "#16181d"
	ink   = "#d7dae0"
)

var palette = [16]string{
	"#16181d", "#f0616d", "#7bc275", "#e3b341", "#6cb0f6", "#d08bf0", "#56c2c9", "#d7dae0",
	"#6b7280", "#ff8a94", "#a1e09b", "#f5cf6b", "#9ccbff", "#e5b3ff", "#86e1e6", "#ffffff",
}

// look is how a run of cells is drawn.
type look struct {
	ink, paper                     string
	bold, faint, italic, underline bool
}

// svg is a picture of what a terminal shows.
func svg(x *terminal) []byte {
	x.mu.Lock()
	defer x.mu.Unlock()
	return drawn(x.screen)
}

func drawn(screen *vt.Emulator) []byte {
	var out bytes.Buffer
	width, height := float64(screen.Width())*cellWidth+2*margin, float64(screen.Height())*cellHeight+2*margin
	fmt.Fprintf(&out, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %.1f %.1f" width="%.0f" font-size="14"`, width, height, width)
	fmt.Fprintf(&out, ` font-family="ui-monospace, 'SF Mono', Menlo, Consolas, 'DejaVu Sans Mono', monospace">`+"\n")
	fmt.Fprintf(&out, `<rect width="100%%" height="100%%" rx="8" fill="%s"/>`+"\n", paper)
	for y := range screen.Height() {
		for x := 0; x < screen.Width(); {
			l, text, cells := run(screen, x, y)
			l.draw(&out, text, x, y, cells)
			x += cells
		}
	}
	out.WriteString("</svg>\n")
	return out.Bytes()
}

// run are the cells from x on that look alike.
func run(screen *vt.Emulator, x, y int) (l look, text string, cells int) {
	for x+cells < screen.Width() {
		c := screen.CellAt(x+cells, y)
		content, wide, next := " ", 1, look{ink: ink, paper: paper}
		if c != nil {
			next = looks(c.Style)
			if c.Width > 0 {
				content, wide = c.Content, c.Width
			}
		}
		if cells > 0 && next != l {
			break
		}
		l, text, cells = next, text+content, cells+wide
	}
	return l, text, cells
}

func looks(s uv.Style) look {
	has := func(a uint8) bool { return s.Attrs&a != 0 }
	l := look{
		ink: shade(s.Fg, ink), paper: shade(s.Bg, paper),
		bold: has(uv.AttrBold), faint: has(uv.AttrFaint), italic: has(uv.AttrItalic), underline: s.Underline != 0,
	}
	if has(uv.AttrReverse) {
		l.ink, l.paper = l.paper, l.ink
	}
	return l
}

// shade is a colour as the picture writes it.
func shade(c color.Color, without string) string {
	switch c := c.(type) {
	case nil:
		return without
	case ansi.BasicColor:
		return palette[c]
	case ansi.IndexedColor:
		if int(c) < len(palette) {
			return palette[c]
		}
	}
	r, g, b, _ := c.RGBA()
	return fmt.Sprintf("#%02x%02x%02x", r>>8, g>>8, b>>8)
}

func (l look) draw(out *bytes.Buffer, text string, x, y, cells int) {
	left, top := margin+float64(x)*cellWidth, margin+float64(y)*cellHeight
	if l.paper != paper {
		fmt.Fprintf(out, `<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" fill="%s"/>`+"\n", left, top, float64(cells)*cellWidth, cellHeight, l.paper)
	}
	if strings.TrimSpace(text) == "" {
		return
	}
	// Blanks at the ends are not drawn; the length of the rest holds it on the grid, whatever the font.
	blank := len(text) - len(strings.TrimLeft(text, " "))
	text = text[blank:]
	cells -= blank
	cells -= len(text) - len(strings.TrimRight(text, " "))
	text = strings.TrimRight(text, " ")
	attrs := ""
	for _, a := range []struct {
		on   bool
		says string
	}{{l.bold, ` font-weight="bold"`}, {l.faint, ` opacity="0.6"`}, {l.italic, ` font-style="italic"`}, {l.underline, ` text-decoration="underline"`}} {
		if a.on {
			attrs += a.says
		}
	}
	fmt.Fprintf(out, `<text x="%.1f" y="%.1f" textLength="%.1f" lengthAdjust="spacingAndGlyphs" xml:space="preserve" fill="%s"%s>`,
		left+float64(blank)*cellWidth, top+baseline, float64(cells)*cellWidth, l.ink, attrs)
	_ = xml.EscapeText(out, []byte(text)) // into memory
	out.WriteString("</text>\n")
}

// A picture has every text at its place, in its colours.
func TestDrawn(t *testing.T) {
	screen := vt.NewEmulator(20, 2)
	if _, err := screen.Write([]byte("  a<b \x1b[1;31mred\x1b[0m\r\n\x1b[7mx\x1b[0m ✓")); err != nil {
		t.Fatal(err)
	}
	got := string(drawn(screen))
	for _, want := range []string{
		`<text x="32.8" y="29.0" textLength="25.2" lengthAdjust="spacingAndGlyphs" xml:space="preserve" fill="#d7dae0">a&lt;b</text>`,
		`fill="#f0616d" font-weight="bold">red</text>`,
		`<rect x="16.0" y="33.0" width="8.4" height="17.0" fill="#d7dae0"/>`, `fill="#16181d">x</text>`,
		`<text x="32.8" y="46.0" textLength="8.4"`, `>✓</text>`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%s is missing in\n%s", want, got)
		}
	}
	if err := xml.Unmarshal([]byte(got), new(struct{})); err != nil {
		t.Error(err)
	}
}
