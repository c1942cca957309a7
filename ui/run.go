package ui

import (
	"context"
	"errors"
	"fmt"
	"time"

	tea "charm.land/bubbletea/v2"

	"recon/probes"
)

// outcomeWithin is how long the console waits for a step that it cut off, when it ends.
const outcomeWithin = 20 * time.Second

// framesPerSecond is enough for a screen of text, also over a slow line.
const framesPerSecond = 30

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
	program := tea.NewProgram(c, tea.WithContext(running), tea.WithFilter(stamp(o.Now)), tea.WithoutSignalHandler(), tea.WithFPS(framesPerSecond))
	seen := make(chan struct{})
	go func() {
		defer close(seen)
		o.Eyes.Subscribe(running, func(s *probes.State) { program.Send(stateMsg{s}) })
	}()
	_, err := program.Run()
	stop()
	<-seen
	if ctx.Err() != nil {
		err = ctx.Err()
	}
	return errors.Join(err, closeWalk(jobs, w))
}

// closeWalk waits for what is under way and closes the walk, which stays open in its trail.
func closeWalk(j *jobs, w *walker) error {
	if !j.end(outcomeWithin) {
		return fmt.Errorf("the step did not end within %s after it was cut off; its outcome is unknown, and `recon walk --resume` asks for it", outcomeWithin)
	}
	if w.walk == nil {
		return nil
	}
	return w.walk.Close()
}
