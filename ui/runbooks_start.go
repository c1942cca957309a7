package ui

import (
	"context"
	"fmt"
	"maps"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"recon/internal/audit"
	"recon/internal/walk"
	"recon/probes"
	"recon/runbooks"
)

// resumeMsg goes on with the walk of a trail.
type resumeMsg struct{ path string }

// startForm is how the name of the form begins that starts a walk.
const startForm = "start "

// starter begins walks. dry is decided when the questions are asked, and stands in the form's name.
type starter struct {
	open  opener
	jobs  *jobs
	walks Walks
	// book, inputs and dryRun are what the console was opened for.
	book   string
	inputs map[string]string
	dryRun bool
}

// wanted asks for the start of the book that the console was opened for.
func (s *starter) wanted(lib *runbooks.Library, state *probes.State) tea.Cmd {
	id := s.book
	s.book = ""
	if id == "" {
		return nil
	}
	b, ok := lib.Book(id)
	if !ok {
		return say(errorMsg{"walk " + id, fmt.Errorf("there is no such book; the list shows all")})
	}
	return tea.Batch(say(goMsg{screen: onRunbooks, book: id}), s.ask(b, state, nil, s.dryRun, s.inputs))
}

// ask opens the form of a book: its hash and its inputs, with the choices and defaults that the State yields now.
func (s *starter) ask(b *runbooks.Runbook, state *probes.State, current *walk.View, dry bool, given map[string]string) tea.Cmd {
	vars := probes.Vars(state)
	var fields []field
	for _, in := range b.Inputs {
		choices, preset := in.Options(vars)
		if v := given[in.Name]; v != "" {
			preset = v
		}
		ask := in.Ask
		if in.Choices != nil && len(choices) == 0 {
			ask += " (Nothing is seen now that could be chosen: a name that is typed is taken as it is.)"
		}
		f := field{name: in.Name, ask: ask, choices: choices, preset: preset}
		if preset == "" {
			f.likely = in.Likely(vars)
		}
		fields = append(fields, f)
	}
	form := startForm + b.ID
	if dry {
		form += " dry"
	}
	d := newAsk(form, b.Title, fields)
	d.review, d.last = true, "starts the walk"
	d.about = func(t *Theme, width int) []string { return startLines(t, b, current, dry, width) }
	return s.open(d)
}

// startLines are what the operator should know before a walk begins.
func startLines(t *Theme, b *runbooks.Runbook, current *walk.View, dry bool, width int) []string {
	out := []string{
		fit(t.paint(dim, "book    ")+b.ID+", "+string(b.Origin), width),
		fit(t.paint(dim, "sha256  ")+b.Hash, width),
		fit(t.paint(dim, "steps   ")+number(len(b.Steps)), width),
	}
	if dry {
		out = append(out, t.paint(strong, "DRY RUN: commands are shown and never sent"))
	}
	if current != nil && current.Status == walk.Open {
		out = append(out, hang(t.paint(warn, "! "), "the walk of "+current.Book.ID+" stays open; the list of open walks goes on with it", width)...)
	}
	return out
}

// begin starts the walk.
func (s *starter) begin(lib *runbooks.Library, form string, inputs map[string]string) tea.Cmd {
	id, dry := strings.CutSuffix(form, " dry")
	b, ok := lib.Book(id)
	if !ok {
		return nil
	}
	values, walks := maps.Clone(inputs), s.walks
	cmd, _ := s.jobs.start(func(ctx context.Context) tea.Msg {
		w, err := walks.Start(ctx, b, values, dry)
		return startedMsg{"start " + id, w, err}
	})
	return cmd
}

func (s *starter) resume(path string) tea.Cmd {
	walks := s.walks
	cmd, _ := s.jobs.start(func(ctx context.Context) tea.Msg {
		w, err := walks.Resume(ctx, path)
		return startedMsg{"go on with " + path, w, err}
	})
	return cmd
}

// look finds the open walks.
func (s *starter) look() tea.Cmd {
	walks := s.walks
	if walks == nil {
		return nil
	}
	return func() tea.Msg {
		list, err := walks.Open()
		return openWalksMsg{list, err}
	}
}

func newResume(o audit.Summary, show func(time.Time) string) *sureDialog {
	about := []string{
		o.Title,
		"begun by " + o.Operator + " at " + o.Started.UTC().Format(time.RFC3339) + ", last written at " + show(o.Last),
		"trail " + o.Path,
	}
	if n := len(o.Open) + len(o.Unknown); n > 0 {
		about = append(about, "! the outcome of "+plural(n, "step")+" is unknown; that is asked first")
	}
	if o.Error != "" {
		about = append(about, "! "+o.Error)
	}
	return &sureDialog{heading: "Go on with an open walk", about: about, does: "goes on with it", msg: resumeMsg{o.Path}}
}
