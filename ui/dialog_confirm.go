package ui

import (
	"fmt"
	"strings"
	"time"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"recon/internal/walk"
	"recon/runbooks"
)

// What is typed faster than this, from one key to the next on the average, was not typed: it was pasted into a terminal
// that does not say so. The same for the Enter behind a y.
const (
	typingPace = 20 * time.Millisecond
	enterPause = 50 * time.Millisecond
)

// confirmedMsg says that the operator confirmed a plan in its dialog.
type confirmedMsg struct {
	plan  *walk.Plan
	how   walk.Confirmation
	typed string
}

// confirmDialog shows a plan and asks for its confirmation, of the strength that the plan wants.
type confirmDialog struct {
	plan *walk.Plan
	step walk.StepView
	dry  bool

	sizeMsg
	scroll scroll
	name   line
	yes    time.Time // when y was pressed last, for a change
	first  time.Time // when the first character of the name was typed
	keys   int       // how many were typed since
	said   string    // why the last try was no confirmation
	gone   string    // why the plan can not be confirmed any more
}

func newConfirm(p *walk.Plan, step walk.StepView, dry bool) *confirmDialog {
	return &confirmDialog{plan: p, step: step, dry: dry, gone: p.Refused}
}

func (d *confirmDialog) update(msg tea.Msg) (tea.Msg, bool) {
	switch m := msg.(type) {
	case sizeMsg:
		d.sizeMsg = m
	case viewMsg:
		next := m.view.Next
		if !d.plan.Rollback && d.gone == "" && (next.Kind != walk.NextConfirm || next.Plan == nil || next.Plan.Hash != d.plan.Hash) {
			d.gone = "what this step would do, or whether it may, changed while this was open: close it and look again"
		}
		return nil, false
	case stamped:
		switch k := m.msg.(type) {
		case tea.KeyPressMsg:
			return d.press(k, m.at)
		case tea.PasteMsg, tea.PasteStartMsg, tea.PasteEndMsg:
			d.forget("pasting confirms nothing")
			if d.plan.Confirm == walk.ByName {
				d.forget("pasting is refused here: type the name")
			}
		}
	}
	return nil, false
}

func (d *confirmDialog) forget(why string) {
	d.name.set("")
	d.yes, d.keys, d.said = time.Time{}, 0, why
}

func (d *confirmDialog) press(k tea.KeyPressMsg, at time.Time) (tea.Msg, bool) {
	switch k.String() {
	case "esc", "ctrl+c":
		return nil, true
	case "pgdown", "down", "pgup", "up":
		text, _, room := d.layout(&Theme{}, d.width, d.height, false)
		d.scroll.by(step(k.String(), room), len(text), room)
		return nil, false
	}
	if d.gone != "" {
		return nil, k.String() == "enter"
	}
	switch d.plan.Confirm {
	case walk.ByName:
		return d.pressName(k, at)
	case walk.ByEnter:
		if k.String() == "enter" {
			return confirmedMsg{d.plan, walk.ByEnter, ""}, true
		}
	default:
		return d.pressYes(k, at)
	}
	return nil, false
}

func (d *confirmDialog) pressYes(k tea.KeyPressMsg, at time.Time) (tea.Msg, bool) {
	switch {
	case k.String() == "y" && !k.IsRepeat:
		d.yes, d.said = at, ""
		return nil, false
	case k.String() != "enter" || k.IsRepeat:
		d.forget("")
		return nil, k.String() == "n" || k.String() == "q"
	case d.yes.IsZero():
		return nil, true // the default is to cancel
	case at.Sub(d.yes) < enterPause:
		d.forget("that came too fast to have been typed: press y, then Enter")
		return nil, false
	}
	return confirmedMsg{d.plan, walk.ByYes, ""}, true
}

func (d *confirmDialog) pressName(k tea.KeyPressMsg, at time.Time) (tea.Msg, bool) {
	if k.String() != "enter" {
		if k.Text != "" {
			if d.keys == 0 {
				d.first = at
			}
			d.keys++
		}
		d.said = ""
		d.name.press(k)
		return nil, false
	}
	typed := d.name.value()
	switch {
	case typed == "":
		return nil, true // the default is to cancel
	case at.Sub(d.first) < time.Duration(d.keys)*typingPace:
		d.forget("that came too fast to have been typed: type the name")
		return nil, false
	case typed != d.plan.Type || d.plan.Type == "":
		d.forget(fmt.Sprintf("%q is not %q: nothing was confirmed", typed, d.plan.Type))
		return nil, false
	}
	return confirmedMsg{d.plan, walk.ByName, typed}, true
}

func (d *confirmDialog) view(t *Theme, width, height int, asleep bool) (string, []string) {
	head := strings.ToUpper(string(d.plan.Risk)) + " on " + targets(d.plan)
	text, foot, room := d.layout(t, width, height, asleep)
	return t.paint(risky(d.plan.Risk), head), append(append(d.scroll.view(t, text, width, room), ""), foot...)
}

func (d *confirmDialog) layout(t *Theme, width, height int, asleep bool) (text, foot []string, room int) {
	foot = d.foot(t, width, asleep)
	text = append(text, t.Strong.Render(d.step.Step.Title), "")
	text = append(text, planLines(t, d.plan, width)...)
	if after := d.expects(t, width); len(after) > 0 {
		text = append(append(text, ""), after...)
	}
	return text, foot, min(max(height-len(foot)-1, 3), len(text))
}

// expects says beforehand what will prove that it worked.
func (d *confirmDialog) expects(t *Theme, width int) []string {
	var out []string
	if d.dry {
		out = append(out, t.paint(strong, "DRY RUN: nothing will be sent"))
	}
	if why := d.step.Overridden; why != "" {
		out = append(out, hang(t.paint(bad, "OVERRIDDEN  "), why, width)...)
	}
	if d.plan.HeldBefore {
		out = append(out, hang(t.paint(warn, "! "), "the proof of this step holds already, so it will prove nothing", width)...)
	}
	if proof := d.step.Step.Proof; proof != nil && !d.plan.Rollback && d.plan.Risk != runbooks.Read {
		for i, c := range proof.Conditions {
			lead := "after   "
			if i > 0 {
				lead = "        "
			}
			out = append(out, hang(t.paint(dim, lead), said(c.Explain, c.Text)+patience(proof), width)...)
		}
	}
	return out
}

// foot is what to press; it stands still while the text above scrolls.
func (d *confirmDialog) foot(t *Theme, width int, asleep bool) []string {
	var out []string
	if d.said != "" {
		out = append(out, hang(t.paint(warn, "! "), d.said, width)...)
	}
	if d.gone != "" {
		return append(append(out, hang(t.paint(bad, glyphBad+" "), d.gone, width)...), "enter or esc closes this; nothing is sent")
	}
	if asleep {
		return append(out, t.paint(dim, asleepLine))
	}
	switch {
	case d.plan.Confirm == walk.ByName:
		out = append(out, wrap("This "+t.paint(bad, "DESTROYS")+" on "+t.Strong.Render(targets(d.plan))+". To do it, type "+t.Strong.Render(d.plan.Type)+" and Enter; Enter alone cancels.", width)...)
		return append(out, "> "+d.name.view(t, max(width-2, 10)))
	case d.plan.Confirm == walk.ByEnter:
		return append(out, "enter reads from "+t.Strong.Render(targets(d.plan))+"; esc cancels")
	case d.yes.IsZero():
		return append(out, wrap("y, then enter: "+t.paint(warn, "CHANGE")+" on "+t.Strong.Render(targets(d.plan))+"     enter alone or esc: cancel", width)...)
	}
	return append(out, wrap(t.paint(strong, "y was pressed: enter does it on "+targets(d.plan))+", any other key takes it back", width)...)
}

func (d *confirmDialog) bindings() []key.Binding {
	scrolls := bind("up/down", "scroll", "up", "down", "pgup", "pgdown")
	switch {
	case d.gone != "":
		return []key.Binding{bind("enter", "close", "enter", "esc"), scrolls}
	case d.plan.Confirm == walk.ByName:
		return []key.Binding{bind("name, enter", "destroy", "enter"), bind("esc", "cancel", "esc"), scrolls}
	case d.plan.Confirm == walk.ByEnter:
		return []key.Binding{bind("enter", "read", "enter"), bind("esc", "cancel", "esc"), scrolls}
	}
	return []key.Binding{bind("y, enter", "change", "y"), bind("esc", "cancel", "esc"), scrolls}
}
