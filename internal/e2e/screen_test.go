//go:build lab

package e2e

import (
	"fmt"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"
)

// screen is a real terminal (tmux) with a program in it.
type screen struct {
	t      *testing.T
	socket string
}

// open starts a command in a terminal of the given size.
func open(t *testing.T, width, height int, command ...string) *screen {
	t.Helper()
	s := &screen{t: t, socket: fmt.Sprintf("recon-e2e-%d", time.Now().UnixNano())}
	args := []string{"start-server", ";", "set-option", "-g", "history-limit", "20000", ";", "new-session", "-d", "-x", fmt.Sprint(width), "-y", fmt.Sprint(height), "-s", "e2e", "--"}
	// A shell around the program says how it ended: tmux itself does not always learn it.
	args = append(args, "sh", "-c", `"$@"; printf '\nended with %s\n' "$?"; exec cat`, "sh")
	s.tmux(append(args, command...)...)
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the last screen:\n%s", s.text())
		}
		if out, err := exec.Command("tmux", "-L", s.socket, "kill-server").CombinedOutput(); err != nil {
			t.Logf("tmux kill-server: %v %s", err, out)
		}
	})
	return s
}

func (s *screen) tmux(args ...string) string {
	s.t.Helper()
	out, err := exec.Command("tmux", append([]string{"-f", "/dev/null", "-L", s.socket}, args...)...).CombinedOutput()
	if err != nil {
		s.t.Fatalf("tmux %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// text is what a person would see now.
func (s *screen) text() string { return s.tmux("capture-pane", "-p", "-t", "e2e") }

// history is what a person could scroll back to.
func (s *screen) history() string {
	return s.tmux("capture-pane", "-p", "-J", "-S", "-20000", "-t", "e2e")
}

// keys presses keys by tmux's names ("Enter", "Tab", "y").
func (s *screen) keys(names ...string) {
	s.t.Helper()
	s.tmux(append([]string{"send-keys", "-t", "e2e"}, names...)...)
}

// typed types text as it is.
func (s *screen) typed(text string) {
	s.t.Helper()
	s.tmux("send-keys", "-t", "e2e", "-l", "--", text)
}

// shows waits until all words are on the screen.
func (s *screen) shows(limit time.Duration, words ...string) string {
	s.t.Helper()
	var text string
	eventually(s.t, limit, "screen with "+strings.Join(words, ", "), func() error {
		text = s.text()
		for _, w := range words {
			if !strings.Contains(text, w) {
				return fmt.Errorf("%q is not on the screen:\n%s", w, text)
			}
		}
		return nil
	})
	return text
}

var endedWith = regexp.MustCompile(`(?m)^ended with (\d+)`)

// ended says whether the program has ended, and with which exit code.
func (s *screen) ended() (code string, yes bool) {
	s.t.Helper()
	if m := endedWith.FindStringSubmatch(s.history()); m != nil {
		return m[1], true
	}
	return "", false
}

// dead waits until the program has ended and returns its exit code.
func (s *screen) dead(limit time.Duration) string {
	s.t.Helper()
	var status string
	eventually(s.t, limit, "end of the program", func() error {
		code, yes := s.ended()
		if !yes {
			return fmt.Errorf("it still runs:\n%s", s.text())
		}
		status = code
		return nil
	})
	return status
}
