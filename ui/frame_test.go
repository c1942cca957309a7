package ui

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"

	"recon/internal/inventory"
	"recon/internal/walk"
	"recon/probes/probestest"
)

func TestTheFirstLineDropsWhatCanBeMissed(t *testing.T) {
	f := &frame{
		clock: clock{now: probestest.At()}, file: probestest.Inventory(), operator: "anna", host: "bastion", state: probestest.Healthy(),
		walk: &walk.View{Status: walk.Open, Head: "7f3a91c1d0"},
	}
	f.file.Name, f.file.Environment = "netbox-prod", inventory.Production
	must := []string{"netbox-prod", "PRODUCTION", "● 7f3a91c1"}
	steps := []struct {
		gone string // what is not there any more
		rest []string
	}{
		{"", []string{"recon", "anna@bastion", "09:41:07Z", "probes 12/12", "0.6s"}},
		{"recon", []string{"anna@bastion", "09:41:07Z", "probes 12/12", "0.6s"}},
		{"@bastion", []string{"anna", "09:41:07Z", "probes 12/12", "0.6s"}},
		{"0.6s", []string{"anna", "09:41:07Z", "probes 12/12"}},
		{"anna", []string{"09:41:07Z", "probes 12/12"}},
	}
	at := 0
	for width := 140; width >= 66; width-- {
		line := f.first(&Theme{}, width)
		if w := ansi.StringWidth(line); w != width {
			t.Fatalf("%d cells for %d: %q", w, width, line)
		}
		for _, m := range must {
			if !strings.Contains(line, m) {
				t.Fatalf("%q is missing at %d: %q", m, width, line)
			}
		}
		for at+1 < len(steps) && !strings.Contains(line, steps[at+1].gone) {
			at++
		}
		for _, r := range steps[at].rest {
			if !strings.Contains(line, r) {
				t.Fatalf("%q went before its turn at %d: %q", r, width, line)
			}
		}
	}
	if at != len(steps)-1 {
		t.Errorf("only %d of %d steps were seen", at, len(steps)-1)
	}
	f.file.Name = strings.Repeat("a-very-long-name-", 10)
	line := f.first(&Theme{}, 80)
	for _, m := range []string{"a-very", "PRODUCTION", "● 7f3a91c1"} {
		if !strings.Contains(line, m) {
			t.Errorf("%q is missing: %q", m, line)
		}
	}
}

// What is not known to be harmless is PRODUCTION.
func TestAnUnknownEnvironmentIsProduction(t *testing.T) {
	for e, want := range map[inventory.Environment]string{
		inventory.Production: "▌PRODUCTION▐", inventory.Staging: "▌STAGING▐", inventory.Training: "▌TRAINING▐", "": "▌PRODUCTION▐", "test": "▌PRODUCTION▐",
	} {
		f := &frame{file: &inventory.Cluster{Environment: e}, state: probestest.Healthy()}
		if line := f.first(&Theme{}, 120); !strings.Contains(line, want) {
			t.Errorf("%q: %q", e, line)
		}
	}
}

func TestErrorsStayUntilAKey(t *testing.T) {
	at(t, 80, 24, probestest.Healthy(), func(d *desk) {
		d.send(errorMsg{"read the moon", errors.New("it is\nbehind a cloud" + strings.Repeat(", and far away", 40))})
		d.wait(time.Minute)
		d.shows("read the moon: it is; behind a cloud", " …")
		d.fits()
		d.press("down")
		d.hides("read the moon")
	})
}

func TestGlyphsAreOneCellWide(t *testing.T) {
	for _, g := range strings.Split(glyphGood+glyphBad+glyphWarn+glyphUnknown+glyphNone+glyphLeader+glyphHere+glyphTodo+glyphHolder+glyphTrail+glyphGuide+"…│┆─╭╮╰╯▌▐≤→←×┌", "") {
		if w := ansi.StringWidth(g); w != 1 {
			t.Errorf("%q takes %d cells", g, w)
		}
	}
}

// A state is told by its glyph and its words: without a colour nothing is lost.
func TestColourOnlyHelps(t *testing.T) {
	for _, size := range sizes {
		draw := func(theme *Theme) (text string) {
			at(t, size[0], size[1], probestest.LeaderDead(), func(d *desk) {
				d.c.theme = theme
				d.wait(6 * time.Second)
				d.see(probestest.LeaderDead())
				text = d.text()
			})
			return text
		}
		if with, without := draw(DefaultTheme()), draw(&Theme{}); ansi.Strip(with) != without {
			t.Errorf("at %v the text depends on the theme:\n%s\n%s", size, ansi.Strip(with), without)
		} else if with == without {
			t.Error("the default theme has no style at all")
		}
	}
}

func TestScreensAndTime(t *testing.T) {
	at(t, 120, 36, probestest.Healthy(), func(d *desk) {
		d.shows("[1 Cluster]")
		d.press("2")
		d.shows("[2 Runbooks]")
		d.press("3")
		d.shows("[3 Walk]", "No walk is open here")
		d.press("1")
		d.press("t")
		d.hides("09:41:07Z")
		d.press("t")
		d.wait(3 * time.Second)
		d.shows("09:41:10Z")
		d.press("/")
		d.key("?")
		d.shows("On the cluster screen", "leave")
		d.press("esc")
		d.press("ctrl+c")
		if !d.quit {
			t.Error("ctrl+c does not leave")
		}
	})
}
