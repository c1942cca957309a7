package ui

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	tea "charm.land/bubbletea/v2"

	"recon/internal/drill"
	"recon/probes"
)

// outcomeWithin is how long the console waits for a step that it cut off, when it ends.
const outcomeWithin = 20 * time.Second

// framesPerSecond is enough for a screen of text, also over a slow line.
const framesPerSecond = 30

// quitsWithin is how long the program may take to quit in good order.
const quitsWithin = 3 * time.Second

// Run shows the console until the operator leaves (nil), ctx ends (its error) or the terminal fails. The terminal is
// restored whatever happens. A step under way when the console ends is cut off, its outcome recorded, and the walk closed
// before Run returns.
func Run(ctx context.Context, o Options) error {
	if o.Now == nil {
		o.Now = time.Now
	}
	jobs := newJobs(ctx)
	c, w := assemble(o, jobs)
	running, stop := context.WithCancel(ctx)
	defer stop()
	killed, kill := context.WithCancel(context.WithoutCancel(ctx))
	defer kill()
	g := &guarded{console: c}
	program := tea.NewProgram(g, tea.WithContext(killed), tea.WithFilter(stamp(o.Now)), tea.WithoutSignalHandler(), tea.WithFPS(framesPerSecond))
	// When ctx ends the program quits as if it was asked to, and is killed only if it does not.
	ended := make(chan struct{})
	defer context.AfterFunc(ctx, func() {
		go program.Quit()
		select {
		case <-ended:
		case <-time.After(quitsWithin):
			kill()
		}
	})()
	seen := make(chan struct{})
	go func() {
		defer close(seen)
		var all sync.WaitGroup
		if c.trains() {
			all.Go(func() { o.Training.Subscribe(running, func(v drill.View) { program.Send(drillMsg{v}) }) })
		}
		o.Eyes.Subscribe(running, func(s *probes.State) { program.Send(stateMsg{s}) })
		all.Wait()
	}()
	_, err := program.Run()
	close(ended)
	stop()
	<-seen
	switch {
	case g.failed != nil:
		err = *g.failed
	case ctx.Err() != nil:
		err = ctx.Err()
	}
	return errors.Join(err, closeWalk(jobs, w))
}

// closeWalk waits for what is under way and closes the walk, which stays open in its trail.
func closeWalk(j *jobs, w *walker) error {
	if !j.end(outcomeWithin) {
		return fmt.Errorf("the step did not end within %s after it was cut off; its outcome is unknown, and `recon walk --resume` asks for it", outcomeWithin)
	}
	var errs []error
	for _, one := range w.all() {
		errs = append(errs, one.Close())
	}
	return errors.Join(errs...)
}
