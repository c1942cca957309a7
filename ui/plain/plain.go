// Package plain is the line mode: the same walk as on the console, line by line, for a serial line, a screen reader, a
// recorded terminal, and for whoever wants to talk to it from another program.
//
// It asks on a terminal and nowhere else: without one, a step that needs a confirmation is an error, never a yes. What was
// typed before a question was shown is thrown away, so that nothing is confirmed by a key pressed too early. Run leads one
// walk to its end.
package plain

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"recon/internal/gate"
	"recon/internal/remote"
	"recon/internal/walk"
	"recon/probes"
	"recon/runbooks"
)

// ErrNoTerminal is returned when something would have to be confirmed and nobody is there to do it.
var ErrNoTerminal = errors.New("this step needs a person at a terminal, and there is none; recon never confirms for you")

// ErrLeft is returned when the operator leaves an open walk.
var ErrLeft = errors.New("left; the walk stays open and `recon walk --resume` goes on with it")

// ErrNotBegun is returned when the operator leaves at a question that comes before the walk.
var ErrNotBegun = errors.New("left before the walk began; nothing was recorded")

// Console is where the line mode talks.
type Console struct {
	Out io.Writer
	// Ask shows a prompt and returns the line typed after it, without its end. It throws away what was typed before.
	Ask func(ctx context.Context, prompt string) (string, error)
	// Eyes is the cluster's state.
	Eyes walk.Eyes
	// Width wraps nothing; lines are as long as they are. Pause is how often a closed gate is looked at.
	Pause time.Duration
	// within are the books around the one that is walked, outermost first.
	within []string
}

// Run leads the walk until it ends (nil), the operator leaves (ErrLeft) or ctx ends.
func (c *Console) Run(ctx context.Context, w *walk.Walk) error {
	f := &face{Console: c, walk: w, shown: -1, held: -1}
	if f.Pause == 0 {
		f.Pause = time.Second
	}
	f.introduce()
	for {
		v := w.View(c.Eyes.State())
		if v.TrailError != "" {
			return fmt.Errorf("the trail cannot be written: %s", v.TrailError)
		}
		if v.Next.Kind == walk.NextNothing {
			f.say("The walk is %s.", v.Status)
			return nil
		}
		f.heading(v)
		if err := f.handle(ctx, v); err != nil && !errors.Is(err, errAgain) {
			return err
		}
	}
}

// face is one run of the line mode.
type face struct {
	*Console
	walk  *walk.Walk
	shown int
	// held is the step whose proof was stopped and waits to be measured again, or -1.
	held int
	mu   sync.Mutex
}

func (f *face) say(format string, args ...any) {
	f.mu.Lock()
	defer f.mu.Unlock()
	// A closed output is found out by Ask; nothing can be said about it here.
	_, _ = fmt.Fprintf(f.Out, format+"\n", args...)
}

func (f *face) introduce() {
	v := f.walk.View(f.Eyes.State())
	f.say("%s", strings.Join(append(slices.Clone(f.within), v.Book.Title), " › "))
	f.say("book %s  sha256 %.8s  trail %s", v.Book.ID, v.Book.Hash, v.Trail)
	if v.DryRun {
		f.say("DRY RUN: commands are shown and never sent.")
	}
	for _, in := range v.Book.Inputs {
		f.say("input %s = %s", in.Name, v.Inputs[in.Name])
	}
	if len(f.within) > 0 {
		f.say("At every question: h for help, back to the book around, q to leave (all of them stay open).")
	} else {
		f.say("At every question: h for help, q to leave (the walk stays open).")
	}
	if t := strings.TrimSpace(v.Book.Intro); t != "" {
		f.say("\n%s", t)
	}
}

func (f *face) heading(v walk.View) {
	if v.Current == f.shown || v.Next.Kind == walk.NextFinish {
		return
	}
	f.shown = v.Current
	s := v.Steps[v.Current]
	f.say("\n== step %d of %d: %s", v.Current+1, len(v.Steps), s.Step.Title)
	if t := strings.TrimSpace(s.Step.Text); t != "" {
		f.say("%s", t)
	}
}

func (f *face) handle(ctx context.Context, v walk.View) error {
	if v.Next.Kind == walk.NextProve && f.held == v.Current {
		return f.heldProof(ctx, v)
	}
	f.held = -1
	switch v.Next.Kind {
	case walk.NextProve:
		return f.prove(ctx, v)
	case walk.NextGate:
		return f.gate(ctx, v)
	case walk.NextDecide:
		return f.decide(ctx, v)
	case walk.NextConfirm:
		return f.confirm(ctx, v, v.Next.Plan)
	case walk.NextBook:
		return f.book(ctx, v)
	case walk.NextAsk:
		return f.question(ctx, v)
	case walk.NextAttest:
		return f.attest(ctx, v)
	case walk.NextReconcile:
		return f.reconcile(ctx, v)
	case walk.NextChoose:
		return f.choose(ctx, v)
	default:
		return f.finish(ctx, v)
	}
}

func (f *face) checks(title string, checks []walk.Check) {
	if len(checks) == 0 {
		return
	}
	f.say("%s", title)
	for _, c := range checks {
		f.say("  %s", describe(c))
		if c.Answer != gate.Pass && c.Waived == "" {
			if c.Unseen != "" {
				f.say("      not seen: %s", c.Unseen)
			}
			for _, p := range c.Parts {
				f.say("      %s = %s", p.Text, p.Value)
			}
		}
	}
}

func describe(c walk.Check) string {
	mark := map[gate.Answer]string{gate.Pass: "✓ pass   ", gate.Fail: "✗ FAIL   ", gate.Unknown: "? UNKNOWN"}[c.Answer]
	if c.Waived != "" {
		mark = "- waived "
	}
	text := c.Text
	if c.Guard != "" {
		text = c.Guard + ": " + text
	}
	if c.Waived != "" {
		return mark + " " + text + "   (" + c.Waived + ")"
	}
	if c.Explain != "" {
		text += "   (" + c.Explain + ")"
	}
	return mark + " " + text
}

// plan shows byte for byte what will be sent.
func (f *face) plan(v walk.View, p *walk.Plan) {
	s := v.Steps[p.Step]
	f.checks("before:", s.Before)
	for _, it := range p.Items {
		word := strings.ToUpper(string(it.Risk))
		if p.Rollback {
			word = "ROLLBACK, " + word
		}
		f.say("%s on %s as %s, at most %s%s", word, strings.Join(it.Targets, ", "), it.Who, it.Timeout, map[bool]string{true: ", survives a lost connection"}[it.Disconnect == "survive"])
		for _, a := range it.Assignments {
			f.say("  | %s", a)
		}
		for _, l := range strings.Split(strings.TrimRight(it.Script, "\n"), "\n") {
			f.say("  | %s", l)
		}
	}
	if s.Step.Proof != nil && p.Risk != runbooks.Read && !p.Rollback {
		f.checks(fmt.Sprintf("after, within %s:", s.Step.Proof.Within), s.Proof)
		if p.HeldBefore {
			f.say("! the proof holds already: it will prove nothing about this step")
		}
	}
}

func (f *face) execute(ctx context.Context, a *walk.Approval) error {
	rep, err := f.walk.Execute(ctx, a, func(target string) io.Writer { return &prefixed{face: f, target: target} })
	if err != nil {
		return err
	}
	if len(rep.Changed) > 0 {
		f.checks("STOPPED, nothing was sent: this is no longer as it was when you confirmed:", rep.Changed)
		return nil
	}
	for _, o := range rep.Outcomes {
		text := string(o.Kind)
		if o.Kind == remote.Failed && o.Reason == "" {
			text += fmt.Sprintf(" (%d)", o.Code)
		}
		if o.Reason != "" {
			text += ": " + o.Reason
		}
		f.say("%s: %s after %s", o.Target, text, o.Duration.Round(time.Millisecond))
	}
	return nil
}

// prefixed writes whole lines with the name of their host in front.
type prefixed struct {
	face   *face
	target string
	rest   string
}

func (p *prefixed) Write(b []byte) (int, error) {
	text := p.rest + string(b)
	for {
		line, rest, ok := strings.Cut(text, "\n")
		if !ok {
			break
		}
		p.face.say("%s | %s", p.target, line)
		text = rest
	}
	p.rest = text
	return len(b), nil
}

// waitState waits for a State other than s, or for the pause.
func (f *face) waitState(ctx context.Context, s *probes.State) error {
	t := time.NewTimer(f.Pause)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-t.C:
			if f.Eyes.State().Seq != s.Seq {
				return nil
			}
			t.Reset(f.Pause)
		}
	}
}
