package ui

import (
	"time"

	tea "charm.land/bubbletea/v2"

	"recon/internal/inventory"
)

// loadAfter is how long the library waits, so that the first frame does not wait for it.
const loadAfter = 30 * time.Millisecond

// assemble puts the console together. Nothing is read, asked or drawn here.
func assemble(o Options, j *jobs) (*console, *walker) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Theme == nil {
		o.Theme = DefaultTheme()
	}
	t, s := o.Theme, o.Eyes.State()
	at := clock{now: o.Now()}
	c := &console{
		theme: t, guide: guide{say: o.Guide}, dialogs: pile{now: o.Now}, tick: second(o.Now),
		frame: &frame{clock: at, file: o.Cluster, operator: o.Operator, host: o.Host, state: s},
	}
	open := c.dialogs.open
	start := starter{open: open, jobs: j, walks: o.Walks, book: o.Book, inputs: o.Inputs, dryRun: o.DryRun}
	w := newWalker(t, open, j, o.Eyes, s, at)
	c.screens = []screen{newCluster(o.Cluster, s, nil, open, at), newLibrary(t, s, nil, start, at), w}
	var begin []tea.Cmd
	if o.Training != nil && o.Cluster.Environment == inventory.Training {
		tr := newTrainer(t, o.Training, open, j, at)
		c.screens = append(c.screens, tr)
		c.frame.trains = true
		begin = append(begin, tr.list())
		if v, ok := o.Training.View(); ok {
			c.focus = onTraining
			begin = append(begin, say(drillMsg{v}))
		}
	}
	if o.Walk != nil {
		c.focus = onWalk
		begin = append(begin, w.take(o.Walk))
	}
	c.begin = tea.Batch(begin...)
	if o.Library != nil || o.Load != nil {
		c.load = tea.Tick(loadAfter, func(time.Time) tea.Msg { return loaded(o) })
	}
	if o.Walks != nil {
		c.load = tea.Batch(c.load, say(lookAgainMsg{}))
	}
	return c, w
}

func loaded(o Options) tea.Msg {
	if o.Library != nil {
		return libraryMsg{library: o.Library}
	}
	l, err := o.Load()
	return libraryMsg{library: l, err: err}
}

// second ticks at the next full second, so that the clock on the screen does not jump.
func second(now func() time.Time) tea.Cmd {
	return func() tea.Msg {
		at := now()
		t := time.NewTimer(at.Truncate(time.Second).Add(time.Second).Sub(at))
		<-t.C
		return tickMsg{now()}
	}
}
