//go:build lab

package e2e

import (
	"bytes"
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/creack/pty"

	"recon/internal/inventory"
	"recon/internal/remote"
	"recon/probes"
)

// The figures are ratios: recon and its peer take turns on the same hosts in one run. BenchmarkOnConsole puts this very
// test binary onto the lab's console host and runs the benchmarks named Inner there, where an operator would sit:
//
//	go test -tags lab -run '^$' -bench 'OnConsole|FirstFrame' -v ./internal/e2e
func BenchmarkOnConsole(b *testing.B) {
	if out, err := exec.Command(binary, "lab", "--dir", labDir(), "up").CombinedOutput(); err != nil {
		b.Fatalf("lab up: %v\n%s", err, out)
	}
	self, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	f, err := os.Open(self)
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	run := func(in io.Reader, args ...string) string {
		cmd := exec.Command(binary, append([]string{"lab", "--dir", labDir(), "exec", "console", "--"}, args...)...)
		cmd.Stdin = in
		out, err := cmd.CombinedOutput()
		if err != nil {
			b.Fatalf("%v: %v\n%s", args, err, out)
		}
		return string(out)
	}
	run(f, "sh", "-c", "cat >/tmp/figures && chmod 755 /tmp/figures")
	for b.Loop() {
		b.Log("\n" + run(nil, "env", "RECON_INNER=1", "/tmp/figures", "-test.run", "^$", "-test.bench", "^BenchmarkInner", "-test.benchtime", "10x"))
	}
}

// perOp reports the processor time of one operation.
func perOp(b *testing.B, before, after time.Duration) {
	b.ReportMetric(float64(after-before)/float64(b.N)/1e6, "cpu-ms/op")
}

// BenchmarkInnerState is one fresh State of all targets on warm connections: etcd, Patroni, PostgreSQL and the hosts.
func BenchmarkInnerState(b *testing.B) { benchmarkFresh(b) }

// BenchmarkInnerPatroni is what patronictl list shows, and no more: the members and the keys in etcd.
func BenchmarkInnerPatroni(b *testing.B) { benchmarkFresh(b, "patroni", "etcd") }

func benchmarkFresh(b *testing.B, sections ...string) {
	if os.Getenv("RECON_INNER") == "" {
		b.Skip("runs on the lab's console, started by BenchmarkOnConsole")
	}
	c, err := inventory.Load(os.Getenv("RECON_INVENTORY"))
	if err != nil {
		b.Fatal(err)
	}
	pool := remote.New(c, remote.Options{})
	defer pool.Close()
	watch, err := probes.New(c, probes.Through(pool), probes.Options{Secret: func(ctx context.Context, s inventory.Secret) (string, error) { return s.Resolve(ctx, nil) }})
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(b.Context())
	done := make(chan error, 1)
	go func() { done <- watch.Run(ctx) }()
	if _, err := watch.Fresh(ctx, nil); err != nil {
		b.Fatal(err)
	}
	before := selfCPU(b)
	for b.Loop() {
		if _, err := watch.Fresh(ctx, sections); err != nil {
			b.Fatal(err)
		}
	}
	perOp(b, before, selfCPU(b))
	cancel()
	<-done
}

// BenchmarkInnerPatronictl is its peer.
func BenchmarkInnerPatronictl(b *testing.B) {
	if os.Getenv("RECON_INNER") == "" {
		b.Skip("runs on the lab's console, started by BenchmarkOnConsole")
	}
	var used time.Duration
	for b.Loop() {
		cmd := exec.Command("patronictl", "list") // the lab gives anna its configuration
		if out, err := cmd.CombinedOutput(); err != nil {
			b.Fatalf("%v\n%s", err, out)
		}
		used += cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	}
	perOp(b, 0, used)
}

// BenchmarkFirstFrame is from the start of the process to the first frame on the terminal.
func BenchmarkFirstFrame(b *testing.B) {
	dir := b.TempDir()
	file := filepath.Join(dir, "inventory.yaml")
	text := "format: 1\ncluster: bench\nenvironment: training\ndial: direct\nnodes: [{name: n1, address: 127.0.0.1}]\nservices:\n  patroni: {scope: bench}\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		cmd := exec.Command(binary, "-i", file)
		cmd.Env = append(os.Environ(), "XDG_STATE_HOME="+dir, "TERM=xterm-256color")
		tty, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 36, Cols: 120})
		if err != nil {
			b.Fatal(err)
		}
		var seen bytes.Buffer
		buf := make([]byte, 64<<10)
		for !bytes.Contains(seen.Bytes(), []byte("TRAINING")) {
			n, err := tty.Read(buf)
			seen.Write(buf[:n])
			if err != nil {
				b.Fatalf("%v\n%q", err, seen.String())
			}
		}
		b.StopTimer()
		if _, err := tty.Write([]byte("q")); err != nil {
			b.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, tty) // ends with EIO when the program is gone
		if err := cmd.Wait(); err != nil {
			b.Fatal(err)
		}
		tty.Close()
		b.StartTimer()
	}
}
