//go:build lab

package foreign

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// place is a folder with the files of one cluster, and what runs from it.
type place struct {
	t   *testing.T
	dir string
	// uid and gid are postgres', who may not be root and runs everything here.
	uid, gid int
}

func newPlace(t *testing.T) *place {
	t.Helper()
	if os.Getuid() != 0 {
		t.Fatal("these tests need root: PostgreSQL must run as another user")
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		t.Fatalf("%v; install postgresql-15", err)
	}
	p := &place{t: t}
	p.uid, _ = strconv.Atoi(u.Uid) // what /etc/passwd holds is a number
	p.gid, _ = strconv.Atoi(u.Gid)
	// Short: a unix socket's path has room for 107 bytes.
	if p.dir, err = os.MkdirTemp("/tmp", "foreign"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(p.dir); err != nil {
			t.Error(err)
		}
	})
	p.own(p.dir)
	return p
}

func (p *place) own(path string) {
	p.t.Helper()
	if err := os.Chown(path, p.uid, p.gid); err != nil {
		p.t.Fatal(err)
	}
}

// folder makes one for postgres and returns its path.
func (p *place) folder(name string) string {
	p.t.Helper()
	path := filepath.Join(p.dir, name)
	if err := os.MkdirAll(path, 0o700); err != nil {
		p.t.Fatal(err)
	}
	p.own(path)
	return path
}

// file writes one for postgres and returns its path.
func (p *place) file(name, text string) string {
	p.t.Helper()
	path := filepath.Join(p.dir, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		p.t.Fatal(err)
	}
	p.own(path)
	return path
}

// process is one program that runs until the test ends, or until stop.
type process struct {
	cmd  *exec.Cmd
	log  *output
	stop func()
}

// start runs a program as postgres. Its children share its process group and end with it.
func (p *place) start(name string, args ...string) *process {
	p.t.Helper()
	x := &process{cmd: exec.Command(name, args...), log: &output{}}
	x.cmd.Dir, x.cmd.Env = p.dir, append(os.Environ(), "HOME="+p.dir, "LC_ALL=C")
	x.cmd.Stdout, x.cmd.Stderr = x.log, x.log
	x.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL, Credential: &syscall.Credential{Uid: uint32(p.uid), Gid: uint32(p.gid)}}
	x.cmd.WaitDelay = 2 * time.Second // what left the process group may hold its output open
	if err := x.cmd.Start(); err != nil {
		p.t.Fatalf("%v; .ci/run installs the packages", err)
	}
	var once sync.Once
	x.stop = func() {
		once.Do(func() {
			// The group is ours alone: the process was started as its leader and has not been waited for.
			_ = syscall.Kill(-x.cmd.Process.Pid, syscall.SIGKILL)
			_ = x.cmd.Wait() // killed: that is its error
		})
	}
	p.t.Cleanup(func() {
		x.stop()
		if p.t.Failed() {
			p.t.Logf("%s %s:\n%s", name, strings.Join(args, " "), x.log.tail())
		}
	})
	return x
}

// killPostgres ends the PostgreSQL of a data folder, which leaves the process group of the Patroni that started it. All its
// processes end when the first does.
func (p *place) killPostgres(data string) {
	text, err := os.ReadFile(filepath.Join(data, "postmaster.pid"))
	if err != nil {
		return // it never started, or has ended
	}
	first, _, _ := strings.Cut(string(text), "\n")
	pid, err := strconv.Atoi(first)
	if err != nil || pid < 2 {
		return
	}
	line, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	if err != nil || !strings.Contains(string(line), data) {
		return // the number is somebody else's by now
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		p.t.Errorf("kill the PostgreSQL of %s: %v", data, err)
	}
}

// run runs a program to its end as postgres.
func (p *place) run(stdin, name string, args ...string) (string, error) {
	cmd := exec.Command(name, args...)
	cmd.Dir, cmd.Env, cmd.Stdin = p.dir, append(os.Environ(), "HOME="+p.dir, "LC_ALL=C"), strings.NewReader(stdin)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(p.uid), Gid: uint32(p.gid)}}
	out, err := cmd.CombinedOutput()
	if err != nil {
		return string(out), fmt.Errorf("%s %s: %w\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out), nil
}

// output keeps the end of what a program says.
type output struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.Write(b)
}

func (o *output) tail() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	b := o.b.Bytes()
	return string(b[max(0, len(b)-4000):])
}

// until tries again until do has no error.
func until(t *testing.T, limit time.Duration, what string, do func() error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		err := do()
		if err == nil {
			return
		}
		select {
		case <-ctx.Done():
			t.Fatalf("no %s within %s: %v", what, limit, err)
		case <-tick.C:
		}
	}
}

// listens waits for a port.
func listens(t *testing.T, address string, port int) {
	t.Helper()
	until(t, 20*time.Second, "listener on "+address, func() error {
		c, err := net.Dial("tcp", net.JoinHostPort(address, strconv.Itoa(port)))
		if err == nil {
			err = c.Close()
		}
		return err
	})
}
