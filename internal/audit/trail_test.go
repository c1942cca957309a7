package audit

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

func TestTrailOnDisk(t *testing.T) {
	dir, path := walked(t, true)
	rel, err := filepath.Rel(dir, path)
	must(t, err)
	if ok, _ := regexp.MatchString(`^netbox-prod/\d{8}T\d{6}Z-a-book-[0-9a-f]{8}\.jsonl$`, rel); !ok {
		t.Errorf("the trail is named %s", rel)
	}
	raw, err := os.ReadFile(path)
	must(t, err)
	lines := strings.Split(strings.TrimSuffix(string(raw), "\n"), "\n")
	records, err := Read(path)
	must(t, err)
	if len(lines) != 5 || len(records) != 5 {
		t.Fatalf("%d lines, %d records, want 5", len(lines), len(records))
	}
	prev := strings.Repeat("0", 64)
	for i, line := range lines {
		if !strings.HasPrefix(line, `{"v":1,"seq":`) {
			t.Errorf("line %d begins with %.30s", i+1, line)
		}
		if records[i].Prev != prev || records[i].Seq != uint64(i+1) {
			t.Errorf("record %d: seq %d, prev %s, want prev %s", i+1, records[i].Seq, records[i].Prev, prev)
		}
		prev = hashOf([]byte(line))
		if records[i].Hash != prev {
			t.Errorf("record %d: hash %s, want %s", i+1, records[i].Hash, prev)
		}
	}
	if !strings.Contains(lines[2], "systemctl restart patroni && echo <ok>") {
		t.Errorf("the command can not be read in %s", lines[2])
	}
	intent, err := As[Intent](records[2])
	must(t, err)
	if got, _ := json.Marshal(intent); !bytes.Equal(got, must2(json.Marshal(sampleIntent()))) {
		t.Errorf("the intent came back as %s", got)
	}
	start, err := As[Start](records[0])
	must(t, err)
	if start.Walk+ending != filepath.Base(path) || start.Book.SHA256 != hashOf([]byte(start.Book.Text)) || start.Previous != nil {
		t.Errorf("the start was filled as %+v", start)
	}
	if rep := Verify(path); !rep.Intact() || rep.Anchored != 5 || rep.Head != prev {
		t.Errorf("verify: %s", rep)
	}
}

func must2[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func TestAppendRefusesWhatIsNoRecord(t *testing.T) {
	_, tr := newTrail(t)
	for name, c := range map[string]struct {
		kind Kind
		data any
	}{
		"no kind":       {"", Note{}},
		"no JSON":       {KindNote, math.Inf(1)},
		"not an object": {KindNote, "text"},
		"null":          {KindNote, nil},
		"too long":      {KindNote, Note{Text: strings.Repeat("x", MaxRecord)}},
	} {
		if _, err := tr.Append(c.kind, c.data); err == nil || errors.As(err, new(*Poisoned)) {
			t.Errorf("%s: error %v, want one that does not poison", name, err)
		}
	}
	r, err := tr.Append("of_the_future", json.RawMessage(`{ "a": [1, 2] }`))
	must(t, err)
	if r.Seq != 2 || string(r.Data) != `{"a":[1,2]}` && string(r.Data) != `{ "a": [1, 2] }` {
		t.Errorf("record %d %s", r.Seq, r.Data)
	}
	if rep := Verify(tr.Path()); !rep.Intact() || rep.Records != 2 {
		t.Errorf("verify: %s", rep)
	}
}

func TestNothingFollowsAnEnd(t *testing.T) {
	_, tr := newTrail(t)
	_, err := tr.Append(KindEnd, End{Status: Abandoned, Reason: "wrong cluster"})
	must(t, err)
	if _, err := tr.Append(KindNote, Note{Text: "late"}); err == nil {
		t.Error("a note followed the end")
	}
	must(t, tr.Close())
	if _, _, err := Resume(tr.Path()); err == nil || !strings.Contains(err.Error(), "ended") {
		t.Errorf("resume of an ended walk: %v", err)
	}
	if _, err := tr.Append(KindNote, Note{}); !errors.Is(err, fs.ErrClosed) {
		t.Errorf("append to a closed trail: %v", err)
	}
}

func TestResume(t *testing.T) {
	_, path := walked(t, false)
	before, err := Read(path)
	must(t, err)
	tr, records, err := Resume(path)
	must(t, err)
	defer tr.Close()
	if len(records) != len(before)+1 || tr.Torn != nil || tr.First.Hash != before[0].Hash {
		t.Fatalf("%d records after %d, torn %v", len(records), len(before), tr.Torn)
	}
	last := records[len(records)-1]
	d, err := As[Resumed](last)
	must(t, err)
	if last.Kind != KindResumed || d.PID != os.Getpid() || d.Operator == "" || d.Host == "" || !d.After.Equal(before[3].At) {
		t.Errorf("the last record is %s %+v", last.Kind, d)
	}
	if tr.Head() != last.Hash || tr.Ref().Seq != last.Seq {
		t.Errorf("head %s, want %s", tr.Head(), last.Hash)
	}
	r, err := tr.Append(KindEnd, End{Status: Completed})
	must(t, err)
	if rep := Verify(path); !rep.Intact() || rep.Anchored != r.Seq {
		t.Errorf("verify: %s", rep)
	}
}

func TestResumeWhatIsNoTrail(t *testing.T) {
	dir, tr := newTrail(t)
	must(t, tr.Close())
	empty := filepath.Join(dir, "netbox-prod", "20260101T000000Z-b-00000000.jsonl")
	must(t, os.WriteFile(empty, nil, 0o600))
	link := filepath.Join(dir, "netbox-prod", "20260101T000000Z-c-00000000.jsonl")
	must(t, os.Symlink(tr.Path(), link))
	for _, path := range []string{empty, link, filepath.Join(dir, "netbox-prod"), filepath.Join(dir, "no", "such.jsonl")} {
		if tr, _, err := Resume(path); err == nil {
			tr.Close()
			t.Errorf("%s was resumed", path)
		}
	}
}

// A console must notice that its file was edited, cut, replaced or removed under its hands.
func TestTrailChangedByOthers(t *testing.T) {
	for name, change := range map[string]func(string) error{
		"removed":  os.Remove,
		"cut":      func(p string) error { return os.Truncate(p, 10) },
		"replaced": func(p string) error { return os.Rename(p+".new", p) },
		"appended": func(p string) error {
			f, err := os.OpenFile(p, os.O_APPEND|os.O_WRONLY, 0)
			if err != nil {
				return err
			}
			_, err = f.WriteString("x")
			return errors.Join(err, f.Close())
		},
	} {
		t.Run(name, func(t *testing.T) {
			_, tr := newTrail(t)
			must(t, os.WriteFile(tr.Path()+".new", must2(os.ReadFile(tr.Path())), 0o600))
			must(t, change(tr.Path()))
			_, err := tr.Append(KindNote, Note{Text: "x"})
			if !errors.As(err, new(*Poisoned)) || tr.Err() == nil {
				t.Errorf("append: %v", err)
			}
		})
	}
}

func TestPreviousWalk(t *testing.T) {
	dir, path := walked(t, true)
	head := Verify(path).Head
	// A trail without a whole record, and one of another cluster, are no walk before.
	must(t, os.WriteFile(filepath.Join(dir, "netbox-prod", "99990101T000000Z-b-00000000.jsonl"), []byte(`{"v":1`), 0o600))
	other := sampleStart()
	other.Cluster = "lab"
	third, err := Create(dir, other)
	must(t, err)
	defer third.Close()
	next, err := Create(dir, sampleStart())
	must(t, err)
	defer next.Close()
	for tr, want := range map[*Trail]*Ref{third: nil, next: {Path: relative(path), Seq: 5, Head: head}} {
		d, err := As[Start](tr.First)
		must(t, err)
		if (d.Previous == nil) != (want == nil) || want != nil && *d.Previous != *want {
			t.Errorf("%s: previous is %+v, want %+v", d.Cluster, d.Previous, want)
		}
	}
}

func TestNames(t *testing.T) {
	for in, want := range map[string]string{
		"netbox-prod": "netbox-prod", "": "unnamed", "..": "_.", "a/b": "a_b", ".git": "_git", "Zürich 1": "Z_rich_1",
		strings.Repeat("x", 100): strings.Repeat("x", 64), "a\x00\n": "a__",
	} {
		if got := safeName(in); got != want || !plainName(got) {
			t.Errorf("safeName(%q) = %q, want %q", in, got, want)
		}
	}
	if got := clusterFolder("heads"); got == headsName {
		t.Error("a cluster may not take the place of the heads file")
	}
	for in, want := range map[string]string{"/a/b-c.d": "/a/b-c.d", "a b": "'a b'", "it's": `'it'\''s'`, "": "''"} {
		if got := quote(in); got != want {
			t.Errorf("quote(%q) = %s, want %s", in, got, want)
		}
	}
}
