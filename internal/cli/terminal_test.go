package cli

import (
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/creack/pty"
)

// onTTY is recon as a process of its own on a terminal.
type onTTY struct {
	t      *testing.T
	cmd    *exec.Cmd
	master *os.File
	pieces chan string
	// said is what it has printed, and seen how much of that was waited for.
	said string
	seen int
	over bool
}

// terminal starts recon on a terminal, in a folder that is also its home.
func terminal(t *testing.T, dir string, args ...string) *onTTY {
	t.Helper()
	c := &onTTY{t: t, cmd: exec.Command("recon", args...), pieces: make(chan string, 1000)}
	c.cmd.Dir = dir
	c.cmd.Env = append(os.Environ(), "HOME="+dir, "XDG_STATE_HOME="+dir+"/state", "TERM=xterm", "RECON_INVENTORY=", "RECON_OPERATOR=anna")
	master, err := pty.StartWithSize(c.cmd, &pty.Winsize{Rows: 24, Cols: 80})
	if err != nil {
		t.Fatal(err)
	}
	c.master = master
	go func() {
		defer close(c.pieces)
		b := make([]byte, 4096)
		for {
			n, err := master.Read(b)
			if n > 0 {
				c.pieces <- string(b[:n])
			}
			if err != nil {
				return // the terminal's other side is closed: the process has ended
			}
		}
	}()
	t.Cleanup(func() {
		if !c.over {
			c.kill()
		}
	})
	return c
}

// waits reads until the words were printed, after what was waited for before.
func (c *onTTY) waits(words ...string) {
	c.t.Helper()
	limit := time.After(time.Minute)
	for _, w := range words {
		for {
			if at := strings.Index(c.said[c.seen:], w); at >= 0 {
				c.seen += at + len(w)
				break
			}
			select {
			case p, ok := <-c.pieces:
				if !ok {
					c.t.Fatalf("it ended and did not print %q:\n%s", w, c.said)
				}
				c.said += p
			case <-limit:
				c.t.Fatalf("it does not print %q:\n%s", w, c.said)
			}
		}
	}
}

// types writes to the terminal as a person does.
func (c *onTTY) types(text string) {
	c.t.Helper()
	if _, err := c.master.WriteString(text); err != nil {
		c.t.Fatal(err)
	}
}

// kill ends the process as a machine that loses its power does.
func (c *onTTY) kill() {
	c.t.Helper()
	if err := c.cmd.Process.Kill(); err != nil {
		c.t.Error(err)
	}
	if c.end() == 0 {
		c.t.Error("it ended by itself")
	}
}

// end waits for the end of the process and returns its exit code.
func (c *onTTY) end() int {
	c.t.Helper()
	limit := time.After(time.Minute)
	for open := true; open; {
		var p string
		select {
		case p, open = <-c.pieces:
			c.said += p
		case <-limit:
			c.t.Fatalf("it does not end:\n%s", c.said)
		}
	}
	c.over = true
	_ = c.cmd.Wait() // how it ended is what the caller asks for
	if err := c.master.Close(); err != nil {
		c.t.Error(err)
	}
	return c.cmd.ProcessState.ExitCode()
}
