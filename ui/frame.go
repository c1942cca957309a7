package ui

import (
	"fmt"
	"strings"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"recon/internal/drill"
	"recon/internal/inventory"
	"recon/internal/stack"
	"recon/internal/walk"
	"recon/probes"
)

// The least terminal that has room for everything; from tall on the frame has its lines.
const (
	minWidth, minHeight = 80, 24
	tall                = 30
)

// The screens, in the order of their numbers.
const (
	onCluster = iota
	onRunbooks
	onWalk
	onTraining // on a training cluster only
)

// noticeMsg is something to tell in the strip above the keys, until a key is pressed.
type noticeMsg struct{ text string }

// errorMsg is what could not be done, and why. It stays until a key is pressed.
type errorMsg struct {
	what string
	err  error
}

// frame is what every screen has around it: where we are, who we are, what is recorded, and which keys are live.
type frame struct {
	clock
	file     *inventory.Cluster
	operator string
	host     string
	state    *probes.State
	walk     *walk.View
	trains   bool
	drill    *drill.View
	notice   string
	failed   bool
}

func (f *frame) update(msg tea.Msg) {
	switch m := msg.(type) {
	case tickMsg:
		f.now = m.at
	case localMsg:
		f.local = !f.local
	case stateMsg:
		f.state = m.state
	case viewMsg:
		v := m.view
		f.walk = &v
	case drillMsg:
		v := m.view
		f.drill = &v
	case noticeMsg:
		f.notice, f.failed = m.text, false
	case errorMsg:
		f.notice, f.failed = m.what+": "+m.err.Error(), true
	case libraryMsg:
		if m.err != nil {
			f.notice, f.failed = "the runbooks cannot be read: "+m.err.Error(), true
		}
	case stamped:
		f.notice = ""
	}
}

// stripHeight is how many lines the drill has above every screen.
func (f *frame) stripHeight() int {
	if f.drill == nil {
		return 0
	}
	return 1
}

// top are the lines above a screen.
func (f *frame) top(t *Theme, focus, width, height int) []string {
	_, rule := t.environment(f.file.Environment)
	lines := []string{f.first(t, width)}
	if f.drill != nil {
		lines = append(lines, drillStrip(t, f.drill, f.now, width))
	}
	if height < tall && focus == onWalk {
		return lines // the walk's own first line tells where we are
	}
	lines = append(lines, f.tabs(t, focus, width))
	if height >= tall {
		lines = append(lines, rule.Render(strings.Repeat("─", width)))
	}
	return lines
}

// first is the line that never scrolls away. Where it has no room, it drops what can be missed; never the cluster, the
// environment, or the trail.
func (f *frame) first(t *Theme, width int) string {
	badge, rule := t.environment(f.file.Environment)
	word := strings.ToUpper(string(f.file.Environment))
	if f.file.Environment != inventory.Training && f.file.Environment != inventory.Staging {
		word = "PRODUCTION"
	}
	env := rule.Render("▌") + badge.Render(word) + rule.Render("▐")
	who, at := f.operator, f.operator+"@"+f.host
	answered, total, oldest := stack.At(f.state, f.now).Counted()
	eyes := fmt.Sprintf("probes %d/%d", answered, total)
	if answered < total {
		eyes = t.paint(warn, eyes)
	}
	aged := eyes + "  " + short(oldest)
	clock, trail := f.show(f.now), f.trail(t)
	name := t.Strong.Render(f.file.Name)
	line := ""
	for _, parts := range [][]string{
		{t.Title.Render("recon"), name, env, at, clock, trail, aged},
		{name, env, at, clock, trail, aged},
		{name, env, who, clock, trail, aged},
		{name, env, who, clock, trail, eyes},
		{name, env, clock, trail, eyes},
		{name, env, trail},
	} {
		line = " " + strings.Join(parts, "  ")
		if ansi.StringWidth(line) <= width {
			return fit(line, width)
		}
	}
	// A very long name gives way to what must never be missing.
	room := width - ansi.StringWidth(line) + ansi.StringWidth(name)
	return fit(" "+ansi.Truncate(name, max(room, 4), "…")+"  "+env+"  "+trail, width)
}

// trail is whether what is done is recorded.
func (f *frame) trail(t *Theme) string {
	switch {
	case f.walk == nil:
		return t.paint(dim, glyphTodo+" no walk")
	case f.walk.TrailError != "":
		return t.paint(bad, glyphBad+" TRAIL CANNOT BE WRITTEN")
	case f.walk.Status != walk.Open:
		return t.paint(dim, glyphTodo+" "+head(f.walk.Head))
	}
	return t.paint(good, glyphTrail) + " " + head(f.walk.Head)
}

// tabs name the screens; the one that is shown stands in brackets.
func (f *frame) tabs(t *Theme, focus, width int) string {
	out := " "
	names := []string{"Cluster", "Runbooks", "Walk"}
	if f.trains {
		names = append(names, "Training")
	}
	for i, name := range names {
		text := number(i+1) + " " + name
		if i == onWalk && f.walk != nil && f.walk.Status == walk.Open {
			text += " " + glyphTrail
		}
		if i == focus {
			out += t.Strong.Render("["+text+"]") + "  "
		} else {
			out += " " + text + "   "
		}
	}
	return ends(out, t.Strong.Render("?")+" keys ", width)
}

// bottom are the lines below a screen: what went wrong, and the keys.
func (f *frame) bottom(t *Theme, live []key.Binding, width int) []string {
	var out []string
	if f.notice != "" {
		glyph, tone := glyphTrail, plain
		if f.failed {
			glyph, tone = glyphBad, bad
		}
		lines := hang(" "+glyph+" ", strings.ReplaceAll(f.notice, "\n", "; "), width)
		if len(lines) > 3 {
			lines = append(lines[:2], ansi.Truncate(lines[2], width-2, "")+" …")
		}
		for _, l := range lines {
			out = append(out, t.paint(tone, fit(l, width)))
		}
	}
	return append(out, keyLine(t, live, width))
}

// tooSmall is what is shown where nothing else has room.
func tooSmall(width, height int) string {
	text := fmt.Sprintf("terminal is %d×%d, recon needs %d×%d", width, height, minWidth, minHeight)
	lines := wrap(text, max(width, 1))
	if len(lines) > height {
		lines = lines[:max(height, 0)]
	}
	return strings.Join(lines, "\n")
}
