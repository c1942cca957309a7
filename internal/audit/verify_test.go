package audit

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// wantProblem checks that verify names a problem with these words, in this line if it is not 0.
func wantProblem(t *testing.T, rep Report, line int, words string) {
	t.Helper()
	for _, f := range rep.Findings {
		if f.Problem && strings.Contains(f.Text, words) && (line == 0 || f.Line == line) {
			return
		}
	}
	t.Errorf("no problem %q in line %d:\n%s", words, line, rep)
}

func TestDroppedRecords(t *testing.T) {
	dir, path := walked(t, true)
	raw := must2(os.ReadFile(path))
	lines := bytes.SplitAfter(raw, []byte("\n"))
	heads := must2(os.ReadFile(filepath.Join(dir, headsName)))
	head := Verify(path).Head
	for n := 1; n < 5; n++ {
		must(t, os.WriteFile(path, bytes.Join(lines[:5-n], nil), 0o600))
		wantProblem(t, Verify(path), 6-n, "removed from the end")
		if _, _, err := Resume(path); err == nil {
			t.Errorf("%d records dropped: resumed", n)
		}
		// The operator is root and cuts the heads file too: only a head that was left elsewhere tells.
		must(t, os.WriteFile(filepath.Join(dir, headsName), headLines(heads, 5-n), 0o600))
		rep := Verify(path)
		if !rep.Intact() || !strings.Contains(rep.Anchor(), "on this machine only") {
			t.Errorf("%d records dropped, heads too: %s", n, rep)
		}
		rep = Verify(path, Anchor{Where: "journal of netbox-node-1", Seq: 5, Head: head})
		wantProblem(t, rep, 6-n, "journal of netbox-node-1")
		must(t, os.WriteFile(filepath.Join(dir, headsName), heads, 0o600))
	}
	must(t, os.WriteFile(path, raw, 0o600))
	rep := Verify(path, Anchor{Where: "journal of netbox-node-1", Seq: 4, Head: strings.Fields(string(heads))[11]})
	want := "anchored in journal of netbox-node-1 (up to record 4 of 5); a second file on this machine (up to record 5 of 5)"
	if !rep.Intact() || rep.Anchor() != want {
		t.Errorf("anchor %q, want %q\n%s", rep.Anchor(), want, rep)
	}
	for _, a := range []Anchor{{Where: "x"}, {Where: "x", Seq: 1 << 63, Head: head}, {Where: "x", Seq: 2, Head: "what"}} {
		if rep := Verify(path, a); rep.Intact() {
			t.Errorf("anchor %+v holds", a)
		}
	}
}

// An older copy of the whole file is put back, and the walk goes on from there.
func TestOlderCopy(t *testing.T) {
	dir, tr := newTrail(t)
	old := must2(os.ReadFile(tr.Path()))
	walk(t, tr, false)
	must(t, tr.Close())
	must(t, os.WriteFile(tr.Path(), old, 0o600))
	wantProblem(t, Verify(tr.Path()), 2, "records 2 to 4 were removed")
	all, err := List(dir)
	must(t, err)
	if len(all) != 1 || all[0].Records != 1 {
		t.Errorf("the list is %+v", all)
	}
}

func TestOutputsVerified(t *testing.T) {
	_, path := walked(t, false)
	out := filepath.Join(outFolder(path), "000003-netbox-node-1.out")
	must(t, os.WriteFile(out, []byte("it failed\n"), 0o600))
	wantProblem(t, Verify(path), 4, "was changed")
	must(t, os.Remove(out))
	wantProblem(t, Verify(path), 4, "missing")

	_, tr := newTrail(t)
	_, err := tr.Append(KindResult, Result{Targets: []TargetResult{{Target: "n", Output: &Kept{File: "../../../../etc/passwd"}}}})
	must(t, err)
	wantProblem(t, Verify(tr.Path()), 2, "is not the name of a file")
}

func TestWalkBeforeVerified(t *testing.T) {
	dir, path := walked(t, true)
	next, err := Create(dir, sampleStart())
	must(t, err)
	must(t, next.Close())
	if rep := Verify(next.Path()); !rep.Intact() {
		t.Fatalf("%s", rep)
	}
	raw := must2(os.ReadFile(path))
	must(t, os.WriteFile(path, raw[:bytes.LastIndexByte(raw[:len(raw)-1], '\n')+1], 0o600))
	wantProblem(t, Verify(next.Path()), 1, "the trail of the walk before")
	must(t, os.Remove(path))
	if rep := Verify(next.Path()); !rep.Intact() || !strings.Contains(rep.String(), "is not here") {
		t.Errorf("%s", rep)
	}
	bad := sampleStart()
	bad.Previous = &Ref{Path: "../../etc/passwd", Seq: 1, Head: noHash}
	third, err := Create(dir, bad)
	must(t, err)
	defer third.Close()
	wantProblem(t, Verify(third.Path()), 1, "does not name the trail")
}

func TestBookHashVerified(t *testing.T) {
	s := sampleStart()
	s.Book.SHA256 = noHash
	tr, err := Create(t.TempDir()+"/trails", s)
	must(t, err)
	defer tr.Close()
	wantProblem(t, Verify(tr.Path()), 1, "the book's hash")
}

// The clock is set back an hour, then forward a day, and the machine boots in between: the order stays, and is noted.
func TestClocks(t *testing.T) {
	m := thisMachine()
	wall, mono, boot := noon, int64(0), "boot-1"
	m.now = func() time.Time { return wall }
	m.mono = func() (int64, error) { return mono, nil }
	m.boot = boot
	dir := t.TempDir() + "/trails"
	tr, err := create(m, dir, sampleStart())
	must(t, err)
	pass := func(real, set time.Duration) {
		wall, mono = wall.Add(real+set), mono+int64(real)
		_, err := tr.Append(KindNote, Note{Text: "x"})
		must(t, err)
	}
	pass(10*time.Minute, 0)
	pass(time.Second, -time.Hour)
	pass(time.Second, 24*time.Hour)
	pass(time.Second, time.Second) // within what NTP may do
	must(t, tr.Close())
	m.boot, mono, wall = "boot-2", 5, wall.Add(48*time.Hour)
	tr, records, err := resume(m, tr.Path())
	must(t, err)
	mono = 3
	pass(0, 0)
	must(t, tr.Close())

	rep := Verify(tr.Path())
	var notes []int
	for _, f := range rep.Findings {
		notes = append(notes, f.Line)
	}
	if !rep.Intact() || len(notes) != 3 || notes[0] != 3 || notes[1] != 4 || notes[2] != 7 {
		t.Errorf("notes in lines %v, want 3, 4 and 7:\n%s", notes, rep)
	}
	if !strings.Contains(rep.String(), "-3600.0 s") || !strings.Contains(rep.String(), "+86400.0 s") {
		t.Errorf("%s", rep)
	}
	for i, r := range records {
		if r.Seq != uint64(i+1) {
			t.Errorf("record %d has seq %d", i+1, r.Seq)
		}
	}
	// The clock stands before the first walk when the next one begins: it is still listed, by its own time.
	wall = noon.Add(-24 * time.Hour)
	tr, err = create(m, dir, sampleStart())
	must(t, err)
	must(t, tr.Close())
	all, err := List(dir)
	must(t, err)
	if len(all) != 2 || all[1].Path != tr.Path() {
		t.Errorf("the list is %+v", all)
	}
}

func TestReportAsJSON(t *testing.T) {
	_, path := walked(t, true)
	var got map[string]any
	must(t, json.Unmarshal(must2(json.Marshal(Verify(path))), &got))
	if got["intact"] != true || got["records"] != 5.0 || !strings.HasPrefix(got["anchor"].(string), "anchored in a second file") {
		t.Errorf("%v", got)
	}
}

func TestVerifyNothing(t *testing.T) {
	if rep := Verify(filepath.Join(t.TempDir(), "no", "such.jsonl")); rep.Intact() || rep.Anchored != 0 {
		t.Errorf("%s", rep)
	}
	empty := filepath.Join(t.TempDir(), "c", "t.jsonl")
	must(t, os.Mkdir(filepath.Dir(empty), 0o700))
	must(t, os.WriteFile(empty, nil, 0o600))
	wantProblem(t, Verify(empty), 0, "no whole record")
}

// A line that a dying console left half written in the heads file costs nothing but itself.
func TestTornHeads(t *testing.T) {
	dir, path := walked(t, false)
	f := must2(os.OpenFile(filepath.Join(dir, headsName), os.O_APPEND|os.O_WRONLY, 0))
	must2(f.WriteString(strings.Repeat("x ", 1<<20) + "\nnetbox-prod/2026"))
	must(t, f.Close())
	tr, _, err := Resume(path)
	must(t, err)
	defer tr.Close()
	if rep := Verify(path); !rep.Intact() || rep.Anchored != 5 || !strings.Contains(rep.String(), "2 lines of the heads file can not be read") {
		t.Errorf("%s", rep)
	}
}
