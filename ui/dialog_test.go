package ui

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"recon/internal/walk"
	"recon/runbooks"
)

// keyboard is a pile with one confirmation in it, and hands at the keyboard. Time is what the hands say.
type keyboard struct {
	pile pile
	now  time.Time
	d    *confirmDialog
	got  *confirmedMsg
}

// confirming opens the confirmation of a plan and has it drawn.
func confirming(risk runbooks.Risk) *keyboard {
	start := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	k := &keyboard{now: start, d: newConfirm(plan(risk), walk.StepView{Step: &runbooks.Step{Title: "a step"}}, false)}
	k.pile.now = func() time.Time { return k.now }
	k.pile.open(k.d)
	return k
}

func (k *keyboard) drawn() {
	k.now = k.now.Add(drawnIn)
	k.pile.update(drawnMsg{k.pile.last, k.now})
}

// after lets time pass and gives the dialog a message of the keyboard.
func (k *keyboard) after(d time.Duration, msg tea.Msg) {
	k.now = k.now.Add(d)
	if k.pile.top() == nil {
		return
	}
	if m, ok := answerOf(k.pile.hand(stamped{k.now, msg})).(confirmedMsg); ok {
		k.got = &m
	}
}

func answerOf(answer tea.Msg, _ tea.Cmd) tea.Msg { return answer }

func (k *keyboard) keys(pace time.Duration, names ...string) {
	for _, n := range names {
		k.after(pace, press(n))
	}
}

func letters(s string) []string { return strings.Split(s, "") }

const person = 120 * time.Millisecond

func TestConfirmations(t *testing.T) {
	name := letters("netbox-node-3")
	tests := []struct {
		about string
		risk  runbooks.Risk
		hands func(k *keyboard)
		want  bool
	}{
		{"a read by Enter", runbooks.Read, func(k *keyboard) { k.drawn(); k.after(time.Second, press("enter")) }, true},
		{"a read by Enter that was typed ahead", runbooks.Read, func(k *keyboard) { k.after(0, press("enter")); k.drawn(); k.after(0, press("enter")) }, false},
		{"a change by y, Enter", runbooks.Change, func(k *keyboard) { k.drawn(); k.after(time.Second, press("y")); k.after(person, press("enter")) }, true},
		{"a change by Enter alone", runbooks.Change, func(k *keyboard) { k.drawn(); k.after(time.Second, press("enter")) }, false},
		{"a change by y alone", runbooks.Change, func(k *keyboard) { k.drawn(); k.after(time.Second, press("y")) }, false},
		{"a change by Y, Enter", runbooks.Change, func(k *keyboard) { k.drawn(); k.after(time.Second, press("Y")); k.after(person, press("enter")) }, false},
		{"a change by y, x, Enter", runbooks.Change, func(k *keyboard) { k.drawn(); k.after(time.Second, press("y")); k.keys(person, "x", "enter") }, false},
		{"y, Enter before it was drawn", runbooks.Change, func(k *keyboard) { k.keys(person, "y", "enter"); k.drawn() }, false},
		{"y, Enter 400 ms after it was drawn", runbooks.Change, func(k *keyboard) {
			k.drawn()
			k.after(400*time.Millisecond, press("y"))
			k.after(person, press("enter"))
		}, false},
		{"y, Enter in one burst", runbooks.Change, func(k *keyboard) {
			k.drawn()
			k.after(time.Second, press("y"))
			k.after(time.Millisecond, press("enter"))
		}, false},
		{"a burst, then y, Enter by hand", runbooks.Change, func(k *keyboard) {
			k.drawn()
			k.after(time.Second, press("y"))
			k.after(time.Millisecond, press("enter"))
			k.keys(person, "y", "enter")
		}, true},
		{"y and Enter held down at 30 Hz since before it opened", runbooks.Change, func(k *keyboard) {
			k.drawn()
			for i := range 300 {
				k.after(33*time.Millisecond, press([]string{"y", "enter"}[i%2]))
			}
		}, false},
		{"Enter held down for ten seconds", runbooks.Change, func(k *keyboard) {
			k.drawn()
			k.after(660*time.Millisecond, press("enter"))
			for range 300 {
				k.after(33*time.Millisecond, press("enter"))
			}
		}, false},
		{"y as a paste", runbooks.Change, func(k *keyboard) {
			k.drawn()
			k.after(time.Second, tea.PasteMsg{Content: "y\r"})
			k.after(person, press("enter"))
		}, false},
		{"the end of a paste inside a paste", runbooks.Change, func(k *keyboard) {
			k.drawn()
			k.after(time.Second, tea.PasteStartMsg{})
			k.after(0, tea.PasteMsg{Content: "harmless"})
			k.after(0, tea.PasteEndMsg{})
			k.keys(time.Millisecond, "y", "enter", "y", "enter")
		}, false},
		{"destroy, the name typed", runbooks.Destroy, func(k *keyboard) {
			k.drawn()
			k.after(time.Second, press("n"))
			k.keys(person, append(name[1:], "enter")...)
		}, true},
		{"destroy, the name with a mistake that was mended", runbooks.Destroy, func(k *keyboard) {
			k.drawn()
			k.after(time.Second, press("n"))
			k.keys(person, append(append([]string{"x", "backspace"}, name[1:]...), "enter")...)
		}, true},
		{"destroy, y and Enter", runbooks.Destroy, func(k *keyboard) { k.drawn(); k.after(time.Second, press("y")); k.after(person, press("enter")) }, false},
		{"destroy, another node's name", runbooks.Destroy, func(k *keyboard) {
			k.drawn()
			k.after(time.Second, press("n"))
			k.keys(person, append(letters("etbox-node-2"), "enter")...)
		}, false},
		{"destroy, the beginning of the name", runbooks.Destroy, func(k *keyboard) {
			k.drawn()
			k.after(time.Second, press("n"))
			k.keys(person, append(letters("etbox-node-"), "enter")...)
		}, false},
		{"destroy, more than the name", runbooks.Destroy, func(k *keyboard) {
			k.drawn()
			k.after(time.Second, press("n"))
			k.keys(person, append(letters("etbox-node-3 "), "enter")...)
		}, false},
		{"destroy, the name in capitals", runbooks.Destroy, func(k *keyboard) {
			k.drawn()
			k.after(time.Second, press("N"))
			k.keys(person, append(letters("ETBOX-NODE-3"), "enter")...)
		}, false},
		{"destroy, the name pasted", runbooks.Destroy, func(k *keyboard) {
			k.drawn()
			k.after(time.Second, tea.PasteMsg{Content: "netbox-node-3"})
			k.after(time.Second, press("enter"))
		}, false},
		{"destroy, half of it pasted", runbooks.Destroy, func(k *keyboard) {
			k.drawn()
			k.after(time.Second, press("n"))
			k.keys(person, letters("etbox-")...)
			k.after(person, tea.PasteMsg{Content: "node-3"})
			k.after(time.Second, press("enter"))
		}, false},
		{"destroy, a raw paste", runbooks.Destroy, func(k *keyboard) {
			k.drawn()
			k.after(time.Second, press("n"))
			k.keys(time.Millisecond, append(name[1:], "enter")...)
		}, false},
		{"destroy, a raw paste behind the leaked end of a paste", runbooks.Destroy, func(k *keyboard) {
			k.drawn()
			k.after(time.Second, tea.PasteMsg{Content: "x"})
			k.keys(time.Millisecond, append(name, "enter")...)
		}, false},
		{"destroy, a raw paste and Enter by hand", runbooks.Destroy, func(k *keyboard) {
			k.drawn()
			k.after(time.Second, press("n"))
			k.keys(time.Millisecond, name[1:]...)
			k.after(person, press("enter"))
		}, false},
	}
	for _, tt := range tests {
		t.Run(tt.about, func(t *testing.T) {
			k := confirming(tt.risk)
			tt.hands(k)
			if got := k.got != nil; got != tt.want {
				t.Errorf("confirmed: %v, want %v", got, tt.want)
			}
			if k.got != nil && (k.got.plan != k.d.plan || k.got.how != k.d.plan.Confirm) {
				t.Errorf("confirmed %+v for the plan %+v", k.got, k.d.plan)
			}
		})
	}
}

// stroke is one thing that hands do.
type stroke struct {
	after time.Duration
	name  string // a key, or "paste ..."
}

// Whatever is pressed, what destroys is confirmed only by its name, typed key by key in a human's time behind half a second
// of quiet; what changes only by a y and an Enter that stands alone behind it.
func TestRandomKeysConfirmNothing(t *testing.T) {
	const seed = 20261123
	r := rand.New(rand.NewPCG(seed, 1))
	confirmed := map[runbooks.Risk]int{}
	for i := range 1000 {
		risk := []runbooks.Risk{runbooks.Change, runbooks.Destroy}[i%2]
		k := confirming(risk)
		hands := random(r, risk)
		drawnAt := r.IntN(3)
		var log []stroke
		for n, s := range hands {
			if n == drawnAt {
				k.drawn()
			}
			log = append(log, s)
			before := k.got
			if text, ok := strings.CutPrefix(s.name, "paste "); ok {
				k.after(s.after, tea.PasteMsg{Content: text})
			} else {
				k.after(s.after, press(s.name))
			}
			if k.got != nil && before == nil {
				confirmed[risk]++
				if why := wrong(risk, log); why != "" {
					t.Fatalf("seed %d, sequence %d: %s was confirmed by %v: %s", seed, i, risk, log, why)
				}
			}
		}
	}
	if confirmed[runbooks.Change] < 20 || confirmed[runbooks.Destroy] < 20 {
		t.Errorf("only %v right confirmations among the sequences: the test does not try enough", confirmed)
	}
}

// random is a sequence that is often nearly right.
func random(r *rand.Rand, risk runbooks.Risk) []stroke {
	pause := func() time.Duration {
		return []time.Duration{0, time.Millisecond, 33 * time.Millisecond, 90 * time.Millisecond, 200 * time.Millisecond, 600 * time.Millisecond, 2 * time.Second}[r.IntN(7)]
	}
	var out []stroke
	add := func(names ...string) {
		same := pause()
		for i, n := range names {
			d := same
			if i == 0 || r.IntN(12) == 0 {
				d = pause()
			}
			out = append(out, stroke{d, n})
		}
	}
	for range 1 + r.IntN(6) {
		switch r.IntN(8) {
		case 0:
			add("paste netbox-node-3")
		case 1:
			add("paste y")
		case 2:
			add([]string{"x", "n", "left", "backspace", "up", "tab", " "}[r.IntN(7)])
		case 3:
			add("enter")
		case 4:
			add("y")
		case 5:
			name := letters("netbox-node-3")
			at := r.IntN(len(name))
			add(append(slices.Delete(slices.Clone(name), at, at+1), "enter")...)
		default:
			if risk == runbooks.Change {
				add("y", "enter")
			} else {
				add(append(letters("netbox-node-3"), "enter")...)
			}
		}
	}
	return out
}

// wrong says why a sequence must not have confirmed, or "". It knows nothing of how the dialog works.
func wrong(risk runbooks.Risk, log []stroke) string {
	last := len(log) - 1
	if log[last].name != "enter" {
		return "the last key is no Enter"
	}
	if risk == runbooks.Change {
		i := last - 1
		for i >= 0 && log[i].name == "up" {
			i--
		}
		switch {
		case i < 0 || log[i].name != "y":
			return "there is no y before the Enter"
		case log[last].after < 40*time.Millisecond && i == last-1:
			return "y and Enter came in one burst"
		}
		return quietBefore(log, i)
	}
	// Play the line back from its end: what was typed since the line was empty for the last time.
	text, first, took := "", last, time.Duration(0)
	for i := last - 1; i >= 0 && len(text) < len("netbox-node-3"); i-- {
		if len(log[i].name) != 1 {
			break
		}
		took += log[i+1].after
		text, first = log[i].name+text, i
	}
	if text == "netbox-node-3" {
		if took < 200*time.Millisecond {
			return fmt.Sprintf("the name was typed in %s", took)
		}
		return quietBefore(log, first)
	}
	// The name may have been mended on the way; then at least its keys must be there, and no paste among them.
	for i := last - 1; i >= 0; i-- {
		if strings.HasPrefix(log[i].name, "paste") {
			break
		}
		if log[i].name == "backspace" || log[i].name == "left" {
			return ""
		}
	}
	return "the name was not typed"
}

// quietBefore looks for half a second of quiet somewhere before a key: without it no dialog takes one.
func quietBefore(log []stroke, at int) string {
	for i := at; i >= 0; i-- {
		if log[i].after >= quietFor {
			return ""
		}
		if strings.HasPrefix(log[i].name, "paste") && i != at {
			return "there was no quiet between the paste and the keys"
		}
	}
	return "the keyboard was never quiet"
}

func TestAPlanThatChangedCanNotBeConfirmed(t *testing.T) {
	k := confirming(runbooks.Change)
	k.drawn()
	other := plan(runbooks.Change)
	other.Hash = "another plan"
	k.pile.update(viewMsg{view: walk.View{Next: walk.Next{Kind: walk.NextConfirm, Plan: other}}})
	k.after(time.Second, press("y"))
	k.after(person, press("enter"))
	if k.got != nil {
		t.Error("a plan was confirmed that is not the one on the screen any more")
	}
}

func TestTheDialogBelowSleepsAgain(t *testing.T) {
	k := confirming(runbooks.Read)
	k.drawn()
	k.after(time.Second, press("down")) // awake
	k.pile.open(&textDialog{heading: "above", text: func(*Theme, int) []string { return nil }})
	k.drawn()
	k.after(time.Second, press("enter")) // closes the one above
	k.after(time.Millisecond, press("enter"))
	if k.got != nil {
		t.Error("an Enter that was meant for the dialog above confirmed the one below")
	}
	k.pile.update(drawnMsg{k.pile.top().id, k.now})
	k.after(time.Second, press("enter"))
	if k.got == nil {
		t.Error("the dialog below takes no key after it was drawn and the keyboard was quiet")
	}
}

func TestADialogWakesByItself(t *testing.T) {
	k := confirming(runbooks.Read)
	k.drawn()
	k.after(300*time.Millisecond, press("x"))
	top := k.pile.top()
	k.now = k.now.Add(300 * time.Millisecond)
	k.pile.update(wakeMsg{top.id, k.now})
	if top.awake {
		t.Error("awake 300 ms after the last key")
	}
	k.now = k.now.Add(200 * time.Millisecond)
	k.pile.update(wakeMsg{top.id, k.now})
	if !top.awake {
		t.Error("asleep half a second after the last key")
	}
}
