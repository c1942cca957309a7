package inventory

import (
	"bytes"
	"errors"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write what the broken files report now")

// TestBroken reads every file of testdata/broken. What it reports stands beside it in a .want file, to the letter.
func TestBroken(t *testing.T) {
	files, err := filepath.Glob("testdata/broken/*.yaml")
	if err != nil || len(files) < 20 {
		t.Fatalf("%d broken files, %v", len(files), err)
	}
	t.Setenv("HOME", "/home/anna")
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".yaml"), func(t *testing.T) {
			src, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			c, err := Parse(filepath.Base(file), src)
			if err == nil || c != nil {
				t.Fatalf("it is read as %+v", c)
			}
			var problems Problems
			if !errors.As(err, &problems) {
				t.Fatalf("the error is %T", err)
			}
			got := err.Error() + "\n"
			want := strings.TrimSuffix(file, ".yaml") + ".want"
			if *update {
				if err := os.WriteFile(want, []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			b, err := os.ReadFile(want)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(b) {
				t.Errorf("got\n%swant\n%s", got, b)
			}
			if strings.Contains(got, "hunter2") {
				t.Errorf("a secret is shown:\n%s", got)
			}
			inOrder(t, problems)
		})
	}
}

func inOrder(t *testing.T, problems Problems) {
	t.Helper()
	for i, p := range problems {
		if p.Line < 1 || p.Column < 1 || p.What == "" || p.Hint == "" || strings.ContainsAny(p.Error(), "\n\r") {
			t.Errorf("problem %d is incomplete: %#v", i, p)
		}
		if i > 0 && (p.Line < problems[i-1].Line || p.Line == problems[i-1].Line && p.Column < problems[i-1].Column) {
			t.Errorf("problem %d is out of order: %v", i, p)
		}
	}
}

// small is a cluster file with nothing that can be left out.
const small = "format: 1\ncluster: c\nnodes: [{name: n1, address: 10.0.0.1}]\n"

// TestUnreadable has what cannot be kept in a file that git and editors leave alone.
func TestUnreadable(t *testing.T) {
	for _, tc := range []struct{ name, src, want string }{
		{"empty", "", "f.yaml:1:1: the file is empty, inventory.example.yaml is a good beginning"},
		{"blank", " \n\n", "f.yaml:1:1: the file is empty, inventory.example.yaml is a good beginning"},
		{"comments", "# a\n# b\n", "f.yaml:1:1: the file holds comments only, inventory.example.yaml is a good beginning"},
		{"a document without anything", "---\n", "f.yaml:1:1: the file holds comments only, inventory.example.yaml is a good beginning"},
		{"byte order mark", "\ufeff" + small, "f.yaml:1:1: the file begins with a byte order mark, save it as UTF-8 without one"},
		{"UTF-16", "\xff\xfef\x00", "f.yaml:1:1: the file is UTF-16, save it as UTF-8"},
		{"CRLF", strings.ReplaceAll(small, "\n", "\r\n"), `f.yaml:1:10: the line ends with a carriage return, save the file with LF line ends (sed -i 's/\r$//' FILE)`},
		{"CRLF and another mistake", strings.ReplaceAll(small+"x: 1\n", "\n", "\r\n"), `f.yaml:1:10: the line ends with a carriage return, save the file with LF line ends (sed -i 's/\r$//' FILE)` +
			"\nf.yaml:4:1: the key x is not known, known here: format, cluster, environment, dial, interval, ansible, ssh, console, console_host, nodes, services, vips, entry, runbooks"},
		{"CR alone", strings.ReplaceAll(small, "\n", "\r"), `f.yaml:1:10: the line ends with a carriage return, save the file with LF line ends (sed -i 's/\r$//' FILE)`},
		{"not UTF-8", "format: 1\ncluster: \xe9t\xe9\n", "f.yaml:2:10: the byte 0xe9 is not UTF-8, save the file as UTF-8"},
		{"NUL", "format: 1\x00\n", "f.yaml:1:10: the character U+0000 cannot be seen, take it out"},
		{"escape", "format: 1 # \x1b[2J\n", "f.yaml:1:13: the character U+001B cannot be seen, take it out"},
		{"direction mark", "format: 1\n# é \u202e\n", "f.yaml:2:5: the character U+202E cannot be seen, take it out"},
		{"zero width", "format: 1\nclus\u200bter: c\n", "f.yaml:2:5: the character U+200B cannot be seen, take it out"},
		{"too large", strings.Repeat("#\n", fileLimit/2+1), "f.yaml:1:1: the file has more than 1048576 bytes, a cluster file has a few kilobytes, is this the right file?"},
		{"a long line", "format: 1\n# " + strings.Repeat("x", lineLimit) + "\n", "f.yaml:2:1: the line has more than 4096 bytes, write lists and mappings over several lines"},
		{"deep brackets", "a: " + strings.Repeat("[", 40) + "\n", "f.yaml:1:36: lists and mappings lie more than 32 deep in each other, is a bracket missing?"},
		{"deep brackets, line by line", strings.Repeat("[\n", 100000), "f.yaml:33:1: lists and mappings lie more than 32 deep in each other, is a bracket missing?"},
		{"deep dashes", strings.Repeat("- ", 40) + "a\n", "f.yaml:1:65: lists and mappings lie more than 32 deep in each other, is a bracket missing?"},
		{"too many words", strings.Repeat("a: b\n", 100000), "f.yaml:6667:4: the file has more than 20000 words and signs, a cluster file is much smaller, is this the right file?"},
		{"tab", "format: 1\ncluster: c\nnodes:\n\t- name: n1\n", "f.yaml:4:1: not YAML: a tab stands where only spaces may, indent with spaces"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c, err := Parse("f.yaml", []byte(tc.src))
			if c != nil || err == nil {
				t.Fatalf("it is read as %+v", c)
			}
			if err.Error() != tc.want {
				t.Errorf("got\n%s\nwant\n%s", err, tc.want)
			}
		})
	}
}

func TestLoadMissing(t *testing.T) {
	dir := t.TempDir()
	_, err := Load(filepath.Join(dir, "inventory.yaml"))
	if !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("got %v", err)
	}
	for _, word := range []string{"recon -i", "$RECON_INVENTORY", "inventory.example.yaml", dir} {
		if !strings.Contains(err.Error(), word) {
			t.Errorf("%q does not mention %s", err, word)
		}
	}
	if _, err := Load(dir); err == nil || !strings.Contains(err.Error(), "folder") {
		t.Errorf("a folder: %v", err)
	}
	big := filepath.Join(dir, "big.yaml")
	if err := os.WriteFile(big, bytes.Repeat([]byte("#\n"), fileLimit), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(big); err == nil || !strings.Contains(err.Error(), "1048576 bytes") {
		t.Errorf("a large file: %v", err)
	}
}
