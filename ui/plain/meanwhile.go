package plain

import (
	"context"
	"errors"
	"strings"
	"sync"

	"recon/internal/walk"
)

// errStopped says that the operator stopped what was waited for.
var errStopped = errors.New("stopped by the operator")

// meanwhile does what takes long, while the operator can stop it with x, or leave with q: from when do calls listen, as often
// as it likes. The prompt is a line of its own, so that what is said meanwhile does not stand behind it. stopped is true when it
// was stopped before its end.
func (f *face) meanwhile(ctx context.Context, what string, do func(ctx context.Context, listen func()) error) (stopped bool, err error) {
	working, stop := context.WithCancelCause(ctx)
	var listening sync.WaitGroup
	err = do(working, sync.OnceFunc(func() {
		listening.Go(func() { stop(f.listen(working, what)) })
	}))
	stop(nil)
	listening.Wait() // two questions at once would take each other's answers
	cause := context.Cause(working)
	switch {
	case ctx.Err() != nil, errors.Is(cause, context.Canceled):
		return false, err
	case errors.Is(cause, errStopped):
		return err != nil, nil
	}
	return false, cause // the operator left, or the terminal is gone
}

// listen waits for the word that stops, until ctx ends.
func (f *face) listen(ctx context.Context, what string) error {
	prompt := "  x and Enter stops " + what + "; q and Enter leaves\n"
	for {
		line, err := f.Ask(ctx, prompt)
		if err != nil {
			return err
		}
		switch strings.TrimSpace(line) {
		case "x":
			return errStopped
		case "q", "quit":
			return ErrLeft
		case "":
			prompt = ""
		default:
			prompt = "  only x stops " + what + ", and q leaves; everything else waits for its end\n"
		}
	}
}

// heldProof is about a proof that was stopped: it is not measured again before the operator says so.
func (f *face) heldProof(ctx context.Context, v walk.View) error {
	line, err := f.answer(ctx, "the proof waits: [enter] measure it  skip REASON  vouch NOTE > ",
		"enter: measure the proof again from its beginning; skip REASON: leave the step; vouch NOTE: it holds on your word, and the trail says so")
	if err != nil {
		return err
	}
	switch word, rest, _ := strings.Cut(line, " "); {
	case line == "":
		f.held = -1
		return f.prove(ctx, v)
	case word == "skip":
		return f.told(f.walk.Skip(v.Current, rest))
	case word == "vouch":
		return f.told(f.walk.Attest(v.Current, rest))
	}
	f.say("%q is not understood; h for help", line)
	return nil
}
