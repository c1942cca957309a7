//go:build lab && linux

package lab

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// These tests start real hosts, so they need root and what means() names; they fail without. They use a state folder of
// their own ($RECON_LAB_DIR, by default /var/lib/recon-lab-test) and leave its cache for the next run:
//
//	go test -tags lab -timeout 30m ./internal/lab
func testLab(t *testing.T) *Lab {
	t.Helper()
	dir := os.Getenv("RECON_LAB_DIR")
	if dir == "" {
		dir = DefaultDir + "-test"
	}
	l, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := means(); err != nil {
		t.Fatal(err)
	}
	if err := l.Down(t.Context(), false); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Down(context.Background(), false); err != nil {
			t.Error(err)
		}
		nothingLeft(t, l)
	})
	return l
}

// nothingLeft looks for what a lab could leave: processes, mounts, namespaces, cgroups, nspawn's notes.
func nothingLeft(t *testing.T, l *Lab) {
	t.Helper()
	if mounts, err := mountsBelow(l.dir); err != nil || len(mounts) > 0 {
		t.Errorf("mounts left: %v %v", mounts, err)
	}
	for _, dir := range l.cgroups("") {
		if _, err := os.Stat(dir); !os.IsNotExist(err) {
			t.Errorf("cgroup left: %s", dir)
		}
	}
	if _, err := os.Stat(l.path("run")); !os.IsNotExist(err) {
		t.Errorf("run folder left: %v", err)
	}
	cmdlines, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, path := range cmdlines {
		if data, err := os.ReadFile(path); err == nil && strings.Contains(string(data), l.dir+"/") {
			t.Errorf("process left: %s", bytes.ReplaceAll(data, []byte{0}, []byte{' '}))
		}
	}
	out, err := exec.Command("ip", "netns", "list").CombinedOutput()
	if err != nil || strings.Contains(string(out), "recon") {
		t.Errorf("named network namespaces: %s %v", out, err)
	}
	notes, _ := filepath.Glob("/run/systemd/nspawn/*/" + l.name + "-*")
	if len(notes) > 0 {
		t.Errorf("nspawn's notes left: %v", notes)
	}
}

func options(t *testing.T) Options {
	return Options{Progress: t.Output(), Roles: os.DirFS("../../runbooks/ansible"), Binary: "/bin/true"}
}

func TestUpAndDownLeaveNothing(t *testing.T) {
	l := testLab(t)
	ctx := t.Context()
	if err := l.Up(ctx, options(t)); err != nil {
		t.Fatal(err)
	}
	s, err := l.Status(ctx)
	if err != nil || s.State != Running {
		t.Fatalf("state %s, %v", s.State, err)
	}
	for _, h := range s.Hosts {
		for unit, state := range h.Units {
			if state != "active" {
				t.Errorf("%s: %s is %s", h.Name, unit, state)
			}
		}
	}
	if err := l.Up(ctx, options(t)); err == nil || !strings.Contains(err.Error(), "up already") {
		t.Errorf("second up: %v", err)
	}
	var out bytes.Buffer
	code, err := l.Exec(ctx, consoleName, []string{"bash", "-c", `ssh netbox-node-1 sudo id -u; echo "$RECON_INVENTORY $PWD"; exit 7`}, Stdio{Out: &out, Err: &out}, false)
	if want := "0\n/home/anna/inventory.yaml /home/anna\n"; err != nil || code != 7 || out.String() != want {
		t.Errorf("exec: %d %v %q, want 7 and %q", code, err, out.String(), want)
	}
	out.Reset()
	code, err = l.Exec(ctx, consoleName, []string{"tty"}, Stdio{Out: &out}, true)
	if err != nil || code != 0 || !strings.HasPrefix(out.String(), "/dev/pts/") {
		t.Errorf("exec with a terminal: %d %v %q", code, err, out.String())
	}
	limited, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	if _, err = l.Exec(limited, consoleName, []string{"sleep", "7654"}, Stdio{}, false); err == nil {
		t.Error("an ended context did not end the command")
	}
	if code, _ = l.Exec(ctx, consoleName, []string{"pgrep", "-x", "-f", "sleep 7654"}, Stdio{}, false); code != 1 {
		t.Errorf("the command lives on (pgrep's code %d)", code)
	}
	out.Reset()
	if code, err = l.Exec(ctx, consoleName, []string{"sh", "-c", "cd ~/ansible && ansible-playbook site.yml"}, Stdio{Out: &out}, false); err != nil || code != 0 {
		t.Errorf("the roles again: %d %v\n%s", code, err, out.String())
	}
	if strings.Count(out.String(), "changed=0 ") != 3 {
		t.Errorf("the roles change a live cluster:\n%s", out.String())
	}
}

func TestInterruptedUpLeavesNothing(t *testing.T) {
	l := testLab(t)
	ctx, cancel := context.WithCancel(t.Context())
	o := options(t)
	o.Progress = writerFunc(func(p []byte) {
		if bytes.Contains(p, []byte("waiting for the cluster")) || bytes.Contains(p, []byte("PLAY [")) {
			cancel()
		}
	})
	if err := l.Up(ctx, o); err == nil {
		t.Fatal("an interrupted up succeeded")
	}
	nothingLeft(t, l)
}

type writerFunc func([]byte)

func (f writerFunc) Write(p []byte) (int, error) { f(p); return len(p), nil }
