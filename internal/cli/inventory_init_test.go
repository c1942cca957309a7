package cli

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/charmbracelet/x/vt"
	"github.com/creack/pty"
	"golang.org/x/term"

	"recon/internal/inventory"
)

// typist sits at a terminal with a program in it.
type typist struct {
	t       *testing.T
	master  *os.File
	slave   *os.File
	before  *term.State
	mu      sync.Mutex
	screen  *vt.Emulator
	changed chan struct{}
}

// sees waits until a text stands on the screen so many times.
func (y *typist) sees(text string, times int) {
	y.t.Helper()
	deadline := time.After(20 * time.Second)
	for {
		y.mu.Lock()
		shown, changed := y.screen.String(), y.changed
		y.mu.Unlock()
		if strings.Count(shown, text) >= times {
			return
		}
		select {
		case <-changed:
		case <-deadline:
			y.t.Fatalf("%q never comes:\n%s", text, shown)
		}
	}
}

// hidden types once the terminal shows nothing of it any more: the question stands there a moment before that.
func (y *typist) hidden(text string) {
	y.t.Helper()
	deadline := time.After(20 * time.Second)
	for {
		now, err := term.GetState(int(y.slave.Fd()))
		if err != nil {
			y.t.Fatal(err)
		}
		if !reflect.DeepEqual(now, y.before) {
			y.types(text)
			return
		}
		select {
		case <-time.After(5 * time.Millisecond):
		case <-deadline:
			y.t.Fatal("what is typed goes on showing")
		}
	}
}

func (y *typist) types(text string) {
	y.t.Helper()
	if _, err := y.master.WriteString(text); err != nil {
		y.t.Fatal(err)
	}
}

// atTerminal starts a program in a terminal. The returned function waits for its end and says whether the terminal is as it was.
func atTerminal(t *testing.T, cmd *exec.Cmd) (*typist, func() (code int, restored bool)) {
	t.Helper()
	master, slave, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	if err := pty.Setsize(master, &pty.Winsize{Rows: 30, Cols: 100}); err != nil {
		t.Fatal(err)
	}
	before, err := term.GetState(int(slave.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	y := &typist{t: t, master: master, slave: slave, before: before, screen: vt.NewEmulator(100, 30), changed: make(chan struct{})}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = slave, slave, slave
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var reading, answering sync.WaitGroup
	reading.Go(func() {
		buf := make([]byte, 4096)
		for {
			n, err := master.Read(buf)
			if n > 0 {
				y.mu.Lock()
				y.screen.Write(buf[:n])
				close(y.changed)
				y.changed = make(chan struct{})
				y.mu.Unlock()
			}
			if err != nil {
				return
			}
		}
	})
	// What the terminal answers to the program's questions.
	answering.Go(func() { io.Copy(master, y.screen) })
	return y, func() (int, bool) {
		cmd.Wait() // its exit code says how it ended
		after, stateErr := term.GetState(int(slave.Fd()))
		slave.Close()
		reading.Wait()
		err := errors.Join(stateErr, y.screen.InputPipe().(io.Closer).Close())
		answering.Wait()
		if err := errors.Join(err, master.Close()); err != nil || cmd.ProcessState == nil {
			t.Fatal(err)
		}
		return cmd.ProcessState.ExitCode(), reflect.DeepEqual(before, after)
	}
}

// The whole first set-up at a terminal: a wrong answer is told at once, the vault's password is asked for twice, the files are
// there afterwards, and the terminal is as it was.
func TestInitAtTerminal(t *testing.T) {
	dir := t.TempDir()
	cmd := exec.Command("recon", "inventory", "init", "--vault")
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "HOME="+dir, "TERM=xterm-256color")
	y, end := atTerminal(t, cmd)
	for _, turn := range []struct{ sees, types string }{
		{"▶ Name of the cluster", "prod\r"},
		{"▶ Environment", "\x1b[B\r"},
		{"▶ Address of host 1", "10.0.0.11\r"},
		{"▶ Name of host 1", "\r"},
		{"▶ Address of host 2", "10.0.0.11\r"},
		{"host 1 has the address 10.0.0.11 already", "\x1510.0.0.12\r"},
		{"▶ Name of host 2", "\r"},
		{"▶ Address of host 3", "10.0.0.13\r"},
		{"▶ Name of host 3", "\r"},
		{"▶ Address of host 4", "\r"},
		{"▶ User for ssh", "\x15anna\r"},
		{"▶ Private key for ssh", "\r"},
		{"▶ Jump hosts", "\r"},
		{"▶ Root's rights by", "\r"},
		{"▶ Networks of the clients", "\r"},
		{"▶ Network interface", "\r"},
		{"▶ Floating address of the database", "10.0.0.21\r"},
		{"▶ Floating address of the web site", "10.0.0.22\r"},
		{"▶ Name of the web site", "netbox.example.com\r"},
		{"▶ NetBox from", "\x1b[B\r"},
		{"Is this right?", "\r"},
	} {
		y.sees(turn.sees, 1)
		y.types(turn.types)
	}
	for _, turn := range []struct {
		sees, types string
		times       int
	}{
		{"new password of Ansible Vault:", "correct horse\r", 1},
		{"once more:", "battery staple\r", 1},
		{"new password of Ansible Vault:", "correct horse\r", 2},
		{"once more:", "correct horse\r", 2},
	} {
		y.sees(turn.sees, turn.times)
		y.hidden(turn.types)
	}
	y.sees("the two differ, begin again", 1)
	y.sees("recon walk bootstrap", 1)
	if code, restored := end(); code != 0 || !restored {
		t.Errorf("exit code %d, terminal restored: %t", code, restored)
	}
	text, err := os.ReadFile(filepath.Join(dir, "secrets.yml"))
	if err != nil {
		t.Fatal(err)
	}
	if plain, err := inventory.DecryptVault(text, "correct horse"); err != nil || !strings.Contains(string(plain), "\nredis_password: ") {
		t.Errorf("secrets.yml: %v", err)
	}
	c, err := inventory.Load(filepath.Join(dir, "inventory.yaml"))
	if err != nil || c.Name != "prod" || c.Environment != inventory.Staging || len(c.Nodes) != 3 || !c.Redis.Password.Asks() {
		t.Errorf("the cluster is %+v, %v", c, err)
	}
	y.mu.Lock()
	defer y.mu.Unlock()
	if shown := y.screen.String(); strings.Contains(shown, "correct horse") || strings.Contains(shown, "battery") {
		t.Errorf("a password is on the screen:\n%s", shown)
	}
}

// Leaving writes nothing, restores the terminal, and is told by the exit code.
func TestInitLeft(t *testing.T) {
	dir := t.TempDir()
	cmd := exec.Command("recon", "inventory", "init")
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "HOME="+dir, "TERM=xterm-256color")
	y, end := atTerminal(t, cmd)
	y.sees("▶ Name of the cluster", 1)
	y.types("\x03")
	y.sees("recon: nothing was written", 1)
	if code, restored := end(); code != exitAbandoned || !restored {
		t.Errorf("exit code %d, terminal restored: %t", code, restored)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("there are %v, %v", left, err)
	}
}
