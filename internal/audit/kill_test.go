package audit

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// console is a helper process that writes a trail.
type console struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
}

func startConsole(t *testing.T, mode, path string, count int) *console {
	t.Helper()
	c := &console{cmd: exec.Command(os.Args[0])}
	c.cmd.Env = append(os.Environ(), "RECON_AUDIT_HELPER="+mode, "RECON_AUDIT_PATH="+path, fmt.Sprint("RECON_AUDIT_COUNT=", count))
	c.cmd.Stderr = os.Stderr
	in, err := c.cmd.StdinPipe()
	must(t, err)
	out, err := c.cmd.StdoutPipe()
	must(t, err)
	c.in, c.out = in, bufio.NewReader(out)
	must(t, c.cmd.Start())
	t.Cleanup(func() {
		_ = c.cmd.Process.Kill() // it is over already, unless the test failed
		_ = c.cmd.Wait()
	})
	return c
}

// line reads one whole line; a line that death cut short was not said.
func (c *console) line() (string, bool) {
	s, err := c.out.ReadString('\n')
	return strings.TrimSuffix(s, "\n"), err == nil
}

// Real processes die at random times. RECON_LONG=1 kills a thousand.
func TestKilledConsoles(t *testing.T) {
	t.Parallel()
	kills := 50
	if os.Getenv("RECON_LONG") != "" {
		kills = 1000
	}
	dir := t.TempDir() + "/trails"
	path := ""
	torn, acks := 0, 0
	for range kills {
		mode, arg := "create", dir
		if path != "" && rand.IntN(3) > 0 {
			mode, arg = "resume", path
		}
		c := startConsole(t, mode, arg, 1<<20)
		said, ok := c.line()
		if !ok {
			t.Fatal("the console did not begin")
		}
		path = said
		var last string
		for range rand.IntN(20) {
			if s, ok := c.line(); ok {
				last = s
			}
		}
		must(t, c.cmd.Process.Kill()) // while it goes on writing
		for {
			s, ok := c.line()
			if !ok {
				break
			}
			last = s
		}
		if err := c.cmd.Wait(); err == nil {
			t.Fatal("the console ended by itself")
		}
		var seq uint64
		var hash string
		if last != "" {
			must2(fmt.Sscan(last, &seq, &hash))
		}
		records, err := Read(path)
		if errors.As(err, new(*Broken)) || uint64(len(records)) < seq || seq > 0 && records[seq-1].Hash != hash {
			t.Fatalf("%d records, %d were acknowledged: %v", len(records), seq, err)
		}
		var tail *Torn
		if errors.As(err, &tail) {
			torn++
		}
		for _, f := range Verify(path).Findings {
			if f.Problem && (tail == nil || f.Line != tail.Line) {
				t.Fatalf("%s: line %d: %s", path, f.Line, f.Text)
			}
		}
		acks += int(seq)
	}
	tr, _, err := Resume(path)
	must(t, err)
	must(t, tr.Close())
	all, err := List(dir)
	must(t, err)
	for _, s := range all {
		if s.Status != Interrupted {
			t.Errorf("%s is %s", s.Path, s.Status)
		}
		if s.Error != "" { // torn and never resumed; resuming it mends it
			tr, _, err := Resume(s.Path)
			must(t, err)
			must(t, tr.Close())
		}
		if rep := Verify(s.Path); !rep.Intact() || rep.Anchored+1 < uint64(rep.Records) { // death may come between a record and its head
			t.Errorf("%s", rep)
		}
	}
	t.Logf("%d kills, %d acknowledged records, %d torn ends, %d trails", kills, acks, torn, len(all))
}

// Two consoles walk on one cluster at the same time, each with a trail of its own.
func TestTwoConsoles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir() + "/trails"
	const count = 300
	consoles := []*console{startConsole(t, "create", dir, count), startConsole(t, "create", dir, count)}
	for _, c := range consoles {
		path, ok := c.line()
		for s := ""; ok && s != "waiting"; {
			s, ok = c.line()
		}
		if !ok {
			t.Fatal("a console died")
		}
		if rep := Verify(path); !rep.Intact() || rep.Records != count+1 || rep.Anchored != count+1 {
			t.Errorf("while its console holds it: %s", rep)
		}
	}
	all, err := List(dir)
	must(t, err)
	if len(all) != 2 || all[0].Status != Open || all[1].Status != Open {
		t.Errorf("the list is %+v", all)
	}
	for _, c := range consoles {
		must(t, c.in.Close())
		must(t, c.cmd.Wait())
	}
}

func TestLock(t *testing.T) {
	dir := t.TempDir() + "/trails"
	c := startConsole(t, "create", dir, 0)
	path, _ := c.line()
	for s, ok := "", true; s != "waiting"; s, ok = c.line() {
		if !ok {
			t.Fatal("the console died")
		}
	}
	status := func() Status {
		all, err := List(dir)
		must(t, err)
		if len(all) != 1 || all[0].Error != "" {
			t.Fatalf("the list is %+v", all)
		}
		return all[0].Status
	}
	_, _, err := Resume(path)
	var locked *Locked
	if !errors.As(err, &locked) || locked.PID != c.cmd.Process.Pid || locked.Host != "bastion" || locked.Since.IsZero() {
		t.Errorf("resume of a held trail: %v", err)
	}
	if _, err := Read(path); err != nil || status() != Open {
		t.Errorf("a held trail can be read: %v, and is %s", err, status())
	}
	must(t, c.cmd.Process.Kill())
	_ = c.cmd.Wait()
	if got := status(); got != Interrupted {
		t.Errorf("after the console was killed the walk is %s", got)
	}
	tr, _, err := Resume(path)
	must(t, err)
	defer tr.Close()
	if _, _, err := Resume(path); !errors.As(err, &locked) || locked.PID != os.Getpid() {
		t.Errorf("a second resume in one process: %v", err)
	}
	if n, err := os.ReadDir(dir + "/netbox-prod"); err != nil || len(n) != 1 {
		t.Errorf("the folder holds %v, %v", n, err)
	}
}
