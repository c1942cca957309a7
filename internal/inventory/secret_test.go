package inventory

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func mustSecret(t *testing.T, ref string) Secret {
	t.Helper()
	s, err := newSecret(ref, "ssh.password", "/nowhere", "/home/anna")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSecretShowsTheReference(t *testing.T) {
	for _, ref := range []string{"env:PGPASSWORD", "file:~/x", "prompt"} {
		s := mustSecret(t, ref)
		js, err := json.Marshal(map[string]Secret{"p": s})
		if err != nil {
			t.Fatal(err)
		}
		got := fmt.Sprintf("%v %s %+v %#v %s", s, s, struct{ P Secret }{s}, s, js)
		want := fmt.Sprintf(`%[1]s %[1]s {P:%[1]s} inventory.Secret("%[1]s") {"p":"%[1]s"}`, ref)
		if got != want || s.Ref() != ref || s.IsZero() {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	if z := (Secret{}); !z.IsZero() || z.String() != "" || z.Name() != "" {
		t.Errorf("the zero secret is %#v", z)
	}
	if a, b := mustSecret(t, "env:A"), mustSecret(t, "env:A"); a != b {
		t.Error("the same variable twice is not equal")
	}
	for ref, name := range map[string]string{"prompt": "ssh.password", "env:A": "env:A", "file:/x": "file:/x"} {
		if got := mustSecret(t, ref).Name(); got != name {
			t.Errorf("the name of %s is %s, want %s", ref, got, name)
		}
	}
}

func TestNewSecret(t *testing.T) {
	if s, err := NewSecret("env:A", ""); err != nil || s != mustSecret(t, "env:A") {
		t.Errorf("got %#v, %v", s, err)
	}
	for _, ref := range []string{"", "hunter2", "env:", "env:hunter2-", "file:", "file:~hunter2/x", "prompt ", "PROMPT", "prompt:hunter2"} {
		s, err := NewSecret(ref, "x")
		if err == nil || !s.IsZero() || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: %#v, %v", ref, s, err)
		}
	}
}

func TestResolve(t *testing.T) {
	t.Setenv("RECON_TEST_SECRET", "hunter2")
	t.Setenv("RECON_TEST_EMPTY", "")
	dir := t.TempDir()
	file := func(name, content string, mode fs.FileMode) string {
		p := filepath.Join(dir, name)
		if err := os.WriteFile(p, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(p, mode); err != nil {
			t.Fatal(err)
		}
		return "file:" + p
	}
	pipe := filepath.Join(dir, "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	asked := 0
	ask := func(_ context.Context, what string) (string, error) {
		asked++
		if what != "ssh.password" {
			t.Errorf("asked for %q", what)
		}
		return "hunter2", nil
	}
	for _, tc := range []struct{ name, ref, want, fault string }{
		{"variable", "env:RECON_TEST_SECRET", "hunter2", ""},
		{"variable that is not set", "env:RECON_TEST_NONE", "", "RECON_TEST_NONE is not set"},
		{"variable that is empty", "env:RECON_TEST_EMPTY", "", "it is empty"},
		{"file", file("a", "hunter2\n", 0o600), "hunter2", ""},
		{"file for reading", file("b", "hunter2\r\n", 0o400), "hunter2", ""},
		{"file with a newline inside", file("c", "hun\nter2\n\n", 0o600), "hun\nter2\n", ""},
		{"file that others can read", file("d", "hunter2", 0o604), "", "mode 0604"},
		{"file that a group can write", file("e", "hunter2", 0o620), "", "mode 0620"},
		{"empty file", file("f", "\n", 0o600), "", "it is empty"},
		{"NUL", file("g", "hunter2\x00", 0o600), "", "NUL"},
		{"large file", file("h", strings.Repeat("x", secretLimit+1), 0o600), "", "more than 65536 bytes"},
		{"missing file", "file:" + filepath.Join(dir, "none"), "", "no such file"},
		{"folder", "file:" + dir, "", "not a regular file"},
		{"pipe without a writer", "file:" + pipe, "", "not a regular file"},
		{"prompt", "prompt", "hunter2", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := mustSecret(t, tc.ref)
			got, err := s.Resolve(t.Context(), ask)
			if got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
			if (err == nil) != (tc.fault == "") || err != nil && (!strings.Contains(err.Error(), tc.fault) || !strings.Contains(err.Error(), s.Name()) || strings.Contains(err.Error(), "hunter2")) {
				t.Errorf("got %v, want %q", err, tc.fault)
			}
		})
	}
	if asked != 1 {
		t.Errorf("asked %d times", asked)
	}
}

func TestResolvePrompt(t *testing.T) {
	s := mustSecret(t, "prompt")
	if _, err := s.Resolve(t.Context(), nil); err == nil || !strings.Contains(err.Error(), "terminal") {
		t.Errorf("without a terminal: %v", err)
	}
	gone := errors.New("the terminal is gone")
	if _, err := s.Resolve(t.Context(), func(context.Context, string) (string, error) { return "x", gone }); !errors.Is(err, gone) {
		t.Errorf("an error of the terminal: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Resolve(ctx, func(context.Context, string) (string, error) { return "x", nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("after a cancel: %v", err)
	}
	if _, err := (Secret{}).Resolve(t.Context(), nil); err == nil {
		t.Error("the zero secret has a value")
	}
}

func TestPrivate(t *testing.T) {
	for _, tc := range []struct {
		owner uint32
		user  int
		mode  fs.FileMode
		ok    bool
	}{
		{1000, 1000, 0o600, true},
		{1000, 1000, 0o400, true},
		{1000, 1000, 0o700, true},
		{1000, 1000, 0o640, false},
		{1000, 1000, 0o604, false},
		{1000, 1001, 0o600, false},
		{1000, 0, 0o600, false},
		{0, 1000, 0o600, true},
		{0, 1000, 0o640, true},
		{0, 0, 0o640, true},
		{0, 1000, 0o660, false},
		{0, 1000, 0o644, false},
		{0, 0, 0o610, false},
	} {
		if err := private(tc.owner, tc.user, tc.mode); (err == nil) != tc.ok {
			t.Errorf("owner %d, user %d, mode %04o: %v", tc.owner, tc.user, tc.mode, err)
		}
	}
}
