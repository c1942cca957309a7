package demo

import (
	"regexp"
	"strings"
	"time"
)

// newcomer is somebody at a terminal who presses what the key line offers, at the pace of a person.
type newcomer struct {
	*terminal
	// pause is how long they read before they press a key.
	pause time.Duration
	// did is what they saw when they pressed a key, one after the other.
	did []string
}

// patience is how long they look at a screen that says the same as before, until they press its key once more.
const patience = 2 * time.Second

var toType = regexp.MustCompile(`type (\S+) and\b`)

// reflex is what a newcomer does when the key line offers something.
type reflex struct {
	offered string
	does    func(n *newcomer, screen string)
}

func press(keys string) func(*newcomer, string) {
	return func(n *newcomer, _ string) { n.press(keys) }
}

// reflexes are in the order in which they are thought of: a dialog's keys before those of a screen.
func reflexes() []reflex {
	return []reflex{
		{"enter next ", press("\r")},
		{"enter starts the walk ", press("\r")},
		{"enter writes the answer", func(n *newcomer, _ string) { n.typed("2"); n.press("\r") }},
		{"enter read ", press("\r")},
		{"y, enter change ", func(n *newcomer, _ string) { n.typed("y"); n.press("\r") }},
		{"name, enter destroy ", func(n *newcomer, screen string) {
			if m := toType.FindStringSubmatch(strings.Join(strings.Fields(strings.ReplaceAll(screen, "│", " ")), " ")); m != nil {
				n.typed(m[1])
			}
			n.press("\r")
		}},
		{"y finishes the walk ", press("y")},
		{"enter walk it ", press("\r")},
		{"enter review ", press("\r")},
		{"enter the step ", press("\r")},
		{"enter answer ", press("\r")},
		{"enter finish ", press("\r")},
	}
}

// keyLine is the last line of a screen.
func keyLine(screen string) string {
	screen = strings.TrimRight(screen, " \n")
	return screen[strings.LastIndexByte(screen, '\n')+1:]
}

// guide is what the strip above the keys says, on one line.
func guide(screen string) string {
	var out []string
	for _, l := range strings.Split(screen, "\n") {
		if text, ok := strings.CutPrefix(strings.TrimSpace(l), "┃ "); ok {
			out = append(out, strings.TrimSpace(text))
		}
	}
	return strings.Join(out, " ")
}

// goes presses what is offered, until the guide says something that begins so, and the words are on the screen.
func (n *newcomer) goes(limit time.Duration, guided string, words ...string) {
	n.t.Helper()
	before, again := "", time.Time{}
	for end := time.Now().Add(limit); ; {
		var found *reflex
		screen := n.until(time.Until(end), guided, func(screen string) bool {
			there := strings.HasPrefix(guide(screen), guided)
			for _, w := range words {
				there = there && strings.Contains(screen, w)
			}
			if there {
				found = nil
				return true
			}
			if keyLine(screen)+guide(screen) == before && time.Now().Before(again) {
				return false
			}
			if strings.Contains(screen, "FAILED") {
				found = &reflex{}
				return true
			}
			for _, r := range reflexes() {
				if strings.Contains(keyLine(screen)+" ", r.offered) {
					found = &r
					return true
				}
			}
			return false
		})
		switch {
		case found == nil:
			return
		case strings.Contains(screen, "FAILED"):
			n.t.Fatal("a step failed")
		}
		n.reads()
		if screen = n.text(); !strings.Contains(keyLine(screen)+" ", found.offered) {
			continue // it went on by itself
		}
		before, again = keyLine(screen)+guide(screen), time.Now().Add(patience)
		n.did = append(n.did, guide(screen))
		found.does(n, screen)
	}
}

// reads takes the time to read.
func (n *newcomer) reads() { time.Sleep(n.pause) }
