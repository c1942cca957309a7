package plain

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"recon/internal/gate"
	"recon/internal/walk"
)

// errAgain says that the line was one of the words that work everywhere: it answered nothing, and the question is put
// again. An empty line is an answer (Enter confirms a read), so it cannot say that.
var errAgain = errors.New("the question is put again")

// errBack says that the operator goes back to the book around, and this walk stays open.
var errBack = errors.New("back to the book around")

// answer asks for one line. The words that work everywhere (help, note, jump, steps, escalate, abandon) are handled here
// and come back as errAgain.
func (f *face) answer(ctx context.Context, prompt, help string) (string, error) {
	line, err := f.Ask(ctx, prompt)
	if err != nil {
		return "", err
	}
	line = strings.TrimSpace(line)
	word, rest, _ := strings.Cut(line, " ")
	rest = strings.TrimSpace(rest)
	switch word {
	case "q", "quit":
		return "", ErrLeft
	case "h", "help", "?":
		f.say("%s", help)
		back := ""
		if len(f.within) > 0 {
			back = "back to the book around, "
		}
		f.say("everywhere: note TEXT, steps, jump N, escalate REASON, abandon REASON, %sq to leave", back)
		return "", errAgain
	case "back":
		if len(f.within) > 0 && rest == "" {
			return "", errBack
		}
	case "note":
		return "", f.again(f.walk.Note(rest))
	case "escalate":
		return "", f.again(f.walk.Escalate(rest))
	case "abandon":
		return "", f.again(f.walk.Abandon(rest))
	case "jump":
		n, err := strconv.Atoi(rest)
		if err != nil {
			f.say("jump N: N is the number of a step")
			return "", errAgain
		}
		return "", f.again(f.walk.Jump(n - 1))
	case "steps":
		f.steps()
		return "", errAgain
	}
	return line, nil
}

// again tells an error, if there is one, and has the question put again.
func (f *face) again(err error) error {
	if err := f.told(err); err != nil {
		return err
	}
	return errAgain
}

// told shows an error that the operator can mend, and goes on; the walk itself decides what is allowed.
func (f *face) told(err error) error {
	if err != nil {
		f.say("%s", err)
	}
	return nil
}

func (f *face) steps() {
	v := f.walk.View(f.Eyes.State())
	for i, s := range v.Steps {
		line := fmt.Sprintf("%3d %-10s %s", i+1, s.Status, s.Step.Title)
		if s.Reason != "" {
			line += "   (" + s.Reason + ")"
		}
		f.say("%s", line)
	}
}

func (f *face) prove(ctx context.Context, v walk.View) error {
	s := v.Steps[v.Current]
	said := time.Duration(-1)
	var answer gate.Answer
	stopped, err := f.meanwhile(ctx, "the measuring", func(ctx context.Context, listen func()) (err error) {
		looks := 0
		answer, err = f.walk.Prove(ctx, v.Current, func(p walk.Progress) {
			// One line when it begins to wait, then one every ten seconds: a line mode has no place to redraw.
			if p.Limit > 0 && (said < 0 || p.Waited-said >= 10*time.Second) {
				said = p.Waited
				passing := 0
				for _, c := range p.Checks {
					if c.Answer == gate.Pass {
						passing++
					}
				}
				f.say("  proof: %d of %d hold, %s of %s", passing, len(p.Checks), p.Waited.Round(time.Second), p.Limit)
			}
			// A proof that holds at once needs nobody who stops it.
			if looks++; looks > 1 {
				listen()
			}
		})
		return err
	})
	if err != nil {
		return err
	}
	if stopped {
		f.say("the proof was stopped; nothing is recorded of it")
		f.held = v.Current
		return nil
	}
	now := f.walk.View(f.Eyes.State()).Steps[v.Current]
	if now.Status == walk.NotNeeded {
		f.say("not needed: %s", now.Reason)
		return nil
	}
	f.checks("proof:", append(onlyGate(s, now), now.Proof...))
	f.say("step %d: %s", v.Current+1, map[gate.Answer]string{gate.Pass: "done", gate.Fail: "FAILED: the proof did not hold", gate.Unknown: "FAILED: the proof could not be seen"}[answer])
	return nil
}

func onlyGate(s, now walk.StepView) []walk.Check {
	if len(s.Step.Commands) == 0 {
		return now.Before
	}
	return nil
}

func (f *face) gate(ctx context.Context, v walk.View) error {
	s := v.Steps[v.Current]
	f.say("BLOCKED: %s", s.Reason)
	if v.Next.Plan != nil {
		f.plan(v, v.Next.Plan)
	} else {
		f.checks("checks:", append(s.Before, s.Proof...))
	}
	line, err := f.answer(ctx, "[enter] look again  wait  skip REASON  override REASON > ",
		"enter: look again; wait: wait until nothing blocks; skip REASON: leave the step out; override REASON: go on although it is blocked (recorded, and never for what destroys)")
	if err != nil {
		return err
	}
	word, rest, _ := strings.Cut(line, " ")
	switch word {
	case "wait":
		return f.waitGate(ctx, v)
	case "skip":
		return f.told(f.walk.Skip(v.Current, rest))
	case "override":
		return f.told(f.walk.Override(v.Current, rest))
	case "":
		return nil
	}
	f.say("%q is not understood; h for help", line)
	return nil
}

// waitGate waits until the walk waits for something else.
func (f *face) waitGate(ctx context.Context, v walk.View) error {
	began, last := time.Now(), time.Duration(0)
	stopped, err := f.meanwhile(ctx, "the waiting", func(ctx context.Context, listen func()) error {
		listen()
		for {
			s := f.Eyes.State()
			now := f.walk.View(s)
			if now.Next.Kind != walk.NextGate || now.Current != v.Current {
				f.say("  free after %s", time.Since(began).Round(time.Second))
				return nil
			}
			if waited := time.Since(began); waited-last >= 10*time.Second {
				last = waited
				f.say("  waiting for %s: %s", waited.Round(time.Second), now.Steps[now.Current].Reason)
			}
			if err := f.waitState(ctx, s); err != nil {
				return err
			}
		}
	})
	if stopped {
		f.say("  stopped after %s", time.Since(began).Round(time.Second))
	}
	return err
}

func (f *face) decide(ctx context.Context, v walk.View) error {
	f.say("%s", v.Steps[v.Current].Reason)
	f.checks("only when:", v.Steps[v.Current].When)
	line, err := f.answer(ctx, "does the step apply?  yes REASON  no REASON > ", "yes REASON: walk the step; no REASON: it is not needed; enter: look again")
	if err != nil {
		return err
	}
	word, rest, _ := strings.Cut(line, " ")
	switch word {
	case "yes", "no":
		return f.told(f.walk.Decide(v.Current, word == "yes", rest))
	}
	return nil
}

func (f *face) confirm(ctx context.Context, v walk.View, p *walk.Plan) error {
	f.plan(v, p)
	prompt := map[walk.Confirmation]string{
		walk.ByEnter: "[enter] run  skip REASON > ",
		walk.ByYes:   fmt.Sprintf("CHANGE on %s: y to run  skip REASON > ", strings.Join(p.Targets, ", ")),
		walk.ByName:  fmt.Sprintf("DESTROY on %s: type the name of the target to run  skip REASON > ", strings.Join(p.Targets, ", ")),
	}[p.Confirm]
	line, err := f.answer(ctx, prompt, "what is shown is byte for byte what will be sent; skip REASON leaves the step out")
	if err != nil {
		return err
	}
	if word, rest, _ := strings.Cut(line, " "); word == "skip" {
		return f.told(f.walk.Skip(v.Current, rest))
	}
	how, typed := p.Confirm, ""
	switch p.Confirm {
	case walk.ByEnter:
		if line != "" {
			f.say("nothing was run: only Enter confirms a read")
			return nil
		}
	case walk.ByYes:
		if line != "y" {
			f.say("nothing was run: only y confirms a change")
			return nil
		}
	case walk.ByName:
		typed = line
	}
	a, err := f.walk.Approve(p, how, typed)
	if err != nil {
		return f.told(err)
	}
	return f.execute(ctx, a)
}

func (f *face) question(ctx context.Context, v walk.View) error {
	q := v.Next.Question
	f.say("%s", q.Question)
	for i, c := range v.Next.Choices {
		f.say("  %d  %s", i+1, c)
	}
	prompt := q.Name + " > "
	if v.Next.Default != "" {
		prompt = q.Name + " [" + v.Next.Default + "] > "
	}
	line, err := f.answer(ctx, prompt, "the answer is kept in the trail; choices are given by number or by their words")
	if err != nil {
		return err
	}
	if line == "" {
		line = v.Next.Default
	}
	if n, err := strconv.Atoi(line); err == nil && n >= 1 && n <= len(v.Next.Choices) {
		line = v.Next.Choices[n-1]
	}
	if line == "" {
		return nil
	}
	return f.told(f.walk.Answer(q.Name, line))
}

func (f *face) attest(ctx context.Context, v walk.View) error {
	line, err := f.answer(ctx, "done by hand; what did you do and see?  (skip REASON leaves it out) > ", "your words are the only proof of this step, and the trail says so")
	if err != nil || line == "" {
		return err
	}
	if word, rest, _ := strings.Cut(line, " "); word == "skip" {
		return f.told(f.walk.Skip(v.Current, rest))
	}
	return f.told(f.walk.Attest(v.Current, line))
}

func (f *face) reconcile(ctx context.Context, v walk.View) error {
	s := v.Steps[v.Current]
	f.say("OUTCOME UNKNOWN: %s", s.Reason)
	f.say("It may have run, in part or in whole. Look before you decide; it cannot be tried again until then.")
	f.checks("what its proof says now:", s.Proof)
	line, err := f.answer(ctx, "proof  done REASON  not done REASON  unknown REASON > ",
		"proof: measure the proof, which settles it when it holds; done / not done: your judgement, recorded; unknown: leave it open")
	if err != nil {
		return err
	}
	switch word, rest, _ := strings.Cut(line, " "); {
	case word == "proof":
		if s.Step.Proof == nil {
			f.say("the step has no proof to measure")
			return nil
		}
		return f.prove(ctx, v)
	case word == "done":
		return f.told(f.walk.Reconcile(v.Current, "done", rest))
	case strings.HasPrefix(line, "not done"):
		return f.told(f.walk.Reconcile(v.Current, "not done", strings.TrimSpace(strings.TrimPrefix(line, "not done"))))
	case word == "unknown":
		return f.told(f.walk.Reconcile(v.Current, "unknown", rest))
	}
	return nil
}

func (f *face) choose(ctx context.Context, v walk.View) error {
	s := v.Steps[v.Current]
	f.say("FAILED: %s", s.Reason)
	prompt := "retry  skip REASON  vouch NOTE > "
	if v.Next.CanRollBack {
		prompt = "retry  rollback  skip REASON  vouch NOTE > "
	}
	if v.Next.CanOverride {
		f.say("Only the dry run failed: nothing was changed. It may be because of what an earlier task would have made.")
		prompt = "override REASON  " + prompt
	}
	line, err := f.answer(ctx, prompt, "retry: offer it again; override REASON: go on although the dry run failed; rollback: undo it; skip REASON: leave it; vouch NOTE: it holds on your word")
	if err != nil {
		return err
	}
	switch word, rest, _ := strings.Cut(line, " "); word {
	case "retry":
		return f.told(f.walk.Retry(v.Current))
	case "skip":
		return f.told(f.walk.Skip(v.Current, rest))
	case "vouch":
		return f.told(f.walk.Attest(v.Current, rest))
	case "override":
		return f.told(f.walk.Override(v.Current, rest))
	case "rollback":
		p, err := f.walk.RollBack(v.Current)
		if err != nil {
			return f.told(err)
		}
		return f.confirm(ctx, v, p)
	}
	return nil
}

func (f *face) finish(ctx context.Context, v walk.View) error {
	f.say("\nEvery step is behind us.")
	if len(v.Next.Leftovers) == 0 {
		f.say("The scan for leftovers found none.")
		return f.finished(nil)
	}
	f.say("Left behind:")
	for _, l := range v.Next.Leftovers {
		f.say("  ! %s", l)
	}
	line, err := f.answer(ctx, "type `seen` to acknowledge them and end the walk, jump N to go back > ", "the trail keeps what is left behind and that you saw it")
	if err != nil {
		return err
	}
	if line == "seen" {
		return f.finished(v.Next.Leftovers)
	}
	return nil
}

func (f *face) finished(ack []string) error { return f.told(f.walk.Finish(ack)) }

// Left says whether an error is the operator's leaving or the end of the terminal, after which the walk is still open or has
// not begun.
func Left(err error) bool { return errors.Is(err, ErrLeft) || errors.Is(err, ErrNotBegun) }
