package plain

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"strings"
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

// person answers prompts from a script; each line is `start of the prompt => reply`.
type person struct {
	t      *testing.T
	script []string
	out    *bytes.Buffer
	// then is called before the reply at that index is given.
	then map[int]func()
	n    int
}

func (p *person) Ask(_ context.Context, prompt string) (string, error) {
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
	var out bytes.Buffer
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
