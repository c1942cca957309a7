package drill

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestRecordsKeepTheBestRun(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "drills.json")
	at := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	keep := func(drill string, took time.Duration, score int, want time.Duration) {
		t.Helper()
		best, err := Keep(file, drill, Record{Time: took, Score: score, At: at})
		if err != nil || best.Time != want {
			t.Errorf("%s in %s with %d points: the best is %+v (%v), expected %s", drill, took, score, best, err, want)
		}
	}
	keep("a", 5*time.Minute, 80, 5*time.Minute)
	keep("a", 6*time.Minute, 80, 5*time.Minute) // slower
	keep("a", 4*time.Minute, 70, 5*time.Minute) // faster, with more hints
	keep("a", 9*time.Minute, 90, 9*time.Minute) // slower and better
	keep("b", time.Minute, 10, time.Minute)
	keep("a", 8*time.Minute, 90, 8*time.Minute)
	all, err := Records(file)
	if err != nil || len(all) != 2 || all["a"] != (Record{8 * time.Minute, 90, at}) {
		t.Errorf("%+v, %v", all, err)
	}
	text, err := os.ReadFile(file)
	if err != nil || !strings.Contains(string(text), `"time": "8m0s"`) {
		t.Errorf("%s %v", text, err)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
}

func TestRecordsThatCannotBeRead(t *testing.T) {
	file := filepath.Join(t.TempDir(), "drills.json")
	if all, err := Records(file); err != nil || all == nil || len(all) != 0 {
		t.Errorf("no file: %v, %v", all, err)
	}
	for text, want := range map[string]string{"{": "cannot be read", `{"format": 2}`: "has format 2", `{"format": 1, "drills": {"a": {"time": "soon"}}}`: "cannot be read"} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Records(file); err == nil || !strings.Contains(strings.ReplaceAll(err.Error(), "have format", "has format"), want) {
			t.Errorf("%s: %v", text, err)
		}
		// A file that nobody understands is not replaced.
		if _, err := Keep(file, "a", Record{Time: time.Minute}); err == nil {
			t.Errorf("%s: was replaced", text)
		}
		if now, _ := os.ReadFile(file); string(now) != text {
			t.Errorf("%s became %s", text, now)
		}
	}
}
