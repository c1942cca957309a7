package ui

import (
	"charm.land/bubbles/v2/key"

	"recon/internal/walk"
)

// The keys of the walk. Which of them are live follows from what the walk waits for.
type walkKey int

const (
	keyReview walkKey = iota
	keyShow
	keyRecheck
	keyOverride
	keyApplies
	keyNotNeeded
	keyAnswer
	keyAttest
	keyMeasure
	keyStop
	keyRetry
	keyVouch
	keyOn
	keyDone
	keyNotDone
	keyStillUnknown
	keyFinish
	keyRollBack
	keySkip
	keyNote
	keyEscalate
	keyAbandon
	keyCopy
	keyJump
	keyEnter
	keyBack
	keyBooks
)

func (k walkKey) binding() key.Binding {
	switch k {
	case keyReview:
		return bind("enter", "review", "enter")
	case keyShow:
		return bind("enter", "the step", "enter")
	case keyRecheck:
		return bind("r", "recheck", "r")
	case keyOverride:
		return bind("o", "override", "o")
	case keyApplies:
		return bind("a", "it applies", "a")
	case keyNotNeeded:
		return bind("x", "it does not apply", "x")
	case keyAnswer:
		return bind("enter", "answer", "enter")
	case keyAttest:
		return bind("enter", "it is done", "enter")
	case keyMeasure:
		return bind("p", "measure the proof", "p")
	case keyStop:
		return bind("x", "stop", "x")
	case keyRetry:
		return bind("r", "retry", "r")
	case keyVouch:
		return bind("v", "vouch", "v")
	case keyOn:
		return bind("enter", "go on", "enter")
	case keyDone:
		return bind("d", "it was done", "d")
	case keyNotDone:
		return bind("x", "it was not done", "x")
	case keyStillUnknown:
		return bind("u", "still unknown", "u")
	case keyFinish:
		return bind("enter", "finish", "enter")
	case keyRollBack:
		return bind("b", "roll back", "b")
	case keySkip:
		return bind("s", "skip", "s")
	case keyNote:
		return bind("n", "note", "n")
	case keyEscalate:
		return bind("e", "escalate", "e")
	case keyAbandon:
		return bind("A", "abandon", "A")
	case keyCopy:
		return bind("y", "copy", "y")
	case keyJump:
		return bind("enter", "jump there", "enter")
	case keyEnter:
		return bind("enter", "walk the book", "enter")
	case keyBack:
		return bind("P", "back to the book around", "P")
	}
	return bind("enter", "runbooks", "enter")
}

// live are the keys that do something now.
func (w *walker) live() []walkKey {
	if w.seen == nil {
		return nil
	}
	if w.behind() {
		return nil
	}
	n := w.seen.Next
	if w.seen.TrailError != "" && w.run == nil {
		return []walkKey{keyCopy} // everything else would have to be written down
	}
	if w.run != nil {
		switch w.run.kind {
		case acting:
			return nil
		case sending:
			return []walkKey{keyStop, keyCopy}
		}
		return []walkKey{keyStop, keyNote, keyCopy}
	}
	if w.jumping() {
		return []walkKey{keyJump, keyNote, keyEscalate, keyAbandon, keyCopy}
	}
	var out []walkKey
	switch n.Kind {
	case walk.NextGate:
		out = append(out, keyRecheck)
		if n.CanOverride {
			out = append(out, keyOverride)
		}
		out = append(out, keySkip)
	case walk.NextDecide:
		out = append(out, keyApplies, keyNotNeeded, keyRecheck, keySkip)
	case walk.NextConfirm:
		// The step's own words, its warnings among them, are on the screen before the confirmation is.
		if !w.wide() && w.focus != paneStep {
			out = append(out, keyShow, keySkip)
		} else {
			out = append(out, keyReview, keySkip)
		}
	case walk.NextBook:
		out = append(out, keyEnter, keySkip)
	case walk.NextAsk:
		out = append(out, keyAnswer, keySkip)
	case walk.NextAttest:
		out = append(out, keyAttest, keySkip)
	case walk.NextProve:
		out = append(out, keyMeasure, keyVouch, keySkip)
	case walk.NextReconcile:
		out = append(out, w.reconcileKeys()...)
	case walk.NextChoose:
		out = append(out, keyRetry)
		if n.CanOverride {
			out = append(out, keyOverride)
		}
		out = append(out, keyVouch, keySkip)
	case walk.NextFinish:
		out = append(out, keyFinish)
	case walk.NextNothing:
		return []walkKey{keyBooks, keyCopy}
	}
	if n.CanRollBack {
		out = append(out, keyRollBack)
	}
	if len(w.around) > 0 {
		out = append(out, keyBack)
	}
	return append(out, keyNote, keyEscalate, keyAbandon, keyCopy)
}

// reconcileKeys open the way on only after what is known was read and what can be checked was offered.
func (w *walker) reconcileKeys() []walkKey {
	switch {
	case w.stage == 0:
		return []walkKey{keyOn}
	case w.stage == 1 && w.provable():
		return []walkKey{keyMeasure, keyOn}
	case w.stage == 1:
		return []walkKey{keyOn}
	case w.provable():
		return []walkKey{keyDone, keyNotDone, keyStillUnknown, keyMeasure}
	}
	return []walkKey{keyDone, keyNotDone, keyStillUnknown}
}

func (w *walker) provable() bool {
	return w.seen.Steps[w.seen.Current].Step.Proof != nil
}

// jumping says that the cursor of the steps is on another step than the one at hand.
func (w *walker) jumping() bool {
	return w.focus == paneSteps && w.look >= 0 && w.look != w.seen.Current && w.seen.Status == walk.Open
}

func (w *walker) bindings() []key.Binding {
	var out []key.Binding
	for _, k := range w.live() {
		out = append(out, k.binding())
	}
	scrolls := bind("up/down", "scroll", "up", "down", "pgup", "pgdown")
	if w.focus == paneSteps {
		scrolls = bind("up/down", "look at a step", "up", "down")
	}
	if w.seen == nil {
		return []key.Binding{bind("2", "runbooks", "2"), bind("q", "leave", "q")}
	}
	return append(out, bind("tab", "pane", "tab", "shift+tab"), scrolls)
}
