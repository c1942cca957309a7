package drill

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// The door of a session is a unix socket, inject.sock, in a folder that only its owner can enter; a line goes in (a fault, as
// a book writes it), and a line comes out ("ok WHAT WAS DONE" or "error WHY").
const (
	doorFile  = "inject.sock"
	knockTime = 3 * time.Minute // the lab takes its time
	longest   = 4096
)

// Door lets a game master in a second terminal reach a session.
type Door struct {
	dir      string
	listener net.Listener
	served   sync.WaitGroup
	stop     context.CancelFunc
}

// OpenDoor makes the folder of this process below dir (its process id is the session's name) and listens in it.
func OpenDoor(dir string, inject func(ctx context.Context, fault string) (said string, err error)) (*Door, error) {
	own := filepath.Join(dir, strconv.Itoa(os.Getpid()))
	file := filepath.Join(own, doorFile)
	if err := os.MkdirAll(own, 0o700); err != nil {
		return nil, fmt.Errorf("the folder of the session: %w", err)
	}
	_ = os.Remove(file) // of a process that had this number and was killed; listening says what is wrong otherwise
	l, err := net.Listen("unix", file)
	if err != nil {
		return nil, fmt.Errorf("the game master's door: %w; a socket's path may have about a hundred bytes, so set XDG_STATE_HOME to a short folder", err)
	}
	if err := os.Chmod(file, 0o600); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	ctx, stop := context.WithCancel(context.Background())
	d := &Door{dir: own, listener: l, stop: stop}
	d.served.Go(func() { d.serve(ctx, inject) })
	return d, nil
}

func (d *Door) serve(ctx context.Context, inject func(ctx context.Context, fault string) (string, error)) {
	for {
		c, err := d.listener.Accept()
		if err != nil {
			return // it was closed
		}
		d.served.Go(func() {
			defer context.AfterFunc(ctx, func() { _ = c.Close() })()
			defer func() { _ = c.Close() }() // the answer is out, or nobody listens
			_ = c.SetDeadline(time.Now().Add(knockTime))
			line, err := bufio.NewReaderSize(c, longest).ReadString('\n')
			if err != nil || len(line) > longest {
				return
			}
			said, err := inject(ctx, strings.TrimSpace(line))
			answer := "ok " + said
			if err != nil {
				answer = "error " + err.Error()
			}
			_, _ = fmt.Fprintln(c, strings.ReplaceAll(answer, "\n", "; ")) // whoever went away does not want it
		})
	}
}

// Close shuts the door and takes its folder away.
func (d *Door) Close() error {
	err := d.listener.Close()
	d.stop()
	d.served.Wait()
	if errors.Is(err, net.ErrClosed) {
		err = nil
	}
	return errors.Join(err, os.RemoveAll(d.dir))
}

// ErrNoSession says that no door is open.
var ErrNoSession = errors.New("no drill is under way here; `recon drill run NAME` starts one")

// Knock asks a session for a fault and returns what was done. Without a name it asks the only session there is.
func Knock(ctx context.Context, dir, session, fault string) (said string, err error) {
	open, err := sessions(dir)
	if err != nil {
		return "", err
	}
	switch {
	case session != "" && !slices.Contains(open, session):
		return "", fmt.Errorf("there is no session %s; there are: %s", session, strings.Join(open, ", "))
	case session == "" && len(open) == 0:
		return "", ErrNoSession
	case session == "" && len(open) > 1:
		return "", fmt.Errorf("several drills are under way; name one with --session: %s", strings.Join(open, ", "))
	case session == "":
		session = open[0]
	}
	c, err := (&net.Dialer{Timeout: time.Second}).DialContext(ctx, "unix", filepath.Join(dir, session, doorFile))
	if err != nil {
		return "", fmt.Errorf("reach session %s: %w", session, err)
	}
	defer func() { _ = c.Close() }() // the answer was read
	defer context.AfterFunc(ctx, func() { _ = c.Close() })()
	_ = c.SetDeadline(time.Now().Add(knockTime))
	if _, err := fmt.Fprintln(c, strings.ReplaceAll(fault, "\n", " ")); err != nil {
		return "", fmt.Errorf("tell session %s: %w", session, err)
	}
	line, err := bufio.NewReader(c).ReadString('\n')
	if err != nil {
		return "", fmt.Errorf("session %s did not answer: %w", session, err)
	}
	word, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
	if word != "ok" {
		return "", errors.New(rest)
	}
	return rest, nil
}

// sessions are those whose door opens; what killed processes left behind is taken away.
func sessions(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("look for drills under way: %w", err)
	}
	var open []string
	for _, e := range entries {
		c, err := net.DialTimeout("unix", filepath.Join(dir, e.Name(), doorFile), time.Second)
		if err != nil {
			if pid, bad := strconv.Atoi(e.Name()); bad == nil && errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
				_ = os.RemoveAll(filepath.Join(dir, e.Name())) // its process was killed; the next look finds it again
			}
			continue
		}
		_ = c.Close() // it was only a look
		open = append(open, e.Name())
	}
	return open, nil
}
