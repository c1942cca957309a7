package ui

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"recon/actions"
	"recon/internal/audit"
	"recon/internal/gate"
	"recon/internal/remote"
	"recon/internal/walk"
	"recon/probes"
	"recon/probes/probestest"
	"recon/runbooks"
)

// fakeWalks starts the walk that the test prepared.
type fakeWalks struct {
	mu     sync.Mutex
	next   Walk
	err    error
	open   []audit.Summary
	inputs map[string]string
	dry    bool
	calls  []string
}

func (f *fakeWalks) Start(_ context.Context, b *runbooks.Runbook, inputs map[string]string, dry bool) (Walk, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls = append(f.calls, "start "+b.ID)
	f.inputs, f.dry = inputs, dry
	return f.next, f.err
}

func (f *fakeWalks) Open() ([]audit.Summary, error) { return f.open, nil }

func (f *fakeWalks) Resume(_ context.Context, path string) (Walk, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls = append(f.calls, "resume "+path)
	return f.next, f.err
}

// scene is what a walk waits for, and the call that leads to the next scene.
type scene struct {
	view walk.View
	// call is a word of the call that is expected; err is what it answers instead of going on.
	call string
	err  error
}

// fakeWalk is a walk that goes through its scenes.
type fakeWalk struct {
	mu     sync.Mutex
	scenes []scene
	at     int
	calls  []string
	closed bool
	inside Walk // what Enter returns

	// During Execute: the output, how long it takes, and what it ends with.
	output   map[string]string
	tasks    map[string]actions.Tasks // how far a playbook is, by target
	takes    time.Duration
	report   walk.Report
	progress []walk.Progress
	rollback *walk.Plan
}

func (f *fakeWalk) View(*probes.State) walk.View {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.scenes[f.at].view
}

func (f *fakeWalk) done() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.calls)
}

// call notes a call, and goes on to the next scene when it is the one that the scene waits for.
func (f *fakeWalk) call(format string, args ...any) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	text := fmt.Sprintf(format, args...)
	f.calls = append(f.calls, text)
	s := f.scenes[f.at]
	if s.call == "" || !strings.HasPrefix(text, s.call) {
		return nil
	}
	if s.err != nil {
		return s.err
	}
	f.at = min(f.at+1, len(f.scenes)-1)
	return nil
}

func (f *fakeWalk) Approve(p *walk.Plan, how walk.Confirmation, typed string) (*walk.Approval, error) {
	return &walk.Approval{}, f.call("approve %s %s %q", p.Hash, how, typed)
}

func (f *fakeWalk) Execute(ctx context.Context, _ *walk.Approval, sink func(string) io.Writer) (walk.Report, error) {
	for target, text := range f.output {
		if _, err := io.WriteString(sink(target), text); err != nil {
			return walk.Report{}, err
		}
	}
	for target, n := range f.tasks {
		follower, ok := sink(target).(actions.Follower)
		if !ok {
			return walk.Report{}, errors.New("nobody follows the playbook")
		}
		follower.Follow(n)
	}
	cut := false
	select {
	case <-ctx.Done():
		cut = true
	case <-time.After(f.takes):
	}
	rep := f.report
	if cut {
		rep.Outcomes = []actions.Outcome{{Target: "netbox-node-3", Kind: remote.Cancelled, Reason: "cut off"}}
	}
	return rep, f.call("execute cut=%v", cut)
}

func (f *fakeWalk) Prove(ctx context.Context, step int, progress func(walk.Progress)) (gate.Answer, error) {
	for _, p := range f.progress {
		progress(p)
		select {
		case <-ctx.Done():
			return gate.Unknown, errors.Join(ctx.Err(), f.call("prove stopped"))
		case <-time.After(time.Second):
		}
	}
	return gate.Pass, f.call("prove %d", step)
}

func (f *fakeWalk) Answer(name, value string) error { return f.call("answer %s=%s", name, value) }

func (f *fakeWalk) Attest(step int, note string) error { return f.call("attest %d %s", step, note) }

func (f *fakeWalk) Skip(step int, reason string) error { return f.call("skip %d %s", step, reason) }
func (f *fakeWalk) Retry(step int) error               { return f.call("retry %d", step) }
func (f *fakeWalk) Enter(step int) (Walk, error)       { return f.inside, f.call("enter %d", step) }
func (f *fakeWalk) Return(step int) error              { return f.call("return %d", step) }
func (f *fakeWalk) Jump(step int) error                { return f.call("jump %d", step) }
func (f *fakeWalk) Note(text string) error             { return f.call("note %s", text) }
func (f *fakeWalk) Escalate(reason string) error       { return f.call("escalate %s", reason) }
func (f *fakeWalk) Abandon(reason string) error        { return f.call("abandon %s", reason) }
func (f *fakeWalk) Finish(acknowledged []string) error { return f.call("finish %v", acknowledged) }

func (f *fakeWalk) Decide(s int, y bool, r string) error { return f.call("decide %d %v %s", s, y, r) }
func (f *fakeWalk) Override(s int, r string) error       { return f.call("override %d %s", s, r) }
func (f *fakeWalk) Reconcile(s int, v, r string) error   { return f.call("reconcile %d %s: %s", s, v, r) }

func (f *fakeWalk) RollBack(step int) (*walk.Plan, error) {
	return f.rollback, f.call("rollback %d", step)
}

func (f *fakeWalk) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closed = true
	return nil
}

// view is a walk of test-rejoin that waits for something at a step.
func view(t *testing.T, step int, next walk.Next) walk.View {
	t.Helper()
	b := book(t, "test-rejoin")
	v := walk.View{
		Book: b, ID: "w", Trail: "/home/anna/.local/state/recon/trails/netbox-prod/20261123T093455Z-test-rejoin-1a7e.jsonl",
		Head: "7f3a91c1d0", Status: walk.Open, Started: probestest.At().Add(-372 * time.Second),
		Inputs: map[string]string{"member": "netbox-node-3"}, Answers: map[string]string{}, Current: step,
	}
	next.Step = step
	v.Next = next
	for i := range b.Steps {
		sv := walk.StepView{Step: &b.Steps[i], Status: walk.Pending}
		if i < step {
			sv.Status = walk.Done
		}
		for _, c := range b.Steps[i].Before {
			sv.Before = append(sv.Before, walk.Check{Text: c.Text, Explain: c.Explain, Answer: gate.Pass})
		}
		if p := b.Steps[i].Proof; p != nil {
			for _, c := range p.Conditions {
				sv.Proof = append(sv.Proof, walk.Check{
					Text: c.Text, Explain: c.Explain, Answer: gate.Fail,
					Parts: []gate.Part{{Text: `member(inputs.member).state`, Value: `"start failed"`, Answer: gate.Fail}},
				})
			}
		}
		v.Steps = append(v.Steps, sv)
	}
	if step < len(v.Steps) {
		v.Steps[step].Status = map[walk.NextKind]walk.StepStatus{
			walk.NextGate: walk.Blocked, walk.NextDecide: walk.Blocked, walk.NextConfirm: walk.Ready, walk.NextAsk: walk.Ready, walk.NextAttest: walk.Ready,
			walk.NextProve: walk.Verifying, walk.NextReconcile: walk.Unknown, walk.NextChoose: walk.Failed, walk.NextFinish: walk.Done,
		}[next.Kind]
	}
	return v
}

// plan is a plan of this risk for node 3.
func plan(risk runbooks.Risk) *walk.Plan {
	p := &walk.Plan{
		Risk: risk, Targets: []string{"netbox-node-3"}, Hash: "plan-" + string(risk), Step: 2,
		Items: []walk.Item{{
			Kind: actions.Sh, Risk: risk, Assignments: []string{"MEMBER='netbox-node-3'"}, Script: "systemctl restart patroni\n",
			Who: "root (sudo)", Targets: []string{"netbox-node-3"}, Timeout: 30 * time.Second, Disconnect: "survive", Order: "serial",
		}},
	}
	switch risk {
	case runbooks.Read:
		p.Confirm = walk.ByEnter
		p.Items[0].Script = "\"$PGBIN/pg_controldata\" \"$PGDATA\" | grep TimeLineID\n"
		p.Items[0].Disconnect = ""
	case runbooks.Change:
		p.Confirm = walk.ByYes
	case runbooks.Destroy:
		p.Confirm, p.Type = walk.ByName, "netbox-node-3"
	}
	return p
}

// walking opens a console on a walk with these scenes.
func walking(t *testing.T, width, height int, f *fakeWalk, do func(d *desk)) {
	t.Helper()
	at(t, width, height, probestest.Diverged(), func(d *desk) {
		d.send(startedMsg{walk: f})
		d.wait(200 * time.Millisecond)
		do(d)
	})
}
