package drill

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"recon/internal/rehearsal"
	"recon/internal/twin"
	"recon/runbooks"
)

func TestMain(m *testing.M) {
	debug.SetGCPercent(400) // as `recon runbooks test` does
	goleak.VerifyTestMain(m)
}

// bench is a training cluster whose clock the test drives, and recon's own probes at it.
type bench struct {
	*rehearsal.Console
	t    *testing.T
	twin *twin.Twin
}

func newBench(t *testing.T) *bench {
	t.Helper()
	c, err := rehearsal.Open(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return &bench{Console: c, t: t, twin: c.Twin()}
}

// Updates makes it the eyes of a session; nobody waits for a state that was not asked for.
func (b *bench) Updates() (updates <-chan struct{}, stop func()) { return nil, func() {} }

// The twin as a drill's cluster.
type broken struct{ *twin.Twin }

func (t broken) Break(_ context.Context, fault string) (string, error) { return t.Twin.Break(fault) }
func (t broken) Settled() bool                                         { return t.World.Settled() }
func (t broken) Healthy(context.Context) string                        { return t.World.Healthy() }
func (t broken) Mend(context.Context) error                            { t.World.Mend(); return nil }

func (t broken) Lost() (int, bool) { n := t.World.Lost(); return n, n >= 0 }

func (b *bench) config() Config {
	dir := b.t.TempDir()
	return Config{
		Library: library, Cluster: broken{b.twin}, Name: b.twin.Cluster.Name, Trails: filepath.Join(dir, "trails"), Eyes: b,
		Records: filepath.Join(dir, "drills.json"), Now: b.twin.World.Now,
		Wait: func(ctx context.Context, d time.Duration) error { b.twin.Advance(d); return ctx.Err() },
	}
}

// library is the books as they are read with the training cluster's file.
var library = sync.OnceValues(func() (*runbooks.Library, error) {
	dir, err := os.MkdirTemp("", "library")
	if err != nil {
		return nil, err
	}
	lib, err := rehearsal.Library(dir)
	return lib, errors.Join(err, os.RemoveAll(dir))
})

func (b *bench) session(id string) *Session {
	b.t.Helper()
	lib, err := library()
	if err != nil {
		b.t.Fatal(err)
	}
	d, ok := lib.Drill(id)
	if !ok {
		b.t.Fatalf("no drill %s", id)
	}
	s, err := newSession(b.config(), lib, d, func(v View) { endsWhole(b.t, v) })
	if err != nil {
		b.t.Fatal(err)
	}
	return s
}

// endsWhole says that the end of a session and its debrief are told as one: a console that leaves when it hears of the end has to show
// it.
func endsWhole(t *testing.T, v View) {
	if v.Phase.Over() && v.Phase != Failed && v.Debrief == nil {
		t.Errorf("%s is told without its debrief", v.Phase)
	}
}

// ssh runs a command on a host, as an operator would without recon.
func (b *bench) ssh(host, command string) {
	b.t.Helper()
	file := b.twin.File()
	cmd := exec.Command("ssh", "-F", filepath.Join(filepath.Dir(file), "ssh_config"), "-o", "BatchMode=yes", host, command)
	if out, err := cmd.CombinedOutput(); err != nil {
		b.t.Fatalf("%s on %s: %v\n%s", command, host, err, out)
	}
}

// watched observes for that long, with a pause between two looks.
func (b *bench) watched(s *Session, d, every time.Duration) {
	b.t.Helper()
	for end := b.twin.World.Now().Add(d); b.twin.World.Now().Before(end) && !s.View().Phase.Over(); b.twin.Advance(every) {
		st, err := b.Fresh(b.t.Context(), nil)
		if err != nil {
			b.t.Fatal(err)
		}
		s.Observe(b.t.Context(), st)
	}
}

func TestADrillSolvedByHand(t *testing.T) {
	if _, err := exec.LookPath("ssh"); err != nil {
		t.Skip("needs ssh")
	}
	b := newBench(t)
	s := b.session("leader-crash")
	if err := s.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	v := s.View()
	if v.Phase != Running || v.Began.IsZero() || v.Of != 3 || len(v.Hints) != 0 {
		t.Fatalf("the beginning: %+v", v)
	}
	b.watched(s, 50*time.Second, time.Second)
	if v := s.View(); v.Phase != Running {
		t.Fatalf("a new leader alone ended the drill: %+v", v)
	}
	if right, err := s.Diagnose("etcd-quorum-lost"); right || err != nil {
		t.Errorf("a wrong diagnosis: %v, %v", right, err)
	}
	if right, err := s.Diagnose("patroni-rejoin-old-leader"); !right || err != nil {
		t.Errorf("a book that the solving one sends to: %v, %v", right, err)
	}
	if err := s.Hint(); err != nil {
		t.Error(err)
	}
	if said, err := s.Inject(t.Context(), "reboot-pending netbox-node-2"); err != nil || said == "" {
		t.Errorf("the game master: %q, %v", said, err)
	}
	b.ssh("netbox-node-1", "sudo systemctl start patroni")
	b.watched(s, 2*time.Minute, time.Second)
	v = s.View()
	if v.Phase != Recovered || v.Debrief == nil {
		t.Fatalf("not recovered: %+v", v)
	}
	d := v.Debrief
	if !d.Won || d.Commits != 0 || d.Recovered < 50*time.Second || d.Recovered > 90*time.Second || d.Diagnosed < 49*time.Second || d.Diagnosed >= d.Recovered {
		t.Errorf("the debrief: %+v", d)
	}
	if want := full - perHint - perGuess; d.Score.Total != want {
		t.Errorf("%d points, expected %d: %+v", d.Score.Total, want, d.Score.Losses)
	}
	var text strings.Builder
	if err := d.Print(&text); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"opened hint 1 of 3", "named the book etcd-quorum-lost, which is not the one", "named the book patroni-rejoin-old-leader", "netbox-node-2 leads", "✓ all others follow",
		"game master  reboot-pending netbox-node-2", "  --:--  1 Hands off: Patroni is able to decide",
	} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("the debrief lacks %q:\n%s", want, &text)
		}
	}
	if best, err := Records(s.cfg.Records); err != nil || best["leader-crash"].Score != d.Score.Total {
		t.Errorf("the best time: %+v, %v", best, err)
	}
	for _, err := range []error{s.Hint(), s.GiveUp(t.Context()), func() error { _, err := s.Diagnose("x"); return err }(), func() error { _, err := s.Inject(t.Context(), "kill-leader"); return err }()} {
		if err != ErrNoDrill { //nolint:errorlint // it is the very one
			t.Errorf("after the end: %v", err)
		}
	}
}

func TestGivenUp(t *testing.T) {
	b := newBench(t)
	s := b.session("leader-crash")
	if err := s.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := s.GiveUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	v := s.View()
	if v.Phase != GivenUp || v.Debrief == nil || v.Debrief.Won || v.Debrief.Score.Total != 0 {
		t.Errorf("%+v", v)
	}
	if _, err := os.Stat(s.cfg.Records); err == nil {
		t.Error("a best time was kept")
	}
}

// Each drill of the library begins: its goal holds on a healthy cluster, and its faults take that away.
func TestEveryDrillBegins(t *testing.T) {
	lib, err := library()
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range lib.Drills {
		if raced && d.ID != "leader-crash" {
			continue
		}
		t.Run(d.ID, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			s := b.session(d.ID)
			if err := s.Prepare(t.Context()); err != nil {
				t.Fatal(err)
			}
			b.watched(s, 2*time.Minute, 50*time.Second)
			if v := s.View(); v.Phase != Running {
				t.Errorf("it solves itself after %s", v.Elapsed(b.twin.World.Now()))
			}
		})
	}
}
