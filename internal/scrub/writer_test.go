package scrub

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
)

type discard struct{}

func (discard) Write(p []byte) (int, error) { return len(p), nil }

// through sends parts through a Writer.
func through(t testing.TB, s *Secrets, parts ...string) string {
	t.Helper()
	var out bytes.Buffer
	w := NewWriter(&out, s)
	for _, p := range parts {
		if n, err := io.WriteString(w, p); n != len(p) || err != nil {
			t.Fatalf("Write of %d bytes: %d, %v", len(p), n, err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// TestWriterHoldsBackLittle looks at what came out after each write, before Close.
func TestWriterHoldsBackLittle(t *testing.T) {
	s := with(t, "pw", "hunter2", "key", "hunter2-and-more")
	var out bytes.Buffer
	w := NewWriter(&out, s)
	for _, step := range []struct{ write, want string }{
		{"Password: ", "Password: "},
		{"hun", ""},
		{"dred", "hundred"},
		{" hunter2", " "},
		{"-and", ""},
		{" x", "‹pw›-and x"},
		{" hunter2-and-more", " ‹key›"},
		{"\xe2\x9c", ""},
		{"\x93", "✓"},
		{"(\x1b[3", "("},
		{"1m)", ")"},
		{"50%\r", "50%"},
		{"60%\r", "\n60%"},
		{"\nx", "\nx"},
	} {
		out.Reset()
		if _, err := io.WriteString(w, step.write); err != nil {
			t.Fatal(err)
		}
		if out.String() != step.want {
			t.Errorf("after %q came %q, want %q", step.write, out.String(), step.want)
		}
	}
}

func TestWriterFlush(t *testing.T) {
	var out bytes.Buffer
	w := NewWriter(&out, with(t, "pw", "hunter2"))
	for _, p := range []string{"50%\r", "\n60%\r", "70% hunt"} {
		if _, err := io.WriteString(w, p); err != nil {
			t.Fatal(err)
		}
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
	}
	if got := out.String(); got != "50%\n60%\n70% " {
		t.Errorf("before Close: %q", got)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if got := out.String(); got != "50%\n60%\n70% hunt" {
		t.Errorf("after Close: %q", got)
	}
	if _, err := w.Write([]byte("x")); err == nil {
		t.Error("a write after Close is taken")
	}
	if err := w.Close(); err != nil {
		t.Errorf("closed again: %v", err)
	}
}

// TestWriterLearns adds secrets while a stream runs: what is held back is looked at again.
func TestWriterLearns(t *testing.T) {
	var out bytes.Buffer
	s := &Secrets{}
	w := NewWriter(&out, s)
	write := func(p string) {
		t.Helper()
		if _, err := io.WriteString(w, p); err != nil {
			t.Fatal(err)
		}
	}
	write("hunter2 ")
	if err := s.Add("pw", "hunter2"); err != nil {
		t.Fatal(err)
	}
	write("hunter2 hunt")
	if err := s.Add("hunt", "hunting"); err != nil {
		t.Fatal(err)
	}
	write("ing aaaaaa")
	if err := s.Add("a", "aaaa"); err != nil {
		t.Fatal(err)
	}
	write(" aaaaaaa")
	if err := s.Add("b", "aaab"); err != nil {
		t.Fatal(err)
	}
	write("b end")
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if want := "hunter2 ‹pw› ‹hunt› aaaaaa ‹a›‹b› end"; out.String() != want {
		t.Errorf("got %q, want %q", out.String(), want)
	}
}

// TestWriterRun sends an endless run of overlapping finds: it is not kept in memory.
func TestWriterRun(t *testing.T) {
	var out bytes.Buffer
	w := NewWriter(&out, with(t, "a", "aaaa", "b", "aaaaaa"))
	for range 1000 {
		if _, err := io.WriteString(w, strings.Repeat("a", 1000)); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(w.mask.held); n > 10 {
		t.Errorf("%d bytes are held back", n)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if out.String() != "‹b›" {
		t.Errorf("got %q", out.String())
	}
}

type broken struct{ short bool }

func (b broken) Write(p []byte) (int, error) {
	if b.short {
		return len(p) - 1, nil
	}
	return 0, errors.New("no space left")
}

func TestWriterError(t *testing.T) {
	for _, b := range []broken{{}, {short: true}} {
		w := NewWriter(b, nil)
		n, err := w.Write([]byte("x"))
		if n != 0 || err == nil {
			t.Errorf("short=%v: %d, %v", b.short, n, err)
		}
		if _, again := w.Write([]byte("x")); !errors.Is(again, err) {
			t.Errorf("the error does not stay: %v", again)
		}
		if last := w.Close(); !errors.Is(last, err) {
			t.Errorf("Close hides it: %v", last)
		}
	}
}

// sample is what a command prints: words, numbers, some colour.
func sample() []byte {
	line := "2026-08-01 03:12:44,112 INFO: no action. I am (netbox-node-2), the leader with the lock\n" +
		"\x1b[32mok\x1b[0m: [netbox-node-1] => {\"changed\": false, \"ping\": \"pong\"}\n" +
		"etcd-patroni.service - etcd key-value store   ✓ active (running) since Sat; 3h 12min ago\n"
	return []byte(strings.Repeat(line, 128))
}

func benchmark(b *testing.B, s *Secrets) {
	data := sample()
	b.SetBytes(int64(len(data)))
	w := NewWriter(discard{}, s)
	for b.Loop() {
		if _, err := w.Write(data); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkWriterNoSecrets(b *testing.B) { benchmark(b, &Secrets{}) }

func BenchmarkWriterSecrets(b *testing.B) {
	s := with(b, "one", "hunter2hunter2", "two", canary, "three", "pAtr0ni-Repl!cation", "four", "nX82hs0alw", "five", "0123456789abcdef0123456789abcdef01234567",
		"six", "etcd-root-pw", "seven", "redis-auth-pw", "eight", "vrrpPw12", "nine", "Zq9#kk2&", "ten", "longer passphrase with spaces",
		"key", "-----BEGIN OPENSSH PRIVATE KEY-----\n"+strings.Repeat("b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAABlwAAAAdzc2gtcn\n", 30)+"-----END OPENSSH PRIVATE KEY-----\n")
	benchmark(b, s)
}
