package demo

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// A wait is shown as it is for a while, and many times as fast from then on.
const (
	asItIs = 3 * time.Second
	faster = 8
)

// TestRecord walks the journey to its end at the pace of a reader and writes it into the folder RECON_RECORD: demo.cast, a
// recording in asciinema's format with its waits shortened, and demo.svg, the screen when the fault was found.
func TestRecord(t *testing.T) {
	docs := os.Getenv("RECON_RECORD")
	if docs == "" {
		t.Skip("RECON_RECORD names no folder to record into")
	}
	home, bin := t.TempDir(), t.TempDir()
	script := fmt.Sprintf("#!/bin/sh\n%s=1 exec %q \"$@\"\n", asProgram, os.Args[0])
	if err := os.WriteFile(filepath.Join(bin, "recon"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	shell := exec.Command("/bin/sh", "-i")
	shell.Env = []string{"PS1=$ ", "PATH=" + bin + ":" + os.Getenv("PATH"), "TERM=xterm-256color", "LANG=C.UTF-8", "HOME=" + home, "RECON_OPERATOR=anna"}
	n := &newcomer{terminal: open(t, 120, 36, shell), pause: 2 * time.Second}
	n.shows(10*time.Second, "$")
	n.typed("recon demo\r")
	n.shows(20*time.Second, "3/9")
	n.reads()
	picture := svg(n.terminal)
	n.reads()
	n.press("2")
	n.goes(6*time.Minute, "9/9 The walk is over")
	n.reads()
	n.press("1")
	n.shows(30*time.Second, "9/9 The cluster is well again")
	n.reads()
	n.press("q")
	n.until(20*time.Second, "the prompt", func(screen string) bool { return strings.HasSuffix(strings.TrimSpace(screen), "\n$") })
	t.Log(strings.Join(n.did, "\n"))
	path := trail.FindString(strings.ReplaceAll(n.text(), "\n", ""))
	n.press("recon audit verify " + strings.TrimPrefix(path, "trail "))
	n.typed("\r")
	n.until(20*time.Second, "the prompt", func(screen string) bool {
		return strings.HasSuffix(strings.TrimSpace(screen), "\n$") && strings.Contains(screen, "no change found in")
	})
	n.reads()
	n.press("exit\r")
	if err := n.end(10 * time.Second); err != nil {
		t.Fatal(err)
	}
	if dir := strings.SplitAfter(strings.TrimPrefix(path, "trail "), "/trails/"); len(dir) == 2 {
		if err := os.RemoveAll(filepath.Dir(filepath.Clean(dir[0]))); err != nil {
			t.Error(err)
		}
	}
	for name, content := range map[string][]byte{"demo.svg": picture, "demo.cast": cast(n.terminal, shorter(n.keyed))} {
		if err := os.WriteFile(filepath.Join(docs, name), content, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// shorter is the time of a recording in which the waits between keys are short.
func shorter(keys []time.Duration) func(time.Duration) time.Duration {
	quick := func(wait time.Duration) time.Duration {
		if wait <= asItIs {
			return wait
		}
		return asItIs + (wait-asItIs)/faster
	}
	return func(at time.Duration) time.Duration {
		var out, last time.Duration
		for _, k := range keys {
			if k >= at {
				break
			}
			out, last = out+quick(k-last), k
		}
		return out + quick(at-last)
	}
}

// cast is what a terminal showed, in asciinema's second format.
func cast(x *terminal, when func(time.Duration) time.Duration) []byte {
	x.mu.Lock()
	defer x.mu.Unlock()
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	line := func(v any) { _ = enc.Encode(v) } // into memory, of plain values
	line(map[string]any{"version": 2, "width": x.screen.Width(), "height": x.screen.Height(), "title": "recon demo", "env": map[string]string{"TERM": "xterm-256color"}})
	rest := ""
	for _, p := range x.pieces {
		// What was read may end in the middle of a character.
		text := rest + p.text
		whole := len(text)
		for back := 1; back <= utf8.UTFMax && back <= len(text); back++ {
			if r := text[len(text)-back:]; utf8.RuneStart(r[0]) {
				if !utf8.FullRuneInString(r) {
					whole = len(text) - back
				}
				break
			}
		}
		text, rest = text[:whole], text[whole:]
		if text != "" {
			line([]any{math.Round(when(p.at).Seconds()*1000) / 1000, "o", text})
		}
	}
	return out.Bytes()
}

func TestShorter(t *testing.T) {
	when := shorter([]time.Duration{2 * time.Second, 13 * time.Second})
	for at, want := range map[time.Duration]time.Duration{
		time.Second: time.Second, 2 * time.Second: 2 * time.Second, 5 * time.Second: 5 * time.Second,
		13 * time.Second: 6 * time.Second, 14 * time.Second: 7 * time.Second, 24 * time.Second: 10 * time.Second,
	} {
		if got := when(at); got != want {
			t.Errorf("%s is shown at %s, want %s", at, got, want)
		}
	}
}
