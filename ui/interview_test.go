package ui

import (
	"fmt"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/exp/golden"

	"recon/internal/setup"
)

// formKeys presses keys: a text is typed, and enter, up, down, esc and shift+tab are those.
func formKeys(f *form, keys ...string) (quits bool) {
	for _, k := range keys {
		codes := map[string]tea.KeyPressMsg{
			"enter": {Code: tea.KeyEnter}, "up": {Code: tea.KeyUp}, "down": {Code: tea.KeyDown}, "esc": {Code: tea.KeyEscape},
			"shift+tab": {Code: tea.KeyTab, Mod: tea.ModShift}, "ctrl+u": {Code: 'u', Mod: tea.ModCtrl},
		}
		if m, ok := codes[k]; ok {
			_, cmd := f.Update(m)
			quits = cmd != nil
			continue
		}
		for _, r := range k {
			f.Update(tea.KeyPressMsg{Code: r, Text: string(r)})
		}
	}
	return quits
}

func formAt(width, height int, given setup.Answers) *form {
	f := newForm(setup.NewInterview(given, setup.Machine{User: "anna"}), &Theme{})
	f.Update(tea.WindowSizeMsg{Width: width, Height: height})
	return f
}

// toNetworks answers up to the question for the networks.
func toNetworks() []string {
	return []string{"enter", "enter", "10.0.0.11", "enter", "n1", "enter", "10.0.0.12", "enter", "n2", "enter", "enter", "enter", "enter", "enter", "enter"}
}

func TestInterviewScreens(t *testing.T) {
	for name, keys := range map[string][]string{
		"first":    nil,
		"stage":    {"enter", "down"},
		"wrong":    {"enter", "enter", "10.0.0.300", "enter"},
		"become":   {"enter", "enter", "10.0.0.11", "enter", "enter", "enter", "enter", "enter", "enter", "down"},
		"networks": toNetworks(),
		"vip":      append(toNetworks(), "enter", "enter", "10.0.0.11", "enter"),
		"over":     append(toNetworks(), "enter", "enter", "10.0.0.21", "enter", "10.0.0.22", "enter", "netbox.example.com", "enter", "enter", "enter", "enter"),
	} {
		for _, s := range sizes {
			t.Run(fmt.Sprintf("%s-%dx%d", name, s[0], s[1]), func(t *testing.T) {
				f := formAt(s[0], s[1], setup.Answers{})
				formKeys(f, keys...)
				text := f.View().Content
				lines := strings.Split(text, "\n")
				if len(lines) > s[1] {
					t.Errorf("%d lines", len(lines))
				}
				for _, l := range lines {
					if ansi.StringWidth(l) > s[0] {
						t.Errorf("a line of %d cells: %s", ansi.StringWidth(l), l)
					}
				}
				golden.RequireEqual(t, ansi.Strip(text))
			})
		}
	}
}

func TestInterviewKeys(t *testing.T) {
	f := formAt(80, 24, setup.Answers{})
	if formKeys(f, toNetworks()...) || f.question.Key != "networks" {
		t.Fatalf("the question is %s", f.question.Key)
	}
	formKeys(f, "shift+tab")
	if f.question.Key != "become" || f.chosen != 0 {
		t.Errorf("back at %s, %d", f.question.Key, f.chosen)
	}
	formKeys(f, "down", "down", "down", "down", "down", "enter", "up")
	if f.question.Key != "become" || f.chosen != 1 {
		t.Errorf("back at %s, %d", f.question.Key, f.chosen)
	}
	formKeys(f, "enter", "enter")
	f.Update(tea.PasteMsg{Content: "eth\x1b[31m1\n"})
	if got := f.line.value(); got != "eth [31m1 " {
		t.Errorf("pasted %q", got)
	}
	if formKeys(f, "enter") || !strings.Contains(f.View().Content, "is not the name of an interface") {
		t.Errorf("the screen is\n%s", f.View().Content)
	}
	if !formKeys(f, "esc") || f.done {
		t.Error("esc does not leave, or takes the answers")
	}
}

// A form that everything was given to asks only whether it is right, and takes nothing before that.
func TestInterviewLooksOver(t *testing.T) {
	f := formAt(80, 24, setup.Answers{
		Cluster: "c", Environment: "staging", Nodes: []setup.Node{{Name: "n1", Address: "10.0.0.11"}}, SSHUser: "anna", Become: "sudo", Networks: []string{"10.0.0.0/24"},
		Interface: "eth0", DBVIP: "10.0.0.21", WebVIP: "10.0.0.22", ServerName: "netbox.example.com", NetBoxSource: "standin",
	})
	// The optional ones have no answer that could be given.
	formKeys(f, "enter", "enter")
	if f.asking || f.done || !strings.Contains(f.View().Content, "Is this right?") {
		t.Fatalf("the screen is\n%s", f.View().Content)
	}
	if !formKeys(f, "enter") || !f.done {
		t.Error("enter does not take the answers")
	}
}
