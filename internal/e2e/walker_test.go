//go:build lab

package e2e

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"
)

// walker is a person who walks a book in the line mode: it reads the prompt, and answers it.
type walker struct {
	*screen
	t *testing.T
	// answers maps the name of a question to its answer.
	answers map[string]string
	// before is called with every prompt and may stop the walk by returning true.
	before func(prompt string) bool
	// defaults says that Enter is the answer to what has none here, or any word where Enter is none; last was asked before.
	defaults bool
	last     string
	seen     int
	// retries is how often a failed step is tried again before the test fails.
	retries int
	// confirmations counts what was run because the person said so.
	confirmations int
}

func walkPlain(t *testing.T, answers map[string]string, args ...string) *walker {
	t.Helper()
	command := append([]string{binary, "lab", "--dir", labDir(), "exec", "console", "--", "recon", "walk", "--plain"}, args...)
	return &walker{screen: open(t, 160, 50, command...), t: t, answers: answers}
}

// prompt waits for a prompt that has not been answered yet, or for the end of the program.
func (w *walker) prompt(limit time.Duration) (line string, ended bool) {
	w.t.Helper()
	eventually(w.t, limit, "prompt", func() error {
		if _, ended = w.ended(); ended {
			return nil
		}
		all := strings.TrimRight(w.history(), " \n")
		last := all[strings.LastIndex(all, "\n")+1:]
		if !strings.HasSuffix(last, ">") || len(all) == w.seen {
			return fmt.Errorf("no new prompt:\n%s", w.text())
		}
		w.seen, line = len(all), last
		return nil
	})
	return line, ended
}

var destroyPrompt = regexp.MustCompile(`DESTROY on (\S+): type`)

// choice is a line with something to choose, and whether it fits what is seen.
var choice = regexp.MustCompile(`(?m)^ {2}(\d+) {2}.*?(\(fits what is seen\))?\s*$`)

// stuck is the prompt of a step that does not go on, and confirmed that of one that is about to run.
var (
	stuck     = regexp.MustCompile(`^(\[enter\] look again|retry|override|proof  done)`)
	confirmed = regexp.MustCompile(`^(CHANGE on|DESTROY on|\[enter\] run)`)
)

// walk answers every prompt until the walk ends or before stops it.
func (w *walker) walk() {
	w.t.Helper()
	for range 400 {
		line, ended := w.prompt(20 * time.Minute) // a playbook on a busy machine
		if ended || w.before != nil && w.before(line) {
			return
		}
		if confirmed.MatchString(line) {
			w.confirmations++
		}
		w.answer(line)
	}
	w.t.Fatal("the walk does not end")
}

func (w *walker) answer(line string) {
	w.t.Helper()
	reply := ""
	switch m := destroyPrompt.FindStringSubmatch(line); {
	case m != nil:
		reply = m[1]
	case strings.HasPrefix(line, "CHANGE on"):
		reply = "y"
	case strings.HasPrefix(line, "[enter] run"):
	case strings.HasPrefix(line, "[enter] look again"):
		reply = "wait"
	case strings.HasPrefix(line, "done by hand"):
		reply = "done and looked at, by the end-to-end test"
	case strings.HasPrefix(line, "type `seen`"):
		reply = "seen"
	case strings.HasPrefix(line, "retry") && w.retries > 0:
		w.retries--
		reply = "retry"
	case strings.HasPrefix(line, "[enter] walk it"):
	case strings.HasPrefix(line, "retry"):
		w.t.Fatalf("a step failed:\n%s", w.history())
	case strings.HasPrefix(line, "proof  done"):
		reply = "proof"
	default:
		name := strings.Fields(line)[0]
		known := false
		for q, a := range w.answers {
			if name == q || strings.HasPrefix(line, q) {
				reply, known = a, true
			}
		}
		if !known && w.defaults && line == w.last { // a question that Enter does not answer
			reply = "the end-to-end test"
			lines := strings.Split(strings.TrimRight(w.history(), " \n"), "\n")
			for _, m := range choice.FindAllStringSubmatch(strings.Join(lines[max(len(lines)-12, 0):], "\n"), -1) {
				if reply == "the end-to-end test" || m[2] != "" {
					reply = m[1]
				}
			}
		}
		if !known && !w.defaults {
			w.t.Fatalf("no answer for the prompt %q:\n%s", line, w.history())
		}
	}
	w.last = line
	if reply != "" {
		w.typed(reply)
	}
	w.keys("Enter")
}
