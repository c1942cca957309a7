package audit

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// FuzzRead: no bytes make a reader panic, what it gives back is a chain of records that are in the file, and Verify
// never calls a file intact that Read calls torn or broken.
func FuzzRead(f *testing.F) {
	tr, err := Create(f.TempDir()+"/trails", Start{Cluster: "c", Book: Book{ID: "b"}})
	must(f, err)
	_, err = tr.Append(KindIntent, sampleIntent())
	must(f, err)
	_, err = tr.Append(KindResult, Result{Intent: 2, Targets: []TargetResult{{Target: "netbox-node-1", Outcome: OK, Output: &Kept{File: "x"}}}})
	must(f, err)
	must(f, tr.Close())
	raw := must2(os.ReadFile(tr.Path()))
	for _, seed := range [][]byte{raw, raw[:len(raw)-1], raw[10:], nil, []byte("\n"), []byte("{}\n"), []byte("null\n[]\n")} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		path := filepath.Join(t.TempDir(), "c", "t.jsonl")
		must(t, os.Mkdir(filepath.Dir(path), 0o700))
		must(t, os.WriteFile(path, b, 0o600))
		records, err := Read(path)
		for _, r := range records {
			if !bytes.Contains(b, r.Data) {
				t.Errorf("record %d has data that the file has not", r.Seq)
			}
		}
		rep := Verify(path)
		if err != nil && rep.Intact() {
			t.Errorf("read: %v, verify: %s", err, rep)
		}
		_ = Markdown(records, rep)
		_ = Summarize(records)
	})
}

// FuzzHeads: no heads file makes Verify panic.
func FuzzHeads(f *testing.F) {
	_, path := walked(f, false)
	raw := must2(os.ReadFile(path))
	f.Add(must2(os.ReadFile(filepath.Join(trailsDir(path), headsName))))
	f.Add([]byte("c/t.jsonl 18446744073709551615 " + noHash + "\nc/t.jsonl 0 " + noHash + "\n  \n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		dir := t.TempDir()
		path := filepath.Join(dir, "c", "t.jsonl")
		must(t, os.Mkdir(filepath.Dir(path), 0o700))
		must(t, os.WriteFile(path, raw, 0o600))
		must(t, os.WriteFile(filepath.Join(dir, headsName), b, 0o600))
		if rep := Verify(path); rep.Anchored > uint64(rep.Records) {
			t.Errorf("%s", rep)
		}
	})
}
