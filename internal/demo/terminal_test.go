package demo

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/charmbracelet/x/vt"
	"github.com/creack/pty"
	"go.uber.org/goleak"

	"recon/internal/cli"
)

// trail is how the demo names the trail that it leaves.
var trail = regexp.MustCompile(`trail (\S+\.jsonl)`)

// asProgram makes the test binary recon.
const asProgram = "RECON_DEMO_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		os.Exit(cli.Main(os.Args[1:]))
	}
	goleak.VerifyTestMain(m)
}

// recon is recon, with a home and a temporary folder of its own.
func recon(home string, args ...string) *exec.Cmd {
	cmd := exec.Command(os.Args[0], args...)
	cmd.Env = append(os.Environ(), asProgram+"=1", "TERM=xterm-256color", "COLORTERM=", "NO_COLOR=", "RECON_OPERATOR=anna",
		"HOME="+home, "XDG_STATE_HOME="+home+"/state", "TMPDIR="+home)
	return cmd
}

// piece is what the program wrote at one moment.
type piece struct {
	at   time.Duration // since it was started
	text string
}

// terminal is a terminal with a program in it.
type terminal struct {
	t      testing.TB
	master *os.File
	cmd    *exec.Cmd
	began  time.Time
	ended  chan struct{} // closed when the program and its output have ended
	err    error         // how the program ended

	mu      sync.Mutex
	screen  *vt.Emulator
	pieces  []piece
	keyed   []time.Duration // when a key was pressed
	changed chan struct{}   // closed and made anew at every change
}

// open starts a program in a terminal of that size.
func open(t testing.TB, width, height int, cmd *exec.Cmd) *terminal {
	t.Helper()
	master, slave, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	if err := pty.Setsize(master, &pty.Winsize{Rows: uint16(height), Cols: uint16(width)}); err != nil {
		t.Fatal(err)
	}
	x := &terminal{t: t, master: master, cmd: cmd, began: time.Now(), ended: make(chan struct{}), screen: vt.NewEmulator(width, height), changed: make(chan struct{})}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = slave, slave, slave
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if err := slave.Close(); err != nil {
		t.Fatal(err)
	}
	var answering sync.WaitGroup
	answering.Go(func() { _, _ = io.Copy(master, x.screen) }) // what a terminal answers when it is asked what it is
	go func() {
		defer close(x.ended)
		x.read()
		x.err = cmd.Wait()
	}()
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the last screen:\n%s", x.text())
		}
		_ = cmd.Process.Kill() // it has ended already, if all went well
		<-x.ended
		if err := errors.Join(x.screen.InputPipe().(io.Closer).Close(), master.Close()); err != nil {
			t.Error(err)
		}
		answering.Wait()
	})
	return x
}

// read shows what the program writes until it ends, which a terminal reports as an error.
func (x *terminal) read() {
	buf := make([]byte, 1<<16)
	for {
		n, err := x.master.Read(buf)
		x.mu.Lock()
		if n > 0 {
			_, _ = x.screen.Write(buf[:n]) // in memory
			x.pieces = append(x.pieces, piece{time.Since(x.began), string(buf[:n])})
		}
		close(x.changed)
		x.changed = make(chan struct{})
		x.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// text is what a person would see now.
func (x *terminal) text() string {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.screen.String()
}

// until waits until a screen is as wanted, and returns it.
func (x *terminal) until(limit time.Duration, what string, wanted func(screen string) bool) string {
	x.t.Helper()
	late := time.NewTimer(limit)
	defer late.Stop()
	for {
		x.mu.Lock()
		text, changed := x.screen.String(), x.changed
		x.mu.Unlock()
		if wanted(text) {
			return text
		}
		select {
		case <-changed:
		case <-x.ended:
			if text := x.text(); wanted(text) {
				return text
			}
			x.t.Fatalf("the program ended (%v) before %s was seen", x.err, what)
		case <-late.C:
			x.t.Fatalf("%s was not seen within %s", what, limit)
		}
	}
}

// shows waits until all words are on the screen.
func (x *terminal) shows(limit time.Duration, words ...string) string {
	x.t.Helper()
	return x.until(limit, strings.Join(words, ", "), func(screen string) bool {
		for _, w := range words {
			if !strings.Contains(screen, w) {
				return false
			}
		}
		return true
	})
}

// press presses keys.
func (x *terminal) press(keys string) {
	x.t.Helper()
	x.mu.Lock()
	x.keyed = append(x.keyed, time.Since(x.began))
	x.mu.Unlock()
	if _, err := io.WriteString(x.master, keys); err != nil {
		x.t.Fatal(err)
	}
}

// typed types a text at the pace of a person: what comes faster was pasted, and is refused where it matters.
func (x *terminal) typed(text string) {
	x.t.Helper()
	pace := time.NewTicker(70 * time.Millisecond)
	defer pace.Stop()
	for _, r := range text {
		<-pace.C
		x.press(string(r))
	}
	<-pace.C
}

// end waits for the end of the program.
func (x *terminal) end(limit time.Duration) error {
	x.t.Helper()
	late := time.NewTimer(limit)
	defer late.Stop()
	select {
	case <-x.ended:
	case <-late.C:
		x.t.Fatalf("it does not end within %s", limit)
	}
	return x.err
}
