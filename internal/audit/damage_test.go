package audit

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// smallTrail is a whole trail of four records in memory, and its folder with the heads file.
func smallTrail(t *testing.T) (path string, raw []byte) {
	t.Helper()
	tr, err := Create(t.TempDir()+"/trails", Start{Cluster: "c", Book: Book{ID: "b"}})
	must(t, err)
	for i := range 3 {
		_, err := tr.Append(KindNote, Note{Step: i, Text: "note " + strings.Repeat("x", i)})
		must(t, err)
	}
	must(t, tr.Close())
	return tr.Path(), must2(os.ReadFile(tr.Path()))
}

func TestCutAtEveryByte(t *testing.T) {
	t.Parallel()
	path, raw := smallTrail(t)
	heads := filepath.Join(trailsDir(path), headsName)
	known := must2(os.ReadFile(heads))
	for n := range len(raw) {
		must(t, os.WriteFile(path, raw[:n], 0o600))
		must(t, os.WriteFile(heads, known, 0o600))
		whole := bytes.Count(raw[:n], []byte("\n"))
		clean := n == 0 || raw[n-1] == '\n'

		records, err := Read(path)
		var torn *Torn
		if len(records) != whole || errors.As(err, &torn) == clean || errors.As(err, new(*Broken)) {
			t.Fatalf("cut at %d: %d records and %v, want %d records, clean %v", n, len(records), err, whole, clean)
		}
		if rep := Verify(path); rep.Intact() {
			t.Fatalf("cut at %d: verify did not miss the records that the heads file knows", n)
		}
		if n%10 == 0 || clean {
			if tr, _, err := Resume(path); err == nil {
				tr.Close()
				t.Fatalf("cut at %d: a trail with missing records was resumed", n)
			}
		}

		// The same end after a crash: the records behind the cut were never acknowledged, so no head was left of them.
		must(t, os.WriteFile(heads, headLines(known, whole), 0o600))
		tr, records, err := resume(newFaultyDisk().machine(), path)
		if whole == 0 {
			if err == nil {
				t.Fatalf("cut at %d: an empty trail was resumed", n)
			}
			continue
		}
		must(t, err)
		if len(records) != whole+1 || (tr.Torn == nil) != clean {
			t.Fatalf("cut at %d: resumed with %d records, torn %v", n, len(records), tr.Torn)
		}
		if !clean {
			aside := must2(os.ReadFile(tr.Torn.Moved))
			from := bytes.LastIndexByte(raw[:n], '\n') + 1
			if !bytes.Equal(aside, raw[from:n]) {
				t.Fatalf("cut at %d: %q was moved aside, want %q", n, aside, raw[from:n])
			}
		}
		must(t, tr.Close())
		if rep := Verify(path); !rep.Intact() || rep.Anchored != uint64(whole+1) {
			t.Fatalf("cut at %d: after resume: %s", n, rep)
		}
	}
}

func headLines(heads []byte, n int) []byte {
	lines := bytes.SplitAfter(heads, []byte("\n"))
	return bytes.Join(lines[:n], nil)
}

func TestFlipEveryByte(t *testing.T) {
	t.Parallel()
	path, raw := smallTrail(t)
	lastLine := bytes.LastIndexByte(raw[:len(raw)-1], '\n') + 1
	heads := filepath.Join(trailsDir(path), headsName)
	for i := range raw {
		changed := bytes.Clone(raw)
		changed[i] ^= 0x01
		must(t, os.WriteFile(path, changed, 0o600))
		rep := Verify(path)
		line := bytes.Count(raw[:i], []byte("\n")) + 1
		if rep.Intact() || !hasLine(rep, line) && !hasLine(rep, line+1) {
			t.Fatalf("byte %d: line %d was changed, verify says\n%s", i, line, rep)
		}
		if tr, _, err := Resume(path); err == nil {
			tr.Close()
			t.Fatalf("byte %d: the trail was resumed", i)
		}
	}
	// Without the heads file the chain alone still covers all lines but the last, and says that the last is not covered.
	must(t, os.Remove(heads))
	for i := range lastLine {
		changed := bytes.Clone(raw)
		changed[i] ^= 0xa0
		must(t, os.WriteFile(path, changed, 0o600))
		if rep := Verify(path); rep.Intact() {
			t.Fatalf("byte %d, no heads: verify saw nothing", i)
		}
	}
	must(t, os.WriteFile(path, raw, 0o600))
	if rep := Verify(path); !rep.Intact() || rep.Anchored != 0 || !strings.Contains(rep.String(), "tail not anchored") {
		t.Errorf("no heads: %s", rep)
	}
}

// A machine that loses power may keep the end of a write and lose its beginning.
func TestTornInsideALine(t *testing.T) {
	path, raw := smallTrail(t)
	heads := filepath.Join(trailsDir(path), headsName)
	known := must2(os.ReadFile(heads))
	tail := append(bytes.Repeat([]byte{0}, 400), []byte("rest of it\"}}\n")...)
	must(t, os.WriteFile(path, append(bytes.Clone(raw), tail...), 0o600))

	records, err := Read(path)
	var torn *Torn
	if !errors.As(err, &torn) || len(records) != 4 || torn.Line != 5 || torn.Bytes != int64(len(tail)) || errors.As(err, new(*Broken)) {
		t.Fatalf("%d records, %v", len(records), err)
	}
	tr, records, err := Resume(path)
	must(t, err)
	defer tr.Close()
	if len(records) != 5 || tr.Torn == nil || !bytes.Equal(must2(os.ReadFile(tr.Torn.Moved)), tail) {
		t.Errorf("resumed with %d records, torn %v", len(records), tr.Torn)
	}

	// If the heads file knows the record it had been acknowledged: that is damage, not a crash.
	must(t, tr.Close())
	must(t, os.WriteFile(path, append(bytes.Clone(raw), tail...), 0o600))
	must(t, os.WriteFile(heads, fmt.Appendf(known, "%s 5 %064d\n", relative(path), 7), 0o600))
	if _, _, err := Resume(path); !errors.As(err, new(*Broken)) {
		t.Errorf("resume of a damaged record: %v", err)
	}
}

func TestLinesMovedAddedRemoved(t *testing.T) {
	path, raw := smallTrail(t)
	line := func(n int) []byte { return bytes.SplitAfter(raw, []byte("\n"))[n-1] }
	join := func(nums ...int) []byte {
		var b []byte
		for _, n := range nums {
			b = append(b, line(n)...)
		}
		return b
	}
	long := append([]byte(`{"v":1,"seq":5,"data":{"x":"`), bytes.Repeat([]byte("x"), MaxRecord)...)
	for name, c := range map[string]struct {
		raw  []byte
		line int
	}{
		"removed":            {join(1, 3, 4), 2},
		"swapped":            {join(1, 3, 2, 4), 2},
		"repeated":           {join(1, 2, 2, 3, 4), 3},
		"first removed":      {join(2, 3, 4), 1},
		"blank":              {append(append(join(1, 2), '\n'), join(3, 4)...), 3},
		"too long":           {append(append(append(join(1, 2), long...), '\n'), join(3, 4)...), 3},
		"end removed":        {join(1, 2), 3},
		"all but the first":  {join(1), 2},
		"another version":    {bytes.Replace(raw, []byte(`{"v":1,"seq":3`), []byte(`{"v":2,"seq":3`), 1), 3},
		"data not an object": {append(join(1, 2, 3, 4), []byte(`{"v":1,"seq":5,"kind":"x","prev":"`+Verify(path).Head+`","data":[]}`+"\n")...), 5},
	} {
		must(t, os.WriteFile(path, c.raw, 0o600))
		if rep := Verify(path); rep.Intact() || !hasLine(rep, c.line) {
			t.Errorf("%s: want a problem in line %d, verify says\n%s", name, c.line, rep)
		}
		// A last line that is no record could be the torn end of a crash, and is moved aside; all else is refused.
		if _, _, err := Resume(path); (err == nil) != (name == "data not an object") {
			t.Errorf("%s: resume: %v", name, err)
		}
	}
}

func hasLine(rep Report, line int) bool {
	for _, f := range rep.Findings {
		if f.Problem && f.Line == line {
			return true
		}
	}
	return false
}
