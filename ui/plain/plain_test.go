package plain

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/creack/pty"
	"go.uber.org/goleak"

	"recon/internal/audit"
	"recon/internal/walk"
	"recon/internal/walk/walktest"
	"recon/probes"
	"recon/runbooks"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// paper is what was printed, by the walk and by a question beside it.
type paper struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (p *paper) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.text.Write(b)
}

func (p *paper) String() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.text.String()
}

// person answers prompts from a script; each line is `start of the prompt => reply`.
type person struct {
	t      *testing.T
	script []string
	out    *paper
	// then is called before the reply at that index is given.
	then map[int]func()
	n    int
}

func (p *person) Ask(ctx context.Context, prompt string) (string, error) {
	if prompt == "" || strings.HasSuffix(prompt, "\n") {
		// Something is waited for, and can be stopped: `(waiting) => x`.
		if _, err := io.WriteString(p.out, prompt); err != nil {
			return "", err
		}
		if p.n < len(p.script) {
			if reply, ok := strings.CutPrefix(p.script[p.n], "(waiting) => "); ok {
				p.n++
				return reply, nil
			}
		}
		<-ctx.Done()
		return "", ctx.Err()
	}
	if p.n >= len(p.script) {
		return "", errors.New("nobody answers " + prompt)
	}
	want, reply, _ := strings.Cut(p.script[p.n], " => ")
	if !strings.Contains(prompt, want) {
		p.t.Fatalf("prompt %d is %q, the script waits for %q; the screen:\n%s", p.n, prompt, want, p.out)
	}
	if do := p.then[p.n]; do != nil {
		do()
	}
	p.n++
	return reply, nil
}

func begin(t *testing.T, world *walktest.World) *walk.Walk {
	t.Helper()
	book, problems := runbooks.Parse("test-book.md", []byte(walktest.Book), probes.Scope(nil))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	w, err := walk.Start(walk.Config{
		Cluster: walktest.Cluster(), Library: &runbooks.Library{}, Scope: probes.Scope(nil), Eyes: world, Hands: world,
		Operator: "anna", Host: "bastion", Trails: t.TempDir() + "/trails",
	}, book, map[string]string{"member": "n1"}, false)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// play walks the book with a script and returns what was printed.
func play(t *testing.T, world *walktest.World, then map[int]func(), script ...string) (string, *walk.Walk, error) {
	t.Helper()
	w := begin(t, world)
	var out paper
	p := &person{t: t, script: script, out: &out, then: then}
	c := Console{Out: &out, Ask: p.Ask, Eyes: world}
	err := c.Run(t.Context(), w)
	if cerr := w.Close("the test ended"); cerr != nil {
		t.Error(cerr)
	}
	return out.String(), w, err
}

func TestAWalkLineByLine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		world := walktest.New(t)
		world.Output = "here\n"
		streams := func() {
			world.Set(func(s *probes.State) {
				s.Patroni.Members[0].State = "streaming"
				s.Nodes[0].Units = map[string]string{"patroni": "active"}
			})
		}
		out, w, err := play(t, world, map[int]func(){4: func() { go func() { time.Sleep(3 * time.Second); streams() }() }},
			"[enter] run => x",
			"[enter] run => note this is the second try",
			"[enter] run => ",
			"CHANGE on n1 => yes",
			"CHANGE on n1 => y",
			"DESTROY on n1: type the name => y",
			"DESTROY on n1: type the name => n1",
			"type `seen` => seen",
		)
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		for _, want := range []string{
			"step 1 of 3: Look first", "| MEMBER='n1'", "n1 | here", "only Enter confirms a read", "only y confirms a change",
			"nothing was confirmed", "step 2: done", "The walk is completed",
		} {
			if !strings.Contains(out, want) {
				t.Errorf("%q is not shown:\n%s", want, out)
			}
		}
		if len(world.Sent) != 3 {
			t.Errorf("sent %q", world.Sent)
		}
		if r := audit.Verify(w.Trail()); !r.Intact() {
			t.Error(r)
		}
	})
}

func TestLeavingKeepsTheWalkOpen(t *testing.T) {
	world := walktest.New(t)
	out, w, err := play(t, world, nil, "[enter] run => q")
	if !Left(err) {
		t.Fatalf("%v\n%s", err, out)
	}
	all, err := audit.List(w.Trail()[:strings.LastIndex(w.Trail(), "/test/")])
	if err != nil || len(all) != 1 || all[0].Status != audit.Interrupted {
		t.Errorf("%+v %v", all, err)
	}
}

func TestEscalatingEndsTheWalk(t *testing.T) {
	world := walktest.New(t)
	out, w, err := play(t, world, nil, "[enter] run => escalate", "[enter] run => escalate the disk is gone")
	if err != nil || !strings.Contains(out, "The walk is escalated") {
		t.Fatalf("%v\n%s", err, out)
	}
	if w.View(world.State()).Status != walk.Escalated {
		t.Error("not escalated")
	}
}

func TestABlockedStepShowsWhyAndWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		world := walktest.New(t)
		yes, no := true, false
		out, _, err := play(t, world, map[int]func(){
			0: func() { world.Set(func(s *probes.State) { s.Etcd.Quorum = &no }) },
			1: func() {
				go func() {
					time.Sleep(30 * time.Second)
					world.Set(func(s *probes.State) { s.Etcd.Quorum = &yes })
				}()
			},
		}, "[enter] run => skip not now", "[enter] look again => wait", "CHANGE on n1 => q")
		if !Left(err) {
			t.Fatalf("%v\n%s", err, out)
		}
		for _, want := range []string{"BLOCKED: etcd.quorum does not hold", "✗ FAIL", "etcd.quorum = false", "free after "} {
			if !strings.Contains(out, want) {
				t.Errorf("%q is not shown:\n%s", want, out)
			}
		}
	})
}

// A proof that is measured can be stopped: nothing is recorded of it, it is not measured again by itself, and it can be vouched
// for or measured again. The same holds for a gate that is waited for.
func TestWhatIsWaitedForCanBeStopped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		world := walktest.New(t)
		yes, no := true, false
		out, w, err := play(t, world, map[int]func(){
			0: func() { world.Set(func(s *probes.State) { s.Etcd.Quorum = &no }) },
			3: func() { world.Set(func(s *probes.State) { s.Etcd.Quorum = &yes }) },
		},
			"[enter] run => ",
			"[enter] look again => wait", "(waiting) => x", "[enter] look again => ",
			"CHANGE on n1 => y", "(waiting) => now", "(waiting) => ", "(waiting) => x",
			"the proof waits => what", "the proof waits => ", "(waiting) => x",
			"the proof waits => vouch I saw it stream", "DESTROY on n1 => q",
		)
		if !Left(err) {
			t.Fatalf("%v\n%s", err, out)
		}
		inOrder(t, out,
			"x and Enter stops the waiting; q and Enter leaves", "stopped after", "BLOCKED",
			"proof: 0 of 1 hold", "x and Enter stops the measuring", "only x stops the measuring", "the proof was stopped; nothing is recorded of it",
			`"what" is not understood`, "proof: 0 of 1 hold", "the proof was stopped", "step 3 of 3",
		)
		records, err := audit.Read(w.Trail())
		if err != nil {
			t.Fatal(err)
		}
		attested := 0
		for _, r := range records {
			switch r.Kind {
			case audit.KindProof:
				t.Errorf("a proof that was stopped is recorded: %s", r.Data)
			case audit.KindAttest:
				attested++
			}
		}
		if attested != 1 {
			t.Errorf("%d times vouched for", attested)
		}
	})
}

// Leaving while a proof is measured leaves the walk open, and a proof that ends by itself needs no answer.
func TestLeavingWhileAProofIsMeasured(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		world := walktest.New(t)
		out, w, err := play(t, world, nil, "[enter] run => ", "CHANGE on n1 => y", "(waiting) => q")
		if !Left(err) || w.View(world.State()).Next.Kind != walk.NextProve {
			t.Fatalf("%v\n%s", err, out)
		}
		out, _, err = play(t, walktest.New(t), nil, "[enter] run => ", "CHANGE on n1 => y", "retry => q")
		if !Left(err) {
			t.Fatalf("%v\n%s", err, out)
		}
		inOrder(t, out, "x and Enter stops the measuring", "step 2: FAILED: the proof did not hold", "FAILED: ")
	})
}

func TestWithoutATerminalNothingIsAsked(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	if _, err := Terminal(r, io.Discard); !errors.Is(err, ErrNoTerminal) {
		t.Errorf("%v", err)
	}
}

// TestTypeAheadIsThrownAway: what was typed before the question was shown does not answer it.
func TestTypeAheadIsThrownAway(t *testing.T) {
	master, tty, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	shown, prompts := io.Pipe()
	lines, err := Terminal(tty, prompts)
	if err != nil {
		t.Fatal(err)
	}
	// Typed too early, and known to have arrived: the terminal has echoed it.
	if _, err := io.WriteString(master, "y\ny\n"); err != nil {
		t.Fatal(err)
	}
	echo := make([]byte, 6)
	if _, err := io.ReadFull(master, echo); err != nil {
		t.Fatal(err)
	}
	got := make(chan string, 1)
	go func() {
		line, err := lines.Ask(t.Context(), "sure? ")
		if err != nil {
			line = err.Error()
		}
		got <- line
	}()
	if _, err := io.ReadFull(shown, make([]byte, len("sure? "))); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(master, "n\n"); err != nil {
		t.Fatal(err)
	}
	select {
	case line := <-got:
		if line != "n" {
			t.Errorf("the answer is %q", line)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("no answer")
	}
	lines.Close()
	// The reader ends when the terminal does.
	if err := errors.Join(master.Close(), tty.Close()); err != nil {
		t.Error(err)
	}
}
