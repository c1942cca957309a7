package ui

import (
	"context"
	"sync"
	"time"

	tea "charm.land/bubbletea/v2"
)

// jobs runs what may wait, in commands, and knows when all of it has ended. A command of Bubble Tea outlives the program;
// a job is waited for, because the outcome of a step must be recorded before the walk is closed.
type jobs struct {
	start func(do func(context.Context) tea.Msg) (tea.Cmd, context.CancelFunc)
	// end refuses new jobs, cuts off those that run, and says whether they ended in time.
	end func(limit time.Duration) bool
}

func newJobs(ctx context.Context) *jobs {
	ctx, cancelAll := context.WithCancel(ctx)
	var mu sync.Mutex
	var running sync.WaitGroup
	closed := false
	begin := func() bool {
		mu.Lock()
		defer mu.Unlock()
		if !closed {
			running.Add(1)
		}
		return !closed
	}
	return &jobs{
		start: func(do func(context.Context) tea.Msg) (tea.Cmd, context.CancelFunc) {
			mine, cancel := context.WithCancel(ctx)
			return func() tea.Msg {
				defer cancel()
				if !begin() {
					return nil
				}
				defer running.Done()
				return do(mine)
			}, cancel
		},
		end: func(limit time.Duration) bool {
			mu.Lock()
			closed = true
			mu.Unlock()
			cancelAll()
			done := make(chan struct{})
			go func() {
				running.Wait()
				close(done)
			}()
			late := time.NewTimer(limit)
			defer late.Stop()
			select {
			case <-done:
				return true
			case <-late.C:
				return false
			}
		},
	}
}
