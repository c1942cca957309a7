package ui

import (
	"context"
	"errors"
	"time"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"recon/internal/drill"
	"recon/internal/walk"
	"recon/runbooks"
)

// drillMsg is the session of a drill as it is now.
type drillMsg struct{ view drill.View }

// drillsMsg is the list of drills, or why it is not whole.
type drillsMsg struct {
	drills []drill.Entry
	err    error
}

// The wishes that dialogs send: a drill to start, a book that is named as the cause, to give up.
type (
	startDrillMsg struct{ id string }
	pickedMsg     struct{ form, id string }
	giveUpMsg     struct{}
)

// diagnosis is the form in which the operator names a book.
const diagnosis = "diagnosis"

// trainer is the screen of the drills: the list; while one is under way its story, hints and goal; then the debrief.
type trainer struct {
	clock
	training Training
	open     opener
	jobs     *jobs
	drills   []drill.Entry
	failed   error
	books    []*runbooks.Runbook
	session  *drill.View
	listing  bool   // the list is shown although a session has ended
	walked   string // how far the walk was when the debrief was looked at last
	cursor   int
	top      scroll
	pages    pages
	width    int
	height   int
}

func newTrainer(t *Theme, training Training, open opener, j *jobs, c clock) *trainer {
	return &trainer{clock: c, training: training, open: open, jobs: j, pages: newPages(t)}
}

// list gets the drills and their best times.
func (r *trainer) list() tea.Cmd {
	training := r.training
	return r.job(func() tea.Msg {
		all, err := training.Drills()
		return drillsMsg{all, err}
	})
}

// job does something that may wait.
func (r *trainer) job(do func() tea.Msg) tea.Cmd {
	cmd, _ := r.jobs.start(func(context.Context) tea.Msg { return do() })
	return cmd
}

func (r *trainer) update(msg tea.Msg) tea.Cmd {
	r.pages.update(msg)
	switch m := msg.(type) {
	case tea.WindowSizeMsg:
		r.width, r.height = m.Width, m.Height
		return r.draw()
	case tickMsg:
		r.now = m.at
	case drillsMsg:
		r.drills, r.failed = m.drills, m.err
		r.cursor = min(r.cursor, max(len(r.drills)-1, 0))
	case libraryMsg:
		if m.err == nil {
			r.books = m.library.Books
		}
	case drillMsg:
		return r.take(m.view)
	case viewMsg:
		return r.review(m.view)
	case startDrillMsg:
		training := r.training
		r.listing = false
		return r.job(func() tea.Msg { return complaint("start the drill "+m.id, training.Start(m.id)) })
	case pickedMsg:
		if m.form == diagnosis {
			return r.diagnose(m.id)
		}
	case giveUpMsg:
		training := r.training
		return r.job(func() tea.Msg { return complaint("give up", training.GiveUp()) })
	case stamped:
		if k, ok := m.msg.(tea.KeyPressMsg); ok {
			return r.press(k)
		}
	}
	return nil
}

// complaint is the message of an error; nil is silence.
func complaint(what string, err error) tea.Msg {
	if err == nil {
		return nil
	}
	return errorMsg{what, err}
}

// take shows the session as it is now, and says what has turned.
func (r *trainer) take(v drill.View) tea.Cmd {
	var was drill.Phase
	if r.session != nil && r.session.ID == v.ID {
		was = r.session.Phase
	} else {
		r.top = scroll{}
	}
	r.session = &v
	cmds := []tea.Cmd{r.draw()}
	if v.Phase != was {
		r.top = scroll{}
		switch v.Phase {
		case drill.Preparing:
			r.listing = false
			cmds = append(cmds, say(goMsg{screen: onTraining}))
		case drill.Running:
			cmds = append(cmds, say(noticeMsg{"the page came in; the clock runs"}))
		case drill.Recovered:
			cmds = append(cmds, say(noticeMsg{"the goal is reached; 4 shows the debrief"}), r.list())
		case drill.Failed:
			cmds = append(cmds, say(errorMsg{"the drill " + v.ID, errors.New(v.Doing)}))
		}
	}
	return tea.Batch(cmds...)
}

// review looks at the debrief again when a walk went on after the goal was reached.
func (r *trainer) review(v walk.View) tea.Cmd {
	at := v.ID + " " + number(v.Current) + " " + string(v.Status)
	if r.session == nil || !r.session.Phase.Over() || at == r.walked {
		return nil
	}
	r.walked = at
	training := r.training
	return r.job(func() tea.Msg {
		training.Review()
		return nil
	})
}

func (r *trainer) diagnose(id string) tea.Cmd {
	training := r.training
	return r.job(func() tea.Msg {
		right, err := training.Diagnose(id)
		switch {
		case err != nil:
			return errorMsg{"name the book " + id, err}
		case right:
			return noticeMsg{"yes: " + id + " is the book"}
		}
		return noticeMsg{"no: " + id + " is not the book"}
	})
}

// draw has the story drawn.
func (r *trainer) draw() tea.Cmd {
	if r.session == nil {
		return nil
	}
	return r.pages.want("story "+r.session.ID, r.session.Story, r.storyWidth())
}

// live says whether a session is what is shown.
func (r *trainer) live() bool { return r.session != nil && !r.listing }

func (r *trainer) press(k tea.KeyPressMsg) tea.Cmd {
	if !r.live() {
		return r.pressList(k)
	}
	name := k.String()
	running := r.session.Phase == drill.Running
	training := r.training
	switch {
	case name == "h" && running:
		return r.job(func() tea.Msg { return complaint("open a hint", training.Hint()) })
	case name == "d" && running:
		return r.open(newPick(diagnosis, "Which book solves it?", bookChoices(r.books)))
	case name == "x" && running:
		return r.open(&sureDialog{
			heading: "Give up", about: []string{"The drill ends without its goal and scores nothing. The debrief says what the book does."}, does: "gives up", msg: giveUpMsg{},
		})
	case name == "esc" && r.session.Phase.Over():
		r.listing = true
		r.top = scroll{}
	default:
		height := max(r.height-6, 5)
		r.top.by(step(name, height), len(r.lines(&Theme{}, r.width)), height)
	}
	return nil
}

func (r *trainer) pressList(k tea.KeyPressMsg) tea.Cmd {
	if k.String() == "enter" && r.cursor < len(r.drills) {
		e := r.drills[r.cursor]
		return r.open(&sureDialog{
			heading: "Start a drill", about: []string{e.Title, "A trained operator needs " + drill.Clock(e.Par) + ". The training cluster is mended first, and then broken."},
			does: "starts it", msg: startDrillMsg{e.ID},
		})
	}
	r.cursor = min(max(r.cursor+step(k.String(), max(r.height-8, 3)), 0), max(len(r.drills)-1, 0))
	return nil
}

func (r *trainer) bindings() []key.Binding {
	if !r.live() {
		start := bind("enter", "start it", "enter")
		start.SetEnabled(len(r.drills) > 0)
		return []key.Binding{start, bind("up/down", "move", "up", "down"), bind("q", "leave", "q")}
	}
	running, over := r.session.Phase == drill.Running, r.session.Phase.Over()
	hint, name, give, back := bind("h", "next hint", "h"), bind("d", "name the book", "d"), bind("x", "give up", "x"), bind("esc", "the drills", "esc")
	hint.SetEnabled(running && len(r.session.Hints) < r.session.Of)
	name.SetEnabled(running && !r.session.Diagnosed)
	give.SetEnabled(running)
	back.SetEnabled(over)
	return []key.Binding{hint, name, give, back, bind("up/down", "scroll", "up", "down", "pgup", "pgdown"), bind("q", "leave", "q")}
}

// elapsed is the time on the session's clock.
func elapsed(v *drill.View, now time.Time) string { return drill.Clock(v.Elapsed(now)) }
