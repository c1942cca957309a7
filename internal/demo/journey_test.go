package demo

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// limit is what a machine may need that runs other packages' tests beside this one, with the race detector in all of them.
const limit = 90 * time.Second

// Somebody opens the demo, sees a healthy cluster break, walks the book until the crashed member is started again, and
// leaves: the trail is there and sound, and nothing else is.
func TestJourney(t *testing.T) {
	home := t.TempDir()
	n := &newcomer{terminal: open(t, 80, 24, recon(home, "demo", "--after", "2s", "--hurry")), pause: 100 * time.Millisecond}
	n.shows(limit, "1/9 A healthy cluster", "★ leader", "✓ sync", "TRAINING")
	n.shows(limit, "2/9", "FINDINGS")
	n.shows(limit, "3/9 Found: The leader crashed", "✗ 1", "silent")
	n.press("2")
	n.goes(3*limit, "8/9 That a command ran proves nothing", "7/8", "of 10:00")
	for _, seen := range []string{"4/9", "5/9", "6/9 A step", "6/9 Byte for byte", "7/9 This is what came back", "7/9 Here the book asks", "7/9 The book asks", "6/9 Type netbox-node-1"} {
		if !slices.ContainsFunc(n.did, func(did string) bool { return strings.HasPrefix(did, seen) }) {
			t.Errorf("the guide never said %q:\n%s", seen, strings.Join(n.did, "\n"))
		}
	}
	n.press("q")
	if err := n.end(limit); err != nil {
		t.Fatal(err)
	}
	left := n.text()
	path := trail.FindString(strings.ReplaceAll(left, "\n", ""))
	if path == "" {
		t.Fatalf("no trail is named:\n%s", left)
	}
	path = strings.TrimPrefix(path, "trail ")
	check(t, home, path)
	outputs(t, path)

	var files []string
	err := filepath.WalkDir(home, func(path string, d os.DirEntry, err error) error {
		if !d.IsDir() {
			files = append(files, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if !strings.Contains(f, "/recon-demo-") || strings.Contains(f, "/cluster/") {
			t.Errorf("%s was left", f)
		}
	}
}

// check has the trail verified and shown, as the demo says at its end.
func check(t *testing.T, home, path string) {
	t.Helper()
	out, err := recon(home, "audit", "verify", path).CombinedOutput()
	if err != nil || !strings.Contains(string(out), path) {
		t.Errorf("audit verify: %v\n%s", err, out)
	}
	out, err = recon(home, "audit", "show", path).CombinedOutput()
	if err != nil || strings.Count(string(out), " intent ") < 3 || !strings.Contains(string(out), "systemctl start") {
		t.Errorf("audit show: %v\n%s", err, out)
	}
}

// outputs looks at what the hosts answered.
func outputs(t *testing.T, path string) {
	t.Helper()
	var all strings.Builder
	err := filepath.WalkDir(filepath.Dir(path), func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			b, _ := os.ReadFile(path) // one that is not there has no answer in it
			all.Write(b)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, word := range []string{"promoted self to leader", "TimeLineID"} {
		if !strings.Contains(all.String(), word) {
			t.Errorf("no host answered with %q", word)
		}
	}
}
