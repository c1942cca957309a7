package walk

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"recon/actions"
	"recon/internal/audit"
	"recon/internal/gate"
	"recon/internal/remote"
	"recon/probes"
	"recon/runbooks"
)

// maxCapture is how much of an output can be captured or matched, in bytes.
const maxCapture = 64 << 10

// freshFor bounds how long fresh answers are waited for before a step; a host that is dead takes its probe's deadline.
const freshFor = 8 * time.Second

// Approval is one confirmation of one plan. It starts at most one run.
type Approval struct {
	plan *Plan
	seq  uint64
}

// Report is what became of an approved plan.
type Report struct {
	// Changed is not empty when something was no longer as it was when the operator confirmed: then nothing was sent.
	Changed []Check
	// Outcomes are per target, in the order of the commands.
	Outcomes []actions.Outcome
}

// Approve turns a plan into an approval. how must be what the plan asks for (a stronger way is welcome), and for ByName
// typed must be the whole name. The gates that the operator saw are recorded with it. Nothing is sent.
func (w *Walk) Approve(p *Plan, how Confirmation, typed string) (*Approval, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.fold.status != Open {
		return nil, fmt.Errorf("the walk has ended (%s)", w.fold.status)
	}
	if w.running {
		return nil, errors.New("a step is running; wait for its outcome")
	}
	if p.Refused != "" {
		return nil, errors.New(p.Refused)
	}
	if worst(p.gates) != gate.Pass && w.fold.steps[p.Step].overridden == "" {
		return nil, fmt.Errorf("the step is blocked: %s", why(p.gates))
	}
	strength := map[Confirmation]int{ByEnter: 1, ByYes: 2, ByName: 3}
	if strength[how] < strength[p.Confirm] {
		return nil, fmt.Errorf("a step that may %s is not confirmed by %s", p.Risk, how)
	}
	if p.Confirm == ByName && typed != p.Type {
		return nil, fmt.Errorf("%q is not %q: nothing was confirmed", typed, p.Type)
	}
	s := w.cfg.Eyes.State()
	if err := w.append(audit.KindGate, audit.Gate{Step: p.Step + 1, Phase: audit.Display, Lines: lines(p.gates), State: seen(s)}); err != nil {
		return nil, err
	}
	ap := audit.Approval{Step: p.Step + 1, Plan: p.Hash, How: map[Confirmation]string{ByEnter: audit.Enter, ByYes: audit.Yes, ByName: audit.Typed}[how], Text: typed, By: w.cfg.Operator}
	for _, it := range p.Items {
		ap.Blocks = append(ap.Blocks, it.block+1)
	}
	r, err := w.record(audit.KindApproval, ap)
	if err != nil {
		return nil, err
	}
	w.used[r.Seq] = false
	w.heldBefore[p.Step] = p.HeldBefore
	return &Approval{plan: p, seq: r.Seq}, nil
}

// Execute runs an approved plan once. It asks the probes again, and if a gate, a target or a byte is not what was
// approved, nothing is sent and Report.Changed says what it was. Otherwise the intent is on disk before the first byte goes
// out. sink gives each target's writer for cleaned output; a writer must not block. When ctx ends, what is under way is
// cut off and its outcome is what can be known of it.
func (w *Walk) Execute(ctx context.Context, a *Approval, sink func(target string) io.Writer) (Report, error) {
	if err := w.begin(a); err != nil {
		return Report{}, err
	}
	defer func() {
		w.mu.Lock()
		w.running = false
		w.mu.Unlock()
	}()
	var rep Report
	for i := range a.plan.Items {
		// Each command of the group reads the gates for itself: the one before may have taken long.
		s := w.fresh(ctx, a.plan)
		now, changed, err := w.same(a.plan, s)
		if err != nil || len(changed) > 0 {
			rep.Changed = changed
			return rep, err
		}
		outcomes, err := w.runItem(ctx, a, &a.plan.Items[i], now, s, sink)
		rep.Outcomes = append(rep.Outcomes, outcomes...)
		if err != nil {
			return rep, err
		}
		if slices.ContainsFunc(outcomes, func(o actions.Outcome) bool { return o.Kind != remote.OK }) {
			return rep, nil
		}
	}
	return rep, nil
}

func (w *Walk) begin(a *Approval) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	used, known := w.used[a.seq]
	switch {
	case !known:
		return errors.New("this approval is not of this console")
	case used:
		return errors.New("this approval was used; every run needs its own")
	case w.running:
		return errors.New("a step is running; wait for its outcome")
	}
	w.used[a.seq], w.running = true, true
	return nil
}

// fresh asks what the plan's gates and targets read. A step that reads nothing waits for nothing.
func (w *Walk) fresh(ctx context.Context, p *Plan) *probes.State {
	step := &w.book.Steps[p.Step]
	exprs := exprsOf(step.Before)
	for _, it := range p.Items {
		exprs = append(exprs, it.command.On.Expr)
	}
	for _, g := range w.cfg.Library.Guards {
		for _, it := range p.Items {
			if g.Covers(w.book, &it.command) {
				exprs = append(exprs, g.Check.Expr)
			}
		}
	}
	need := sections(exprs...)
	for _, c := range p.gates {
		switch c.Guard {
		case runbooks.NotLeader:
			need = append(need, "patroni")
		case runbooks.QuorumStays:
			need = append(need, "etcd")
		}
	}
	if len(need) == 0 {
		return w.cfg.Eyes.State()
	}
	ctx, cancel := context.WithTimeout(ctx, freshFor)
	defer cancel()
	s, err := w.cfg.Eyes.Fresh(ctx, need)
	if err != nil && s == nil {
		return unseen(w.now(), err)
	}
	return s
}

// unseen is the State in which nothing is a fact; every gate that reads anything is unknown in it.
func unseen(now time.Time, err error) *probes.State {
	why := "the probes gave no fresh answer: " + err.Error()
	return &probes.State{
		At: now, Etcd: probes.Etcd{Unseen: why}, Patroni: probes.Patroni{Unseen: why, UnseenDCS: why}, Postgres: probes.Postgres{Unseen: why},
	}
}

// same compares the plan with what it would be now. It returns the gates as they are now.
func (w *Walk) same(p *Plan, s *probes.State) (now, changed []Check, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	step := &w.book.Steps[p.Step]
	vars := w.vars(s)
	for _, it := range p.Items {
		for _, c := range w.gates(step, &it.command, p.Rollback, it.Targets, s, vars) {
			if !slices.ContainsFunc(now, func(have Check) bool { return have.Text == c.Text && have.Guard == c.Guard }) {
				now = append(now, c)
			}
		}
		targets, terr := w.targets(&it.command, vars, s)
		var gone []string
		for _, t := range append(slices.Clone(it.Targets), it.rest...) {
			if !slices.Contains(targets, t) {
				gone = append(gone, t)
			}
		}
		bf := w.fold.steps[p.Step].blocks[it.block]
		var more []string
		for _, t := range targets {
			if !slices.Contains(it.Targets, t) && !slices.Contains(it.rest, t) && bf.targets[t].outcome != audit.OK {
				more = append(more, t)
			}
		}
		switch {
		case terr != nil:
			changed = append(changed, Check{Text: "on=" + it.command.On.Text, Answer: gate.Unknown, Unseen: terr.Error()})
		case len(gone)+len(more) > 0:
			changed = append(changed, Check{Text: "on=" + it.command.On.Text, Answer: gate.Fail, Parts: []gate.Part{
				{Text: "confirmed", Value: strings.Join(it.Targets, ", "), Answer: gate.Pass},
				{Text: "now", Value: strings.Join(targets, ", "), Answer: gate.Fail},
			}})
		}
	}
	if w.fold.steps[p.Step].overridden == "" {
		changed = append(changed, failing(now)...)
	}
	if len(changed) > 0 {
		err = w.append(audit.KindGate, audit.Gate{Step: p.Step + 1, Phase: audit.Execution, Lines: lines(append(slices.Clone(now), changed...)), State: seen(s)})
	}
	return now, changed, err
}

// runItem records the intent of one command, sends it, and records what came back.
func (w *Walk) runItem(ctx context.Context, a *Approval, it *Item, gates []Check, s *probes.State, sink func(string) io.Writer) ([]actions.Outcome, error) {
	rec, attempt, err := w.intend(a, it, gates, s)
	if err != nil {
		return nil, err
	}
	kept := &keepers{walk: w, seq: rec.Seq, sink: sink, attempt: attempt, open: map[string]*keeper{}}
	var outcomes []actions.Outcome
	if w.fold.start.DryRun {
		for _, shot := range it.plan.Shots {
			outcomes = append(outcomes, actions.Outcome{Target: shot.Target, Kind: remote.ExitKind(dryRun), Began: w.now()})
		}
	} else {
		outcomes = w.cfg.Hands.Run(ctx, it.plan, kept.writer)
	}
	result := audit.Result{Intent: rec.Seq}
	for i := range outcomes {
		o := &outcomes[i]
		k := kept.close(o.Target)
		tr := audit.TargetResult{Target: o.Target, Started: o.Began, Duration: o.Duration, Output: k.kept, Tasks: tasks(o.Tasks)}
		w.judge(it, o, k.head.Bytes(), &tr)
		tr.Outcome, tr.Code, tr.Signal, tr.Reason = exitOutcome(o.Kind), o.Code, o.Signal, o.Reason
		if w.fold.start.DryRun {
			o.Kind = remote.OK
		}
		result.Targets = append(result.Targets, tr)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return outcomes, w.append(audit.KindResult, result)
}

// tasks are a playbook's counts as the trail keeps them.
func tasks(t *actions.Tasks) *audit.Tasks {
	if t == nil {
		return nil
	}
	return &audit.Tasks{OK: t.OK, Changed: t.Changed, Skipped: t.Skipped, Failed: t.Failed, Ignored: t.Ignored, Failure: t.Failure, Message: t.Message}
}

// judge applies `expect=` and `capture=` to what came back.
func (w *Walk) judge(it *Item, o *actions.Outcome, out []byte, tr *audit.TargetResult) {
	if o.Kind != remote.OK {
		return
	}
	if it.command.Expect != "" && it.Kind != actions.HTTP {
		re, err := regexp.Compile(it.command.Expect)
		switch {
		case err != nil:
			o.Kind, o.Reason = remote.Failed, "expect= cannot be read: "+err.Error()
		case !re.Match(out):
			o.Kind, o.Reason = remote.Failed, "the output does not match expect="+it.command.Expect
		}
	}
	if it.command.Capture != "" && o.Kind == remote.OK {
		tr.Captures = map[string]string{it.command.Capture: strings.TrimSpace(string(out))}
	}
}

func (w *Walk) intend(a *Approval, it *Item, gates []Check, s *probes.State) (audit.Record, int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	bf := &w.fold.steps[a.plan.Step].blocks[it.block]
	in := audit.Intent{
		Step: a.plan.Step + 1, Block: it.block + 1, Approval: a.seq, Plan: a.plan.Hash, Kind: string(it.Kind), Risk: string(it.Risk),
		Attempt: bf.attempts + 1, Rest: it.rest, Shown: audit.Shown{Script: it.Script}, Wire: map[string]string{}, Timeout: it.Timeout,
		Disconnect: it.Disconnect, Gates: lines(gates), State: seen(s),
	}
	if p := it.plan.Command.Play; p != nil {
		in.DryRun = p.DryRun
	}
	if a.plan.Rollback {
		in.Rollback = w.fold.steps[a.plan.Step].lastIntent
	}
	for _, v := range it.plan.Command.Values {
		in.Shown.Assign = append(in.Shown.Assign, audit.Assign{Name: v.Name, Value: v.Value})
	}
	for _, shot := range it.plan.Shots {
		in.Targets = append(in.Targets, audit.Target{Name: shot.Target, Address: shot.Address, Become: shot.Who})
		in.Wire[shot.Target] = shot.Hash
		in.Unit = orText(in.Unit, shot.Unit)
	}
	rec, err := w.record(audit.KindIntent, in)
	return rec, in.Attempt, err
}

// keepers send each target's output to the trail's folder and to the screen.
type keepers struct {
	walk    *Walk
	seq     uint64
	attempt int
	sink    func(string) io.Writer

	mu   sync.Mutex
	open map[string]*keeper
}

type keeper struct {
	file *audit.Output
	err  error
	head bytes.Buffer
	kept *audit.Kept
	next io.Writer
	// screen is the first next.
	screen io.Writer
}

func (k *keepers) writer(target string) io.Writer {
	k.mu.Lock()
	defer k.mu.Unlock()
	one := &keeper{next: k.sink(target)}
	one.screen = one.next
	one.file, one.err = k.walk.trail.Output(k.seq, target)
	k.open[target] = one
	return one
}

// Write never refuses: an output that cannot be kept is said in the result, and the command goes on.
func (k *keeper) Write(p []byte) (int, error) {
	if k.file != nil {
		_, k.err = k.file.Write(p)
	}
	if room := maxCapture - k.head.Len(); room > 0 {
		k.head.Write(p[:min(room, len(p))])
	}
	if k.next != nil {
		if _, err := k.next.Write(p); err != nil {
			k.next = nil // the screen is gone; the trail goes on
		}
	}
	return len(p), nil
}

// Follow hands on how far a playbook is, to whoever shows it.
func (k *keeper) Follow(t actions.Tasks) {
	if f, ok := k.screen.(actions.Follower); ok {
		f.Follow(t)
	}
}

func (k *keepers) close(target string) *keeper {
	k.mu.Lock()
	defer k.mu.Unlock()
	one := k.open[target]
	if one == nil {
		return &keeper{}
	}
	switch {
	case one.file != nil:
		err := one.file.Close()
		kept := one.file.Kept()
		if kept.Error == "" && errors.Join(err, one.err) != nil {
			kept.Error = errors.Join(err, one.err).Error()
		}
		one.kept = &kept
	case one.err != nil:
		one.kept = &audit.Kept{Error: one.err.Error()}
	}
	return one
}
