package cli

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"recon/internal/inventory"
	"recon/probes"
	"recon/probes/probestest"
	"recon/runbooks"
)

// oneBook is a library with one book, which holds while nobody leads.
func oneBook() (*runbooks.Library, error) {
	b, problems := runbooks.Parse("b.md", []byte("---\nformat: 1\nid: no-leader\ntitle: Nobody leads\nkind: recovery\nseverity: 1\nsystems: [patroni]\n"+
		"when: 'patroni.leader == nil'\nbecause: 'nobody leads'\nfor: 5s\n---\n\n# Nobody leads\n\nText.\n\n## By hand\n\nDo it.\n"), probes.Scope(nil))
	if len(problems) > 0 {
		return nil, problems
	}
	return &runbooks.Library{Books: []*runbooks.Runbook{b}}, nil
}

func core() *inventory.Cluster {
	c := probestest.Inventory()
	c.Keepalived = nil
	return c
}

func looking(s *probes.State, o statusOptions, out io.Writer) (*looker, *probestest.Eyes) {
	eyes := probestest.Static(s)
	a := &app{out: out}
	l := a.looker(core(), eyes, o)
	l.load = oneBook
	if l.interval == 0 {
		l.interval = leastInterval
	}
	return l, eyes
}

func code(err error) int {
	var q quiet
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &q):
		return int(q)
	}
	return exitFailed
}

func TestStatusOnce(t *testing.T) {
	for name, tt := range map[string]struct {
		state *probes.State
		code  int
		words []string
	}{
		"healthy":     {probestest.Healthy(), exitOK, []string{"12/12 answer  fine", "none: no runbook applies"}},
		"leader dead": {probestest.LeaderDead(), exitCheck, []string{"wrong", "no-leader: nobody leads (has to hold 5.0s more", "NO ANSWER"}},
		"not asked":   {&probes.State{At: probestest.At()}, exitUnknown, []string{"unknown", "too little is seen"}},
	} {
		var out bytes.Buffer
		l, _ := looking(tt.state, statusOptions{}, &out)
		if got := code(l.run(t.Context())); got != tt.code {
			t.Errorf("%s: exit code %d, want %d", name, got, tt.code)
		}
		for _, w := range tt.words {
			if !strings.Contains(out.String(), w) {
				t.Errorf("%s: %q is not in\n%s", name, w, out.String())
			}
		}
	}
}

// Without the library nothing is fine, and that is said.
func TestStatusWithoutLibrary(t *testing.T) {
	var out bytes.Buffer
	l, _ := looking(probestest.Healthy(), statusOptions{}, &out)
	l.load = func() (*runbooks.Library, error) { return &runbooks.Library{}, errors.New("the folder is gone") }
	if got := code(l.run(t.Context())); got != exitUnknown || !strings.Contains(out.String(), "the folder is gone") {
		t.Errorf("exit code %d\n%s", got, out.String())
	}
}

func TestStatusJSON(t *testing.T) {
	var out bytes.Buffer
	l, _ := looking(probestest.LeaderDead(), statusOptions{json: true}, &out)
	if got := code(l.run(t.Context())); got != exitCheck {
		t.Errorf("exit code %d", got)
	}
	var got struct {
		V        int
		Verdict  string
		Reasons  []string
		Findings []struct {
			Book, Phase string
			Needs       float64
			Parts       []struct{ Text, Value, Answer string }
		}
		Patroni struct {
			Members []struct{ Name string }
		}
	}
	if err := json.Unmarshal(out.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	f := got.Findings
	if got.V != 1 || got.Verdict != "wrong" || len(got.Reasons) == 0 || len(got.Patroni.Members) != 3 || len(f) != 1 || f[0].Book != "no-leader" ||
		f[0].Phase != "pending" || f[0].Needs != 5 || len(f[0].Parts) == 0 {
		t.Errorf("%+v", got)
	}
}

func TestStatusMetrics(t *testing.T) {
	file := filepath.Join(t.TempDir(), "recon.prom")
	var out bytes.Buffer
	for _, to := range []string{file, "-"} {
		l, _ := looking(probestest.Healthy(), statusOptions{metrics: to}, &out)
		if got := code(l.run(t.Context())); got != exitOK {
			t.Errorf("exit code %d", got)
		}
	}
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if string(b) != out.String() || !strings.HasSuffix(out.String(), "\n# EOF\n") {
		t.Errorf("file:\n%s\nstandard output:\n%s", b, out.String())
	}
	l, _ := looking(probestest.Healthy(), statusOptions{metrics: filepath.Join(file, "x")}, &out)
	if err := l.run(t.Context()); code(err) != exitFailed {
		t.Errorf("a file that cannot be written: %v", err)
	}
}

// Without a terminal --watch writes when something changed and not when time passes.
func TestStatusWatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, w := io.Pipe()
		ctx, stop := context.WithCancel(t.Context())
		l, eyes := looking(probestest.Healthy(), statusOptions{watch: true, json: true}, w)
		end := make(chan int)
		go func() {
			got := code(l.run(ctx))
			w.Close()
			end <- got
		}()
		lines := bufio.NewScanner(r)
		lines.Buffer(nil, 1<<20)
		began := time.Now()
		show := func(s *probes.State) {
			time.Sleep(time.Second)
			s.At = probestest.At().Add(time.Since(began))
			eyes.Set(s)
			synctest.Wait()
		}
		next := make(chan string, 10)
		go func() {
			for lines.Scan() {
				var x struct {
					Verdict  string
					Findings []struct{ Phase string }
				}
				if err := json.Unmarshal(lines.Bytes(), &x); err != nil {
					t.Error(err)
				}
				said := x.Verdict
				for _, f := range x.Findings {
					said += " " + f.Phase
				}
				next <- said
			}
			close(next)
		}()
		synctest.Wait()
		for range 3 {
			show(probestest.Healthy())
		}
		for range 7 {
			show(probestest.LeaderDead())
		}
		stop()
		if got := <-end; got != exitCheck {
			t.Errorf("exit code %d", got)
		}
		var got []string
		for s := range next {
			got = append(got, s)
		}
		if want := "fine, wrong pending, wrong holds"; strings.Join(got, ", ") != want {
			t.Errorf("%q, want %s", got, want)
		}
	})
}

// --settle waits until what is found is certain, and no longer than it may.
func TestStatusSettle(t *testing.T) {
	for may, want := range map[time.Duration]string{30 * time.Second: "nobody leads (for 5.0s)", 3 * time.Second: "has to hold "} {
		synctest.Test(t, func(t *testing.T) {
			var out bytes.Buffer
			l, eyes := looking(probestest.LeaderDead(), statusOptions{settle: may}, &out)
			began, end := time.Now(), make(chan int)
			go func() { end <- code(l.run(t.Context())) }()
			for range 40 {
				time.Sleep(time.Second)
				select {
				case got := <-end:
					if took := time.Since(began); got != exitCheck || took > 7*time.Second || !strings.Contains(out.String(), want) {
						t.Errorf("exit code %d after %s\n%s", got, took, out.String())
					}
					return
				default:
				}
				s := probestest.LeaderDead()
				s.At = probestest.At().Add(time.Since(began))
				eyes.Set(s)
				synctest.Wait()
			}
			t.Error("it never ended")
		})
	}
}

// On a terminal each look is drawn over the one before, and never taller than the terminal.
func TestStatusRedraw(t *testing.T) {
	var out bytes.Buffer
	l, _ := looking(probestest.LeaderDead(), statusOptions{}, &out)
	l.terminal, l.size = true, func() (int, int) { return 60, 10 }
	if got := code(l.run(t.Context())); got != exitCheck {
		t.Errorf("exit code %d", got)
	}
	out.Reset()
	if err := l.redraw(); err != nil {
		t.Fatal(err)
	}
	text := out.String()
	if !strings.HasPrefix(text, "\x1b[H") || !strings.HasSuffix(text, "\x1b[J") || strings.Count(text, "\r\n") != 9 || !strings.Contains(text, "more lines") {
		t.Errorf("%q", text)
	}
}
