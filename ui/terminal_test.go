package ui

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"reflect"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
	"go.uber.org/goleak"
	"golang.org/x/term"

	"recon/internal/walk"
	"recon/probes"
	"recon/probes/probestest"
)

// asProgram makes the test binary the console, in a terminal of its own.
const asProgram = "RECON_UI_AS_PROGRAM"

func TestMain(m *testing.M) {
	if how := os.Getenv(asProgram); how != "" {
		os.Exit(program(how))
	}
	goleak.VerifyTestMain(m)
}

// broken is a walk with a defect in it.
type broken struct {
	*fakeWalk
	view func() walk.View
}

func (b broken) View(*probes.State) walk.View { return b.view() }

func program(how string) int {
	ctx, cancel := context.WithCancel(context.Background())
	o := Options{Cluster: probestest.Inventory(), Operator: "anna", Host: "bastion", Eyes: probestest.Static(probestest.Healthy())}
	quiet := &fakeWalk{scenes: []scene{{}}}
	switch how {
	case "panic in view":
		o.Walk = broken{quiet, func() walk.View { return walk.View{Next: walk.Next{Kind: walk.NextConfirm}} }}
	case "panic in command":
		o.Walk = broken{quiet, func() walk.View { panic("a defect") }}
	case "cancelled":
		time.AfterFunc(300*time.Millisecond, cancel)
	}
	err := Run(ctx, o)
	cancel()
	switch {
	case how == "left" && err == nil, how == "cancelled" && errors.Is(err, context.Canceled):
		return 0
	}
	var d defect
	if strings.HasPrefix(how, "panic") && errors.As(err, &d) && quiet.closed {
		return 0
	}
	fmt.Fprintln(os.Stderr, "ended with", err)
	return 1
}

// However the console ends, the terminal is what it was.
func TestTheTerminalIsRestored(t *testing.T) {
	for _, how := range []string{"left", "cancelled", "panic in view", "panic in command"} {
		t.Run(how, func(t *testing.T) {
			master, slave, err := pty.Open()
			if err != nil {
				t.Fatal(err)
			}
			defer slave.Close()
			if err := pty.Setsize(master, &pty.Winsize{Rows: 36, Cols: 120}); err != nil {
				t.Fatal(err)
			}
			before, err := term.GetState(int(slave.Fd()))
			if err != nil {
				t.Fatal(err)
			}
			var mu sync.Mutex
			var out bytes.Buffer
			done := make(chan struct{})
			go func() {
				defer close(done)
				buf := make([]byte, 4096)
				for {
					n, err := master.Read(buf)
					mu.Lock()
					out.Write(buf[:n])
					mu.Unlock()
					if err != nil {
						return
					}
				}
			}()
			said := func() string {
				mu.Lock()
				defer mu.Unlock()
				return out.String()
			}
			cmd := exec.Command(os.Args[0])
			cmd.Env = append(os.Environ(), asProgram+"="+how, "TERM=xterm-256color")
			cmd.Stdin, cmd.Stdout, cmd.Stderr = slave, slave, slave
			cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			exited := make(chan error, 1)
			go func() { exited <- cmd.Wait() }()
			limit := time.After(30 * time.Second)
			if how == "left" {
				// The alternate screen says that it is up; from then on q leaves.
				for !strings.Contains(said(), "\x1b[?1049h") {
					select {
					case <-limit:
						t.Fatalf("it did not come up: %q", said())
					case <-time.After(20 * time.Millisecond):
					}
				}
				if _, err := io.WriteString(master, "q"); err != nil {
					t.Fatal(err)
				}
			}
			select {
			case err := <-exited:
				if err != nil {
					t.Errorf("%v: %s", err, said())
				}
			case <-limit:
				_ = cmd.Process.Kill() // the test fails; the process must not stay
				t.Fatalf("it does not end: %q", said())
			}
			after, err := term.GetState(int(slave.Fd()))
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(before, after) {
				t.Errorf("the terminal's modes were %+v and are %+v", before, after)
			}
			if err := errors.Join(slave.Close(), master.Close()); err != nil {
				t.Fatal(err)
			}
			<-done
			text := said()
			for on, off := range map[string]string{"\x1b[?1049h": "\x1b[?1049l", "\x1b[?25l": "\x1b[?25h", "\x1b[?2004h": "\x1b[?2004l"} {
				if strings.LastIndex(text, on) > strings.LastIndex(text, off) {
					t.Errorf("%q was not taken back by %q", on, off)
				}
			}
		})
	}
}
