package rehearsal

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"recon/internal/findings"
	"recon/internal/gate"
	"recon/internal/remote"
	"recon/internal/walk"
	"recon/probes"
	"recon/runbooks"
)

// How long things may take, in the cluster's time.
const (
	tofind = 3 * time.Minute
	tocalm = 4 * time.Minute
	towait = 6 * time.Minute
	breath = time.Second
	// provePace is the pause between two looks of a proof: the clock is cheap, and looking is not.
	provePace = 3 * time.Second
	mostActs  = 120
)

// Report is what became of a rehearsal. Durations are the cluster's.
type Report struct {
	Book  string `json:"book"`
	Fault string `json:"fault,omitempty"`
	// Found is how long after the fault the book's finding was certain; Walked how long the walk took.
	Found  time.Duration `json:"found"`
	Walked time.Duration `json:"walked"`
	// Cures says that the book changes something, so that the cluster had to be healthy after it without further help.
	Cures bool `json:"cures"`
	// Steps counts the steps that were done; Commands what was sent.
	Steps    int `json:"steps"`
	Commands int `json:"commands"`
	// Lost are acknowledged commits that the cluster no longer holds.
	Lost int `json:"lost"`
	// Took is real time.
	Took time.Duration `json:"took"`
	// Err is why the book is not proven, nil when it is.
	Err error `json:"-"`
}

// rehearsal is one book on one cluster.
type rehearsal struct {
	*Console
	lib      *runbooks.Library
	book     *runbooks.Runbook
	fault    string
	report   *Report
	findings findings.Set
	mended   bool
}

// Book proves a book with one of its Trials, in a folder of its own: a fault, or none for a book of a healthy cluster.
func Book(ctx context.Context, lib *runbooks.Library, book *runbooks.Runbook, fault, dir string) (report Report) {
	began := time.Now()
	report = Report{Book: book.ID, Fault: fault, Cures: cures(book)}
	defer func() { report.Took = time.Since(began) }()
	c, err := Open(ctx, dir)
	if err != nil {
		report.Err = err
		return report
	}
	r := &rehearsal{Console: c, lib: lib, book: book, fault: fault, report: &report}
	report.Err = errors.Join(r.run(ctx, filepath.Join(dir, "trails")), c.Close())
	return report
}

// cures says whether a book changes something.
func cures(b *runbooks.Runbook) bool {
	for _, s := range b.Steps {
		for _, c := range s.Commands {
			if c.Risk != runbooks.Read {
				return true
			}
		}
	}
	return false
}

func (r *rehearsal) run(ctx context.Context, trails string) error {
	if err := r.calm(ctx, tocalm); err != nil {
		return fmt.Errorf("before the fault: %w", err)
	}
	if err := r.breaks(); err != nil {
		return err
	}
	broken := r.twin.World.Now()
	for !r.twin.World.Settled() {
		if r.twin.World.Now().Sub(broken) > tofind {
			return errors.New("the fault does not come to its end")
		}
		r.twin.Advance(breath)
	}
	r.twin.Advance(r.book.Test.After)
	began := r.twin.World.Now()
	if r.book.When != nil {
		if err := r.find(ctx); err != nil {
			return err
		}
	} else {
		if r.fault != "" {
			r.twin.Advance(30 * time.Second)
		}
		if _, err := r.look(ctx); err != nil {
			return err
		}
	}
	r.report.Found = r.twin.World.Now().Sub(began)
	began = r.twin.World.Now()
	if err := r.walks(ctx, trails); err != nil {
		return err
	}
	r.report.Walked = r.twin.World.Now().Sub(began)
	if !r.report.Cures {
		// The book says what is wrong; that somebody mends it is not its part.
		r.twin.World.Mend()
	}
	r.twin.Advance(r.book.Test.Fades)
	if err := r.calm(ctx, tocalm); err != nil {
		return fmt.Errorf("after the walk: %w", err)
	}
	r.report.Lost = r.twin.World.Lost()
	if r.report.Lost > 0 && !slices.Contains(r.book.Test.Loses, r.fault) {
		return fmt.Errorf("%d acknowledged commits are lost, and the book's test data does not say so", r.report.Lost)
	}
	return nil
}

// breaks makes what comes first, and then the fault itself.
func (r *rehearsal) breaks() error {
	if err := r.twin.Publish(r.book.Test.Readable...); err != nil {
		return err
	}
	faults := slices.Clone(r.book.Test.With)
	if r.fault != "" {
		faults = append(faults, r.fault)
	}
	for _, fault := range faults {
		if _, err := r.twin.Break(fault); err != nil {
			return err
		}
		r.twin.Advance(2 * breath)
	}
	return nil
}

// walks walks the book, again while it applies (what stopped on every node is started node by node), and then the books
// that come after it.
func (r *rehearsal) walks(ctx context.Context, trails string) error {
	if err := r.walk(ctx, r.book, trails); err != nil {
		return err
	}
	for range len(r.twin.Cluster.Nodes) - 1 {
		if !r.report.Cures || r.book.When == nil {
			break
		}
		s, err := r.look(ctx)
		if err != nil {
			return err
		}
		if r.book.When.Expr.Answer(probes.Vars(s)) != gate.Pass {
			break
		}
		if err := r.walk(ctx, r.book, trails); err != nil {
			return fmt.Errorf("walked again: %w", err)
		}
	}
	for _, id := range r.book.Test.Then {
		next, ok := r.lib.Book(id)
		if !ok {
			return fmt.Errorf("the test data names the book %q, which is not there", id)
		}
		if _, err := r.look(ctx); err != nil {
			return err
		}
		if err := r.walk(ctx, next, trails); err != nil {
			return fmt.Errorf("then %s: %w", id, err)
		}
	}
	return nil
}

// look asks everything and follows the findings.
func (r *rehearsal) look(ctx context.Context) (*probes.State, error) {
	limited, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	s, err := r.Fresh(limited, nil)
	if err != nil {
		return s, fmt.Errorf("the probes: %w", err)
	}
	r.findings = r.findings.After(s.At, findings.Look(r.lib, s, r.findings.Followed()))
	return s, nil
}

// find waits for the book's finding to be certain.
func (r *rehearsal) find(ctx context.Context) error {
	// Registrations and counters take minutes to say what happened.
	limit := tofind + 2*r.book.For + 8*time.Minute
	pace := min(max(2*breath, r.book.For/4), 9*breath) // longer gaps are not credited to a finding
	for began := r.twin.World.Now(); ; r.twin.Advance(pace) {
		if r.twin.World.Now().Sub(began) > tofind {
			pace = 9 * breath
			if r.book.For < time.Minute {
				pace = 20 * breath
			}
		}
		if _, err := r.look(ctx); err != nil {
			return err
		}
		var seen []string
		for _, f := range append(r.findings.Shown(), r.findings.Pending()...) {
			if f.Book.ID == r.book.ID && f.Phase == findings.Holds {
				return nil
			}
			seen = append(seen, f.Book.ID+" ("+string(f.Phase)+")")
		}
		if r.twin.World.Now().Sub(began) > limit {
			return fmt.Errorf("the fault %s was not recognised within %s; found instead: %s; it says %s", r.fault, limit, orNothing(seen), r.says())
		}
	}
}

// says is what the book's condition is made of now.
func (r *rehearsal) says() string {
	var out []string
	for _, p := range r.book.When.Expr.Eval(probes.Vars(r.State())).Parts {
		out = append(out, fmt.Sprintf("%+v", p))
	}
	return strings.Join(out, "; ")
}

func orNothing(words []string) string {
	if len(words) == 0 {
		return "nothing"
	}
	return strings.Join(words, ", ")
}

// calm waits until the cluster is healthy and the book's finding is over.
func (r *rehearsal) calm(ctx context.Context, most time.Duration) error {
	end := r.twin.World.Now().Add(most)
	for ; r.twin.World.Healthy() != ""; r.twin.Advance(breath) {
		if r.twin.World.Now().After(end) {
			return fmt.Errorf("the cluster is not healthy: %s", r.twin.World.Healthy())
		}
	}
	pace := 3 * breath
	for looks := 0; ; looks++ {
		r.twin.Advance(pace)
		if looks > 10 {
			pace = time.Minute // what is remembered (elections, switches) fades in its own time
			end = r.twin.World.Now().Add(15 * time.Minute)
			if looks > 30 {
				end = r.twin.World.Now().Add(-breath)
			}
		}
		if _, err := r.look(ctx); err != nil {
			return err
		}
		open := ""
		for _, f := range append(r.findings.Shown(), r.findings.Pending()...) {
			if f.Book.ID == r.book.ID && f.Phase != findings.Over {
				open = string(f.Phase) + ": " + f.Because + " " + f.Blind
			}
		}
		if open == "" {
			return nil
		}
		if r.twin.World.Now().After(end) {
			return fmt.Errorf("the book still applies: %s", open)
		}
	}
}

// walk leads through the book as an operator would.
func (r *rehearsal) walk(ctx context.Context, book *runbooks.Runbook, trails string) error {
	cluster := r.twin.Cluster
	inputs, err := r.inputs(book)
	if err != nil {
		return err
	}
	w, err := walk.Start(walk.Config{
		Cluster: cluster, Library: r.lib, Scope: probes.Scope(cluster), Eyes: r.Console, Hands: r.hands, Operator: "rehearsal", Host: "training", Version: "rehearsal",
		Trails: trails, Now: r.twin.World.Now,
		Wait: func(ctx context.Context, d time.Duration) error { r.twin.Advance(max(d, provePace)); return ctx.Err() },
	}, book, inputs, false)
	if err != nil {
		return err
	}
	err = r.lead(ctx, w)
	return errors.Join(err, w.Close("the rehearsal ended"))
}

func (r *rehearsal) inputs(book *runbooks.Runbook) (map[string]string, error) {
	out := map[string]string{}
	vars := probes.Vars(r.State())
	for _, in := range book.Inputs {
		choices, def := in.Options(vars)
		switch given := book.Test.Answers[in.Name]; {
		case given != "":
			out[in.Name] = given
		case def != "":
			out[in.Name] = def
		case len(in.Likely(vars)) > 0:
			out[in.Name] = in.Likely(vars)[0]
		case len(choices) > 0:
			out[in.Name] = choices[0]
		default:
			return nil, fmt.Errorf("the input %s has no default and no choices now; give it under `test: answers:`", in.Name)
		}
	}
	return out, nil
}

// lead does what the walk waits for until it has ended.
func (r *rehearsal) lead(ctx context.Context, w *walk.Walk) error {
	waited := r.twin.World.Now()
	for range mostActs {
		s, err := r.look(ctx)
		if err != nil {
			return err
		}
		v := w.View(s)
		at := func(format string, args ...any) error {
			title := ""
			if v.Current >= 0 && v.Current < len(v.Steps) {
				title = v.Steps[v.Current].Step.Title
			}
			return fmt.Errorf("step %d, %q: %w", v.Current+1, title, fmt.Errorf(format, args...))
		}
		n := v.Next
		if m := w.Book().Test.Mended; m > 0 && n.Step+1 >= m && !r.mended && n.Kind != walk.NextNothing {
			r.twin.World.Mend() // others did, while the operator waited for them
			r.mended = true
			r.twin.Advance(30 * breath)
			continue
		}
		if n.Kind != walk.NextGate {
			waited = r.twin.World.Now()
		}
		switch n.Kind {
		case walk.NextConfirm:
			if err := r.execute(ctx, w, n.Plan); err != nil {
				return at("%w", err)
			}
		case walk.NextProve:
			answer, err := w.Prove(ctx, n.Step, nil)
			if err != nil {
				return at("%v", err)
			}
			if answer != gate.Pass {
				v = w.View(r.State())
				if st := v.Steps[n.Step].Status; st != walk.NotNeeded {
					return at("the proof is %s: %s", answer, failing(v.Steps[n.Step].Proof))
				}
			}
			r.report.Steps++
		case walk.NextBook:
			if err := r.inside(ctx, w, n.Step); err != nil {
				return at("the book %s: %w", n.Child.Book, err)
			}
		case walk.NextAsk:
			if err := w.Answer(n.Question.Name, r.answer(n)); err != nil {
				return at("%v", err)
			}
		case walk.NextAttest:
			if err := w.Attest(n.Step, "rehearsed"); err != nil {
				return at("%v", err)
			}
			r.report.Steps++
		case walk.NextGate:
			if r.twin.World.Now().Sub(waited) > towait {
				return at("blocked for %s: %s", towait, v.Steps[v.Current].Reason)
			}
			r.twin.Advance(5 * breath)
		case walk.NextFinish:
			return w.Finish(n.Leftovers)
		case walk.NextNothing:
			return nil
		case walk.NextChoose, walk.NextReconcile, walk.NextDecide:
			return at("%s: %s", n.Kind, v.Steps[v.Current].Reason)
		}
	}
	return fmt.Errorf("the walk does not end after %d acts", mostActs)
}

// inside leads the book inside of a step.
func (r *rehearsal) inside(ctx context.Context, w *walk.Walk, step int) error {
	child, err := w.Enter(step)
	if err != nil || child == nil {
		return err
	}
	if err := errors.Join(r.lead(ctx, child), child.Close("it was rehearsed")); err != nil {
		return err
	}
	return w.Return(step)
}

func failing(checks []walk.Check) string {
	var out []string
	for _, c := range checks {
		if c.Answer != gate.Pass {
			out = append(out, fmt.Sprintf("%s is %s %s", c.Text, c.Answer, c.Unseen))
		}
	}
	return orNothing(out)
}

// answer is the book's test data, the question's default, or its first choice.
func (r *rehearsal) answer(n walk.Next) string {
	if a := r.book.Test.Answers[n.Question.Name]; a != "" {
		return a
	}
	if n.Default != "" {
		return n.Default
	}
	if len(n.Choices) > 0 {
		return n.Choices[0]
	}
	return "rehearsed"
}

// execute confirms a plan as it wants to be confirmed, and runs it.
func (r *rehearsal) execute(ctx context.Context, w *walk.Walk, p *walk.Plan) error {
	approval, err := w.Approve(p, p.Confirm, p.Type)
	if err != nil {
		return err
	}
	var mu sync.Mutex
	out := map[string]*bytes.Buffer{}
	report, err := w.Execute(ctx, approval, func(target string) io.Writer {
		mu.Lock()
		defer mu.Unlock()
		if out[target] == nil {
			out[target] = &bytes.Buffer{}
		}
		return locked{&mu, out[target]}
	})
	if err != nil {
		return err
	}
	if len(report.Changed) > 0 {
		return nil // something moved between the look and the confirmation; the next look shows it
	}
	r.report.Commands += len(report.Outcomes)
	mu.Lock()
	defer mu.Unlock()
	for target, b := range out {
		if line := missing(b.String()); line != "" {
			return fmt.Errorf("on %s the training cluster lacks something: %s", target, line)
		}
	}
	for _, o := range report.Outcomes {
		if o.Kind != remote.OK {
			text := ""
			if b := out[o.Target]; b != nil {
				text = strings.TrimSpace(b.String())
			}
			if len(text) > 600 {
				text = text[len(text)-600:]
			}
			return fmt.Errorf("on %s: %s %s: %s", o.Target, o.Kind, o.Reason, text)
		}
	}
	return nil
}

type locked struct {
	mu *sync.Mutex
	b  *bytes.Buffer
}

func (l locked) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

// missing is a line in which the training cluster says that it does not know something, so that a read that ends well in
// spite of it proves nothing.
func missing(out string) string {
	for line := range strings.Lines(out) {
		for _, words := range []string{": not found", "training cluster does not know", "is not simulated"} {
			if strings.Contains(line, words) {
				return strings.TrimSpace(line)
			}
		}
	}
	return ""
}

var _ walk.Eyes = (*Console)(nil)
