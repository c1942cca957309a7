package ui

import (
	"context"
	"errors"
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"recon/internal/setup"
)

// ErrLeft is an interview that was left before its end.
var ErrLeft = errors.New("the questions were left")

// Interview asks the questions on the terminal, one below the other, and returns when everything is answered and looked over.
// It draws below what stands there and restores the terminal. Leaving is ErrLeft.
func Interview(ctx context.Context, i *setup.Interview) error {
	f := newForm(i, DefaultTheme())
	_, err := tea.NewProgram(f, tea.WithContext(ctx), tea.WithoutSignalHandler(), tea.WithFPS(framesPerSecond)).Run()
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		return fmt.Errorf("ask on the terminal: %w", err)
	case !f.done:
		return ErrLeft
	}
	return nil
}

// form is an interview on the screen.
type form struct {
	interview     *setup.Interview
	theme         *Theme
	width, height int

	// question is the one that is asked; asking is false when all are answered and the answers are looked over.
	question setup.Question
	asking   bool
	line     line
	chosen   int
	wrong    string
	// done: the answers were taken; over: the program ends.
	done, over bool
}

func newForm(i *setup.Interview, t *Theme) *form {
	f := &form{interview: i, theme: t, width: 80, height: 24}
	f.turn("")
	return f
}

// turn goes to the question that comes now, with a text in its line.
func (f *form) turn(text string) {
	f.question, f.asking = f.interview.Question()
	why, refused := f.interview.Refused(f.question)
	if f.wrong = why; why != "" && text == "" {
		text = refused
	}
	f.line.set(text)
	f.chosen = 0
	if text == "" {
		text = f.interview.Default(f.question)
	}
	for j, c := range f.question.Choices {
		if c.Word == text {
			f.chosen = j
		}
	}
}

// Init draws nothing of its own.
func (f *form) Init() tea.Cmd { return nil }

// Update takes keys.
func (f *form) Update(m tea.Msg) (tea.Model, tea.Cmd) {
	switch m := m.(type) {
	case tea.WindowSizeMsg:
		f.width, f.height = m.Width, m.Height
	case tea.PasteMsg:
		if f.asking && len(f.question.Choices) == 0 {
			f.line.insert(m.Content)
			f.wrong = ""
		}
	case tea.KeyPressMsg:
		return f, f.press(m)
	}
	return f, nil
}

func (f *form) press(k tea.KeyPressMsg) tea.Cmd {
	switch k.String() {
	case "ctrl+c", "esc":
		f.over = true
		return tea.Quit
	case "shift+tab", "pgup":
		f.back()
	case "enter":
		return f.enter()
	case "up", "down":
		if n := len(f.question.Choices); f.asking && n > 0 {
			f.chosen = (f.chosen + map[string]int{"up": n - 1, "down": 1}[k.String()]) % n
		} else if k.String() == "up" {
			f.back()
		}
	default:
		if f.asking && len(f.question.Choices) == 0 && f.line.press(k) {
			f.wrong = ""
		}
	}
	return nil
}

func (f *form) back() {
	if text, ok := f.interview.Back(); ok {
		f.turn(text)
	}
}

func (f *form) enter() tea.Cmd {
	if !f.asking {
		f.done, f.over = true, true
		return tea.Quit
	}
	text := f.line.value()
	if len(f.question.Choices) > 0 {
		text = f.question.Choices[f.chosen].Word
	}
	if err := f.interview.Answer(text); err != nil {
		f.wrong = err.Error()
		return nil
	}
	f.turn("")
	return nil
}

// View is what was answered, and the question.
func (f *form) View() tea.View {
	var below []string
	switch {
	case f.over && f.done:
	case f.over:
		below = []string{f.theme.Dim.Render("left")}
	case f.asking:
		below = f.asked()
	default:
		below = []string{
			"", f.theme.Strong.Render("Is this right?"), "",
			f.theme.Dim.Render("enter write the files · ↑ back · esc leave, nothing is written"),
		}
	}
	above := f.answered()
	if room := max(f.height-len(below)-1, 1); len(above) > room {
		above = above[len(above)-room:]
	}
	lines := append(above, below...)
	for i, l := range lines {
		lines[i] = ansi.Truncate(l, f.width, "…")
	}
	return tea.NewView(strings.Join(lines, "\n") + "\n")
}

// answered has a line for each answer, and one for what may be meant so.
func (f *form) answered() []string {
	var out []string
	for _, a := range f.interview.Answered() {
		text := a.Text
		if text == "" {
			text = f.theme.Dim.Render("none")
		}
		out = append(out, f.theme.Good.Render(glyphGood)+" "+f.theme.Dim.Render(fmt.Sprintf("%-33s", a.Question.Ask))+" "+text)
		if a.Warning != "" {
			for _, l := range f.wrap(a.Warning) {
				out = append(out, f.theme.Warn.Render(glyphWarn+" "+l))
			}
		}
	}
	return out
}

// asked is the question with what it is for, its line or its choices, and what is wrong with the answer.
func (f *form) asked() []string {
	t, q := f.theme, f.question
	out := []string{""}
	label := t.Title.Render(glyphHere + " " + q.Ask)
	if len(q.Choices) > 0 {
		out = append(out, label)
		for j, c := range q.Choices {
			text := fmt.Sprintf("%-14s %s", c.Word, c.Meaning)
			if j == f.chosen {
				out = append(out, "  "+t.Selected.Render(glyphHere+" "+text))
			} else {
				out = append(out, "    "+text)
			}
		}
	} else {
		out = append(out, label+"  "+f.input())
	}
	for _, l := range f.wrap(q.Why) {
		out = append(out, t.Dim.Render("  "+l))
	}
	for _, l := range f.wrap(f.wrong) {
		out = append(out, t.Bad.Render(glyphBad+" "+l))
	}
	keys := "enter next · ↑ back · esc leave, nothing is written"
	if len(q.Choices) > 0 {
		keys = "↑↓ choose · enter next · shift+tab back · esc leave, nothing is written"
	}
	return append(out, "", t.Dim.Render(keys))
}

// input is the line with its cursor; empty, it shows the default.
func (f *form) input() string {
	if len(f.line.text) == 0 {
		d := f.interview.Default(f.question)
		if d == "" {
			return f.theme.Selected.Render(" ")
		}
		return f.theme.Selected.Render(" ") + f.theme.Dim.Render(" enter for "+d)
	}
	return f.line.view(f.theme, max(f.width-ansi.StringWidth(f.question.Ask)-4, 8))
}

func (f *form) wrap(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(ansi.Wordwrap(text, max(f.width-4, 20), ""), "\n")
}
