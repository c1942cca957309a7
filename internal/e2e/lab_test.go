//go:build lab

// Package e2e drives the real program in real terminals on the lab: three Debian hosts with etcd, Patroni and PostgreSQL,
// and a console host. It needs Linux, root, systemd-nspawn, debootstrap and tmux, and fails without them. Its tests share
// one lab and run in order.
package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"recon/probes"
)

// labDir is where the lab keeps its images; .ci/run names it, so that they are kept from run to run.
func labDir() string {
	if dir := os.Getenv("RECON_LAB"); dir != "" {
		return dir
	}
	return "/var/lib/recon-lab"
}

// binary is the program under test, built once.
var binary string

func TestMain(m *testing.M) {
	if os.Getenv("RECON_INNER") != "" {
		os.Exit(m.Run()) // on the lab's console, for the figures: there is nothing to build there
	}
	dir, err := os.MkdirTemp("", "recon-e2e-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	binary = filepath.Join(dir, "recon")
	build := exec.Command("go", "build", "-o", binary, "recon")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "build: %v\n%s", err, out)
		os.Exit(1)
	}
	code := m.Run()
	if os.Getenv("RECON_LAB_KEEP") != "" {
		// For who works on a test: the lab stays as the tests left it.
	} else if out, err := exec.Command(binary, "lab", "--dir", labDir(), "down").CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "lab down: %v\n%s", err, out)
		code = 1
	}
	if err := os.RemoveAll(dir); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// recon runs the program on this machine and returns what it printed and its exit code.
func recon(t *testing.T, args ...string) (string, int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, binary, args...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	if cmd.ProcessState == nil {
		t.Fatalf("recon %s: %v", strings.Join(args, " "), err)
	}
	return out.String(), cmd.ProcessState.ExitCode()
}

func labRun(t *testing.T, args ...string) string {
	t.Helper()
	out, code := recon(t, append([]string{"lab", "--dir", labDir()}, args...)...)
	if code != 0 {
		t.Fatalf("recon lab %s: exit code %d\n%s", strings.Join(args, " "), code, out)
	}
	return out
}

// onConsole runs a command on the lab's console host and returns its output and exit code.
func onConsole(t *testing.T, args ...string) (string, int) {
	t.Helper()
	return recon(t, append([]string{"lab", "--dir", labDir(), "exec", "console", "--"}, args...)...)
}

func state(t *testing.T) *probes.State {
	t.Helper()
	out, _ := onConsole(t, "recon", "status", "--json")
	var s probes.State
	if err := json.Unmarshal([]byte(out), &s); err != nil {
		t.Fatalf("status --json: %v\n%s", err, out)
	}
	return &s
}

// healthy waits for a leader, two streaming replicas and a synchronous standby.
func healthy(t *testing.T) *probes.State {
	t.Helper()
	var s *probes.State
	eventually(t, 3*time.Minute, "a healthy cluster", func() error {
		s = state(t)
		if s.Patroni.Leader == nil {
			return fmt.Errorf("nobody leads (%s)", s.Patroni.Disputed)
		}
		streaming := 0
		for _, m := range s.Patroni.Members {
			if m.State == "streaming" {
				streaming++
			}
		}
		if streaming != 2 || len(s.Patroni.SyncStandbys) != 1 {
			return fmt.Errorf("%d replicas stream, synchronous standbys %v", streaming, s.Patroni.SyncStandbys)
		}
		return nil
	})
	return s
}

// eventually asks again and again until do has no error; each look takes its own time, so nothing sleeps for long.
func eventually(t *testing.T, limit time.Duration, what string, do func() error) {
	t.Helper()
	deadline := time.Now().Add(limit)
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for {
		err := do()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("no %s within %s: %v", what, limit, err)
		}
		<-tick.C
	}
}
