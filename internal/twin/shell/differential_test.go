package shell_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"recon/internal/twin/shell"
)

// The scripts of testdata/differential.txt and what the real /bin/sh of Debian 12 (dash 0.5.12, coreutils 9.1, grep 3.8,
// sed 4.9, mawk 1.3.4, findutils 4.9, diffutils 3.8) said to each, which is in testdata/differential.json.
const (
	differentialScripts = "testdata/differential.txt"
	differentialTruth   = "testdata/differential.json"
)

// truth is what the real tools said.
type truth struct {
	Script, Out, Err string
	Status           int
}

// TestRecorded wants from a simulated host what the real tools said when they were recorded.
func TestRecorded(t *testing.T) {
	b, err := os.ReadFile(differentialTruth)
	if err != nil {
		t.Fatal(err)
	}
	var list []truth
	if err := json.Unmarshal(b, &list); err != nil {
		t.Fatal(err)
	}
	known := map[string]truth{}
	for _, r := range list {
		known[r.Script] = r
	}
	for _, script := range differential(t) {
		r, ok := known[script]
		if !ok {
			t.Errorf("not recorded; run with RECON_DIFFERENTIAL=record on Debian 12: %s", script)
			continue
		}
		t.Run(script, func(t *testing.T) {
			t.Parallel()
			compare(t, script, "/tmp/recorded", said{r.Out, r.Err, r.Status})
		})
	}
}

// TestDifferential runs the scripts on the real /bin/sh with the real tools and on a simulated host, and wants the same
// output, status and messages. It is for Debian only. RECON_DIFFERENTIAL=record writes down what the real ones say.
func TestDifferential(t *testing.T) {
	mode := os.Getenv("RECON_DIFFERENTIAL")
	if mode == "" {
		t.Skip("set RECON_DIFFERENTIAL=1 on a Debian machine; this runs the real /bin/sh")
	}
	var list []truth
	for _, script := range differential(t) {
		t.Run(script, func(t *testing.T) {
			dir := workFolder(t)
			want := real(t, dir, script)
			list = append(list, truth{script, want.out, want.err, want.status})
			compare(t, script, dir, want)
		})
	}
	if mode != "record" {
		return
	}
	b, err := json.MarshalIndent(list, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(differentialTruth, append(b, '\n'), 0o644); err != nil {
		t.Fatal(err)
	}
}

func differential(t *testing.T) []string {
	t.Helper()
	b, err := os.ReadFile(differentialScripts)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSuffix(string(b), "\n"), "\n%%\n")
}

// workFolder is a real folder with the files of the test, under a name without what a script could expand.
func workFolder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "differential")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range samples(t) {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func samples(t *testing.T) map[string][]byte {
	t.Helper()
	files, err := filepath.Glob("testdata/files/*")
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]byte{}
	for _, f := range files {
		if out[filepath.Base(f)], err = os.ReadFile(f); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

func compare(t *testing.T, script, dir string, want said) {
	t.Helper()
	h := host(t)
	h.Now, h.Users[0].Home = time.Now, dir
	h.FS = shell.NewFS(time.Now)
	if err := h.FS.MkdirAll("/tmp", os.ModeSticky|0o777, ""); err != nil {
		t.Fatal(err)
	}
	shell.StandardProc(h, shell.Facts{})
	for name, text := range samples(t) {
		if err := h.FS.WriteFile(dir+"/"+name, text, 0o644, "deploy:deploy"); err != nil {
			t.Fatal(err)
		}
	}
	got := simulated(t, h, dir, script)
	got.out, got.err = strings.ReplaceAll(got.out, dir, "DIR"), strings.ReplaceAll(got.err, dir, "DIR")
	if got != want {
		t.Errorf("%s\n got %d %s\n    %q\nwant %d %s\n    %q", script, got.status, got.out, got.err, want.status, want.out, want.err)
	}
}

func real(t *testing.T, dir, script string) said {
	t.Helper()
	c := exec.CommandContext(t.Context(), "/bin/sh", "-c", script)
	c.Dir = dir
	c.Env = []string{"PATH=/usr/local/bin:/usr/bin:/bin", "LC_ALL=C.UTF-8", "HOME=" + dir, "USER=deploy", "LOGNAME=deploy"}
	c.WaitDelay = time.Second
	var out, stderr bytes.Buffer
	c.Stdout, c.Stderr = &out, &stderr
	err := c.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	status := c.ProcessState.ExitCode()
	if w, ok := c.ProcessState.Sys().(syscall.WaitStatus); ok && w.Signaled() {
		status = 128 + int(w.Signal())
	}
	// GNU's messages have the locale's quotation marks; those of a simulated host are always ASCII's.
	words := strings.NewReplacer("‘", "'", "’", "'", dir, "DIR").Replace(stderr.String())
	return said{strings.ReplaceAll(out.String(), dir, "DIR"), words, status}
}

func simulated(t *testing.T, h *shell.Host, dir, script string) said {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	var out, stderr bytes.Buffer
	status := h.Run(ctx, shell.Spec{
		Line: sh(script), User: "deploy", Dir: dir, Env: []string{"LC_ALL=C.UTF-8", "HOME=" + dir}, Stdout: &out, Stderr: &stderr,
	})
	if ctx.Err() != nil {
		t.Fatalf("%s: hangs\n%s\n%s", script, &out, &stderr)
	}
	return said{out.String(), stderr.String(), status}
}
